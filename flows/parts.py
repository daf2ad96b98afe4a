"""What every content file is made of: ranks, conditions, texts and the parts that several files share."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo

from flows import rules


class Disposition(IntEnum):
    """Where to go, by rank; the highest of all rules that fire wins."""

    SELF_CARE = 0
    CAUTION = 1
    PHYSIO = 2
    DOCTOR = 3
    URGENT = 4
    EMERGENCY = 5


class Permission(IntEnum):
    """Which exercises may be given; the lowest of all rules that fire wins."""

    NONE = 0
    GENTLE = 1
    FULL = 2


Running = Literal["STOP", "WALK", "EASY", "HOLD", "NORMAL"]
Grade = Literal["trial", "guideline", "expert", "article", "judgement"]
Category = Literal["mobility", "strength", "always"]


def _condition(raw: Any, info: ValidationInfo) -> rules.Condition:
    if isinstance(raw, rules.KINDS):
        return raw
    return rules.parse(raw, (info.context or {}).get("terms", {}))


def _terms(raw: Any, info: ValidationInfo) -> dict[str, rules.Condition]:
    terms: dict[str, rules.Condition] = (info.context or {}).setdefault("terms", {})
    if not isinstance(raw, dict):
        raise ValueError("terms are a mapping of name to condition")
    for name, condition in raw.items():
        if name in terms:
            raise ValueError(f"the term {name!r} is named twice")
        try:
            terms[name] = rules.parse(condition, terms)
        except rules.ConditionError as error:
            raise ValueError(f"term {name!r}: {error}") from error
    return {name: terms[name] for name in raw}


Condition = Annotated[rules.Condition, PlainValidator(_condition)]
Terms = Annotated[dict[str, rules.Condition], PlainValidator(_terms)]


def _member(kind: type[IntEnum]) -> PlainValidator:
    def read(raw: Any) -> IntEnum:
        if raw not in kind.__members__:
            raise ValueError(f"one of {', '.join(kind.__members__)}, not {raw!r}")
        return kind[raw]

    return PlainValidator(read)


DispositionName = Annotated[Disposition, _member(Disposition)]
PermissionName = Annotated[Permission, _member(Permission)]
SHOWN = "shown"
"""Marks a text that a person reads: the catalogue of translations holds exactly these."""
Text = Annotated[str, SHOWN]
Label = Annotated[str, SHOWN, Field(min_length=1, max_length=24)]
"""What stands on a button; clinical.md 7.5 asks for 24 characters at most."""


class Part(BaseModel):
    """A part of the content; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Sourced(Part):
    """A part that says where it comes from, and how strong that is."""

    source: tuple[str, ...] = Field(min_length=1)
    grade: Grade


class LevelRule(Part):
    """The level at which exercises start; the first rule that holds for an exercise wins."""

    when: Condition = rules.ALWAYS
    exercises: tuple[str, ...] = ()
    """Empty: every exercise."""
    level: Literal[1, 2, 3]


class AnswerField(Part):
    """An answer field: its values and what stands for a question that was not asked."""

    kind: Literal["choice", "set", "number", "pair"]
    default: str | int | tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    low: int = 0
    high: int = 10


class ExtraLine(Part):
    """A sentence added to a message where its condition holds."""

    when: Condition
    text: Text
