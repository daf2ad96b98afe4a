# ruff: noqa: RUF001 - the signs and dashes are those of the texts shown.
"""Laws of results, plans and cards: what is said first, in whose words, and what is never said."""

from __future__ import annotations

from typing import Any

import pytest

from bot.outcome import TOP_FINDINGS, Outcome
from bot.questions import Renderer
from bot.render import Message, Words
from flows.engine import Engine, Session
from flows.schema import Content, Dosage, Rule
from flows.screen import conclude
from flows.simulate import read
from tests.person import Person, talk

NUMBERS = {"number": "999", "urgent_line": "NHS 111", "crisis_line": "116 123"}


@pytest.fixture(scope="module")
def outcome(engine: Engine) -> Outcome:
    return Outcome(engine, Words(engine.content, str))


def come(engine: Engine, **answers: Any) -> Session:
    return talk(engine, Person(answers))


def with_facts(content: Content, state: str = "plan", **answers: Any) -> Session:
    facts = read(content, answers)
    conclude(content.screen, facts)
    return Session(state, (), facts)


def plain(message: Message) -> str:
    for tag in ("<b>", "</b>", "<i>", "</i>"):
        message = Message(message.text.replace(tag, ""), message.rows)
    return message.text


def end(outcome: Outcome, session: Session) -> str:
    return plain(outcome.end(outcome.engine.ends[session.state], session, NUMBERS))


def phrase(content: Content, name: str) -> str:
    return content.phrases.phrases[name]


# ---- ends --------------------------------------------------------------------------------------------------------


def test_an_emergency_says_whom_to_call_and_what_to_tell_them_first(engine: Engine, outcome: Outcome) -> None:
    session = come(engine, rf=["RF_SADDLE"])
    text = end(outcome, session)
    assert text.startswith(
        "⚠️ What you describe can need treatment within hours. Please call 999 or go to an emergency department now. "
        "Don't drive yourself if your legs are weak or you feel faint. Don't run, don't do exercises, don't wait for a "
        "reply from me. Tell them: back pain with new numbness or changed feeling between the legs"
    )


@pytest.mark.parametrize("flag", ["RF_NOWEIGHT", "RF_LIMB_COLD"])
def test_an_emergency_of_a_leg_says_to_put_no_weight_on_it(engine: Engine, outcome: Outcome, flag: str) -> None:
    assert "Put no weight on that leg." in end(outcome, come(engine, rf=[flag]))


def test_an_emergency_tells_what_belongs_to_its_own_flag(engine: Engine, content: Content, outcome: Outcome) -> None:
    for rule in content.screen.rules:
        if rule.disposition == 5:
            session = with_facts(content, "emergency", rf=["RF_WEAK", rule.id] if rule.id.startswith("RF") else [])
            flags = engine.assess(session).screening.flags
            assert not rule.id.startswith("RF_") or rule.id in flags
            if flags and flags[0] == rule.id:
                assert f"Tell them: {rule.tell}." in end(outcome, session)


def test_an_urgent_end_says_today_and_shows_the_line_to_call(engine: Engine, outcome: Outcome) -> None:
    session = come(engine, rf=["RF_FEVER"])
    text = end(outcome, session)
    assert text.startswith("Please speak to a doctor today")
    assert "(NHS 111)" in text and "No running or exercises until then. Call 999 if it gets worse" in text


def test_a_weak_leg_is_asked_to_watch_for_fever_only_while_it_was_not_asked(engine: Engine, outcome: Outcome) -> None:
    fever = "If you also have a fever, go to an emergency department now."
    assert fever in end(outcome, come(engine, rf=["RF_WEAK"]))
    assert fever not in end(outcome, come(engine, rf=["RF_FEVER"]))


def test_a_hip_at_risk_is_told_to_stay_off_the_leg(engine: Engine, outcome: Outcome) -> None:
    text = end(outcome, come(engine, site="groin_hip", bone=["BS_HOP"]))
    assert "put as little weight on that leg as you can" in text and "image of the hip" in text


def test_a_doctors_end_says_whom_to_see_why_and_what_is_fine(engine: Engine, outcome: Outcome) -> None:
    text = end(outcome, come(engine, rf=["RF_SHAPE"]))
    assert text.startswith("This needs a proper check before exercises. Please see a GP or sports doctor within")
    assert "the shape of your spine has changed" in text and "Gentle walking is fine" in text
    assert "sports doctor" in end(outcome, come(engine, bone=["BS_SPOT", "BS_HOP"]))


def test_pregnancy_ends_without_exercises_and_names_who_can_help(engine: Engine, outcome: Outcome) -> None:
    text = end(outcome, come(engine, life="preg"))
    assert "so I give you none" in text and "midwife / pelvic-health physio" in text


def test_every_end_but_an_emergency_carries_the_safety_net_and_all_the_banner(
    engine: Engine, content: Content, outcome: Outcome
) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"rf": ["RF_SADDLE"]}, {}),
        ({"rf": ["RF_FEVER"]}, {}),
        ({"rf": ["RF_SHAPE"]}, {}),
        ({"life": "preg"}, {}),
        ({"age": "u18"}, {}),
        ({}, {"Q00": "no"}),
    ]
    net, banner = phrase(content, "safety_net"), phrase(content, "result.version").format(version="1.2.0")
    for answers, say in cases:
        session = talk(engine, Person(answers, say))
        text = end(outcome, session)
        assert banner in text
        assert text.count(net) == (0 if session.state == "emergency" else 1)


def test_the_button_for_those_already_checked_is_there_from_urgent_up(engine: Engine, outcome: Outcome) -> None:
    for answers, there in (({"rf": ["RF_SADDLE"]}, True), ({"nprs": 9}, True), ({"rf": ["RF_SHAPE"]}, False)):
        session = come(engine, **answers)
        message = outcome.end(engine.ends[session.state], session, NUMBERS)
        data = [button.data for row in message.rows for button in row]
        assert data == (["g:checked"] if there else [])


# ---- results -----------------------------------------------------------------------------------------------------


def test_a_result_says_where_to_go_then_why_then_what_may_contribute_then_running(
    engine: Engine, content: Content, outcome: Outcome
) -> None:
    text = plain(outcome.result(come(engine, life="pp_3_12m", pelvic="yes")))
    parts = [
        phrase(content, "result.heading"),
        "Please see a pelvic-health physio within 1–2 weeks.",
        "because you gave birth 3 to 12 months ago",
        "Your answers behind this: Pregnancy or birth: Birth 3–12 months ago; Pelvic floor: Yes.",
        phrase(content, "result.findings"),
        phrase(content, "result.running"),
        phrase(content, "result.review"),
        phrase(content, "safety_net"),
        phrase(content, "result.version").format(version="1.2.0"),
    ]
    at = [text.index(part) for part in parts]
    assert at == sorted(at)


def test_a_result_without_a_flag_says_so(engine: Engine, content: Content, outcome: Outcome) -> None:
    text = plain(outcome.result(come(engine)))
    assert phrase(content, "result.SELF_CARE") in text and phrase(content, "result.no_flags") in text


def test_a_gentle_result_does_not_promise_the_full_exercises(
    engine: Engine, content: Content, outcome: Outcome
) -> None:
    text = plain(outcome.result(come(engine, leg="below_knee")))
    assert "Until then only gentle exercises fit." in text and "You can begin with" not in text


def test_a_result_names_at_most_three_findings(engine: Engine, outcome: Outcome) -> None:
    session = come(engine, sit="gt8", timing=["rest_sit", "late_run"], neutral="no", form=["lean_back", "overstride"])
    findings = engine.assess(session).findings
    texts = {row.id: row.text for row in engine.content.planning.findings}
    text = outcome.result(session).text
    shown = [name for name in findings if outcome.words.text(texts[name]) in text]
    assert len(findings) > TOP_FINDINGS and shown == list(findings[:TOP_FINDINGS])


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"nprs": 7}, "result.review_48h"),
        ({"age": "50_64", "newkind": "yes"}, "result.age50"),
        (
            {"dur": "gt12w", "timing": ["am_stiff"], "onset": "lt35", "ax": ["AX_MOVE", "AX_NSAID"], "fear": "no"},
            "result.axspa",
        ),
    ],
)
def test_some_results_ask_for_an_earlier_look(
    engine: Engine, content: Content, outcome: Outcome, answers: dict[str, Any], line: str
) -> None:
    assert phrase(content, line) in plain(outcome.result(come(engine, **answers)))
    assert phrase(content, line) not in plain(outcome.result(come(engine)))


CLEARED_BONE = {"rf": ["RF_BONE"], "cleared": "yes", "age": "35_44"}


def test_a_cleared_flag_is_said_to_be_cleared(engine: Engine, content: Content, outcome: Outcome) -> None:
    rule = rules(content)["RF_BONE"]
    session = come(engine, **CLEARED_BONE)
    assert rule.cleared_reason in plain(outcome.result(session))


def test_the_reasons_of_a_cleared_flag_say_that_it_was_cleared(
    engine: Engine, content: Content, outcome: Outcome
) -> None:
    assert rules(content)["RF_BONE"].cleared_reason in plain(outcome.why(come(engine, **CLEARED_BONE)))


def rules(content: Content) -> dict[str, Rule]:
    return {rule.id: rule for rule in content.screen.rules}


def test_reasons_name_rule_answers_source_and_grade(engine: Engine, outcome: Outcome) -> None:
    text = plain(outcome.why(come(engine, rf=["RF_SHAPE"])))
    assert "(RF_SHAPE; source: W7: " in text and "; guideline)" in text
    assert "Your answers: New spine shape" in text


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"rf": ["RF_SADDLE"]}, "Numb between the legs"),
        ({"nprs": 9}, "Pain, 0 to 10: 9"),
        ({"leg": "below_knee"}, "Into a leg: Below knee, one leg"),
        ({"age": "65p"}, "Age: 65+"),
        ({"T4": "pain"}, "Buttock stretch: Pain / stop"),
    ],
)
def test_reasons_are_in_the_persons_own_answers(
    engine: Engine, outcome: Outcome, answers: dict[str, Any], line: str
) -> None:
    assert f"Your answers: {line}" in plain(outcome.why(come(engine, **answers)))


# ---- plans and cards ---------------------------------------------------------------------------------------------


def test_a_plan_lists_mobility_before_strength_and_numbers_them(engine: Engine, outcome: Outcome) -> None:
    session = come(engine)
    planned = outcome.planned(session)
    text = plain(outcome.plan(session))
    names = {exercise.id: exercise.name for exercise in engine.content.library.exercises}
    at = [text.index(f"{number}. {names[name]}, level ") for number, name in enumerate(planned, 1)]
    assert at == sorted(at)
    message = outcome.plan(session)
    assert [button.data for row in message.rows for button in row] == [f"x:{name}" for name in planned]


def test_a_gentle_plan_says_that_it_is_gentle(engine: Engine, content: Content, outcome: Outcome) -> None:
    for answers, gentle in (({"leg": "below_knee"}, True), ({}, False)):
        text = plain(outcome.plan(come(engine, **answers)))
        assert (phrase(content, "plan.gentle") in text) == gentle


def test_walking_is_in_every_plan_and_the_warm_up_only_where_running_is_allowed(
    engine: Engine, outcome: Outcome
) -> None:
    for answers, runs in (({}, True), ({"nprs": 8}, False)):
        session = come(engine, **answers)
        text = plain(outcome.plan(session))
        assert "Brisk walk" in text
        assert ("Dynamic warm-up" in text) == runs == (engine.assess(session).running.running not in ("STOP", "WALK"))


def test_tips_about_running_wait_while_running_does(engine: Engine, content: Content, outcome: Outcome) -> None:
    form = ["overstride"]
    later, tips = phrase(content, "plan.tips_later"), phrase(content, "plan.tips")
    resting = plain(outcome.plan(come(engine, form=form, nprs=8)))
    assert later in resting and resting.index(tips) < resting.index(later)
    assert later not in plain(outcome.plan(come(engine, form=form)))


def test_a_tip_names_an_exercise_that_is_not_left_out(engine: Engine, content: Content, outcome: Outcome) -> None:
    names = {exercise.id: exercise.name for exercise in content.library.exercises}
    tips = [tip for tip in content.planning.advice if tip.needs]
    assert tips
    for tip in tips:
        for answers in ({}, {"worse": ["flex", "ext", "twist"]}, {"T2": "pain"}, {"leg": "below_knee"}):
            text = outcome._tip(tip, engine.assess(with_facts(content, **answers)))
            assert any(names[name] in text for name in (*tip.needs, "walk"))


def test_a_card_says_level_dose_cues_mistakes_stop_rule_and_why(
    engine: Engine, content: Content, outcome: Outcome
) -> None:
    session = come(engine, T2="tight")
    exercises = {exercise.id: exercise for exercise in content.library.exercises}
    for planned in engine.assess(session).plan:
        exercise = exercises[planned.exercise]
        text = plain(outcome.card(session, planned.exercise))
        assert text.startswith(exercise.name)
        assert f"Level {planned.level} of 3: {exercise.levels[planned.level - 1].how}" in text
        assert all(cue in text for cue in (*exercise.cues, *exercise.mistakes, exercise.target, exercise.equipment))
        assert content.library.common_stop in text and exercise.stop in text
        assert exercise.below in text or planned.level > 1
        reasons = [row.text for row in content.planning.findings if row.id in planned.reasons]
        assert all(reason in text for reason in reasons) if reasons else phrase(content, "card.why_base") in text


def test_a_card_of_a_gentle_plan_has_the_stricter_stop_rule(engine: Engine, content: Content, outcome: Outcome) -> None:
    session = come(engine, leg="below_knee")
    for name in outcome.planned(session):
        text = plain(outcome.card(session, name))
        assert content.library.gentle_stop in text and content.library.common_stop not in text


@pytest.mark.parametrize(
    ("dose", "text"),
    [
        ({"sets": 2, "reps": 8}, "2 × 8"),
        ({"sets": [1, 2], "reps": [6, 8]}, "1–2 × 6–8"),
        ({"sets": 2, "reps": 6, "hold": 3, "per_side": True}, "2 × 6, hold 3 s, each side"),
        ({"sets": 3, "hold": [10, 15]}, "3 × 10–15 s"),
        ({"sets": 1, "hold": 300}, "5 min"),
        ({"sets": 1, "hold": [600, 1800], "per_day": [1, 2]}, "10–30 min, 1–2× a day"),
        ({"sets": 2, "reps": 5, "per_day": 1}, "2 × 5, every day"),
        ({"sets": 2, "reps": 5, "per_day": 3}, "2 × 5, 3× a day"),
    ],
)
def test_a_dose_is_one_short_line(outcome: Outcome, dose: dict[str, Any], text: str) -> None:
    assert outcome.cards.dose(Dosage.model_validate(dose)) == text


# ---- self-tests --------------------------------------------------------------------------------------------------


def test_the_list_of_self_tests_shows_the_last_result_and_only_what_is_allowed(engine: Engine) -> None:
    renderer = Renderer(engine, Words(engine.content, str))
    text = plain(renderer.tests(come(engine, SLB=["lt10", "30p"], T2="tight")))
    assert "One-leg bridge: Bridge, left: Less than 10 seconds; Bridge, right: 30 seconds or more" in text
    assert "Upper-back turn: not done yet" in text
    assert "Plank, 60 seconds" not in plain(renderer.tests(come(engine, age="50_64", life="pp_3_12m")))
