"""Everything that outlives the process, in one SQLite file: chats, sessions, diary, inbox and outbox.

One process, one connection, one thread; nothing here awaits, so a transaction is never shared.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.migrations import migrations

QUESTION = "question"
"""The tag of a call that asks the current question: the chat remembers it, so that it can be edited later."""

Entry = tuple[str, str | int | tuple[str, ...] | None]
"""One line of a session's log: the name of a question or event and its value."""


StoreError = sqlite3.Error
"""The file cannot be read or written; nothing that was not acknowledged is lost, and going on is pointless."""


class AlreadyHandled(Exception):
    """The update was committed before; this transaction was rolled back and nothing has changed."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat of the bot; `key` stands for it in every other row."""

    key: str
    chat_id: int
    created_at: datetime
    seen_at: datetime
    kind: str = "private"
    country: str = ""
    consent_version: str = ""
    consent_at: datetime | None = None
    plan_state: str = ""
    critical_at: datetime | None = None
    question_call: int | None = None
    """The outbox id of the newest call tagged as question."""
    blocked_at: datetime | None = None
    forgotten_at: datetime | None = None
    """Set by forgetting only; any other commit of this chat clears it."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One person's place in one flow, as it is kept."""

    key: str
    chat: str
    flow: str
    content_version: str
    state: str
    started_at: datetime
    updated_at: datetime
    log: tuple[Entry, ...] = ()
    ticks: tuple[str, ...] = ()
    turn: int = 0
    open: bool = True


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One dated fact about a person: a result, a check-in, an event."""

    at: datetime
    kind: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One finished Bot API call without its chat_id; a file is `{"$file": {"name": …, "text": …}}`."""

    method: str
    params: Mapping[str, object]
    tag: str = ""
    edits: int | None = None
    """The outbox id of the call whose sent message this one edits."""


@dataclass(frozen=True, slots=True)
class Commit:
    """All that one update caused; it is saved whole or not at all."""

    update_id: int | None
    chat: Chat
    session: SessionRow | None = None
    diary: tuple[DiaryEntry, ...] = ()
    calls: tuple[Call, ...] = ()
    forget: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call that waits in the outbox, with what the sender needs to make it."""

    id: int
    chat: str
    chat_id: int
    method: str
    params: dict[str, object]
    attempts: int
    edits: int | None
    message_id: int | None
    """The message that `edits` became, if it was sent."""


def new_key() -> str:
    """Returns a random key of eight URL-safe characters for a chat or a session."""
    return secrets.token_urlsafe(6)


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
        rows = self._db.execute(
            "select update_id, payload from inbox where payload is not null order by update_id"
        ).fetchall()
        return [(row["update_id"], row["payload"]) for row in rows]

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
        return None if row is None else Chat(**_record(row))

    def latest_session(self, chat_key: str) -> SessionRow | None:
        """Returns the session that the chat started last, open or not."""
        row = self._db.execute(
            "select * from session where chat = :chat order by rowid desc limit 1",
            {"chat": chat_key},
        ).fetchone()
        return None if row is None else _session(row)

    def everything(self, chat_key: str) -> dict[str, object]:
        """Returns every row about a person as plain data, table by table (for /export)."""
        tables: dict[str, object] = {}
        for table, where in (("chat", "key"), ("session", "chat"), ("diary", "chat"), ("outbox", "chat")):
            rows = self._db.execute(
                f"select * from {table} where {where} = :chat order by rowid", {"chat": chat_key}
            ).fetchall()
            tables[table] = [_plain(row) for row in rows]
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
        if commit.session is not None:
            self._save_session(commit.session)
        for entry in commit.diary:
            self._db.execute(
                "insert into diary (chat, at, kind, data) values (:chat, :at, :kind, :data)",
                {"chat": chat, **_values(entry)},
            )
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
            _values(chat),
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
            _values(session),
        )

    def _queue(self, chat: str, calls: tuple[Call, ...]) -> int | None:
        question = None
        for call in calls:
            cursor = self._db.execute(
                """
                insert into outbox (chat, method, params, tag, edits) values (:chat, :method, :params, :tag, :edits)
                """,
                {"chat": chat, **_values(call)},
            )
            if call.tag == QUESTION:
                question = cursor.lastrowid
        return question

    def _forget(self, commit: Commit) -> None:
        chat_id, kind, now = commit.chat.chat_id, commit.chat.kind, _text(commit.chat.seen_at)
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

    # ---- outbox ----------------------------------------------------------------------------------------------

    def heads(self, now: datetime, limit: int) -> list[Outgoing]:
        """Returns the calls that may be made now, oldest first: at most one a chat, its first unsent."""
        rows = self._db.execute(
            f"""
            select outbox.id, outbox.chat, chat.chat_id, outbox.method, outbox.params, outbox.attempts, outbox.edits,
                edited.message_id
            from (
                select id from ({_HEADS}) where not_before is null or not_before <= :now order by id limit :limit
            ) as head
            join outbox on outbox.id = head.id
            join chat on chat.key = outbox.chat
            left join outbox as edited on edited.id = outbox.edits
            order by outbox.id
            """,
            {"now": _text(now), "limit": limit},
        ).fetchall()
        return [Outgoing(**_record(row)) for row in rows]

    def next_retry_at(self, now: datetime) -> datetime | None:
        """Returns when the next postponed call may be made, or None when none waits for a time after now."""
        row = self._db.execute(
            f"select min(not_before) as at from ({_HEADS}) where not_before > :now", {"now": _text(now)}
        ).fetchone()
        return _time(row["at"])

    def sent(self, outbox_id: int, message_id: int | None, now: datetime) -> None:
        """Marks a call sent, erases what it said and keeps the id of the message that it became."""
        with self._db.atomic():
            self._end_call(
                """
                update outbox set params = null, error = null, message_id = :message_id, sent_at = :now
                where id = :id returning chat
                """,
                {"id": outbox_id, "message_id": message_id, "now": _text(now)},
            )

    def retry(self, outbox_id: int, not_before: datetime, error: str) -> None:
        """Postpones a call, and with it all later calls of its chat."""
        with self._db.atomic():
            self._db.execute(
                """
                update outbox set attempts = attempts + 1, not_before = :not_before, error = :error
                where id = :id
                """,
                {"id": outbox_id, "not_before": _text(not_before), "error": error},
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
                {"chat": chat_key, "now": _text(now)},
            )
            self._db.execute(
                "update outbox set params = null, error = 'blocked' where chat = :chat and params is not null",
                {"chat": chat_key},
            )
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


# With a lone min(), SQLite takes the other columns from the row of the minimum (sqlite.org/lang_select.html, 2.5).
# The partial index outbox_unsent leads to them: it holds unsent calls only, chat by chat in order.
_HEADS = "select min(id) as id, not_before from outbox where params is not null group by chat"

_JSON_COLUMNS = frozenset({"log", "ticks", "data", "params"})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _text(at: datetime) -> str:
    """Writes a time so that text order is time order: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _values(record: Chat | SessionRow | DiaryEntry | Call) -> dict[str, object]:
    return {name: _column(getattr(record, name)) for name in record.__slots__}


def _column(value: object) -> object:
    match value:
        case datetime():
            return _text(value)
        case tuple() | Mapping():
            return _json(value)
        case bool():
            return int(value)
    return value


def _record(row: sqlite3.Row) -> dict[str, Any]:
    """Reads a row back into Python's types: times by the names of their columns, JSON by `_JSON_COLUMNS`."""
    values = _plain(row)
    return {name: _time(values[name]) if name.endswith("_at") else values[name] for name in values}


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    values = dict(zip(row.keys(), row, strict=True))
    for name in _JSON_COLUMNS & values.keys():
        if values[name] is not None:
            values[name] = json.loads(values[name])
    return values


def _session(row: sqlite3.Row) -> SessionRow:
    values = _record(row)
    log = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.pop("log"))
    return SessionRow(log=log, ticks=tuple(values.pop("ticks")), open=bool(values.pop("open")), **values)
