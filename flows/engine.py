"""Compiles the flow to one shared state machine; every turn takes a session and returns a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from transitions import Machine

from flows import questions
from flows.check_in_schema import Move
from flows.entries import ALL_GATES, EVENTS, HEARD, NET, RECHECKED, Entries, Entry
from flows.plan import Assessment, assess
from flows.questions import OPENED, UNSURE, Answer, Node, Refused, counts, test_allowed, valid
from flows.rules import Facts, Value
from flows.schema import Content, Gate
from flows.screen import conclude, known

_Way = tuple[str, Callable[[Any], bool]]
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
        self.entries = Entries(content, self.nodes, self.gates)
        nerves, ids = self.nodes[NET].group, list(self.nodes)
        self._early = set(ids[: ids.index(nerves)])
        """The questions that stand before the nerve questions."""
        reopened = {name for test in content.self_tests.tests for name in test.ask_again}
        self._reopening = {nerves, content.flow.tests_after, *reopened}
        """The groups after which a self-test or a gate's items can come up again."""
        self._trigger = self._compile(nodes).events["answer"].trigger

    # ---- compiling -------------------------------------------------------------------------------------------

    def _compile(self, nodes: Sequence[Node]) -> Machine:
        states = [BEGIN, *(node.id for node in nodes), *self.ends]
        machine = Machine(model=None, states=states, initial=BEGIN, auto_transitions=False, send_event=True)
        ends: dict[str, list[_Way]] = {"at_once": [], "after_group": [], "last": []}
        for end in self.ends.values():
            ends[end.place].append((end.id, _guard(end.when.holds)))
        ways = {node.id: (node.id, _guard(node.unanswered)) for node in nodes}
        firsts = [ways[node.id] for node in nodes if node.question.first]
        every, outer, early = ([ways[node.id] for node in nodes if may(node)] for may in self._places())
        for state in states:
            source = self.nodes.get(state)
            group = [ways[node.id] for node in nodes if source is not None and self._in_hand(source, node)]
            rest = every if self._may_reopen(source) else early if source and source.id in self._early else outer
            # The first transition that holds is taken: red flags, the group in hand, then the order of the file.
            for target, holds in (*ends["at_once"], *firsts, *group, *ends["after_group"], *rest, *ends["last"]):
                machine.add_transition("answer", state, target, conditions=[holds])
        return machine

    def _in_hand(self, source: Node, node: Node) -> bool:
        """Tells whether a question belongs to the group that is finished before an URGENT result is shown.

        The nerve questions can interrupt another gate: its open items are still in hand when they are done.
        """
        return node.group == source.group or (node.inner and source.group == self.nodes[NET].group)

    def _may_reopen(self, source: Node | None) -> bool:
        """Tells whether every question can be next after this one: at the beginning, or where others may come up again.

        A gate's items and the self-tests come up elsewhere only after what may reopen or interrupt them: the nerve
        questions that follow the free-text net, a self-test, or a question that a self-test reopens.
        """
        return source is None or source.test is not None or source.group in self._reopening

    def _places(self) -> tuple[Callable[[Node], bool], ...]:
        """Returns which questions can be next: anywhere, after most questions, after those before the nerves."""
        nerves = self.nodes[NET].group

        def outer(node: Node) -> bool:
            # Most inner questions follow only their own group.
            return not (node.inner or node.test is not None)

        # The net was heard before consent or age: its questions wait for both.
        return lambda _: True, outer, lambda node: outer(node) or node.group == nerves

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
            self.entries.apply(session.facts, entry)
        conclude(self.content.screen, session.facts)
        return session

    def assess(self, session: Session) -> Assessment:
        """Evaluates everything on the session's answers; the plan counts only once the session has ended in it."""
        return assess(self.content, session.facts)

    def test_offered(self, test: str, facts: Facts) -> bool:
        """Tells whether a person may choose a self-test now: allowed, and asked for with the answers so far."""
        asked = next((row.questions for row in self.content.self_tests.tests if row.id == test), ())
        return bool(test_allowed(self.content, test, facts)) and any(question.ask.holds(facts) for question in asked)

    def _enter(self, session: Session, entry: Entry) -> Turn:
        facts = dict(session.facts)
        notice = self.entries.apply(facts, entry)
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


def _guard(holds: Callable[[Facts], bool]) -> Callable[[Any], bool]:
    return lambda event: holds(event.model.facts)
