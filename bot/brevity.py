"""What the text of a handover leaves out, step by step, until it is short enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

LIMIT = 1800
"""The text has fewer characters than this: it fits into one message, and into most forms of a practice."""
LINES = (90, 60, 40)
"""Where nothing else is left to leave out, the longest a line of answers may be."""
PART = "\n\n"
"""What stands between two parts of the text."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is told; warning signs that are present are never left out."""

    finding_words: bool = True
    person: bool = True
    doses: bool = True
    findings: bool = True
    nothing: bool = True
    """Answers that say None of these."""
    events: bool = True
    brief: bool = False
    """Signs that were denied by their short names."""
    plan: bool = True
    asides: bool = True
    """How it is all in all, the weeks longest ago, the first of two values, a test done in the usual way."""
    counted: int = 0
    """Groups of denied signs, the last ones, of which only the number is told."""
    form: bool = True
    """How they run."""
    reasons: int = 99
    """So many reasons, the weightiest; of the rest only the number."""
    line: int = 0
    """The most characters of a line; 0: any number."""


FULL = Detail()
_STEPS: tuple[dict[str, Any], ...] = (
    {"finding_words": False},
    {"person": False},
    {"nothing": False},
    {"doses": False},
    {"events": False},
    {"findings": False},
    {"brief": True},
    {"plan": False},
    {"asides": False},
    *({"counted": groups} for groups in range(1, 7)),
    {"reasons": 3},
    {"form": False},
    {"reasons": 1},
    *({"line": longest} for longest in LINES),
)


def shortened(worded: Callable[[Detail], str]) -> str:
    """Returns the fullest text that is short enough; its last part stays whatever happens."""
    detail, text = FULL, worded(FULL)
    fuller: list[dict[str, Any]] = []
    for step in _STEPS:
        if len(text) < LIMIT:
            break
        fuller.append({name: getattr(detail, name) for name in step})
        detail = replace(detail, **step)
        text = worded(detail)
    for before in reversed(fuller):
        # What was left out early may fit again, after something larger has gone.
        richer = replace(detail, **before)
        longer = worded(richer)
        if len(longer) < LIMIT:
            detail, text = richer, longer
    if len(text) < LIMIT:
        return text
    # More than anybody has: what the text is, and that nobody has examined the person, is said all the same.
    end = f"…{text[text.rindex(PART) :]}"
    return text[: LIMIT - 1 - len(end)] + end
