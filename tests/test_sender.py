"""Laws of the sender: the real library, a real database, real HTTP on loopback."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.pacing import UNLIMITED
from bot.records import Call, Chat, Commit
from bot.sender import Sender
from bot.store import Store, StoreError
from bot.telegram import Connection
from tests.fake_bot_api import TOKEN, FakeBotApi, running

ADA, BOB = 11, 2**40
NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def api() -> Iterator[FakeBotApi]:
    with running() as api:
        api.greet(ADA)
        api.greet(BOB)
        yield api


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Office:
    """A running sender and what a test asks of it."""

    def __init__(self, api: FakeBotApi, store: Store, sender: Sender, clock: Clock, task: asyncio.Task[None]) -> None:
        self.api, self.store, self.sender, self.clock, self.task = api, store, sender, clock, task

    def queue(self, chat_id: int, *calls: Call | str) -> list[int]:
        known = self.store.chat(chat_id) or Chat(key=f"chat{chat_id}", chat_id=chat_id, created_at=NOW, seen_at=NOW)
        made = tuple(Call("sendMessage", {"text": call}) if isinstance(call, str) else call for call in calls)
        self.store.commit(Commit(None, known, calls=made))
        self.sender.wake()
        last = int(self.store._db.execute("select max(id) from outbox").fetchone()[0])
        return list(range(last - len(made) + 1, last + 1))

    async def settle(self) -> None:
        await self.sender.drain(5)

    async def pass_time(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)
        await self.settle()

    def texts(self, chat_id: int) -> list[str]:
        return [shown.text for shown in self.api.messages(chat_id)]

    def row(self, outbox_id: int) -> dict[str, Any]:
        row = self.store._db.execute("select * from outbox where id = ?", [outbox_id]).fetchone()
        return dict(zip(row.keys(), row, strict=True))


@asynccontextmanager
async def at_work(
    api: FakeBotApi, store: Store, clock: Clock, token: str = TOKEN, in_flight: int = 30
) -> AsyncIterator[Office]:
    request = Connection(read_timeout=1.0)
    bot = Bot(token, base_url=api.base_url, base_file_url=api.base_file_url, request=request)
    if token == TOKEN:
        await bot.initialize()
    sender = Sender(bot, store, clock, UNLIMITED, in_flight)
    task = asyncio.create_task(sender.run())
    try:
        yield Office(api, store, sender, clock, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.shutdown()
        await request.shutdown()


@pytest.fixture
async def office(api: FakeBotApi, store: Store, clock: Clock) -> AsyncIterator[Office]:
    async with at_work(api, store, clock) as office:
        yield office


pytestmark = pytest.mark.asyncio


async def test_the_calls_of_a_chat_arrive_in_order_and_are_marked(office: Office) -> None:
    ids = office.queue(ADA, *[f"message {number}" for number in range(20)])
    await office.settle()
    assert office.texts(ADA) == [f"message {number}" for number in range(20)]
    assert office.store.heads(NOW, 1) == []
    shown = office.api.messages(ADA)
    assert [office.row(number)["message_id"] for number in ids] == [message.message_id for message in shown]
    assert all(office.row(number)["params"] is None for number in ids)


async def test_what_an_earlier_process_left_is_sent_without_being_woken(
    api: FakeBotApi, store: Store, clock: Clock
) -> None:
    chat = Chat(key="ada", chat_id=ADA, created_at=NOW, seen_at=NOW)
    store.commit(Commit(None, chat, calls=(Call("sendMessage", {"text": "still here"}),)))
    async with at_work(api, store, clock):
        await asyncio.to_thread(api.wait_for_text, ADA, "still here")


async def test_a_slow_chat_does_not_hold_up_another(office: Office) -> None:
    office.api.delay(0.5, "sendMessage", ADA)
    office.queue(ADA, "slow", "after slow")
    office.queue(BOB, "quick", "quick too")
    await office.settle()
    order = [(call.chat_id, call.params["text"]) for call in office.api.calls("sendMessage")]
    assert order == [(BOB, "quick"), (BOB, "quick too"), (ADA, "slow"), (ADA, "after slow")]


async def test_no_more_calls_fly_than_allowed(api: FakeBotApi, store: Store, clock: Clock) -> None:
    async with at_work(api, store, clock, in_flight=2) as office:
        for chat_id in range(20, 26):
            api.greet(chat_id)
            api.delay(0.1, "sendMessage", chat_id)
            office.queue(chat_id, "hello")
        await asyncio.sleep(0.05)
        assert len(office.sender._flying) == 2
        await office.settle()
        assert [office.texts(chat_id) for chat_id in range(20, 26)] == [["hello"]] * 6


async def test_an_edit_finds_its_message_and_a_file_arrives_whole(office: Office) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "a"}]]}
    question = Call(
        "sendMessage", {"text": "<b>Well?</b>", "parse_mode": "HTML", "reply_markup": keyboard}, tag="question"
    )
    office.queue(ADA, question)
    known = office.store.chat(ADA)
    assert known is not None
    document = {"$file": {"name": "my-data.json", "text": '{"pain": "süß"}'}}
    office.queue(
        ADA,
        Call("editMessageText", {"text": "Well: yes"}, edits=known.question_call),
        Call("sendDocument", {"document": document, "caption": "Your data"}),
    )
    await office.settle()
    answered, sent = office.api.messages(ADA)
    assert (answered.text, answered.buttons, answered.edits) == ("Well: yes", [], 1)
    assert (sent.text, sent.document) == ("Your data", ("my-data.json", '{"pain": "süß"}'.encode()))


async def test_an_edit_of_a_message_that_was_never_sent_is_done(office: Office) -> None:
    [question] = office.queue(ADA, Call("sendMessage", {"text": ""}, tag="question"))
    [edit, _] = office.queue(ADA, Call("editMessageText", {"text": "Well: yes"}, edits=question), "next")
    await office.settle()
    assert office.texts(ADA) == ["next"]
    assert office.row(edit)["params"] is None
    assert office.api.calls("editMessageText") == []


@pytest.mark.parametrize(
    "words",
    [
        "message is not modified: specified new message content and reply markup are exactly the same",
        "query is too old and response timeout expired or query ID is invalid",
        "message to edit not found",
        "message can't be edited",
    ],
)
async def test_a_refusal_that_leaves_nothing_to_do_is_success(office: Office, words: str) -> None:
    office.api.fail(400, f"Bad Request: {words}", "editMessageText")
    [edit, _] = office.queue(ADA, Call("editMessageText", {"text": "same", "message_id": 1}), "next")
    await office.settle()
    assert office.row(edit)["sent_at"] is not None and office.row(edit)["error"] is None
    assert office.texts(ADA) == ["next"]


async def test_a_permanent_refusal_is_parked_with_its_error_and_the_next_call_passes(office: Office) -> None:
    [bad, _] = office.queue(ADA, Call("sendMessage", {"text": "<oops>", "parse_mode": "HTML"}), "next")
    await office.settle()
    row = office.row(bad)
    assert (row["params"], row["sent_at"], row["attempts"]) == (None, None, 0)
    assert row["error"].startswith("BadRequest: Can't parse entities") and "oops" not in row["error"]
    assert office.texts(ADA) == ["next"]


@pytest.mark.parametrize(
    "call",
    [
        Call("sendTelepathy", {"text": "hello"}),
        Call("sendMessage", {"text": "half \ud83d"}),
        Call("sendMessage", {"text": {"$file": {"name": "a\nb", "text": "\udc80"}}}),
    ],
)
async def test_a_call_that_can_never_be_made_is_parked(office: Office, call: Call) -> None:
    [bad, _] = office.queue(ADA, call, "next")
    await office.settle()
    assert office.row(bad)["params"] is None and office.row(bad)["error"]
    assert office.texts(ADA) == ["next"]


async def test_a_body_that_is_too_large_is_parked(office: Office) -> None:
    office.api.fail(413, "Request Entity Too Large", "sendMessage")
    office.queue(ADA, "huge", "next")
    await office.settle()
    assert office.texts(ADA) == ["next"]


async def test_a_block_marks_the_chat_and_parks_what_waits_for_it(office: Office) -> None:
    office.api.refuse_quietly(ADA)
    ids = office.queue(ADA, "one", "two")
    office.queue(BOB, "hello")
    await office.settle()
    known = office.store.chat(ADA)
    assert known is not None and known.blocked_at == NOW
    assert [office.row(number)["error"] for number in ids] == ["blocked", "blocked"]
    assert len(office.api.calls("sendMessage", ADA)) == 1
    assert office.texts(BOB) == ["hello"]


async def test_too_many_requests_pauses_that_chat_for_as_long_as_asked(office: Office) -> None:
    office.api.too_many(ADA, 7)
    office.queue(ADA, "a1", "a2")
    office.queue(BOB, "b1")
    await office.settle()
    assert (office.texts(ADA), office.texts(BOB)) == ([], ["b1"])
    await office.pass_time(6.9)
    assert office.texts(ADA) == []
    await office.pass_time(0.9)
    assert office.texts(ADA) == ["a1", "a2"]


async def test_a_postponed_call_is_made_by_itself_when_its_time_comes(office: Office) -> None:
    office.store.commit(
        Commit(None, Chat("ada", ADA, NOW, NOW), calls=(Call("sendMessage", {"text": "later"}),)),
    )
    office.store.retry(1, NOW + timedelta(milliseconds=50), "TimedOut")
    office.sender.wake()
    await office.settle()
    assert office.texts(ADA) == []
    office.clock.now += timedelta(milliseconds=50)
    await asyncio.to_thread(office.api.wait_for_text, ADA, "later")


async def test_a_clock_that_is_put_back_makes_no_call_wait_for_it(office: Office) -> None:
    office.api.too_many(ADA, 60)
    office.queue(ADA, "hello")
    await office.settle()
    await office.pass_time(-86_400)
    assert office.texts(ADA) == ["hello"]


async def test_a_migrated_chat_gets_the_call_under_its_new_id(office: Office) -> None:
    office.api.greet(-5)
    office.api.greet(-1_000_000_000_005)
    office.api.fail(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        chat_id=-5,
        migrate_to_chat_id=-1_000_000_000_005,
    )
    office.queue(-5, "hello", "club")
    await office.settle()
    assert office.texts(-1_000_000_000_005) == ["hello", "club"]
    assert office.store.chat(-5) is None


async def test_a_chat_that_migrates_to_itself_is_no_endless_loop(office: Office) -> None:
    office.api.fail(400, "Bad Request: upgraded", chat_id=ADA, migrate_to_chat_id=ADA)
    office.queue(ADA, "hello")
    await office.settle()
    assert len(office.api.calls("sendMessage")) == 1
    await office.pass_time(1)
    assert office.texts(ADA) == ["hello"]


@pytest.mark.parametrize("trouble", ["500", "502", "401", "404", "409", "cut", "timeout", "no answer"])
async def test_what_may_pass_is_tried_again_and_never_dropped(office: Office, trouble: str) -> None:
    match trouble:
        case "cut":
            office.api.cut("sendMessage", times=3)
        case "timeout":
            office.api.delay(1.3, "sendMessage")
        case "no answer":
            office.api.garble("sendMessage", times=3)
        case status:
            office.api.fail(int(status), "Something is wrong", "sendMessage", times=3)
    ids = office.queue(ADA, "one", "two")
    await office.settle()
    assert office.row(ids[0])["params"] is not None and office.row(ids[0])["attempts"] == 1
    for _ in range(3):
        await office.pass_time(300)
    assert office.texts(ADA)[-2:] == ["one", "two"]
    assert office.row(ids[0])["params"] is None


PAGE = b"<html><body>Forbidden by the firewall</body></html>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, PAGE) for status in (200, 400, 403, 429, 500)),
        (200, b'{"ok": true, "result": {"message_id": 1180591620717411303424}}'),
        (400, b'{"ok": false, "description": 5}'),
        (400, b'{"ok": false, "description": "Bad Request", "parameters": {"migrate_to_chat_id": "-100"}}'),
        (
            400,
            b'{"ok": false, "description": "upgraded", "parameters": {"migrate_to_chat_id": 1180591620717411303424}}',
        ),
        (429, b'{"ok": false, "description": "Too Many Requests", "parameters": {"retry_after": "soon"}}'),
        (429, b'{"ok": false, "description": "Too Many Requests", "parameters": {"retry_after": 100000000000000}}'),
    ],
)
async def test_what_no_bot_api_says_refuses_nothing(office: Office, status: int, body: bytes) -> None:
    office.api.garble("sendMessage", body=body, status=status)
    [number, _] = office.queue(ADA, "one", "two")
    await office.settle()
    assert office.row(number)["attempts"] == 1 and office.row(number)["params"] is not None
    await office.pass_time(700)
    assert office.texts(ADA) == ["one", "two"]
    known = office.store.chat(ADA)
    assert known is not None and known.blocked_at is None


async def test_the_pause_grows_with_every_failure(office: Office) -> None:
    office.api.fail(500, "Internal Server Error", "sendMessage", times=12)
    [number] = office.queue(ADA, "at last")
    pauses: list[float] = []
    for _ in range(12):
        await office.settle()
        due = office.store.next_retry_at(office.clock.now)
        assert due is not None
        pauses.append((due - office.clock.now).total_seconds())
        office.clock.now = due
    await office.settle()
    assert all(0.25 * 2**attempt <= pause <= 0.5 * 2**attempt for attempt, pause in enumerate(pauses[:9]))
    assert all(150 <= pause <= 300 for pause in pauses[10:])
    assert office.row(number)["attempts"] == 12 and office.texts(ADA) == ["at last"]


async def test_a_rejected_token_loses_nothing(api: FakeBotApi, store: Store, clock: Clock) -> None:
    async with at_work(api, store, clock, token="123456:another-token-altogether") as office:
        [number] = office.queue(ADA, "hello")
        await office.settle()
        assert office.row(number)["params"] is not None


async def test_nothing_is_sent_twice_when_the_store_fails_and_the_sender_says_so(office: Office) -> None:
    # The trigger does what a full disk does.
    office.api.delay(0.2, "sendMessage")
    office.queue(ADA, "once")
    await asyncio.sleep(0.1)
    office.store._db.execute("create trigger full before update on outbox begin select raise(abort, 'disk full'); end")
    with pytest.raises(StoreError):
        await office.task
    office.store._db.execute("drop trigger full")
    assert office.texts(ADA) == ["once"]
    assert len(office.api.calls("sendMessage")) == 1


async def test_stopping_keeps_what_was_not_sent(office: Office, path: Path) -> None:
    office.api.delay(0.3, "sendMessage")
    office.queue(ADA, "one", "two")
    await office.sender.drain(0.05)
    office.task.cancel()
    await asyncio.gather(office.task, return_exceptions=True)
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from outbox where params is not null").fetchone() == (2,)
