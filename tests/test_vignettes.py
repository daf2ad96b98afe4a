"""Every vignette, through the conversation (dumped and read again after each answer) and through `simulate`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml12

from flows.engine import Engine, Session
from flows.schema import Content, Disposition
from flows.simulate import conclusion, parse
from tests.person import Person, talk

FOLDER = Path(__file__).parent / "vignettes"
EXPECTED = set("disposition permission running flags first_flag who findings plan asked never_asked".split())


@dataclass(frozen=True)
class Vignette:
    """One clinical case: what a person answers, and what must come of it."""

    id: str
    answers: dict[str, Any]
    expect: dict[str, Any]
    story: str
    say: dict[str, Any] = field(default_factory=dict)
    chat: bool = True
    reason: str = ""
    """Why the conversation never comes to these answers, where `chat` is false."""


def read() -> list[Vignette]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        rows: Any = yaml12.parse_yaml(file.read_text(encoding="utf-8"))
        found += [Vignette(**row) for row in rows]
    return found


VIGNETTES = read()
each = pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette.id)


class Dumped(Engine):
    """The engine as the bot uses it: between two turns a session is JSON in a row, and nothing else of it is left."""

    def advance(self, session: Session, answer: Any) -> Any:
        """Answers the session as it comes out of the store."""
        return super().advance(self.again(session), answer)

    def open_test(self, session: Session, test: str) -> Any:
        """Asks a self-test of the session as it comes out of the store."""
        return super().open_test(self.again(session), test)

    def again(self, session: Session) -> Session:
        """Returns a session dumped and read again."""
        state, log = json.loads(json.dumps([session.state, session.log]))
        entries = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in log)
        read = self.resume(state, entries)
        assert read == session
        return read


@pytest.fixture(scope="module")
def dumped(content: Content) -> Dumped:
    return Dumped(content)


def level_by_exercise(rows: list[str]) -> list[tuple[str, int]]:
    return [(name, int(level.removeprefix("L"))) for name, level in (row.split() for row in rows)]


def in_order(asked: list[str], wanted: list[str]) -> bool:
    """Whether the wanted questions were asked in this order, others between them or not."""
    rest = iter(asked)
    return all(name in rest for name in wanted)


@pytest.mark.parametrize(
    "vignette", [vignette for vignette in VIGNETTES if vignette.chat], ids=lambda vignette: vignette.id
)
def test_the_conversation_comes_to_what_the_vignette_expects(dumped: Dumped, vignette: Vignette) -> None:
    person, expect = Person(vignette.answers, vignette.say), vignette.expect
    session = talk(dumped, person)
    result = dumped.assess(session)
    screening = result.screening
    assert screening.disposition.name == expect["disposition"]
    assert screening.permission.name == expect["permission"]
    assert result.running.running == expect["running"]
    if "first_flag" in expect:
        assert screening.flags[0] == expect["first_flag"]
    if screening.disposition < Disposition.URGENT:
        assert list(screening.flags) == expect["flags"]
        if "findings" in expect:
            assert list(result.findings)[: len(expect["findings"])] == expect["findings"]
    if "plan" in expect:
        assert [(row.exercise, row.level) for row in result.plan] == level_by_exercise(expect["plan"])
    assert in_order(person.asked, expect.get("asked", []))
    assert not set(person.asked) & set(expect.get("never_asked", []))
    rank = screening.disposition
    ends = {Disposition.EMERGENCY: "emergency", Disposition.URGENT: "urgent", Disposition.DOCTOR: "doctor"}
    expected = "minor" if "AGE_U18" in screening.flags else ends.get(rank, "plan")
    if expected == "plan" and expect["permission"] == "NONE":
        expected = "no_exercises"
    assert session.state == expected


@each
def test_simulate_says_what_the_vignette_expects(content: Content, vignette: Vignette) -> None:
    expect = vignette.expect
    said = conclusion(content, parse(content, json.dumps(vignette.answers)))
    for name in ("disposition", "permission", "running", "flags", "who"):
        assert said[name] == expect.get(name, said[name]), name
    if "first_flag" in expect:
        assert said["flags"][0] == expect["first_flag"]
    if "findings" in expect:
        assert said["findings"][: len(expect["findings"])] == expect["findings"]
        assert expect["findings"] or not said["findings"] or vignette.id.startswith("case_")
    if "plan" in expect:
        assert [(row["exercise"], row["level"]) for row in said["plan"]] == level_by_exercise(expect["plan"])


# ---- the collection ----------------------------------------------------------------------------------------------


def test_every_vignette_has_its_own_id_a_story_and_known_keys() -> None:
    assert [name for name, count in Counter(vignette.id for vignette in VIGNETTES).items() if count > 1] == []
    for vignette in VIGNETTES:
        assert vignette.story and set(vignette.expect) <= EXPECTED, vignette.id
        assert bool(vignette.reason) != vignette.chat, vignette.id


def test_the_37_worked_cases_are_there() -> None:
    cases = [f"case_{number}" for number in range(1, 31)] + [f"case_e{number}" for number in range(1, 8)]
    assert len(cases) == 37 and set(cases) <= {vignette.id for vignette in VIGNETTES}
    assert len(VIGNETTES) >= 60


def test_every_red_flag_and_every_disposition_is_met_at_least_once(content: Content) -> None:
    met = {flag for vignette in VIGNETTES for flag in vignette.expect["flags"]}
    first = {vignette.expect.get("first_flag") for vignette in VIGNETTES}
    rules = {rule.id for rule in content.screen.rules}
    cleared = {f"{rule.id}_CLEARED" for rule in content.screen.rules if rule.clearable}
    assert rules | cleared <= met | first | {"FREE_TEXT"}
    assert {vignette.expect["disposition"] for vignette in VIGNETTES} == set(Disposition.__members__)


def test_every_finding_is_met_at_least_once(content: Content) -> None:
    met = {name for vignette in VIGNETTES for name in vignette.expect.get("findings", [])}
    assert {finding.id for finding in content.planning.findings} <= met


def test_every_question_and_exercise_named_in_a_vignette_exists(content: Content, engine: Engine) -> None:
    exercises = {exercise.id for exercise in content.library.exercises}
    for vignette in VIGNETTES:
        named = {*vignette.say, *vignette.expect.get("asked", []), *vignette.expect.get("never_asked", [])}
        assert named <= set(engine.nodes), vignette.id
        assert {name for name, _ in level_by_exercise(vignette.expect.get("plan", []))} <= exercises, vignette.id


def test_a_vignette_that_is_wrong_is_noticed(dumped: Dumped, content: Content) -> None:
    right = next(vignette for vignette in VIGNETTES if vignette.id == "case_1")
    for name, value in (("disposition", "SELF_CARE"), ("first_flag", "RF_CALF"), ("never_asked", ["Q01"])):
        wrong = Vignette(right.id, right.answers, {**right.expect, name: value}, right.story)
        with pytest.raises(AssertionError):
            test_the_conversation_comes_to_what_the_vignette_expects(dumped, wrong)
    wrong = Vignette(right.id, right.answers, {**right.expect, "flags": ["RF_CALF"]}, right.story)
    with pytest.raises(AssertionError):
        test_simulate_says_what_the_vignette_expects(content, wrong)
