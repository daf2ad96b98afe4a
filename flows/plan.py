"""Findings and constraints -> a ranked plan with levels and reasons (clinical.md section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flows.rules import Facts, Value
from flows.schema import Category, Content, Exclusion, Finding, Permission, Planning, RunRule
from flows.screen import Screening, conclude

NOTHING_FOUND = "F_BASE"
"""The finding of a person for whom no other is true."""


@dataclass(frozen=True, slots=True)
class PlannedExercise:
    """One exercise of a plan, the level to start at and the findings that chose it."""

    exercise: str
    level: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that the rules conclude from one set of answers."""

    screening: Screening
    findings: tuple[str, ...]
    running: RunRule
    plan: tuple[PlannedExercise, ...]
    advice: tuple[str, ...]
    facts: Facts
    """The answers with everything that was worked out of them."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A true finding with the weight and the ranked exercises that apply to this person."""

    finding: Finding
    weight: int
    ranked: tuple[str, ...]


def assess(content: Content, answers: Facts) -> Assessment:
    """Evaluates sections 2 and 4 on a full set of facts; without permission there is no finding, plan or advice."""
    facts = dict(answers)
    return make_plan(content, facts, conclude(content.screen, facts))


def make_plan(
    content: Content, concluded: Facts, screening: Screening, left_out: frozenset[str] = frozenset()
) -> Assessment:
    """Evaluates section 4 on facts that section 2 has concluded on; some exercises can be left out beforehand."""
    facts = dict(concluded)
    running = run_rule(content.planning, facts)
    if screening.permission is Permission.NONE:
        return Assessment(screening, (), running, (), (), facts)
    found, excluded, scores = _scored(content, facts, left_out)
    chosen = _choose(content, facts, found, excluded, scores)
    plan = tuple(
        PlannedExercise(
            exercise,
            _level(content.planning, exercise, facts),
            tuple(row.finding.id for row in found if exercise in row.ranked),
        )
        for exercise in chosen
    )
    findings = tuple(row.finding.id for row in found)
    return Assessment(screening, findings, running, plan, _advice(content.planning, found, running, facts), facts)


def run_rule(planning: Planning, facts: Facts) -> RunRule:
    """Returns how much running is allowed (clinical.md 4.5) on facts that section 2 has concluded on."""
    return next(rule for rule in planning.running if rule.when.holds(facts))


def _scored(
    content: Content, facts: dict[str, Value], left_out: frozenset[str]
) -> tuple[list[_Found], frozenset[str], dict[str, int]]:
    """Returns the findings, what is excluded and the scores of the rest; the facts get the findings (4.3, 1 to 3)."""
    found = _findings(content.planning, facts)
    fired: Any = facts["fired"]
    facts["fired"] = fired | {row.finding.id for row in found}
    excluded, bonus = exclusions(content, facts)
    excluded |= left_out
    found = [_substituted(content.planning, row, excluded) for row in found]
    return found, excluded, _scores(content, found, excluded, bonus)


def next_best(
    content: Content, concluded: Facts, plan: Iterable[str], leaving: str, left_out: frozenset[str]
) -> str | None:
    """Returns the exercise that takes the place of one that leaves the plan (clinical.md 6.3), if there is one."""
    category = {exercise.id: exercise.category for exercise in content.library.exercises}
    staying = [name for name in plan if name != leaving]
    _, _, scores = _scored(content, dict(concluded), left_out | {leaving})
    for name in sorted(scores, key=lambda name: -scores[name]):
        alike = scores[name] > 0 and name not in staying and category[name] == category[leaving]
        if alike and _in_families(content.planning, name, staying):
            return name
    return None


def _in_families(planning: Planning, name: str, chosen: list[str]) -> bool:
    """Tells whether an exercise fits beside others of its kind."""
    return all(
        name not in family.exercises or sum(other in family.exercises for other in chosen) < family.most
        for family in planning.families
    )


def _findings(planning: Planning, facts: Facts) -> list[_Found]:
    true = [finding for finding in planning.findings if finding.when.holds(facts)]
    if not true:
        true = [finding for finding in planning.findings if finding.id == NOTHING_FOUND]
    found = [
        _Found(
            finding,
            next(row.weight for row in finding.weights if row.when.holds(facts)),
            next((row.exercises for row in finding.ranked if row.when.holds(facts)), ()),
        )
        for finding in true
    ]
    return sorted(found, key=lambda row: -row.weight)


def exclusions(content: Content, facts: Facts) -> tuple[frozenset[str], dict[str, int]]:
    """Returns the exercises left out (clinical.md 4.2) and the bonus points of the others; all true rows add up."""
    rows: list[Exclusion] = [row for row in content.planning.exclusions if row.when.holds(facts)]
    everything = {exercise.id for exercise in content.library.exercises if exercise.category != "always"}
    excluded = {exercise.id for exercise in content.library.exercises if exercise.locked}
    bonus: dict[str, int] = {}
    for row in rows:
        excluded.update(row.remove)
        if row.keep_only:
            excluded.update(everything.difference(row.keep_only))
        for exercise, points in row.bonus.items():
            bonus[exercise] = bonus.get(exercise, 0) + points
    return frozenset(excluded), bonus


def _substituted(planning: Planning, row: _Found, excluded: frozenset[str]) -> _Found:
    ranked = tuple(planning.substitute.get(name, name) if name in excluded else name for name in row.ranked)
    return _Found(row.finding, row.weight, ranked)


def _scores(content: Content, found: list[_Found], excluded: frozenset[str], bonus: dict[str, int]) -> dict[str, int]:
    """Scores in tenths of a point, in the order that breaks ties."""
    scores: dict[str, int] = {}
    for exercise in content.library.exercises:
        name = exercise.id
        if name in excluded or exercise.category == "always":
            continue
        points = content.planning.base_points.get(name, 0) + 10 * bonus.get(name, 0)
        for row in found:
            if name in row.ranked:
                points += 10 * row.weight * (3 - row.ranked.index(name))
        scores[name] = points
    return scores


def _choose(
    content: Content, facts: Facts, found: list[_Found], excluded: frozenset[str], scores: dict[str, int]
) -> list[str]:
    """Picks exercises by the guarantee pass and the fill pass (clinical.md 4.3, steps 4 to 8)."""
    category: dict[str, Category] = {exercise.id: exercise.category for exercise in content.library.exercises}
    slots = next(row for row in content.planning.slots if row.when.holds(facts))
    free = {"mobility": slots.mobility, "strength": slots.strength}
    chosen: list[str] = []

    def fits(name: str) -> bool:
        return free[category[name]] > 0 and _in_families(content.planning, name, chosen)

    def add(name: str) -> None:
        chosen.append(name)
        free[category[name]] -= 1

    for row in found:
        first = next((name for name in row.ranked if name not in excluded), None)
        if first is not None and first not in chosen and fits(first):
            add(first)
    for name in sorted(scores, key=lambda name: -scores[name]):
        if scores[name] > 0 and name not in chosen and fits(name):
            add(name)
    return sorted(chosen, key=lambda name: category[name] == "strength")


def _level(planning: Planning, exercise: str, facts: Facts) -> int:
    return next(
        row.level
        for row in planning.levels
        if (not row.exercises or exercise in row.exercises) and row.when.holds(facts)
    )


def _advice(planning: Planning, found: list[_Found], running: RunRule, facts: Facts) -> tuple[str, ...]:
    tips = [tip.advice for row in found for tip in row.finding.advice if tip.when.holds(facts)]
    if running.running != "STOP":
        tips.append(planning.always_advice)
    return tuple(dict.fromkeys(tips))


def would_hold(content: Content, facts: Facts, answer: dict[str, str], any_of: tuple[str, ...]) -> bool:
    """Tells whether a plan made with this answer added would hold one of these exercises."""
    supposed: dict[str, Value] = {**facts, **answer}
    return any(planned.exercise in any_of for planned in assess(content, supposed).plan)
