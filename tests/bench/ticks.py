"""Ticks: what is due is found and queued among many subscribers, and a crowd is sent while people are answered."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

from telegram import Bot
from telegram.request import HTTPXRequest

from bot import rows
from bot.pacing import UNLIMITED, Limits
from bot.records import Call, Chat, Commit, Reminder, new_key
from bot.reminders import planned, tick
from bot.sender import Sender
from bot.store import Store
from bot.telegram import tick_away
from tests.bench.figures import Figure, median
from tests.fake_bot_api import TOKEN, FakeBotApi, running
from tests.reminded_bot import say, unasked

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
    """Sends ten thousand reminders, some of them refused, and answers people meanwhile."""
    path = folder / "crowd.db"
    _subscribe(path, CROWD)
    with running() as api, closing(Store.open(path)) as store:
        for number in range(CROWD):
            api.greet(number)
        for number in range(0, CROWD, 100):
            api.refuse_quietly(number)
        for number in range(50, CROWD, 2_000):
            api.too_many(number, 1)
        store._db.execute(
            "update reminder set done_on = '2026-11-25', done = 0, next_at = ?", [rows.time_text(EVENING)]
        )
        store._db.conn.commit()
        figures = asyncio.run(_send(api, store))
        got = [len(api.messages(number)) for number in range(CROWD)]
        marked = store._db.execute("select count(*) as n from outbox where error = 'blocked'").fetchone()["n"]
    beside = f"{got.count(1):,} got one, {marked:,} refuse us and are marked, {sum(n > 1 for n in got)} got two"
    return [*figures[:-1], replace(figures[-1], beside=beside)]


async def _send(api: FakeBotApi, store: Store) -> list[Figure]:
    quiet, busy = "an answer, with nothing else to do", f"  while {CROWD:,} reminders go out"
    figures: list[Figure] = []
    async with Bot(TOKEN, base_url=api.base_url, request=HTTPXRequest(read_timeout=10)) as bot:
        async with _at_work(bot, store, Limits(), ticking=False) as sender:
            figures.append(median(quiet, [await _answer(api, store, sender) for _ in range(PRESSES)], "ms"))
        async with _at_work(bot, store, Limits()) as sender:
            figures.append(median(busy, [await _answer(api, store, sender) for _ in range(PRESSES)], "ms"))
        begun, before = perf_counter(), len(api.calls("sendMessage"))
        async with _at_work(bot, store, UNLIMITED):
            done = partial(api.wait_for, lambda: len(api.calls("sendMessage")) >= CROWD + 2 * PRESSES, 600)
            await asyncio.to_thread(done)
        rate = (len(api.calls("sendMessage")) - before) / (perf_counter() - begun)
        figures.append(Figure(f"{CROWD:,} reminders at once, without their pace", rate, "messages/s"))
    return figures


@asynccontextmanager
async def _at_work(bot: Bot, store: Store, limits: Limits, *, ticking: bool = True) -> AsyncIterator[Sender]:
    begun = perf_counter()

    def clock() -> datetime:
        return EVENING + timedelta(seconds=perf_counter() - begun)

    sender = Sender(bot, store, clock, limits)
    tasks = [asyncio.create_task(sender.run())]
    if ticking:
        tasks.append(asyncio.create_task(tick_away(store, sender, clock, unasked(store), 0.05)))
    yield sender
    # What flies lands first, or it would count as uncertain.
    await sender.drain(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(api: FakeBotApi, store: Store, sender: Sender) -> float:
    chat = 1_000_000 + len(api.calls("sendMessage"))
    api.greet(chat)
    # People press now and then, at any moment of a fan-out.
    await asyncio.sleep(0.1)
    begun = perf_counter()
    call = Call("sendMessage", {"text": "an answer"})
    store.commit(Commit(None, Chat(new_key(), chat, START, START), calls=(call,)))
    sender.wake()
    await asyncio.to_thread(api.wait_for, lambda: api.messages(chat))
    return perf_counter() - begun
