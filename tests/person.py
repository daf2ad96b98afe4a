"""A made-up person who answers the flow's questions from a set of answers in the fields of clinical.md section 8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.engine import Engine, Session
from flows.questions import Answer, Node

TESTS = {
    "T1": ["T1"],
    "T2": ["T2"],
    "T3": ["T3"],
    "T4": ["T4"],
    "T4b": ["T4b"],
    "SLB": ["T5"],
    "T7": ["T7"],
    "SP": ["T8"],
}
"""Which self-test settles which answer field."""
CIRCUITS = {"fail": ["T6"], "pain": ["T6"], "short": ["T6"], "mid": ["T6", "T6mid"], "full": ["T6", "T6mid", "T6full"]}
"""The plank circuits that a person has gone through to have this value of `core`."""


@dataclass
class Person:
    """Answers every question that is asked; what they were asked is kept."""

    answers: Mapping[str, Any]
    say: Mapping[str, Any] = field(default_factory=dict)
    """Answers by question id that differ from what the fields would say."""
    asked: list[str] = field(default_factory=list)

    def answer(self, engine: Engine, session: Session) -> Answer:
        """Returns this person's answer to the question that waits."""
        node = engine.nodes[session.state]
        self.asked.append(node.id)
        if node.id in self.say:
            said = self.say[node.id]
            return tuple(said) if isinstance(said, list) else said
        if node.gate is not None and (node.item is not None or node.id == node.gate.id):
            return self._symptom(node)
        question = node.question
        if question.kind == "scale":
            return int(self.answers.get(question.field, 3 if question.field == "nprs" else 8))
        if question.kind == "multi":
            return tuple(self.answers.get(question.field, ()))
        return self._choice(engine, node)

    def _symptom(self, node: Node) -> Answer:
        assert node.gate is not None
        held = set(self.answers.get(node.gate.field, ()))
        if node.item is None:
            items = {item.id for item in node.gate.items}
            return "some" if held & items or any(item in self.say for item in items) else "none"
        return "yes" if node.item.id in held else "no"

    def _choice(self, engine: Engine, node: Node) -> Answer:
        values = [option.value for option in node.question.options]
        fixed = {"NET": "no", "Q00": "yes", "Q19": "later", "QP1": "usual", "RF_BLADDER.since": "new", "T8.how": "feet"}
        if node.id in fixed:
            return fixed[node.id]
        if node.id == "RF_CONST.confirm":
            return (
                "yes"
                if "RF_CONST" in self.answers.get("rf", ()) or "constant" in self.answers.get("timing", ())
                else "no"
            )
        wanted = self._field(engine, node)
        if wanted in values:
            return wanted
        for option in node.question.options:
            effects = {**option.set, **option.add}
            if effects and all(self._is(engine, name, value) for name, value in effects.items()):
                return option.value
        return "no" if "no" in values else values[-1]

    def _field(self, engine: Engine, node: Node) -> str:
        name = node.question.field
        known = engine.content.settings.fields.get(name)
        given = self.answers.get(name, known.default if known is not None else "")
        if node.question.side:
            return str(given[0 if node.question.side == "left" else 1])
        circuit = {"T6": {"mid": "short", "full": "short"}, "T6mid": {"full": "mid"}}.get(node.id, {})
        return circuit.get(str(given), str(given))

    def _is(self, engine: Engine, name: str, value: str) -> bool:
        given = self.answers.get(name, engine.content.settings.fields[name].default)
        return value in given if isinstance(given, list | tuple) else value == given

    def tests(self) -> list[str]:
        """Returns the self-tests that this person has done, in the order of the content."""
        done = [
            test
            for name, tests in TESTS.items()
            for test in tests
            if self.answers.get(name, "na") not in ("na", ["na", "na"])
        ]
        return done + CIRCUITS.get(self.answers.get("core", "na"), [])


def talk(engine: Engine, person: Person, most: int = 200) -> Session:
    """Goes through the whole flow as this person, self-tests after the plan included, and returns where it ends."""
    session = engine.start().session
    tests = person.tests()
    for _ in range(most):
        if session.state in engine.nodes:
            session = engine.advance(session, person.answer(engine, session)).session
        elif session.state == "plan" and tests:
            session = engine.open_test(session, tests.pop(0)).session
        else:
            return session
    raise AssertionError(f"the conversation does not end: {session.log[-5:]}")
