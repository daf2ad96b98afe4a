"""Which drawing shows an exercise or a self-test, which video times it, and what each shows in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.parts import SHOWN, Part

Alt = Annotated[str, SHOWN, Field(min_length=1, max_length=200)]


class FollowAlong(Part):
    """The videos to do a question's hold with: the one that shows it, and the one for the knees."""

    clip: str
    on_knees: str = ""
    """Empty where no video fits: one that shows the feet is not for people on their knees."""


class Timer(Part):
    """The video of a ring alone, for a hold of so many seconds."""

    seconds: int
    clip: str


class Pictures(Part):
    """Every drawing and video by its id, with its alt text; the files themselves are those of flows/media."""

    pictures: dict[str, Alt]
    clips: dict[str, FollowAlong] = Field(default_factory=dict)
    """The videos that go with a question of a self-test, by its id."""
    timers: tuple[Timer, ...] = ()
    series: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Several drawings that belong together, in order, under the id of the tip, exercise or test that they show."""

    on_knees: dict[str, str] = Field(default_factory=dict)
    """The drawing of a self-test for people who do it on their knees, by the test's id."""

    def of_exercise(self, exercise: str, level: int) -> str:
        """Returns the id of the drawing of an exercise at a level (1 to 3), the nearest below it; "" for none."""
        names = [f"{exercise}_l{below}" for below in range(level, 1, -1)] + [exercise]
        return next((name for name in names if name in self.pictures), "")

    def of_question(self, question: str, *, knees: bool) -> str:
        """Returns the id of the video that a question's hold is done with; "" for none."""
        offered = self.clips.get(question)
        if offered is None:
            return ""
        return offered.on_knees if knees else offered.clip

    def timer(self, seconds: int) -> str:
        """Returns the id of the video of a ring for a hold of so many seconds; "" for none."""
        return next((timer.clip for timer in self.timers if timer.seconds == seconds), "")

    def of_test(self, test: str) -> str:
        """Returns the id of the drawing of a self-test, or of the test that it is a longer form of; "" for none."""
        name = f"test_{test}".lower()
        return max((each for each in self.pictures if name.startswith(each)), key=len, default="")

    def forms(self, test: str, *, knees: bool) -> tuple[str, ...]:
        """Returns the drawings of a self-test in order: its stages or forms, or the one; on the knees no others."""
        if knees and test in self.on_knees:
            return (self.on_knees[test],)
        longer = max((name for name in self.series if test.startswith(name)), key=len, default="")
        one = self.of_test(test)
        return self.series[longer] if longer else (one,) * bool(one)
