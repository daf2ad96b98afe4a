"""Clubs: what their admins have set, who belongs to them, and when something is posted in each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot import rows
from bot.records import CLUBS, Club, ClubState, Notice
from bot.store.teams import Teams


class Clubs(Teams):
    """The clubs, each by its group's chat."""

    def club(self, chat_key: str) -> Club | None:
        """Returns the club that a group's chat is."""
        row = self._db.execute("select * from club where chat = :chat", {"chat": chat_key}).fetchone()
        return None if row is None else rows.club(row)

    def club_of_token(self, token: str) -> Club | None:
        """Returns the club whose link carries this token."""
        row = self._db.execute("select * from club where token = :token", {"token": token}).fetchone()
        return None if row is None else rows.club(row)

    def joined_clubs(self, chat_key: str) -> tuple[Club, ...]:
        """Returns the clubs to which a person's chat belongs, the first joined first."""
        found = self._db.execute(
            """
            select club.* from membership join club on club.key = membership.club
            where membership.chat = :chat order by membership.joined_at, membership.rowid
            """,
            {"chat": chat_key},
        )
        return tuple(map(rows.club, found.fetchall()))

    def due_clubs(self, now: datetime, limit: int) -> list[Club]:
        """Returns the clubs in which something is to be posted, the longest due first."""
        found = self._db.execute(
            "select * from club where next_at <= :now order by next_at limit :limit",
            {"now": rows.time_text(now), "limit": limit},
        )
        return list(map(rows.club, found.fetchall()))

    def post(self, planned: Iterable[Club], posts: Iterable[Notice]) -> None:
        """Plans clubs anew and queues what the due ones are told, in one transaction."""
        with self._db.atomic():
            self._db.conn.executemany(
                """
                update club set done_on = :done_on, done = :done, next_at = :next_at, posted_at = :posted_at
                where key = :key
                """,
                map(rows.values, planned),
            )
            for post in posts:
                cursor = self._db.execute(
                    """
                    insert into outbox (chat, method, params, tag, priority, expires_at)
                    values (:chat, :method, :params, :tag, :priority, :expires_at)
                    """,
                    {**rows.notice(post), "priority": CLUBS},
                )
                self._tell(post.chat, cursor.lastrowid)

    def silence(self, chat_key: str, state: ClubState, thread_id: int | None = None) -> None:
        """Notes that a group takes no messages, or no more in one topic: nothing is posted there unasked any more.

        What waits for it as a post is parked; an answer that somebody asked for is tried on its own.
        """
        with self._db.atomic():
            self._silence(chat_key, state, thread_id)

    def _silence(self, chat_key: str, state: ClubState, thread_id: int | None = None) -> None:
        topic = "and thread_id is :thread_id" if state == "topic_closed" else ""
        cursor = self._db.execute(
            f"update club set state = :state, next_at = null where chat = :chat {topic}",
            {"chat": chat_key, "state": state, "thread_id": thread_id},
        )
        if cursor.rowcount:
            self._db.execute(
                """
                update outbox set params = null, error = iif(begun_at is null, :state, 'uncertain')
                where chat = :chat and priority = :clubs and params is not null
                """,
                {"chat": chat_key, "state": state, "clubs": CLUBS},
            )

    def _save_club(self, club: Club) -> None:
        self._db.execute(_SAVE_CLUB, rows.values(club))

    def _save_memberships(self, chat_key: str, club_keys: tuple[str, ...], now: datetime) -> None:
        marks = ", ".join(f":club{at}" for at in range(len(club_keys)))
        named = {f"club{at}": key for at, key in enumerate(club_keys)}
        self._db.execute(
            f"delete from membership where chat = :chat and club not in ({marks})", {"chat": chat_key, **named}
        )
        self._db.conn.executemany(
            """
            insert into membership (chat, club, joined_at) select :chat, key, :now from club where key = :club
            on conflict do nothing
            """,
            [{"chat": chat_key, "club": key, "now": rows.time_text(now)} for key in club_keys],
        )

    def _merge_club(self, source: str, target: str) -> None:
        """Moves the club of one chat to another; one that is there already keeps its settings and takes the members."""
        move = {"from": source, "to": target}
        self._db.execute(
            """
            update or ignore membership set club = (select key from club where chat = :to)
            where club = (select key from club where chat = :from) and exists (select 1 from club where chat = :to)
            """,
            move,
        )
        self._db.execute(
            """
            update or ignore team_member set club = (select key from club where chat = :to)
            where club = (select key from club where chat = :from) and exists (select 1 from club where chat = :to)
            """,
            move,
        )
        self._db.execute(
            """
            update or ignore team_week set club = (select key from club where chat = :to)
            where club = (select key from club where chat = :from) and exists (select 1 from club where chat = :to)
            """,
            move,
        )
        self._db.execute(
            "update club set chat = :to where chat = :from and not exists (select 1 from club where chat = :to)", move
        )


_SAVE_CLUB = """
insert into club (key, chat, token, name, language, zone, thread_id, state, post_time, exercise_on, challenge, contacts,
    card_at, card_thread, done_on, done, next_at, posted_at)
values (:key, :chat, :token, :name, :language, :zone, :thread_id, :state, :post_time, :exercise_on, :challenge,
    :contacts, :card_at, :card_thread, :done_on, :done, :next_at, :posted_at)
on conflict (key) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, thread_id = excluded.thread_id,
    state = excluded.state, post_time = excluded.post_time, exercise_on = excluded.exercise_on,
    challenge = excluded.challenge, contacts = excluded.contacts, card_at = excluded.card_at,
    card_thread = excluded.card_thread, done_on = excluded.done_on, done = excluded.done, next_at = excluded.next_at,
    posted_at = excluded.posted_at
"""
