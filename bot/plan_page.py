"""The plan of a day -> a page to print: drawings, doses, and boxes to tick for two weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.outcome import Outcome
from bot.render import Words, full_date
from flows.engine import Session
from flows.follow_up import Day
from flows.plan import Assessment, PlannedExercise
from flows.schema import Permission

DAYS = 14


class PlanPage:
    """Puts plans on a page in one language."""

    def __init__(self, outcome: Outcome, words: Words) -> None:
        self.outcome, self.words, self.label = outcome, words, words.label
        self.exercises = {exercise.id: exercise for exercise in words.content.library.exercises}

    def page(self, session: Session, day: Day | None, today: date, *, drawn: bool = True) -> dict[str, Any]:
        """Returns a plan as plain data for the page, with every word that stands on it; `drawn` asks for drawings."""
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
            "key": label("sheet.key"),
            "steps": label("sheet.steps"),
            "days": [str(day) for day in range(1, DAYS + 1)],
            "weeks": [label("sheet.week", number=number) for number in range(1, DAYS // 7 + 1)],
            "groups": [
                {
                    "heading": heading,
                    "rows": [
                        {**self._row(result, each, halved), "drawing": self._drawing(each) if drawn else ""}
                        for each in self._of(result, category)
                    ],
                }
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

    def _of(self, result: Assessment, category: str) -> Iterator[PlannedExercise]:
        return (planned for planned in result.plan if self.exercises[planned.exercise].category == category)

    def _drawing(self, planned: PlannedExercise) -> str:
        return self.words.content.pictures.of_exercise(planned.exercise, planned.level)

    def _row(self, result: Assessment, planned: PlannedExercise, halved: frozenset[str]) -> dict[str, Any]:
        exercise, level, cards = self.exercises[planned.exercise], planned.level, self.outcome.cards
        dose = exercise.levels[level - 1].dose
        notes = [self.words.plain(dose.note)] if dose.note else []
        said = self.label("sheet.dose", level=level, dose=self.label("dose.comma").join([cards.dose(dose), *notes]))
        return {
            "name": self.words.plain(exercise.name),
            "dose": " ".join([said, *self._beside(exercise.id, halved)]),
            # The steps are those of the whole exercise: too much at level 1, and at the others the level goes first.
            "cues": " ".join(self.words.plain(cue) for cue in exercise.cues) if level > 1 else "",
            "how": cards.how(exercise, level, result.facts),
            "mind": " ".join(
                [*cards.reminders(planned), *([self.words.plain(exercise.stop)] if exercise.stop else [])]
            ),
        }

    def _beside(self, exercise: str, halved: frozenset[str]) -> Iterator[str]:
        """Yields what the plan says in brackets beside a dose."""
        if exercise in halved:
            yield self.label("plan.halved")
        if note := self.outcome.noted(exercise):
            yield note

    def _always(self, result: Assessment) -> Iterator[tuple[str, str]]:
        for exercise in self.outcome.always(result):
            note = self.words.plain(exercise.levels[0].dose.note)
            name = self.words.plain(exercise.name)
            yield (
                self.label("sheet.always", name=name, note=note) if note else name,
                self.outcome.cards.how(exercise, 1, result.facts),
            )

    def _stop(self, result: Assessment) -> list[str]:
        library = self.words.content.library
        gentle = result.screening.permission is Permission.GENTLE
        extra = [line.text for line in library.extra_stops if line.when.holds(result.facts)]
        texts = [library.gentle_stop if gentle else library.common_stop, *extra, library.common_rules, library.normal]
        return [self.words.plain(text) for text in texts]
