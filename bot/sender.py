"""Drains the outbox: in order within a chat, parallel across chats, until every call is sent or refused for good.

Answers to people go first, and are repeated until Telegram has taken them. A reminder goes when nobody waits, at a
steady pace; it is marked before it is sent, and never repeated once it may have arrived.
"""

from __future__ import annotations

import asyncio
import logging
import random
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.warnings import PTBUserWarning

from bot.made import made
from bot.records import REMINDERS, Outgoing
from bot.store import Store

log = logging.getLogger(__name__)

DONE_ALREADY = (
    "message is not modified",
    "query is too old",
    "message to edit not found",
    "message can't be edited",
)
"""Refusals that mean the person sees what they should: there is nothing left to do."""
TOO_LARGE = "request entity too large"
NO_SUCH_METHOD = "method not found"
FIRST_DELAY, LONGEST_DELAY = 0.5, 300.0
PACE = 20.0
"""Reminders a second: Telegram takes about 30 messages a second from a bot, and people must find room among them."""
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Troubles of the transport (httpx) before the first byte of a call was sent."""


class Sender:
    """Makes the calls of the outbox; each is repeated until Telegram has taken it or refused it for good."""

    def __init__(
        self, bot: Bot, store: Store, clock: Callable[[], datetime], in_flight: int = 30, pace: float = PACE
    ) -> None:
        self._bot = bot
        self._store = store
        self._clock = clock
        self._in_flight = in_flight
        self._pause = 1 / pace
        self._next_reminder = 0.0
        """When the next reminder may go, by the clock of the event loop."""
        self._held_back = False
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()

    def wake(self) -> None:
        """Says that the outbox may hold new calls."""
        self._idle.clear()
        self._woken.set()

    async def run(self) -> None:
        """Sends until it is cancelled; raises StoreError when the store can no longer be written."""
        # The library advises its typed methods at every raw call; the outbox holds raw calls on purpose.
        warnings.filterwarnings("ignore", category=PTBUserWarning)
        if uncertain := self._store.park_begun():
            log.warning("%d reminders were on their way when the bot ended: they are not repeated", uncertain)
        try:
            while True:
                now = self._clock()
                self._woken.clear()
                self._take_off(now)
                await self._rest(now)
        finally:
            flights = list(self._flying.values())
            for flight in flights:
                flight.cancel()
            await asyncio.gather(*flights, return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Waits until all that may be sent now is sent, but no longer than this; `run` goes on meanwhile."""
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def _take_off(self, now: datetime) -> None:
        # A chat in flight is still among the heads, so as many are asked for as may fly at all.
        waiting = [call for call in self._store.heads(now, self._in_flight) if call.chat not in self._flying]
        free = self._in_flight - len(self._flying)
        for call in waiting[:free]:
            self._fly(call)
        self._take_off_reminders(now)
        if not self._flying and not self._held_back:
            self._idle.set()

    def _take_off_reminders(self, now: datetime) -> None:
        """Lets reminders go as their pace allows, and always leaves a third of the room to people."""
        self._held_back = False
        room = self._in_flight - self._in_flight // 3 - len(self._flying)
        if room <= 0:
            return
        heads = self._store.heads(now, room + len(self._flying), REMINDERS)
        over = [call for call in heads if call.expires_at is not None and call.expires_at <= now]
        for call in over:
            self._store.park_call(call.id, "missed")
            self._woken.set()
        waiting = [call for call in heads if call not in over and call.chat not in self._flying]
        going = [call for call in waiting[:room] if self._may_go()]
        if going:
            self._store.begin((call.id for call in going), now)
        for call in going:
            self._fly(call)

    def _may_go(self) -> bool:
        """Takes one place in the pace of reminders, if there is one."""
        loop_time = asyncio.get_running_loop().time()
        self._held_back = self._next_reminder > loop_time
        if not self._held_back:
            self._next_reminder = max(self._next_reminder, loop_time) + self._pause
        return not self._held_back

    def _fly(self, call: Outgoing) -> None:
        flight = asyncio.create_task(self._deliver(call), name=f"outbox {call.id}")
        self._flying[call.chat] = flight
        flight.add_done_callback(partial(self._land, call.chat))

    def _land(self, chat: str, flight: asyncio.Task[None]) -> None:
        # A flight that failed stays: `run` finds it, and until then its chat sends nothing twice.
        if flight.cancelled() or flight.exception() is None:
            del self._flying[chat]
        self._woken.set()

    async def _rest(self, now: datetime) -> None:
        """Sleeps until something happens, the next postponed call is due or the next reminder may go."""
        due = self._store.next_retry_at(now)
        pauses = [] if due is None else [(due - now).total_seconds()]
        if self._held_back:
            pauses.append(self._next_reminder - asyncio.get_running_loop().time())
        with suppress(TimeoutError):
            async with asyncio.timeout(min(pauses, default=None)):
                await self._woken.wait()
        for flight in self._flying.values():
            if flight.done():
                flight.result()

    async def _deliver(self, call: Outgoing) -> None:
        try:
            result = await self._make(call)
        except TelegramError as error:
            self._refused(call, error)
        except Exception as error:  # noqa: BLE001
            # The call itself is wrong: it can never be made, and the chat must not wait for it.
            log.error("outbox %d: %s cannot be made: %s", call.id, call.method, type(error).__name__)
            self._store.park_call(call.id, type(error).__name__)
        else:
            message_id = result.get("message_id") if isinstance(result, dict) else None
            self._store.sent(call.id, message_id, self._clock())

    async def _make(self, call: Outgoing) -> object:
        params = {name: await _parameter(value) for name, value in call.params.items()}
        params["chat_id"] = call.chat_id
        if call.edits is not None:
            if call.message_id is None:
                raise BadRequest("message to edit not found")
            params["message_id"] = call.message_id
        result: object = await self._bot.do_api_request(call.method, api_kwargs=params)
        return result

    def _refused(self, call: Outgoing, error: TelegramError) -> None:
        """Decides what a refusal means; the permanent ones come first, for BadRequest is a NetworkError too."""
        now, store, reason = self._clock(), self._store, f"{type(error).__name__}: {error.message}"
        match error:
            case BadRequest() if _says(error, *DONE_ALREADY):
                store.sent(call.id, call.message_id, now)
            case Forbidden():
                log.info("outbox %d: the chat refuses us", call.id)
                store.block(call.chat, now)
            case ChatMigrated() if error.new_chat_id != call.chat_id:
                store.migrate_chat(call.chat_id, error.new_chat_id)
                store.retry(call.id, now, reason)
            case RetryAfter():
                if call.priority == REMINDERS:
                    # Whatever limit this was, a crowd of reminders has reached it: the others wait as well.
                    rest = asyncio.get_running_loop().time() + patience(error).total_seconds()
                    self._next_reminder = max(self._next_reminder, rest)
                store.retry(call.id, now + patience(error), reason)
            case _ if _is_permanent(error):
                log.error("outbox %d: %s is refused: %s", call.id, call.method, reason)
                store.park_call(call.id, reason)
            case _ if call.priority == REMINDERS and _may_have_arrived(error):
                log.warning("outbox %d: a reminder may have arrived, and is not repeated: %s", call.id, reason)
                store.park_call(call.id, "uncertain")
            case _:
                log.warning("outbox %d: %s failed: %s", call.id, call.method, type(error).__name__)
                store.retry(call.id, now + _backoff(call.attempts), type(error).__name__)


def patience(error: RetryAfter) -> timedelta:
    """Returns how long Telegram asks us to wait."""
    # The public property warns of its future, and its type depends on an environment variable.
    return error._retry_after  # noqa: SLF001


async def _parameter(value: object) -> object:
    match value:
        case {"$file": {"name": str(name), "text": str(text)}}:
            return InputFile(text.encode(), filename=name)
        case {"$made": {"by": str(by), "name": str(name), "data": dict(data)}}:
            # A picture takes a tenth of a second: others must not wait for it.
            return InputFile(await asyncio.to_thread(made, by, data), filename=name)
    return value


def _says(error: TelegramError, *words: str) -> bool:
    said = error.message.lower()
    return any(word in said for word in words)


def _is_permanent(error: TelegramError) -> bool:
    if isinstance(error, EndPointNotFound):
        # The library calls every 401 and 404 so; a rejected token or a lost server may come back, a method does not.
        return isinstance(error.__cause__, TelegramError) and _says(error.__cause__, NO_SUCH_METHOD)
    # Text or values that cannot be put into a request never will be; the library calls that trouble with the network.
    return (
        isinstance(error, BadRequest)
        or isinstance(error.__cause__, UnicodeError | TypeError)
        or _says(error, TOO_LARGE)
    )


def _may_have_arrived(error: TelegramError) -> bool:
    """Tells whether Telegram may have taken a call in spite of this error: an answer that never came proves nothing."""
    refused = isinstance(error, EndPointNotFound | InvalidToken | Conflict)
    return not refused and type(error.__cause__).__name__ not in NEVER_SENT


def _backoff(attempts: int) -> timedelta:
    """Returns a pause that doubles with every attempt; its jitter keeps chats from coming back all at once."""
    longest = min(FIRST_DELAY * 2.0 ** min(attempts, 20), LONGEST_DELAY)
    return timedelta(seconds=random.uniform(longest / 2, longest))
