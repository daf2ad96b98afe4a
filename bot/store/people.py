"""Chats, their sessions and their diary."""

from __future__ import annotations

from bot import rows
from bot.records import TRIAGE, Chat, DiaryEntry, SessionRow
from bot.store.connection import Connected


class People(Connected):
    """What is known about each person."""

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
        for table in ("chat", "session", "diary", "reminder", "membership", "team_member", "outbox"):
            where = "key" if table == "chat" else "chat"
            found = self._db.execute(
                f"select * from {table} where {where} = :chat order by rowid", {"chat": chat_key}
            ).fetchall()
            tables[table] = [rows.plain(row) for row in found]
        days = self._db.execute(
            """
            select team_day.* from team_day join team_member on team_member.key = team_day.member
            where team_member.chat = :chat order by day
            """,
            {"chat": chat_key},
        ).fetchall()
        tables["team_day"] = [rows.plain(row) for row in days]
        return tables

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
