"""Ticks: what is due is found and queued among many subscribers, and a crowd is sent while people are answered."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter

from telegram import Bot
from telegram.request import HTTPXRequest

from bot.records import Call, Chat, Commit, Reminder
from bot.reminders import planned, tick
from bot.sender import Sender
from bot.store import Store
from tests.bench.figures import Figure, median
from tests.fake_bot_api import TOKEN, FakeBotApi, running
from tests.reminded_bot import say

SIZES = (1_000, 100_000, 1_000_000)
DUE = 1_000
REPEATS = 7
CROWD = 10_000
PRESSES = 50
START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def ticks(folder: Path) -> list[Figure]:
    """Finds and queues a thousand due reminders, whatever the number of those that are not due."""
    figures = []
    for size in SIZES:
        path = folder / f"subscribers{size}.db"
        _subscribe(path, size)
        with closing(Store.open(path)) as store:
            figures += [
                median(f"a tick, {DUE:,} due of {size:,} subscribers", _timed(store, size), "ms", target=50),
                median("  with nothing due", [_time(store, START) for _ in range(50)], "ms"),
            ]
    return figures


def _subscribe(path: Path, size: int) -> None:
    """Everybody has a reminder every evening; those of the crowd are due tomorrow."""
    with closing(Store.open(path)) as store:
        reminder = Reminder("a", "check_in", "Europe/Berlin", (time(19),), tuple(range(7)))
        chat = Chat("a", 0, START, START)
        store.commit(Commit(None, chat, reminders=(planned(reminder, START + timedelta(hours=12)),)))
    with closing(sqlite3.connect(path)) as raw:
        for table in ("chat", "reminder"):
            columns = [row[1] for row in raw.execute(f"pragma table_info({table})")]
            values = {name: name for name in columns} | {"key": "'a' || number", "chat": "'a' || number"}
            values["chat_id"] = "number"
            raw.execute(
                "with recursive numbers(number) as (select 1 union all select number + 1 from numbers where number < ?)"
                f" insert into {table} select {', '.join(values[name] for name in columns)}"
                f" from (select * from {table} limit 1), numbers",
                (size - 1,),
            )
        raw.commit()


def _timed(store: Store, size: int) -> list[float]:
    times = []
    for repeat in range(REPEATS):
        # Some of them, spread over the file, are due today after all.
        step = max(1, size // DUE)
        store._db.execute(
            "update reminder set next_at = :now, done_on = '2026-11-25', done = 0 where rowid % :step = :rest",
            {"now": EVENING.isoformat(timespec="microseconds"), "step": step, "rest": repeat % step},
        )
        store._db.conn.commit()
        times.append(_time(store, EVENING))
    return times


def _time(store: Store, now: datetime) -> float:
    begun = perf_counter()
    tick(store, now, say, DUE)
    return perf_counter() - begun


def crowd(folder: Path) -> list[Figure]:
    """Sends ten thousand reminders at full speed, some of them refused, and answers people meanwhile."""
    with running() as api, closing(Store.open(folder / "crowd.db")) as store:
        for number in range(1, CROWD + 1):
            key, evening = f"a{number}", (time(19),)
            api.greet(number)
            reminder = planned(Reminder(key, "check_in", "Europe/Berlin", evening, tuple(range(7))), START)
            store.commit(Commit(None, Chat(key, number, START, START), reminders=(reminder,)))
            if number % 100 == 0:
                api.refuse_quietly(number)
        for number in range(50, CROWD, 500):
            api.too_many(number, 1)
        seconds, answers = asyncio.run(_send(api, store))
        got = [len(api.messages(number)) for number in range(1, CROWD + 1)]
        marked = store._db.execute("select count(*) as n from outbox where error = 'blocked'").fetchone()["n"]
    beside = f"{got.count(1):,} got one, {marked:,} refuse us and are marked, {sum(n > 1 for n in got)} got two"
    return [
        Figure(f"{CROWD:,} reminders due at once, without their pace", CROWD / seconds, "messages/s", beside=beside),
        median("  an answer to a person meanwhile", answers, "ms"),
    ]


async def _send(api: FakeBotApi, store: Store) -> tuple[float, list[float]]:
    base = datetime.now(UTC)

    def clock() -> datetime:
        return EVENING + (datetime.now(UTC) - base)

    async with Bot(TOKEN, base_url=api.base_url, request=HTTPXRequest(read_timeout=10)) as bot:
        sender = Sender(bot, store, clock, pace=1e6)
        sending = asyncio.create_task(sender.run())
        begun, answers = perf_counter(), []
        due = CROWD
        for number in range(1, PRESSES + 1):
            due -= tick(store, clock(), say, 200).queued
            sender.wake()
            answers.append(await _answer(api, store, sender, number))
        while due > 0 or store.waiting_notices():
            if store.waiting_notices() < 500:
                due -= tick(store, clock(), say, 100).queued
                sender.wake()
            await asyncio.sleep(0.005)
        seconds = perf_counter() - begun
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return seconds, answers


async def _answer(api: FakeBotApi, store: Store, sender: Sender, number: int) -> float:
    chat = CROWD + number
    api.greet(chat)
    begun = perf_counter()
    call = Call("sendMessage", {"text": "an answer"})
    store.commit(Commit(None, Chat(f"a{chat}", chat, START, START), calls=(call,)))
    sender.wake()
    while not api.messages(chat):
        await asyncio.sleep(0.001)
    return perf_counter() - begun
