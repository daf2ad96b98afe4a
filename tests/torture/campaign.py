"""One campaign: lives that end by force, a world that fails, and at the end the account of everybody."""

from __future__ import annotations

import json
import os
import queue
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.engine import Engine
from tests.crashing_bot import HOPS
from tests.fake_bot_api import TOKEN, FakeBotApi
from tests.torture.people import Soul

ROOT = Path(__file__).parents[2]
SECRET = "torture-webhook-secret"
CROWD = 6
"""How many people talk at once."""
LONGEST_LIFE = 1.5
"""Seconds after which a bot is killed that came through."""
UNLIMITED = resource.RLIM_INFINITY


@dataclass
class Report:
    """What happened, and what it cost."""

    seed: int
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    updates: int = 0
    people: int = 0
    answers: int = 0
    lost: int = 0
    doubled: int = 0
    messages_lost: int = 0
    messages_doubled: int = 0
    troubles: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Returns the report as it is printed."""
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        ends = ", ".join(f"{count} {name}" for name, count in sorted(self.ends.items()))
        return [
            f"seed {self.seed}: {self.kills} kills, {self.faults.total()} faults, {self.updates} updates",
            f"faults: {faults or 'none'}",
            f"lives ended: {ends}",
            f"people: {self.people}, who gave {self.answers} answers",
            f"answers: {self.lost} lost, {self.doubled} doubled",
            f"messages: {self.messages_lost} lost, {self.messages_doubled} shown twice",
            *(f"TROUBLE: {trouble}" for trouble in self.troubles),
        ]

    @property
    def sound(self) -> bool:
        """Tells whether nothing is lost or doubled that must not be."""
        return not (self.lost or self.doubled or self.messages_lost or self.troubles)


class Nursery:
    """The other end of tests.torture.nursery."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._events: queue.Queue[dict[str, int]] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def bear(self, order: dict[str, Any]) -> int:
        """Starts a life and returns its process number."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._events.get(timeout=60)["born"]

    def ended(self, seconds: float) -> int | None:
        """Waits so long for the life to end and returns its exit code, negative for a signal."""
        try:
            return self._events.get(timeout=seconds)["status"]
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ends it, and whatever lives in it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._listener.join(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Campaign:
    """People, a world and a bot that dies again and again; the seed decides everything but the machine's own pace."""

    def __init__(self, seed: int, folder: Path, api: FakeBotApi, engine: Engine) -> None:
        self.report = Report(seed)
        self.chance = random.Random(seed)
        self.api, self.engine, self.folder = api, engine, folder
        self.database, self.log, self.clock = folder / "bot.db", folder / "bot.log", folder / "clock"
        self.clock.write_text("0", encoding="ascii")
        self.people: list[Soul] = []
        self.nursery = Nursery()
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = int(one.getsockname()[1])
        api.webhook_at = f"http://127.0.0.1:{self.port}/telegram"

    def run(self, kills: int, seconds: float) -> Report:
        """Goes on until so many kills are done or the time is up, lets everybody finish, and reports."""
        end = time.monotonic() + seconds
        try:
            while self.report.kills < kills and time.monotonic() < end:
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
        return {
            "env": env,
            "hop": hop,
            "passages": self.chance.randint(1, 5),
            "log": str(self.log),
            "clock": str(self.clock),
        }

    def _life(self) -> None:
        hop = self.chance.choice([*HOPS, "", "", "", ""])
        pid = self.nursery.bear(self._order(hop))
        # Where no bomb goes off, it is killed at any moment, or asked to end.
        end = time.monotonic() + (LONGEST_LIFE if hop else self.chance.uniform(0.2, LONGEST_LIFE))
        mercy = not hop and self.chance.random() < 0.1
        trouble = self.chance.random() < 0.6
        harm, status = _Harm(self, pid), None
        while status is None and time.monotonic() < end:
            if trouble and self.chance.random() < 0.15:
                harm.do()
            self._talk()
            status = self.nursery.ended(0.01)
        if status is None:
            os.kill(pid, signal.SIGTERM if mercy else signal.SIGKILL)
            status = self.nursery.ended(20)
            if status is None:
                self.report.troubles.append(f"process {pid} did not end when it was asked to")
                os.kill(pid, signal.SIGKILL)
                status = self.nursery.ended(20)
        self._note_end(status)

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
                self.report.troubles.append("a bot ended with exit code 1 and no clear message")
        else:
            self.report.troubles.append(f"a bot ended with status {status}")

    def _talk(self) -> None:
        while len([soul for soul in self.people if not soul.done]) < CROWD:
            self.people.append(Soul(self.api, self.engine, self.chance))
        for soul in self.people[-2 * CROWD :]:
            if soul.act():
                self.report.updates += 1

    def _last_life(self) -> None:
        """Lets everybody come to an end with a bot and a world that are well, and nobody new."""
        self.api.calm()
        self.clock.write_text("0", encoding="ascii")
        # What was postponed by a clock that was ahead comes at once.
        self.nursery.bear(self._order())
        end = time.monotonic() + 60
        while time.monotonic() < end and not self._is_over():
            for soul in self.people:
                if soul.act():
                    self.report.updates += 1
            time.sleep(0.02)
        pid = self._pid()
        os.kill(pid, signal.SIGTERM)
        self._note_end(self.nursery.ended(20))

    def _is_over(self) -> bool:
        return all(soul.done for soul in self.people) and not self.api.undelivered() and self._is_idle()

    def _pid(self) -> int:
        return int(self.database.with_name("bot.db.lock").read_text(encoding="ascii").split()[0])

    def _is_idle(self) -> bool:
        waits = "select 1 from inbox where payload is not null union all select 1 from outbox where params is not null"
        return not self._rows(waits)

    def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    # ---- the account -----------------------------------------------------------------------------------------

    def _account(self) -> None:
        report = self.report
        query = "select log from session join chat on chat.key = session.chat where chat_id = ? order by session.rowid"
        for soul in self.people:
            lost, doubled = soul.account(self._rows(query, soul.chat_id))
            report.lost += lost
            report.doubled += doubled
            report.answers += len(soul.said)
            if soul.waits_in_vain():
                report.messages_lost += 1
                report.troubles.append(f"a person waits in vain at {soul.session.state}")
        report.people = len(self.people)
        asked = Counter(
            (call.chat_id, _marked(call.params)) for call in self.api.calls("sendMessage") if call.status == 200
        )
        report.messages_doubled = sum(count - 1 for (_, mark), count in asked.items() if mark)
        self._look_for_troubles()

    def _look_for_troubles(self) -> None:
        found = self.report.troubles
        log = self.log.read_text(encoding="utf-8")
        secrets = {"the token": TOKEN.partition(":")[2], "the webhook's secret": SECRET, "a name": "Ada"}
        found += [f"the log holds {what}" for what, words in secrets.items() if words in log]
        found += [
            f"the log holds the answer {words!r}" for words in ("18_34", "35_44", "2_6w", "groin") if words in log
        ]
        found += [f"an exception is in the log: {line}" for line in log.splitlines() if "Traceback" in line][:3]
        if rows := self._rows("select update_id, error from inbox where error is not null"):
            found.append(f"{len(rows)} updates were parked: {rows[0]['error']}")
        if self._rows("pragma integrity_check") != [{"integrity_check": "ok"}]:
            found.append("the database is damaged")
        if self._rows("pragma foreign_key_check"):
            found.append("rows of the database hang in the air")


def _marked(params: dict[str, Any]) -> str:
    rows = params.get("reply_markup", {}).get("inline_keyboard", [])
    data = [str(button.get("callback_data", "")) for row in rows for button in row]
    return next((":".join(one.split(":")[1:3]) for one in data if one.startswith("q:")), "")


class _Harm:
    """What goes wrong during a life."""

    def __init__(self, campaign: Campaign, pid: int) -> None:
        self._campaign, self._pid = campaign, pid

    def do(self) -> None:
        """Does one thing that goes wrong."""
        campaign = self._campaign
        api, chance = campaign.api, campaign.chance
        method = chance.choice(["sendMessage", "editMessageText", "getUpdates", "answerCallbackQuery", None])
        harms: dict[str, Callable[[], object]] = {
            "server errors": lambda: api.fail(chance.choice([500, 502, 503]), "Internal Server Error", method),
            "conflicts (409)": lambda: api.fail(409, "Conflict: terminated by other getUpdates request", "getUpdates"),
            "too many requests (429)": lambda: api.fail(429, "Too Many Requests", "sendMessage", retry_after=1),
            "calls cut off before": lambda: api.cut(method or "sendMessage"),
            "calls cut off afterwards": lambda: api.cut(method or "sendMessage", done=True),
            "slow answers": lambda: api.delay(0.3, method or "sendMessage"),
            "answers that are none": lambda: api.garble(method or "getUpdates"),
            "updates out of order": lambda: api.shuffle(chance),
            "updates delivered again": lambda: chance.choice(campaign.people).again() if campaign.people else None,
            "clock jumps": self._jump,
            "a locked database": self._lock,
            "a full disk": self._fill,
        }
        name = chance.choice(list(harms))
        harms[name]()
        campaign.report.faults[name] += 1

    def _jump(self) -> None:
        clock, chance = self._campaign.clock, self._campaign.chance
        clock.write_text(str(chance.choice([0, 3600, 86_400, -3600, -86_400])), encoding="ascii")

    def _lock(self) -> None:
        """Another program keeps the database to itself for a moment."""
        if not self._campaign.database.exists():
            return
        try:
            with closing(sqlite3.connect(self._campaign.database, timeout=1, isolation_level=None)) as db:
                db.execute("begin immediate")
                time.sleep(0.2)
                db.execute("rollback")
        except sqlite3.OperationalError:
            # The bot is about to create it.
            return

    def _fill(self) -> None:
        """No file of the bot's can grow any more: SQLite sees a disk that is full."""
        limit = sum(file.stat().st_size for file in self._campaign.folder.glob("bot.db*"))
        try:
            resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (max(limit // 2, 4096), UNLIMITED))
        except ProcessLookupError:
            return
