"""Who may change what is set in a group: Telegram is asked each time, and its answer holds for a minute at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from telegram import Bot, ChatMember
from telegram.error import TelegramError

log = logging.getLogger(__name__)

HOLDS = timedelta(minutes=1)
"""So long an answer may be used again: somebody who is no longer an admin keeps no rights."""
PATIENCE = 5.0
"""Seconds to wait for Telegram: everybody else waits too."""
ADMINS = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR})


class Rights:
    """Asks for the rights of members, and remembers the answers for a short time."""

    def __init__(self, bot: Bot, clock: Callable[[], datetime]) -> None:
        self._bot = bot
        self._clock = clock
        self._known: dict[tuple[int, int], tuple[datetime, bool]] = {}

    async def is_admin(self, chat_id: int, user_id: int) -> bool | None:
        """Tells whether a member is an admin of a group; None where Telegram does not say (Bot API, getChatMember)."""
        now = self._clock()
        self._known = {who: known for who, known in self._known.items() if timedelta() <= now - known[0] < HOLDS}
        if (chat_id, user_id) in self._known:
            return self._known[chat_id, user_id][1]
        try:
            async with asyncio.timeout(PATIENCE):
                member = await self._bot.get_chat_member(chat_id, user_id)
        except (TelegramError, TimeoutError) as error:
            log.warning("the rights of a member are not known: %s", type(error).__name__)
            return None
        is_admin = member.status in ADMINS
        self._known[chat_id, user_id] = now, is_admin
        return is_admin
