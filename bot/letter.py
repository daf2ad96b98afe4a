"""The facts of a handover in the words of one language: as plain text, and as the data of a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from bot.brevity import FULL, PART, Detail, shortened
from bot.handover import PERSON, REASON, RUNNING, TIMELINE, Answered, Handover, Sign
from bot.outcome import TOP_FINDINGS, Outcome
from bot.questions import Renderer
from bot.render import Words, full_date, one_decimal, short_date
from flows.schema import Disposition
from flows.screen import CLEARED

CUT = {"conclusion": 2, "reason": 1, "timeline": 1, "about_running": 1}
"""The sections whose lines may be cut, by how many times that length; of the plan only the names of the exercises."""
FEW_WEEKS = 4
"""Of so many weeks the mean pain is told where there is little room, the newest."""
FORM = "Q17"
"""How they run."""
ABILITY = "W1"
"""How well they can run, at the first check."""
AS_USUAL = ("T8.how", "feet")
"""A side plank is done on the feet unless the rules or the runner say otherwise."""
NOTHING = ("none",)
"""The answer to a list of which nothing was ticked."""
Row = tuple[str, str]
"""A label and what it says; a row without a label is a sentence."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a handover."""

    id: str
    heading: str
    rows: tuple[Row, ...]


class Letter:
    """Words handovers in one language."""

    def __init__(self, outcome: Outcome, render: Renderer, words: Words) -> None:
        self.outcome, self.render, self.words = outcome, render, words
        self.label = words.label
        content = words.content
        self.rules = {rule.id: rule for rule in content.screen.rules}
        self.findings = {finding.id: finding for finding in content.planning.findings}
        self.exercises = {exercise.id: exercise for exercise in content.library.exercises}
        self.gates = {gate.id: gate for gate in render.engine.gates}

    # ---- as text ---------------------------------------------------------------------------------------------

    def text(self, told: Handover) -> str:
        """Returns a handover as plain text of fewer than LIMIT characters."""
        return shortened(lambda detail: self._text(told, detail))

    def _text(self, told: Handover, detail: Detail) -> str:
        made = self.label("report.made", date=full_date(told.made_on, self.words.language))
        parts = [f"{self.label('report.title')}\n{made}"]
        for section in self.sections(told, detail):
            longest = CUT.get(section.id, 0) * detail.line
            rows = [_line(*row, longest if row[0] or section.id != "plan" else detail.line) for row in section.rows]
            parts.append("\n".join([section.heading.upper(), *rows]))
        return PART.join(parts)

    # ---- as a page -------------------------------------------------------------------------------------------

    def page(self, told: Handover) -> dict[str, Any]:
        """Returns a handover as plain data for the page, with every word that stands on it."""
        return {
            "title": self.label("report.title"),
            "made": self.label("report.made", date=full_date(told.made_on, self.words.language)),
            "made_on": told.made_on.isoformat(),
            "blanks": [self.label("report.name"), self.label("report.born")],
            "sections": {each.id: {"heading": each.heading, "rows": each.rows} for each in self.sections(told, FULL)},
            "chart": self._chart(told),
        }

    def _chart(self, told: Handover) -> dict[str, Any]:
        days = told.trend.days
        first = max(told.screened_on, min((day.on for day in days), default=told.screened_on))
        first = told.screened_on if (told.made_on - told.screened_on).days < 92 else first

        def at(on: date) -> int:
            return (on - first).days

        start = [[0, told.baseline]] if told.baseline is not None and first == told.screened_on else []
        return {
            "days": max(at(told.made_on), 1),
            "pain": start + [[at(on), pain] for on, pain in told.trend.pains],
            "done": [[at(day.on), day.done] for day in days if day.done in ("all", "some")],
            "acts": sorted({at(event.on) for event in told.events if at(event.on) >= 0}),
            "first": short_date(first, self.words.language),
            "last": short_date(told.made_on, self.words.language),
            "key": {name: self.label(f"report_chart.{name}") for name in ("pain", "all", "some", "act")},
        }

    # ---- its sections ----------------------------------------------------------------------------------------

    def sections(self, told: Handover, detail: Detail) -> list[Section]:
        """Returns the parts that have something to say, what matters most first."""
        made = [
            ("conclusion", self._conclusion(told, detail)),
            ("signs_yes", self._present(told)),
            ("reason", self._questions(told, REASON, detail)),
            ("timeline", self._timeline(told, detail)),
            ("about_running", self._running(told, detail)),
            ("trend", self._trend(told, detail)),
            ("findings", self._findings(told, detail)),
            ("tests", self._tests(told, detail)),
            ("plan", self._plan(told, detail)),
            ("signs_no", self._denied(told, detail)),
            ("person", self._questions(told, PERSON, detail) if detail.person else ()),
            ("note", self._note(told)),
        ]
        found = [Section(name, self._heading(name, told), tuple(rows)) for name, rows in made]
        return [section for section in found if section.rows]

    def _heading(self, name: str, told: Handover) -> str:
        if name == "note":
            return self.label("report.version_label")
        if name != "signs_no":
            return self.label(f"report.{name}")
        dates = _dates(told.signs)
        if not dates:
            return self.label("report.signs_other")
        if len(dates) == 1:
            return self.label("report.signs_no", date=short_date(dates[0], self.words.language))
        return self.label("report.signs_no_dates")

    def _conclusion(self, told: Handover, detail: Detail) -> Iterator[Row]:
        content, label = self.words.content, self.label
        default = content.screen.default_doctor if told.disposition >= Disposition.DOCTOR else ""
        texts = told.who.split("; ") if told.who else [default or content.screen.default_physio]
        who = "; ".join(self.words.plain(text) for text in texts)
        yield label("report.now"), label(f"report_place.{told.disposition.name}", who=who)
        yield label("report.plan_state"), label(f"report_state.{told.state if told.plan else 'none'}")
        running = label(f"running.{told.running}")
        if told.step:
            steps = len(content.check_in.returning.steps)
            running = label("report.step", running=running, step=told.step, steps=steps)
        yield label("report.running"), running
        reasons = [self._reason(rule) for rule in told.rules]
        reasons += [self._with_date(self._act(each.act), each.on) for each in told.raised]
        told_of = reasons[: detail.reasons]
        yield from ((label("report.why"), reason) for reason in told_of)
        if rest := len(reasons) - len(told_of):
            yield label("report.why"), label("report.why_more", count=rest)
        if not reasons:
            yield "", label("report.no_rules")

    def _findings(self, told: Handover, detail: Detail) -> Iterator[Row]:
        if not detail.findings:
            return
        worded = told.findings[:TOP_FINDINGS] if detail.finding_words else ()
        for name in worded:
            short = self._finding(name)
            yield short[:1].upper() + short[1:], self.words.plain(self.findings[name].text)
        if rest := [self._finding(name) for name in told.findings[len(worded) :]]:
            yield self.label("report.findings_more") if worded else "", ", ".join(rest)

    def _finding(self, name: str) -> str:
        return self.label(f"report_finding.{name}")

    def _reason(self, flag: str) -> str:
        rule = self.rules[flag.removesuffix(CLEARED)]
        return self.words.plain(rule.cleared_reason if flag.endswith(CLEARED) and rule.cleared_reason else rule.reason)

    # ---- warning signs ---------------------------------------------------------------------------------------

    def _present(self, told: Handover) -> Iterator[Row]:
        signs = [sign for sign in told.signs if sign.counts or sign.said == "explained"]
        if not any(sign.counts for sign in signs):
            yield "", self.label("report.signs_none")
        for sign in signs:
            said = self.label(f"report_said.{sign.said}")
            detail = self._detail(sign)
            said = self.label("report.noted", text=said, detail=detail) if detail else said
            yield self._short(sign), self._with_date(said, sign.on)

    def _detail(self, sign: Sign) -> str:
        items = self.gates[sign.gate].items
        clarify = next(item.clarify for item in items if item.id == sign.item)
        options = clarify.options if clarify is not None else ()
        return next((self.words.plain(option.label) for option in options if option.value == sign.detail), "")

    def _short(self, sign: Sign) -> str:
        return next(self.words.plain(item.short) for item in self.gates[sign.gate].items if item.id == sign.item)

    def _with_date(self, text: str, on: date | None) -> str:
        return text if on is None else self.label("report.dated", text=text, date=short_date(on, self.words.language))

    def _denied(self, told: Handover, detail: Detail) -> Iterator[Row]:
        dates = _dates(told.signs)
        denied = [sign for sign in told.signs if sign.said == "no"]
        groups = [
            (gate, on, list(signs)) for (gate, on), signs in groupby(denied, key=lambda sign: (sign.gate, sign.on))
        ]
        named = max(len(groups) - detail.counted, 0)
        for gate, on, signs in groups[:named]:
            text = self._names(signs, detail)
            yield self._gate(gate), text if len(dates) == 1 else self._with_date(text, on)
        counts = [
            (self.label("report.all_of", group=self._gate(gate), count=len(signs)), on)
            for gate, on, signs in groups[named:]
        ]
        for on, each in groupby(counts, key=lambda count: count[1]):
            text = ", ".join(count for count, _ in each)
            yield "", text if len(dates) == 1 else self._with_date(text, on)
        for said in ("unsure_no", "skip", "not_asked"):
            rest = [sign for sign in told.signs if sign.said == said]
            if rest:
                yield self.label(f"report_said.{said}"), "; ".join(self._lines(rest))
        again = told.trend.nothing_new
        if again:
            text = self.label("report.again", count=len(again), date=short_date(again[-1], self.words.language))
            yield self.label("report.again_label"), text

    def _gate(self, gate: str) -> str:
        return self.words.plain(self.gates[gate].short)

    def _names(self, signs: Sequence[Sign], detail: Detail) -> str:
        if detail.brief:
            return ", ".join(self.label(f"report_sign.{sign.item}") for sign in signs)
        return "; ".join(self._short(sign) for sign in signs)

    def _lines(self, signs: Sequence[Sign]) -> Iterator[str]:
        """Yields the group where all its signs are meant, else each sign."""
        for gate, group in groupby(signs, key=lambda sign: sign.gate):
            some = list(group)
            if len(some) > 1 and len(some) == len(self.gates[gate].items):
                yield self.words.plain(self.gates[gate].short)
            else:
                yield from (self._short(sign) for sign in some)

    # ---- the rest --------------------------------------------------------------------------------------------

    def _questions(self, told: Handover, names: Iterable[str], detail: Detail) -> Iterator[Row]:
        given = {each.question: each for each in told.answers if detail.nothing or each.answer != NOTHING}
        yield from (self._answered(given[name]) for name in names if name in given)

    def _answered(self, each: Answered) -> Row:
        node = self.render.engine.nodes[each.question]
        return self.words.plain(node.question.short), self.render.said(node, each.answer)

    def _timeline(self, told: Handover, detail: Detail) -> Iterator[Row]:
        yield from self._questions(told, TIMELINE, detail)
        yield self.label("report.first"), full_date(told.screened_on, self.words.language)
        if detail.events:
            for on, events in groupby(told.events, key=lambda event: event.on):
                yield (
                    short_date(on, self.words.language),
                    "; ".join(dict.fromkeys(self._act(event.act) for event in events)),
                )

    def _act(self, act: str) -> str:
        phrase = f"report_act.{act}"
        return self.label(phrase if phrase in self.words.content.phrases.phrases else f"progress.{act}")

    def _running(self, told: Handover, detail: Detail) -> Iterator[Row]:
        # A newer value of their running ability follows below.
        old = ABILITY if told.trend.ability is not None and not detail.asides else ""
        form = "" if detail.form else FORM
        yield from self._questions(told, (name for name in RUNNING if name not in (old, form)), detail)
        if told.trend.ability is not None:
            value, on = told.trend.ability
            yield (
                self.label("report.ability_label"),
                self.label("report.ability", value=value, date=short_date(on, self.words.language)),
            )
        lights = [day.light for day in told.trend.days if day.light]
        if lights:
            each = [
                self.label("chart.week_run", label=self.label(f"chart.{light}"), count=lights.count(light))
                for light in ("GREEN", "AMBER", "RED", "BONE")
                if light in lights
            ]
            yield self.label("report.lights"), ", ".join(each)

    def _trend(self, told: Handover, detail: Detail) -> Iterator[Row]:
        trend = told.trend
        if told.baseline is not None and trend.week is not None:
            values = {
                "start": told.baseline,
                "week": one_decimal(trend.week, self.words.language),
                "label": self.label(f"label.{trend.label}"),
            }
            yield self.label("report.change"), self.label("report.pain", **values)
        elif told.baseline is not None:
            yield self.label("report.change"), self.label("report.pain_start", start=told.baseline)
        if trend.pains:
            weeks = list(self._weeks(told))
            yield self.label("report.weeks"), " ".join(weeks if detail.asides else weeks[-FEW_WEEKS:])
        elif told.baseline is not None:
            yield "", self.label("report.no_pain")
        for name, value in (("W2", trend.change), ("W5", trend.worry)):
            if value and detail.asides:
                yield self.label(f"check_in.{name}.short"), self.label(f"check_in.{name}.{value}")

    def _weeks(self, told: Handover) -> Iterator[str]:
        first, pains = told.screened_on + timedelta(days=1), told.trend.pains
        start = max((pains[0][0] - first).days // 7, 0)
        for week in range(start, max((told.made_on - first).days // 7, start) + 1):
            values = [pain for on, pain in pains if (on - first).days // 7 == week]
            yield (
                one_decimal(Fraction(sum(values), len(values)), self.words.language)
                if values
                else self.label("chart.week_gap")
            )

    def _tests(self, told: Handover, detail: Detail) -> Iterator[Row]:
        if not told.tests:
            yield "", self.label("report.no_tests")
        for each in told.tests:
            if (each.question, each.answer) == AS_USUAL and not detail.asides:
                continue
            name, said = self._answered(each)
            hold = f"report_hold.{each.answer}"
            said = self.label(hold) if hold in self.words.content.phrases.phrases else said
            yield name, said if each.on == told.screened_on else self._with_date(said, each.on)

    def _plan(self, told: Handover, detail: Detail) -> Iterator[Row]:
        done = [day.done for day in told.trend.days]
        counts = {name: done.count(name) for name in ("all", "some", "none")}
        if told.plan and not detail.plan:
            yield "", ", ".join(self.words.plain(self.exercises[each.exercise].name) for each in told.plan)
        for each in told.plan if detail.plan else ():
            exercise = self.exercises[each.exercise]
            phrase = "report.exercise" if detail.doses else "report.exercise_short"
            dose = self.outcome.cards.dose(exercise.levels[each.level - 1].dose) if detail.doses else ""
            text = self.label(phrase, level=each.level, dose=dose)
            yield self.words.plain(exercise.name), f"{text}, {self.label('report.halved')}" if each.halved else text
        if any(counts.values()):
            yield self.label("report.check_ins"), self.label("report.done", days=len(done), **counts)
        if told.trend.adherence is not None and told.plan:
            percent = math.floor(100 * told.trend.adherence)
            yield self.label("report.strength"), self.label("report.adherence", percent=percent)

    def _note(self, told: Handover) -> Iterator[Row]:
        software = told.versions.software or self.label("report.version_unknown")
        yield "", self.label("report.version", content=told.versions.content, software=software)
        yield "", self.label("report.note")


def _line(label: str, text: str, longest: int) -> str:
    """Returns a row as a line of at most so many characters; 0: any number."""
    line = f"{label}: {text}" if label else text
    return line if not longest or len(line) <= longest else f"{line[: longest - 1]}…"


def _dates(signs: Iterable[Sign]) -> list[date]:
    """Returns the dates on which signs were denied."""
    return list(dict.fromkeys(sign.on for sign in signs if sign.said == "no" and sign.on is not None))
