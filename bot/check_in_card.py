"""The card of a check-in -> a message, and what is typed at it -> an answer."""

from __future__ import annotations

from fractions import Fraction

from bot import check_in_log
from bot.distances import read_distance, shown_distance
from bot.records import SessionRow
from bot.render import Button, Message, Words, bold, in_rows, listed, paragraphs, short_date
from bot.replies import number, plain

DISTANCES = ("W3", "W3.longest")
"""Questions that take a typed distance beside their buttons."""
SIGNS = 5
"""Lines of C1."""


class CheckInCard:
    """Renders the card in one language, and reads what is typed at it."""

    def __init__(self, words: Words) -> None:
        self.words, self.content = words, words.content
        self.names = {exercise.id: exercise.name for exercise in self.content.library.exercises}

    # ---- shown ---------------------------------------------------------------------------------------------------

    def message(self, row: SessionRow, before: str = "") -> Message:
        """Returns the card with the question that waits, below a phrase."""
        step, place = row.state, f"k:{row.key}:{row.turn}:"
        question = [self.words(f"check_in.{step}")]
        if step == "C1":
            question.append(listed(self.words(f"check_in.C1.sign{at}") for at in range(1, SIGNS + 1)))
        said = [self._said(row.log, name) for name, _ in row.log if name in check_in_log.OPTIONS]
        date = short_date(check_in_log.day_of(row.log), self.words.language)
        heading = bold(self.words("check_in.heading", date=date))
        text = paragraphs(self.words(before) if before else "", heading, "\n".join(said), *question)
        rows = self._rows(row, place)
        if check_in_log.back(row.log) != row.log:
            rows = (*rows, (Button(self.words.label("nav.back"), f"{place}b"),))
        return Message(text, rows)

    def _rows(self, row: SessionRow, place: str) -> tuple[tuple[Button, ...], ...]:
        offered = check_in_log.options(row.log, row.state)
        if row.state == check_in_log.HURT:
            ticks = tuple((self._tick(row, at, value),) for at, value in enumerate(offered))
            return (*ticks, (Button(self.words.label("nav.done"), f"{place}d"),))
        buttons = [Button(self.label(row.state, value), f"{place}a{at}") for at, value in enumerate(offered)]
        if offered == check_in_log.NUMBERS:
            return tuple(buttons[:6]), tuple(buttons[6:])
        return in_rows(buttons)

    def _tick(self, row: SessionRow, at: int, value: str) -> Button:
        label, ticked = self.label(check_in_log.HURT, value), value in row.ticks
        shown = self.words.label("nav.ticked", label=label) if ticked else label
        return Button(shown, f"k:{row.key}:{row.turn}:{'u' if ticked else 't'}{at}")

    def _said(self, log: check_in_log.Log, name: str) -> str:
        value = check_in_log.said(log, name)
        if name in DISTANCES and value not in check_in_log.OPTIONS[name]:
            answer = shown_distance(Fraction(value), self.words.language)
        else:
            answer = self.label(name, "none" if name == "C1" and value in check_in_log.CLEAN else value)
        return self.words("question.answered", question=self.words.label(f"check_in.{name}.short"), answer=answer)

    def label(self, step: str, value: str) -> str:
        """Returns an answer as it stands on its button."""
        if step == check_in_log.HURT:
            return self.words.plain(self.names[value])
        if check_in_log.OPTIONS[step] == check_in_log.NUMBERS:
            return value
        return self.words.label(f"check_in.{step}.{value}")

    # ---- typed ---------------------------------------------------------------------------------------------------

    def hurt(self, row: SessionRow, text: str) -> list[str]:
        """Returns the exercises whose name text is."""
        return [
            name
            for name in check_in_log.options(row.log, check_in_log.HURT)
            if plain(self.label(check_in_log.HURT, name)) == plain(text)
        ]

    def named(self, step: str, text: str) -> list[str]:
        """Returns the answers that typed text names: by the label, a number, or the beginning of a label."""
        options = check_in_log.OPTIONS[step]
        labels = {value: plain(self.label(step, value)) for value in options}
        figure = number(text)
        if options == check_in_log.NUMBERS:
            return [str(figure)] if figure is not None and figure <= 10 else []
        if step in DISTANCES and (kilometres := self._distance(text)) is not None:
            return [str(float(kilometres))]
        if figure is not None and step in ("C3.pain", "C4.worst"):
            ranges = [(value, *_range(value)) for value in options]
            return [value for value, low, high in ranges if low <= figure <= high]
        exact = [value for value, label in labels.items() if label == plain(text)]
        return exact or [value for value, label in labels.items() if plain(text) and label.startswith(plain(text))]

    def _distance(self, text: str) -> Fraction | None:
        rules, plain_words = self.content.check_in.distances, self.words.plain
        kilometres, miles = ({plain(plain_words(unit)) for unit in units} for units in (rules.kilometres, rules.miles))
        found = read_distance(text, kilometres, miles)
        return found if found is not None and found <= rules.most else None


def _range(value: str) -> tuple[int, int]:
    """Returns the points that an answer such as 3-4 or 5+ stands for."""
    low, _, high = value.partition("-")
    return (int(low), int(high)) if high else (int(value.rstrip("+")), 10)
