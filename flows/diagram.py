"""The flow as mermaid text: the questions in order, when each is asked, and the ends."""

from __future__ import annotations

from collections.abc import Iterator

from flows import rules
from flows.schema import Content, Gate, Question


def mermaid(content: Content) -> str:
    """Returns a flowchart; a dotted line leads into a question that only some people are asked, and says whom."""
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(content))])


def _lines(content: Content) -> Iterator[str]:
    flow = content.flow
    main = ""
    for part in flow.questions:
        yield f'{_name(part.id)}["{_label(part)}"]'
        optional = part.ask != rules.ALWAYS
        if main:
            yield f'{main} -. "{_said(part.ask)}" .-> {_name(part.id)}' if optional else f"{main} --> {_name(part.id)}"
        if isinstance(part, Gate):
            yield from _gate(part)
        if not optional:
            main = _name(part.id)
        if part.id == flow.tests_after:
            for test in content.self_tests.tests:
                yield f'{_name(test.id)}(["{_clean(test.name)}"])'
                yield f"{_name(part.id)} -.-> {_name(test.id)}"
    for end in flow.ends:
        yield f'{_name("end_" + end.id)}[["{end.id}"]]'
        said = "" if end.when == rules.ALWAYS else f' -- "{_said(end.when)}"'
        yield f"{main}{said} --> {_name('end_' + end.id)}"


def _gate(gate: Gate) -> Iterator[str]:
    """One box for all items of a gate: they are asked one by one, unless the answer is none of these."""
    items = f"{_name(gate.id)}_items"
    yield f'{items}["{"<br/>".join(item.id for item in gate.items)}"]'
    yield f"{_name(gate.id)} -. one or more .-> {items}"


def _label(part: Question | Gate) -> str:
    return f"{part.id}: {_clean(part.short)}"


def _name(name: str) -> str:
    # A dot and the word "end" mean something else to mermaid.
    return "q_" + name.replace(".", "_")


def _clean(text: str) -> str:
    return text.replace('"', "'")


def _said(condition: rules.Condition) -> str:
    """A condition in a few words: the facts that it reads, and the values that it looks for."""
    looked_for: dict[str, list[str]] = {}
    for name, value in condition.names():
        looked_for.setdefault(name, []).extend([] if value is None else [str(value)])
    return _clean(
        "; ".join(f"{name} {', '.join(dict.fromkeys(values))}".strip() for name, values in looked_for.items())
    )
