"""Laws of going through the gates again after the plan (clinical.md 6.1)."""

from __future__ import annotations

from flows.engine import Engine, Session
from tests.person import Person, talk

GATES = ["Q02", "Q03", "Q04", "Q05", "Q15"]


def again(engine: Engine, session: Session, **answers: object) -> tuple[Session, list[str]]:
    """Goes through the gates again as this person; returns where that ends and what was asked."""
    person = Person(answers)
    session = engine.recheck(session).session
    while session.state in engine.nodes:
        session = engine.advance(session, person.answer(engine, session)).session
    return session, person.asked


def test_all_gates_are_asked_and_nothing_else(engine: Engine) -> None:
    session, asked = again(engine, talk(engine, Person({})))
    assert (session.state, asked) == ("plan", GATES)


def test_what_counts_already_stays_and_is_not_asked_again(engine: Engine) -> None:
    before = talk(engine, Person({"rf": ["RF_FALL"]}))
    session, asked = again(engine, before, rf=["RF_FALL"])
    assert "RF_FALL" in before.facts["rf"]  # type: ignore[operator]
    assert session.facts["rf"] == before.facts["rf"]
    assert "RF_FALL" not in asked


def test_bone_pain_is_asked_anew(engine: Engine) -> None:
    before = talk(engine, Person({"bone": ["BS_SPOT", "BS_PREV"], "nprs": 2}, say={"CLEARED": "yes"}))
    gone, _ = again(engine, before)
    assert gone.facts["bone"] == frozenset({"BS_PREV"})
    stays, asked = again(engine, before, bone=["BS_SPOT"])
    assert "BS_SPOT" in asked
    assert "BS_PREV" not in asked
    assert stays.facts["bone"] == frozenset({"BS_SPOT", "BS_PREV"})


def test_a_clearable_sign_that_is_new_is_not_cleared_by_an_earlier_word(engine: Engine) -> None:
    before = talk(engine, Person({"rf": ["RF_CANCER"]}, say={"CLEARED": "yes"}))
    assert before.state == "plan"
    kept, asked = again(engine, before, rf=["RF_CANCER"])
    assert kept.state == "plan"
    session, asked = again(engine, before, rf=["RF_CANCER", "RF_BONE"])
    assert session.state == "doctor"
    assert "CLEARED" not in asked


def test_a_clearable_sign_that_is_new_is_never_asked_to_be_cleared(engine: Engine) -> None:
    session, asked = again(engine, talk(engine, Person({})), rf=["RF_CANCER"])
    assert session.state == "doctor"
    assert "CLEARED" not in asked


def test_an_emergency_ends_the_gates_at_once(engine: Engine) -> None:
    session, asked = again(engine, talk(engine, Person({})), rf=["RF_SADDLE"])
    assert (session.state, asked) == ("emergency", ["Q02", "RF_SADDLE"])


def test_the_log_leads_to_the_same_session(engine: Engine) -> None:
    session, _ = again(engine, talk(engine, Person({"bone": ["BS_PREV"]})), rf=["RF_FALL"])
    assert engine.replay(session.log) == engine.resume(session.state, session.log) == session


def test_back_leads_out_of_the_gates(engine: Engine) -> None:
    before = talk(engine, Person({}))
    assert engine.back(engine.recheck(before).session).session == before
