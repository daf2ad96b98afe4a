"""An exercise as a card: how it is done, how much, when to stop; in full, or below its drawing."""

from __future__ import annotations

from collections.abc import Sequence

from bot.clips import button, of_stretch
from bot.render import CAPTION_LIMIT, Button, Message, Shown, Words, bold, length, paragraphs
from flows.plan import Assessment, PlannedExercise
from flows.rules import Facts
from flows.schema import Dosage, Exercise, Permission, Range

LONG_HOLD = 300
"""Seconds from which a dose is said in minutes."""


class Cards:
    """Renders the exercises of a plan in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.content = words.content
        self.library = words.content.library
        self._exercises = {exercise.id: exercise for exercise in self.library.exercises}

    def card(self, result: Assessment, exercise_id: str, version: str, *now: str) -> Message:
        """Returns the card of an exercise of the plan; `version` is its last line, and `now` what holds for a time."""
        order = [planned.exercise for planned in result.plan]
        planned = result.plan[order.index(exercise_id)]
        exercise = self._exercises[exercise_id]
        words, plain = self.words, self.words.plain
        do = [*self._do(exercise, planned, result), *now]
        stop = words("card.stop", stop=self._stop(exercise, result))
        aliases = ", ".join(plain(alias) for alias in exercise.aliases)
        text = paragraphs(
            bold(words.text(exercise.name)) + (f"\n{words('card.also', aliases=aliases)}" if aliases else ""),
            words("card.target", target=plain(exercise.target))
            + "\n"
            + words("card.need", equipment=plain(exercise.equipment)),
            *do,
            self._cues(exercise, planned.level),
            words("card.mistakes", mistakes="; ".join(plain(mistake) for mistake in exercise.mistakes)),
            stop,
            words("card.below", below=plain(exercise.below)) if exercise.below and planned.level == 1 else "",
            self._chosen_for(planned),
            words.text(self.library.normal),
            version,
        )
        following = order[(order.index(exercise_id) + 1) % len(order)]
        buttons = (Button(words.label("card.next"), f"y:{following}"), Button(words.label("card.plan"), "g:plan"))
        more = (Button(words.label("card.more"), f"m:{exercise_id}"),)
        clip = of_stretch(words, exercise, planned.level)
        rows = (buttons, (button(words, clip),), more) if clip else (buttons, more)
        return Message(text, (buttons,), shown=self._shown(exercise, planned.level, [*do, stop], rows))

    def dose(self, dose: Dosage) -> str:
        """Returns a dose in one line, not escaped."""
        label, shown = self.words.label, self._range
        if dose.reps is not None:
            parts = [label("dose.sets_reps", sets=shown(dose.sets), reps=shown(dose.reps))]
            parts += [label("dose.hold", hold=shown(dose.hold))] if dose.hold is not None else []
        elif dose.hold is not None and _least(dose.hold) >= LONG_HOLD:
            parts = [label("dose.minutes", minutes=shown(_minutes(dose.hold)))]
        else:
            parts = [label("dose.sets_hold", sets=shown(dose.sets), hold=shown(dose.hold or 0))]
        parts += [label("dose.side")] if dose.per_side else []
        if dose.per_day == 1:
            parts.append(label("dose.every_day"))
        elif dose.per_day is not None:
            parts.append(label("dose.day", times=shown(dose.per_day)))
        return label("dose.comma").join(parts)

    def how(self, exercise: Exercise, level: int, facts: Facts) -> str:
        """Returns how an exercise is done at a level, with the cautions that apply to this person, not escaped."""
        extra = [self.words.plain(line.text) for line in exercise.cautions if line.when.holds(facts)]
        return " ".join([self.words.plain(exercise.levels[level - 1].how), *extra])

    def _shown(
        self, exercise: Exercise, level: int, most: Sequence[str], rows: tuple[tuple[Button, ...], ...]
    ) -> Shown | None:
        """The drawing with what matters most below it; the steps give way where there is no room for them."""
        drawing = self.content.pictures.of_exercise(exercise.id, level)
        alt = self.words.text(self.content.pictures.pictures[drawing])
        *do, stop = most
        head = paragraphs(alt, bold(self.words.text(exercise.name)), *do)
        texts = (paragraphs(head, self._cues(exercise, level), stop), paragraphs(head, stop))
        caption = next((text for text in texts if length(text) <= CAPTION_LIMIT), "")
        return Shown(drawing, caption, rows) if caption else None

    def _do(self, exercise: Exercise, planned: PlannedExercise, result: Assessment) -> list[str]:
        dose, words = exercise.levels[planned.level - 1].dose, self.words
        return [
            bold(words("card.level", level=planned.level, how=self.how(exercise, planned.level, result.facts))),
            bold(words("card.dose", dose=self.dose(dose))) + self._dose_notes(dose, planned),
        ]

    def _cues(self, exercise: Exercise, level: int) -> str:
        """The steps; they are those of the whole exercise, and a level may do less or be done in another position."""
        cues = "\n".join(f"{at}. {self.words.text(cue)}" for at, cue in enumerate(exercise.cues, 1))
        return f"{self.words('card.cues', level=level)}\n{cues}"

    def _stop(self, exercise: Exercise, result: Assessment) -> str:
        gentle = result.screening.permission is Permission.GENTLE
        extra = [line.text for line in self.library.extra_stops if line.when.holds(result.facts)]
        stops = [self.library.gentle_stop if gentle else self.library.common_stop, *extra, exercise.stop]
        return " ".join(self.words.plain(text) for text in stops if text)

    def reminders(self, planned: PlannedExercise) -> list[str]:
        """Returns what the findings behind an exercise add to its dose, as sentences, not escaped."""
        rows = self.content.planning.findings
        return [self.words.plain(row.dose_note) for row in rows if row.dose_note and row.id in planned.reasons]

    def _dose_notes(self, dose: Dosage, planned: PlannedExercise) -> str:
        notes = [self.words.plain(dose.note)] if dose.note else []
        return "".join(f"\n{self.words.escaped(note)}" for note in [*notes, *self.reminders(planned)])

    def _chosen_for(self, planned: PlannedExercise) -> str:
        texts = {finding.id: finding.text for finding in self.content.planning.findings}
        reasons = " ".join(self.words.plain(texts[name]) for name in planned.reasons)
        return self.words("card.why", reasons=reasons) if reasons else self.words("card.why_base")

    def _range(self, value: Range) -> str:
        if isinstance(value, int):
            return str(value)
        return self.words.label("dose.range", low=value[0], high=value[1])


def _least(value: Range) -> int:
    return value if isinstance(value, int) else value[0]


def _minutes(seconds: Range) -> Range:
    return seconds // 60 if isinstance(seconds, int) else (seconds[0] // 60, seconds[1] // 60)
