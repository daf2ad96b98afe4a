"""A person's days in the order of dates, and what a chart of them says, as text; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Literal, Protocol, get_args

Done = Literal["all", "some", "none"]
Light = Literal["GREEN", "AMBER", "RED", "BONE"]
LIGHTS: tuple[Light, ...] = get_args(Light)

MOST_DAYS = 92
"""The picture and the text show the newest days; three months hold every decision point of clinical.md 6.5."""
RECENT = 10
"""Days of which the exercise days are counted: no streak that one missed day would break."""


class Words(Protocol):
    """The phrases of the content in one language, without HTML."""

    def __call__(self, phrase: str, /, **values: object) -> str:
        """Returns a phrase by its id, filled in."""
        ...


Dates = Callable[[date], str]
"""Returns a date as the person writes it in short, such as "3 Mar"."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a person noted on one date: pain from 0 to 10, exercises, the light of a run; None: no answer."""

    on: date
    pain: int | None = None
    exercises: Done | None = None
    light: Light | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision point: its date and a short label in the person's language."""

    on: date
    label: str


@dataclass(frozen=True, slots=True)
class ProgressSeries:
    """All that a chart shows, in the order of dates; a date that is missing was a day without a check-in."""

    days: tuple[Day, ...]
    decisions: tuple[Decision, ...]
    today: date

    @property
    def first(self) -> date:
        """The first date shown."""
        noted = [*(day.on for day in self.days), *(decision.on for decision in self.decisions), self.today]
        return max(min(noted), self.today - timedelta(days=MOST_DAYS - 1))

    def shown(self) -> tuple[Day, ...]:
        """Returns every date shown, the ones without a check-in too."""
        noted = {day.on: day for day in self.days}
        dates = [self.first + timedelta(days=ahead) for ahead in range((self.today - self.first).days + 1)]
        return tuple(noted.get(on, Day(on)) for on in dates)

    def changes(self) -> list[Decision]:
        """Returns the decisions of the dates shown, those of one date as one."""
        within = sorted((d for d in self.decisions if self.first <= d.on <= self.today), key=lambda each: each.on)
        days = groupby(within, key=lambda each: each.on)
        return [Decision(on, "; ".join(dict.fromkeys(each.label for each in group))) for on, group in days]


# ---- the same as text --------------------------------------------------------------------------------------------


def headlines(series: ProgressSeries, words: Words, dates: Dates) -> list[str]:
    """Returns what matters most, in one or two sentences."""
    days = series.shown()
    if not any(_noted(day) for day in days):
        return [words("chart.empty")]
    # Today counts only once it is noted: a morning without a check-in is no missed day.
    recent = (days if _noted(days[-1]) else days[:-1])[-RECENT:]
    done = sum(day.exercises in ("all", "some") for day in recent)
    phrase = "chart.exercise_days" if done else "chart.exercise_none"
    lines = [words(phrase, days=done, window=len(recent))] if len(recent) > 1 else []
    pain = next((day for day in reversed(days) if day.pain is not None), None)
    return [*lines, words("chart.pain_last", pain=pain.pain, date=dates(pain.on))] if pain is not None else lines


def _noted(day: Day) -> bool:
    return replace(day, on=date.min) != Day(date.min)


def progress_text(series: ProgressSeries, words: Words, dates: Dates, limit: int = 4096) -> str:
    """Returns what the picture shows as plain text: its alt text, at most so many characters (a caption: 1024).

    Where it is too long, the oldest weeks go first, then the oldest changes, and it says so.
    """
    head = [
        f"{words('chart.title')}: {span(series.first, series.today, words, dates)}",
        *headlines(series, words, dates),
    ]
    changes = [words("chart.decision", date=dates(each.on), label=each.label) for each in series.changes()]
    days = series.shown()
    weeks = [_week(days[at : at + 7], words, dates) for at in range(0, len(days), 7)]
    if not any(_noted(day) for day in days):
        weeks = []
    text = _laid_out(head, changes, weeks, words, "")
    while len(text) > limit and (weeks or changes):
        weeks, changes = (weeks[1:], changes) if weeks else ([], changes[1:])
        text = _laid_out(head, changes, weeks, words, words("chart.earlier"))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def span(since: date, until: date, words: Words, dates: Dates) -> str:
    """Returns two dates as a span, or the one date where they are the same."""
    return words("chart.span", since=dates(since), date=dates(until)) if since != until else dates(until)


def _laid_out(head: list[str], changes: list[str], weeks: list[str], words: Words, note: str) -> str:
    parts = [head]
    if changes:
        parts.append([words("chart.decisions"), *changes])
    if weeks:
        parts.append([words("chart.weeks"), *weeks])
    return "\n\n".join("\n".join(part) for part in [*parts, *([[note]] if note else [])])


def _week(days: Sequence[Day], words: Words, dates: Dates) -> str:
    facts = "; ".join(_facts(days, words)) or words("chart.week_empty")
    return words("chart.week", date=span(days[0].on, days[-1].on, words, dates), text=facts)


def _facts(days: Sequence[Day], words: Words) -> Iterator[str]:
    if any(day.pain is not None for day in days):
        gap = words("chart.week_gap")
        yield words("chart.week_pain", items=" ".join(gap if day.pain is None else str(day.pain) for day in days))
    done = Counter(day.exercises for day in days if day.exercises is not None)
    if done:
        yield words("chart.week_exercises", all=done["all"], some=done["some"])
    runs = Counter(day.light for day in days if day.light is not None)
    if runs:
        each = [
            words("chart.week_run", label=words(f"chart.{light}"), count=runs[light]) for light in LIGHTS if runs[light]
        ]
        yield words("chart.week_runs", items=", ".join(each))
