"""Everything that outlives the process, in one SQLite file: chats, sessions, diary, clubs, inbox and outbox.

One process, one connection, one thread; nothing here awaits, so a transaction is never shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from bot import rows
from bot.records import Commit, new_key
from bot.store.clubs import Clubs
from bot.store.connection import Older, StoreError, Told, file_fails, looked_at, opened, reason
from bot.store.figures import Figures, Numbers
from bot.store.inbox import AlreadyHandled, Inbox
from bot.store.lock import Gone, InUse, alone
from bot.store.outbox import OF_CHAT, WAITING, Outbox
from bot.store.people import People
from bot.store.terms import Terms
from bot.store.timetable import Timetable
from bot.store.uploads import Uploads

__all__ = ["AlreadyHandled", "Gone", "InUse", "Numbers", "Older", "Store", "StoreError", "alone", "file_fails"]


class Store(Inbox, People, Timetable, Clubs, Outbox, Terms, Uploads, Figures):
    """Every SQL statement of the bot, synchronous and durable; here stands what takes more than one table at once."""

    @classmethod
    def open(cls, path: str | Path, key: str = "") -> Store:
        """Opens or creates the database file, readable by its owner only, and brings its schema up to date.

        With a key its pages are encrypted. Raises StoreError where that is not possible.
        """
        path = Path(path)
        with _located(path):
            return cls(opened(path, key))

    @classmethod
    @contextmanager
    def reading(cls, path: Path, key: str = "") -> Iterator[Store]:
        """Reads a database for as long as the block lasts, also while a bot uses it, and changes nothing.

        Raises StoreError where that is not possible, and Older where this version would have to change it first.
        """
        with _located(path):
            db = looked_at(path, key)
        with closing(db):
            yield cls(db)

    def close(self) -> None:
        """Closes the file; what was erased is gone from the write-ahead log too."""
        self.truncate_log()
        self._db.close()

    def commit(self, commit: Commit) -> None:
        """Saves all that one update caused in one transaction; raises AlreadyHandled for a second time."""
        with self._db.atomic():
            if commit.update_id is not None:
                self._end_update(commit.update_id)
            if commit.forget:
                self._audit(commit.results)
                self._forget(commit)
            else:
                self._save(commit)
        if commit.forget:
            self.truncate_log()

    def _save(self, commit: Commit) -> None:
        chat = commit.chat.key
        self._save_chat(commit.chat)
        self._audit(commit.results)
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
        if commit.club is not None:
            self._save_club(commit.club)
            if not commit.club.challenge:
                self._forget_team_days(commit.club.key)
        if commit.joined is not None:
            self._save_memberships(chat, commit.joined, commit.chat.seen_at)
        self._save_team(chat, commit.team, commit.team_days)
        if commit.chat.blocked_at is not None:
            self._stop_reminders(chat, commit.chat.blocked_at)
        question = self._queue(chat, commit.calls)
        if question is not None:
            self._db.execute("update chat set question_call = :id where key = :chat", {"id": question, "chat": chat})

    def _forget(self, commit: Commit) -> None:
        chat_id, kind, now = commit.chat.chat_id, commit.chat.kind, rows.time_text(commit.chat.seen_at)
        calls = tuple(map(self._addressed, commit.calls))
        self._withdraw(commit.chat.key)
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

    def block(self, chat_key: str, now: datetime) -> None:
        """Notes that the chat refuses us, and parks all that waits for it."""
        with self._db.atomic():
            self._db.execute(
                "update chat set blocked_at = coalesce(blocked_at, :now) where key = :chat",
                {"chat": chat_key, "now": rows.time_text(now)},
            )
            self._db.execute(
                f"update outbox set params = null, error = 'blocked', parked_at = :now where {WAITING}",
                {"chat": chat_key, "now": rows.time_text(now)},
            )
            self._stop_reminders(chat_key, now)
            self._silence(chat_key, "removed")
            self._say_no_more(chat_key)

    def migrate_chat(self, old: int, new: int) -> None:
        """Gives the chat its new Telegram id, and takes in what the new id has gathered already."""
        with self._db.atomic():
            before, after = self.chat(old), self.chat(new)
            if before is None:
                return
            if after is not None:
                move = {"chat": after.key, "to": before.key}
                self._merge_club(after.key, before.key)
                for table, of_chat in (("session", "chat = :chat"), ("diary", "chat = :chat"), ("outbox", OF_CHAT)):
                    self._db.execute(f"update {table} set chat = :to where {of_chat}", move)
                self._db.execute("delete from chat where key = :chat", {"chat": after.key})
            self._db.execute(
                """
                update chat set chat_id = :new, question_call = coalesce(:question_call, question_call)
                where key = :key
                """,
                {"new": new, "key": before.key, "question_call": after.question_call if after else None},
            )


@contextmanager
def _located(path: Path) -> Iterator[None]:
    """Says which database cannot be opened, and where its place is named."""
    try:
        yield
    except (OSError, StoreError) as error:
        kind = Older if isinstance(error, Older) else Told
        raise kind(f"the database {path} cannot be opened: {reason(error)} (DATABASE_PATH says where it is)") from error
