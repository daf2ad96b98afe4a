"""One campaign: lives that end by force, a world that fails, and at the end the account of everybody."""

from __future__ import annotations

import random
import signal
import socket
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import rows
from bot.records import Call, Notice
from bot.store.connection import connect
from flows.engine import Engine
from tests.fake_bot_api import TOKEN, FakeBotApi
from tests.torture import account
from tests.torture.account import REMINDER, SECRET, Report
from tests.torture.harm import Harm, send
from tests.torture.lives import Nursery
from tests.torture.nursery import ALL_HOPS
from tests.torture.people import Soul

CROWD = 8
"""How many people talk at once."""
PASSAGES = (1, 1, 2, 3, 5, 8, 13)
"""How often a hop is passed before the bot dies there."""
UNBORN = 20.0
"""Seconds within which a bot must have asked Telegram for something; a busy machine is slow."""
LONGEST_LIFE, LAST_LIFE = 1.2, 240.0
"""Seconds from the first contact with Telegram in which a bot dies that came through, and what the last may take."""


class Campaign:
    """People, a world and a bot that dies again and again; the seed decides everything but the machine's own pace."""

    def __init__(self, seed: int, folder: Path, api: FakeBotApi, engine: Engine, key: str = "") -> None:
        self.report = Report(seed, encrypted=bool(key))
        self.chance = random.Random(seed)
        self.api, self.engine, self.key = api, engine, key
        self.database, self.log, self.clock = folder / "bot.db", folder / "bot.log", folder / "clock"
        self.log.touch()
        self.harm = Harm(api, self.chance, self.database, key, self.clock)
        self.people: list[Soul] = []
        self.reminders: dict[int, str] = {}
        """What was queued that nobody waits for, by the number of its call."""
        self.nursery = Nursery(self.log)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        api.webhook_at = f"http://127.0.0.1:{self.port}/telegram"

    def run(self, kills: int, seconds: float) -> Report:
        """Goes on until so many kills are done or the time is up, lets everybody finish, and reports."""
        end = time.monotonic() + seconds
        try:
            while self.report.kills < kills and time.monotonic() < end:
                self._remind()
                self._life()
            self._last_life()
        finally:
            self.nursery.close()
        self._account()
        return self.report

    # ---- lives -----------------------------------------------------------------------------------------------

    def _order(self, hop: str = "") -> dict[str, Any]:
        env = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE_URL": self.api.base_url,
            "TELEGRAM_API_BASE_FILE_URL": self.api.base_file_url,
            "DATABASE_PATH": str(self.database),
            "DATABASE_KEY": self.key,
            "TELEGRAM_LIMITS": "off",
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": self.chance.choice(["plain", "json"]),
            "OPERATOR_NAME": "Torture Club",
            "WEBHOOK_URL": "",
        }
        if self.chance.random() < 0.5:
            env |= {
                "WEBHOOK_URL": "https://bot.example.org/telegram",
                "WEBHOOK_SECRET": SECRET,
                "WEBHOOK_PORT": str(self.port),
            }
        return {"env": env, "hop": hop, "passages": self.chance.choice(PASSAGES), "clock": str(self.clock)}

    def _life(self) -> None:
        hop = self.chance.choice([*ALL_HOPS, *[""] * 8])
        before = len(self.api.requests)
        pid = self.nursery.bear(self._order(hop))
        trouble, status = self.chance.random() < 0.6, None
        born = time.monotonic()
        # Some die while they are being born.
        end = born + (self.chance.uniform(0, 0.5) if not hop and self.chance.random() < 0.2 else UNBORN)
        works = False
        while status is None and time.monotonic() < end:
            if not works and self._has_contact(before):
                works = True
                # Where no bomb goes off, it is killed at any moment.
                end = min(end, time.monotonic() + (LONGEST_LIFE if hop else self.chance.uniform(0, LONGEST_LIFE)))
            if works and trouble and self.chance.random() < 0.05:
                self.harm.strike(pid, self.people)
            self._talk()
            status = self.nursery.ended(0.01)
        self._note_end(self._end(pid, asks=not hop and self.chance.random() < 0.15) if status is None else status)

    def _has_contact(self, before: int) -> bool:
        return any(call.method in ("getUpdates", "setWebhook") for call in self.api.requests[before:])

    def _end(self, pid: int, *, asks: bool) -> int | None:
        """Ends a life by request, by kill -9 or with the power, and returns its status."""
        if not asks:
            restore = self.harm.cut_power(pid) if self.chance.random() < 0.25 else None
            send(pid, signal.SIGKILL)
            status = self.nursery.ended(60)
            if restore is not None:
                restore()
            return status
        send(pid, signal.SIGTERM)
        status = self.nursery.ended(60)
        if status is None:
            self.report.troubles.append("a bot did not end within a minute of being asked to")
            send(pid, signal.SIGKILL)
            status = self.nursery.ended(60)
        return status

    def _note_end(self, status: int | None) -> None:
        if status == -signal.SIGKILL:
            self.report.kills += 1
            self.report.ends["by kill -9"] += 1
        elif status == -signal.SIGTERM:
            self.report.ends["by SIGTERM, before they had begun"] += 1
        elif status == 0:
            self.report.ends["by SIGTERM, with exit code 0"] += 1
        elif status == 1:
            last = self.log.read_text(encoding="utf-8").splitlines()[-1]
            self.report.ends["by themselves, with a clear message"] += 1
            if not last.startswith("Error: "):
                self.report.troubles.append(f"a bot ended with exit code 1 and no clear message, but: {last[:200]}")
        else:
            self.report.troubles.append(f"a bot ended with status {status}")

    def _talk(self) -> None:
        while len([soul for soul in self.people if not soul.done]) < CROWD:
            self.people.append(Soul(self.api, self.engine, self.chance))
        may_begin = self.harm.clock_is_near
        for soul in self.people[-4 * CROWD :]:
            if (soul.begun or may_begin) and soul.act():
                self.report.updates += 1

    def _remind(self) -> None:
        """Queues a reminder for a few people, as the ticker does, while no bot lives."""
        if not self.people or not self.database.exists():
            return
        with closing(connect(self.database, self.key)) as db:
            known = db.execute(
                "select key from chat where consent_version <> '' order by rowid desc limit 9"
            ).fetchall()
            for row in self.chance.sample(known, min(len(known), 3)):
                text = f"{REMINDER} {len(self.reminders)}."
                notice = Notice(row["key"], Call("sendMessage", {"text": text}), datetime.now(UTC) + timedelta(days=30))
                cursor = db.execute(_QUEUE, rows.notice(notice))
                assert cursor.lastrowid is not None
                self.reminders[cursor.lastrowid] = text
            db.commit()

    def _last_life(self) -> None:
        """Lets everybody come to an end with a bot and a world that are well, and nobody new."""
        self.api.calm()
        # What was postponed by a clock that was ahead comes at once.
        self.clock.write_text("0", encoding="ascii")
        self.people = [soul for soul in self.people if soul.begun]
        pid, status = self.nursery.bear(self._order()), None
        end = time.monotonic() + LAST_LIFE
        while status is None and time.monotonic() < end and not self._is_over():
            for soul in self.people:
                if soul.act():
                    self.report.updates += 1
            status = self.nursery.ended(0.02)
        if status is not None:
            self.report.troubles.append(f"the last bot ended by itself with status {status}")
            return
        self._note_end(self._end(pid, asks=True))

    def _is_over(self) -> bool:
        return (
            all(soul.done or soul.astray for soul in self.people)
            and not self.api.undelivered()
            and not self._rows(_WAITS)
            and not any(soul.waits_in_vain() for soul in self.people)
        )

    def _rows(self, query: str) -> list[dict[str, Any]]:
        if not self.database.exists():
            return []
        with closing(connect(self.database, self.key)) as db:
            db.execute("pragma busy_timeout=10000").fetchall()
            return [{name: row[name] for name in row.keys()} for row in db.execute(query).fetchall()]  # noqa: SIM118

    def _account(self) -> None:
        report = self.report
        report.faults = self.harm.done
        account.settle(report, self.people, self.api, self._rows)
        account.settle_reminders(report, self.reminders, self.api, self._rows)
        account.look_at_database(report, self.harm.malformed, self._rows)
        account.look_at_log(report, self.log.read_text(encoding="utf-8"), self.people, self.api, self.key)


_QUEUE = """
insert into outbox (chat, method, params, tag, priority, expires_at)
values (:chat, :method, :params, :tag, 1, :expires_at)
"""
_WAITS = """
select 1 from inbox where payload is not null union all select 1 from outbox where params is not null limit 1
"""
