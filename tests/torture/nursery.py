"""Brings bots to life: a process that has read everything once, and forks the real command for every life.

One JSON object a line: in comes {"env": …, "hop": …, "passages": …, "clock": …}, out go {"born": pid} and
{"ended": pid, "status": …}. A life is a process of its own with the real `backstride run` in it; only its imports
are done already.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flows.library
from bot import __main__, telegram, webhook  # noqa: F401  (imported once for all lives)
from bot.store import Store
from flows.engine import Engine
from tests.crashing_bot import HOPS, Bomb, _watched

ALL_HOPS = {**HOPS, "marked before it is sent": (Store, "begin")}
"""The hops of a press, and the one that only a reminder passes."""

CONTENT = flows.library.load()
Engine(CONTENT)
flows.library.load = lambda *_: CONTENT


def _live(order: dict[str, Any]) -> None:
    """Becomes the bot."""
    os.dup2(2, 1)
    _become_read_only_on_request()
    os.environ.update(order["env"])
    clock = Path(order["clock"])
    telegram._clock = lambda: datetime.now(UTC) + timedelta(seconds=float(clock.read_text(encoding="ascii") or 0))
    if order["hop"]:
        owner, name = ALL_HOPS[order["hop"]]
        bomb = Bomb(order["passages"], Path("/"))
        setattr(owner, name, _watched(getattr(owner, name), bomb))
    sys.argv = ["backstride", "run", "--env-file", os.devnull]
    __main__.main()


def _become_read_only_on_request() -> None:
    """At SIGUSR1 the database may only be read, as when its file system is mounted anew that way."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    opened = Store.open

    def remembered(path: Path, key: str = "") -> Store:
        store = opened(path, key)
        signal.signal(signal.SIGUSR1, lambda *_: store._db.execute("pragma query_only=on").fetchall())
        return store

    Store.open = remembered  # type: ignore[method-assign, assignment]


def _say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serves orders until the other end is closed; then ends what still lives."""
    alive: set[int] = set()
    buffer = b""
    while True:
        if select.select([0], [], [], 0.005)[0]:
            data = os.read(0, 65_536)
            if not data:
                break
            buffer += data
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            order = json.loads(line)
            child = os.fork()
            if child == 0:
                code: object = 3
                try:
                    _live(order)
                except SystemExit as end:
                    code = end.code
                finally:
                    sys.stderr.flush()
                    os._exit(code if isinstance(code, int) else 3)
            alive.add(child)
            _say(born=child)
        while alive:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                break
            alive.discard(child)
            os.write(2, b"-- ended %d\n" % child)
            _say(ended=child, status=os.waitstatus_to_exitcode(status))
    for child in alive:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
