"""Has what stands in the inbox answered: each person's updates in order, one person after the other.

Nobody can hold up the others: who sends more than a person can is answered slowly, and loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from time import perf_counter
from typing import Any, Protocol

from aiolimiter import AsyncLimiter
from telegram import Bot, Update
from telegram.error import TelegramError

from bot.decoding import decode, decode_query, sender_of
from bot.inline import Query
from bot.pacing import Rate
from bot.rights import Rights, Who, concerned
from bot.sender import Sender
from bot.store import AlreadyHandled, Store, file_fails
from bot.work import Incoming

log = logging.getLogger(__name__)

ATTEMPTS = 3
PATIENCE = Rate(60, 2)
"""How much of one person is handled at once, and then a second: more than fingers can do."""
LOOK_AGAIN = 0.25
"""Seconds after which those who were slowed are looked at again."""

LOOKUPS = 100
"""How many inline queries are answered at once; more are passed over, and typed on."""


class Listener(Protocol):
    """What answers people; bot.conversation has the real one."""

    username: str

    def handle(self, incoming: Incoming, now: datetime) -> None:
        """Answers one update in one commit."""

    def look_up(self, query: Query) -> Mapping[str, object]:
        """Returns the parameters of the answer to an inline query."""

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        """Tells the person that an update of theirs could not be handled."""


class Answers:
    """Takes updates that are in the inbox already, and has each answered or parked."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        listener: Listener,
        sender: Sender,
        patience: Rate = PATIENCE,
    ) -> None:
        self._bot = bot
        self._store = store
        self._listener = listener
        self._sender = sender
        self._patience = patience
        self._line: dict[int, deque[tuple[int, dict[str, Any]]]] = {}
        """What waits, by person, in the order in which they are served."""
        self._limiters: dict[int, AsyncLimiter] = {}
        self._added, self._settled = asyncio.Event(), asyncio.Event()
        self._rights = Rights(bot, sender.clock)
        self._errands: set[asyncio.Task[None]] = set()

    def add_pending(self) -> None:
        """Takes what an earlier run has left in the inbox."""
        for update_id, payload in self._store.pending():
            self.add(update_id, json.loads(payload))

    def add(self, update_id: int, raw: dict[str, Any]) -> None:
        """Takes one update; it is answered as soon as it is its person's turn."""
        self._line.setdefault(sender_of(raw), deque()).append((update_id, raw))
        self._settled.clear()
        self._added.set()

    def looked_up(self, update_id: int, raw: Mapping[str, Any]) -> bool:
        """Answers an inline query at once; returns False for any other update.

        It never reaches the inbox: it is free text of somebody who may not even know us, and seconds later its answer
        is worth nothing. What is lost when the process dies is typed again.
        """
        if "inline_query" not in raw:
            return False
        try:
            query = decode_query(Update.de_json(dict(raw), self._bot))
            if query is not None and len(self._errands) < LOOKUPS:
                self._errand(self._answer_query(self._listener.look_up(query)))
        except Exception as error:  # noqa: BLE001
            _log_failure(update_id, error)
        return True

    async def _answer_query(self, answer: Mapping[str, object]) -> None:
        try:
            await self._bot.do_api_request("answerInlineQuery", api_kwargs=dict(answer))
        except TelegramError as error:
            # Too old, or typed on: the next one has its own answer.
            log.info("an inline query was not answered: %s", type(error).__name__)

    async def settled(self) -> None:
        """Waits until all is answered but what was slowed."""
        await self._settled.wait()

    async def run(self) -> None:
        """Answers until it is cancelled, always to the end of a turn; raises StoreError when the store fails."""
        try:
            while True:
                self._added.clear()
                update = await self._next()
                if update is not None:
                    self._answer(*update)
                    # The sender and others get their turn.
                    await asyncio.sleep(0)
                    continue
                self._settled.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN if self._line else None):
                        await self._added.wait()
        finally:
            for errand in self._errands:
                errand.cancel()

    async def _next(self) -> tuple[int, dict[str, Any]] | None:
        """Takes the next update of the person who has waited longest among those that are not too fast."""
        for person, waiting in self._line.items():
            limiter = self._limiters.setdefault(person, self._patience.limiter())
            if limiter.has_capacity():
                await limiter.acquire()
                update = waiting.popleft()
                del self._line[person]
                if waiting:
                    self._line[person] = waiting
                else:
                    self._drop_quiet()
                return update
        return None

    def _drop_quiet(self) -> None:
        for person in [one for one, limiter in self._limiters.items() if limiter.has_capacity(limiter.max_rate)]:
            del self._limiters[person]

    def _answer(self, update_id: int, raw: dict[str, Any]) -> None:
        """Has one update answered; after its last attempt it is parked, and the person told."""
        incoming: Incoming | None = None
        begun, result = perf_counter(), "answered"
        while True:
            try:
                incoming = incoming or self._read(raw)
                if incoming is not None and self._asks_first(update_id, raw, incoming):
                    return
                if incoming is None:
                    self._store.mark_handled(update_id)
                else:
                    self._listener.handle(self._rights.told(incoming), self._sender.clock())
                break
            except AlreadyHandled:
                break
            except Exception as error:
                if file_fails(error):
                    # No fault of what was said, which waits in the file for the next start.
                    raise
                _log_failure(update_id, error)
                if self._store.failed(update_id, type(error).__name__) >= ATTEMPTS:
                    self._park(update_id, raw, incoming, error)
                    result = "parked"
                    break
        self._sender.meter.received("nothing" if incoming is None else incoming.kind)
        self._sender.meter.turned(perf_counter() - begun, result)
        self._sender.wake()

    def _read(self, raw: dict[str, Any]) -> Incoming | None:
        update = Update.de_json(raw, self._bot)
        message, query = update.message, update.callback_query
        if message is not None and message.migrate_to_chat_id is not None:
            self._store.migrate_chat(message.chat.id, message.migrate_to_chat_id)
        if message is not None and message.migrate_from_chat_id is not None:
            self._store.migrate_chat(message.migrate_from_chat_id, message.chat.id)
        incoming = decode(update, self._bot.username)
        if query is not None and (incoming is None or not incoming.query_id):
            self._errand(self._confirm(query.id))
        return incoming

    def _asks_first(self, update_id: int, raw: dict[str, Any], incoming: Incoming) -> bool:
        """Asks Telegram for somebody's rights where they matter and are not known; the update comes again after that.

        Nobody else waits for the answer meanwhile.
        """
        who = concerned(incoming)
        if who is None or self._rights.knows(who):
            return False
        self._errand(self._ask(who, update_id, raw))
        return True

    async def _ask(self, who: Who, update_id: int, raw: dict[str, Any]) -> None:
        try:
            await self._rights.ask(who)
        finally:
            self.add(update_id, raw)

    def _park(self, update_id: int, raw: dict[str, Any], incoming: Incoming | None, error: Exception) -> None:
        if incoming is not None:
            try:
                self._listener.apologise(incoming, self._sender.clock())
            except Exception as second:
                if file_fails(second):
                    raise
                _log_failure(update_id, second)
        said_by = 0 if incoming is not None and not incoming.private else sender_of(raw)
        self._store.park(update_id, type(error).__name__, said_by, self._sender.clock())

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _confirm(self, query_id: str) -> None:
        """Stops the button's spinner: a courtesy that nothing depends on."""
        with suppress(TelegramError):
            await self._bot.answer_callback_query(query_id)


def _log_failure(update_id: int, error: Exception) -> None:
    # Where it failed, not what was said: an exception's own text may quote the person.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("update %d failed with %s\n%s", update_id, type(error).__name__, where)
