"""Data -> a printed page: A4, the same bytes for the same data on every machine.

Run as a program it sets one page: `python -P typeset.py handover <data.json >page.pdf`; with dots of an inch behind it,
the page is a picture: `python -P typeset.py poster 150 <data.json >page.png`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst

Sheet = Literal["handover", "plan", "poster"]
"""The templates in bot/sheets."""
HERE = Path(__file__).parent
PICTURES = HERE.parent / "flows" / "media" / "rendered"
"""Where the drawings are, each as <id of pictures.yaml>.jpg; any may be missing."""


@cache
def _fonts() -> typst.Fonts:
    """Returns Open Sans and nothing else: fonts of a machine would make pages differ."""
    folder = str(files("ttf_opensans") / "ttf")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def typeset(sheet: Sheet, data: Mapping[str, Any], pictures: Path = PICTURES) -> bytes:
    """Returns a page as PDF, dated by its data: `made_on` is its only date, and no clock is read.

    Every word of the data is set as it is: nothing in it is markup. Each `picture` of the data names a file in
    `pictures`, and nothing outside that folder is read.
    """
    made: Any = typst.compile(**_job(sheet, data, pictures), format="pdf")
    assert isinstance(made, bytes)
    return made


def preview(sheet: Sheet, data: Mapping[str, Any], pictures: Path = PICTURES, dots: float = 72) -> bytes:
    """Returns the same page as PNG; `dots` are those of an inch."""
    made: Any = typst.compile(**_job(sheet, data, pictures), format="png", ppi=dots)
    assert isinstance(made, bytes)
    return made


def with_pictures(data: Mapping[str, Any], pictures: Path = PICTURES) -> dict[str, Any]:
    """Returns the data of a plan with the file of each drawing that was rendered."""

    def row(each: Mapping[str, Any]) -> dict[str, Any]:
        file = f"{each['drawing']}.jpg"
        return {**each, "picture": file if (pictures / file).is_file() else ""}

    return {**data, "groups": [{**group, "rows": list(map(row, group["rows"]))} for group in data["groups"]]}


def _job(sheet: Sheet, data: Mapping[str, Any], pictures: Path) -> dict[str, Any]:
    template = HERE / "sheets" / f"{sheet}.typ"
    return {
        "input": template.read_bytes(),
        "root": str(pictures if pictures.is_dir() else HERE / "sheets"),
        "font_paths": _fonts(),
        # A word of the data reaches the template as a string, which typst never reads as markup.
        "sys_inputs": {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        "timestamp": datetime.combine(date.fromisoformat(data["made_on"]), time(), UTC),
    }


if __name__ == "__main__":
    wanted: Any = json.load(sys.stdin)
    kind: Any = sys.argv[1]
    if len(sys.argv) > 2:
        sys.stdout.buffer.write(preview(kind, wanted, dots=float(sys.argv[2])))
    else:
        sys.stdout.buffer.write(typeset(kind, with_pictures(wanted) if kind == "plan" else wanted))
