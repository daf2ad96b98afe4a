"""The questions of a check-in, in their order, and what a log of answers to them says (clinical.md 6.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from bot.records import Entry

FLOW = "check_in"
NUMBERS = tuple(str(number) for number in range(11))
NOT_DONE = "not_done"
"""No walk at all: that is no answer, and so no walk that failed."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "C1": ("none", "yes", "unsure"),
    "C2": NUMBERS,
    "C3": ("fine", "all", "some", "none"),
    "C3.pain": ("0-2", "3-4", "5+"),
    "C3.effort": ("easy", "ok", "hard"),
    "C4": ("no", "fine", "yes"),
    "C4.worst": ("0-2", "3-5", "6+"),
    "C4.morning": ("same", "bit_worse", "clearly_worse"),
    "C4.limp": ("no", "yes"),
    "L.walk": ("ok", "not_ok", NOT_DONE),
    "L.kerb": ("ok", "not_ok"),
    "L.leg": ("ok", "not_ok"),
    "L.clinician": ("no", "yes"),
    "W1": NUMBERS,
    "W2": ("much_better", "better", "bit_better", "same", "bit_worse", "worse", "much_worse"),
    "W3": ("none", "unknown"),
    "W3.longest": ("unknown",),
    "W5": ("no", "yes"),
}
"""The answers that each question offers; C3.hurt offers the exercises of the plan."""
HURT = "C3.hurt"
EVERY_DAY = ("C1", "C2", "C3", "C4")
CLEAN = ("none", "week", "more")
"""C1 without news: so it stays, all the gates are due, or some of them or some items are."""
GATES, DONE = "gates", "done"
"""States in which no question of the card waits: the triage asks its gates, or all is answered."""
DATE, ASKED, PLAN, BEGUN = "date", "asked", "plan", "gates"
"""What a log holds beside answers: the date, the questions to ask, the exercises, where the gates began."""
FOUND = "C1.ids"
"""All warning signs once the gates are through; empty: nothing new."""

Log = tuple[Entry, ...]

FINE: Mapping[str, dict[str, object]] = {
    "C3": {"done": "all", "pain": "0-2", "effort": "ok"},
    "C4": {"ran": "yes", "worst": "0-2", "morning": "same", "limp": "no"},
}
"""What the one tap stands for."""


def opened(on: date, asked: tuple[str, ...], plan: tuple[str, ...]) -> Log:
    """Returns the log of a check-in that begins."""
    return ((DATE, on.isoformat()), (ASKED, asked), (PLAN, plan))


def said(log: Log, name: str) -> str:
    """Returns what a log says under a name, as text; empty where it says nothing."""
    value = next((value for key, value in log if key == name), None)
    return "" if value is None or isinstance(value, tuple) else str(value)


def listed(log: Log, name: str) -> tuple[str, ...]:
    """Returns a list that a log holds under a name."""
    value = next((value for key, value in log if key == name), ())
    return value if isinstance(value, tuple) else ()


def day_of(log: Log) -> date:
    """Returns the date that a check-in belongs to."""
    return date.fromisoformat(said(log, DATE))


def due(log: Log) -> str:
    """Returns the question that is due, GATES, or DONE."""
    known = {name for name, _ in log}
    for name in listed(log, ASKED):
        if name not in known:
            return name
        if name == "C1" and said(log, "C1") != "none" and FOUND not in known:
            return GATES
        for part in _parts(log, name):
            if part not in known:
                return part
    return DONE


def _parts(log: Log, name: str) -> Iterator[str]:
    answer = said(log, name)
    if name == "C3" and answer in ("all", "some"):
        yield from ("C3.pain", "C3.effort")
        if said(log, "C3.pain") in ("3-4", "5+") and listed(log, PLAN):
            yield HURT
    if name == "C4" and answer == "yes":
        yield from ("C4.worst", "C4.morning", "C4.limp")
    if name == "W3" and answer not in OPTIONS["W3"]:
        yield "W3.longest"


def options(log: Log, step: str) -> tuple[str, ...]:
    """Returns the answers that a question offers."""
    return listed(log, PLAN) if step == HURT else OPTIONS[step]


def back(log: Log) -> Log:
    """Returns the log without its last answer; what was said about warning signs stays."""
    name = log[-1][0]
    return log if name in (DATE, ASKED, PLAN, "C1", BEGUN, FOUND) else log[:-1]


def answers(log: Log) -> dict[str, object]:
    """Returns the answers as `backstride follow-up` reads a day."""
    day: dict[str, object] = {}
    if said(log, "C1") == "none" or any(name == FOUND for name, _ in log):
        day["C1"] = list(listed(log, FOUND))
    for name in ("C2", "W1"):
        if said(log, name):
            day[name] = int(said(log, name))
    for name in ("W2", "W5"):
        if said(log, name):
            day[name] = said(log, name)
    parts = {"C3": _group(log, "C3", "done"), "C4": _group(log, "C4", "ran"), "L": _group(log, "L", "")}
    if distance := _distance(log):
        parts["W3"] = distance
    return day | {name: part for name, part in parts.items() if part}


def _distance(log: Log) -> dict[str, object]:
    """Returns W3; who did not run in a week ran nothing at all, and what somebody does not know is no answer."""
    if said(log, "W3") == "none":
        return {"week": 0, "longest": 0}
    told = {"week": said(log, "W3"), "longest": said(log, "W3.longest")}
    return {name: float(value) for name, value in told.items() if value not in ("", "unknown")}


def _group(log: Log, name: str, first: str) -> dict[str, object]:
    if said(log, name) == "fine":
        return dict(FINE[name])
    part: dict[str, object] = {first: said(log, name)} if said(log, name) else {}
    for key, value in log:
        group, _, detail = key.partition(".")
        if group == name and detail and value != NOT_DONE:
            part[detail] = list(value) if isinstance(value, tuple) else value
    return part
