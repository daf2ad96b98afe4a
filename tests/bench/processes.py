"""Whole processes: how fast the bot starts, how much memory it needs, how fast `simulate` is."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

from bot.conversation import Conversation
from bot.store import Store
from flows.engine import Engine
from tests.answers import crowd
from tests.bench.figures import Figure, median
from tests.bench.turns import Times, triage
from tests.fake_bot_api import TOKEN, FakeBotApi, running
from tests.person import Person

STARTS = 7
STORED = 100_000
SERVED = 200
"""Stored people who come back while the memory is measured."""
LINES = 20_000
ROOT = Path(__file__).parent.parent.parent


@contextmanager
def _bot(api: FakeBotApi, database: Path) -> Iterator[subprocess.Popen[bytes]]:
    environ = {
        **os.environ,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE_URL": api.base_url,
        "TELEGRAM_API_BASE_FILE_URL": api.base_file_url,
        "DATABASE_PATH": str(database),
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen([sys.executable, "-m", "bot", "run", "--env-file", os.devnull], env=environ, cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def starts(folder: Path) -> list[Figure]:
    """From the command to its first getUpdates, on a database that exists; the first try is not counted."""
    times = []
    for _ in range(STARTS + 1):
        with running() as api:
            begun = perf_counter()
            with _bot(api, folder / "starts.db"):
                api.wait_for(lambda: api.calls("getUpdates"))
                times.append(perf_counter() - begun)
    return [median("a start, up to the first request for updates", times[1:], "s", target=0.8)]


def memory(engine: Engine, database: Path) -> list[Figure]:
    """The most memory that the running bot ever held, with many stored sessions, some of them served."""
    if not Path("/proc/self/status").exists():
        return [Figure("memory", float("nan"), "MB", beside="not measured: this system has no /proc")]
    _fill(engine, database)
    with running() as api, _bot(api, database) as process:
        for chat_id in range(1, SERVED + 1):
            api.greet(chat_id)
            api.say(chat_id, "/plan")
        api.wait_for(lambda: all(api.messages(chat_id) for chat_id in range(1, SERVED + 1)), timeout=30)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    size = database.stat().st_size / 1e6
    beside = f"the bot's peak; file of {size:.0f} MB, {SERVED} of its people served"
    return [Figure(f"memory with {STORED:,} stored sessions", int(peak[1]) * 1024 / 1e6, "MB", 150, beside=beside)]


def _fill(engine: Engine, database: Path) -> None:
    """One finished triage by the bot itself, then copies of it under other keys."""
    with closing(Store.open(database)) as store:
        triage(Conversation(engine, store), store, 1, Person({}), Times())
    with closing(sqlite3.connect(database)) as raw:
        for table, own, owner in (("chat", "key", "key"), ("session", "key", "chat"), ("diary", "id", "chat")):
            columns = [row[1] for row in raw.execute(f"pragma table_info({table})")]
            values = {name: name for name in columns}
            values["chat_id"] = "number"
            values["id"] = "null"
            values[own] = values[own] if own == "id" else f"'{table}' || number"
            values[owner] = "'chat' || number"
            listed = ", ".join(values[name] for name in columns)
            raw.execute(
                "with recursive numbers(number) as (select 2 union all select number + 1 from numbers where number < ?)"
                f" insert into {table} select {listed} from (select * from {table} limit 1), numbers",
                (STORED,),
            )
        raw.commit()


def simulations() -> list[Figure]:
    """Lines through one `simulate`, its start included."""
    lines = "".join(json.dumps(answers) + "\n" for answers in crowd(LINES))
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "simulate"], input=lines, capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds = perf_counter() - begun
    assert done.stdout.count("\n") == LINES
    beside = f"{LINES:,} lines in {seconds:.1f} s, so 200,000 take {200_000 / LINES * seconds:.0f} s"
    return [Figure("simulate", LINES / seconds, "lines/s", 1_000, more_is_better=True, beside=beside)]
