"""One entry of a session's log after another -> the facts that it establishes, changes or asks for anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.questions import AGAIN, OPENED, Answer, Node, counts, hanging, test_allowed
from flows.rules import Facts, Value
from flows.schema import Content, Gate, Item, Option
from flows.screen import record

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


class Entries:
    """Puts entries into the facts of any number of sessions."""

    def __init__(self, content: Content, nodes: Mapping[str, Node], gates: tuple[Gate, ...]) -> None:
        self.content, self.nodes, self.gates = content, nodes, gates
        self._gates = {gate.id: gate for gate in gates}
        self._clearable = tuple(rule for rule in content.screen.rules if rule.clearable)

    def apply(self, facts: dict[str, Value], entry: Entry) -> str:
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

    def on_knees(self, node: Node, facts: Facts) -> bool:
        """Tells whether a self-test is being done on the knees, by the gate or by the person's choice."""
        test = node.test
        return test is not None and (
            facts.get(test.id + ".how") == "knees" or test_allowed(self.content, test.id, facts) == "knees"
        )

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


def _put(facts: dict[str, Value], name: str, member: str) -> None:
    held: Any = facts[name]
    facts[name] = held | {member}


def _take(facts: dict[str, Value], name: str, member: str) -> None:
    held: Any = facts[name]
    facts[name] = held - {member}
