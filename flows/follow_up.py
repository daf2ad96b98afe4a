"""The days after a full screen, each worked out from the last full screen and the check-ins since (clinical.md 6)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from flows import progress, returning
from flows.check_ins import Log, Reported, Start
from flows.decisions import Decisions, Orders
from flows.plan import make_plan
from flows.rules import Value
from flows.schema import Content, Disposition, Permission
from flows.screen import Screening
from flows.standing import Standing

BLANK_DAYS = 60
"""After so many dates without a check-in nothing changes any more: every window and every lock is shorter."""


@dataclass(frozen=True, slots=True)
class Day:
    """How things stand after one date."""

    day: int
    state: str
    disposition: Disposition
    label: str
    light: str | None
    running: str
    ladder_step: int | None
    levels: dict[str, int]
    actions: tuple[str, ...]
    """What acted, in that order."""
    halved: frozenset[str]
    """Exercises of which half the dose is done."""
    resting: frozenset[str]
    """Exercises that the next session leaves out, as another takes their place or has its turn."""
    week: Fraction | None
    """The mean pain of the last 7 days."""
    recent: Fraction | None
    """The mean pain of the last 3 days."""
    ability: tuple[int, int] | None
    """The running ability at the start and the newest of the last 7 days, from 0 to 10, where both are known."""
    locks: tuple[str, ...]
    """What locks running: red, two_reds, worse or bone; nothing while the plan rests."""
    entry_test: bool
    """Whether the next check-in asks the entry test of the way back to running."""
    screening: Screening
    """What section 2 concluded last: the flags, the permission and who to see."""
    facts: dict[str, Value]
    """The standing answers with what was concluded from them."""
    begun: int
    """The date of the full screen that the plan goes back to."""
    baseline: int
    """The pain at that screen, from 0 to 10."""
    adherence: Fraction
    """The strength sessions done of those planned, from 0 to 1."""
    gates_week: int
    """The number of the last week whose gates were gone through."""
    longest: Fraction | None
    """The longest run that the last weeks allow, in kilometres."""
    distance: Fraction | None
    """The distance of the present week, in kilometres."""
    bone_check: int | None
    """The date from which possible bone stress is decided again, if it is waiting for that."""


def beginning(content: Content, start: Start) -> Day:
    """Returns how things stand right after the full screen, on day 0."""
    return Course(content, start, 0).now(0)


def follow(content: Content, start: Start, reported: Iterable[Reported]) -> list[Day]:
    """Returns one day for each date of the check-ins, which come in the order of their dates.

    A second check-in of a date replaces the first. Raises ValueError for a date before day 1 or out of order.
    """
    course = Course(content, start, 0)
    days: list[Day] = []
    last = 0
    for day, same in groupby(reported, key=lambda each: each.day):
        if day <= last:
            raise ValueError(f"day {day} comes after day {last}")
        for blank in range(last + 1, min(day, last + 1 + BLANK_DAYS)):
            course.blank(blank)
        course, done = course.through(list(same))
        days.append(done)
        last = day
    return days


class Course:
    """What follows from one full screen."""

    def __init__(self, content: Content, start: Start, day: int) -> None:
        self.content, self.begun = content, day
        self.standing = Standing(content, dict(start.answers), day)
        self.log = Log(content.check_in, day, int(str(start.answers["nprs"])), start.ability)
        plan = make_plan(content, self.standing.facts, self.standing.screening).plan
        self.program = progress.begun(content, plan, self.standing.answers, day)
        self.runs = returning.first_runs(content, self.log, start, self._today(day))
        self.rows = Decisions(content, day, self.standing, self.log, self.program, self.runs)
        self.rows.fired(frozenset(self.standing.screening.flags), day)
        self.runs.permit(self._today(day))
        self._remember_running()

    # ---- one date ------------------------------------------------------------------------------------------------

    def through(self, same: list[Reported]) -> tuple[Course, Day]:
        """Works a date out from its check-ins, of which each replaces the one before."""
        reported, known = same[0], self
        for later in same[1:]:
            if reported.screen is None:
                # What came out earlier on this date decides whether a full screen may follow it.
                known = copy.deepcopy(self, {id(part): part for part in (self.content, self.content.check_in)})
                known.check_in(reported)
            reported = reported.replaced_by(later)
        if reported.screen is not None and known.may_screen(reported):
            return self._screened(reported, reported.screen)
        light = None
        if reported.answered:
            light = self.check_in(reported)
        else:
            self.blank(reported.day)
        if self.standing.in_plan:
            self.standing.actions += self.program.accept(reported.accepted, self.standing.facts, self.log, reported.day)
        return self, self._day(reported.day, light)

    def may_screen(self, reported: Reported) -> bool:
        """Tells whether a full screen counts: after an urgent result only later, and with a professional's word."""
        if self.standing.urgent_on is None:
            return True
        late = reported.day - self.standing.urgent_on >= self.content.check_in.timing.after_urgent
        return late and reported.assessed == "yes"

    def _screened(self, reported: Reported, screen: Start) -> tuple[Course, Day]:
        self.standing.actions = []
        self._silence(reported.day)
        course = Course(self.content, screen, reported.day)
        course.standing.actions = self.standing.actions
        if not course.standing.paused:
            course.standing.actions.append("NEW_PLAN")
        elif course.standing.disposition >= Disposition.DOCTOR:
            course.standing.actions.append("D_FLAG")
        return course, course._day(reported.day, None)

    def blank(self, day: int) -> None:
        """Works out a date without a check-in: silence, and what ends by itself."""
        self.standing.actions = []
        self._silence(day)
        self._run(self._today(day), None)

    def check_in(self, reported: Reported) -> str | None:
        """Works a check-in out in the order of clinical.md 6.0, and returns its light."""
        self.standing.actions = []
        day, recovered, before = reported.day, self.standing.done, self.log.last
        self._silence(day)
        worse_before = before > self.begun and self.log.label(before) == "worse"
        self.log.add(reported)
        self.runs.lift(day)
        light = self.runs.light(reported)
        bone_due = self.rows.bone_due(day)
        news, rebuild = self.rows.red_flags(reported, self.rows.gates(day) or bone_due)
        self.rows.strong_pain(reported)
        clean = reported.flags is not None and not news
        if recovered and not self.standing.paused and (news or self.rows.pain_is_back(reported)):
            self.standing.actions.append("FULL_SCREEN")
            self.standing.pause()
        orders = Orders(rebuild=rebuild)
        if self.standing.in_plan:
            self.rows.act(reported, orders, worse_before, bone_due)
        else:
            self.rows.retests(reported)
        if self.standing.in_plan:
            self._exercises(reported, orders, clean, light)
        self._run(self._today(day, clean), light)
        self._remember_running()
        return light

    def now(self, day: int) -> Day:
        """Returns how things stand, with nothing reported."""
        return self._day(day, None)

    def _day(self, day: int, light: str | None) -> Day:
        standing, practices = self.standing, {} if self.standing.paused else self.program.practices
        return Day(
            day,
            standing.state,
            standing.disposition,
            self.log.label(day),
            light,
            "STOP" if standing.paused else self.runs.running,
            None if standing.paused else self.runs.step,
            {name: practice.level for name, practice in practices.items()},
            tuple(standing.actions),
            halved=frozenset(name for name, practice in practices.items() if practice.halved),
            resting=frozenset() if standing.paused else self.program.resting(self.log, day + 1),
            week=self.log.week(day),
            recent=self.log.mean(day, self.content.check_in.labels.recent),
            ability=self.log.abilities(day),
            locks=() if standing.paused else tuple(self.runs.locks(self._today(day))),
            entry_test=not standing.paused and self.runs.test_open(self._today(day)),
            screening=standing.screening,
            facts=standing.facts,
            begun=self.begun,
            baseline=self.log.baseline,
            adherence=self.log.adherence(day),
            gates_week=self.rows.week,
            longest=self._longest(day),
            distance=self.log.distance(day, self.content.check_in.distances.week_days),
            bone_check=self.rows.bone_check(),
        )

    def _longest(self, day: int) -> Fraction | None:
        rules = self.content.check_in.distances
        longest = self.log.longest(day, rules.days)
        return None if longest is None else longest * rules.longest_percent / 100

    # ---- how it stands -------------------------------------------------------------------------------------------

    def _today(self, day: int, clean: bool = False) -> returning.Today:
        # On a missed date there are fewer values, which is no sign that it is better.
        return returning.Today(day, self.log.label(self.log.last), clean, self.standing.facts)

    def _remember_running(self) -> None:
        self.runs.running_before = "STOP" if self.standing.paused else self.runs.running

    def _left_out(self, day: int) -> frozenset[str]:
        """Returns what stays out of the plan: swapped out, removed, or not yet good for bone."""
        out = self.program.out
        if self.runs.bone_locked(day):
            bone = self.content.check_in.returning.bone_exclusion
            out |= {name for row in self.content.planning.exclusions if row.id == bone for name in row.remove}
        return out

    def _rebuild(self, day: int) -> None:
        plan = make_plan(self.content, self.standing.facts, self.standing.screening, self._left_out(day)).plan
        self.program.rebuild(plan, self.standing.facts, day)

    def _silence(self, day: int) -> None:
        if not self.standing.done and day - self.log.last >= self.content.check_in.timing.silence:
            self.standing.actions.append("FULL_SCREEN")
            self.standing.pause()

    # ---- exercises and running -----------------------------------------------------------------------------------

    def _exercises(self, reported: Reported, orders: Orders, clean: bool, light: str | None) -> None:
        day = reported.day
        if orders.refresh:
            self.standing.actions.append("REFRESH")
            self.rows.rerun(reported)
            orders.rebuild = True
            if self.standing.paused:
                return
        down = self.program.session(reported, self.log, clean)
        lowered = self.program.lower(down, orders.worse, self.standing.facts, self._left_out(day), day)
        self.standing.actions += lowered
        if any(action.startswith("REMOVE") for action in lowered):
            self.standing.raise_to(Disposition.PHYSIO, day)
        if orders.rebuild:
            self._rebuild(day)
        if orders.simplify:
            self.standing.actions.append("SIMPLIFY")
            self.program.simplify()
        today = self._today(day, clean)
        # The first step back to running makes the plan anew as well, later on this date.
        made_anew = orders.rebuild or orders.simplify or self.runs.may_enter(today, light)
        full = self.standing.screening.permission is Permission.FULL
        if reported.session.done == "all" and clean and full and today.label != "worse" and not made_anew:
            self.standing.actions += self.program.raise_(self.standing.facts, day)
        self.standing.actions += self.program.offers(self.standing.facts, self.log, day)

    def _run(self, today: returning.Today, light: str | None) -> None:
        """Works out the light, the locks and the way back to running."""
        if self.standing.paused:
            return
        runs, day = self.runs, today.day
        enters = runs.may_enter(today, light)
        for action in runs.shine(light, day):
            self.standing.decide(action, Disposition.PHYSIO if action == "TWO_REDS" else Disposition.SELF_CARE, day)
        runs.wait(day)
        if enters:
            self.standing.actions += runs.enter(today)
            self.rows.rerun(self.log.reported[-1])
            if self.standing.in_plan:
                self._rebuild(day)
        else:
            self.standing.actions += runs.climb(today, light)
        runs.permit(self._today(day, today.clean))
