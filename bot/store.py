"""Everything that outlives the process, in one SQLite file: chats, sessions, diary, inbox and outbox.

One process, one connection, one thread; nothing here awaits, so a transaction is never shared.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from bot import rows
from bot.migrations import migrations
from bot.records import (
    PEOPLE,
    QUESTION,
    REMINDERS,
    TRIAGE,
    Call,
    Chat,
    Commit,
    DiaryEntry,
    Notice,
    Outgoing,
    Reminder,
    SessionRow,
    new_key,
)

StoreError = sqlite3.Error
"""The file cannot be read or written; nothing that was not acknowledged is lost, and going on is pointless."""


class AlreadyHandled(Exception):
    """The update was committed before; this transaction was rolled back and nothing has changed."""


class Store:
    """Every SQL statement of the bot, synchronous and durable."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Opens or creates the database file, readable by its owner only, and brings its schema up to date.

        Raises StoreError where that is not possible.
        """
        path = Path(path)
        try:
            return cls(_opened(path))
        except (OSError, StoreError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreError(
                f"the database {path} cannot be opened: {reason} (DATABASE_PATH says where it is)"
            ) from error

    def close(self) -> None:
        """Closes the file; what was erased is gone from the write-ahead log too."""
        self._truncate_log()
        self._db.close()

    # ---- inbox -----------------------------------------------------------------------------------------------

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

    def park(self, update_id: int, error: str) -> None:
        """Puts a poison update aside: its payload goes, its id and the error stay."""
        with self._db.atomic():
            self._db.execute(
                "update inbox set payload = null, error = :error where update_id = :update_id",
                {"update_id": update_id, "error": error},
            )

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

    # ---- people ----------------------------------------------------------------------------------------------

    def chat(self, chat_id: int) -> Chat | None:
        """Returns the chat with this Telegram id, or None for a new one."""
        row = self._db.execute("select * from chat where chat_id = :chat_id", {"chat_id": chat_id}).fetchone()
        return None if row is None else Chat(**rows.record(row))

    def latest_session(self, chat_key: str, flow: str = TRIAGE) -> SessionRow | None:
        """Returns the session of a flow that the chat started last, open or not."""
        row = self._db.execute(
            """
            select * from session where chat = :chat and flow = :flow order by rowid desc limit 1
            """,
            {"chat": chat_key, "flow": flow},
        ).fetchone()
        return None if row is None else rows.session(row)

    def diary(self, chat_key: str, *kinds: str) -> list[DiaryEntry]:
        """Returns the diary entries of these kinds, oldest first."""
        marks = ", ".join(f":kind{at}" for at in range(len(kinds)))
        found = self._db.execute(
            f"select at, kind, data from diary where chat = :chat and kind in ({marks}) order by id",
            {"chat": chat_key, **{f"kind{at}": kind for at, kind in enumerate(kinds)}},
        ).fetchall()
        return [DiaryEntry(**rows.record(row)) for row in found]

    def everything(self, chat_key: str) -> dict[str, object]:
        """Returns every row about a person as plain data, table by table (for /export)."""
        tables: dict[str, object] = {}
        owners = (("chat", "key"), ("session", "chat"), ("diary", "chat"), ("reminder", "chat"), ("outbox", "chat"))
        for table, where in owners:
            found = self._db.execute(
                f"select * from {table} where {where} = :chat order by rowid", {"chat": chat_key}
            ).fetchall()
            tables[table] = [rows.plain(row) for row in found]
        return tables

    def commit(self, commit: Commit) -> None:
        """Saves all that one update caused in one transaction; raises AlreadyHandled for a second time."""
        with self._db.atomic():
            if commit.update_id is not None:
                self._end_update(commit.update_id)
            if commit.forget:
                self._forget(commit)
            else:
                self._save(commit)
        if commit.forget:
            self._truncate_log()

    def _save(self, commit: Commit) -> None:
        chat = commit.chat.key
        self._save_chat(commit.chat)
        for session in (*([commit.session] if commit.session is not None else []), *commit.dialogues):
            self._save_session(session)
        for entry in commit.diary:
            self._db.execute(
                "insert into diary (chat, at, kind, data) values (:chat, :at, :kind, :data)",
                {"chat": chat, **rows.values(entry)},
            )
        if commit.reminders is not None:
            self._db.execute("delete from reminder where chat = :chat", {"chat": chat})
            self._save_reminders(commit.reminders)
        if commit.chat.blocked_at is not None:
            self._stop_reminders(chat, commit.chat.blocked_at)
        question = self._queue(chat, commit.calls)
        if question is not None:
            self._db.execute("update chat set question_call = :id where key = :chat", {"id": question, "chat": chat})

    def _save_chat(self, chat: Chat) -> None:
        self._db.execute(
            """
            insert into chat (key, chat_id, kind, country, consent_version, consent_at, plan_state, critical_at,
                question_call, blocked_at, created_at, seen_at)
            values (:key, :chat_id, :kind, :country, :consent_version, :consent_at, :plan_state, :critical_at,
                :question_call, :blocked_at, :created_at, :seen_at)
            on conflict (key) do update set
                kind = excluded.kind, country = excluded.country, consent_version = excluded.consent_version,
                consent_at = excluded.consent_at, plan_state = excluded.plan_state,
                critical_at = excluded.critical_at, question_call = excluded.question_call,
                blocked_at = excluded.blocked_at, forgotten_at = null, seen_at = excluded.seen_at
            """,
            rows.values(chat),
        )

    def _save_session(self, session: SessionRow) -> None:
        self._db.execute(
            """
            insert into session (key, chat, flow, content_version, state, log, ticks, turn, open, started_at,
                updated_at)
            values (:key, :chat, :flow, :content_version, :state, :log, :ticks, :turn, :open, :started_at, :updated_at)
            on conflict (key) do update set
                content_version = excluded.content_version, state = excluded.state, log = excluded.log,
                ticks = excluded.ticks, turn = excluded.turn, open = excluded.open,
                updated_at = excluded.updated_at
            """,
            rows.values(session),
        )

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

    def _forget(self, commit: Commit) -> None:
        chat_id, kind, now = commit.chat.chat_id, commit.chat.kind, rows.time_text(commit.chat.seen_at)
        calls = tuple(map(self._addressed, commit.calls))
        self._db.execute("delete from chat where chat_id = :chat_id", {"chat_id": chat_id})
        if not commit.calls:
            return
        # The goodbye needs an address until it is sent; nothing ties this row to the one that was deleted.
        key = new_key()
        self._db.execute(
            """
            insert into chat (key, chat_id, kind, country, consent_version, plan_state, forgotten_at, created_at,
                seen_at)
            values (:key, :chat_id, :kind, '', '', '', :now, :now, :now)
            """,
            {"key": key, "chat_id": chat_id, "kind": kind, "now": now},
        )
        self._queue(key, calls)

    def _addressed(self, call: Call) -> Call:
        """Names the message that a call edits by its own id, where the row of the outbox will be gone."""
        row = self._db.execute("select message_id from outbox where id = :id", {"id": call.edits}).fetchone()
        if row is None or row["message_id"] is None:
            return call
        return replace(call, params={**call.params, "message_id": row["message_id"]}, edits=None)

    # ---- reminders -------------------------------------------------------------------------------------------

    def reminders(self, chat_key: str) -> tuple[Reminder, ...]:
        """Returns the reminders of a chat."""
        found = self._db.execute("select * from reminder where chat = :chat order by kind", {"chat": chat_key})
        return tuple(rows.reminder(row) for row in found.fetchall())

    def due_reminders(self, now: datetime, limit: int) -> list[Reminder]:
        """Returns all reminders of the chats to which the longest due ones belong, chat by chat."""
        found = self._db.execute(_DUE, {"now": rows.time_text(now), "limit": limit}).fetchall()
        return [rows.reminder(row) for row in found]

    def remind(self, planned: Iterable[Reminder], notices: Iterable[Notice]) -> None:
        """Plans reminders anew and queues what the due ones became, in one transaction."""
        with self._db.atomic():
            self._db.conn.executemany(
                """
                update reminder set days = :days, snoozed_at = :snoozed_at, done_on = :done_on, done = :done,
                    next_at = :next_at, sent_at = :sent_at, missed = :missed
                where chat = :chat and kind = :kind
                """,
                map(rows.plan, planned),
            )
            self._db.conn.executemany(
                """
                insert into outbox (chat, method, params, tag, priority, expires_at)
                values (:chat, :method, :params, :tag, 1, :expires_at)
                """,
                map(rows.notice, notices),
            )

    def waiting_notices(self) -> int:
        """Returns how many reminders wait in the outbox."""
        row = self._db.execute(
            "select count(*) as waiting from outbox where params is not null and priority = 1"
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

    # ---- outbox ----------------------------------------------------------------------------------------------

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

    def block(self, chat_key: str, now: datetime) -> None:
        """Notes that the chat refuses us, and parks all that waits for it."""
        with self._db.atomic():
            self._db.execute(
                "update chat set blocked_at = coalesce(blocked_at, :now) where key = :chat",
                {"chat": chat_key, "now": rows.time_text(now)},
            )
            self._db.execute(
                "update outbox set params = null, error = 'blocked' where chat = :chat and params is not null",
                {"chat": chat_key},
            )
            self._stop_reminders(chat_key, now)
            self._say_no_more(chat_key)

    def migrate_chat(self, old: int, new: int) -> None:
        """Gives the chat its new Telegram id, and takes in what the new id has gathered already."""
        with self._db.atomic():
            before, after = self.chat(old), self.chat(new)
            if before is None:
                return
            if after is not None:
                move = {"from": after.key, "to": before.key}
                for table in ("session", "diary", "outbox"):
                    self._db.execute(f"update {table} set chat = :to where chat = :from", move)
                self._db.execute("delete from chat where key = :from", {"from": after.key})
            self._db.execute(
                """
                update chat set chat_id = :new, question_call = coalesce(:question_call, question_call)
                where key = :key
                """,
                {"new": new, "key": before.key, "question_call": after.question_call if after else None},
            )

    def _end_call(self, statement: str, values: dict[str, object]) -> None:
        row = self._db.execute(statement, values).fetchone()
        # The row is gone when the person was forgotten while the call was on its way.
        if row is not None:
            self._say_no_more(row["chat"])

    def _say_no_more(self, chat_key: str) -> None:
        """Deletes a forgotten chat once its goodbye has nothing left to send."""
        self._db.execute(
            """
            delete from chat where key = :chat and forgotten_at is not null
                and not exists (select 1 from outbox where chat = :chat and params is not null)
            """,
            {"chat": chat_key},
        )

    def _truncate_log(self) -> None:
        """Empties the write-ahead log: it keeps old pages, and with them what was erased, until it is reused."""
        self._db.execute("pragma wal_checkpoint(truncate)").fetchall()


def _opened(path: Path) -> Database:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives its -wal and -shm files the mode of the database, so this comes before the first byte.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    db = Database(path, execute_plugins=False, strict=True)
    try:
        db.conn.row_factory = sqlite3.Row
        for pragma in ("busy_timeout=5000", "journal_mode=wal", "synchronous=full", "secure_delete=on"):
            db.execute(f"pragma {pragma}").fetchall()
        migrations.apply(db)
        db.execute("pragma foreign_keys=on")
    except BaseException:
        db.close()
        raise
    return db


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
_DUE = """
select reminder.* from (
    select distinct chat from (select chat from reminder where next_at <= :now order by next_at limit :limit)
) as due
join reminder on reminder.chat = due.chat
order by reminder.chat, reminder.kind
"""

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
