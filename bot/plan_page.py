"""The plan of a day -> a page to print: drawings, doses, and boxes to tick for two weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.outcome import Outcome
from bot.render import Words, full_date
from flows.engine import Session
from flows.follow_up import Day
from flows.plan import Assessment
from flows.schema import Exercise, Permission

DAYS = 14


class PlanPage:
    """Puts plans on a page in one language."""

    def __init__(self, outcome: Outcome, words: Words) -> None:
        self.outcome, self.words, self.label = outcome, words, words.label
        self.exercises = {exercise.id: exercise for exercise in words.content.library.exercises}

    def page(self, session: Session, day: Day | None, today: date) -> dict[str, Any]:
        """Returns a plan as plain data for the page, with every word that stands on it."""
        result, label = self.outcome.stands(session, day), self.label
        halved = frozenset[str]() if day is None else day.halved
        groups = {
            "mobility": label("sheet.daily"),
            "strength": label("sheet.strength_done" if self.outcome.has_recovered(day) else "sheet.strength"),
        }
        running = self.words.plain(result.running.text) if day is None else self.outcome.running_plain(day)
        return {
            "title": label("sheet.title"),
            "made_on": today.isoformat(),
            "begins": label("sheet.begins"),
            "days": [str(day) for day in range(1, DAYS + 1)],
            "weeks": [label("sheet.week", number=number) for number in range(1, DAYS // 7 + 1)],
            "groups": [
                {"heading": heading, "rows": [self._row(result, *each, halved) for each in self._of(result, category)]}
                for category, heading in groups.items()
            ],
            "pain": label("sheet.pain"),
            "running": [label("sheet.running"), running],
            "always": list(self._always(result)),
            "rules": label("sheet.rules"),
            "stop": self._stop(result),
            "net": label("safety_net"),
            "made": label(
                "sheet.made",
                date=full_date(today, self.words.language),
                version=self.words.content.settings.content_version,
            ),
        }

    def _of(self, result: Assessment, category: str) -> Iterator[tuple[Exercise, int]]:
        for planned in result.plan:
            exercise = self.exercises[planned.exercise]
            if exercise.category == category:
                yield exercise, planned.level

    def _row(self, result: Assessment, exercise: Exercise, level: int, halved: frozenset[str]) -> dict[str, Any]:
        dose = self.label("sheet.dose", level=level, dose=self.outcome.cards.dose(exercise.levels[level - 1].dose))
        return {
            "drawing": self.words.content.pictures.of_exercise(exercise.id, level),
            "name": self.words.plain(exercise.name),
            "dose": f"{dose} {self.label('plan.halved')}" if exercise.id in halved else dose,
            "cues": " ".join(self.words.plain(cue) for cue in exercise.cues),
            "how": self.outcome.cards.how(exercise, level, result.facts),
        }

    def _always(self, result: Assessment) -> Iterator[tuple[str, str]]:
        for exercise in self.outcome.always(result):
            yield self.words.plain(exercise.name), self.outcome.cards.how(exercise, 1, result.facts)

    def _stop(self, result: Assessment) -> list[str]:
        library = self.words.content.library
        gentle = result.screening.permission is Permission.GENTLE
        extra = [line.text for line in library.extra_stops if line.when.holds(result.facts)]
        texts = [library.gentle_stop if gentle else library.common_stop, *extra, library.common_rules, library.normal]
        return [self.words.plain(text) for text in texts]
