"""The team challenge: who takes part in which club, what their days were, and the weeks that are settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot import rows
from bot.records import TeamMember
from bot.store.connection import Connected
from flows.team import Member, Total, Week, matters_from, next_week


class Teams(Connected):
    """The teams of all clubs."""

    def team_members(self, chat_key: str) -> tuple[TeamMember, ...]:
        """Returns a person's parts in team challenges, those that have ended too."""
        found = self._db.execute("select * from team_member where chat = :chat order by rowid", {"chat": chat_key})
        return tuple(map(rows.team_member, found.fetchall()))

    def last_team_day(self, member_key: str) -> date | None:
        """Returns the last day of which a person said something for the challenge, if any is still kept."""
        row = self._db.execute(
            "select max(day) as day from team_day where member = :member", {"member": member_key}
        ).fetchone()
        return None if row["day"] is None else date.fromisoformat(row["day"])

    def team(self, club_key: str) -> list[Member]:
        """Returns all who take part in a club's challenge now, with their days that are still kept."""
        found = self._db.execute(
            """
            select team_member.key, team_member.since, team_day.day, team_day.done from team_member
            left join team_day on team_day.member = team_member.key
            where team_member.club = :club and team_member.left_on is null
            """,
            {"club": club_key},
        ).fetchall()
        days: dict[tuple[str, str], dict[date, bool]] = {}
        for row in found:
            said = days.setdefault((row["key"], row["since"]), {})
            if row["day"] is not None:
                said[date.fromisoformat(row["day"])] = bool(row["done"])
        return [Member(key, date.fromisoformat(since), said) for (key, since), said in days.items()]

    def team_weeks(self, club_key: str) -> list[Week]:
        """Returns the weeks of a club that are settled and still matter: told, about to be told, or silent.

        A week whose total surely never arrived is none of them.
        """
        found = self._db.execute(
            f"select team_week.* from team_week where club = :club and {_TOLD} order by monday", {"club": club_key}
        )
        return [_week(rows.plain(row)) for row in found]

    def settle(self, club_key: str, week: Week, settled_on: date) -> None:
        """Keeps what a club is told of a week on a day, and drops the days and weeks that no rule needs.

        The days of a week that is told are needed until the next one, for its total may be lost on the way.
        """
        total, before = week.total, next_week(week.monday) if week.total is None else week.monday
        with self._db.atomic():
            self._db.execute(
                """
                insert into team_week (club, monday, at_least, fewer_than, teams, settled_on)
                values (:club, :monday, :at_least, :fewer_than, :teams, :settled_on)
                on conflict (club, monday) do update set
                    at_least = excluded.at_least, fewer_than = excluded.fewer_than, teams = excluded.teams,
                    settled_on = excluded.settled_on, post = null
                """,
                {
                    "club": club_key,
                    "monday": week.monday.isoformat(),
                    "at_least": None if total is None else total.at_least,
                    "fewer_than": None if total is None else total.fewer_than,
                    "teams": rows.json_text([sorted(team) for team in week.teams]),
                    "settled_on": settled_on.isoformat(),
                },
            )
            self._db.execute(
                "delete from team_week where club = :club and monday < :monday",
                {"club": club_key, "monday": matters_from(week.monday).isoformat()},
            )
            self._db.execute(
                """
                delete from team_day where day < :before
                    and member in (select key from team_member where club = :club)
                """,
                {"club": club_key, "before": before.isoformat()},
            )

    def _tell(self, chat_key: str, post: int | None) -> None:
        """Notes by which call a group is told of the week that was settled for its post of the day."""
        self._db.execute(
            """
            update team_week set post = :post from club
            where club.chat = :chat and team_week.club = club.key and team_week.settled_on = club.done_on
                and team_week.at_least is not null
            """,
            {"chat": chat_key, "post": post},
        )

    def _withdraw(self, chat_key: str) -> None:
        """Takes back the posts that wait to tell of weeks in which a person counts; their clubs are due again."""
        found = self._db.execute(
            """
            select team_week.club, team_week.monday, team_week.post from team_member
            join team_week on team_week.club = team_member.club
            join outbox on outbox.id = team_week.post and outbox.params is not null and outbox.begun_at is null
            where team_member.chat = :chat and instr(team_week.teams, '"' || team_member.key || '"')
            """,
            {"chat": chat_key},
        ).fetchall()
        for row in found:
            named = rows.plain(row)
            self._db.execute("delete from outbox where id = :post", {"post": named["post"]})
            self._db.execute("delete from team_week where club = :club and monday = :monday", named)
            # Where the group takes no messages by now, there is nothing to plan.
            self._db.execute(
                "update club set done = 0, next_at = posted_at where key = :club and state = 'active'", named
            )

    def _forget_team_days(self, club_key: str) -> None:
        self._db.execute(
            "delete from team_day where member in (select key from team_member where club = :club)", {"club": club_key}
        )

    def _save_team(self, chat_key: str, members: Sequence[TeamMember], days: Mapping[date, bool]) -> None:
        if any(member.left_on is not None for member in members):
            self._withdraw(chat_key)
        # One that ends comes first: nobody is in two at once.
        for member in sorted(members, key=lambda member: member.left_on is None):
            self._db.execute(_SAVE_MEMBER, rows.values(member))
            if member.left_on is not None:
                self._db.execute("delete from team_day where member = :member", {"member": member.key})
        self._db.conn.executemany(
            """
            insert into team_day (member, day, done)
            select key, :day, :done from team_member where chat = :chat and left_on is null
            on conflict (member, day) do update set done = excluded.done
            """,
            [{"chat": chat_key, "day": day.isoformat(), "done": int(done)} for day, done in days.items()],
        )


def _week(values: Mapping[str, object]) -> Week:
    at_least, fewer_than, teams = values["at_least"], values["fewer_than"], values["teams"]
    assert isinstance(teams, list)
    total = Total(at_least, fewer_than) if isinstance(at_least, int) and isinstance(fewer_than, int) else None
    return Week(date.fromisoformat(str(values["monday"])), total, tuple(map(frozenset, teams)))


# Nothing was told by a post that was never queued, or was given up before it was sent or with a refusal. One that is
# gone was sent: what was given up stays in the outbox.
_TOLD = """
(
    at_least is null or post is not null and not exists (
        select 1 from outbox
        where id = post and params is null and sent_at is null and error is not null and error <> 'uncertain'
    )
)
"""

_SAVE_MEMBER = """
insert into team_member (key, chat, club, since, left_on) values (:key, :chat, :club, :since, :left_on)
on conflict (key) do update set since = excluded.since, left_on = excluded.left_on
"""
