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
            yield (
                f'{main} -. "{_clean(_said(part.ask))}" .-> {_name(part.id)}'
                if optional
                else f"{main} --> {_name(part.id)}"
            )
        if isinstance(part, Gate):
            yield from _gate(part)
        if not optional:
            main = _name(part.id)
        if part.id == flow.tests_after:
            for test in content.self_tests.tests:
                yield f'{_name(test.id)}(["{_clean(test.name)}"])'
                yield f"{_name(part.id)} -.-> {_name(test.id)}"
    yield 'q_any(("from every question"))'
    for end in flow.ends:
        yield f'{_name("end_" + end.id)}[["{end.id}"]]'
        said = "" if end.when == rules.ALWAYS else f' -- "{_clean(_said(end.when))}"'
        yield f"{main if end.place == 'last' else 'q_any'}{said} --> {_name('end_' + end.id)}"


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
    """A condition in a few words."""
    match condition:
        case rules.OneOf(name, values):
            return f"{name} {' / '.join(sorted(values))}"
        case rules.Within(name, low, high):
            return f"{name} {_between(low, high)}"
        case rules.Sides(name, gap, low, high):
            return f"{'gap' if gap else 'smaller side'} of {name} {_between(low, high)} s"
        case rules.Count(parts, low, high):
            return f"{_between(low, high)} of ({', '.join(map(_said, parts))})"
        case rules.All(parts):
            return " and ".join(map(_said, parts))
        case rules.AnyOf(parts):
            return f"({' or '.join(map(_said, parts))})"
    assert isinstance(condition, rules.Not)
    return f"not {_said(condition.part)}"


def _between(low: int, high: int) -> str:
    if high >= rules.NO_LIMIT:
        return f"{low} or more"
    return f"{high} or less" if low <= -rules.NO_LIMIT else f"{low} to {high}"
