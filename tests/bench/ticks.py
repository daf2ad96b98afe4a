"""Ticks: what is due is found and queued among many subscribers, and a crowd is sent while people are answered."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from operator import itemgetter
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
ZONES = """
Europe/Berlin Europe/Paris Europe/London Europe/Lisbon Europe/Madrid Europe/Rome Europe/Warsaw Europe/Athens
Europe/Kyiv Europe/Istanbul Europe/Helsinki Africa/Cairo Africa/Lagos Africa/Johannesburg Africa/Nairobi
America/New_York America/Chicago America/Denver America/Los_Angeles America/Phoenix America/Toronto America/Bogota
America/Mexico_City America/Sao_Paulo America/St_Johns America/Argentina/Buenos_Aires Asia/Kolkata Asia/Kathmandu
Asia/Tokyo Asia/Shanghai Asia/Singapore Asia/Dubai Asia/Tehran Asia/Karachi Asia/Jakarta Australia/Sydney
Australia/Adelaide Australia/Lord_Howe Pacific/Auckland Pacific/Honolulu
""".split()
START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def ticks(folder: Path) -> list[Figure]:
    """Finds and queues a thousand due reminders, whatever the number of those that are not due."""
    figures = []
    # As `run` does once everything is built: whatever else lies in memory is no part of a tick.
    gc.freeze()
    for size in SIZES:
        path = folder / f"subscribers{size}.db"
        _subscribe(path, size, at_once=size == DUE)
        with closing(Store.open(path)) as store:
            figures += [
                median(f"a tick, {DUE:,} due of {size:,} subscribers", _timed(store), "ms", target=50),
                median("  with nothing due", [_time(store, START - timedelta(days=1)) for _ in range(50)], "ms"),
            ]
    return figures


def _subscribe(path: Path, size: int, *, at_once: bool) -> None:
    """People of many zones have reminders at their own times, and a message from before; or all at the same moment."""
    chance = random.Random(size)
    kept = {rows.json_text(one.times) + rows.json_text(one.weekdays) + one.zone: one for one in _choices(at_once)}
    choices = [rows.values(one) for one in kept.values()]
    keys = sorted(chance.randbytes(6).hex() for _ in range(size))
    chat = rows.values(Chat("", 0, START, START))
    with closing(Store.open(path)) as store:
        raw = store._db.conn
        _fill(raw, "chat", ({**chat, "key": key, "chat_id": number} for number, key in enumerate(keys)))
        _fill(raw, "outbox", ({"chat": key, "method": "sendMessage", "tag": ""} for key in keys))
        reminders = ({**chance.choice(choices), "chat": key} for key in keys)
        _fill(raw, "reminder", sorted(reminders, key=itemgetter("zone", "times", "chat")))
        raw.commit()


def _choices(at_once: bool) -> Iterator[Reminder]:
    weeks = [tuple(range(7)), tuple(range(5)), (0, 2, 4), (1, 3, 5), (5, 6), (2,)]
    every = [time(hour, minute) for hour in range(6, 23) for minute in (0, 15, 30, 45)]
    for zone in ["Europe/Berlin"] if at_once else ZONES:
        for number, at in enumerate([time(19)] if at_once else every):
            for times in ((at,), (time(5, 30), at)) if number % 2 else ((at,),):
                for weekdays in weeks[:1] if at_once else weeks:
                    yield planned(Reminder("", "check_in", zone, times, weekdays), START)


def _fill(raw: sqlite3.Connection, table: str, filled: Iterable[dict[str, object]]) -> None:
    rest = iter(filled)
    first = next(rest)
    statement = f"insert into {table} ({', '.join(first)}) values (:{', :'.join(first)})"
    raw.execute(statement, first)
    raw.executemany(statement, rest)


def _timed(store: Store) -> list[float]:
    """Each time is the moment at which a thousand are due, or with a larger crowd more of them."""
    due = "select next_at from reminder where next_at is not null order by next_at limit 1 offset :before"
    times = []
    for _ in range(REPEATS):
        row = store._db.execute(due, {"before": DUE - 1}).fetchone()
        begun = perf_counter()
        done = tick(store, datetime.fromisoformat(row["next_at"]), say, DUE)
        times.append(perf_counter() - begun)
        assert done.queued == DUE
    return times


def _time(store: Store, now: datetime) -> float:
    begun = perf_counter()
    tick(store, now, say, DUE)
    return perf_counter() - begun


def crowd(folder: Path) -> list[Figure]:
    """Sends ten thousand reminders, some of them refused, and answers people meanwhile."""
    path = folder / "crowd.db"
    _subscribe(path, CROWD, at_once=True)
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
