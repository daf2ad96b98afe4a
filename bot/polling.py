"""Fetches updates by long polling: all are on the disk before the next request acknowledges them."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from contextlib import suppress
from typing import Any

from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.answering import Answers
from bot.decoding import ALLOWED_UPDATES, update_id_of
from bot.meter import Meter
from bot.sender import patience
from bot.store import Store

log = logging.getLogger(__name__)

READ_TIMEOUT = 20.0
LONGEST_PAUSE = 30.0


async def poll(bot: Bot, store: Store, answers: Answers, seconds: int, meter: Meter) -> None:
    """Fetches until it is cancelled; one request waits for so many seconds.

    Raises StoreError when the store fails.
    """
    offset, pauses = 0, Pauses()
    while True:
        try:
            batch = await _fetch(bot, offset, seconds)
        except TelegramError as error:
            log.warning("fetching updates failed: %s", type(error).__name__)
            if isinstance(error, Conflict):
                await _resolve(bot, error)
            await asyncio.sleep(pauses.after(error))
            continue
        meter.in_contact()
        pauses = Pauses()
        # All are on the disk before the first is answered; the next fetch acknowledges them.
        kept = [(update_id, raw) for update_id, raw in batch if not answers.looked_up(update_id, raw)]
        new = [(update_id, raw) for update_id, raw in kept if store.receive(update_id, json.dumps(raw))]
        for update_id, raw in new:
            answers.add(update_id, raw)
        offset = max((update_id + 1 for update_id, _ in batch), default=offset)
        if new:
            await answers.settled()


async def _fetch(bot: Bot, offset: int, seconds: int) -> list[tuple[int, dict[str, Any]]]:
    # Raw, so that one update that the library cannot read does not hold up the others.
    batch: object = await bot.do_api_request(
        "getUpdates",
        api_kwargs={"offset": offset, "timeout": seconds, "allowed_updates": list(ALLOWED_UPDATES)},
        read_timeout=seconds + READ_TIMEOUT,
    )
    if not isinstance(batch, list):
        raise TelegramError("the answer to getUpdates is no list")
    numbered = [(update_id_of(raw), raw) for raw in batch]
    if any(update_id is None for update_id, _ in numbered):
        # It can be neither kept nor acknowledged.
        log.error("an update without a number is passed over")
    return [(update_id, raw) for update_id, raw in numbered if update_id is not None]


async def _resolve(bot: Bot, error: Conflict) -> None:
    if "webhook" in error.message.lower():
        log.warning("a webhook was set for this bot: it is removed, for this bot polls")
        with suppress(TelegramError):
            await bot.delete_webhook()
    else:
        log.error("another program is fetching this bot's updates: stop it")


class Pauses:
    """How long to wait after each failure in a row: longer every time, unless the server names a time."""

    def __init__(self) -> None:
        self._next = 0.5

    def after(self, error: Exception) -> float:
        """Returns the seconds to wait after this failure."""
        if isinstance(error, RetryAfter):
            return patience(error).total_seconds()
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE)
        return random.uniform(pause / 2, pause)
