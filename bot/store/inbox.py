"""The updates that were received, each until it is handled; what cannot be is kept for a week for a look."""

from __future__ import annotations

from datetime import datetime

from bot import rows
from bot.records import ParkedUpdate
from bot.store.connection import Connected


class AlreadyHandled(Exception):
    """The update was committed before; this transaction was rolled back and nothing has changed."""


class Inbox(Connected):
    """Every update is on the disk before Telegram is told that we have it."""

    def receive(self, update_id: int, payload: str) -> bool:
        """Keeps a raw update before it is acknowledged; returns False for one that was received before."""
        with self._db.atomic():
            cursor = self._db.execute(
                "insert into inbox (update_id, payload) values (:update_id, :payload) on conflict do nothing",
                {"update_id": update_id, "payload": payload},
            )
        return cursor.rowcount == 1

    def pending(self) -> list[tuple[int, str]]:
        """Returns the updates that were received but neither handled nor parked, oldest first."""
        found = self._db.execute(
            "select update_id, payload from inbox where payload is not null order by update_id"
        ).fetchall()
        return [(row["update_id"], row["payload"]) for row in found]

    def mark_handled(self, update_id: int) -> None:
        """Ends an update that needs nothing; raises AlreadyHandled for one that ended before."""
        with self._db.atomic():
            self._end_update(update_id)

    def failed(self, update_id: int, error: str) -> int:
        """Counts a failed attempt at an update and returns how many there were."""
        with self._db.atomic():
            row = self._db.execute(
                """
                update inbox set attempts = attempts + 1, error = :error where update_id = :update_id
                returning attempts
                """,
                {"update_id": update_id, "error": error},
            ).fetchone()
        return int(row["attempts"])

    def park(self, update_id: int, error: str, said_by: int, now: datetime) -> None:
        """Puts a poison update aside: only its id and the error stay in the inbox.

        What it says is kept for a look where it belongs to a person who agreed to that, for it goes with them.
        """
        values = {"update_id": update_id, "error": error, "said_by": said_by, "now": rows.time_text(now)}
        with self._db.atomic():
            self._db.execute(
                """
                insert into parked_update (update_id, chat, payload, error, parked_at)
                select inbox.update_id, chat.key, inbox.payload, :error, :now from inbox
                join chat on chat.chat_id = :said_by
                where inbox.update_id = :update_id and inbox.payload is not null
                    and chat.kind = 'private' and chat.consent_version <> '' and chat.forgotten_at is null
                """,
                values,
            )
            self._db.execute(
                "update inbox set payload = null, error = :error where update_id = :update_id",
                {"update_id": update_id, "error": error},
            )

    def parked_updates(self) -> list[ParkedUpdate]:
        """Returns the updates that could not be handled and are kept for a look, newest first."""
        found = self._db.execute(
            "select update_id, chat, payload, error, parked_at from parked_update order by update_id desc"
        ).fetchall()
        return [ParkedUpdate(**rows.record(row)) for row in found]

    def forget_parked(self, parked_before: datetime) -> int:
        """Removes what was kept for a look before this; returns how many."""
        with self._db.atomic():
            cursor = self._db.execute(
                "delete from parked_update where parked_at < :before", {"before": rows.time_text(parked_before)}
            )
        return cursor.rowcount

    def _end_update(self, update_id: int) -> None:
        cursor = self._db.execute(
            """
            insert into inbox (update_id) values (:update_id)
            on conflict (update_id) do update set payload = null, error = null where payload is not null
            """,
            {"update_id": update_id},
        )
        if cursor.rowcount != 1:
            raise AlreadyHandled(update_id)
