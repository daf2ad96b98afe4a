"""Drains the outbox: in order within a chat, parallel across chats, until every call is sent or refused for good.

Answers to people go first, and are repeated until Telegram has taken them. Reminders and what clubs post go when
nobody waits, at a steady pace; they are marked before they are sent, and never repeated once they may have arrived.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from telegram import Bot
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

from bot.files import Files
from bot.meter import Meter
from bot.pacing import Limits, Pace
from bot.records import CLUBS, INSTEAD, PEOPLE, REMINDERS, ClubState, Outgoing
from bot.store import Store

log = logging.getLogger(__name__)

DONE_ALREADY = (
    "message is not modified",
    "query is too old",
    "message to edit not found",
    "message can't be edited",
)
"""Refusals that mean the person sees what they should: there is nothing left to do."""
SILENCED: dict[str, ClubState] = {
    "topic_closed": "topic_closed",
    "topic_deleted": "topic_closed",
    "message thread not found": "topic_closed",
    "not enough rights to send": "muted",
    "have no rights to send": "muted",
    "chat_write_forbidden": "muted",
    "chat_restricted": "muted",
    "group chat was deactivated": "removed",
    "group chat was deleted": "removed",
    "chat not found": "removed",
}
"""Refusals that say why a group takes no messages; until it speaks to us again nothing more is posted there."""
BAD_FILE_ID = (
    "file identifier",
    "file_id",
    "file reference",
    "file_reference",
    "media_empty",
    "wrong type of the web page",
)
"""Refusals that mean Telegram no longer has the file under the id that we kept."""
UPLOADS = 3
"""So many attempts are made to send a drawing before its text goes out: a person waits for it."""
TOO_LARGE = "request entity too large"
NO_SUCH_METHOD = "method not found"
FIRST_DELAY, LONGEST_DELAY = 0.5, 300.0
QUOTED = re.compile(r"([\"'`]).*?\1", re.DOTALL)
"""What Telegram quotes in a refusal may be ours or a person's words."""
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Troubles of the transport (httpx) before the first byte of a call was sent."""


class Sender:
    """Makes the calls of the outbox; each is repeated until Telegram has taken it or refused it for good."""

    def __init__(
        self,
        bot: Bot,
        store: Store,
        clock: Callable[[], datetime],
        limits: Limits = Limits(),  # noqa: B008  (frozen)
        in_flight: int = 30,
    ) -> None:
        self._bot = bot
        self._store = store
        self.clock = clock
        self._files = Files(bot, store)
        self._in_flight = in_flight
        self.meter = Meter()
        """Hears what becomes of each call."""
        self._pace = Pace(limits)
        self._waits: list[float] = []
        """Seconds after which what was held back at the last look may go."""
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
        if uncertain := self._store.park_begun(self.clock()):
            log.warning("%d reminders or posts were on their way when the bot ended: they are not repeated", uncertain)
        try:
            while True:
                now = self.clock()
                self._woken.clear()
                await self._take_off(now)
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

    async def _take_off(self, now: datetime) -> None:
        self._waits.clear()
        for priority in (PEOPLE, REMINDERS, CLUBS):
            await self._take_off_all(now, priority)
        if not self._flying and not self._waits:
            self._idle.set()

    async def _take_off_all(self, now: datetime, priority: int) -> None:
        """Lets the calls of a priority go as their pace allows; a third of the room is always left to people."""
        room = self._in_flight - len(self._flying) - (0 if priority == PEOPLE else self._in_flight // 3)
        if room <= 0:
            return
        # A chat in flight or at its limit is still among the heads: others are looked for beyond it. While none may
        # go, it is enough to know whether any wants to.
        closed = self._pace.closed(priority) > 0
        limit = len(self._flying) + (1 if closed else room + self._pace.crowd(priority))
        waiting = [call for call in self._store.heads(now, limit, priority) if call.chat not in self._flying]
        if priority == PEOPLE:
            waiting.sort(key=self._pace.served_at)
        going: list[Outgoing] = []
        for call in waiting:
            if call.expires_at is not None and call.expires_at <= now:
                self._store.park_call(call.id, "missed", now)
                self._woken.set()
            elif len(going) < room:
                wait = await self._pace.take(call)
                if wait:
                    self._waits.append(wait)
                else:
                    going.append(call)
        if going and priority != PEOPLE:
            self._store.begin((call.id for call in going), now)
        for call in going:
            self._fly(call)

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
        """Sleeps until something happens, the next postponed call is due or what was held back may go."""
        due = self._store.next_retry_at(now)
        pauses = [] if due is None else [(due - now).total_seconds()]
        pauses += self._waits
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
            self.meter.called(call.method, self._refused(call, error))
        except Exception as error:  # noqa: BLE001
            # The call itself is wrong: it can never be made, and the chat must not wait for it.
            log.error("outbox %d: %s cannot be made: %s", call.id, call.method, type(error).__name__)
            self._give_up(call, type(error).__name__)
            self.meter.called(call.method, "parked")
        else:
            self._pace.went_through()
            self.meter.called(call.method, "sent")
            self._files.learn(call.params, result)
            message_id = result.get("message_id") if isinstance(result, dict) else None
            self._store.sent(call.id, message_id, self.clock())

    async def _make(self, call: Outgoing) -> object:
        params = await self._files.fill(call.params)
        params["chat_id"] = call.chat_id
        if call.edits is not None:
            if call.message_id is None:
                raise BadRequest("message to edit not found")
            params["message_id"] = call.message_id
        result: object = await self._bot.do_api_request(call.method, api_kwargs=params)
        if not _is_answer(result):
            raise TelegramError("the answer to a call is none")
        return result

    def _give_up(self, call: Outgoing, reason: str) -> None:
        """Lets the text go out in place of a drawing that cannot be sent; parks any other call."""
        instead = call.params.get(INSTEAD)
        if isinstance(instead, dict):
            self._store.say_instead(call.id, instead)
            self._woken.set()
        else:
            self._store.park_call(call.id, reason, self.clock())

    def _refused(self, call: Outgoing, error: TelegramError) -> str:
        """Decides what a refusal means, and names it; the permanent ones come first: BadRequest is a NetworkError."""
        now, store, reason = self.clock(), self._store, f"{type(error).__name__}: {QUOTED.sub('…', error.message)}"
        match error:
            case BadRequest() if _says(error, *DONE_ALREADY):
                store.sent(call.id, call.message_id, now)
                return "sent"
            case Forbidden():
                log.info("outbox %d: the chat refuses us", call.id)
                store.block(call.chat, now)
                return "blocked"
            case BadRequest() if call.chat_id < 0 and INSTEAD not in call.params and (state := _silenced(error)):
                # A drawing that may not be sent is no silence yet: its text may.
                log.info("outbox %d: the group takes no messages: %s", call.id, state)
                store.park_call(call.id, state, now)
                thread_id = call.params.get("message_thread_id")
                store.silence(call.chat, state, thread_id if isinstance(thread_id, int) else None)
                return "silenced"
            case ChatMigrated() if error.new_chat_id != call.chat_id:
                store.migrate_chat(call.chat_id, error.new_chat_id)
                store.retry(call.id, now, reason)
                return "migrated"
            case RetryAfter():
                asked = patience(error)
                self._pace.refused(call.chat, asked.total_seconds())
                # No sooner than asked, and not all at the same moment.
                store.retry(call.id, now + asked * random.uniform(1, 1.1), reason)
                return "limited"
            case BadRequest() if _says(error, *BAD_FILE_ID) and self._files.forget(call.params):
                log.info("outbox %d: a file is no longer kept by Telegram, and is sent anew", call.id)
                store.retry(call.id, now, reason)
                return "failed"
        return self._failed(call, error, reason)

    def _failed(self, call: Outgoing, error: TelegramError, reason: str) -> str:
        """Gives a call up that can or may not be made again, or postpones it; says which."""
        now = self.clock()
        if _is_permanent(error):
            log.error("outbox %d: %s is refused: %s", call.id, call.method, reason)
            self._give_up(call, reason)
            return "parked"
        if call.priority != PEOPLE and _may_have_arrived(error):
            log.warning("outbox %d: it may have arrived, and is not repeated: %s", call.id, reason)
            self._store.park_call(call.id, "uncertain", now)
            return "uncertain"
        if INSTEAD in call.params and call.attempts + 1 >= UPLOADS:
            log.warning("outbox %d: %s keeps failing: its text goes out", call.id, call.method)
            self._give_up(call, reason)
            return "parked"
        log.warning("outbox %d: %s failed: %s", call.id, call.method, type(error).__name__)
        self._store.retry(call.id, now + _backoff(call.attempts), type(error).__name__)
        return "failed"


def patience(error: RetryAfter) -> timedelta:
    """Returns how long Telegram asks us to wait."""
    # The public property warns of its future, and its type depends on an environment variable.
    return error._retry_after  # noqa: SLF001


def _is_answer(result: object) -> bool:
    """Tells whether this can be what Telegram made of a call: a message, some, or plainly True."""
    if isinstance(result, list):
        return bool(result) and all(map(_is_answer, result))
    number = result.get("message_id") if isinstance(result, dict) else None
    return result is True or (type(number) is int and abs(number) < 2**63)


def _says(error: TelegramError, *words: str) -> bool:
    said = error.message.lower()
    return any(word in said for word in words)


def _silenced(error: TelegramError) -> ClubState | None:
    return next((state for words, state in SILENCED.items() if _says(error, words)), None)


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
