"""One line of the table: what was measured, what came out, and what it should be."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured quantity; a target is an upper bound, or a lower bound where more is better."""

    what: str
    value: float
    unit: str
    target: float | None = None
    more_is_better: bool = False
    beside: str = ""
    """The spread of the measurement, and what was measured."""

    def row(self) -> tuple[str, str, str, str, str]:
        value = f"{_number(self.value)} {self.unit}"
        if self.target is None:
            return self.what, value, "", "", self.beside
        met = self.value > self.target if self.more_is_better else self.value < self.target
        sign = ">" if self.more_is_better else "<"
        return self.what, value, f"{sign} {_number(self.target)} {self.unit}", "met" if met else "MISSED", self.beside


def median(what: str, seconds: Sequence[float], unit: str, target: float | None = None) -> Figure:
    """The median of some times, with the spread beside it."""
    factor = {"us": 1e6, "ms": 1e3, "s": 1.0}[unit]
    values = sorted(second * factor for second in seconds)
    late = values[min(len(values) - 1, round(len(values) * 0.95))]
    beside = f"{len(values)} times; least {_number(values[0])}, 95% under {_number(late)}, most {_number(values[-1])}"
    return Figure(what, statistics.median(values), unit, target, beside=beside)


def table(figures: Sequence[Figure]) -> str:
    rows = [("", "median or value", "target", "", "spread"), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for what, value, target, verdict, beside in rows:
        cells = [what.ljust(widths[0]), value.rjust(widths[1]), target.rjust(widths[2]), verdict.ljust(widths[3])]
        lines.append("  ".join([*cells, beside]).rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.2f}"
