"""Laws of the facts that a handover tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bot.handover import PERSON, REASON, RUNNING, TIMELINE, UNTOLD, Handover, Sign, handover
from flows.engine import Engine
from flows.questions import AGAIN
from flows.schema import Disposition, Gate
from tests.answers import ANYONE
from tests.patients import CASES, PEOPLE, SCREENED, Noted, month, seen, source

from bot import days as diary_days  # isort: skip


def told(engine: Engine, answers: dict[str, Any], noted: Noted = (), say: dict[str, Any] | None = None) -> Handover:
    return handover(engine, source(engine, answers, noted, say))


def sign(told: Handover, item: str) -> Sign:
    (found,) = [each for each in told.signs if each.item == item]
    return found


# ---- warning signs -----------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(ANYONE)
def test_only_a_plain_no_or_none_of_these_is_told_as_denied(engine: Engine, answers: dict[str, Any]) -> None:
    if answers.get("age") == "u18":
        return
    whole = source(engine, answers)
    said = dict(whole.session.log)
    for each in handover(engine, whole).signs:
        if each.said == "no":
            assert "no" in (said.get(each.item), said.get(each.item + AGAIN)) or said.get(each.gate) == "none", each
        if each.said == "not_asked":
            assert each.item not in said


@settings(max_examples=60)
@given(ANYONE)
def test_every_sign_that_counts_for_the_rules_is_told_as_present(engine: Engine, answers: dict[str, Any]) -> None:
    if answers.get("age") == "u18":
        return
    whole = source(engine, answers)
    facts: Any = whole.session.facts
    present = {each.item for each in handover(engine, whole).signs if each.counts}
    assert facts["rf"] | facts["bone"] <= present


def test_every_sign_that_concerns_a_person_is_told_once(engine: Engine) -> None:
    items = [item.id for gate in engine.gates if gate.text for item in gate.items if item.id != "RF_WEAK_PROG"]
    assert [each.item for each in told(engine, {}).signs] == items


def test_an_emergency_at_the_first_question_denies_nothing(engine: Engine) -> None:
    found = told(engine, {"rf": ["RF_SADDLE"]})
    assert sign(found, "RF_SADDLE") == Sign("Q02", "RF_SADDLE", "yes", SCREENED)
    assert {each.said for each in found.signs if each.item != "RF_SADDLE"} == {"not_asked"}
    assert found.disposition is Disposition.EMERGENCY


@pytest.mark.parametrize(
    ("say", "item", "said", "detail"),
    [
        ({"Q02": "some", "RF_SADDLE": "unsure"}, "RF_SADDLE", "unsure", ""),
        ({"Q02": "some", "RF_SEX": "skip"}, "RF_SEX", "skip", ""),
        ({"Q04": "some", "RF_FEVER": "unsure", "RF_FEVER.again": "unsure"}, "RF_FEVER", "unsure", ""),
        ({"Q04": "some", "RF_FEVER": "unsure", "RF_FEVER.again": "yes"}, "RF_FEVER", "yes", ""),
        ({"Q04": "some", "RF_FEVER": "unsure", "RF_FEVER.again": "no"}, "RF_FEVER", "no", ""),
        ({"Q04": "some", "RF_IMMUNE": "unsure", "RF_IMMUNE.again": "unsure"}, "RF_IMMUNE", "unsure_no", ""),
        ({"Q02": "some", "RF_BLADDER": "yes", "RF_BLADDER.since": "same"}, "RF_BLADDER", "explained", "same"),
        ({"Q02": "some", "RF_BLADDER": "unsure", "RF_BLADDER.since": "same"}, "RF_BLADDER", "explained", "same"),
        ({"Q02": "some", "RF_BLADDER": "yes", "RF_BLADDER.since": "new"}, "RF_BLADDER", "yes", "new"),
        ({"Q02": "some", "RF_BILAT": "yes", "RF_BILAT.walk": "walk"}, "RF_BILAT", "yes", "walk"),
    ],
)
def test_a_sign_is_told_as_it_was_answered(
    engine: Engine, say: dict[str, Any], item: str, said: str, detail: str
) -> None:
    found = sign(told(engine, {}, say=say), item)
    assert (found.said, found.detail, found.on) == (said, detail, SCREENED)


def test_a_sign_that_another_question_has_established_is_present(engine: Engine) -> None:
    found = told(engine, {"timing": ["constant"]}, say={"Q11": ["constant"], "RF_CONST.confirm": "yes", "Q05": "none"})
    assert sign(found, "RF_CONST").said == "yes"


def test_signs_that_concern_nobody_else_are_told_to_the_pregnant(engine: Engine) -> None:
    assert sign(told(engine, {"life": "preg", "rf": ["RF_PREG_WARN"]}), "RF_PREG_WARN").said == "yes"
    assert sign(told(engine, {"life": "preg"}), "RF_PREG_WARN").said == "no"


def test_when_the_signs_are_gone_through_again_the_newest_date_is_told(engine: Engine) -> None:
    first = source(engine, {}, month()[:6])
    person = first.session
    again = engine.recheck(person).session
    while again.state in engine.nodes:
        again = engine.advance(again, "none" if isinstance(engine.nodes[again.state].gate, Gate) else "no").session
    later = diary_days.When(first.key, SCREENED + timedelta(days=7), first.diary[-1].at)
    new = diary_days.since(engine, again, first.diary, later)
    whole = replace(first, session=again, diary=[*first.diary, *new], today=later.on)
    assert {each.on for each in handover(engine, whole).signs if each.said == "no"} == {later.on}
    assert {each.on for each in handover(engine, whole).answers} == {SCREENED}


def test_check_ins_without_news_are_told_with_their_dates(engine: Engine) -> None:
    found = told(engine, {}, [(1, {"C1": [], "C2": 3}), (2, {"C2": 3}), (3, {"C1": ["BS_SPOT"]}), (5, {"C1": []})])
    assert found.trend.nothing_new == (SCREENED + timedelta(days=1), SCREENED + timedelta(days=5))


# ---- answers and days --------------------------------------------------------------------------------------------


def test_every_question_is_told_in_one_place_or_left_out_on_purpose(engine: Engine) -> None:
    asked = [node.id for node in engine.nodes.values() if node.gate is None and node.test is None]
    assert sorted([*REASON, *TIMELINE, *RUNNING, *PERSON, *UNTOLD]) == sorted(asked)


def test_self_tests_are_told_side_by_side(engine: Engine) -> None:
    answers, noted = CASES["self_care"]
    tests = {each.question: each.answer for each in told(engine, answers, noted).tests}
    assert tests["T5.left"] == "10_19" and tests["T5.right"] == "30p"
    assert tests["T8.left"] == "lt10" and tests["T8.right"] == "20_29"
    assert tests["T2.result"] == "left"
    assert not any(name.endswith(".tingle") for name in tests)


def test_a_self_test_that_was_left_out_is_not_told(engine: Engine) -> None:
    found = told(engine, {"T1": "ok"}, say={"Q19": "now"})
    assert {each.question for each in found.tests if each.answer == "na"} == set()
    assert any(each.question == "T1.result" for each in found.tests)


def test_the_plan_is_that_of_the_day_and_its_doses_too(engine: Engine) -> None:
    whole = source(engine, *CASES["self_care"])
    assert whole.day is not None
    found = handover(engine, whole)
    assert {each.exercise: each.level for each in found.plan} == whole.day.levels
    assert {each.exercise for each in found.plan if each.halved} == whole.day.halved
    assert found.running == whole.day.running


def test_without_days_the_screen_alone_is_told(engine: Engine) -> None:
    whole = replace(source(engine, {"nprs": 3}), day=None, course=None)
    found = handover(engine, whole)
    assert found.plan and found.state == "ACTIVE" and found.disposition is Disposition.SELF_CARE
    assert found.trend.days == () and found.screened_on == SCREENED


@settings(max_examples=25)
@given(PEOPLE)
def test_advice_that_the_days_have_raised_has_a_reason(engine: Engine, person: tuple[dict[str, Any], Noted]) -> None:
    answers, noted = person
    if answers.get("age") == "u18":
        return
    found = told(engine, answers, noted)
    ranks = {rule.id: rule.disposition for rule in engine.content.screen.rules}
    by_rules = max((ranks.get(rule, Disposition.CAUTION) for rule in found.rules), default=Disposition.SELF_CARE)
    assert found.raised or found.disposition <= max(by_rules, source(engine, answers).day.disposition)  # type: ignore[union-attr]


def test_what_a_professional_did_is_told_in_the_order_of_dates(engine: Engine) -> None:
    whole = source(engine, *CASES["self_care"])
    found = handover(engine, replace(whole, diary=[seen(-2), *whole.diary, seen(3), seen(9, "assessed")]))
    assert [event.act for event in found.events if event.act in ("checked", "assessed")] == ["checked", "assessed"]
    assert [event.on for event in found.events] == sorted(event.on for event in found.events)


def test_sessions_are_counted_only_once_a_week_is_over(engine: Engine) -> None:
    assert told(engine, {"nprs": 3}, month()[:4]).trend.adherence is None
    assert told(engine, {"nprs": 3}, month()).trend.adherence is not None


def test_the_same_facts_are_the_same_handover(engine: Engine) -> None:
    answers, noted = CASES["self_care"]
    assert told(engine, answers, noted) == told(engine, answers, noted)
