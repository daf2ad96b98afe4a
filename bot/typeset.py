"""Data -> a printed page: A4, the same bytes for the same data on every machine; pure, so that a thread can do it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst

Sheet = Literal["handover", "plan"]
"""The templates in bot/sheets."""


@cache
def _fonts() -> typst.Fonts:
    """Returns Open Sans and nothing else: fonts of a machine would make pages differ."""
    folder = str(files("ttf_opensans") / "ttf")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def typeset(sheet: Sheet, data: Mapping[str, Any], pictures: Path | None = None) -> bytes:
    """Returns a page as PDF, dated by its data: `made_on` is its only date, and no clock is read.

    Every word of the data is set as it is: nothing in it is markup. Names in the data's `picture` are files in
    `pictures`, and nothing outside that folder is read.
    """
    made: Any = typst.compile(**_job(sheet, data, pictures), format="pdf", timestamp=_midnight(data))
    assert isinstance(made, bytes)
    return made


def preview(sheet: Sheet, data: Mapping[str, Any], pictures: Path | None = None, dots: float = 72) -> bytes:
    """Returns the same page as PNG; `dots` are those of an inch."""
    made: Any = typst.compile(**_job(sheet, data, pictures), format="png", ppi=dots, timestamp=_midnight(data))
    assert isinstance(made, bytes)
    return made


def _job(sheet: Sheet, data: Mapping[str, Any], pictures: Path | None) -> dict[str, Any]:
    folder = files("bot") / "sheets"
    return {
        "input": (folder / f"{sheet}.typ").read_bytes(),
        "root": str(pictures if pictures is not None else folder),
        "font_paths": _fonts(),
        # A word of the data reaches the template as a string, which typst never reads as markup.
        "sys_inputs": {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
    }


def _midnight(data: Mapping[str, Any]) -> datetime:
    return datetime.combine(date.fromisoformat(data["made_on"]), time(), UTC)
