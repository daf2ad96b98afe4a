"""Lines, shapes and words on one picture for the telephone, in pixels of the finished picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Span = tuple[float, float]
"""Top and bottom, or left and right."""

WIDTH, HEIGHT = 1080, 1350
SHARP = 2
"""Everything is drawn so many times larger and then made smaller, which gives smooth edges."""

# An opaque page of its own, so that it reads the same in a light and in a dark app. INK and QUIET keep a contrast of
# 4.5 or more against the page and the band (WCAG 2.2, 1.4.3).
PAGE, BAND, INK, QUIET, GRID = "#FBFAF6", "#ECE7D8", "#1F2933", "#52606D", "#D5D1C6"

SMALL, TEXT, LARGE, TITLE = 28, 32, 38, 56
"""Sizes of text in pixels; nothing is smaller than SMALL."""


@dataclass(frozen=True, slots=True)
class Style:
    """How words are written: size in pixels, weight, colour, what stands at the place (Pillow's anchor), rim."""

    size: int = TEXT
    bold: bool = False
    fill: str = INK
    anchor: str = "ls"
    rim: str = PAGE
    """The colour behind the words, so that no line runs through them."""


PLAIN = Style()


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """Returns Open Sans (Latin, Greek, Cyrillic): Pillow's own font knows hardly a letter beyond ASCII."""
    file = files("ttf_opensans") / "ttf" / f"OpenSans-{'Bold' if bold else 'Regular'}.ttf"
    # The basic layout gives the same picture on machines with and without libraqm.
    return ImageFont.truetype(BytesIO(file.read_bytes()), size * SHARP, layout_engine=ImageFont.Layout.BASIC)


def length(text: str, style: Style = PLAIN) -> float:
    """Returns how wide a line of text is, in pixels."""
    return _font(style.size, style.bold).getlength(text) / SHARP


def fitted(text: str, room: float, style: Style = PLAIN) -> str:
    """Returns a text, shortened with an ellipsis where it is wider than the room for it."""
    if length(text, style) <= room:
        return text
    # A longer beginning is never narrower, so the longest that fits is found by halving.
    keep = bisect_right(range(len(text)), room, key=lambda count: length(f"{text[:count].rstrip()}…", style)) - 1
    return f"{text[: max(keep, 0)].rstrip()}…"


def wrapped(text: str, room: float, most: int, style: Style = PLAIN) -> list[str]:
    """Returns a text in lines of at most that width; the last of the most lines is shortened."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        count = next((n for n in range(len(words), 1, -1) if length(" ".join(words[:n]), style) <= room), 1)
        lines.append(fitted(" ".join(words[:count]), room, style))
        words = words[count:]
    return [*lines, fitted(" ".join(words), room, style)] if words else lines


def apart(places: Sequence[float], gap: float, within: Span) -> list[float]:
    """Returns places in their order, moved as little as needed to keep a gap between each two."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap if moved else within[0]))
    most = within[1]
    for at in reversed(range(len(moved))):
        moved[at] = min(moved[at], most)
        most = moved[at] - gap
    return moved


class Pen:
    """Draws on an empty page."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH * SHARP, HEIGHT * SHARP), PAGE)
        self._draw = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        """Returns the finished picture; its bytes depend on nothing but what was drawn."""
        out = BytesIO()
        self._image.reduce(SHARP).save(out, "PNG", compress_level=4)
        return out.getvalue()

    def line(self, points: Sequence[Point], fill: str, width: float = 2) -> None:
        """Draws a line through points."""
        self._draw.line([(x * SHARP, y * SHARP) for x, y in points], fill, round(width * SHARP), joint="curve")

    def dashes(self, x: float, span: Span, fill: str) -> None:
        """Draws an upright line of dashes."""
        y, bottom = span
        while y < bottom:
            self.line([(x, y), (x, min(y + 10, bottom))], fill, 3)
            y += 18

    def box(self, box: Box, fill: str, outline: str | None = None) -> None:
        """Draws a rectangle: left, top, right, bottom; a narrow frame has thin sides, or nothing is left inside."""
        left, top, right, bottom = (edge * SHARP for edge in box)
        sides = 3 * SHARP if box[2] - box[0] > 16 else SHARP
        self._draw.rectangle((left, top, right, bottom), fill, outline, sides)

    def circle(self, centre: Point, radius: float, fill: str) -> None:
        """Draws a disc."""
        self._draw.circle((centre[0] * SHARP, centre[1] * SHARP), radius * SHARP, fill)

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """Draws a filled polygon."""
        self._draw.polygon([(x * SHARP, y * SHARP) for x, y in points], fill)

    def text(self, at: Point, text: str, style: Style = PLAIN) -> None:
        """Writes one line of text."""
        place, font = (at[0] * SHARP, at[1] * SHARP), _font(style.size, style.bold)
        self._draw.text(place, text, style.fill, font, style.anchor, stroke_width=4 * SHARP, stroke_fill=style.rim)
