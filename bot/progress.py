"""The days of a course -> the call that sends the picture of progress, drawn only then, and its caption."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from bot.days import Course
from bot.records import Call
from bot.render import Words, short_date
from bot.trend import Day, Decision, ProgressSeries, progress_text
from flows.schema import Content

CAPTION = 1024
"""Characters of a caption (Bot API, sendPhoto)."""


def series(course: Course, content: Content, today: date) -> ProgressSeries:
    """Returns what a chart shows of a course."""
    followed = course.days(content)[1:]
    lights = {day.day: day.light for day in followed}
    shown = tuple(
        Day(course.on(each.day), each.pain, each.session.done or None, lights.get(each.day))  # type: ignore[arg-type]
        for each in course.reported
        if each.answered and course.on(each.day) <= today
    )
    points = {row.id for row in content.check_in.actions if f"progress.{row.id}" in content.phrases.phrases}
    decisions = [
        Decision(course.on(day.day), act)
        for day in followed
        for act in dict.fromkeys(day.actions)
        if act in points and course.on(day.day) <= today
    ]
    return ProgressSeries(shown, tuple(decisions), today)


def progress_call(course: Course, content: Content, today: date, words: Words, thread: int | None = None) -> Call:
    """Returns the call that sends the picture; only its data lies in the outbox."""
    found = named(series(course, content, today), words)
    text = progress_text(found, words.label, partial(short_date, language=words.language), CAPTION)
    params: dict[str, Any] = {
        "photo": {"$made": {"by": "progress", "name": "backstride-progress.png", "data": packed(found, words)}},
        "caption": words.escaped(text),
        "parse_mode": "HTML",
    }
    if thread is not None:
        params["message_thread_id"] = thread
    return Call("sendPhoto", params)


def named(found: ProgressSeries, words: Words) -> ProgressSeries:
    """Returns a series with its decision points in the person's words."""
    points = tuple(Decision(each.on, words.label(f"progress.{each.label}")) for each in found.decisions)
    return ProgressSeries(found.days, points, found.today)


def packed(found: ProgressSeries, words: Words) -> dict[str, object]:
    """Returns a series as plain data, with the words that the picture takes."""
    phrases = [phrase for phrase in words.content.phrases.phrases if phrase.startswith("chart.")]
    return {
        "language": words.language,
        "words": {phrase: words.label(phrase) for phrase in phrases},
        "today": found.today.isoformat(),
        "days": [[day.on.isoformat(), day.pain, day.exercises, day.light] for day in found.days],
        "decisions": [[each.on.isoformat(), each.label] for each in found.decisions],
    }


def unpacked(data: Mapping[str, Any]) -> ProgressSeries:
    """Returns the series that plain data stands for."""
    days = tuple(Day(date.fromisoformat(on), pain, done, light) for on, pain, done, light in data["days"])
    decisions = tuple(Decision(date.fromisoformat(on), label) for on, label in data["decisions"])
    return ProgressSeries(days, decisions, date.fromisoformat(data["today"]))
