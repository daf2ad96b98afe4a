"""Numbers about everything that is kept, and about nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import rows
from bot.store.connection import Connected

LATE = timedelta(minutes=1)
"""A reminder that is due is queued within seconds; after this it is late."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How much is there, and how much waits."""

    chats: int
    updates_waiting: int
    calls_waiting: dict[int, int]
    """By priority."""
    calls_parked: int
    longest_wait: float
    """Seconds since the person wrote who waits longest for an answer; 0 when nobody does."""
    reminders_due: int
    reminders_late: int
    updates_parked: int = 0
    """Those that could not be handled and are kept for a look."""


class Figures(Connected):
    """Counts what the other rooms keep."""

    def numbers(self, now: datetime) -> Numbers:
        """Returns how much is there and how much waits."""
        row = self._db.execute(
            """
            select
                (select count(*) from chat) as chats,
                (select count(*) from inbox where payload is not null) as updates_waiting,
                (select count(*) from outbox where error is not null and params is null) as calls_parked,
                (select count(*) from parked_update) as updates_parked,
                (select count(*) from reminder where next_at <= :now) as reminders_due,
                (select count(*) from reminder where next_at <= :late) as reminders_late,
                (
                    select min(seen_at) from chat
                    where key in (select chat from outbox where params is not null and priority = 0)
                ) as waits_since
            """,
            {"now": rows.time_text(now), "late": rows.time_text(now - LATE)},
        ).fetchone()
        found = self._db.execute(
            "select priority, count(*) as waiting from outbox where params is not null group by priority"
        ).fetchall()
        since = rows.read_time(row["waits_since"])
        return Numbers(
            chats=row["chats"],
            updates_waiting=row["updates_waiting"],
            calls_waiting={one["priority"]: one["waiting"] for one in found},
            calls_parked=row["calls_parked"],
            updates_parked=row["updates_parked"],
            longest_wait=0.0 if since is None else max((now - since).total_seconds(), 0.0),
            reminders_due=row["reminders_due"],
            reminders_late=row["reminders_late"],
        )
