"""The questions of the triage, and the menus beside them -> messages with buttons and what these carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.render import Button, Message, Words, bold, in_rows, listed, paragraphs
from flows.engine import Engine, Session
from flows.entries import RECHECKED
from flows.questions import Answer, Node
from flows.rules import ALWAYS
from flows.schema import Country, Option


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands: the session it belongs to and how many answers came before it."""

    session: str
    turn: int

    def data(self, code: str) -> str:
        """Returns callback data that is known again only while this question waits."""
        return f"q:{self.session}:{self.turn}:{code}"


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question message shows besides the question."""

    ticks: tuple[str, ...] = ()
    with_why: bool = False
    too_many: bool = False
    before: tuple[str, ...] = field(default=())
    """Sentences that come first, already escaped."""


class Renderer:
    """Renders everything that is not a result."""

    def __init__(self, engine: Engine, words: Words) -> None:
        self.engine = engine
        self.content = engine.content
        self.words = words

    # ---- questions -------------------------------------------------------------------------------------------

    def question(self, session: Session, place: Place, asking: Asking) -> Message:
        """Returns the current question with its buttons, Back, Why and Stop."""
        node = self.engine.nodes[session.state]
        question = node.question
        parts = [*asking.before, self._step(node, session), *self._test(node, session), self._asked(node, session)]
        parts.append(self._bullets(node))
        if question.kind == "multi":
            limit = question.most
            parts.append(self.words("question.multi_most", most=limit) if limit else self.words("question.multi"))
            if asking.too_many:
                parts.append(bold(self.words("question.too_many", most=limit)))
        if question.kind == "scale":
            parts.append(self.words("question.scale"))
        if asking.with_why:
            parts.append(self.words("question.why", why=self.words.plain(question.why)))
        rows = (*self._answers(node, place, asking.ticks), self._nav(session, place, asking))
        return Message(paragraphs(*parts), tuple(row for row in rows if row))

    def _step(self, node: Node, session: Session) -> str:
        step = node.question.step
        if step is None:
            return ""
        # What a check-in asks again is no step of the triage: it is counted within its gate only.
        alone, steps = RECHECKED in session.facts, self.content.flow.steps
        if node.gate is None or node.item is None:
            return "" if alone else bold(self.words("step", step=step, steps=steps))
        items = [item for item in node.gate.items if item.ask.holds(session.facts)]
        at = items.index(node.item) + 1
        if alone:
            return bold(self.words("step.item_alone", item=at, items=len(items)))
        return bold(self.words("step.item", step=step, steps=steps, item=at, items=len(items)))

    def drawn(self, session: Session) -> dict[str, str]:
        """Returns the drawings of a self-test at its first question, each with its alt text; none at any other."""
        node = self.engine.nodes[session.state]
        if node.test is None or node.id != self._first(node.test.questions, session):
            return {}
        pictures, knees = self.content.pictures, self.engine.entries.on_knees(node, session.facts)
        return {name: self.words.text(pictures.pictures[name]) for name in pictures.forms(node.test.id, knees=knees)}

    def _test(self, node: Node, session: Session) -> list[str]:
        """How to do a self-test, before its first question; the rules of all tests before the very first."""
        test = node.test
        if test is None or node.id != self._first(test.questions, session):
            return []
        done_before = any(
            name in session.facts for other in self.engine.nodes.values() if other.test for name in [other.id]
        )
        rules = (
            []
            if done_before
            else [bold(self.words("test.rules_heading")), self.words.text(self.content.self_tests.rules)]
        )
        how = [bold(self.words.text(test.name)), self.words.text(test.how)]
        return [*rules, *how, *([self.words.text(test.safety)] if test.safety else [])]

    def _first(self, questions: Sequence[Any], session: Session) -> str:
        """The first question of a test that is asked of this person (one may be left out on the knees)."""
        asked = (question.id for question in questions if question.ask.holds(session.facts))
        return next(asked, "")

    def _asked(self, node: Node, session: Session) -> str:
        question = node.question
        on_knees = question.knees and self.engine.entries.on_knees(node, session.facts)
        source = question.knees if on_knees else question.text
        if "{reasons}" not in source:
            return self.words.text(source)
        firing = [rule for rule in self.content.screen.rules if rule.clearable and rule.when.holds(session.facts)]
        reasons = "; ".join(self.words.plain(rule.reason) for rule in firing)
        return self.words.text(source, reasons=reasons)

    def _bullets(self, node: Node) -> str:
        if node.gate is not None and node.id == node.gate.id:
            return listed(self.words.text(item.bullet) for item in node.gate.items if item.ask == ALWAYS)
        if any(option.full for option in node.question.options):
            return listed(self.words.text(option.full) for option in node.question.options if option.full)
        return ""

    def _answers(self, node: Node, place: Place, ticks: tuple[str, ...]) -> tuple[tuple[Button, ...], ...]:
        question = node.question
        if question.kind == "scale":
            numbers = [Button(str(number), place.data(f"n{number}")) for number in range(11)]
            return tuple(numbers[:6]), tuple(numbers[6:])
        if question.kind == "single":
            return in_rows(
                [
                    Button(self.words.plain(option.label), place.data(f"a{at}"))
                    for at, option in enumerate(question.options)
                ]
            )
        buttons = [self._tick(option, at, place, ticks) for at, option in enumerate(question.options)]
        return (*((button,) for button in buttons), (Button(self.words.label("nav.done"), place.data("d")),))

    def _tick(self, option: Option, at: int, place: Place, ticks: tuple[str, ...]) -> Button:
        # The data says what the tick should become, so that the same press twice changes nothing.
        label, ticked = self.words.plain(option.label), option.value in ticks
        shown = self.words.label("nav.ticked", label=label) if ticked else label
        return Button(shown, place.data(f"{'u' if ticked else 't'}{at}"))

    def _nav(self, session: Session, place: Place, asking: Asking) -> tuple[Button, ...]:
        back = [Button(self.words.label("nav.back"), place.data("b"))] if self.has_back(session) else []
        why = [] if asking.with_why else [Button(self.words.label("nav.why"), place.data("w"))]
        first = self.engine.nodes[session.state].question.first
        stop = [] if first else [Button(self.words.label("nav.stop"), place.data("s"))]
        return (*back, *why, *stop)

    def has_back(self, session: Session) -> bool:
        """Tells whether Back leads anywhere; the question whether an emergency is happening cannot be passed by it."""
        return bool(session.log) and not self.engine.nodes[session.state].question.first

    def answered(self, node: Node, answer: Answer) -> Message:
        """Returns the one line that an answered question shrinks to."""
        return Message(self.words.escaped(self._answered(node, answer)))

    def said(self, node: Node, answer: Answer) -> str:
        """Returns an answer in the words of its question, not escaped."""
        if isinstance(answer, int):
            return str(answer)
        values = (answer,) if isinstance(answer, str) else answer
        chosen = [option for option in node.question.options if option.value in values]
        none = [option for option in node.question.options if option.exclusive]
        return ", ".join(self.words.plain(option.label) for option in chosen or none)

    # ---- menus -----------------------------------------------------------------------------------------------

    def menu(self, text: str, buttons: Sequence[tuple[str, str]]) -> Message:
        """Returns a message with buttons given as (phrase id, data)."""
        return Message(text, in_rows([Button(self.words.label(phrase), data) for phrase, data in buttons], wide=20))

    def add_button(self, username: str) -> tuple[tuple[Button, ...], ...]:
        """Returns the button that adds the bot to a group; none before the bot has a name."""
        # Telegram sends the parameter into the group as /start; it says nothing.
        url = f"https://t.me/{username}?startgroup=club"
        return ((Button(self.words.label("group.add"), url=url),),) if username else ()

    def numbers(self, country: str) -> dict[str, str]:
        """Returns the telephone numbers of a country, or the international ones, for the places in the texts."""
        table = self.content.countries
        chosen = next((row for row in table.countries if row.id == country), None)
        if chosen is None:
            return {
                "number": self.words.plain(table.default_emergency),
                "urgent_line": self.words.plain(table.default_urgent_line),
                "crisis_line": self.words.plain(table.default_crisis_line),
            }
        return {
            "number": self.words.plain(chosen.emergency),
            "urgent_line": self.words.plain(chosen.urgent_line or table.default_urgent_line),
            "crisis_line": self.words.plain(chosen.crisis_line or table.default_crisis_line),
        }

    def countries(self) -> Message:
        """Returns the list of countries to choose from."""
        rows: list[Country] = list(self.content.countries.countries)
        buttons = [Button(self.words.plain(row.name), f"c:{row.id}") for row in rows]
        none = Button(self.words.label("country.unset"), "c:")
        return Message(self.words("country.ask"), (*in_rows(buttons, wide=24), (none,)))

    def tests(self, session: Session) -> Message:
        """Returns the self-tests that clinical.md 3.3 allows now, each with its last result."""
        allowed = [test for test in self.content.self_tests.tests if self.engine.test_offered(test.id, session.facts)]
        if not allowed:
            return Message(self.words("tests.none"))
        rows = [
            self.words("tests.row", name=self.words.plain(test.name), result=self._result(test.id, session))
            for test in allowed
        ]
        text = paragraphs(bold(self.words("tests.heading")), self.words("tests.intro"), listed(rows))
        buttons = [Button(self.words.plain(test.name)[:40], f"t:{test.id}") for test in allowed]
        return Message(text, tuple((button,) for button in buttons))

    def tests_left(self, session: Session) -> list[str]:
        """Returns the self-tests that may be done now and were not done yet, in the order of the content."""
        tests = [test.id for test in self.content.self_tests.tests]
        return [
            test for test in tests if self.engine.test_offered(test, session.facts) and not self._results(test, session)
        ]

    def _result(self, test: str, session: Session) -> str:
        results = [(node, answer) for node, answer in self._results(test, session) if answer != "na"]
        if len(results) == 1:
            # The name of the test stands before it already.
            return self.said(*results[0])
        return "; ".join(self._answered(*each) for each in results) or self.words.label("tests.not_done")

    def _results(self, test: str, session: Session) -> list[tuple[Node, Answer]]:
        return [
            (node, session.facts[node.id])  # type: ignore[misc]
            for node in self.engine.nodes.values()
            if node.test is not None and node.test.id == test and node.question.kept and node.id in session.facts
        ]

    def _answered(self, node: Node, answer: Answer) -> str:
        question = self.words.plain(node.question.short)
        return self.words.label("question.answered", question=question, answer=self.said(node, answer))
