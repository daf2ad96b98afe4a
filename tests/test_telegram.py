"""Laws of Telegram's side: the real library and store against a Bot API server on loopback."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError, RetryAfter

from bot.config import ConfigError, Settings
from bot.inline import Query
from bot.logs import Unhindered, configure_logging
from bot.polling import Pauses
from bot.records import Call, Chat, Commit
from bot.store import Store, StoreError
from bot.telegram import serve
from bot.work import Incoming
from tests.fake_bot_api import PATIENCE, TOKEN, USERNAME, FakeBotApi

ADA, CLUB = 2**40, -1_000_000_000_001
MENU = {"private": [("start", "Begins")], "groups": [("help", "Explains"), ("check", "Starts a check")]}


class Echo:
    """A listener that repeats what it hears, and fails when it is told to."""

    def __init__(self, store: Store) -> None:
        self.username = ""
        self.heard: list[Incoming] = []
        self.attempts = 0
        self._store = store

    def handle(self, incoming: Incoming, now: datetime) -> None:
        self.attempts += 1
        if incoming.text == "fail once" and self.attempts == 1:
            raise ValueError("a passing trouble")
        if incoming.text.startswith("poison"):
            raise ValueError(f"somebody said {incoming.text}")
        self.heard.append(incoming)
        keyboard = {"inline_keyboard": [[{"text": "Again", "callback_data": "again"}]]}
        said = incoming.text or incoming.data or incoming.kind
        self._say(incoming, {"text": f"heard {said}", "reply_markup": keyboard}, incoming.update_id)
        if incoming.text == "fail afterwards":
            raise ValueError("too late to matter")

    def look_up(self, query: Query) -> dict[str, object]:
        if query.text == "poison":
            raise ValueError(f"somebody looked for {query.text}")
        return {"inline_query_id": query.id, "results": [], "cache_time": 1}

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        if incoming.text == "poison for both":
            raise ValueError("nor this")
        self._say(incoming, {"text": "sorry"}, None)

    def _say(self, incoming: Incoming, params: dict[str, Any], update_id: int | None) -> None:
        now = datetime.now(UTC)
        known = self._store.chat(incoming.chat_id) or Chat(f"chat{incoming.chat_id}", incoming.chat_id, now, now)
        self._store.commit(Commit(update_id, known, calls=(Call("sendMessage", params),)))


class Running:
    """A bot that serves, and the world around it."""

    def __init__(self, api: FakeBotApi, store: Store, echo: Echo, task: asyncio.Task[None]) -> None:
        self.api, self.store, self.echo, self.task = api, store, echo, task

    async def until_said(self, chat_id: int, words: str) -> None:
        await asyncio.to_thread(self.api.wait_for_text, chat_id, words)

    async def until_acknowledged(self, update_id: int) -> None:
        await asyncio.to_thread(self.api.wait_for_poll, update_id + 1)

    async def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(self.task, PATIENCE)

    def texts(self, chat_id: int) -> list[str]:
        return [shown.text for shown in self.api.messages(chat_id)]


def settings(api: FakeBotApi, path: Path) -> Settings:
    return Settings(TOKEN, api.base_url, api.base_file_url, path, poll_timeout=5)


@asynccontextmanager
async def serving(api: FakeBotApi, path: Path, store: Store) -> AsyncIterator[Running]:
    echo = Echo(store)
    task = asyncio.create_task(serve(settings(api, path), store, echo, MENU))
    bot = Running(api, store, echo, task)
    try:
        yield bot
    finally:
        if not task.done():
            await bot.stop()


@pytest.fixture
async def bot(api: FakeBotApi, path: Path, store: Store) -> AsyncIterator[Running]:
    async with serving(api, path, store) as bot:
        yield bot


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    others = {
        name: logging.getLogger(name).level for name in ("httpx", "httpcore", "telegram", "transitions", "tornado")
    }
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, its_level in others.items():
        logging.getLogger(name).setLevel(its_level)


def inbox(path: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("select update_id, payload, attempts, error from inbox").fetchall()


# ---- the way of an update ------------------------------------------------------------------------------------


async def test_what_is_said_is_answered_and_only_its_id_is_kept(bot: Running, path: Path) -> None:
    update_id = bot.api.say(ADA, "hello")
    await bot.until_said(ADA, "heard hello")
    await bot.until_acknowledged(update_id)
    assert inbox(path) == [(update_id, None, 0, None)]


async def test_the_kinds_of_updates_are_asked_for_by_name(bot: Running) -> None:
    await asyncio.to_thread(bot.api.wait_for_poll)
    assert bot.api.allowed_updates == [
        "message", "edited_message", "callback_query", "my_chat_member", "inline_query",
    ]  # fmt: skip


async def test_a_press_is_confirmed_at_once_and_handled(bot: Running) -> None:
    bot.api.say(ADA, "hello")
    await bot.until_said(ADA, "heard hello")
    bot.api.press(ADA, "Again")
    await bot.until_said(ADA, "heard again")
    await asyncio.to_thread(bot.api.wait_for, lambda: bot.api.answered)
    press = bot.echo.heard[-1]
    assert (press.kind, press.data, press.message_id) == ("press", "again", bot.api.messages(ADA)[0].message_id)


async def test_a_press_counts_even_when_it_cannot_be_confirmed(bot: Running) -> None:
    bot.api.say(ADA, "hello")
    await bot.until_said(ADA, "heard hello")
    bot.api.fail(400, "Bad Request: query is too old", "answerCallbackQuery")
    bot.api.press(ADA, "Again")
    await bot.until_said(ADA, "heard again")


async def test_an_update_that_is_delivered_twice_counts_once(bot: Running) -> None:
    update_id = bot.api.say(ADA, "hello")
    await bot.until_said(ADA, "heard hello")
    await bot.until_acknowledged(update_id)
    message = {"message_id": 900, "date": 0, "chat": {"id": ADA, "type": "private"}, "text": "hello"}
    bot.api.repeat(update_id, message=message)
    bot.api.say(ADA, "next")
    await bot.until_said(ADA, "heard next")
    assert bot.texts(ADA) == ["heard hello", "heard next"]


async def test_what_an_earlier_process_received_is_answered_first(api: FakeBotApi, path: Path, store: Store) -> None:
    api.greet(ADA)
    for update_id, text in ((7, "first"), (8, "second")):
        message = {"message_id": update_id, "date": 0, "chat": {"id": ADA, "type": "private"}, "text": text}
        store.receive(update_id, json.dumps({"update_id": update_id, "message": message}))
    api.say(ADA, "third")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard third")
        assert bot.texts(ADA) == ["heard first", "heard second", "heard third"]


async def test_an_update_that_asks_nothing_of_us_is_done(bot: Running, path: Path) -> None:
    update_id = bot.api.post(ADA, pinned_message={"message_id": 1, "date": 0, "chat": {"id": ADA, "type": "private"}})
    await bot.until_acknowledged(update_id)
    assert inbox(path) == [(update_id, None, 0, None)]
    assert bot.echo.heard == []


async def test_a_group_that_becomes_a_supergroup_keeps_its_chat(bot: Running) -> None:
    bot.api.say(-5, "/check")
    await bot.until_said(-5, "heard check")
    await bot.until_acknowledged(bot.api.post(-5, migrate_to_chat_id=CLUB))
    known = bot.store.chat(CLUB)
    assert known is not None and known.key == "chat-5"


# ---- what goes wrong -----------------------------------------------------------------------------------------


async def test_an_update_that_fails_once_is_answered(bot: Running) -> None:
    bot.api.say(ADA, "fail once")
    await bot.until_said(ADA, "heard fail once")
    assert bot.echo.attempts == 2


async def test_a_failure_after_the_commit_repeats_nothing(bot: Running) -> None:
    bot.api.say(ADA, "fail afterwards")
    bot.api.say(ADA, "next")
    await bot.until_said(ADA, "heard next")
    assert bot.texts(ADA) == ["heard fail afterwards", "heard next"]


@pytest.mark.parametrize(("text", "answers"), [("poison", ["sorry"]), ("poison for both", [])])
async def test_a_poison_update_is_tried_thrice_then_parked_and_stops_nobody(
    bot: Running, path: Path, caplog: pytest.LogCaptureFixture, text: str, answers: list[str]
) -> None:
    update_id = bot.api.say(ADA, text)
    bot.api.say(ADA, "next")
    await bot.until_said(ADA, "heard next")
    assert bot.texts(ADA) == [*answers, "heard next"]
    assert inbox(path)[0] == (update_id, None, 3, "ValueError")
    assert bot.echo.attempts == 4
    assert "ValueError" in caplog.text and "poison" not in caplog.text


async def test_an_update_that_the_library_cannot_read_is_parked(bot: Running, path: Path) -> None:
    update_id = bot.api.update(message={"no": "message"})
    bot.api.say(ADA, "next")
    await bot.until_said(ADA, "heard next")
    assert inbox(path)[0] == (update_id, None, 3, "KeyError")


async def test_half_a_surrogate_stops_nobody(bot: Running) -> None:
    bot.api.say(ADA, "half \ud83d")
    bot.api.say(ADA, "next")
    await bot.until_said(ADA, "heard next")
    assert bot.texts(ADA) == ["heard half ?", "heard next"]


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_server_that_is_away_is_waited_for(api: FakeBotApi, path: Path, store: Store, method: str) -> None:
    api.fail(502, "Bad Gateway", method)
    api.say(ADA, "hello")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard hello")


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "answerCallbackQuery", "sendMessage", "deleteWebhook"])
async def test_an_answer_that_is_none_loses_nothing_and_is_not_in_the_log(
    root_logger: logging.Logger, api: FakeBotApi, path: Path, store: Store, method: str
) -> None:
    configure_logging("DEBUG", "plain", [])
    stream = io.StringIO()
    handler = root_logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    for body in (b'{"ok": true, "result": {"text": "my back', b"[1]"):
        api.garble(method, body=body)
    api.say(ADA, "hello")
    for _ in range(2):
        api.press_data(ADA, 1, "again")
    async with serving(api, path, store) as bot:
        await asyncio.to_thread(api.wait_for, lambda: len(api.messages(ADA)) == 3, 30)
        assert not bot.task.done()
    assert bot.texts(ADA) == ["heard hello", "heard again", "heard again"]
    assert "my back" not in stream.getvalue() and "Traceback" not in stream.getvalue(), stream.getvalue()


async def test_a_webhook_that_is_in_the_way_is_removed(api: FakeBotApi, path: Path, store: Store) -> None:
    api.webhook = "https://example.org"
    api.say(ADA, "hello")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard hello")


async def test_a_second_bot_with_the_same_token_is_named(
    api: FakeBotApi, path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail(409, "Conflict: terminated by other getUpdates request", "getUpdates")
    api.say(ADA, "hello")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard hello")
    assert "another program is fetching this bot's updates" in caplog.text


async def test_a_refused_token_ends_the_bot_with_one_clear_line(api: FakeBotApi, path: Path, store: Store) -> None:
    wrong = replace(settings(api, path), token="123456:another-token-altogether")
    with pytest.raises(ConfigError, match="TELEGRAM_BOT_TOKEN is refused") as caught:
        await asyncio.wait_for(serve(wrong, store, Echo(store), MENU), PATIENCE)
    assert "another-token" not in str(caught.value)


async def test_a_store_that_cannot_be_written_ends_the_bot_and_the_update_comes_again(
    api: FakeBotApi, path: Path, store: Store
) -> None:
    store._db.execute("create trigger full before insert on inbox begin select raise(abort, 'disk full'); end")
    update_id = api.say(ADA, "hello")
    with pytest.raises(StoreError, match="disk full"):
        await asyncio.wait_for(serve(settings(api, path), store, Echo(store), MENU), PATIENCE)
    assert all(int(call.params["offset"]) <= update_id for call in api.calls("getUpdates"))
    store._db.execute("drop trigger full")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard hello")


async def test_a_sender_that_fails_ends_the_bot(api: FakeBotApi, path: Path, store: Store) -> None:
    store._db.execute("create trigger full before update on outbox begin select raise(abort, 'disk full'); end")
    api.say(ADA, "hello")
    with pytest.raises(StoreError, match="disk full"):
        await asyncio.wait_for(serve(settings(api, path), store, Echo(store), MENU), PATIENCE)


# ---- start and end -------------------------------------------------------------------------------------------


async def test_the_commands_are_set_for_each_kind_of_chat(bot: Running) -> None:
    await asyncio.to_thread(bot.api.wait_for, lambda: len(bot.api.commands) == 2)
    assert bot.api.commands == {
        "all_private_chats": [{"command": "start", "description": "Begins"}],
        "all_group_chats": [
            {"command": "help", "description": "Explains"},
            {"command": "check", "description": "Starts a check"},
        ],
    }


async def test_commands_that_cannot_be_set_harm_nothing(api: FakeBotApi, path: Path, store: Store) -> None:
    api.fail(500, "Internal Server Error", "setMyCommands", times=2)
    api.say(ADA, "hello")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard hello")


async def test_the_webhook_is_removed_explicitly_before_the_first_poll(bot: Running) -> None:
    await asyncio.to_thread(bot.api.wait_for_poll)
    first = [request.method for request in bot.api.requests if request.method != "setMyCommands"][:3]
    assert first == ["getMe", "deleteWebhook", "getUpdates"]
    assert bot.echo.username == USERNAME


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_the_bot_after_what_waits_is_sent(bot: Running, number: signal.Signals) -> None:
    bot.api.delay(0.3, "sendMessage")
    bot.api.say(ADA, "hello")
    await asyncio.to_thread(bot.api.wait_for, lambda: bot.echo.heard)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(bot.task, PATIENCE)
    assert bot.texts(ADA) == ["heard hello"]
    assert bot.store.heads(datetime.now(UTC), 1) == []


async def test_a_bot_that_is_started_with_nohup_outlives_its_terminal(
    api: FakeBotApi, path: Path, store: Store
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with serving(api, path, store) as bot:
            os.kill(os.getpid(), signal.SIGHUP)
            api.say(ADA, "hello")
            await bot.until_said(ADA, "heard hello")
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_signal_ends_a_bot_that_never_had_contact(api: FakeBotApi, path: Path, store: Store) -> None:
    api.fail(502, "Bad Gateway", "getMe", times=1000)
    async with serving(api, path, store) as bot:
        await asyncio.to_thread(api.wait_for, lambda: api.calls("getMe"))
        await bot.stop()


# ---- the log -------------------------------------------------------------------------------------------------


async def test_no_line_of_the_log_holds_the_token_or_what_was_said(
    root_logger: logging.Logger, api: FakeBotApi, path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("DEBUG", "plain", [TOKEN.partition(":")[2]])
    stream = io.StringIO()
    handler = root_logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    api.say(ADA, "my back")
    async with serving(api, path, store) as bot:
        await bot.until_said(ADA, "heard my back")
    error = RuntimeError(f"POST /bot{TOKEN}/sendMessage")
    logging.getLogger("telegram").error("calling %s", f"https://api.telegram.org/bot{TOKEN}/getMe", exc_info=error)
    secret = TOKEN.partition(":")[2]
    assert "RuntimeError: POST" in stream.getvalue() and f"running as @{USERNAME}" in stream.getvalue()
    assert secret not in stream.getvalue() and "my back" not in stream.getvalue()


def test_a_json_log_has_one_object_a_line_and_no_secret(root_logger: logging.Logger) -> None:
    configure_logging("INFO", "json", ["hush"])
    stream = io.StringIO()
    handler = root_logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    logging.getLogger("bot").warning("two\nlines with %s", "hush", exc_info=RuntimeError("hush"))
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == ("WARNING", "bot", "two\nlines with [secret]")
    assert "RuntimeError: [secret]" in entry["traceback"] and "hush" not in line


def test_a_log_whose_reader_stands_still_holds_nothing_up() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream, os.fdopen(reading, "rb", buffering=0) as reader:
        handler = Unhindered(stream)
        record = logging.makeLogRecord({"msg": "\u20ac" * 3_000 + "."})
        # Three times as much as a pipe takes; in a thread, for whoever waits here waits for ever.
        talk = threading.Thread(target=lambda: deque(map(handler.emit, [record] * 25), 0), daemon=True)
        talk.start()
        talk.join(5)
        assert not talk.is_alive()
        assert reader.read(2**20).decode().startswith("\u20ac" * 3_000 + ".\n")
        handler.emit(logging.makeLogRecord({"msg": "read again"}))
        assert reader.read(2**20) == b"read again\n"


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_pauses_grow_to_half_a_minute_unless_the_server_names_a_time() -> None:
    pauses = Pauses()
    waited = [pauses.after(NetworkError("away")) for _ in range(10)]
    assert all(0.25 * 2**number <= pause <= 0.5 * 2**number for number, pause in enumerate(waited[:6]))
    assert all(15 <= pause <= 30 for pause in waited[7:])
    assert pauses.after(RetryAfter(90)) == 90


# ---- inline queries ------------------------------------------------------------------------------------------


async def test_an_inline_query_is_answered_and_never_reaches_the_disk(bot: Running, path: Path) -> None:
    secret = "my left leg tingles"
    query = bot.api.look_up(7, secret)
    (call,) = await asyncio.to_thread(bot.api.wait_for, lambda: bot.api.calls("answerInlineQuery"))
    assert (call.params["inline_query_id"], call.status) == (query, 200)
    bot.api.say(7, "hello")
    await asyncio.to_thread(bot.api.wait_for_text, 7, "heard hello")
    assert len(inbox(path)) == 1 and bot.store.chat(7) is not None
    for file in path.parent.glob("bot.db*"):
        assert secret.encode() not in file.read_bytes()
    assert "inline_query" in bot.api.calls("getUpdates")[0].params["allowed_updates"]


async def test_an_inline_query_that_cannot_be_answered_holds_nothing_up(
    bot: Running, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot.api.look_up(7, "poison")
    bot.api.update(inline_query={"id": "unknown", "from": {"id": 7, "is_bot": False, "first_name": "A"}})
    bot.api._queries.discard(bot.api.look_up(7, "too late"))
    bot.api.say(7, "hello")
    await asyncio.to_thread(bot.api.wait_for_text, 7, "heard hello")
    assert len(inbox(path)) == 1
    assert "poison" not in caplog.text


async def test_a_card_of_ours_that_somebody_posts_by_inline_mode_is_not_something_said(bot: Running) -> None:
    via = {"id": 123456, "is_bot": True, "first_name": "Backstride", "username": USERNAME}
    bot.api.post(7, text="Stop at numbness", via_bot=via)
    bot.api.say(7, "hello")
    await asyncio.to_thread(bot.api.wait_for_text, 7, "heard hello")
    assert [incoming.text for incoming in bot.echo.heard] == ["hello"]
