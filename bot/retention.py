"""Keeps to what was promised about time: a warning first, then removal, in slices between which people are heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.questions import Renderer
from bot.records import Call, Notice
from bot.store import Store

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
"""How often it is looked whether something has expired, and the write-ahead log is emptied of what was erased."""
PAUSE = 10.0
"""Seconds between two looks at the clock."""
SLICE = 50
WARNING = timedelta(days=7)
"""How long before the end a person is warned, and may say that all should stay."""
WITHOUT_CONSENT = timedelta(hours=24)
"""What safety needs of somebody who never agreed: for so long no exercises follow an urgent result."""
AUDIT = timedelta(days=365)
PARKED = timedelta(days=7)
"""How long the operator may look at an update that could not be handled."""


class Retention:
    """Removes what has expired, `days` after a person's last contact."""

    def __init__(self, store: Store, render: Renderer, days: int) -> None:
        self._store = store
        self._render = render
        self._days = timedelta(days=days)
        self._swept_at: datetime | None = None
        self._warned = 0
        """How many people the last sweep has warned."""

    async def run(self, clock: Callable[[], datetime], wake: Callable[[], None], pause: float = PAUSE) -> None:
        """Goes on until it is cancelled, and lets the sender know; raises StoreError when the store fails."""
        while True:
            more = self.slice(clock())
            if self._warned:
                wake()
            # People come before the next slice.
            await asyncio.sleep(0 if more else pause)

    def slice(self, now: datetime) -> bool:
        """Does one slice of what is due; returns whether it may have left more."""
        self._warned = 0
        if not self._store.log_is_clean:
            self._store.truncate_log()
        # A clock that was set back must not put it off for long.
        if self._swept_at is not None and timedelta(0) <= now - self._swept_at < EVERY:
            return False
        if self._remove(now):
            return True
        self._warn(now)
        self._store.truncate_log()
        self._swept_at = now
        return False

    def _remove(self, now: datetime) -> bool:
        store = self._store
        people = store.expire(now - self._days, now - WARNING, SLICE)
        strangers = store.expire_without_consent(now - WITHOUT_CONSENT, SLICE)
        calls = store.forget_calls(now - self._days, 10 * SLICE)
        store.forget_parked(now - PARKED)
        store.forget_audit((now - AUDIT).date())
        if people or strangers:
            log.info("expired: %d people, and %d who never agreed", people, strangers)
        return SLICE in (people, strangers) or calls == 10 * SLICE

    def _warn(self, now: datetime) -> None:
        notices = [
            Notice(chat, self._warning(), now + WARNING)
            for chat in self._store.to_warn(now - self._days + WARNING, SLICE)
        ]
        self._store.warn(notices, now)
        self._warned = len(notices)

    def _warning(self) -> Call:
        text = self._render.words("retention.warning", days=WARNING.days)
        choices = [("retention.keep", "g:keep"), ("settings.delete", "g:delete")]
        return Call("sendMessage", self._render.menu(text, choices).params())
