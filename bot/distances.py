"""Distances as people type them and as they read them: kilometres, or miles where somebody writes miles."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from babel.units import format_unit

MILE = Fraction(1609344, 1_000_000)
"""Kilometres."""
_FIGURE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*([^\W\d]*)")


def read_distance(text: str, kilometres: Collection[str], miles: Collection[str]) -> Fraction | None:
    """Returns the kilometres, to a tenth, that text such as 12, 12.5 km or 8 mi means; None for anything else."""
    match = _FIGURE.fullmatch(text.strip().lower().rstrip("."))
    if match is None or match[3] not in {"", *kilometres, *miles}:
        return None
    figure = Fraction(f"{match[1]}.{match[2] or 0}")
    return tenths(figure * MILE if match[3] in miles else figure)


def tenths(value: Fraction) -> Fraction:
    """Returns a number rounded to one decimal, half up (clinical.md 6.0)."""
    return Fraction((value * 10 + Fraction(1, 2)) // 1, 10)


def shown_distance(kilometres: Fraction, language: str) -> str:
    """Returns kilometres as they are written, with the miles that they are."""
    both = (("kilometer", kilometres), ("mile", kilometres / MILE))
    metric, miles = (format_unit(float(tenths(value)), unit, "short", locale=language) for unit, value in both)
    return f"{metric} ({miles})"
