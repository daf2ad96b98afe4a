"""Laws of the pace: what the sender sends in any second and minute, on a time that leaps instead of passing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram import Bot
from telegram.error import RetryAfter

from bot import pacing
from bot.pacing import Limits, Pace
from bot.records import CLUBS, REMINDERS, Call, Chat, Commit, Notice, Outgoing
from bot.sender import Sender
from bot.store import Store
from tests import virtual_time
from tests.fake_bot_api import TOKEN

START = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
LATENCY = 0.08
"""Seconds that Telegram is away."""
GROUP = -1_000_000_000_000

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


@dataclass
class Line:
    """What arrives at Telegram's end, and when; it refuses what it is told to refuse."""

    refuse: Callable[[int, float], int] = lambda chat_id, at: 0
    arrived: list[tuple[float, int, str]] = field(default_factory=list)
    refused: list[tuple[float, int]] = field(default_factory=list)

    def at(self, *chats: int) -> list[float]:
        return [at for at, chat_id, _ in self.arrived if not chats or chat_id in chats]


class FarBot(Bot):
    """The library's bot with Telegram's answers, 80 ms away."""

    line: Line

    async def do_api_request(self, endpoint: str, api_kwargs: Any = None, *_: Any, **more: Any) -> Any:
        await asyncio.sleep(LATENCY / 2)
        now = asyncio.get_running_loop().time()
        seconds = FarBot.line.refuse(api_kwargs["chat_id"], now)
        if seconds:
            FarBot.line.refused.append((now, api_kwargs["chat_id"]))
        else:
            FarBot.line.arrived.append((now, api_kwargs["chat_id"], api_kwargs.get("text", "")))
        await asyncio.sleep(LATENCY / 2)
        if seconds:
            raise RetryAfter(seconds)
        return {"message_id": len(FarBot.line.arrived)}


def _chat(chat_id: int) -> Chat:
    return Chat(f"chat{chat_id}", chat_id, START, START)


def say(store: Store, chat_id: int, *calls: Call | str) -> None:
    made = tuple(Call("sendMessage", {"text": call}) if isinstance(call, str) else call for call in calls)
    store.commit(Commit(None, store.chat(chat_id) or _chat(chat_id), calls=made))


def notify(store: Store, chat_id: int, text: str, priority: int = REMINDERS) -> None:
    known = store.chat(chat_id) or _chat(chat_id)
    store.commit(Commit(None, known))
    store.remind([], [Notice(known.key, Call("sendMessage", {"text": text}), START + timedelta(days=1))])
    store._db.execute(
        "update outbox set priority = :priority where id = (select max(id) from outbox)", {"priority": priority}
    )
    store._db.conn.commit()


def sent(store: Store, line: Line, seconds: float = 3600.0, *later: tuple[float, Callable[[], None]]) -> Line:
    """Lets the sender work for so long, or until nothing waits; `later` happens meanwhile."""
    FarBot.line = line

    async def work() -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        sender = Sender(FarBot(TOKEN), store, lambda: START + timedelta(seconds=loop.time() - begun))
        sending = asyncio.create_task(sender.run())
        for after, happens in later:
            await asyncio.sleep(after)
            happens()
            sender.wake()
        waits = "select 1 from outbox where params is not null limit 1"
        while store._db.execute(waits).fetchone() and loop.time() - begun < seconds and not sending.done():
            await asyncio.sleep(0.05)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    virtual_time.run(work())
    return line


def most(times: list[float], window: float) -> int:
    """The most that fell into any window of so many seconds."""
    return max(sum(0 <= other - one < window for other in times) for one in times)


def test_with_telegram_80_ms_away_the_allowed_rate_is_used_up_and_never_passed(store: Store) -> None:
    for chat_id in range(1, 561):
        say(store, chat_id, "hello")
    times = sent(store, Line()).at()
    assert len(times) == 560
    assert most(times, 1.0) <= 30
    assert times[-1] - times[0] <= 560 / 28 + 0.5


def test_a_person_gets_a_short_burst_and_then_one_message_a_second(store: Store) -> None:
    say(store, 1, *[f"message {number}" for number in range(30)])
    line = sent(store, Line())
    assert [text for _, _, text in line.arrived] == [f"message {number}" for number in range(30)]
    assert most(line.at(), 1.0) <= 6
    assert most(line.at(), 20.0) <= 25
    assert line.at()[-1] - line.at()[0] <= 30


def test_an_edit_in_a_private_chat_is_no_new_message(store: Store) -> None:
    edits = [Call("editMessageText", {"text": str(number), "message_id": 1}) for number in range(40)]
    say(store, 1, *edits)
    times = sent(store, Line()).at()
    assert times[-1] - times[0] < 5


def test_a_group_gets_at_most_twenty_in_any_minute(store: Store) -> None:
    edits = [Call("editMessageText", {"text": str(number), "message_id": 1}) for number in range(25)]
    say(store, GROUP, *[f"message {number}" for number in range(25)], *edits)
    times = sent(store, Line()).at()
    assert len(times) == 50
    assert most(times, 60.0) <= 20


def test_people_go_before_reminders_and_reminders_before_club_posts(store: Store) -> None:
    for number in range(1, 41):
        notify(store, GROUP - number, "post", CLUBS)
        notify(store, 1000 + number, "reminder")
        say(store, number, "answer")
    order = [text for _, _, text in sent(store, Line()).arrived]
    assert order.index("answer") == 0 and order.count("post") == order.count("reminder") == order.count("answer") == 40
    last_answer = len(order) - order[::-1].index("answer")
    assert order[:last_answer].count("post") == 0 and order[:last_answer].count("reminder") <= 1
    assert order[-40:] == ["post"] * 40


def test_a_person_who_writes_during_a_crowd_of_reminders_is_answered_at_once(store: Store) -> None:
    for number in range(1000, 1400):
        notify(store, number, "reminder")
    line = sent(store, Line(), 60, (5.0, lambda: say(store, 1, "answer")))
    (at,) = line.at(1)
    assert at - line.at()[0] < 5.5
    assert most([at for at, _, text in line.arrived if text == "reminder"], 1.0) <= 21


def test_chats_that_have_used_their_limit_up_do_not_hold_up_the_others(store: Store) -> None:
    for chat_id in range(100, 160):
        say(store, chat_id, *["flood"] * 20)
    line = sent(store, Line(), 200, (15.0, lambda: say(store, 1, "answer")))
    (at,) = line.at(1)
    assert at - line.at()[0] < 17
    assert len(line.arrived) == 60 * 20 + 1


def test_a_refusal_for_one_chat_holds_back_that_chat_alone_and_for_as_long_as_asked(store: Store) -> None:
    begun = 1000.0
    for chat_id in range(1, 101):
        say(store, chat_id, "hello")
    line = sent(store, Line(lambda chat_id, at: 30 if chat_id in (7, 60) and at < begun + 20 else 0))
    held = {7: line.at(7)[0], 60: line.at(60)[0]}
    refused = {chat_id: at for at, chat_id in line.refused}
    assert len(line.refused) == 2
    assert all(30 <= held[chat_id] - refused[chat_id] <= 33.2 for chat_id in (7, 60))
    others = [at for at, chat_id, _ in line.arrived if chat_id not in held]
    assert others[-1] - others[0] <= 98 / 28 + 0.5


def test_a_limit_that_is_everybodys_holds_everybody_back_after_a_few_refusals(store: Store) -> None:
    for chat_id in range(1, 201):
        say(store, chat_id, "hello")
    begun = 1000.0
    line = sent(store, Line(lambda _, at: 20 if begun + 2 <= at < begun + 15 else 0))
    assert len(line.arrived) == 200
    assert len(line.refused) <= 6
    assert not [at for at in line.at() if begun + 2.2 < at < begun + 21]


def test_what_telegram_refuses_for_now_comes_again_at_different_moments(store: Store) -> None:
    for chat_id in (1, 2):
        say(store, chat_id, "hello")
    line = sent(store, Line(lambda _, at: 30 if at < 1001 else 0))
    pauses = [line.at(chat_id)[0] - at for at, chat_id in line.refused]
    assert all(30 <= pause <= 33.3 for pause in pauses) and pauses[0] != pauses[1]


def test_chats_that_have_been_quiet_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "REMEMBERED", 3)

    async def work() -> int:
        pace = Pace(Limits())
        for number in range(1, 50):
            call = Outgoing(number, f"chat{number}", number, "sendMessage", {}, 0, None, None)
            while wait := await pace.take(call):
                await asyncio.sleep(wait)
            await asyncio.sleep(2)
        return len(pace._people)

    assert virtual_time.run(work()) <= 5
