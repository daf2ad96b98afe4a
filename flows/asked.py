"""What a check-in asks beside C1 to C4, by how things stood before it (clinical.md 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

from flows.follow_up import Day
from flows.schema import Content


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one check-in that are not asked every day."""

    gates: bool
    """Whether all warning signs are gone through, whatever C1 says (W4)."""
    bone: bool
    """Whether the bone questions are, whatever C1 says: a bone stress injury in the past (clinical.md 2.3 and 6.6)."""
    entry: tuple[str, ...]
    """The parts of L."""
    week: tuple[str, ...]
    """The questions of the week."""


def asked(content: Content, before: Day, day: int) -> Asked:
    """Returns what the check-in of a date asks; a plan that rests asks only C1 and C2."""
    if before.state == "PAUSED":
        return Asked(False, False, (), ())
    rules = content.check_in
    week = (day - before.begun) // rules.timing.gates_every
    weekly = week > before.gates_week
    bone_due = before.bone_check is not None and day >= before.bone_check
    extras = ("W1", "W2", "W3", *(["W5"] if week == 1 else [])) if weekly else ()
    return Asked(weekly or bone_due, rules.bone_history.holds(before.facts), _entry(content, before), extras)


def _entry(content: Content, before: Day) -> tuple[str, ...]:
    if not before.entry_test:
        return ()
    rules, facts = content.check_in.returning.entry, before.facts
    leg = ["leg"] if rules.leg.holds(facts) else []
    word = ["clinician"] if rules.clinician.holds(facts) or rules.early.holds(facts) else []
    return ("walk", "kerb", *leg, *word)
