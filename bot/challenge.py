"""The team challenge: a person takes part or leaves in private, and the club is told one rounded total a week.

What is kept of a day is one yes or no; flows.team says when a total may be told, and how coarsely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot import days, wall
from bot.desk import Desk
from bot.posting import TOTAL_FROM
from bot.records import Club, DiaryEntry, TeamMember, new_key
from bot.render import Button, Message, Words, bold, paragraphs
from bot.replies import plain
from bot.schedule import local_date
from bot.store import Store
from bot.work import Work
from flows.team import DAYS, Week, last_week, next_week, settled

LABEL = 24
"""Characters of a button's label that small screens show."""


class Challenge:
    """The dialogue of /team in a private chat."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk = desk
        self.words = desk.words
        self.store = store
        self.by_name: Mapping[str, Callable[[Work], None]] = {"team": self.overview}
        self.by_button: Mapping[str, Callable[[Work], None]] = {"team": self.overview, "team_leave": self.leave}
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {"tm": self.join}
        self._labels = {plain(self.words.label(f"team.{name}")) for name in ("show", "leave")}

    # ---- taking part -----------------------------------------------------------------------------------------

    def _clubs(self, work: Work) -> tuple[Club, ...]:
        """The clubs to which the person belongs and which have a challenge."""
        clubs = self.store.joined_clubs(work.chat.key)
        joined = {club.key for club in clubs} if work.joined is None else set(work.joined)
        return tuple(club for club in clubs if club.challenge and club.key in joined)

    def _members(self, work: Work) -> tuple[TeamMember, ...]:
        changed = {member.key for member in work.team}
        kept = self.store.team_members(work.chat.key)
        return (*(member for member in kept if member.key not in changed), *work.team)

    def _part(self, work: Work) -> TeamMember | None:
        """The challenge in which the person takes part now."""
        return next((member for member in self._members(work) if member.left_on is None), None)

    def _named(self, club: Club | None) -> str:
        return club.name if club is not None and club.name else self.words.label("club.a_club")

    def overview(self, work: Work) -> None:
        """Says what the challenge is, and offers to take part or to leave."""
        self.desk.say(work, self._overview(work))

    def _overview(self, work: Work) -> Message:
        clubs, part = self._clubs(work), self._part(work)
        if not clubs and part is None:
            return Message(self.words("team.none"))
        rows = [
            (Button(self._short(self.words.label("team.join", club=self._named(club))), f"tm:{club.key}"),)
            for club in clubs
            if part is None or part.club != club.key
        ]
        state = ""
        if part is not None:
            club = next((club for club in self.store.joined_clubs(work.chat.key) if club.key == part.club), None)
            state = self.words("team.in", club=self._named(club))
            rows.append((Button(self.words.label("team.leave"), "g:team_leave"),))
        heading, about, one = bold(self.words("team.heading")), self.words("team.about"), self.words("team.one_club")
        return Message(paragraphs(heading, about, one, state), tuple(rows))

    @staticmethod
    def _short(label: str) -> str:
        return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"

    def join(self, work: Work, club_key: str) -> None:
        """Lets a person take part with a club; a challenge with another club ends."""
        club = next((club for club in self._clubs(work) if club.key == club_key), None)
        part = self._part(work)
        if work.chat.consent_version != self.desk.content.settings.consent_version:
            self.desk.say(work, self.desk.render.menu(self.words("team.needs_check"), [("nav.start", "g:check")]))
        elif club is None or (part is not None and part.club == club_key):
            self.overview(work)
        else:
            day = local_date(work.now, club.zone)
            before = next((member for member in self._members(work) if member.club == club_key), None)
            key = before.key if before is not None else new_key()
            ended = () if part is None else (replace(part, left_on=day),)
            work.team = (*ended, TeamMember(key, work.chat.key, club_key, day))
            said = self.words("team.moved" if ended else "team.joined", club=self._named(club))
            self.desk.edit(work, Message(said))

    def leave(self, work: Work) -> None:
        """Ends a person's part: their days go, and are in no total that is still to come."""
        part = self._part(work)
        if part is None:
            self.overview(work)
            return
        self._end(work, part)
        self.desk.respond(work, Message(self.words("team.left")))

    def _end(self, work: Work, part: TeamMember) -> None:
        work.team = (replace(part, left_on=work.now.date()),)

    def arrived(self, work: Work, token: str) -> None:
        """Offers the challenge of the club whose link a known person followed."""
        club = self.store.club_of_token(token)
        part = self._part(work)
        knows = work.chat.consent_version == self.desk.content.settings.consent_version
        if club is None or not club.challenge or not knows or (part is not None and part.club == club.key):
            return
        offer = self.words("team.offer", club=self._named(club))
        self.desk.say(work, self.desk.render.menu(offer, [("team.show", "g:team")]))

    def reply(self, work: Work) -> bool:
        """Takes the typed label of a button, where nothing else waits for an answer."""
        said = plain(work.incoming.text)
        if work.incoming.kind != "text" or said not in self._labels or self.desk.waiting(work):
            return False
        if said == plain(self.words.label("team.leave")):
            self.leave(work)
        else:
            self.overview(work)
        return True

    def close(self, _: Work) -> None:
        """Leaves nothing open: it asks no question."""

    # ---- what is kept of a day -------------------------------------------------------------------------------

    def note(self, work: Work) -> None:
        """Keeps one yes or no of each check-in that this turn has brought, and ends the part of who left the club."""
        part = self._part(work)
        if part is None or work.forget:
            return
        if work.joined is not None and part.club not in work.joined:
            self._end(work, part)
            return
        if not any(club.key == part.club for club in self._clubs(work)):
            return
        said: dict[date, bool] = {}
        for entry in (entry for entry in work.diary if entry.kind == days.CHECK_IN):
            last = self.store.last_team_day(part.key)
            said |= dict(_counted(entry, self._chosen(work), last))
        if said:
            work.team_days = {**work.team_days, **said}

    def _chosen(self, work: Work) -> frozenset[int]:
        """The weekdays on which the person wants to exercise: all, unless they have chosen some."""
        reminders = work.reminders if work.reminders is not None else self.store.reminders(work.chat.key)
        chosen = next((one.weekdays for one in reminders if one.kind == "check_in"), ())
        return frozenset(chosen or range(DAYS))


def _counted(entry: DiaryEntry, chosen: frozenset[int], last: date | None) -> Iterator[tuple[date, bool]]:
    """Yields the day of a check-in, and days of planned rest since the last one, for which no check-in is asked."""
    on = date.fromisoformat(str(entry.data["date"]))
    answers = entry.data.get("answers")
    session = answers.get("C3") if isinstance(answers, Mapping) else None
    # Where exercises were not even asked about, the plan itself says rest.
    done = session.get("done") in ("all", "some") if isinstance(session, Mapping) else True
    yield on, done or on.weekday() not in chosen
    for back in range(1, DAYS):
        day = on - timedelta(days=back)
        if last is not None and last < day and day.weekday() not in chosen:
            yield day, True


# ---- what the club is told ---------------------------------------------------------------------------------------


class Totals:
    """Settles the weeks of clubs, each once, and says what the club is told."""

    def __init__(self, store: Store, words: Callable[[Club], Words]) -> None:
        self.store = store
        self.words = words

    def __call__(self, club: Club, day: date) -> str:
        """Returns the total of the newest week that may be told on a day, escaped; nothing where none is owed."""
        # Until the week before may be told, one that was lost on the way is still the newest.
        monday = last_week(day - timedelta(days=TOTAL_FROM))
        weeks = self.store.team_weeks(club.key)
        # A club whose clock was put back is not told of an older week after a newer one.
        if not club.challenge or any(week.monday >= monday for week in weeks):
            return ""
        week = settled(monday, self.store.team(club.key), weeks)
        self.store.settle(club.key, week, day)
        return self._said(club, week) if week.total is not None else ""

    def _said(self, club: Club, week: Week) -> str:
        total, words = week.total, self.words(club)
        assert total is not None
        named = wall.span(week.monday, next_week(week.monday) - timedelta(days=1), words.language)
        if total.at_least:
            return words("team.total", week=named, days=total.at_least)
        return words("team.fewer", week=named, days=total.fewer_than)
