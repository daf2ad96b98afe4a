"""Who may change what is set in a group: Telegram is asked each time, and its answer holds for a minute at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from telegram import Bot, ChatMember
from telegram.error import TelegramError

from bot.work import Incoming

log = logging.getLogger(__name__)

HOLDS, UNKNOWN = timedelta(minutes=1), timedelta(seconds=5)
"""How long an answer may be used again, and how long it counts that there was none."""
PATIENCE = 5.0
"""Seconds to wait for Telegram's answer."""
ADMINS = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR})

Who = tuple[int, int]
"""A group and one of its members."""


def concerned(incoming: Incoming) -> Who | None:
    """Returns whose rights matter for what was done; None where nobody's do."""
    return None if incoming.user_id is None else (incoming.chat_id, incoming.user_id)


class Rights:
    """Asks for the rights of members, and remembers the answers for a short time."""

    def __init__(self, bot: Bot, clock: Callable[[], datetime]) -> None:
        self._bot = bot
        self._clock = clock
        self._known: dict[Who, tuple[datetime, bool | None]] = {}

    def knows(self, who: Who) -> bool:
        """Tells whether there is an answer that still holds."""
        now = self._clock()
        # A clock that was set back makes no answer last longer.
        held = {one: now - asked_at for one, (asked_at, _) in self._known.items()}
        self._known = {one: self._known[one] for one, age in held.items() if timedelta() <= age < self._holds(one)}
        return who in self._known

    def _holds(self, who: Who) -> timedelta:
        return UNKNOWN if self._known[who][1] is None else HOLDS

    def told(self, incoming: Incoming) -> Incoming:
        """Returns what was done with what is known of the rights to it, and no longer by whom."""
        who = concerned(incoming)
        if who is None:
            return incoming
        return replace(incoming, user_id=None, is_admin=self._known[who][1] if self.knows(who) else None)

    async def ask(self, who: Who) -> None:
        """Asks Telegram (Bot API, getChatMember)."""
        chat_id, user_id = who
        is_admin: bool | None = None
        self._known[who] = self._clock(), None
        try:
            async with asyncio.timeout(PATIENCE):
                # Raw, for only the status counts: whatever else Telegram adds to a member must not break this.
                member = await self._bot.do_api_request(
                    "getChatMember", api_kwargs={"chat_id": chat_id, "user_id": user_id}
                )
            is_admin = isinstance(member, dict) and member.get("status") in ADMINS
        except (TelegramError, TimeoutError) as error:
            log.warning("the rights of a member are not known: %s", type(error).__name__)
        self._known[who] = self._clock(), is_admin
