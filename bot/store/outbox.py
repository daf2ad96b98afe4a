"""The calls that wait to be made: answers to people in order, and what nobody waits for after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot import rows
from bot.records import PEOPLE, QUESTION, Call, Outgoing, Parked
from bot.store.connection import Connected

LONGEST = timedelta(minutes=10)
"""A call is tried again within this time, whatever the clock did and however much patience was asked for."""

WAITING = "(priority in (0, 1, 2) and chat = :chat and params is not null)"
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

        While a call of a higher priority waits in a chat, none of a lower one may be made there.
        """
        heads = _HEADS if priority == PEOPLE else _notices(priority)
        found = self._db.execute(
            f"""
            select outbox.id, outbox.chat, chat.chat_id, outbox.method, outbox.params, outbox.attempts, outbox.edits,
                edited.message_id, outbox.priority, outbox.expires_at
            from (
                select id from ({heads})
                where not_before is null or not_before <= :now or not_before > :never
                order by id limit :limit
            ) as head
            join outbox on outbox.id = head.id
            join chat on chat.key = outbox.chat
            left join outbox as edited on edited.id = outbox.edits
            order by outbox.id
            """,
            # Nothing is postponed for so long: the clock was put back since.
            {"now": rows.time_text(now), "never": rows.time_text(now + LONGEST), "limit": limit},
        ).fetchall()
        return [Outgoing(**rows.record(row)) for row in found]

    def next_retry_at(self, now: datetime) -> datetime | None:
        """Returns when the next postponed call may be made, or None when none waits for a time after now."""
        row = self._db.execute(
            f"""
            select min(not_before) as at from (
                select not_before from ({_HEADS}) union all
                select not_before from outbox where params is not null and priority > 0
            ) where not_before > :now
            """,
            {"now": rows.time_text(now)},
        ).fetchone()
        return rows.read_time(row["at"])

    def begin(self, outbox_ids: Iterable[int], now: datetime) -> None:
        """Marks what nobody waits for before it is sent."""
        marks = [{"id": outbox_id, "now": rows.time_text(now)} for outbox_id in outbox_ids]
        with self._db.atomic():
            self._db.conn.executemany("update outbox set begun_at = :now where id = :id", marks)

    def park_begun(self, now: datetime) -> int:
        """Gives up what nobody waits for that was begun and never ended: it may have arrived; returns how much."""
        with self._db.atomic():
            cursor = self._db.execute(
                """
                update outbox set params = null, error = 'uncertain', parked_at = :now
                where params is not null and priority > 0 and begun_at is not null
                """,
                {"now": rows.time_text(now)},
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

    def say_instead(self, outbox_id: int, params: Mapping[str, object]) -> None:
        """Turns a call that cannot be made into a text message; what it said before is erased."""
        with self._db.atomic():
            self._db.execute(
                """
                update outbox set method = 'sendMessage', params = :params, edits = null, attempts = 0,
                    not_before = null, begun_at = null, error = null
                where id = :id and params is not null
                """,
                {"id": outbox_id, "params": rows.json_text(params)},
            )

    def park_call(self, outbox_id: int, error: str, now: datetime) -> None:
        """Gives up a call for good: erases what it said, keeps the error and lets the next one pass."""
        with self._db.atomic():
            self._end_call(
                "update outbox set params = null, error = :error, parked_at = :now where id = :id returning chat",
                {"id": outbox_id, "error": error, "now": rows.time_text(now)},
            )

    def parked_calls(self, limit: int) -> list[Parked]:
        """Returns the calls that were given up, newest first."""
        found = self._db.execute(
            """
            select id, chat, method, error, attempts, parked_at from outbox
            where error is not null and params is null order by id desc limit :limit
            """,
            {"limit": limit},
        ).fetchall()
        return [Parked(**rows.record(row)) for row in found]

    def _end_call(self, statement: str, values: dict[str, object]) -> None:
        row = self._db.execute(statement, values).fetchone()
        # The row is gone when the person was forgotten while the call was on its way.
        if row is not None:
            self._say_no_more(row["chat"])

    def _say_no_more(self, chat_key: str) -> None:
        """Deletes a forgotten chat once its goodbye has nothing left to send."""
        gone = self._db.execute(
            f"""
            delete from chat where key = :chat and forgotten_at is not null
                and not exists (select 1 from outbox where {WAITING})
            """,
            {"chat": chat_key},
        )
        if gone.rowcount > 0:
            # The id still stands in the write-ahead log: it is emptied at the next look, within seconds.
            self._log_is_clean = False


# With a lone min(), SQLite takes the other columns from the row of the minimum (sqlite.org/lang_select.html, 2.5).
# The partial index outbox_unsent leads to them: it holds unsent calls only, chat by chat in order.
_HEADS = "select min(id) as id, not_before from outbox where params is not null and priority = 0 group by chat"


def _notices(priority: int) -> str:
    # Walked in their own order by the index outbox_notices, so that the first few cost the same in any crowd.
    higher = ", ".join(str(number) for number in range(priority))
    return f"""
    select id, not_before from outbox as notice indexed by outbox_notices
    where params is not null and priority > 0 and priority = {priority} and begun_at is null
        and not exists (
            select 1 from outbox where params is not null and priority in ({higher}) and chat = notice.chat
        )
        and not exists (
            select 1 from outbox where params is not null and priority = {priority} and chat = notice.chat
                and id < notice.id
        )
    """
