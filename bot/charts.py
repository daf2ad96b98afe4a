"""A person's days -> one picture for the telephone; pure, so that a thread can draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from math import ceil
from typing import Any

from bot.pen import (
    BAND,
    GRID,
    HEIGHT,
    INK,
    LARGE,
    PAGE,
    QUIET,
    SMALL,
    TITLE,
    WIDTH,
    Box,
    Pen,
    Point,
    Span,
    Style,
    apart,
    fitted,
    length,
    wrapped,
)
from bot.progress import unpacked
from bot.render import LANGUAGE, short_date
from bot.trend import LIGHTS, Dates, Decision, Done, Light, ProgressSeries, Words, headlines, span

LEAST_DAYS = 7

# Shapes, lanes and words carry the meaning; colour only repeats it.
PAIN, EXERCISE, DECISION = "#1D4E89", "#1F6F6B", "#5F3DA8"
COLOURS: dict[Light, str] = {"GREEN": "#2E7031", "AMBER": "#925500", "RED": "#B3261E", "BONE": "#5B2C83"}

LEFT, RIGHT, MARGIN = 224, 1036, 44
LINE, LANE, BAR, BADGE = 42, 48, 48, 19
LISTED = 5
"""Lines that the list of changes may take; a long head takes them away."""

HEADING, HEADLINE, TITLED = Style(bold=True), Style(LARGE), Style(TITLE, bold=True)
NOTE, LANED = Style(SMALL, fill=QUIET), Style(SMALL, anchor="lm")


@dataclass(frozen=True, slots=True)
class Marked:
    """A decision with the number that stands in the picture and before its label; older ones have none."""

    decision: Decision
    number: int | None
    lines: tuple[str, ...] = ()


def draw(data: Mapping[str, Any]) -> bytes:
    """Draws what a call of the outbox holds, as PNG; may run in a thread."""

    def words(phrase: str, /, **values: object) -> str:
        return str(data["words"][phrase]).format(**values)

    return progress_picture(unpacked(data), words, partial(short_date, language=data.get("language", LANGUAGE)))


def progress_picture(series: ProgressSeries, words: Words, dates: Dates) -> bytes:
    """Returns the chart as a PNG of 1080 by 1350 pixels; the same data give the same bytes."""
    return _Chart(series, words, dates).png()


class _Chart:
    """One picture while it is drawn, from the top and the bottom to the pain panel, which takes what room is left."""

    def __init__(self, series: ProgressSeries, words: Words, dates: Dates) -> None:
        self.series, self.words, self.dates = series, words, dates
        self.days = series.shown()
        self.step = (RIGHT - LEFT) / max(LEAST_DAYS, len(self.days))
        self.pen = Pen()

    def png(self) -> bytes:
        heading = self._head() + LINE
        marked = self._marked(max(2, LISTED - ceil((heading - 262) / LINE)))
        lines = sum(len(each.lines) for each in marked)
        bottom = HEIGHT - MARGIN - (lines * LINE + 70 if lines else 0)
        lanes = self._lanes()
        axis = bottom - 30
        runs = (axis - 20 - len(lanes) * LANE, axis - 20)
        bars = (runs[0] - 62 - BAR, runs[0] - 62)
        pain = (heading + (112 if lines else 50), bars[0] - 130)
        panels = (pain, bars, runs)
        self._today(panels)
        self._changes(marked, panels, heading + 40)
        self._pain(pain, heading)
        self._exercises(bars[0])
        self._runs(lanes, runs[0])
        self._axis(axis)
        self._list(marked, bottom + 58)
        return self.pen.png()

    def _x(self, on: date) -> float:
        return LEFT + ((on - self.series.first).days + 0.5) * self.step

    def _head(self) -> float:
        room = WIDTH - 2 * MARGIN
        dated = fitted(span(self.series.first, self.series.today, self.words, self.dates), room)
        title = fitted(self.words("chart.title"), room, TITLED)
        self.pen.text((MARGIN, 88), title, TITLED)
        beside = length(title, TITLED) + length(dated) + 40 <= room
        y = 88.0 if beside else 136.0
        place = (WIDTH - MARGIN if beside else MARGIN, y)
        self.pen.text(place, dated, Style(fill=QUIET, anchor="rs" if beside else "ls"))
        for line in headlines(self.series, self.words, self.dates):
            for part in wrapped(line, room, 2, HEADLINE):
                y += 56
                self.pen.text((MARGIN, y), part, HEADLINE)
        return y + 20

    def _marked(self, room: int) -> list[Marked]:
        """Numbers the newest changes that have room in the list, from old to new."""
        changes = self.series.changes()
        listed = 0
        lines: list[tuple[str, ...]] = []
        for each in reversed(changes):
            text = self.words("chart.decision", date=self.dates(each.on), label=each.label)
            parts = tuple(wrapped(text, WIDTH - 2 * MARGIN - 56, 2))
            if len(parts) > room:
                break
            room, listed = room - len(parts), listed + 1
            lines.insert(0, parts)
        older = [Marked(each, None) for each in changes[: len(changes) - listed]]
        newer = zip(changes[len(changes) - listed :], lines, strict=True)
        return older + [Marked(each, at, parts) for at, (each, parts) in enumerate(newer, 1)]

    def _today(self, panels: Sequence[Span]) -> None:
        """Shades the column of today behind everything else."""
        middle, half = self._x(self.series.today), max(4.0, self.step / 2 - 1)
        for top, bottom in panels:
            self.pen.box((middle - half, top - 8, middle + half, bottom + 8), BAND)

    def _changes(self, marked: Sequence[Marked], panels: Sequence[Span], y: float) -> None:
        """Draws an upright line for each change, and above it its number, moved aside where numbers would touch."""
        for each in marked:
            for top, bottom in panels:
                self.pen.dashes(self._x(each.decision.on), (top - 8, bottom + 8), DECISION)
        numbered = [each for each in marked if each.number is not None]
        columns = [self._x(each.decision.on) for each in numbered]
        places = apart(columns, LINE, (LEFT, RIGHT))
        for each, column, place in zip(numbered, columns, places, strict=True):
            self.pen.line([(place, y), (place, y + BADGE + 2), (column, panels[0][0] - 8)], DECISION, 3)
            self._badge((place, y), each.number or 0)

    def _badge(self, at: Point, number: int) -> None:
        self.pen.circle(at, BADGE, DECISION)
        self.pen.text(at, str(number), Style(SMALL, bold=True, fill=PAGE, anchor="mm", rim=DECISION))

    def _list(self, marked: Sequence[Marked], y: float) -> None:
        listed = [each for each in marked if each.number is not None]
        if listed:
            self._heading("chart.decisions", y)
        for each in listed:
            self._badge((MARGIN + 20, y + LINE - 11), each.number or 0)
            for line in each.lines:
                y += LINE
                self.pen.text((MARGIN + 56, y), line)

    def _heading(self, phrase: str, y: float) -> None:
        self.pen.text((MARGIN, y), fitted(self.words(phrase), WIDTH - 2 * MARGIN, HEADING), HEADING)

    def _pain(self, span: Span, heading: float) -> None:
        top, bottom = span
        self._heading("chart.pain", heading)

        def height(pain: int) -> float:
            return bottom - (bottom - top) * pain / 10

        # Where the panel is low, fewer numbers beside it, so that they do not touch.
        for pain in range(0, 11, 2 if bottom - top >= 180 else 5):
            self.pen.line([(LEFT, height(pain)), (RIGHT, height(pain))], GRID)
            self.pen.text((LEFT - 22, height(pain)), str(pain), Style(SMALL, fill=QUIET, anchor="rm"))
        for _, run in groupby(enumerate(self.days), key=lambda pair: pair[1].pain is not None and 1):
            points = [(self._x(day.on), height(day.pain)) for _, day in run if day.pain is not None]
            if len(points) > 1:
                self.pen.line(points, PAIN, 5)
        radius = min(11.0, max(4.5, self.step * 0.3))
        for day in self.days:
            if day.pain is None:
                continue
            centre = (self._x(day.on), height(day.pain))
            self.pen.circle(centre, radius, PAIN)
            if self.step >= 40:
                rim = BAND if day.on == self.series.today and day.pain < 10 else PAGE
                self.pen.text((centre[0], centre[1] - 20), str(day.pain), Style(SMALL, bold=True, anchor="ms", rim=rim))

    def _exercises(self, y: float) -> None:
        self._heading("chart.exercises", y - 72)
        x = float(MARGIN)
        for done in ("all", "some", "none", None):
            label = fitted(self.words(f"chart.{done or 'gap'}"), 180, NOTE)
            self._bar((x, y - 54, x + 22, y - 24), done)
            self.pen.text((x + 34, y - 28), label, NOTE)
            x += 34 + length(label, NOTE) + 36
        half = min(18.0, self.step * 0.38)
        for day in self.days:
            self._bar((self._x(day.on) - half, y, self._x(day.on) + half, y + BAR), day.exercises)

    def _bar(self, box: Box, done: Done | None) -> None:
        """Draws a full bar for all, half a bar for some, an empty frame for none and a dash for no entry."""
        left, top, right, bottom = box
        if done is None:
            self.pen.line([(left, bottom - 4), (right, bottom - 4)], QUIET, 3)
            return
        self.pen.box(box, PAGE, EXERCISE)
        if done != "none":
            self.pen.box((left, top if done == "all" else (top + bottom) / 2, right, bottom), EXERCISE)

    def _lanes(self) -> list[Light]:
        used = {day.light for day in self.days}
        return [light for light in LIGHTS if light != "BONE" or light in used]

    def _runs(self, lanes: Sequence[Light], y: float) -> None:
        self._heading("chart.runs", y - 14)
        for at, light in enumerate(lanes):
            middle = y + at * LANE + LANE / 2 + 6
            self._light((MARGIN + 12, middle), light, 12)
            label = fitted(self.words(f"chart.{light}"), LEFT - MARGIN - 46, LANED)
            self.pen.text((MARGIN + 36, middle), label, LANED)
            self.pen.line([(LEFT, middle), (RIGHT, middle)], GRID)
            for day in self.days:
                if day.light == light:
                    self._light((self._x(day.on), middle), light, min(15.0, max(4.0, self.step * 0.46)))

    def _light(self, centre: Point, light: Light, size: float) -> None:
        """Draws a disc for GREEN, a triangle for AMBER, a square for RED and a cross for BONE."""
        (x, y), fill = centre, COLOURS[light]
        if light == "GREEN":
            self.pen.circle(centre, size, fill)
        elif light == "AMBER":
            self.pen.shape([(x, y - size), (x + size, y + size * 0.8), (x - size, y + size * 0.8)], fill)
        elif light == "RED":
            self.pen.box((x - size * 0.85, y - size * 0.85, x + size * 0.85, y + size * 0.85), fill)
        else:
            for slope in (1, -1):
                self.pen.line([(x - size, y - size * slope), (x + size, y + size * slope)], fill, max(3, size * 0.45))

    def _axis(self, y: float) -> None:
        """Writes today, the first date and the one in the middle, as far as they do not touch."""
        today, first = self.series.today, self.series.first
        taken: list[tuple[float, float]] = []
        middle = first + (today - first) // 2
        labels = {today: self.words("chart.today", date=self.dates(today))}
        labels |= {on: self.dates(on) for on in (first, middle) if on != today}
        for on, whole in labels.items():
            style = Style(SMALL, bold=on == today, fill=INK if on == today else QUIET, anchor="mt")
            label = fitted(whole, RIGHT - LEFT, style)
            half = length(label, style) / 2
            x = min(max(self._x(on), LEFT - 60 + half), WIDTH - MARGIN - half)
            if all(x + half + 24 < left or x - half - 24 > right for left, right in taken):
                self.pen.text((x, y), label, style)
                taken.append((x - half, x + half))
