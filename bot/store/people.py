"""Chats, their sessions and their diary."""

from __future__ import annotations

from bot import rows
from bot.records import TRIAGE, Chat, DiaryEntry, SessionRow
from bot.store.connection import Connected
from bot.store.outbox import OF_CHAT


class People(Connected):
    """What is known about each person."""

    def chat(self, chat_id: int) -> Chat | None:
        """Returns the chat with this Telegram id, or None for a new one."""
        row = self._db.execute("select * from chat where chat_id = :chat_id", {"chat_id": chat_id}).fetchone()
        return None if row is None else rows.chat(row)

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
        for table, owned in self._owned().items():
            order = "rowid" if table in ("session", "outbox") else "1, 2"
            # The key of a club says nothing to anybody: its name stands beside it.
            of_club = table in ("membership", "team_member")
            named = f", (select name from club where key = {table}.club) as name" if of_club else ""
            found = self._db.execute(
                f"select *{named} from {table} where {owned} order by {order}", {"chat": chat_key}
            ).fetchall()
            tables[table] = [rows.plain(row) for row in found]
        return tables

    def _owned(self) -> dict[str, str]:
        """Returns each table that belongs to chats, with the condition that finds a chat's rows; the schema knows."""
        owned = {"chat": ["key"]}
        found = self._db.execute(
            """
            select list.name as "table", key."from" as column
            from pragma_table_list as list join pragma_foreign_key_list(list.name) as key
            where list.schema = 'main' and key."table" = 'chat'
            union
            select list.name, info.name from pragma_table_list as list join pragma_table_info(list.name) as info
            where list.schema = 'main' and info.name = 'chat'
            order by 1, 2
            """
        ).fetchall()
        for row in found:
            owned.setdefault(row["table"], []).append(row["column"])
        conditions = {table: " or ".join(f"{name} = :chat" for name in columns) for table, columns in owned.items()}
        # The days in a team hang on the membership in it, and only through that on the person.
        days = "member in (select key from team_member where chat = :chat)"
        return {**conditions, "team_day": days, "outbox": OF_CHAT}

    def _save_chat(self, chat: Chat) -> None:
        self._db.execute(
            """
            insert into chat (key, chat_id, kind, country, consent_version, consent_at, plan_state, critical_at,
                question_call, blocked_at, text_only, created_at, seen_at)
            values (:key, :chat_id, :kind, :country, :consent_version, :consent_at, :plan_state, :critical_at,
                :question_call, :blocked_at, :text_only, :created_at, :seen_at)
            on conflict (key) do update set
                kind = excluded.kind, country = excluded.country, consent_version = excluded.consent_version,
                consent_at = excluded.consent_at, plan_state = excluded.plan_state,
                critical_at = excluded.critical_at, question_call = excluded.question_call,
                blocked_at = excluded.blocked_at, text_only = excluded.text_only, forgotten_at = null, warned_at = null,
                seen_at = excluded.seen_at
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
