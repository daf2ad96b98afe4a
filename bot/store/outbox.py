"""The calls that wait to be made: answers to people in order, and reminders when nobody waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot import rows
from bot.records import PEOPLE, QUESTION, REMINDERS, Call, Outgoing
from bot.store.connection import Connected

WAITING = "(priority in (0, 1) and chat = :chat and params is not null)"
"""The calls of a chat that wait, as the index outbox_unsent finds them."""
OF_CHAT = f"({WAITING} or (chat = :chat and params is null))"
"""All calls of a chat; no one index holds both those that wait and those that are done."""


class Outbox(Connected):
    """Finished calls, each until it is sent or parked."""

    def _queue(self, chat: str, calls: tuple[Call, ...]) -> int | None:
        question = None
        for call in calls:
            cursor = self._db.execute(
                """
                insert into outbox (chat, method, params, tag, edits) values (:chat, :method, :params, :tag, :edits)
                """,
                {"chat": chat, **rows.values(call)},
            )
            if call.tag == QUESTION:
                question = cursor.lastrowid
        return question

    def _addressed(self, call: Call) -> Call:
        """Names the message that a call edits by its own id, where the row of the outbox will be gone."""
        row = self._db.execute("select message_id from outbox where id = :id", {"id": call.edits}).fetchone()
        if row is None or row["message_id"] is None:
            return call
        return replace(call, params={**call.params, "message_id": row["message_id"]}, edits=None)

    def heads(self, now: datetime, limit: int, priority: int = PEOPLE) -> list[Outgoing]:
        """Returns the calls of a priority that may be made now, oldest first: at most one a chat, its first unsent.

        While an answer waits in a chat, no reminder of that chat may be made.
        """
        heads = _NOTICES if priority == REMINDERS else _HEADS
        found = self._db.execute(
            f"""
            select outbox.id, outbox.chat, chat.chat_id, outbox.method, outbox.params, outbox.attempts, outbox.edits,
                edited.message_id, outbox.priority, outbox.expires_at
            from (
                select id from ({heads}) where not_before is null or not_before <= :now order by id limit :limit
            ) as head
            join outbox on outbox.id = head.id
            join chat on chat.key = outbox.chat
            left join outbox as edited on edited.id = outbox.edits
            order by outbox.id
            """,
            {"now": rows.time_text(now), "limit": limit},
        ).fetchall()
        return [Outgoing(**rows.record(row)) for row in found]

    def next_retry_at(self, now: datetime) -> datetime | None:
        """Returns when the next postponed call may be made, or None when none waits for a time after now."""
        row = self._db.execute(
            f"""
            select min(not_before) as at from (
                select not_before from ({_HEADS}) union all
                select not_before from outbox where params is not null and priority = 1
            ) where not_before > :now
            """,
            {"now": rows.time_text(now)},
        ).fetchone()
        return rows.read_time(row["at"])

    def begin(self, outbox_ids: Iterable[int], now: datetime) -> None:
        """Marks reminders before they are sent."""
        marks = [{"id": outbox_id, "now": rows.time_text(now)} for outbox_id in outbox_ids]
        with self._db.atomic():
            self._db.conn.executemany("update outbox set begun_at = :now where id = :id", marks)

    def park_begun(self) -> int:
        """Gives up the reminders that were begun and never ended, for they may have arrived; returns how many."""
        with self._db.atomic():
            cursor = self._db.execute(
                """
                update outbox set params = null, error = 'uncertain'
                where params is not null and priority = 1 and begun_at is not null
                """
            )
        return cursor.rowcount

    def sent(self, outbox_id: int, message_id: int | None, now: datetime) -> None:
        """Marks a call sent, erases what it said and keeps the id of the message that it became."""
        with self._db.atomic():
            self._end_call(
                """
                update outbox set params = null, error = null, message_id = :message_id, sent_at = :now
                where id = :id returning chat
                """,
                {"id": outbox_id, "message_id": message_id, "now": rows.time_text(now)},
            )

    def retry(self, outbox_id: int, not_before: datetime, error: str) -> None:
        """Postpones a call, and with it all later calls of its chat."""
        with self._db.atomic():
            self._db.execute(
                """
                update outbox set attempts = attempts + 1, not_before = :not_before, error = :error, begun_at = null
                where id = :id
                """,
                {"id": outbox_id, "not_before": rows.time_text(not_before), "error": error},
            )

    def park_call(self, outbox_id: int, error: str) -> None:
        """Gives up a call for good: erases what it said, keeps the error and lets the next one pass."""
        with self._db.atomic():
            self._end_call(
                "update outbox set params = null, error = :error where id = :id returning chat",
                {"id": outbox_id, "error": error},
            )

    def _end_call(self, statement: str, values: dict[str, object]) -> None:
        row = self._db.execute(statement, values).fetchone()
        # The row is gone when the person was forgotten while the call was on its way.
        if row is not None:
            self._say_no_more(row["chat"])

    def _say_no_more(self, chat_key: str) -> None:
        """Deletes a forgotten chat once its goodbye has nothing left to send."""
        self._db.execute(
            f"""
            delete from chat where key = :chat and forgotten_at is not null
                and not exists (select 1 from outbox where {WAITING})
            """,
            {"chat": chat_key},
        )


# With a lone min(), SQLite takes the other columns from the row of the minimum (sqlite.org/lang_select.html, 2.5).
# The partial index outbox_unsent leads to them: it holds unsent calls only, chat by chat in order.
_HEADS = "select min(id) as id, not_before from outbox where params is not null and priority = 0 group by chat"

# Reminders are walked in their own order by the index outbox_reminders, so the first few cost the same in any crowd.
_NOTICES = """
select id, not_before from outbox as notice indexed by outbox_reminders
where params is not null and priority = 1 and begun_at is null
    and not exists (select 1 from outbox where params is not null and priority = 0 and chat = notice.chat)
    and not exists (
        select 1 from outbox where params is not null and priority = 1 and chat = notice.chat and id < notice.id
    )
"""
