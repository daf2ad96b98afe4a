"""What goes wrong in the world while a bot lives: at Telegram, on the disk, with the clock and with the power."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from bot.store.connection import companions, connect
from tests.fake_bot_api import FakeBotApi
from tests.torture.people import Soul

UNLIMITED = resource.RLIM_INFINITY
HOUR = 3600
NEAR = (0, HOUR, -HOUR, 11 * HOUR, -11 * HOUR)
"""Jumps of the clock within which nobody is forgotten who has not agreed yet: that comes after 24 hours."""
FAR = (24 * HOUR, -24 * HOUR)
BODIES = (
    None,
    b"",
    b"\xff\xfe\x00",
    b'{"ok": true, "result": [{"update_id": 7, "message": {"text": "my left heel hurts", "from": {"first_name": "Ada"',
    b"<html><h1>502 Bad Gateway</h1></html>",
    b'{"ok": true, "result": {"a": 1}}',
    b"[1]",
    b"null",
    b'{"ok": false, "parameters": [1]}',
)
"""Answers that are none."""
UPDATES = (
    {"message": {"message_id": "x", "chat": {"id": []}}},
    {"message": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}, "from": 7}},
    {"callback_query": {"id": 1, "data": {"a": 1}, "from": {"id": "x"}}},
)
"""Updates that cannot be read."""


class Harm:
    """Does one thing after another, and counts what it did."""

    def __init__(self, api: FakeBotApi, chance: random.Random, database: Path, key: str, clock: Path) -> None:
        self._api, self._chance, self._database, self._key, self._clock = api, chance, database, key, clock
        self.done: Counter[str] = Counter()
        self.malformed: set[int] = set()
        """The updates that cannot be read."""
        clock.write_text("0", encoding="ascii")

    @property
    def clock_is_near(self) -> bool:
        """Tells whether somebody may begin now, and not be forgotten because of the clock before they agree."""
        return abs(int(self._clock.read_text(encoding="ascii"))) <= max(NEAR)

    def strike(self, pid: int, people: list[Soul]) -> None:
        """Does one thing that goes wrong while this process lives."""
        api, chance = self._api, self._chance
        method = chance.choice(["sendMessage", "editMessageText", "getUpdates", "answerCallbackQuery", None])
        harms: dict[str, Callable[[], object]] = {
            "server errors": lambda: api.fail(chance.choice([500, 502, 503]), "Internal Server Error", method),
            "conflicts (409)": lambda: api.fail(409, "Conflict: terminated by other getUpdates request", "getUpdates"),
            "too many requests (429)": lambda: api.fail(429, "Too Many Requests", "sendMessage", retry_after=1),
            "calls cut off before": lambda: api.cut(method or "sendMessage"),
            "calls cut off afterwards": lambda: api.cut(method or "sendMessage", done=True),
            "slow answers": lambda: api.delay(0.3, method or "sendMessage"),
            "answers that are none": lambda: api.garble(method or "getUpdates", body=chance.choice(BODIES)),
            "malformed updates": lambda: self.malformed.add(api.update(**chance.choice(UPDATES))),
            "updates out of order": lambda: api.shuffle(chance),
            "updates delivered again": lambda: chance.choice(people).again(),
            "clock jumps": lambda: self._jump(people),
            "a locked database": self._lock,
            "a read-only database": lambda: os.kill(pid, signal.SIGUSR1),
            "a full disk": lambda: self._fill(pid),
        }
        # What ends a bot is rarer than what it must live through.
        rare = {"a read-only database", "a full disk"}
        name = chance.choices(list(harms), [1 if each in rare else 3 for each in harms])[0]
        if name == "updates delivered again" and not people:
            return
        with suppress(ProcessLookupError):
            harms[name]()
        self.done[name] += 1

    def _jump(self, people: list[Soul]) -> None:
        agreed = all(soul.agreed for soul in people if soul.begun)
        self._clock.write_text(str(self._chance.choice(NEAR + FAR if agreed else NEAR)), encoding="ascii")

    def _lock(self) -> None:
        """Another program keeps the database to itself for a moment."""
        # The bot may be about to create it.
        with suppress(sqlite3.Error), closing(connect(self._database, self._key)) as db:
            db.execute("pragma busy_timeout=1000").fetchall()
            db.execute("begin immediate")
            time.sleep(0.2)
            db.rollback()

    def _fill(self, pid: int) -> None:
        """No file of the bot's can grow any more: SQLite sees a disk that is full."""
        limit = sum(file.stat().st_size for file in self._database.parent.glob("bot.db*"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(limit // 2, 4096), UNLIMITED))

    def cut_power(self, pid: int) -> Callable[[], None]:
        """Stops a process and takes the files as they are; returns what puts these in their place, once it is dead.

        What lies behind the last commit of the write-ahead log was never waited for: of that a disk may have anything.
        """
        send(pid, signal.SIGSTOP)
        with suppress(FileNotFoundError):
            while "T" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]:
                time.sleep(0.001)
        database = self._database
        log = companions(database)[0]
        taken = {file: file.with_name(f"{file.name}.taken") for file in (database, log) if file.exists()}
        for file, copy in taken.items():
            shutil.copyfile(file, copy)
        if log in taken:
            tear(taken[log], self._chance)
        self.done["power losses"] += 1

        def restore() -> None:
            for beside in companions(database):
                beside.unlink(missing_ok=True)
            for file, copy in taken.items():
                copy.replace(file)

        return restore


def send(pid: int, number: int) -> None:
    """Sends a signal to a process, which may have ended by itself a moment ago."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def tear(log: Path, chance: random.Random) -> None:
    """Puts noise behind the last commit of a write-ahead log (sqlite.org/fileformat.html, section 4)."""
    data = log.read_bytes()
    end = committed(data)
    log.write_bytes(data[:end] + chance.randbytes(chance.choice([0, 10, 2000, len(data) - end, 9000])) if data else b"")


def committed(data: bytes) -> int:
    """Returns where the last commit of a write-ahead log ends."""
    size, salt, end = int.from_bytes(data[8:12], "big"), data[16:24], min(32, len(data))
    place = 32
    while place + 24 + size <= len(data) and data[place + 8 : place + 16] == salt:
        place += 24 + size
        if any(data[place - size - 20 : place - size - 16]):
            end = place
    return end
