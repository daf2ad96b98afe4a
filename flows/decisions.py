"""The decision points of clinical.md 6.5, each with when it was last decided or began to wait."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from flows.check_in_schema import Decision
from flows.check_ins import HEARD, Log, Reported
from flows.progress import Program
from flows.returning import Runs
from flows.rules import Value
from flows.schema import Content, Disposition
from flows.screen import record
from flows.standing import Standing

RECOVERS = "recover"
"""What a row is called to do that ends with a recovery."""


@dataclass(slots=True)
class Orders:
    """What the rows of a date ask of the exercises."""

    rebuild: bool = False
    refresh: bool = False
    simplify: bool = False
    worse: bool = False


@dataclass(slots=True)
class Decisions:
    """The rows of one course, in the order in which they act on a date."""

    content: Content
    begun: int
    standing: Standing
    log: Log
    program: Program
    runs: Runs
    passed: set[int] = field(default_factory=set)
    """Days of the tables (7, 14, 28 …) that have acted."""
    week: int = 0
    """The number of the last week whose gates were gone through."""
    worse: int | None = None
    worse_open: bool = False
    irritable: int | None = None
    irritable_due: int = 0
    bone_open: bool = False

    # ---- rules ---------------------------------------------------------------------------------------------------

    def rerun(self, reported: Reported) -> bool:
        """Runs section 2 again on today's pain; tells whether permission or rules changed."""
        fired, changed = self.standing.run_again(reported.pain, reported.day)
        self.fired(fired, reported.day)
        return changed

    def fired(self, flags: frozenset[str], day: int) -> None:
        """Begins to count the days of the rules that are decided again later."""
        timing = self.content.check_in.timing
        if timing.irritable in flags:
            self.irritable, self.irritable_due = day, day + timing.irritable_every
        if timing.bone in flags and not self.bone_open:
            self.bone_open = True
            self.runs.bone_fired(day)

    # ---- warning signs, strong pain -------------------------------------------------------------------------------

    def gates(self, day: int) -> bool:
        """Notes a check-in, and tells whether it is the first check-in on or after day 7, 14, 21 and so on."""
        week = (day - self.begun) // self.content.check_in.timing.gates_every
        new = week > self.week
        self.week = week
        return new

    def bone_check(self) -> int | None:
        """Returns the date from which possible bone stress is decided again, if it is waiting for that."""
        since = self.runs.bone_since
        waits = self.standing.in_plan and self.bone_open and since is not None
        return since + self.content.check_in.timing.bone_after if waits and since is not None else None

    def bone_due(self, day: int) -> bool:
        """Tells whether possible bone stress is decided on this date."""
        check = self.bone_check()
        return check is not None and day >= check

    def red_flags(self, reported: Reported, gates: bool) -> tuple[frozenset[str], bool]:
        """Takes in C1; returns the ids that are news, and whether the plan has to be made anew."""
        heard = reported.heard in HEARD[2:]
        if heard:
            self.standing.answers["NET"] = reported.heard
        if reported.flags is None:
            return self._flagged(reported, frozenset({"NET"})) if heard else (frozenset(), False)
        pains = frozenset(self.content.check_in.bone_pain)
        bone_ids = self.content.settings.fields["bone"].values
        rf, bone = self.standing.ticks("rf"), self.standing.ticks("bone")
        news = (reported.flags - rf - bone) | (reported.flags & pains)
        bone = bone - pains if gates else bone
        self.standing.answers["bone"] = bone | reported.flags.intersection(bone_ids)
        self.standing.answers["rf"] = rf | reported.flags.difference(bone_ids)
        return self._flagged(reported, news | {"NET"} if heard else news)

    def _flagged(self, reported: Reported, news: frozenset[str]) -> tuple[frozenset[str], bool]:
        if not news:
            return news, False
        self.standing.actions.append("D_FLAG")
        changed = self.rerun(reported)
        free = self.runs.bone_free_since
        if free is not None and not news.isdisjoint(self.content.check_in.bone_pain):
            self.standing.decide("D_BSI_BACK", Disposition.DOCTOR, reported.day)
        return news, changed

    def strong_pain(self, reported: Reported) -> None:
        """Lets the rows act that C2 alone decides."""
        timing, day, pain = self.content.check_in.timing, reported.day, reported.pain
        if pain is None:
            return
        if pain >= timing.pain_urgent:
            self.standing.decide("D_PAIN9", Disposition.URGENT, day)
        least, yesterday = max(self.log.baseline + timing.spike_rise, timing.spike_least), self.log.pain_on(day - 1)
        spiked = pain >= least and yesterday is not None and yesterday >= least
        if spiked and self.log.baseline <= timing.spike_start:
            self.standing.decide("D_SPIKE", Disposition.DOCTOR, day)

    def pain_is_back(self, reported: Reported) -> bool:
        """Tells whether the pain of a recovered runner has come back."""
        return reported.pain is not None and reported.pain >= self.content.check_in.timing.recurrence

    # ---- decision points -----------------------------------------------------------------------------------------

    def act(self, reported: Reported, orders: Orders, worse_before: bool, bone_due: bool) -> None:
        """Lets the other rows act, and notes what they ask of the exercises."""
        day = reported.day
        # A recovered runner is asked less: not beside a sign that is new, nor before bone stress is decided.
        stays = self.bone_open or "D_FLAG" in self.standing.actions
        if self.retests(reported):
            # A pinch in the hip fires when the test is done (clinical.md 2.3); the pain stays as it was.
            self.rerun(replace(reported, pain=None))
            orders.rebuild = True
        orders.rebuild |= self._late(reported)
        if not self.standing.in_plan:
            return
        self._worse(day, orders, worse_before)
        orders.rebuild |= self._irritable(reported)
        if bone_due and self.standing.in_plan:
            orders.rebuild |= self._bone(reported)
        self._conditions(reported, orders, stays)

    def retests(self, reported: Reported) -> bool:
        """Takes in results of self-tests in any state (clinical.md 6.0); tells whether one was stopped for pain."""
        hurt = False
        for name, result in reported.tests.items():
            sides = result if isinstance(result, tuple) else (result,)
            if set(sides) == {"na"}:
                continue
            record(self.content.settings, self.standing.answers, name, result)
            self.program.test(name, result, reported.day)
            hurt |= "pain" in sides
        return hurt

    def _late(self, reported: Reported) -> bool:
        """Takes in what is asked only after many weeks, and runs the rules on it; tells whether they changed."""
        late = self.content.check_in.late
        if not reported.late or reported.day - self.begun < late.after:
            return False
        for name, value in (*reported.late.items(), *late.known.items()):
            record(self.content.settings, self.standing.answers, name, value)
        return self.rerun(reported)

    def _worse(self, day: int, orders: Orders, worse_before: bool) -> None:
        again = self.content.check_in.timing.worse_again
        worse = self.log.label(day) == "worse"
        passed = None if self.worse is None else day - self.worse
        if self.worse_open and passed is not None and passed >= again:
            self.worse_open = False
            if worse:
                self.standing.decide("D_WORSE7", Disposition.PHYSIO, day)
        elif worse and not worse_before and (passed is None or passed > again):
            self.standing.actions.append("D_WORSE")
            self.worse, self.worse_open = day, True
            orders.worse = True

    def _irritable(self, reported: Reported) -> bool:
        """Decides on strong early pain; tells whether the plan has to be made anew."""
        timing, day = self.content.check_in.timing, reported.day
        due = timing.irritable in self.standing.screening.flags and day >= self.irritable_due
        if not due or reported.pain is None or self.irritable is None:
            return False
        if reported.pain <= timing.irritable_eased:
            self.standing.actions.append("D_IRRIT_EASED")
            self.rerun(reported)
            return True
        self.standing.actions.append("D_IRRIT_STAYS")
        self.irritable_due = day + timing.irritable_every
        if day - self.irritable >= timing.irritable_physio and self.standing.disposition < Disposition.PHYSIO:
            self.standing.decide("D_IRRIT_PHYSIO", Disposition.PHYSIO, day)
        return False

    def _bone(self, reported: Reported) -> bool:
        """Decides on possible bone stress; tells whether the plan has to be made anew."""
        self.bone_open = False
        if reported.flags is None or not self.standing.ticks("bone").isdisjoint(self.content.check_in.bone_pain):
            self.standing.decide("D_BSI_STILL", Disposition.DOCTOR, reported.day)
            return False
        self.standing.actions.append("D_BSI_FREE")
        self.runs.bone_free_since = reported.day
        self.rerun(reported)
        return True

    def _conditions(self, reported: Reported, orders: Orders, stays: bool) -> None:
        """Lets the rows act that are conditions; of the days that are due at once only the latest counts."""
        rules, facts = self.content.check_in, self._measured(reported)
        days = {row.day for row in rules.decisions if row.day is not None}.union(rules.refresh.days)
        due = {day for day in days if day <= reported.day - self.begun} - self.passed
        self.passed |= due
        latest = max(due, default=None)
        for row in rules.decisions:
            waits = stays and RECOVERS in row.then
            if self.standing.in_plan and row.day in (None, latest) and row.when.holds(facts) and not waits:
                self._act(row, orders, reported.day)
        if latest in rules.refresh.days and facts["label"] not in rules.refresh.unless:
            orders.refresh = True

    def _act(self, row: Decision, orders: Orders, day: int) -> None:
        self.standing.decide(row.id, row.disposition, day)
        orders.refresh |= "REFRESH" in row.then
        orders.simplify |= "SIMPLIFY" in row.then
        if RECOVERS in row.then:
            self.standing.recover()

    def _measured(self, reported: Reported) -> dict[str, Value]:
        """Returns the facts that the rows read; whole numbers, rounded so that each comparison is exact."""
        day, mean = reported.day, self.log.week(reported.day)
        facts = self.standing.facts
        facts["label"] = self.log.label(day)
        facts["adherence"] = math.floor(100 * self.log.adherence(day))
        facts["worry"] = reported.worry
        facts["worried"] = "yes" if any(each.worry == "yes" for each in self.log.reported) else "no"
        if mean is not None:
            facts["m7"], facts["m7_up"] = math.floor(mean), math.ceil(mean)
        return facts
