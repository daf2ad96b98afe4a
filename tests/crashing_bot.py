"""Runs the bot, and kills it right after it has passed one hop so many times, as a power cut would.

CRASH_AT names the hop, CRASH_COUNT says how many passages it takes, and none counts before the file CRASH_ARMED exists.
"""

from __future__ import annotations

import inspect
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot import __main__, answering, polling
from bot.answering import Answers
from bot.conversation import Conversation
from bot.desk import Desk
from bot.sender import Sender
from bot.store import Store
from flows.engine import Engine

HOPS: dict[str, tuple[Any, str]] = {
    # 1: the inbox
    "fetched": (polling, "_fetch"),
    "received": (Store, "receive"),
    # 2: the handler
    "decoded": (answering, "decode"),
    "confirmed": (Answers, "_confirm"),
    # 3 to 5: the conversation
    "loaded": (Conversation, "_load"),
    "advanced": (Engine, "advance"),
    "taken": (Desk, "take"),
    "rendered": (Desk, "say"),
    # 6: the transaction, from within and after it
    "inbox row ended": (Store, "_end_update"),
    "chat saved": (Store, "_save_chat"),
    "session saved": (Store, "_save_session"),
    "calls queued": (Store, "_queue"),
    "committed": (Store, "commit"),
    "handled": (Conversation, "handle"),
    "woken": (Sender, "wake"),
    # 7: the sender
    "taken from the outbox": (Store, "heads"),
    "sent to Telegram": (Sender, "_make"),
    "marked sent": (Store, "sent"),
}
"""Where each hop of a press ends, in the order in which they are passed."""


def doomed() -> dict[str, str]:
    """The environment of a process that will be killed: coverage would slow it down, and would never be saved."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}


class Bomb:
    """Counts the passages of one hop and goes off at the last one."""

    def __init__(self, passages: int, armed: Path) -> None:
        self._left = passages
        self._armed = armed

    def passed(self, result: object) -> None:
        """Counts one passage, unless it led nowhere: an empty batch, or nothing to send."""
        if result == [] or not self._armed.exists():
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _watched(original: Callable[..., Any], bomb: Bomb) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(original):

        async def awaited(*args: Any, **more: Any) -> Any:
            result = await original(*args, **more)
            bomb.passed(result)
            return result

        return awaited

    def called(*args: Any, **more: Any) -> Any:
        result = original(*args, **more)
        bomb.passed(result)
        return result

    return called


def _plant() -> None:
    owner, name = HOPS[os.environ["CRASH_AT"]]
    bomb = Bomb(int(os.environ["CRASH_COUNT"]), Path(os.environ["CRASH_ARMED"]))
    setattr(owner, name, _watched(getattr(owner, name), bomb))


if __name__ == "__main__":
    _plant()
    __main__.main()
