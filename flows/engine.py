"""Compiles the flow to one shared state machine; every turn takes a session and returns a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from transitions import Machine

from flows import questions
from flows.check_in_schema import Move
from flows.plan import Assessment, assess
from flows.questions import AGAIN, OPENED, UNSURE, Answer, Node, Refused, counts, hanging, valid
from flows.rules import Facts, Value
from flows.schema import Content, Gate, Item, Option
from flows.screen import conclude, known, record

Entry = tuple[str, Answer | None]
"""One line of a session's log: a question and its answer, or one of EVENTS and what it was about."""

HEARD = "net"
"""Event: the free-text safety net heard words of an emergency."""
RECHECKED = "recheck"
"""Event: the gates are gone through again after the plan (clinical.md 6.1)."""
ALL_GATES = "again"
"""What a recheck is about unless it names some gates, items or questions."""
EVENTS = (HEARD, OPENED, RECHECKED)
NET = "NET"
CLEARED = "CLEARED"
NO_TICKS = "none"
_Way = tuple[str, Callable[[Facts], bool]]
BEGIN = "begin"
"""The state that a session leaves at once for its first question."""


class Outdated(ValueError):
    """A log that today's flow cannot replay."""


@dataclass(slots=True)
class Session:
    """One person's place in the flow: the state, the log it follows from, and the facts worked out of the log."""

    state: str
    log: tuple[Entry, ...] = ()
    facts: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one input caused: the new session and the sentence that the answer brings with it, if any."""

    session: Session
    notice: str = ""


class HasState(Protocol):
    """Anything that stands in one of the states of a small machine."""

    state: str


def compile_moves(states: Sequence[str], moves: Iterable[Move]) -> Callable[[HasState, str], None]:
    """Returns a function that moves anything with a state; a trigger that its state does not have does nothing."""
    machine = Machine(model=None, states=list(states), initial=states[0], auto_transitions=False)
    for move in moves:
        machine.add_transition(move.on, list(move.source), move.to)

    def trigger(model: HasState, name: str) -> None:
        event = machine.events[name]
        if model.state in event.transitions:
            event.trigger(model)

    return trigger


class Engine:
    """The flow compiled once: a model-less machine that any number of sessions share."""

    def __init__(self, content: Content) -> None:
        self.content = content
        nodes = tuple(questions.nodes(content))
        self.nodes = {node.id: node for node in nodes}
        self.ends = {end.id: end for end in content.flow.ends}
        self.gates = tuple(part for part in content.flow.questions if isinstance(part, Gate))
        self._gates = {gate.id: gate for gate in self.gates}
        nerves, ids = self.nodes[NET].group, list(self.nodes)
        self._early = set(ids[: ids.index(nerves)])
        """The questions that stand before the nerve questions."""
        reopened = {name for test in content.self_tests.tests for name in test.ask_again}
        self._reopening = {nerves, content.flow.tests_after, *reopened}
        """The groups after which a self-test or a gate's items can come up again."""
        self._clearable = tuple(rule for rule in content.screen.rules if rule.clearable)
        self._trigger = self._compile(nodes).events["answer"].trigger

    # ---- compiling -------------------------------------------------------------------------------------------

    def _compile(self, nodes: Sequence[Node]) -> Machine:
        states = [BEGIN, *(node.id for node in nodes), *self.ends]
        machine = Machine(model=None, states=states, initial=BEGIN, auto_transitions=False, send_event=True)
        ends: dict[str, list[_Way]] = {"at_once": [], "after_group": [], "last": []}
        for end in self.ends.values():
            ends[end.place].append((end.id, end.when.holds))
        ways = {node.id: (node.id, node.unanswered) for node in nodes}
        firsts = [ways[node.id] for node in nodes if node.question.first]
        for state in states:
            source = self.nodes.get(state)
            group = [ways[node.id] for node in nodes if source is not None and self._in_hand(source, node)]
            rest = [ways[node.id] for node in nodes if self._may_follow(source, node)]
            # The first transition that holds is taken: red flags, the group in hand, then the order of the file.
            for target, holds in (*ends["at_once"], *firsts, *group, *ends["after_group"], *rest, *ends["last"]):
                machine.add_transition("answer", state, target, conditions=[_guard(holds)])
        return machine

    def _in_hand(self, source: Node, node: Node) -> bool:
        """Tells whether a question belongs to the group that is finished before an URGENT result is shown.

        The nerve questions can interrupt another gate: its open items are still in hand when they are done.
        """
        return node.group == source.group or (node.inner and source.group == self.nodes[NET].group)

    def _may_follow(self, source: Node | None, node: Node) -> bool:
        """Tells whether a question can be next after another one; most inner questions follow only their own group.

        A gate's items and the self-tests come up elsewhere only after what may reopen or interrupt them: the nerve
        questions that follow the free-text net, a self-test, or a question that a self-test reopens.
        """
        if source is None or not (node.inner or node.test is not None):
            return True
        if node.group == self.nodes[NET].group and source.id in self._early:
            # The net was heard before consent or age: its questions wait for both.
            return True
        return source.test is not None or source.group in self._reopening

    # ---- turns -----------------------------------------------------------------------------------------------

    def start(self) -> Turn:
        """Returns a new session at its first question."""
        return self._settle(Session(BEGIN, (), known(self.content.settings, {})))

    def advance(self, session: Session, answer: Answer) -> Turn:
        """Answers the current question; raises Refused when it does not offer that answer."""
        node = self.nodes.get(session.state)
        if node is None:
            raise Refused(f"{session.state} is no question")
        return self._enter(session, (node.id, valid(node.question, answer)))

    def hear(self, session: Session) -> Turn:
        """Interrupts with the question whether an emergency is happening now (clinical.md 2.8)."""
        return self._enter(session, (HEARD, "heard"))

    def open_test(self, session: Session, test: str) -> Turn:
        """Asks one self-test now; raises Refused where there is none or clinical.md 3.3 does not allow it."""
        if not self.test_offered(test, session.facts):
            raise Refused(f"{test} is not offered now")
        return self._enter(session, (OPENED, test))

    def leave_test(self, session: Session) -> Turn:
        """Leaves a self-test that was asked for; what was answered in it, or on the way, stays."""
        return self._enter(session, (OPENED, ""))

    def recheck(self, session: Session, names: Sequence[str] = ()) -> Turn:
        """Asks the gates again, or only some gates, items or questions.

        What counts already stays, but pain items of the bone questions are asked anew.
        """
        return self._enter(session, (RECHECKED, tuple(names) or ALL_GATES))

    def reopened(self, entry: Entry) -> frozenset[str]:
        """Returns the items that an entry of a log asked again; none where it is no recheck of gates."""
        name, what = entry
        names = what if isinstance(what, tuple) else ()
        return frozenset(
            item.id
            for gate in self.gates
            for item in gate.items
            if name == RECHECKED and gate.text and (what == ALL_GATES or not {gate.id, item.id}.isdisjoint(names))
        )

    def unsure(self, session: Session) -> tuple[str, ...]:
        """Returns the items that were left at "Not sure" and do not count: they are repeated (clinical.md 2.2)."""
        return tuple(
            node.item.id
            for node in self.nodes.values()
            if node.again and node.item and not counts(node.gate, node.item, session.facts)  # type: ignore[arg-type]
            if session.facts.get(node.id) == UNSURE
        )

    def back(self, session: Session) -> Turn:
        """Returns the session as it was before its last answer, by replaying the others."""
        return Turn(self.replay(session.log[:-1]))

    def replay(self, log: Iterable[Entry]) -> Session:
        """Returns the session that a log leads to; raises Outdated where it does not fit today's flow."""
        session = self.start().session
        for entry in log:
            name, answer = entry
            if name not in EVENTS:
                if name != session.state:
                    raise Outdated(f"the log answers {name} where the flow asks {session.state}")
                if answer is not None:
                    try:
                        answer = valid(self.nodes[name].question, answer)
                    except Refused as error:
                        raise Outdated(str(error)) from error
            session = self._enter(session, (name, answer)).session
        return session

    def before_detour(self, session: Session, state: str) -> Session | None:
        """Returns the session as it was when it last left this state through an event, or None if it never did."""
        for at in reversed(range(len(session.log))):
            if session.log[at][0] in EVENTS:
                earlier = self.replay(session.log[:at])
                if earlier.state == state:
                    return earlier
        return None

    def resume(self, state: str, log: tuple[Entry, ...]) -> Session:
        """Returns a stored session of the same content version without running the machine again."""
        session = Session(state, log, known(self.content.settings, {}))
        for entry in log:
            node = self.nodes.get(entry[0])
            if node is not None and node.test is not None:
                # Whether a test was done on the knees hangs on what the rules concluded at that moment.
                conclude(self.content.screen, session.facts)
            self._apply(session.facts, entry)
        conclude(self.content.screen, session.facts)
        return session

    def assess(self, session: Session) -> Assessment:
        """Evaluates everything on the session's answers; the plan counts only once the session has ended in it."""
        return assess(self.content, session.facts)

    def test_allowed(self, test: str, facts: Facts) -> str:
        """Returns how a self-test may be done now: "feet", "knees", or "" where clinical.md 3.3 does not allow it."""
        return questions.test_allowed(self.content, test, facts)

    def test_offered(self, test: str, facts: Facts) -> bool:
        """Tells whether a person may choose a self-test now: allowed, and asked for with the answers so far."""
        questions = next((row.questions for row in self.content.self_tests.tests if row.id == test), ())
        return bool(self.test_allowed(test, facts)) and any(question.ask.holds(facts) for question in questions)

    def on_knees(self, node: Node, facts: Facts) -> bool:
        """Tells whether a self-test is being done on the knees, by the gate or by the person's choice."""
        test = node.test
        return test is not None and (
            facts.get(test.id + ".how") == "knees" or self.test_allowed(test.id, facts) == "knees"
        )

    def _enter(self, session: Session, entry: Entry) -> Turn:
        facts = dict(session.facts)
        notice = self._apply(facts, entry)
        name, answer = entry
        node = self.nodes.get(name)
        kept = (name, None) if node is not None and not node.question.kept else (name, answer)
        # An event can come in any state; what it opens can be next from the beginning.
        state = BEGIN if node is None else name
        return self._settle(Session(state, (*session.log, kept), facts), notice)

    def _settle(self, session: Session, notice: str = "") -> Turn:
        conclude(self.content.screen, session.facts)
        self._trigger(session)
        return Turn(session, notice)

    # ---- facts -----------------------------------------------------------------------------------------------

    def _apply(self, facts: dict[str, Value], entry: Entry) -> str:
        """Puts one entry into the facts and returns the notice of the option chosen."""
        name, answer = entry
        notice = ""
        if name == HEARD:
            facts[HEARD] = "heard"
            facts.pop(NET, None)
        elif name == OPENED:
            self._open(facts, str(answer))
        elif name == RECHECKED:
            self._reopen(facts, entry)
        else:
            notice = self._answer(facts, self.nodes[name], answer)
        self._expire_clearance(facts, name)
        return notice

    def _open(self, facts: dict[str, Value], test: str) -> None:
        facts[OPENED] = test
        for node in self.nodes.values():
            if node.group == test:
                facts.pop(node.id, None)

    def _reopen(self, facts: dict[str, Value], entry: Entry) -> None:
        names = entry[1] if isinstance(entry[1], tuple) else ()
        facts[RECHECKED] = frozenset(names) or ALL_GATES
        # A professional's word covers what was known when it was given; it is not asked for again.
        facts.setdefault(CLEARED, "no")
        facts.setdefault("cleared_for", frozenset())
        if not set(names).isdisjoint(self.content.check_in.late.questions):
            for name, value in self.content.check_in.late.known.items():
                record(self.content.settings, facts, name, value)
        for name in names:
            if name in self.nodes and self.nodes[name].gate is None:
                facts.pop(name, None)
        reopened = self.reopened(entry)
        for gate in self.gates:
            items = [item for item in gate.items if item.id in reopened]
            if items and (gate.id in names or not names):
                facts.pop(gate.id, None)
            for item in items:
                if item.id in self.content.check_in.bone_pain:
                    _take(facts, gate.field, item.id)
                ticked: Any = facts[gate.field]
                if item.id not in ticked:
                    facts.pop(item.id, None)
                    self._forget(facts, item)

    def _answer(self, facts: dict[str, Value], node: Node, answer: Answer | None) -> str:
        question = node.question
        if answer is None or not question.kept:
            facts[node.id] = "answered"
            return next((option.notice for option in question.options if option.value == answer), "")
        if isinstance(answer, int):
            facts[node.id] = facts[question.field] = answer
            return ""
        values = (answer,) if isinstance(answer, str) else answer
        chosen = [option for option in question.options if option.value in values]
        if question.kind == "multi":
            facts[node.id] = frozenset(values) or frozenset({NO_TICKS})
            kept = (option.value for option in chosen if not option.exclusive and not option.pending)
            facts[question.field] = frozenset(kept)
        else:
            facts[node.id] = values[0]
            if question.field:
                self._field(facts, node, chosen[0])
        if node.item is not None:
            self._item_answered(facts, node, node.item)
        for option in chosen:
            self._effects(facts, option)
        return next((option.notice for option in chosen if option.notice), "")

    def _field(self, facts: dict[str, Value], node: Node, option: Option) -> None:
        question = node.question
        value = option.on_knees if option.on_knees and self.on_knees(node, facts) else option.value
        if not question.side:
            record(self.content.settings, facts, question.field, value)
            return
        sides: Any = facts[question.field]
        pair = (value, sides[1]) if question.side == "left" else (sides[0], value)
        record(self.content.settings, facts, question.field, pair)

    def _item_answered(self, facts: dict[str, Value], node: Node, item: Item) -> None:
        gate = node.gate
        assert gate is not None
        if not node.again:
            self._forget(facts, item)
        if counts(gate, item, facts) and item.clarify is None:
            _put(facts, gate.field, item.id)
        else:
            _take(facts, gate.field, item.id)

    def _forget(self, facts: dict[str, Value], item: Item) -> None:
        """Drops the answers that hang on an item's first answer, so that they are asked anew."""
        facts.pop(item.id + AGAIN, None)
        for part in hanging(item):
            facts.pop(part.id, None)

    def _effects(self, facts: dict[str, Value], option: Option) -> None:
        for name, value in option.set.items():
            record(self.content.settings, facts, name, value)
        for name, member in option.add.items():
            _put(facts, name, member)
        for name in option.ask_again:
            gate = self._gates.get(name)
            if gate is None:
                facts.pop(name, None)
                continue
            facts[gate.id] = "some"
            ticked: Any = facts[gate.field]
            for item in gate.items:
                if item.id not in ticked:
                    facts.pop(item.id, None)
                    self._forget(facts, item)

    def _expire_clearance(self, facts: dict[str, Value], name: str) -> None:
        """Asks about clearance again when a clearable flag turns up that the last answer did not cover."""
        if name != CLEARED and CLEARED not in facts:
            return
        firing = frozenset(rule.id for rule in self._clearable if rule.when.holds(facts))
        if name == CLEARED:
            facts["cleared_for"] = firing
        elif not firing <= facts["cleared_for"]:  # type: ignore[operator]
            if RECHECKED not in facts:
                facts.pop(CLEARED)
            facts["cleared"] = "no"


def _guard(holds: Callable[[Facts], bool]) -> Callable[[Any], bool]:
    return lambda event: holds(event.model.facts)


def _put(facts: dict[str, Value], name: str, member: str) -> None:
    held: Any = facts[name]
    facts[name] = held | {member}


def _take(facts: dict[str, Value], name: str, member: str) -> None:
    held: Any = facts[name]
    facts[name] = held - {member}
