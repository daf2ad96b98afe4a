"""Answers -> flags, disposition, permission and who to see."""

from __future__ import annotations

from dataclasses import dataclass

from flows.rules import SECONDS, Facts, OneOf, Value
from flows.schema import Disposition, Permission, Rule, Screen, Settings

CLEARED = "_CLEARED"
"""Ending of a clearable flag that a professional has cleared for this episode."""

REFERRED = OneOf("referred", frozenset({"yes"}))
CLEARANCE = OneOf("clearance", frozenset({"yes"}))
ENGINE_TERMS = {"referred": REFERRED, "clearance": CLEARANCE}
"""Terms that content may use without naming them: they are worked out here, after the rules."""


@dataclass(frozen=True, slots=True)
class Screening:
    """What the rules of clinical.md section 2 conclude from one set of answers."""

    flags: tuple[str, ...]
    disposition: Disposition
    permission: Permission
    who: str
    clearable: frozenset[str]
    """Clearable flags that fired, cleared or not."""


def known(settings: Settings, answers: Facts) -> dict[str, Value]:
    """Returns the facts to begin with: the answers given, and the defaults for all that was not asked."""
    facts: dict[str, Value] = {}
    for name, field in settings.fields.items():
        facts[name] = frozenset[str]() if field.kind == "set" else field.default
    for name, value in answers.items():
        record(settings, facts, name, value)
    return facts


def record(settings: Settings, facts: dict[str, Value], name: str, value: Value) -> None:
    """Puts one answer field into the facts, with the seconds of a timed hold where both sides have them."""
    facts[name] = value
    if isinstance(value, tuple):
        seconds = [settings.seconds[side] for side in value if isinstance(side, str) and side in settings.seconds]
        facts.pop(name + SECONDS, None)
        if len(seconds) == len(value):
            # Numbers stand beside the buckets so that conditions need no table.
            facts[name + SECONDS] = tuple(seconds)


def screen(rules: Screen, facts: Facts) -> Screening:
    """Evaluates every rule on the whole set of answers (clinical.md 2.1 and 2.4)."""
    fired = [rule for rule in rules.rules if rule.when.holds(facts)]
    clearable = frozenset(rule.id for rule in fired if rule.clearable)
    cleared = facts.get("cleared") == "yes"
    standing = [rule for rule in fired if not (cleared and rule.clearable)]
    by_rank: dict[Disposition, list[str]] = {}
    for rule in standing:
        by_rank.setdefault(rule.disposition, []).append(rule.id)
    if cleared and clearable:
        now_cleared = [rule.id + CLEARED for rule in fired if rule.clearable]
        by_rank[Disposition.CAUTION] = now_cleared + by_rank.get(Disposition.CAUTION, [])
    disposition = max(by_rank, default=Disposition.SELF_CARE)
    permission = min((rule.permission for rule in standing), default=Permission.FULL)
    if disposition >= Disposition.DOCTOR:
        permission = Permission.NONE
    flags = tuple(flag for rank in sorted(by_rank, reverse=True) for flag in by_rank[rank])
    return Screening(flags, disposition, permission, _who(rules, disposition, standing), clearable)


def _who(rules: Screen, disposition: Disposition, standing: list[Rule]) -> str:
    if disposition is Disposition.DOCTOR:
        named = [rules.doctor_for[rule.id] for rule in standing if rule.id in rules.doctor_for]
        return named[0] if named else rules.default_doctor
    if disposition is Disposition.PHYSIO:
        physio = [rule.who or rules.default_physio for rule in standing if rule.disposition is Disposition.PHYSIO]
        return "; ".join(dict.fromkeys(physio))
    return ""


def conclude(rules: Screen, facts: dict[str, Value]) -> Screening:
    """Evaluates the rules and adds what they conclude to the facts, for conditions that read it."""
    result = screen(rules, facts)
    pregnant = "PREG" in result.flags
    referred = result.disposition >= Disposition.DOCTOR or pregnant
    open_for_clearance = result.disposition is Disposition.DOCTOR and not pregnant and _only_clearable(rules, result)
    facts["fired"] = frozenset(result.flags)
    facts["rank"] = int(result.disposition)
    facts["permission"] = result.permission.name
    facts["referred"] = "yes" if referred else "no"
    facts["clearance"] = "yes" if open_for_clearance else "no"
    return result


def _only_clearable(rules: Screen, result: Screening) -> bool:
    """Tells whether clearable flags are the only reason for DOCTOR (clearable flags have that rank themselves)."""
    doctor = {rule.id for rule in rules.rules if rule.disposition is Disposition.DOCTOR}
    return doctor.intersection(result.flags) <= result.clearable
