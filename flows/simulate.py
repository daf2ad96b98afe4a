"""Evaluates the rules on answers given as plain data, and says which answers decided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flows.plan import Assessment, assess
from flows.rules import Facts, Value
from flows.schema import AnswerField, Content
from flows.screen import CLEARED, conclude, known


class AnswerError(ValueError):
    """An answer field or value that clinical.md section 8 does not have."""


def parse(content: Content, line: str | bytes) -> dict[str, Value]:
    """Returns the facts of one line of JSON; raises AnswerError for anything that is not one object of answers."""
    return read(content, decode(line))


def decode(line: str | bytes) -> Any:
    """Returns one line of JSON as plain data; raises AnswerError, also for a name that is given twice."""
    try:
        return json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise AnswerError(str(error)) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            # The last one would win silently, and it may be the milder one.
            raise AnswerError(f"{name} is given twice")
    return dict(pairs)


def read(content: Content, raw: Any) -> dict[str, Value]:
    """Returns the facts of one object of answers, completed by the defaults; raises AnswerError."""
    if not isinstance(raw, Mapping):
        raise AnswerError("each line is an object of answers")
    fields = content.settings.fields
    answers: dict[str, Value] = {}
    for name, value in raw.items():
        if name not in fields:
            raise AnswerError(f"unknown field {name!r}")
        answers[name] = read_value(name, fields[name], value)
    return known(content.settings, answers)


def read_value(name: str, field: AnswerField, value: Any) -> Value:
    """Returns one answer in its true type; raises AnswerError where the field does not have that value."""
    if field.kind == "number":
        if type(value) is int and field.low <= value <= field.high:
            return value
        raise AnswerError(f"{name}: a whole number from {field.low} to {field.high}, not {value!r}")
    if field.kind == "choice":
        return _choice(name, field, value)
    if field.kind == "pair" and value == "na":
        return ("na", "na")
    if not isinstance(value, list):
        raise AnswerError(f"{name}: a list, not {value!r}")
    members = [_choice(name, field, member) for member in value]
    if field.kind == "set":
        return frozenset(members)
    if len(members) != 2:
        raise AnswerError(f"{name}: two values, left and right")
    return tuple(members)


def _choice(name: str, field: AnswerField, value: Any) -> str:
    if isinstance(value, str) and value in field.values:
        return value
    raise AnswerError(f"{name}: unknown value {value!r}")


def conclusion(content: Content, facts: Facts) -> dict[str, Any]:
    """Returns what the rules conclude, in the spellings and orders of clinical.md 2.1 and 4."""
    result = assess(content, facts)
    return {
        "disposition": result.screening.disposition.name,
        "permission": result.screening.permission.name,
        "running": result.running.running,
        "flags": list(result.screening.flags),
        "who": result.screening.who,
        "findings": list(result.findings),
        "plan": [{"exercise": row.exercise, "level": row.level, "reasons": list(row.reasons)} for row in result.plan],
        "advice": list(result.advice),
    }


def explanation(content: Content, facts: Facts) -> dict[str, Any]:
    """Returns the answers behind each flag and finding, and each change of one answer that would change where to go."""
    result = assess(content, facts)
    return {
        "because": {
            name: _plain(because(content, result, name)) for name in (*result.screening.flags, *result.findings)
        },
        "would_change": list(_turning(content, facts)),
    }


def because(content: Content, result: Assessment, name: str) -> list[tuple[str, Value]]:
    """Returns the answers that made one flag or finding true, as (field, value), each once."""
    reasons: list[tuple[str, Value]] = []
    for fact, value in _reasons(content, result, name):
        if fact == "fired":
            reasons.extend(because(content, result, str(value)))
        else:
            reasons.append((fact, value))
    return list(dict.fromkeys(reasons))


def _reasons(content: Content, result: Assessment, name: str) -> Iterator[tuple[str, Value]]:
    conditions = {
        **{rule.id: rule.when for rule in content.screen.rules},
        **{finding.id: finding.when for finding in content.planning.findings},
    }
    yield from conditions[name.removesuffix(CLEARED)].because(result.facts)
    if name.endswith(CLEARED):
        yield "cleared", "yes"


def _plain(reasons: list[tuple[str, Value]]) -> dict[str, Any]:
    """Groups (field, value) pairs by field: a list where the field is a set, else the value."""
    plain: dict[str, Any] = {}
    for name, given in reasons:
        value: Any = list(given) if isinstance(given, tuple) else given
        if name not in plain:
            plain[name] = value
        else:
            plain[name] = [*plain[name], value] if isinstance(plain[name], list) else [plain[name], value]
    return plain


def _turning(content: Content, facts: Facts) -> Iterator[dict[str, Any]]:
    now = conclude(content.screen, dict(facts)).disposition
    for name, field in content.settings.fields.items():
        for value in _others(field, facts[name]):
            changed = known(content.settings, {**{key: facts[key] for key in content.settings.fields}, name: value})
            then = conclude(content.screen, changed).disposition
            if then != now:
                shown = sorted(value) if isinstance(value, frozenset) else value
                yield {"field": name, "value": shown, "disposition": then.name}


def _others(field: AnswerField, value: Value) -> Iterator[Value]:
    """Yields each other answer that a person could have given; in a set, one tick more or less."""
    if isinstance(value, int):
        yield from (number for number in range(field.low, field.high + 1) if number != value)
    elif isinstance(value, str):
        yield from (choice for choice in field.values if choice != value)
    elif isinstance(value, frozenset):
        yield from (value ^ {member} for member in field.values)
    else:
        left, right = map(str, value)
        yield from ((other, right) for other in field.values if other != left)
        yield from ((left, other) for other in field.values if other != right)
