"""Which drawing shows an exercise or a self-test, and what each drawing shows in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.parts import SHOWN, Part

Alt = Annotated[str, SHOWN, Field(min_length=1, max_length=200)]


class Pictures(Part):
    """Every drawing by its id, with its alt text; the drawings themselves are files of flows/media."""

    pictures: dict[str, Alt]
    series: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Several drawings that belong together, in order, under the id of the tip, exercise or test that they show."""

    def of_exercise(self, exercise: str, level: int) -> str:
        """Returns the id of the drawing of an exercise at a level (1 to 3), the nearest below it; "" for none."""
        names = [f"{exercise}_l{below}" for below in range(level, 1, -1)] + [exercise]
        return next((name for name in names if name in self.pictures), "")

    def of_test(self, test: str) -> str:
        """Returns the id of the drawing of a self-test, or of the test that it is a longer form of; "" for none."""
        name = f"test_{test}".lower()
        return max((each for each in self.pictures if name.startswith(each)), key=len, default="")
