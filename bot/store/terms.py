"""What is kept no longer than it was promised, and the audit that knows no person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from bot import rows
from bot.records import DiaryEntry, Notice
from bot.store.connection import Connected


class Terms(Connected):
    """Finds what has expired, and removes it slice by slice."""

    def to_warn(self, seen_before: datetime, limit: int) -> list[str]:
        """Returns the keys of people who were last here before this, have not been warned and can be reached."""
        found = self._db.execute(
            """
            select key from chat
            where kind = 'private' and seen_at < :before and warned_at is null and blocked_at is null
                and forgotten_at is null and consent_version <> ''
            order by seen_at limit :limit
            """,
            {"before": rows.time_text(seen_before), "limit": limit},
        ).fetchall()
        return [row["key"] for row in found]

    def warn(self, notices: Iterable[Notice], now: datetime) -> None:
        """Queues warnings behind everything that somebody waits for, and notes that they were given."""
        queued = [rows.notice(notice) for notice in notices]
        with self._db.atomic():
            self._db.conn.executemany(
                """
                insert into outbox (chat, method, params, tag, priority, expires_at)
                values (:chat, :method, :params, :tag, 1, :expires_at)
                """,
                queued,
            )
            self._db.conn.executemany(
                "update chat set warned_at = :now where key = :chat",
                [{"chat": row["chat"], "now": rows.time_text(now)} for row in queued],
            )

    def expire(self, seen_before: datetime, warned_before: datetime, limit: int) -> int:
        """Removes people who were last here before this and were warned in time, or cannot be warned; says how many."""
        return self._remove(
            """
            kind = 'private' and seen_at < :seen and consent_version <> ''
                and (warned_at < :warned or blocked_at is not null)
            """,
            {"seen": rows.time_text(seen_before), "warned": rows.time_text(warned_before)},
            limit,
        )

    def expire_without_consent(self, seen_before: datetime, limit: int) -> int:
        """Removes people who never agreed to be remembered and were last here before this; returns how many."""
        return self._remove(
            "kind = 'private' and seen_at < :seen and consent_version = ''",
            {"seen": rows.time_text(seen_before)},
            limit,
        )

    def _remove(self, where: str, values: dict[str, object], limit: int) -> int:
        with self._db.atomic():
            cursor = self._db.execute(
                f"delete from chat where key in (select key from chat where {where} order by seen_at limit :limit)",
                {**values, "limit": limit},
            )
        return cursor.rowcount

    def forget_calls(self, sent_before: datetime, limit: int) -> int:
        """Removes what is left of messages that were sent before this; returns how many."""
        with self._db.atomic():
            cursor = self._db.execute(
                """
                delete from outbox where id in (
                    select id from outbox where params is null and sent_at < :before order by id limit :limit
                )
                """,
                {"before": rows.time_text(sent_before), "limit": limit},
            )
        return cursor.rowcount

    def forget_audit(self, before: date) -> int:
        """Removes the lines of the audit that are older than this day; returns how many."""
        with self._db.atomic():
            cursor = self._db.execute("delete from audit where day < :before", {"before": before.isoformat()})
        return cursor.rowcount

    def audit(self) -> list[dict[str, object]]:
        """Returns which rules led to which result, how often and on which day; nothing in it leads to a person."""
        found = self._db.execute("select * from audit").fetchall()
        return [rows.plain(row) for row in found]

    def _audit(self, results: Iterable[DiaryEntry]) -> None:
        for result in results:
            self._db.execute(
                """
                insert into audit (day, content_version, disposition, rules, count)
                values (:day, :content_version, :disposition, :rules, 1)
                on conflict do update set count = count + 1
                """,
                {
                    "day": result.at.date().isoformat(),
                    "content_version": result.data["content_version"],
                    "disposition": result.data["disposition"],
                    "rules": rows.json_text(result.data["flags"]),
                },
            )
