"""Laws of the doctor: each thing that is wrong is named with its cure, and only then is the exit code 1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import doctor
from bot.__main__ import main
from bot.commands import PRIVATE
from bot.records import Call, Chat, Commit
from bot.store import Store
from flows import proof
from tests.fake_bot_api import TOKEN, FakeBotApi, running
from tests.test_metrics import NOW
from tests.test_migrations import built

CHECK = cache(proof.check)


@pytest.fixture
def api() -> Iterator[FakeBotApi]:
    with running() as api:
        api.commands["all_private_chats"] = [{"command": name, "description": "x"} for name in PRIVATE]
        yield api


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bot.db"
    Store.open(path).close()
    return path


@pytest.fixture(autouse=True)
def _content_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shipped content is checked for stays the same from visit to visit, and takes seconds."""
    monkeypatch.setattr(proof, "check", CHECK)


def visit(api: FakeBotApi, path: Path, **settings: str) -> Result:
    environment = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE_URL": api.base_url,
        "DATABASE_PATH": str(path),
        "OPERATOR_NAME": "Running Club",
        "OPERATOR_CONTACT": "club@example.org",
        **settings,
    }
    result = CliRunner().invoke(main, ["doctor", "--env-file", os.devnull], env=environment)
    assert TOKEN.partition(":")[2] not in result.output
    return result


def test_a_sound_installation_has_no_failure(api: FakeBotApi, path: Path) -> None:
    result = visit(api, path)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("No failures.\n") and "->" not in result.output
    for what in (
        "content",
        "OPERATOR_NAME",
        "database",
        "disk",
        "token",
        "clock",
        "commands",
        "privacy mode",
        "updates",
    ):
        assert f"ok    {what}: " in result.output


def test_without_a_database_yet_the_first_start_creates_it(api: FakeBotApi, tmp_path: Path) -> None:
    result = visit(api, tmp_path / "not yet" / "bot.db")
    assert result.exit_code == 0 and "the first start creates it" in result.output
    assert not (tmp_path / "not yet").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TELEGRAM_BOT_TOKEN": "123456:" + "x" * 35}, ["FAIL  token: Telegram refuses it", "ask @BotFather"]),
        (
            {"TELEGRAM_API_BASE_URL": "http://127.0.0.1:9/bot"},
            ["FAIL  Telegram: cannot be reached", "check the network"],
        ),
        ({"OPERATOR_NAME": ""}, ["FAIL  OPERATOR_NAME: not set", "who runs this bot"]),
        ({"OPERATOR_CONTACT": ""}, ["FAIL  OPERATOR_CONTACT: not set"]),
        ({"TELEGRAM_BOT_TOKEN": ""}, ["TELEGRAM_BOT_TOKEN is missing"]),
        ({"DATABASE_KEY": "k" * 32}, ["FAIL  database: it is not encrypted", "-> run `backstride encrypt` once"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(
    api: FakeBotApi, path: Path, settings: dict[str, str], words: list[str]
) -> None:
    result = visit(api, path, **settings)
    assert result.exit_code == 1
    assert [word for word in words if word not in result.output] == []


def test_what_telegram_says_is_named_with_its_cure(
    api: FakeBotApi, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.privacy_mode = False
    monkeypatch.setattr(doctor, "DRIFT", -1)
    result = visit(api, path)
    assert result.exit_code == 1
    assert "FAIL  privacy mode: off" in result.output and "/setprivacy" in result.output
    assert "FAIL  clock: " in result.output and "timedatectl" in result.output
    assert result.output.endswith("2 failures.\n")


@pytest.mark.parametrize("status", [500, 429])
def test_a_server_in_trouble_is_named(api: FakeBotApi, path: Path, status: int) -> None:
    api.fail(status, "Not now", "getMe")
    result = visit(api, path)
    assert result.exit_code == 1 and f"FAIL  Telegram: answers with status {status}" in result.output


def test_missing_commands_and_an_unknown_webhook_are_warnings(api: FakeBotApi, path: Path) -> None:
    api.commands.clear()
    result = visit(api, path, WEBHOOK_URL="https://bot.example.org/x")
    assert result.exit_code == 0
    assert "warn  commands: Telegram's menu lacks start" in result.output
    assert "warn  updates: Telegram does not know the webhook" in result.output
    api.webhook = "https://bot.example.org/x"
    assert "ok    updates: the webhook is set; 0 updates wait" in visit(api, path, WEBHOOK_URL=api.webhook).output


def test_a_full_disk_is_named(api: FakeBotApi, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ROOM", 10**18)
    result = visit(api, path)
    assert result.exit_code == 1 and "make room on the disk of" in result.output


def test_a_damaged_or_readable_database_is_named(api: FakeBotApi, path: Path) -> None:
    path.chmod(0o644)
    result = visit(api, path)
    assert result.exit_code == 1 and f"chmod 600 {path}" in result.output
    path.write_bytes(b"hello" * 1000)
    result = visit(api, path)
    assert result.exit_code == 1 and "put a backup in its place" in result.output


def test_updates_that_could_not_be_handled_are_listed_and_shown_by_number(api: FakeBotApi, path: Path) -> None:
    def ask(*arguments: str) -> Result:
        given = ["updates", *arguments, "--env-file", os.devnull]
        return CliRunner().invoke(main, given, env={"DATABASE_PATH": str(path), "DATABASE_KEY": ""})

    assert "none" in ask().output
    with closing(Store.open(path)) as store:
        store.commit(Commit(None, Chat("ada-key", 5_000_000_001, NOW, NOW, consent_version="1")))
        store.receive(17, '{"said": "numb"}')
        store.park(17, "KeyError", 5_000_000_001, NOW)
    visited = visit(api, path)
    assert visited.exit_code == 0 and "warn  incoming updates: 1 could not be handled" in visited.output
    assert "17  2026-11-25 16:00Z  ada-key  KeyError" in ask().output and "numb" not in ask().output
    assert "numb" in ask("17").output
    assert ask("18").exit_code == 1 and "it was handled, or is older than 7 days" in ask("18").output


def test_messages_that_were_given_up_are_listed_without_their_words(api: FakeBotApi, path: Path) -> None:
    with Store.open(path)._db.conn:
        store = Store.open(path)
        call = Call("sendMessage", {"text": "numb"})
        store.commit(Commit(None, Chat("ada-key", 5_000_000_001, NOW, NOW), calls=(call, call)))
        store.park_call(1, "BadRequest: too long", NOW)
        store.close()
    result = visit(api, path)
    assert result.exit_code == 0 and "warn  outbox: 1 messages were given up" in result.output
    listed = CliRunner().invoke(main, ["outbox", "--env-file", os.devnull], env={"DATABASE_PATH": str(path)})
    assert listed.exit_code == 0
    assert "Waiting: 1 answers, 0 reminders, 0 club posts." in listed.output
    assert "2026-11-25 16:00Z  ada-key  sendMessage" in listed.output and "BadRequest: too long" in listed.output
    assert "numb" not in listed.output and "5000000001" not in listed.output


def test_commands_that_look_change_nothing_of_an_older_schema(api: FakeBotApi, tmp_path: Path) -> None:
    path = built("002_reminders", tmp_path / "bot.db")
    path.chmod(0o600)
    before = path.read_bytes()
    visited = visit(api, path)
    assert visited.exit_code == 0 and "warn  database: sound; its schema is older" in visited.output
    for command in ("outbox", "updates"):
        listed = CliRunner().invoke(main, [command, "--env-file", os.devnull], env={"DATABASE_PATH": str(path)})
        assert listed.exit_code == 1 and "start the bot once" in listed.output
    assert path.read_bytes() == before
