"""The library of exercises as anybody may see it: one static card each, never anything of a person's plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rapidfuzz import fuzz, process

from bot.render import CAPTION_LIMIT, Button, Message, Shown, Words, bold, length, paragraphs
from flows.safety_net import folded
from flows.schema import Content, Exercise

SHORTEST_NAME = 3
"""Letters of a name that are enough."""
LIKE = 75.0
"""How much a whole name, or one of its words, must be like what was typed, of 100: a slip or two and no more."""


class Library:
    """Finds exercises and renders their cards in one language; what it returns depends on the content alone."""

    def __init__(self, content: Content, words: Words) -> None:
        self.content = content
        self.words = words
        self.shown = tuple(exercise for exercise in content.library.exercises if not exercise.locked)
        """Those that anybody may look up: one that a plan unlocks only later is none of them."""
        self.for_all = tuple(exercise for exercise in self.shown if exercise.club)
        """Those that may be shown to a whole club unasked."""

    def of_the_day(self, day: date, weekdays: Sequence[int]) -> Exercise:
        """Returns the exercise of a date: one after the other, by the days of the week on which one is shown."""
        # Ordinal 1 is a Monday. Counted by the days that are shown: a step of the calendar would skip some for ever.
        before = (day.toordinal() - 1) // 7 * len(weekdays) + sum(each < day.weekday() for each in weekdays)
        return self.for_all[before % len(self.for_all)]

    def find(self, name: str) -> Exercise | None:
        """Returns the exercise that has this name, or in whose names a word begins so or is spelt much like it.

        Returns None where there is none.
        """
        wanted = folded(name)
        if len(wanted) < SHORTEST_NAME:
            return None
        names = {exercise.id: self._names(exercise) for exercise in self.shown}
        # Among several the one that suits everybody comes first: whoever says bridge means the plain one.
        found = [
            one for one in (*self.for_all, *self.shown) if any(f" {wanted}" in f" {each}" for each in names[one.id])
        ]
        return next((one for one in found if wanted in names[one.id]), found[0] if found else self._like(wanted, names))

    def _like(self, wanted: str, names: Mapping[str, list[str]]) -> Exercise | None:
        """The exercise whose name is most like a misspelt one; a sentence is like none."""
        ordered = [*self.for_all, *(one for one in self.shown if not one.club)]
        spelt = [(each, one) for one in ordered for name in names[one.id] for each in (name, *name.split())]
        best = process.extractOne(wanted, [each for each, _ in spelt], scorer=fuzz.ratio, score_cutoff=LIKE)
        return None if best is None else spelt[best[2]][1]

    def _names(self, exercise: Exercise) -> list[str]:
        texts = (exercise.name, *exercise.aliases)
        return [folded(exercise.id), *(folded(self.words.plain(text)) for text in texts)]

    def plain_names(self) -> list[str]:
        """Returns the names of all exercises that anybody may look up, not escaped."""
        return [self.words.plain(exercise.name) for exercise in self.shown]

    def card(self, exercise: Exercise, heading: str = "", rows: tuple[tuple[Button, ...], ...] = ()) -> Message:
        """Returns the static card below a heading: name, steps, how to begin, one mistake, when to stop."""
        words = self.words
        name, how = bold(words.text(exercise.name)), self._how(exercise)
        steps = "\n".join(f"{at}. {words.text(cue)}" for at, cue in enumerate(exercise.cues, 1))
        do = (how, steps) if len(exercise.levels) == 1 else (steps, how)
        mistake = words("exercise.mistake", mistake=words.plain(exercise.mistakes[0]))
        stop = words.text(exercise.stop) if exercise.stop else ""
        last = (mistake, stop, words("exercise.safety"))
        text = paragraphs(heading, name, *do, *last)
        drawing = self.content.pictures.of_exercise(exercise.id, 1)
        alt = words.text(self.content.pictures.pictures[drawing])
        # The steps give way where there is no room for them below a drawing.
        captions = (paragraphs(alt, heading, name, *do, *last), paragraphs(alt, heading, name, how, *last))
        caption = next((each for each in captions if length(each) <= CAPTION_LIMIT), "")
        return Message(text, rows, shown=Shown(drawing, caption, rows) if caption else None)

    def _how(self, exercise: Exercise) -> str:
        """The first level, named as such where there are others: the steps are those of the whole exercise."""
        how = exercise.levels[0].how
        return (
            self.words.text(how)
            if len(exercise.levels) == 1
            else self.words("exercise.first", how=self.words.plain(how))
        )
