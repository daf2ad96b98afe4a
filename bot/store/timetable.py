"""When each chat is reminded, and what became due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from bot import rows
from bot.records import REMINDERS, Notice, Reminder
from bot.store.connection import Connected


class Timetable(Connected):
    """The reminders of all chats."""

    def reminders(self, chat_key: str) -> tuple[Reminder, ...]:
        """Returns the reminders of a chat."""
        found = self._db.execute(
            f"select {rows.REMINDER} from reminder where chat = :chat order by kind", {"chat": chat_key}
        )
        return tuple(rows.reminder(row) for row in found.fetchall())

    def due_reminders(self, now: datetime, limit: int) -> list[Reminder]:
        """Returns all reminders of the chats to which the longest due ones belong, chat by chat."""
        found = self._db.execute(_DUE, {"now": rows.time_text(now), "limit": limit}).fetchall()
        return [rows.reminder(row) for row in found]

    def remind(self, planned: Iterable[Reminder], notices: Iterable[Notice]) -> None:
        """Plans reminders anew and queues what the due ones became, in one transaction."""
        # In the order in which they lie on the disk, so that each page is looked up and written once.
        changed = sorted(planned, key=attrgetter("zone", "times", "chat", "kind"))
        with self._db.atomic():
            self._db.conn.executemany(
                """
                update reminder set days = :days, snoozed_at = :snoozed_at, done_on = :done_on, done = :done,
                    next_at = :next_at, sent_at = :sent_at, missed = :missed
                where zone = :zone and times = :times and chat = :chat and kind = :kind
                """,
                map(rows.plan, changed),
            )
            self._db.conn.executemany(
                """
                insert into outbox (chat, method, params, tag, priority, expires_at)
                values (:chat, :method, :params, :tag, 1, :expires_at)
                """,
                map(rows.notice, notices),
            )

    def waiting_notices(self, priority: int = REMINDERS) -> int:
        """Returns how many reminders wait in the outbox, or calls of another priority."""
        row = self._db.execute(
            "select count(*) as waiting from outbox where params is not null and priority = :priority",
            {"priority": priority},
        ).fetchone()
        return int(row["waiting"])

    def _save_reminders(self, reminders: Iterable[Reminder]) -> None:
        self._db.conn.executemany(_SAVE_REMINDER, map(rows.values, reminders))

    def _stop_reminders(self, chat_key: str, now: datetime) -> None:
        self._db.execute(
            """
            update reminder set next_at = null, snoozed_at = null, stopped_at = coalesce(stopped_at, :now)
            where chat = :chat
            """,
            {"chat": chat_key, "now": rows.time_text(now)},
        )


_SAVE_REMINDER = """
insert into reminder (chat, kind, zone, times, weekdays, days, quiet, paused_until, skip_on, race_on, snoozed_at,
    stopped_at, done_on, done, next_at, sent_at, missed)
values (:chat, :kind, :zone, :times, :weekdays, :days, :quiet, :paused_until, :skip_on, :race_on, :snoozed_at,
    :stopped_at, :done_on, :done, :next_at, :sent_at, :missed)
on conflict (chat, kind) do update set
    zone = excluded.zone, times = excluded.times, weekdays = excluded.weekdays, days = excluded.days,
    quiet = excluded.quiet, paused_until = excluded.paused_until, skip_on = excluded.skip_on,
    race_on = excluded.race_on, snoozed_at = excluded.snoozed_at, stopped_at = excluded.stopped_at,
    done_on = excluded.done_on, done = excluded.done, next_at = excluded.next_at, sent_at = excluded.sent_at,
    missed = excluded.missed
"""

# What is due, and beside it what else those chats have: together they decide what is sent.
_DUE = f"""
select {rows.REMINDER} from (
    select distinct chat from (select chat from reminder where next_at <= :now order by next_at limit :limit)
) as due
join reminder on reminder.chat = due.chat
order by reminder.chat, reminder.kind
"""
