"""Files that are made only when they are sent: until then the outbox holds their facts, and nothing after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

DOTS = 150
"""Dots of an inch of a poster's picture: sharp in a chat and on a home printer."""
TYPESET = Path(__file__).with_name("typeset.py")
LONGEST = 20
"""Seconds after which a page that is not set counts as one that cannot be; a bot that is told to stop waits for it."""


def made(by: str, data: dict[str, Any]) -> bytes:
    """Returns the bytes of a file whose facts a call holds; may run in a thread. Raises LookupError for no maker."""
    # Imported where they are needed: the libraries that draw are large, and most bots start without them.
    match by:
        case "progress":
            from bot.charts import draw  # noqa: PLC0415

            return draw(data)
        case "handover" | "plan":
            return _set_apart(data, by)
        case "poster" | "poster_picture":
            from bot.qr_code import code  # noqa: PLC0415

            picture = [str(DOTS)] if by == "poster_picture" else []
            return _set_apart({**data, "code": code(str(data["link"]))}, "poster", *picture)
    raise LookupError(f"nothing makes {by!r}")


def _set_apart(data: dict[str, Any], *how: str) -> bytes:
    """Returns a page that a process of its own has set; raises subprocess.SubprocessError.

    typst keeps what it has set last, health and all, in 200 MB of memory: here both go with the process. What it may
    complain about stays unread, for that could quote the person.
    """
    done = subprocess.run(  # noqa: S603  (our own file, no shell)
        # -P: the modules beside that file must not stand in for those of Python.
        [sys.executable, "-P", str(TYPESET), *how],
        input=json.dumps(data).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=LONGEST,
        # Ctrl-C ends the bot, not the page that is being set.
        start_new_session=True,
    )
    return done.stdout
