"""The exercises of a plan from session to session: down, swapped, out, made anew, up (clinical.md 6.3 and 5.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flows.check_in_schema import Offer
from flows.check_ins import Log, Reported
from flows.plan import PlannedExercise, next_best
from flows.rules import Facts
from flows.schema import Category, Content


@dataclass(slots=True)
class Practice:
    """One exercise of the plan, and how it has gone since its last change."""

    level: int
    changed: int
    """The date of its last change."""
    good: int = 0
    """Complete sessions in a row that were good, since then."""
    halved: bool = False
    times: int = 0
    """How often it was to go down at level 1, until its dose was restored."""

    def change(self, day: int) -> None:
        """Begins to count anew."""
        self.changed, self.good = day, 0


@dataclass(slots=True)
class Program:
    """The exercises of one course in show order."""

    content: Content
    practices: dict[str, Practice]
    out: frozenset[str] = frozenset()
    """Swapped out or removed, until the next full screen."""
    ups: list[int] = field(default_factory=list)
    hard: int = 0
    """Hard sessions in a row."""
    offered: set[str] = field(default_factory=set)
    accepted: dict[str, int] = field(default_factory=dict)
    """Offered exercises that the runner wants, each with the date of the yes."""
    proven: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Self-test -> first and last date of its good results without another result between."""

    # ---- what was reported ---------------------------------------------------------------------------------------

    def test(self, name: str, result: object, day: int) -> None:
        """Notes a result of a self-test."""
        if result != self.content.check_in.progress.tested_good:
            self.proven.pop(name, None)
        else:
            self.proven[name] = (self.proven.get(name, (day, day))[0], day)

    def session(self, reported: Reported, log: Log, clean: bool) -> set[str]:
        """Counts a session for every exercise, and returns those that have to go down."""
        rules, session, flare = self.content.check_in.progress, reported.session, log.flare(reported)
        if not session.counts:
            return set()
        rested = self.resting(log, reported.day)
        self.hard = self.hard + 1 if session.effort == rules.hard_effort else 0
        if self.hard >= rules.hard_sessions:
            self.hard = 0
            down = set(self.practices)
        elif flare or session.pain in rules.bad_pain:
            down = {name for name in self.practices if session.touches(name)}
        else:
            down = set()
        if session.done == "all":
            for name, practice in self.practices.items():
                if name in rested:
                    continue
                painless = session.pain in rules.good_pain and not flare
                good = clean and session.effort in rules.good_effort and (painless or not session.touches(name))
                practice.good = practice.good + 1 if good else 0
        return down

    # ---- down ----------------------------------------------------------------------------------------------------

    def lower(self, down: set[str], everything: bool, facts: Facts, left_out: frozenset[str], day: int) -> list[str]:
        """Makes exercises easier, and returns the actions; everything above level 1 after D_WORSE."""
        actions = []
        for name, practice in list(self.practices.items()):
            if practice.level > 1 and (everything or name in down):
                practice.level -= 1
                practice.change(day)
                actions.append(f"LEVEL_DOWN:{name}")
            elif name in down:
                actions.append(self._lower_first_level(name, practice, facts, left_out, day))
        return [*actions, *self._left_alone()]

    def _left_alone(self) -> list[str]:
        """Takes out what stood in for an exercise that has gone, and returns the actions."""
        gone = [
            offer.exercise
            for offer in self.content.check_in.progress.offers
            if offer.exercise in self.practices and offer.replaces and offer.replaces not in self.practices
        ]
        for name in gone:
            del self.practices[name]
        return [f"LEAVE:{name}" for name in gone]

    def _lower_first_level(
        self, name: str, practice: Practice, facts: Facts, left_out: frozenset[str], day: int
    ) -> str:
        practice.times += 1
        if practice.times == 1:
            practice.halved = True
            practice.change(day)
            return f"HALVE_DOSE:{name}"
        new = None
        if practice.times == 2:
            new = next_best(self.content, facts, self.practices, name, left_out | self.out)
        self.out |= {name}
        if new is None:
            del self.practices[name]
            return f"REMOVE:{name}"
        self.practices = {
            new if each == name else each: Practice(1, day, times=practice.times) if each == name else kept
            for each, kept in self.practices.items()
        }
        return f"SWAP:{name}>{new}"

    # ---- made anew -----------------------------------------------------------------------------------------------

    def rebuild(self, plan: Iterable[PlannedExercise], facts: Facts, day: int) -> None:
        """Takes a plan made anew; what stays keeps its level and dose, never above its cap.

        An offered exercise that has left the plan does not come back: the yes was to the plan of that day.
        """
        practices, earlier = {}, self.practices
        for planned in plan:
            practice = earlier.get(planned.exercise) or Practice(planned.level, day)
            practice.level = min(practice.level, self._cap(planned.exercise, facts))
            practices[planned.exercise] = practice
        self.practices = practices
        for offer in self.content.check_in.progress.offers:
            if offer.exercise in earlier and self._stays(offer, facts):
                self.practices[offer.exercise] = earlier[offer.exercise]

    def simplify(self) -> None:
        """Cuts the plan to the first few exercises."""
        left = dict(self.content.check_in.progress.simple)
        kept = {}
        for name, practice in self.practices.items():
            category = self._category(name)
            if left[category] > 0:
                left[category] -= 1
                kept[name] = practice
        self.practices = kept

    # ---- up ------------------------------------------------------------------------------------------------------

    def raise_(self, facts: Facts, day: int) -> list[str]:
        """Makes exercises harder on the day of a complete session, and returns the actions."""
        rules = self.content.check_in.progress
        free = rules.ups.values - sum(up > day - rules.ups.days for up in self.ups)
        ready = [name for name, practice in self.practices.items() if self._ready(name, practice, facts, day)]
        # The order of the plan, mobility first, decides between those that are alike.
        ready.sort(key=lambda name: (self.practices[name].changed, self._category(name) != "strength"))
        actions = []
        for name in ready[: max(free, 0)]:
            practice = self.practices[name]
            if practice.halved:
                practice.halved, practice.times = False, 0
                actions.append(f"RESTORE_DOSE:{name}")
            else:
                practice.level += 1
                actions.append(f"LEVEL_UP:{name}")
            practice.change(day)
            self.ups.append(day)
        return actions

    def _ready(self, name: str, practice: Practice, facts: Facts, day: int) -> bool:
        rules = self.content.check_in.progress
        if day - practice.changed < rules.rest_days or not practice.good:
            return False
        if practice.halved:
            return practice.good >= rules.sessions
        if practice.level >= self._cap(name, facts):
            return False
        if practice.level == 2 and name in rules.tested:
            first, last = self.proven.get(rules.tested[name], (day, day))
            return last - first >= rules.tested_days
        tried = rules.tried.get(name)
        if practice.level == 2 and tried is not None and not tried.holds(facts):
            return False
        return practice.good >= rules.sessions

    def offers(self, facts: Facts, log: Log, day: int) -> list[str]:
        """Returns the locked exercises that are offered today, each once."""
        actions = []
        for offer in self.content.check_in.progress.offers:
            if offer.exercise not in self.offered and self._offered(offer, facts, log, day):
                self.offered.add(offer.exercise)
                actions.append(f"OFFER:{offer.exercise}")
        return actions

    def _offered(self, offer: Offer, facts: Facts, log: Log, day: int) -> bool:
        if day - log.begun < offer.after or not offer.when.holds(facts):
            return False
        if not any(name in self.practices and self.practices[name].level == 3 for name in offer.mastered):
            return False
        if offer.calm == "every value":
            long = self.content.check_in.labels.long
            values = log.pains(day, long.days)
            return len(values) >= long.values and max(values) <= offer.pain
        mean = log.week(day)
        return mean is not None and mean <= offer.pain

    def accept(self, wanted: frozenset[str], facts: Facts, log: Log, day: int) -> list[str]:
        """Takes up offered exercises, and returns the actions; what was not offered or no longer fits stays out."""
        actions = []
        for offer in self.content.check_in.progress.offers:
            name = offer.exercise
            new = name in wanted and name in self.offered and name not in self.accepted
            # The yes may come days after the offer: all that unlocks it must hold then.
            if new and name not in self.out and self._offered(offer, facts, log, day):
                self.accepted[name] = day
                self.practices[name] = Practice(1, day)
                actions.append(f"ADD:{name}")
        return actions

    def _stays(self, offer: Offer, facts: Facts) -> bool:
        """Tells whether an offered exercise still fits the plan."""
        beside = not offer.replaces or offer.replaces in self.practices
        return beside and offer.exercise not in self.out and offer.when.holds(facts)

    def resting(self, log: Log, day: int) -> frozenset[str]:
        """Returns what a session of this date leaves out: one of two that share their days (clinical.md 5.3)."""
        left_out = set[str]()
        for offer in self.content.check_in.progress.offers:
            if offer.replaces and offer.exercise in self.accepted and offer.exercise in self.practices:
                since = self.accepted[offer.exercise]
                done = sum(each.session.counts for each in log.reported if since < each.day < day)
                its_turn = done % offer.one_of == 0
                left_out.add(offer.replaces if its_turn else offer.exercise)
        return frozenset(left_out)

    # ---- the library ---------------------------------------------------------------------------------------------

    def _cap(self, name: str, facts: Facts) -> int:
        caps = self.content.check_in.progress.caps
        return min((cap.level for cap in caps if name in cap.exercises and cap.when.holds(facts)), default=3)

    def _category(self, name: str) -> Category:
        return next(exercise.category for exercise in self.content.library.exercises if exercise.id == name)


def begun(content: Content, plan: Iterable[PlannedExercise], answers: Facts, day: int) -> Program:
    """Returns the exercises of a new plan; the self-tests of the full screen are results of that day."""
    program = Program(content, {row.exercise: Practice(row.level, day) for row in plan})
    for name in content.check_in.progress.tested.values():
        program.test(name, answers[name], day)
    return program
