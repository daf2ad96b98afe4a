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


# ---- only some of them -----------------------------------------------------------------------------------------------


def some(engine: Engine, session: Session, names: list[str], person: Person) -> Session:
    """Goes through some gates, items or questions again."""
    session = engine.recheck(session, names).session
    while session.state in engine.nodes:
        session = engine.advance(session, person.answer(engine, session)).session
    return session


def test_one_gate_can_be_gone_through_alone(engine: Engine) -> None:
    before = talk(engine, Person({"bone": ["BS_PREV"]}))
    person = Person({"bone": ["BS_SPOT"]})
    after = some(engine, before, ["Q15"], person)
    assert [name for name in person.asked if not name.startswith("BS_")] == ["Q15"]
    assert after.facts["bone"] == frozenset({"BS_PREV", "BS_SPOT"})
    assert engine.replay(after.log) == engine.resume(after.state, after.log) == after


def test_items_left_at_not_sure_twice_are_known_and_asked_alone(engine: Engine) -> None:
    doubtful = {"Q05": "some", "RF_WEIGHT": "unsure", "RF_WEIGHT.again": "unsure", "RF_SHAPE": "unsure"}
    before = talk(engine, Person({}, say=doubtful))
    assert engine.unsure(before) == ("RF_WEIGHT",)
    person = Person({"rf": ["RF_WEIGHT"]})
    after = some(engine, before, ["RF_WEIGHT"], person)
    assert person.asked == ["RF_WEIGHT"]
    assert after.state == "doctor"
    calm = Person({})
    assert engine.unsure(some(engine, before, ["RF_WEIGHT"], calm)) == ()
    still = Person({}, say={"RF_WEIGHT": "unsure", "RF_WEIGHT.again": "unsure"})
    assert engine.unsure(some(engine, before, ["RF_WEIGHT"], still)) == ("RF_WEIGHT",)


def test_a_sign_that_counts_at_the_second_not_sure_is_not_left_open(engine: Engine) -> None:
    hop = {"Q15": "some", "BS_HOP": "unsure", "BS_HOP.again": "unsure"}
    session = talk(engine, Person({}, say=hop))
    assert engine.unsure(session) == ()
    assert session.facts["bone"] == frozenset({"BS_HOP"})


def test_all_gates_asked_anew_leave_nothing_open(engine: Engine) -> None:
    doubtful = {"Q05": "some", "RF_WEIGHT": "unsure", "RF_WEIGHT.again": "unsure"}
    after, _ = again(engine, talk(engine, Person({}, say=doubtful)))
    assert engine.unsure(after) == ()


def test_the_questions_about_the_joints_are_asked_late_of_any_lasting_pain(engine: Engine) -> None:
    before = talk(engine, Person({"dur": "2_6w"}))
    person = Person({"onset": "lt35", "ax": ["AX_NIGHT2", "AX_MOVE", "AX_FAM"]})
    after = some(engine, before, ["Q11b", "Q11c"], person)
    assert person.asked == ["Q11b", "Q11c", "Q18b"]
    assert "AXSPA" in engine.assess(after).screening.flags
    assert engine.replay(after.log) == engine.resume(after.state, after.log) == after


def test_what_an_entry_asks_again_is_known(engine: Engine) -> None:
    every = {item.id for gate in engine.gates if gate.text for item in gate.items}
    assert engine.entries.reopened(("recheck", "again")) == every
    assert engine.entries.reopened(("recheck", ("RF_WEIGHT", "Q11b"))) == {"RF_WEIGHT"}
    assert engine.entries.reopened(("Q12", ("flex",))) == frozenset()
