"""The team total of a club: when it may be told, and how coarsely, so that nobody's share can be worked out from it.

A share is the number of days of one week on which a person did the plan, or took a planned rest: 0 to 7. The club is
told a rounded sum of shares and nothing else. Five rules keep each share to its owner:

1. Whole weeks. A person counts in weeks that they have been in from their first day to the moment of telling. Who
   leaves before that is in no total that is still to come; what was told stays as it was told, once for each week.
   Told is what may have arrived: a total that surely never did is worked out anew, of those who are in by then.
2. Fixed teams. People count as a team of at least five (`FEWEST`) that never changes. Who comes later waits until five
   are waiting, and these are a team of their own. When one leaves, the totals of that team end, and the others may be
   in another team four weeks (`APART`) after its last total. So two totals of neighbouring weeks are about the same
   people, or about people who have nobody in common: no difference of two totals is about one person, or about a few.
   Of whoever deletes everything not even the random id stays in the teams that were told: an empty one takes its
   place, which nobody has, so that this team is never complete again and the others rest as after any leaving. They
   may come back, as somebody new. For two teams that differ in one person all the others would have to delete
   everything and come back within four weeks, and those could put their shares together anyhow.
3. Contributors. A team is counted in weeks in which at least five of it said anything at all.
4. Open ends. A sum is told as "at least" one of a few round numbers, or as fewer than the lowest of them. They keep
   so far from zero and from the maximum that, whatever is told, every share from 0 to 7 of everybody remains possible:
   also for somebody who knows one share (their own), from ten contributors on two, from fifteen on three (`friends`).
   One friend more may exclude a value, and never learns a share.
5. Steps. The numbers lie further apart than a week has days, so that a change in one person's share from 7 to 0, seen
   by somebody who knows that all the others did as before, still does not say what it was.

One more rule stands with the caller: a day counts in one club. Two clubs that share all members but one would else
tell the share of that one. Silence follows from rules 1 to 3 and tells no more than a total does.

What no rule can prevent: all of a team but one put their shares together. They know more than the bot ever tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 7
FEWEST = 5
"""The smallest team, and the fewest contributors in a week that is told."""
APART = 4
"""So many weeks lie between the totals of two different teams that have people in common."""
STEP = 10
"""How far apart the numbers are that a total may name; more than `DAYS`."""

Team = frozenset[str]


@dataclass(frozen=True, slots=True)
class Member:
    """One person of one club, by a random id that says nothing about them."""

    id: str
    since: date
    """The day on which they came in."""
    days: Mapping[date, bool]
    """For each day that they said something about, whether they did the plan or took a planned rest."""


@dataclass(frozen=True, slots=True)
class Total:
    """What a club is told of a week: at least so many days or, where `at_least` is 0, fewer than `fewer_than`."""

    at_least: int
    fewer_than: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week that is settled for good: what was told, if anything, and of which teams."""

    monday: date
    total: Total | None
    teams: tuple[Team, ...] = ()


def settled(monday: date, members: Iterable[Member], earlier: Iterable[Week]) -> Week:
    """Returns what may be told of the week that begins on a Monday, given the weeks that were told before it.

    `members` are all who take part at this moment; a week that nothing is told of has no teams.
    """
    whole = {member.id: member for member in members if member.since < monday}
    teams, total = [], Total(0, 0)
    for team in _teams(monday, frozenset(whole), earlier):
        shares = [share for name in team if (share := _share(whole[name], monday)) is not None]
        if len(shares) >= FEWEST:
            told = rounded(sum(shares), len(shares))
            total = Total(total.at_least + told.at_least, total.fewer_than + told.fewer_than)
            teams.append(team)
    return Week(monday, total if teams else None, tuple(teams))


def _teams(monday: date, whole: Team, earlier: Iterable[Week]) -> list[Team]:
    """Returns the teams that are complete, and those who wait as one more."""
    since = monday - timedelta(weeks=APART)
    recent = list(dict.fromkeys(team for week in earlier if since < week.monday < monday for team in week.teams))
    waiting = whole.difference(*recent)
    return [*(team for team in recent if team <= whole), waiting]


def _share(member: Member, monday: date) -> int | None:
    """Returns the share of a week, or None of one in which the person said nothing."""
    said = [member.days[day] for ahead in range(DAYS) if (day := monday + timedelta(days=ahead)) in member.days]
    return sum(said) if said else None


def last_week(day: date) -> date:
    """Returns the Monday of the newest week that is over on a day."""
    return day - timedelta(days=day.weekday() + DAYS)


def next_week(monday: date) -> date:
    """Returns the Monday after a week."""
    return monday + timedelta(days=DAYS)


def rounded(days: int, contributors: int) -> Total:
    """Returns a sum of at least five shares as coarsely as it may be told."""
    steps = edges(contributors)
    return Total(max((edge for edge in steps if edge <= days), default=0), steps[0])


def edges(contributors: int) -> Sequence[int]:
    """Returns the numbers that a total of so many contributors may name, rising.

    Each is reached by some and missed by others, whatever `friends` of them and one more did.
    """
    known = friends(contributors)
    lowest, highest = DAYS * (known + 1) + 2, DAYS * (contributors - known - 1) - 1
    return range(-(-lowest // STEP) * STEP, highest + 1, STEP)


def friends(contributors: int) -> int:
    """Returns how many may put their shares together and still can exclude nothing about anybody else."""
    return min(max(contributors // 5, 1), 3)


def matters_from(monday: date) -> date:
    """Returns the first Monday whose week still matters to what may be told of a week and later ones."""
    return monday - timedelta(weeks=APART - 1)
