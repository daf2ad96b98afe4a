"""Running from day to day: the traffic light, the locks and the way back to running (clinical.md 6.2 and 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.check_in_schema import Returning
from flows.check_ins import Log, Reported, Start
from flows.plan import run_rule
from flows.rules import Facts, Value
from flows.schema import Content, Running

RED, AMBER, GREEN, BONE = "RED", "AMBER", "GREEN", "BONE"


@dataclass(frozen=True, slots=True)
class Today:
    """What the way back to running needs to know of a date."""

    day: int
    label: str
    clean: bool
    facts: Facts
    """The standing answers with what the last re-run concluded."""

    @property
    def fired(self) -> frozenset[str]:
        """The rules that fired in the last re-run."""
        fired: frozenset[str] = self.facts["fired"]  # type: ignore[assignment]
        return fired


@dataclass(slots=True)
class Runs:
    """The running of one course."""

    content: Content
    log: Log
    step: int | None
    """The step on the ladder; 0 waits for the entry test, None is no ladder."""
    start: int
    """The step to start at."""
    running: Running = "STOP"
    running_before: Running = "STOP"
    """What was allowed after the check-in before."""
    off_since: int | None = None
    """The first date of the present days without running."""
    last_light: str = ""
    greens: int = 0
    ambers: int = 0
    reds: list[int] = field(default_factory=list)
    calm_since: int | None = None
    """The date of TWO_REDS, until the pain is low again."""
    bone_since: int | None = None
    bone_free_since: int | None = None
    let_go: frozenset[str] = frozenset()
    """Rules that held running at the first step and no longer do; one that fires later holds it."""

    @property
    def rules(self) -> Returning:
        """The thresholds."""
        return self.content.check_in.returning

    # ---- light ---------------------------------------------------------------------------------------------------

    def light(self, reported: Reported) -> str | None:
        """Returns the light of a check-in; a run that was not allowed counts only if it is RED."""
        run, rules = reported.run, self.rules
        if reported.flags and not reported.flags.isdisjoint(self.content.check_in.bone_pain):
            return BONE
        if run.ran != "yes":
            return None
        if run.worst in rules.red_pain or run.morning in rules.red_morning or run.limp == "yes":
            return RED
        if self.running_before in rules.off:
            return None
        return GREEN if run.worst in rules.green_pain and run.morning and run.limp else AMBER

    def shine(self, light: str | None, day: int) -> list[str]:
        """Counts a light, and returns the actions that follow from it."""
        if light is None:
            return []
        before, self.last_light = self.last_light, light
        self.greens = self.greens + 1 if light == GREEN else 0
        self.ambers = self.ambers + 1 if light == AMBER else 0
        if light == RED:
            return self._red(before, day)
        if self.ambers >= self.rules.ambers:
            return self._back(self.rules.red_steps)
        return []

    def _red(self, before: str, day: int) -> list[str]:
        rules = self.rules
        self.reds.append(day)
        actions = ["RUN_OFF_48H", *self._back(rules.red_again_steps if before == RED else rules.red_steps)]
        if sum(red > day - rules.reds.days for red in self.reds) >= rules.reds.values:
            self.calm_since = day
            actions.append("TWO_REDS")
        return actions

    def _back(self, steps: int) -> list[str]:
        """Goes down the ladder, never below the first step; without a ladder the distance is cut."""
        if self.step is None:
            self.ambers = 0
            return ["RUN_CUT_30"]
        if self.step <= 1:
            return []
        self._go_to(max(1, self.step - steps))
        return ["STEP_DOWN"]

    def _go_to(self, step: int) -> None:
        self.step, self.greens, self.ambers = step, 0, 0

    # ---- bone stress ---------------------------------------------------------------------------------------------

    def bone_fired(self, day: int) -> None:
        """Bone stress is possible: no running, and the way back begins at its first step."""
        self.bone_since = day
        self.start = self.rules.bone_start
        self._go_to(0)

    def bone_locked(self, day: int) -> bool:
        """Tells whether bone stress still forbids running."""
        free = self.bone_free_since
        return self.bone_since is not None and (free is None or day - free < self.rules.bone_days)

    # ---- locks and permission ------------------------------------------------------------------------------------

    def locks(self, today: Today) -> dict[str, Running]:
        """Returns what locks running today, each by what it hangs on, with what it leaves (clinical.md 6.6)."""
        locks: dict[str, Running] = {}
        if self.reds and today.day - self.reds[-1] < self.rules.red_days:
            locks["red"] = "WALK"
        if self.calm_since is not None:
            locks["two_reds"] = "WALK"
        if today.label == "worse":
            locks["worse"] = "WALK"
        if self.bone_locked(today.day):
            locks["bone"] = "STOP"
        return locks

    def lift(self, day: int) -> None:
        """Lifts the lock of TWO_REDS once the newest pain values since then are all low."""
        if self.calm_since is not None:
            values = self.log.pains(day, day - self.calm_since)[-self.rules.calm_values :]
            if len(values) == self.rules.calm_values and max(values) <= self.rules.calm:
                self.calm_since = None

    def by_rules(self, today: Today) -> Running:
        """Returns what clinical.md 4.5 allows; on the ladder some rules no longer hold running."""
        facts: Mapping[str, Value] = today.facts
        if self.step:
            facts = {**today.facts, "fired": today.fired - self.let_go}
        running = run_rule(self.content.planning, facts).running
        held = running == "HOLD" and today.day - self.log.begun >= self.rules.hold_days
        return "NORMAL" if held else running

    def permit(self, today: Today) -> None:
        """Works out how much running is allowed, and since when none is."""
        rules = self.rules
        allowed = [self.by_rules(today), *self.locks(today).values()]
        if self.step is not None:
            allowed.append(rules.steps[self.step - 1].running if self.step else rules.waiting)
        self.running = min(allowed, key=rules.order.index)
        if self.running not in rules.off:
            self.off_since = None
        elif self.off_since is None:
            self.off_since = today.day

    # ---- the way back --------------------------------------------------------------------------------------------

    def _long_off(self, day: int) -> bool:
        return self.off_since is not None and day - self.off_since > self.rules.off_days

    def test_open(self, today: Today) -> bool:
        """Tells whether running is off and only the entry test is missing: then its questions are asked."""
        waits = self.step == 0 or self._long_off(today.day)
        held = self.step is None and self.by_rules(today) in self.rules.off
        bone: frozenset[str] = today.facts["bone"]  # type: ignore[assignment]
        return (waits or held) and not self.locks(today) and bone.isdisjoint(self.content.check_in.bone_pain)

    def may_enter(self, today: Today, light: str | None) -> bool:
        """Tells whether running that was stopped starts again today: the entry test is passed (clinical.md 6.6)."""
        return today.clean and light != RED and self.test_open(today) and self._test_passed(today)

    def _test_passed(self, today: Today) -> bool:
        rules, day = self.rules.entry, today.day
        pains = [self.log.pain_on(day), self.log.pain_on(day - 1)]
        return (
            all(pain is not None and pain <= rules.pain for pain in pains)
            and all(each.run.limp != "yes" for each in self.log.within(day, rules.quiet_days))
            and self._walks(day) >= rules.walks
            and self._newest("kerb") == "ok"
            and (not rules.leg.holds(today.facts) or self._newest("leg") == "ok")
            and (self._newest("clinician") == "yes" or self._needs_nobody(today))
        )

    def _needs_nobody(self, today: Today) -> bool:
        rules = self.rules.entry
        late = today.day - self.log.begun >= rules.early_days and rules.early_free.holds(today.facts)
        return not rules.clinician.holds(today.facts) and (late or not rules.early.holds(today.facts))

    def _walks(self, day: int) -> int:
        """Returns the good brisk walks since running stopped, from the newest back to the last that was not good."""
        since = day if self.off_since is None else self.off_since
        walks = [each.entry.walk for each in self.log.reported if each.day > since and each.entry.walk]
        failed = [at for at, walk in enumerate(walks, 1) if walk != "ok"]
        return len(walks) - (failed[-1] if failed else 0)

    def _newest(self, question: str) -> str:
        answers = (getattr(each.entry, question) for each in reversed(self.log.reported))
        return next((answer for answer in answers if answer), "")

    def wait(self, day: int) -> None:
        """After many days without running the way back begins with the entry test."""
        if self._long_off(day):
            self.start = min(self.start, self.rules.off_start)
            self._go_to(0)

    def enter(self, today: Today) -> list[str]:
        """Takes the first step; without a ladder running simply comes back."""
        if self.step is None:
            return []
        self.let_go = today.fired.intersection(self.rules.eased)
        self._go_to(self.start)
        return ["LADDER_START"]

    def climb(self, today: Today, light: str | None) -> list[str]:
        """Goes one step up after good runs in a row."""
        rules = self.rules
        ready = light == GREEN and self.greens >= rules.greens and today.clean and not self.locks(today)
        # A re-run of today may hold running (4.5): a step up beside that would be a permission.
        ready = ready and self.by_rules(today) not in rules.off
        if not ready or not self.step or self.step >= len(rules.steps) or rules.no_step_up.holds(today.facts):
            return []
        self._go_to(self.step + 1)
        return ["STEP_UP"]


def first_runs(content: Content, log: Log, start: Start, today: Today) -> Runs:
    """Returns the running of a new course, by what the runner does now and what clinical.md 4.5 allows."""
    rules = content.check_in.returning
    step = rules.start[start.run_status]
    runs = Runs(content, log, None, rules.off_start if step is None else step)
    at_once = start.run_status in rules.at_once and runs.by_rules(today) not in rules.off
    if step is not None:
        runs.step = step if at_once else 0
    return runs
