"""Ticks and sends once, as the bot does, and is killed right after one hop, as a power cut would.

Arguments: the database, the address of the Bot API server, the moment, and the hop (or nothing to come through).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from telegram import Bot

from bot import reminders, rows
from bot.records import REMINDERS, Call
from bot.sender import Sender
from bot.store import Store
from tests.crashing_bot import Bomb, _watched
from tests.fake_bot_api import TOKEN

HOPS: dict[str, tuple[Any, str]] = {
    "due ones read": (Store, "due_reminders"),
    "decided": (reminders, "turned"),
    "about to be planned anew, within the transaction": (rows, "plan"),
    "planned anew, within the transaction": (rows, "notice"),
    "queued": (Store, "remind"),
    "taken from the outbox": (Store, "heads"),
    "marked before it is sent": (Store, "begin"),
    "sent to Telegram": (Sender, "_make"),
    "marked sent": (Store, "sent"),
}
"""Where each hop of a reminder ends, in the order in which they are passed."""


def say(due: reminders.Due) -> Call:
    return Call("sendMessage", {"text": f"{'+'.join(due.kinds)} {due.day}"})


def unasked(store: Store) -> dict[int, Callable[[datetime, int], reminders.Tick]]:
    """What a bot that only reminds queues by itself."""
    return {REMINDERS: lambda now, most: reminders.tick(store, now, say, most)}


async def _deliver(store: Store, base_url: str, now: datetime) -> None:
    async with Bot(TOKEN, base_url=base_url) as bot:
        sender = Sender(bot, store, lambda: now)
        running = asyncio.create_task(sender.run())
        await sender.drain(10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def main(path: str, base_url: str, moment: str, hop: str) -> None:
    if hop:
        owner, name = HOPS[hop]
        setattr(owner, name, _watched(getattr(owner, name), Bomb(1, Path(path))))
    now = datetime.fromisoformat(moment)
    with closing(Store.open(path)) as store:
        reminders.tick(store, now, say)
        asyncio.run(_deliver(store, base_url, now))


if __name__ == "__main__":
    main(*sys.argv[1:])
