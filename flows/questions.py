"""Gates, items and self-tests of the content -> the questions that can be asked, when each is due and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flows.plan import would_hold
from flows.rules import Facts
from flows.schema import Content, Gate, Item, Question, SelfTest

Answer = str | int | tuple[str, ...]
"""What a person answered: an option's value, a number on a scale, or the ticked values of a multi-select."""
OPENED = "open"
"""The fact that names the self-test that a person asked for."""
QUICK_TESTS = "quick"
UNSURE = "unsure"
AGAIN = ".again"
_Due = Callable[[Facts], bool]


class Refused(ValueError):
    """An answer that the current question does not offer; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Node:
    """A question as the machine knows it; an item of a gate is a question too."""

    question: Question
    group: str
    due: Callable[[Facts], bool]
    gate: Gate | None = None
    item: Item | None = None
    again: bool = False
    test: SelfTest | None = None

    @property
    def id(self) -> str:
        """The state that the machine is in while this question waits for its answer."""
        return self.question.id

    @property
    def inner(self) -> bool:
        """Tells whether it stands inside a gate that has a message of its own."""
        return self.gate is not None and bool(self.gate.text) and self.id != self.gate.id

    def unanswered(self, facts: Facts) -> bool:
        """Tells whether it is due and has no answer yet."""
        return self.id not in facts and self.due(facts)


def nodes(content: Content) -> Iterator[Node]:
    """Yields every question of the flow in the order in which they are asked."""
    for part in content.flow.questions:
        if isinstance(part, Gate):
            yield from _gate(content, part)
        else:
            yield Node(part, part.group or part.id, _due(content, part))
        if part.id == content.flow.tests_after:
            for test in content.self_tests.tests:
                yield from _test(content, test)


def _due(content: Content, question: Question) -> _Due:
    ask, in_referral, tests = question.ask.holds, question.in_referral.holds, content.self_tests.tests
    probe, offers_tests = question.probe, question.test == QUICK_TESTS

    def due(facts: Facts) -> bool:
        if not ask(facts) or (facts["referred"] == "yes" and not in_referral(facts)):
            return False
        if offers_tests and not any(test_allowed(content, test.id, facts) for test in tests if test.quick):
            return False
        return probe is None or would_hold(content, facts, probe.answer, probe.any_of)

    return due


# ---- gates -----------------------------------------------------------------------------------------------------------


def _gate(content: Content, gate: Gate) -> Iterator[Node]:
    words = content.flow.gate_words
    common: dict[str, Any] = {"step": gate.step, "in_referral": gate.in_referral, "group": gate.id}
    if gate.text:
        options = (words.none, words.some, *([words.unsure] if gate.gate_unsure else []))
        head = Question(
            id=gate.id, text=gate.text, why=gate.why, short=gate.short, options=options, ask=gate.ask, **common
        )
        yield Node(head, gate.id, _due(content, head), gate=gate)

    def opened(facts: Facts) -> bool:
        return gate.ask.holds(facts) and (not gate.text or facts.get(gate.id) in ("some", UNSURE))

    for item in gate.items:
        yield from _item(content, gate, item, opened, common)


def _item(content: Content, gate: Gate, item: Item, opened: _Due, common: dict[str, Any]) -> Iterator[Node]:
    words = content.flow.gate_words
    options = (words.yes, words.no, words.unsure, *item.extra)
    question = Question(id=item.id, text=item.text, why=gate.why, short=item.short, options=options, **common)
    referral = gate.in_referral.holds

    def open_in(facts: Facts) -> bool:
        return opened(facts) and (facts["referred"] != "yes" or referral(facts))

    ask = item.ask.holds
    yield Node(question, gate.id, lambda facts: open_in(facts) and ask(facts), gate=gate, item=item)
    if asked_again(gate):
        second = question.model_copy(update={"id": item.id + AGAIN, "text": item.again})
        yield Node(
            second,
            gate.id,
            lambda facts: open_in(facts) and facts.get(item.id) == UNSURE,
            gate=gate,
            item=item,
            again=True,
        )
    for part in hanging(item):
        follow = part.model_copy(update=common)
        yield Node(follow, gate.id, _hangs(gate, item, part, open_in), gate=gate)


def _hangs(gate: Gate, item: Item, part: Question, opened: _Due) -> _Due:
    if part is item.clarify:
        return lambda facts: opened(facts) and counts(gate, item, facts)
    ask = part.ask.holds
    return lambda facts: opened(facts) and ask(facts)


def hanging(item: Item) -> tuple[Question, ...]:
    """Returns the questions that come right after an item: its clarifier, then the others."""
    return (*([item.clarify] if item.clarify else []), *item.then)


def asked_again(gate: Gate) -> bool:
    """Tells whether an item that was answered "Not sure" is asked once more in other words."""
    return gate.not_sure == "ask_again"


def counts(gate: Gate, item: Item, facts: Facts) -> bool:
    """Tells whether the answers to an item count as Yes (clinical.md 2.2)."""
    first, second = facts.get(item.id), facts.get(item.id + AGAIN)
    if first != UNSURE:
        return first == "yes"
    if asked_again(gate):
        return second == "yes" or (second == UNSURE and item.second_unsure == "counts")
    return True


# ---- self-tests ------------------------------------------------------------------------------------------------------


def _test(content: Content, test: SelfTest) -> Iterator[Node]:
    template = content.self_tests.after_pain
    yes_again = (*template.options[0].ask_again, *test.ask_again)
    pain_options = tuple(
        option.model_copy(update={"ask_again": yes_again}) if option.ask_again else option
        for option in template.options
    )
    asked = [question.id for question in test.questions]
    tingle = template.model_copy(update={"id": f"{test.id}.{template.id}", "options": pain_options})

    def due(facts: Facts) -> bool:
        wanted = facts.get(OPENED) == test.id or (test.quick and facts.get("Q19") == "now")
        return wanted and bool(test_allowed(content, test.id, facts))

    for question in test.questions:
        ask = question.ask.holds
        yield Node(question, test.id, lambda facts, ask=ask: due(facts) and ask(facts), test=test)  # type: ignore[misc]
    # Pain in a test always leads to this question, also where the test was left after it.
    yield Node(tingle, test.id, lambda facts: any(facts.get(name) == "pain" for name in asked), test=test)


def test_allowed(content: Content, test: str, facts: Facts) -> str:
    """Returns how a self-test may be done now: "feet", "knees", or "" where clinical.md 3.3 does not allow it."""
    how = "feet"
    for row in content.self_tests.gate:
        if row.when.holds(facts):
            if test in row.knees:
                how = "knees"
            elif test not in row.allow:
                return ""
    return how


# ---- answers ---------------------------------------------------------------------------------------------------------


def valid(question: Question, answer: Any) -> Answer:
    """Returns the answer in its one form; raises Refused when the question does not offer it."""
    if question.kind == "scale":
        if type(answer) is int and 0 <= answer <= 10:
            return answer
        raise Refused(f"{question.id}: a whole number from 0 to 10")
    offered = {option.value: option for option in question.options}
    if question.kind == "single":
        if isinstance(answer, str) and answer in offered:
            return answer
        raise Refused(f"{question.id}: {answer!r} is not offered")
    ticks = tuple(answer) if isinstance(answer, list | tuple | frozenset | set) else (answer,)
    if any(tick not in offered for tick in ticks):
        raise Refused(f"{question.id}: {answer!r} is not offered")
    if any(offered[tick].exclusive for tick in ticks):
        if len(set(ticks)) > 1:
            raise Refused(f"{question.id}: none of these goes with no other")
        return ()
    counted = {tick for tick in ticks if not offered[tick].free}
    if question.most is not None and len(counted) > question.most:
        raise Refused(f"{question.id}: {question.most} at most")
    return tuple(option.value for option in question.options if option.value in ticks)
