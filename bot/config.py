"""The settings of one installation, from the environment and a `.env` file."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
POLL_TIMES, PORTS, RETENTION_TIMES = (1, 50), (1, 65535), (14, 3650)
"""The least and the most: seconds of one poll, ports, days of retention."""
SHORTEST_KEY = 20


class ConfigError(Exception):
    """A setting is missing or malformed; the message is one line that names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram sends updates, and where we listen for them behind a reverse proxy."""

    url: str
    secret: str = field(repr=False)
    listen: str = "127.0.0.1"
    port: int = 8443

    @property
    def path(self) -> str:
        """Returns the path that is listened at: that of the public address."""
        return urlsplit(self.url).path or "/"


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
    limits: bool = True
    """Whether Telegram's limits are kept; a server for tests has none."""
    operator_ids: frozenset[int] = frozenset()
    """The Telegram ids of those who may use the operator's commands."""
    log_format: str = "plain"
    metrics_port: int | None = None
    webhook: Webhook | None = None
    """Where Telegram sends updates; without one they are fetched by long polling."""
    database_key: str = field(default="", repr=False)
    """What the database is encrypted with; empty for a plain file."""
    retention_days: int = 90
    """Days after a person's last contact until everything about them is removed."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Returns what must never be shown: the token's secret part, the webhook's secret, the database's key."""
        token = self.token.partition(":")[2]
        others = (self.webhook.secret if self.webhook is not None else "", self.database_key)
        return (token, *(secret for secret in others if secret))


@dataclass(frozen=True, slots=True)
class Database:
    """What the commands need that work on the database alone."""

    path: Path
    key: str = field(default="", repr=False)


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Returns the settings of this environment, which wins over the file; raises ConfigError for a wrong value."""
    given = _given(environ, env_file)
    defaults = Settings(token="")
    return Settings(
        token=_token(given),
        base_url=_url(given, "TELEGRAM_API_BASE_URL", defaults.base_url),
        base_file_url=_url(given, "TELEGRAM_API_BASE_FILE_URL", defaults.base_file_url),
        database_path=Path(given.get("DATABASE_PATH") or defaults.database_path),
        log_level=_one_of(given, "LOG_LEVEL", LOG_LEVELS, defaults.log_level),
        operator_name=given.get("OPERATOR_NAME", ""),
        operator_contact=given.get("OPERATOR_CONTACT", ""),
        poll_timeout=_number(given, "POLL_TIMEOUT", defaults.poll_timeout, "whole seconds", POLL_TIMES),
        limits=_one_of(given, "TELEGRAM_LIMITS", ("on", "off"), "on") == "on",
        operator_ids=_ids(given, "OPERATOR_IDS"),
        log_format=_one_of(given, "LOG_FORMAT", ("plain", "json"), defaults.log_format),
        metrics_port=_number(given, "METRICS_PORT", 0, "a port", PORTS) or None,
        webhook=_webhook(given),
        database_key=_key(given),
        retention_days=_number(given, "RETENTION_DAYS", defaults.retention_days, "whole days", RETENTION_TIMES),
    )


def load_database(environ: Mapping[str, str], env_file: Path | None = None) -> Database:
    """Returns where the database is and its key, without asking for a token; raises ConfigError for a wrong value."""
    given = _given(environ, env_file)
    return Database(Path(given.get("DATABASE_PATH") or Settings(token="").database_path), _key(given))


def key_in(path: Path) -> str:
    """Returns the key that a file holds, in its first line; raises ConfigError for a file that has none."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the key file {path} cannot be read ({type(error).__name__}): see DATABASE_KEY_FILE."
        ) from None
    return strong(lines[0].strip(), f"the key in {path}")


def strong(key: str, what: str) -> str:
    """Returns a key that is long enough; raises ConfigError, which never quotes it, for another."""
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"{what} is too short: use at least {SHORTEST_KEY} characters, as `openssl rand -hex 32` makes."
        )
    return key


def _key(given: Mapping[str, str]) -> str:
    key, file = given.get("DATABASE_KEY"), given.get("DATABASE_KEY_FILE")
    if key and file:
        raise ConfigError("DATABASE_KEY and DATABASE_KEY_FILE are both set: keep one of them.")
    if file:
        return key_in(Path(file))
    return strong(key, "DATABASE_KEY") if key else ""


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


def _one_of(given: Mapping[str, str], name: str, values: tuple[str, ...], default: str) -> str:
    known = {value.lower(): value for value in values}
    value = known.get(given.get(name, default).lower())
    if value is None:
        raise ConfigError(f"{name} is malformed: use one of {', '.join(values)}.")
    return value


def _number(given: Mapping[str, str], name: str, default: int, what: str, limits: tuple[int, int]) -> int:
    text, (least, most) = given.get(name), limits
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise ConfigError(f"{name} is malformed: give {what} from {least} to {most}.")
    return int(text)


def _ids(given: Mapping[str, str], name: str) -> frozenset[int]:
    texts = given.get(name, "").replace(",", " ").split()
    if not all(text.isascii() and text.isdigit() and len(text) < 17 for text in texts):
        raise ConfigError(f"{name} is malformed: give Telegram ids of people, whole numbers with commas between them.")
    return frozenset(map(int, texts))


def _webhook(given: Mapping[str, str]) -> Webhook | None:
    if "WEBHOOK_URL" not in given:
        return None
    url = _url(given, "WEBHOOK_URL", "https://bot.example.org/telegram")
    if not url.startswith("https://"):
        raise ConfigError("WEBHOOK_URL is malformed: Telegram sends updates to https addresses only.")
    secret = given.get("WEBHOOK_SECRET") or secrets.token_urlsafe(32)
    if not SECRET.fullmatch(secret):
        raise ConfigError("WEBHOOK_SECRET is malformed: use 16 to 256 letters, digits, hyphens and underscores.")
    listen = given.get("WEBHOOK_LISTEN", "127.0.0.1")
    try:
        ip_address(listen)
    except ValueError:
        raise ConfigError("WEBHOOK_LISTEN is malformed: give an IP address such as 127.0.0.1.") from None
    return Webhook(url, secret, listen, _number(given, "WEBHOOK_PORT", 8443, "a port", PORTS))
