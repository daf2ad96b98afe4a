"""The settings of one installation, from the environment and a `.env` file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LONGEST_POLL = 50


class ConfigError(Exception):
    """A setting is missing or malformed; the message is one line that names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between two installations of the bot."""

    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    database_path: Path = Path("data/backstride.db")
    log_level: str = "INFO"
    operator_name: str = ""
    operator_contact: str = ""
    poll_timeout: int = 30
    """Seconds that one long poll waits for updates."""


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Returns the settings of this environment, which wins over the file; raises ConfigError for a wrong value."""
    given = _given(environ, env_file)
    defaults = Settings(token="")
    return Settings(
        token=_token(given),
        base_url=_url(given, "TELEGRAM_API_BASE_URL", defaults.base_url),
        base_file_url=_url(given, "TELEGRAM_API_BASE_FILE_URL", defaults.base_file_url),
        database_path=Path(given.get("DATABASE_PATH") or defaults.database_path),
        log_level=_log_level(given, defaults.log_level),
        operator_name=given.get("OPERATOR_NAME", ""),
        operator_contact=given.get("OPERATOR_CONTACT", ""),
        poll_timeout=_seconds(given, "POLL_TIMEOUT", defaults.poll_timeout),
    )


def _given(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    written: Mapping[str, str | None] = {}
    if env_file is not None and env_file.exists():
        try:
            # Interpolation stays off: a "$" in a value is a "$".
            written = dotenv_values(env_file, interpolate=False, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{env_file} cannot be read ({type(error).__name__}): make it a UTF-8 text file."
            ) from error
    # An empty value means the same as none, so that a line of the example file may be left as it is.
    return {name: value.strip() for name, value in {**written, **environ}.items() if value and value.strip()}


def _token(given: Mapping[str, str]) -> str:
    token = given.get("TELEGRAM_BOT_TOKEN")
    if token is None:
        raise ConfigError("TELEGRAM_BOT_TOKEN is missing: ask @BotFather for a token and put it into .env.")
    if not TOKEN.fullmatch(token):
        raise ConfigError("TELEGRAM_BOT_TOKEN is malformed: copy it whole from @BotFather, digits, a colon, letters.")
    return token


def _url(given: Mapping[str, str], name: str, default: str) -> str:
    url = given.get(name, default)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        raise ConfigError(f"{name} is malformed: give a whole http or https address such as {default}.")
    return url


def _log_level(given: Mapping[str, str], default: str) -> str:
    level = given.get("LOG_LEVEL", default).upper()
    if level not in LOG_LEVELS:
        raise ConfigError(f"LOG_LEVEL is malformed: use one of {', '.join(LOG_LEVELS)}.")
    return level


def _seconds(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_POLL):
        raise ConfigError(f"{name} is malformed: give whole seconds from 1 to {LONGEST_POLL}.")
    return int(text)
