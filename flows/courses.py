"""Reads a course of days given as plain data, and writes what follows from it as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flows.check_ins import Distance, EntryTest, Reported, Run, Session, Start
from flows.follow_up import Day, follow
from flows.rules import Value
from flows.schema import AnswerField, Content
from flows.simulate import AnswerError, decode, read, read_value

PARTS = ("C3", "C4", "L", "W3", "Q11b", "tests", "screen", "accept")
"""What a day may hold beside C1 and single answers."""


def course(content: Content, line: str | bytes) -> dict[str, Any]:
    """Returns the days that follow from one line of JSON; raises AnswerError for anything that is not a course."""
    raw = _only(decode(line), "a course", {"start", "days"})
    if set(raw) != {"start", "days"}:
        raise AnswerError("a course has start and days")
    if not isinstance(raw["days"], list):
        raise AnswerError(f"days: a list, not {raw['days']!r}")
    reported = [report(content, each) for each in raw["days"]]
    for before, after in pairwise(reported):
        if after.day < before.day:
            raise AnswerError(f"day {after.day} comes after day {before.day}")
    return {"days": [written(day) for day in follow(content, begin(content, raw["start"]), reported)]}


def written(day: Day) -> dict[str, Any]:
    """Returns one day as plain data, in the spellings of clinical.md 6."""
    return {
        "day": day.day,
        "state": day.state,
        "disposition": day.disposition.name,
        "label": day.label,
        "light": day.light,
        "running": day.running,
        "ladder_step": day.ladder_step,
        "levels": day.levels,
        "actions": list(day.actions),
    }


def begin(content: Content, raw: Any) -> Start:
    """Returns a full screen: answers as `simulate` reads them, with run_status and W1; raises AnswerError."""
    fields = content.check_in.fields["start"]
    if not isinstance(raw, Mapping):
        raise AnswerError(f"a full screen is an object of answers, not {raw!r}")
    beside = {name: read_value(name, fields[name], value) for name, value in raw.items() if name in fields}
    answers = read(content, {name: value for name, value in raw.items() if name not in fields})
    status, ability = beside.get("run_status", fields["run_status"].default), beside.get("W1")
    heard = {"NET": beside["NET"]} if "NET" in beside else {}
    return Start(answers | heard, str(status), ability if isinstance(ability, int) else None)


def report(content: Content, raw: Any) -> Reported:
    """Returns what was reported on one date; raises AnswerError."""
    fields = content.check_in.fields
    given = _only(raw, "a day", {"day", "C1", *fields["day"], *PARTS})
    day = given.get("day")
    if type(day) is not int or day < 1:
        raise AnswerError(f"day: a whole number from 1, not {day!r}")
    answers = _answers(given, fields["day"], "a day")
    pain, ability = answers.get("C2"), answers.get("W1")
    run = _answers(given.get("C4", {}), fields["C4"], "C4", only=True)
    entry = _answers(given.get("L", {}), fields["L"], "L", only=True)
    return Reported(
        day,
        flags=_ids(content, given["C1"]) if "C1" in given else None,
        heard=str(answers.get("NET", "")),
        pain=pain if isinstance(pain, int) else None,
        session=_session(content, given.get("C3", {})),
        run=Run(**_texts(run)),
        entry=EntryTest(**_texts(entry)),
        ability=ability if isinstance(ability, int) else None,
        change=str(answers.get("W2", "")),
        distance=_distance(content, given.get("W3", {})),
        worry=str(answers.get("W5", "")),
        late=_late(content, given.get("Q11b", {})),
        tests=_tests(content, given.get("tests", {})),
        screen=begin(content, given["screen"]) if "screen" in given else None,
        assessed=str(answers.get("assessed", "")),
        accepted=_accepted(content, given.get("accept", [])),
    )


def _only(raw: Any, what: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise AnswerError(f"{what} is an object, not {raw!r}")
    for name in raw:
        if name not in names:
            raise AnswerError(f"{what} has no {name!r}")
    return raw


def _answers(raw: Any, fields: Mapping[str, AnswerField], what: str, only: bool = False) -> dict[str, Value]:
    given = _only(raw, what, set(fields)) if only else raw
    return {name: read_value(name, field, given[name]) for name, field in fields.items() if name in given}


def _texts(answers: Mapping[str, Value]) -> dict[str, str]:
    return {name: str(value) for name, value in answers.items()}


def _ids(content: Content, raw: Any) -> frozenset[str]:
    fields = content.settings.fields
    every = AnswerField(kind="set", values=fields["rf"].values + fields["bone"].values)
    ids = read_value("C1", every, raw)
    assert isinstance(ids, frozenset)
    return ids


def _session(content: Content, raw: Any) -> Session:
    fields = content.check_in.fields["C3"]
    given = _only(raw, "C3", {*fields, "hurt"})
    names = tuple(exercise.id for exercise in content.library.exercises)
    hurt = read_value("hurt", AnswerField(kind="set", values=names), given.get("hurt", []))
    assert isinstance(hurt, frozenset)
    return Session(**_texts(_answers(given, fields, "C3")), hurt=hurt)


def _distance(content: Content, raw: Any) -> Distance:
    given, most = _only(raw, "W3", {"week", "longest"}), content.check_in.distances.most
    for name, value in given.items():
        if type(value) not in (int, float) or not 0 <= value <= most:
            raise AnswerError(f"{name}: kilometres from 0 to {most}, not {value!r}")
    return Distance(**{name: Fraction(str(value)) for name, value in given.items()})


def _late(content: Content, raw: Any) -> dict[str, Value]:
    names = content.check_in.late.fields
    return _answers(raw, {name: content.settings.fields[name] for name in names}, "Q11b", only=True)


def _accepted(content: Content, raw: Any) -> frozenset[str]:
    names = tuple(offer.exercise for offer in content.check_in.progress.offers)
    accepted = read_value("accept", AnswerField(kind="set", values=names), raw)
    assert isinstance(accepted, frozenset)
    return accepted


def _tests(content: Content, raw: Any) -> dict[str, Value]:
    given = _only(raw, "tests", set(content.check_in.tests))
    return {name: read_value(name, content.settings.fields[name], value) for name, value in given.items()}
