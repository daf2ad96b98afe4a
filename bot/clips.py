"""The videos to follow along: where one is offered, and what is said below it."""

from __future__ import annotations

from dataclasses import replace

from bot.render import Button, Message, Shown, Words, paragraphs
from flows.engine import Engine, Session
from flows.schema import Exercise

TIMER = "v"
"""The kind of button that sends a video."""


class Clips:
    """Offers the videos of pictures.yaml, and words them."""

    def __init__(self, engine: Engine, words: Words) -> None:
        self.engine = engine
        self.words = words
        self.pictures = engine.content.pictures

    def of_question(self, session: Session) -> str:
        """Returns the id of the video for the self-test question that waits; "" for none."""
        node = self.engine.nodes[session.state]
        return self.pictures.of_question(node.id, knees=self.engine.entries.on_knees(node, session.facts))

    def is_timer(self, clip: str) -> bool:
        """Tells whether a video is a ring alone, which any stretch can be done with."""
        return any(timer.clip == clip for timer in self.pictures.timers)

    def offered(self, message: Message, clip: str) -> Message:
        """Returns the message of a question with the button of its video above the last row, which leads elsewhere."""
        return replace(message, rows=(*message.rows[:-1], (button(self.words, clip),), *message.rows[-1:]))

    def message(self, clip: str, back: tuple[str, str]) -> Message:
        """Returns what goes out in place of a video, with the video itself; `back` is a (phrase id, data)."""
        rows = ((Button(self.words.label(back[0]), back[1]),),)
        caption = paragraphs(self.words.text(self.pictures.pictures[clip]), self.words("timer.how"))
        return Message(self.words("timer.none"), rows, shown=Shown(clip, caption, rows))


def of_stretch(words: Words, exercise: Exercise, level: int) -> str:
    """Returns the id of the video for the hold of a stretch; "" for other exercises and for holds of other lengths."""
    dose = exercise.levels[level - 1].dose
    if exercise.category != "mobility" or dose.reps is not None or not isinstance(dose.hold, int):
        return ""
    return words.content.pictures.timer(dose.hold)


def button(words: Words, clip: str) -> Button:
    """Returns the button that sends a video."""
    return Button(words.label("timer.button"), f"{TIMER}:{clip}")
