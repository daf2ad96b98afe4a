"""Laws of the settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config import ConfigError, Settings, Webhook, load_settings

TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


def test_a_token_is_all_that_must_be_given() -> None:
    settings = load_settings({"TELEGRAM_BOT_TOKEN": TOKEN})
    assert settings == Settings(token=TOKEN)
    assert settings.base_url == "https://api.telegram.org/bot"
    assert settings.base_file_url == "https://api.telegram.org/file/bot"
    assert settings.database_path == Path("data/backstride.db")
    assert (settings.log_level, settings.poll_timeout) == ("INFO", 30)


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE_URL": "http://127.0.0.1:8081/bot",
            "TELEGRAM_API_BASE_FILE_URL": "http://127.0.0.1:8081/file/bot",
            "DATABASE_PATH": str(tmp_path / "bot.db"),
            "LOG_LEVEL": "debug",
            "OPERATOR_NAME": "Running Club",
            "OPERATOR_CONTACT": "club@example.org",
            "POLL_TIMEOUT": "5",
        }
    )
    assert settings == Settings(
        token=TOKEN,
        base_url="http://127.0.0.1:8081/bot",
        base_file_url="http://127.0.0.1:8081/file/bot",
        database_path=tmp_path / "bot.db",
        log_level="DEBUG",
        operator_name="Running Club",
        operator_contact="club@example.org",
        poll_timeout=5,
    )


def test_the_environment_wins_over_the_file_and_stays_as_it_is(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        f"# a comment\nTELEGRAM_BOT_TOKEN={TOKEN}\nLOG_LEVEL=ERROR\nOPERATOR_NAME='Club $A ü'\nEMPTY\n",
        encoding="utf-8",
    )
    before = dict(os.environ)
    settings = load_settings({"LOG_LEVEL": "WARNING"}, env_file)
    assert (settings.token, settings.log_level, settings.operator_name) == (TOKEN, "WARNING", "Club $A ü")
    assert dict(os.environ) == before


def test_a_missing_file_is_no_error_and_an_empty_value_is_none(tmp_path: Path) -> None:
    settings = load_settings(
        {"TELEGRAM_BOT_TOKEN": f" {TOKEN} ", "LOG_LEVEL": "", "DATABASE_PATH": " "}, tmp_path / ".env"
    )
    assert settings == Settings(token=TOKEN)


def test_a_file_that_is_no_text_gets_one_clear_line(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="make it a UTF-8 text file"):
        load_settings({}, env_file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", ""),
        ("TELEGRAM_BOT_TOKEN", "secret"),
        ("TELEGRAM_BOT_TOKEN", "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw and more"),
        ("TELEGRAM_API_BASE_URL", "api.telegram.org/bot"),
        ("TELEGRAM_API_BASE_URL", "ftp://api.telegram.org/bot"),
        ("TELEGRAM_API_BASE_URL", "http://127.0.0.1:port/bot"),
        ("TELEGRAM_API_BASE_URL", "http://127.0.0.1:0/bot"),
        ("TELEGRAM_API_BASE_URL", "http:// 127.0.0.1/bot"),
        ("TELEGRAM_API_BASE_FILE_URL", "http:///file/bot"),
        ("LOG_LEVEL", "LOUD"),
        ("POLL_TIMEOUT", "0"),
        ("POLL_TIMEOUT", "51"),
        ("POLL_TIMEOUT", "-1"),
        ("POLL_TIMEOUT", "half a minute"),
    ],
)
def test_a_wrong_value_gets_one_line_that_names_it_and_never_shows_a_token(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"TELEGRAM_BOT_TOKEN": TOKEN, name: value})
    message = str(caught.value)
    assert message.startswith(name) and "\n" not in message
    assert TOKEN not in message and "secret" not in message


def test_the_token_is_not_in_what_is_printed_of_the_settings() -> None:
    assert TOKEN not in repr(load_settings({"TELEGRAM_BOT_TOKEN": TOKEN}))


# ---- running it ------------------------------------------------------------------------------------------------------


def given(**settings: str) -> Settings:
    return load_settings({"TELEGRAM_BOT_TOKEN": TOKEN, **settings})


def test_a_webhook_has_a_path_and_a_secret_of_its_own() -> None:
    assert given().webhook is None
    url, secret = "https://bot.example.org/telegram", "a-secret-of-the-webhook"
    webhook = given(WEBHOOK_URL=url, WEBHOOK_SECRET=secret, WEBHOOK_LISTEN="::1", WEBHOOK_PORT="9000").webhook
    assert webhook == Webhook(url, secret, "::1", 9000) and webhook.path == "/telegram"
    made = [given(WEBHOOK_URL="https://bot.example.org").webhook for _ in range(2)]
    assert made[0] is not None and made[1] is not None and made[0].secret != made[1].secret
    assert len(made[0].secret) >= 40 and made[0].path == "/"


def test_secrets_are_named_and_shown_nowhere() -> None:
    settings = given(WEBHOOK_URL="https://bot.example.org/x", WEBHOOK_SECRET="a-secret-of-the-webhook")
    assert settings.secrets == (TOKEN.partition(":")[2], "a-secret-of-the-webhook")
    assert not any(secret in repr(settings) for secret in settings.secrets)


def test_operators_limits_figures_and_logs_are_read() -> None:
    settings = given(OPERATOR_IDS="7, 8 9", TELEGRAM_LIMITS="off", METRICS_PORT="9100", LOG_FORMAT="JSON")
    assert (settings.operator_ids, settings.limits, settings.metrics_port, settings.log_format) == (
        frozenset({7, 8, 9}),
        False,
        9100,
        "json",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_URL", "http://bot.example.org"),
        ("WEBHOOK_URL", "bot.example.org"),
        ("WEBHOOK_SECRET", "short"),
        ("WEBHOOK_SECRET", "with spaces and more of them"),
        ("WEBHOOK_LISTEN", "localhost"),
        ("WEBHOOK_PORT", "0"),
        ("WEBHOOK_PORT", "65536"),
        ("METRICS_PORT", "x"),
        ("LOG_FORMAT", "xml"),
        ("TELEGRAM_LIMITS", "maybe"),
        ("OPERATOR_IDS", "@ada"),
        ("OPERATOR_IDS", "-7"),
    ],
)
def test_a_malformed_setting_of_the_operation_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is malformed"):
        given(**{"WEBHOOK_URL": "https://bot.example.org", name: value})
