"""What the content files may say about plans: findings, exclusions, tables, advice and the exercises themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from flows import rules
from flows.parts import Category, Condition, ExtraLine, Label, LevelRule, Part, Running, Sourced, Terms, Text


class Weight(Part):
    """A weight of a finding, used while its condition holds."""

    when: Condition = rules.ALWAYS
    weight: Literal[1, 2, 3]


class Ranked(Part):
    """Exercises of a finding, best first, used while the condition holds."""

    when: Condition = rules.ALWAYS
    exercises: tuple[str, ...] = Field(max_length=3)


class Tip(Part):
    """A piece of advice that a finding brings, with its condition."""

    advice: str
    when: Condition = rules.ALWAYS


class Finding(Sourced):
    """A clinical fact that the answers establish."""

    id: str
    when: Condition
    weights: tuple[Weight, ...] = Field(min_length=1)
    ranked: tuple[Ranked, ...] = ()
    advice: tuple[Tip, ...] = ()
    text: Text
    """What was seen, in plain words, and that it may contribute."""
    dose_note: Text = ""


class Exclusion(Sourced):
    """What is left out, held at level 1 or preferred, and when."""

    id: str
    when: Condition
    remove: tuple[str, ...] = ()
    keep_only: tuple[str, ...] = ()
    bonus: dict[str, int] = Field(default_factory=dict)


class RunRule(Sourced):
    """How much running is allowed; the first rule that holds wins."""

    when: Condition = rules.ALWAYS
    running: Running
    text: Text


class Slots(Part):
    """How many exercises of each category a plan holds; the first row that holds wins."""

    when: Condition = rules.ALWAYS
    mobility: int
    strength: int


class Family(Part):
    """Exercises so alike that a plan holds only so many of them."""

    most: int
    exercises: tuple[str, ...]


class Advice(Sourced):
    """A training or posture tip, in two sentences at most."""

    id: str
    text: Text
    needs: tuple[str, ...] = ()
    """Exercises named in the text by {exercise}: the first one that is not excluded."""
    about_running: bool = False
    """Shown under 'When you run again' while running is STOP or WALK."""


class Planning(Part):
    """Findings, exclusions and tables from which a plan is made."""

    terms: Terms = Field(default_factory=dict)
    findings: tuple[Finding, ...]
    exclusions: tuple[Exclusion, ...]
    base_points: dict[str, int]
    """Tenths of a point for each exercise that is good for most runners."""
    substitute: dict[str, str]
    """Wherever the first is excluded it reads as the second."""
    slots: tuple[Slots, ...]
    families: tuple[Family, ...]
    levels: tuple[LevelRule, ...]
    running: tuple[RunRule, ...]
    advice: tuple[Advice, ...]
    always_advice: str
    """The advice that every plan ends with, unless running is STOP."""
    running_advice: str
    """The advice that goes with the running permission when running is allowed."""


Range = int | tuple[int, int]


class Dosage(Part):
    """How much of an exercise at one level; a range is [least, most]."""

    sets: Range
    reps: Range | None = None
    hold: Range | None = None
    """Seconds."""
    per_side: bool = False
    per_day: Range | None = None
    note: Text = ""
    seed: bool = False
    """Whether a source article states this dose."""

    @model_validator(mode="after")
    def _counts_something(self) -> Dosage:
        if self.reps is None and self.hold is None:
            raise ValueError("a dose needs reps or hold")
        return self


class Level(Part):
    """How an exercise is done at one level."""

    how: Text
    dose: Dosage


class Exercise(Sourced):
    """One exercise card."""

    id: str
    name: Label
    aliases: tuple[Text, ...] = ()
    category: Category
    locked: bool = False
    club: bool = False
    """Whether it may be shown to a whole club unasked: nothing that a person answers may speak against it."""
    target: Text
    equipment: Text
    cues: tuple[Text, ...] = Field(min_length=3)
    mistakes: tuple[Text, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(max_length=3)
    below: Text = ""
    """What to do where level 1 is too hard."""
    stop: Text = ""
    """When to stop or leave it out, beyond the common rules."""
    cautions: tuple[ExtraLine, ...] = ()
    unlock: Text = ""
    addition: str = ""
    """Why it was added, where no source article names it."""


class Library(Part):
    """All exercises, in the order that breaks ties: mobility, then strength, then the always-on ones."""

    common_stop: Text
    gentle_stop: Text
    """Stands in place of common_stop where the plan is GENTLE."""
    extra_stops: tuple[ExtraLine, ...] = ()
    normal: Text
    common_rules: Text
    exercises: tuple[Exercise, ...]
