"""Laws of the conversation: it ends, it is safe, it can go back, and it is a function of its log."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import Engine, Outdated, Session
from flows.questions import Answer, Refused
from flows.schema import Disposition, Permission, Question
from flows.simulate import conclusion, read
from tests.person import Person, talk

LONGEST = 130
"""More answers than the longest conversation takes, every detour included."""


def legal(question: Question, draw: st.DataObject) -> Answer:
    if question.kind == "scale":
        return draw.draw(st.integers(0, 10))
    values = [option.value for option in question.options]
    if question.kind == "single":
        return draw.draw(st.sampled_from(values))
    ticks = [option.value for option in question.options if not option.exclusive]
    return tuple(draw.draw(st.lists(st.sampled_from(ticks), unique=True, max_size=question.most or len(ticks))))


def wander(engine: Engine, draw: st.DataObject, calm: bool = True) -> list[Session]:
    """Answers at random until the conversation ends; a calm person has few symptoms and so gets further."""
    gates = {gate.id for gate in engine.gates}
    sessions = [engine.start().session]
    while sessions[-1].state in engine.nodes:
        assert len(sessions) < LONGEST, sessions[-1].log
        session = sessions[-1]
        node = engine.nodes[session.state]
        if calm and (node.item is not None or node.id in gates) and draw.draw(st.integers(0, 9)):
            answer: Answer = "none" if node.item is None else "no"
        elif node.id in ("Q00", "NET"):
            answer = "yes" if node.id == "Q00" else "no"
        else:
            answer = legal(node.question, draw)
        sessions.append(engine.advance(session, answer).session)
    return sessions


def answers_of(engine: Engine, session: Session) -> dict[str, Any]:
    """The answer fields of a session, as simulate reads them."""
    fields = engine.content.settings.fields
    plain = {name: session.facts[name] for name in fields}
    return {
        name: sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
        for name, value in plain.items()
    }


@given(st.data(), st.booleans())
def test_any_sequence_of_legal_answers_ends(engine: Engine, draw: st.DataObject, calm: bool) -> None:
    assert wander(engine, draw, calm)[-1].state in engine.ends


@given(st.data())
def test_the_next_question_is_the_first_that_is_due_and_not_answered(engine: Engine, draw: st.DataObject) -> None:
    for session in wander(engine, draw):
        if session.state in engine.nodes:
            group = engine.nodes[session.log[-1][0]].group if session.log else ""
            due = [node for node in engine.nodes.values() if node.id not in session.facts and node.due(session.facts)]
            own = [node for node in due if node.group == group or node.question.first]
            assert session.state == (own or due)[0].id


@given(st.data(), st.booleans())
def test_no_plan_at_doctor_or_higher_or_without_permission(engine: Engine, draw: st.DataObject, calm: bool) -> None:
    session = wander(engine, draw, calm)[-1]
    screening = engine.assess(session).screening
    if screening.disposition >= Disposition.DOCTOR or screening.permission is Permission.NONE:
        assert session.state != "plan"
        assert not engine.assess(session).plan
    elif session.state not in ("declined", "minor"):
        assert session.state == "plan"


@given(st.data(), st.booleans())
def test_the_chat_concludes_what_simulate_concludes_for_its_answers(
    engine: Engine, draw: st.DataObject, calm: bool
) -> None:
    session = wander(engine, draw, calm)[-1]
    if session.state in ("declined", "minor"):
        return
    said = conclusion(engine.content, read(engine.content, answers_of(engine, session)))
    assessed = engine.assess(session)
    assert said["disposition"] == assessed.screening.disposition.name
    assert said["flags"] == list(assessed.screening.flags)
    assert [row["exercise"] for row in said["plan"]] == [row.exercise for row in assessed.plan]


@given(st.data(), st.booleans())
def test_back_after_an_answer_is_the_state_before(engine: Engine, draw: st.DataObject, calm: bool) -> None:
    sessions = wander(engine, draw, calm)
    for before, after in pairwise(sessions):
        assert engine.back(after).session == before


@given(st.data(), st.booleans())
def test_replay_and_resume_give_the_same_session(engine: Engine, draw: st.DataObject, calm: bool) -> None:
    session = wander(engine, draw, calm)[-1]
    stored = json.loads(json.dumps(session.log))
    log = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in stored)
    assert engine.replay(log) == session
    assert engine.resume(session.state, log) == session


@given(st.data(), st.booleans())
def test_the_disposition_never_falls_while_a_gate_is_answered(engine: Engine, draw: st.DataObject, calm: bool) -> None:
    sessions = wander(engine, draw, calm)
    for before, after in pairwise(sessions):
        node = engine.nodes[before.state]
        if node.item is not None:
            assert after.facts["rank"] >= before.facts["rank"]  # type: ignore[operator]


@given(st.data())
def test_an_emergency_word_is_heard_in_every_state(engine: Engine, draw: st.DataObject) -> None:
    for session in wander(engine, draw, calm=False)[:-1]:
        heard = engine.hear(session).session
        assert heard.state == "NET"
        for answer in ("yes", "unsure"):
            assert engine.advance(heard, answer).session.state == "emergency"
        assert engine.back(heard).session == session


@given(st.data())
def test_after_a_false_alarm_the_nerve_questions_come_and_then_the_chat_goes_on(
    engine: Engine, draw: st.DataObject
) -> None:
    session = draw.draw(st.sampled_from(wander(engine, draw)))
    if session.state in engine.ends and session.state != "plan":
        return
    now = engine.advance(engine.hear(session).session, "no").session
    while now.state in engine.nodes and engine.nodes[now.state].group == "Q02":
        now = engine.advance(now, "no").session
    nerves = session.state in engine.nodes and engine.nodes[session.state].group == "Q02"
    assert now.state == ("Q03" if nerves else session.state)


def test_after_a_false_alarm_before_consent_the_nerve_questions_follow_the_age(engine: Engine) -> None:
    begun = engine.start().session
    for early in (begun, engine.advance(begun, "yes").session):
        now = engine.advance(engine.hear(early).session, "no").session
        while now.state in ("Q00", "Q01"):
            now = engine.advance(now, "yes" if now.state == "Q00" else "18_34").session
        assert now.state == "RF_SADDLE"


def test_every_question_and_every_end_is_reached(engine: Engine) -> None:
    reached: set[str] = set()
    people: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, {})]
    gates = {gate.id: gate for gate in engine.gates}
    everything = {**{gate.id: "some" for gate in gates.values() if gate.text}}
    for gate in gates.values():
        for item in gate.items:
            people += [
                ({}, {gate.id: "some", item.id: answer, f"{item.id}.again": "unsure"}) for answer in ("yes", "unsure")
            ]
    people += [
        ({"life": "preg"}, {}),
        ({"life": "preg"}, {"RF_PREG_WARN": "unsure"}),
        ({"life": "pp_3_12m"}, {}),
        ({"age": "50_64"}, {}),
        ({"age": "u18"}, {}),
        ({}, {"Q00": "no"}),
        ({"dur": "gt12w", "timing": ["night", "constant"]}, {"RF_CONST.confirm": "no"}),
        ({"site": "upper"}, {}),
        ({"site": "upper", "cleared": "yes"}, {}),
        ({"worse": ["flex"], "form": ["overstride", "lean_back"], "load": ["hills"], "T1": "short"}, {}),
        ({"T1": "pain", "T2": "pain", "T3": "pain", "T4": "pain", "T4b": "pain", "T7": "pain", "core": "pain"}, {}),
        ({"SLB": ["30p", "pain"], "SP": ["30p", "pain"], "core": "full", "T2": "tight"}, {}),
        ({"core": "full"}, {"T6mid": "pain"}),
        ({"core": "full"}, {"T6full": "pain"}),
        ({}, {"Q19": "now", **everything}),
        ({}, {"Q19": "now", "T2.result": "pain", "T3.result": "pain", "T5.left": "pain", "T6": "pain"}),
    ]
    for answers, say in people:
        person = Person(answers, say)
        with suppress(Refused):
            reached.add(talk(engine, person).state)
        reached.update(person.asked)
    net = engine.hear(engine.start().session).session
    reached.add(net.state)
    assert set(engine.nodes) | set(engine.ends) == reached


def test_an_answer_that_is_not_offered_is_refused_and_changes_nothing(engine: Engine) -> None:
    session = engine.start().session
    for answer in ("maybe", 3, ("yes",), ()):
        with pytest.raises(Refused):
            engine.advance(session, answer)
    assert session == engine.start().session


def test_a_log_that_does_not_fit_the_flow_is_outdated(engine: Engine) -> None:
    for log in ([("Q01", "18_34")], [("Q00", "yes"), ("Q01", "12")], [("Q00", "perhaps")], [("gone", "x")]):
        with pytest.raises((Outdated, KeyError)):
            engine.replay(log)


def reach(
    engine: Engine, state: str, answers: dict[str, Any] | None = None, say: dict[str, Any] | None = None
) -> Session:
    person, session = Person(answers or {}, say or {}), engine.start().session
    while session.state != state:
        session = engine.advance(session, person.answer(engine, session)).session
    return session


@pytest.mark.parametrize(
    "answer", [("elsewhere",), ("none", "night"), ("rest_sit", "warmup_ease", "late_run", "after_run", "night")]
)
def test_ticks_that_do_not_go_together_are_refused(engine: Engine, answer: tuple[str, ...]) -> None:
    session = reach(engine, "Q11")
    with pytest.raises(Refused):
        engine.advance(session, answer)


def test_constant_is_not_counted_among_the_four(engine: Engine) -> None:
    ticks = ("rest_sit", "warmup_ease", "late_run", "after_run", "constant")
    assert engine.advance(reach(engine, "Q11"), ticks).session.state == "RF_CONST.confirm"


def test_an_end_takes_no_answer(engine: Engine) -> None:
    with pytest.raises(Refused):
        engine.advance(talk(engine, Person({})), "yes")


def test_a_nerve_sign_that_counts_already_is_not_asked_again(engine: Engine) -> None:
    both_legs = {"rf": ["RF_BILAT"], "bilat_walk": "yes"}
    session = engine.advance(engine.hear(reach(engine, "Q03", both_legs)).session, "no").session
    asked = []
    while engine.nodes[session.state].group == "Q02":
        asked.append(session.state)
        session = engine.advance(session, "no").session
    assert "RF_SADDLE" in asked
    assert "RF_BILAT" not in asked
    assert session.facts["rf"] == frozenset({"RF_BILAT"})


def test_what_stood_before_a_detour_is_found_again(engine: Engine) -> None:
    plan = talk(engine, Person({}))
    assert engine.before_detour(plan, "plan") is None
    tested = engine.advance(engine.open_test(plan, "T4").session, "ok").session
    assert engine.before_detour(tested, "plan") == plan
    alarmed = engine.advance(engine.hear(reach(engine, "Q06")).session, "no").session
    assert engine.before_detour(alarmed, "plan") is None
