"""Keeps Telegram's limits: how many calls go in all, to one person and to one group, and what a refusal holds back.

Telegram names about 30 messages a second in all, about one a second to one chat with short bursts, and 20 a minute to
one group (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this); it does not publish exact ones.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from bot.records import PEOPLE, Outgoing

LOOK_AGAIN = 0.25
"""Seconds after which a chat that has used its limit up is looked at again, at the latest."""
A_MOMENT = 1e-6
"""Seconds by which a look comes later than there is room: one that comes a rounding error too early is in vain."""
REMEMBERED = 100
"""How many chats are kept in mind before those that have been quiet are dropped."""
CROWD = 3
"""So many chats refused in a row, with nothing let through between them, show that the limit is everybody's."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    per_second: float

    def limiter(self) -> AsyncLimiter:
        """Returns a limiter that keeps this rate."""
        return AsyncLimiter(self.burst, self.burst / self.per_second)


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates that are kept; in any window the burst and what follows it stay within what Telegram allows."""

    overall: Rate = Rate(2, 28)
    person: Rate = Rate(5, 1)
    group: Rate = Rate(5, 0.25)
    notices: Rate = Rate(1, 20)
    """What nobody waits for, in all: people must find room among it."""


FREE = Rate(1e9, 1e9)
UNLIMITED = Limits(FREE, FREE, FREE, FREE)
"""For a server that has no limits."""


class Pace:
    """Says whether a call may go now; times are those of the event loop, so that no clock that jumps matters."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._overall = limits.overall.limiter()
        self._notices = limits.notices.limiter()
        self._people: dict[str, AsyncLimiter] = defaultdict(limits.person.limiter)
        self._groups: dict[str, AsyncLimiter] = defaultdict(limits.group.limiter)
        self._refused: set[str] = set()
        self._held_until = self._taken_at = self._notified_at = 0.0
        self._full: set[str] = set()
        """The chats that have used their own limit up."""
        self._served: dict[str, float] = {}

    def crowd(self, priority: int) -> int:
        """Returns how many chats may stand before those that are to be served first, so that these are looked for."""
        return len(self._served) if priority == PEOPLE else len(self._full)

    def served_at(self, call: Outgoing) -> float:
        """Returns when the chat was served last, 0 for long ago: whoever fills the outbox waits for the others."""
        return self._served.get(call.chat, 0.0)

    def closed(self, priority: int) -> float:
        """Returns the seconds after which a call of this priority may go at all; 0 for now."""
        now = asyncio.get_running_loop().time()
        if self._held_until > now:
            return self._held_until - now
        if not self._overall.has_capacity():
            return max(self._taken_at + 1 / self._limits.overall.per_second - now, 0.0) + A_MOMENT
        if priority != PEOPLE and not self._notices.has_capacity():
            return max(self._notified_at + 1 / self._limits.notices.per_second - now, 0.0) + A_MOMENT
        return 0.0

    async def take(self, call: Outgoing) -> float:
        """Takes a place in every limit and returns 0; without room in all returns the seconds to wait."""
        wait = self.closed(call.priority)
        if wait:
            return wait
        own = self._own(call)
        if own is not None and not own.has_capacity():
            self._full.add(call.chat)
            return LOOK_AGAIN
        self._full.discard(call.chat)
        self._served.pop(call.chat, None)
        self._served[call.chat] = self._taken_at = asyncio.get_running_loop().time()
        if len(self._served) > REMEMBERED:
            del self._served[next(iter(self._served))]
        taken = [self._overall, *([own] if own is not None else [])]
        if call.priority != PEOPLE:
            taken.append(self._notices)
            self._notified_at = self._taken_at
        for limiter in taken:
            # There is room, so that none of these waits.
            await limiter.acquire()
        return 0.0

    def refused(self, chat: str, seconds: float) -> None:
        """Notes that Telegram asks for patience in a chat; when nothing else gets through, everybody waits."""
        self._refused.add(chat)
        if len(self._refused) >= CROWD:
            self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)
            self._refused.clear()

    def went_through(self) -> None:
        """Notes that Telegram took a call: refusals so far concern their own chats."""
        self._refused.clear()

    def _own(self, call: Outgoing) -> AsyncLimiter | None:
        """Returns the limiter of the chat; an edit in a private chat is no new message, and counts against none.

        Nor does the answer to a press, which comes to nobody's chat.
        """
        if call.method == "answerCallbackQuery":
            return None
        if call.chat_id > 0 and not call.method.startswith(("send", "copy", "forward")):
            return None
        for chats, rate in ((self._people, self._limits.person), (self._groups, self._limits.group)):
            if len(chats) > REMEMBERED:
                self._drop_quiet(chats, rate.burst)
        return self._people[call.chat] if call.chat_id > 0 else self._groups[call.chat]

    def _drop_quiet(self, chats: dict[str, AsyncLimiter], burst: float) -> None:
        for chat in [chat for chat, limiter in chats.items() if limiter.has_capacity(burst)]:
            del chats[chat]
            self._full.discard(chat)
