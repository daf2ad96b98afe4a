"""What a runner reported day by day, and what it measures: means, labels, flares, adherence (clinical.md 6.0, 6.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from flows.check_in_schema import CheckIn, Progress, Window
from flows.rules import Facts, Value

HEARD = ("", "no", "unsure", "yes")
"""Answers to the question of the free-text net, from harmless to certain."""


@dataclass(frozen=True, slots=True)
class Start:
    """The answers of a full screen, and the two that are asked beside it."""

    answers: Facts
    run_status: str = "usual"
    ability: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """C3, the exercises since the last check-in; what was not answered is empty."""

    done: str = ""
    pain: str = ""
    effort: str = ""
    hurt: frozenset[str] = frozenset()

    def touches(self, exercise: str) -> bool:
        """Tells whether its pain and its flare are about this exercise."""
        return not self.hurt or exercise in self.hurt

    @property
    def counts(self) -> bool:
        """Tells whether any exercise was done."""
        return self.done in ("all", "some")


@dataclass(frozen=True, slots=True)
class Run:
    """C4, the run of the day before; what was not answered is empty."""

    ran: str = ""
    worst: str = ""
    morning: str = ""
    limp: str = ""


@dataclass(frozen=True, slots=True)
class EntryTest:
    """L, the questions before the first step back to running; what was not answered is empty."""

    walk: str = ""
    kerb: str = ""
    leg: str = ""
    clinician: str = ""


@dataclass(frozen=True, slots=True)
class Distance:
    """W3: the distance of the last 7 days and of the longest run in them, in kilometres; None was not answered."""

    week: Fraction | None = None
    longest: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """Everything that a runner answered on one date; None or empty where a question has no answer."""

    day: int
    flags: frozenset[str] | None = None
    """C1: the ids that were named; empty is 'nothing new'."""
    pain: int | None = None
    session: Session = Session()
    run: Run = Run()
    entry: EntryTest = EntryTest()
    ability: int | None = None
    change: str = ""
    distance: Distance = Distance()
    worry: str = ""
    late: Mapping[str, Value] = field(default_factory=dict)
    """Questions of the full screen that are asked only after many weeks."""
    tests: Mapping[str, Value] = field(default_factory=dict)
    screen: Start | None = None
    assessed: str = ""
    heard: str = ""
    """The answer to whether an emergency that was typed is happening now (clinical.md 2.8)."""
    accepted: frozenset[str] = frozenset()
    """Offered exercises that the runner wants from this date on; that alone is no check-in."""

    @property
    def answered(self) -> bool:
        """Tells whether the date has a check-in: at least one answer."""
        return self != Reported(self.day, accepted=self.accepted)

    def replaced_by(self, later: Reported) -> Reported:
        """Returns a later check-in of the same date; ids that were named stay, as does a full screen that was done."""
        flags = self.flags | (later.flags or frozenset()) if self.flags else later.flags
        heard = max(self.heard, later.heard, key=HEARD.index)
        later = replace(later, flags=flags, heard=heard, accepted=self.accepted | later.accepted)
        if self.screen is None or later.screen is not None:
            return later
        return replace(later, screen=self.screen, assessed=self.assessed)


@dataclass(slots=True)
class Log:
    """The check-ins since a full screen, oldest first, and the pain and running ability that it began with."""

    content: CheckIn
    begun: int
    baseline: int
    ability: int | None
    reported: list[Reported] = field(default_factory=list)

    def add(self, reported: Reported) -> None:
        """Puts a check-in at the end; the first running ability that is known is the baseline."""
        self.reported.append(reported)
        if self.ability is None:
            self.ability = reported.ability

    @property
    def last(self) -> int:
        """The date of the newest check-in, or of the full screen."""
        return self.reported[-1].day if self.reported else self.begun

    def within(self, day: int, days: int) -> Iterator[Reported]:
        """Yields the check-ins of the last so many days, this one included."""
        return (each for each in self.reported if day - days < each.day <= day)

    def pains(self, day: int, days: int) -> list[int]:
        """Returns the pain values of the last so many days."""
        return [each.pain for each in self.within(day, days) if each.pain is not None]

    def pain_on(self, day: int) -> int | None:
        """Returns the pain value of a date."""
        return next(iter(self.pains(day, 1)), None)

    def mean(self, day: int, window: Window) -> Fraction | None:
        """Returns the mean pain of a window, exactly; None while there are too few values."""
        values = self.pains(day, window.days)
        return Fraction(sum(values), len(values)) if len(values) >= window.values else None

    def week(self, day: int) -> Fraction | None:
        """Returns m7, the mean pain of the last week."""
        return self.mean(day, self.content.labels.week)

    def longest(self, day: int, days: int) -> Fraction | None:
        """Returns the longest run of the last so many days, in kilometres."""
        runs = [each.distance.longest for each in self.within(day, days) if each.distance.longest is not None]
        return max(runs, default=None)

    def distance(self, day: int, days: int) -> Fraction | None:
        """Returns the newest distance of a week that was told in the last so many days, in kilometres."""
        weeks = [each.distance.week for each in self.within(day, days) if each.distance.week is not None]
        return weeks[-1] if weeks else None

    def _newest_ability(self, day: int) -> int | None:
        told = [each.ability for each in self.within(day, self.content.labels.week.days) if each.ability is not None]
        return told[-1] if told else None

    def abilities(self, day: int) -> tuple[int, int] | None:
        """Returns the running ability at the start and the newest of the last week; None where one is not known."""
        newest = self._newest_ability(day)
        return None if self.ability is None or newest is None else (self.ability, newest)

    def label(self, day: int) -> str:
        """Returns what the pain has done since the start (clinical.md 6.4)."""
        rules = self.content.labels
        week, ability = list(self.within(day, rules.week.days)), self._newest_ability(day)
        words = next((each.change for each in reversed(week) if each.change), "")
        recent = self.mean(day, rules.recent)
        if words in rules.worse_words or (recent is not None and recent >= self.baseline + rules.rise):
            return "worse"
        if ability is not None and ability >= rules.running_again and self._recovered(day):
            return "recovered"
        if self.baseline <= rules.low_start:
            return self._by_ability(day, ability)
        return self._by_pain(day)

    def _recovered(self, day: int) -> bool:
        rules = self.content.labels
        weeks = [self.week(each.day) for each in self.within(day, rules.long.days)]
        now = self.week(day)
        return (
            now is not None
            and len(weeks) >= rules.long.values
            and all(mean is not None and mean <= rules.gone for mean in (*weeks, now))
        )

    def _by_pain(self, day: int) -> str:
        rules, mean = self.content.labels, self.week(day)
        if mean is None:
            return "not_enough_data"
        fall = self.baseline - mean
        if fall >= rules.much or (fall >= rules.some and 100 * fall >= rules.share_percent * self.baseline):
            return "improved"
        return "slight" if fall >= rules.some else "unchanged"

    def _by_ability(self, day: int, ability: int | None) -> str:
        """Pain that was low at the start cannot fall much: running tells more."""
        rules, mean = self.content.labels, self.week(day)
        if ability is None or self.ability is None:
            return "not_enough_data"
        gain = ability - self.ability
        calm = mean is not None and mean <= self.baseline
        if gain >= rules.ability_much or (ability >= rules.running_again and calm):
            return "improved"
        return "slight" if gain >= rules.ability_some else "unchanged"

    def flare(self, reported: Reported) -> bool:
        """Tells whether the pain on a session's day is far above that of the dates before."""
        rules = self.content.progress
        before = self.pains(reported.day - 1, rules.flare_days)
        if self.begun >= reported.day - rules.flare_days:
            before.append(self.baseline)
        if reported.pain is None or not before or not reported.session.counts:
            return False
        return reported.pain - Fraction(sum(before), len(before)) >= rules.flare_rise

    def adherence(self, day: int) -> Fraction:
        """Returns the strength sessions done of those planned, over the whole weeks of the plan; 1 before the first."""
        rules, weeks = self.content.progress, (day - self.begun) // 7
        if not weeks:
            return Fraction(1)
        done = sum((self._sessions(rules, self.begun + 7 * week) for week in range(1, weeks + 1)), Fraction())
        return done / (rules.sessions_a_week * weeks)

    def _sessions(self, rules: Progress, last_day: int) -> Fraction:
        worth = {"all": Fraction(1), "some": Fraction(1, 2)}
        done = sum((worth.get(each.session.done, Fraction()) for each in self.within(last_day, 7)), Fraction())
        return min(done, Fraction(rules.sessions_a_week))
