"""Laws of the plan: clinical.md section 4."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.plan import Assessment, _level, assess, exclusions, would_hold
from flows.schema import Content, Disposition, Permission
from flows.simulate import read
from tests import reference
from tests.answers import ANYONE, CALM, FIELDS, Answers, crowd

NAMES = set(reference.MOBILITY + reference.STRENGTH)


def assessed(content: Content, answers: Answers) -> Assessment:
    return assess(content, read(content, answers))


def chosen(result: Assessment) -> list[str]:
    return [row.exercise for row in result.plan]


# ---- against the specification -----------------------------------------------------------------------------------


@given(CALM)
def test_findings_running_plan_and_advice_are_those_of_the_specification(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    expected = reference.conclusion(answers)
    assert list(result.findings) == expected["findings"]
    assert result.running.running == expected["running"]
    plan = [{"exercise": row.exercise, "level": row.level, "reasons": list(row.reasons)} for row in result.plan]
    assert plan == expected["plan"]
    assert list(result.advice) == expected["advice"]


def test_the_library_stands_in_the_order_that_breaks_ties(content: Content) -> None:
    by_category: dict[str, list[str]] = {}
    for exercise in content.library.exercises:
        by_category.setdefault(exercise.category, []).append(exercise.id)
    assert by_category["mobility"] == reference.MOBILITY
    assert by_category["strength"] == reference.STRENGTH + reference.LOCKED
    assert [row.id for row in content.library.exercises if row.locked] == reference.LOCKED


def test_every_finding_running_permission_exercise_and_advice_is_given_to_somebody(content: Content) -> None:
    seen: dict[str, set[str]] = {"findings": set(), "plan": set(), "advice": set(), "running": set()}
    for answers in crowd(6000, seed=4):
        result = assessed(content, answers)
        seen["findings"].update(result.findings)
        seen["plan"].update(chosen(result))
        seen["advice"].update(result.advice)
        seen["running"].add(result.running.running)
    assert seen["findings"] == {row.id for row in content.planning.findings}
    assert seen["plan"] == NAMES
    assert seen["advice"] == {row.id for row in content.planning.advice} - {content.planning.running_advice}
    assert seen["running"] == {row.running for row in content.planning.running}


# ---- safety ------------------------------------------------------------------------------------------------------


@given(ANYONE)
def test_no_exercise_no_advice_and_no_running_at_doctor_or_higher_or_in_pregnancy(
    content: Content, answers: Answers
) -> None:
    result = assessed(content, answers)
    if result.screening.disposition >= Disposition.DOCTOR or answers.get("life") == "preg":
        assert (result.plan, result.findings, result.advice) == ((), (), ())
        assert result.running.running == "STOP"


@given(ANYONE)
def test_a_plan_has_four_to_six_exercises_and_no_permission_means_no_plan(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    if result.screening.permission is Permission.NONE:
        assert result.plan == ()
    else:
        assert 4 <= len(result.plan) <= 6


@given(CALM)
def test_no_excluded_locked_or_unknown_exercise_is_chosen_and_none_twice(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    plan = chosen(result)
    a = reference.complete(answers)
    excluded = reference.excluded_of(a, set(result.screening.flags), result.screening.permission.name)
    assert not excluded & set(plan)
    assert set(plan) <= NAMES
    assert len(plan) == len(set(plan))


@given(CALM)
def test_a_gentle_plan_holds_only_gentle_exercises_at_level_one(content: Content, answers: Answers) -> None:
    result = assessed(content, {**answers, "leg": "below_knee", "nprs": min(answers.get("nprs", 3), 7)})
    assert result.screening.permission <= Permission.GENTLE
    for row in result.plan:
        assert row.exercise in reference.GENTLE_LIST
        assert row.level == 1


@given(CALM)
def test_slots_and_families_hold(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    plan = chosen(result)
    if not plan:
        return
    mobility = sum(name in reference.MOBILITY for name in plan)
    gentle, sore = result.screening.permission is Permission.GENTLE, answers.get("nprs", 3) >= 5
    stiff = len(reference.STIFF & set(result.findings)) >= 2
    assert mobility <= (3 if stiff and not gentle and not sore else 2)
    assert len(plan) <= (4 if gentle else 5 if sore else 6)
    assert len(plan) - mobility >= 2
    for most, family in reference.FAMILIES:
        assert len(family & set(plan)) <= most


@given(CALM)
def test_mobility_is_shown_before_strength(content: Content, answers: Answers) -> None:
    kinds = ["strength" if name in reference.STRENGTH else "mobility" for name in chosen(assessed(content, answers))]
    assert kinds == sorted(kinds)


@given(CALM)
def test_there_is_always_strength_so_never_a_plan_of_stretches(content: Content, answers: Answers) -> None:
    plan = chosen(assessed(content, answers))
    assert not plan or set(plan) & set(reference.STRENGTH)


@given(CALM)
def test_a_reason_is_a_finding_of_this_person_that_ranks_the_exercise(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    rows = {row.id: {name for ranked in row.ranked for name in ranked.exercises} for row in content.planning.findings}
    for planned in result.plan:
        names = {planned.exercise} | ({"sl_bridge_iso"} if planned.exercise == "glute_bridge" else set())
        for reason in planned.reasons:
            assert reason in result.findings
            assert names & rows[reason]
        assert list(planned.reasons) == [name for name in result.findings if name in planned.reasons]


@given(CALM)
def test_advice_ends_with_staying_active_unless_running_stops(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    if result.plan and result.running.running != "STOP":
        assert result.advice[-1] == "T_STAYACTIVE"
    else:
        assert "T_STAYACTIVE" not in result.advice
    assert len(set(result.advice)) == len(result.advice)


@given(ANYONE, st.integers(0, 10))
def test_more_pain_never_allows_more_running(content: Content, answers: Answers, pain: int) -> None:
    order = ["STOP", "WALK", "EASY", "HOLD", "NORMAL"]
    less = assessed(content, {**answers, "nprs": min(pain, answers.get("nprs", 3))}).running.running
    more = assessed(content, {**answers, "nprs": max(pain, answers.get("nprs", 3))}).running.running
    assert order.index(more) <= order.index(less)


# ---- single rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "left_out"),
    [
        ("T1", "standing_twist open_book"),
        ("T2", "couch_stretch"),
        ("T3", "hamstring_wall"),
        ("T4", "piriformis_fig4"),
        ("T4b", "hip_cars"),
        ("core", "front_plank"),
        ("T7", "straight_leg_lower"),
        ("SLB", "sl_bridge_iso"),
        ("SP", "side_plank"),
    ],
)
def test_a_test_that_hurts_leaves_its_exercises_out(content: Content, test: str, left_out: str) -> None:
    for pain in ["pain"] if FIELDS[test].kind == "choice" else [["pain", "30p"], ["30p", "pain"]]:
        excluded, _ = exclusions(content, assessed(content, {test: pain, "band": "yes"}).facts)
        assert excluded == {*reference.LOCKED, *left_out.split()}


def test_bonus_points_add_up_and_an_excluded_exercise_gets_none_of_the_plan(content: Content) -> None:
    result = assessed(content, {"worse": ["flex", "ext"], "band": "yes"})
    excluded, bonus = exclusions(content, result.facts)
    assert bonus == {"bird_dog": 2, "cat_camel": 1, "hip_cars": 1, "knee_to_chest": 3, "pelvic_tilt": 2}
    assert "knee_to_chest" in excluded
    assert "knee_to_chest" not in chosen(result)


def test_an_excluded_bridge_hold_reads_as_the_bridge(content: Content) -> None:
    row = next(row for row in assessed(content, {"SLB": ["lt10", "lt10"]}).plan if row.exercise == "glute_bridge")
    assert "F_GLUTE_WEAK" in row.reasons


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({"core": "full", "nprs": 3}, 3),
        ({"core": "full", "nprs": 4}, 2),
        ({"core": "short"}, 2),
        ({"core": "mid"}, 2),
        ({"core": "fail"}, 1),
        ({}, 1),
        ({"core": "full", "nprs": 5}, 1),
        ({"core": "full", "life": "pp_3_12m"}, 1),
        ({"core": "full", "bone": ["BS_RED"]}, 1),
        ({"core": "full", "age": "65p"}, 1),
        ({"core": "full", "rf": ["RF_SURG"], "cleared": "yes"}, 1),
        ({"core": "full", "rf": ["RF_CANCER"], "cleared": "yes"}, 3),
    ],
)
def test_the_level_at_which_the_plank_starts(content: Content, answers: Answers, level: int) -> None:
    facts = assessed(content, answers).facts
    assert _level(content.planning, "front_plank", facts) == level


@given(CALM)
def test_every_exercise_starts_at_the_level_of_the_specification(content: Content, answers: Answers) -> None:
    result = assessed(content, answers)
    flags, permission = set(result.screening.flags), result.screening.permission.name
    for name in reference.MOBILITY + reference.STRENGTH:
        expected = reference.level_of(name, reference.complete(answers), flags, permission)
        assert _level(content.planning, name, result.facts) == expected


def test_a_plan_would_hold_what_it_holds_once_the_answer_is_given(content: Content) -> None:
    facts: dict[str, Any] = read(content, {"worse": ["twist"]})
    assert would_hold(content, facts, {"band": "yes"}, ("half_kneel_pallof",))
    assert not would_hold(content, facts, {"band": "no"}, ("half_kneel_pallof",))
    assert not would_hold(content, facts, {"band": "yes"}, ())
    assert facts["band"] == "no"


def test_assessing_leaves_the_answers_as_they_were(content: Content) -> None:
    facts = read(content, {"timing": ["late_run"]})
    before = dict(facts)
    assess(content, facts)
    assert facts == before
