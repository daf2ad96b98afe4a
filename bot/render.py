"""Texts of the content -> messages as Telegram takes them: translated, filled in, escaped, in pieces, with buttons."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from flows.schema import Content

_TAG = re.compile(r"</?[a-z]+>")

Translate = Callable[[str], str]
"""Returns the text of a language for an English source text."""

LANGUAGE = "en_GB"
"""The language of every conversation; until there are translations this is the one place that decides it."""
CAPTION_LIMIT = 1024
"""Characters of a caption after entity parsing (Bot API, sendAnimation)."""
TEXT_LIMIT = 4096
"""Characters of a message after entity parsing (Bot API, sendMessage)."""
WIDE = 14
"""Labels longer than this stand alone in their row of buttons."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends data back, or opens an address."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A drawing that says the same as a message, for those who want pictures."""

    drawing: str
    """Its id in pictures.yaml."""
    caption: str
    """HTML within CAPTION_LIMIT; its first line is the alt text."""
    rows: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a person sees it: HTML text and rows of buttons, or a file with a caption."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    document: dict[str, Any] | None = None
    """A file: its name and text, or its name with what it is made by when it is sent, and of which facts."""
    shown: Shown | None = None
    """The drawing that goes in its place where there is one."""

    def params(self) -> dict[str, Any]:
        """Returns the parameters of sendMessage or editMessageText, or of sendDocument for a file."""
        params: dict[str, Any] = {"parse_mode": "HTML"}
        if self.document is not None:
            kind = "$made" if "by" in self.document else "$file"
            params |= {"caption": self.text, "document": {kind: self.document}}
        else:
            params |= {"text": self.text, "link_preview_options": {"is_disabled": True}}
        return params | keyboard(self.rows)

    def parts(self) -> list[Message]:
        """Returns the message cut at paragraphs into pieces that Telegram takes, the buttons under the last."""
        pieces, piece = [], ""
        for paragraph in self.text.split("\n\n"):
            if piece and len(piece) + len(paragraph) + 2 > TEXT_LIMIT:
                pieces.append(piece)
                piece = paragraph
            else:
                piece = f"{piece}\n\n{paragraph}" if piece else paragraph
        return [*(Message(text) for text in pieces), Message(piece, self.rows, self.document)]


def keyboard(rows: Iterable[Iterable[Button]]) -> dict[str, Any]:
    """Returns the parameter for rows of buttons; nothing where there are none."""
    buttons = [[_button(button) for button in row] for row in rows]
    return {"reply_markup": {"inline_keyboard": buttons}} if buttons else {}


def length(text: str) -> int:
    """Returns how long HTML text is for Telegram: in UTF-16 units, without its entities (Bot API, MessageEntity)."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def _button(button: Button) -> dict[str, str]:
    return (
        {"text": button.label, "url": button.url}
        if button.url
        else {
            "text": button.label,
            "callback_data": button.data,
        }
    )


def paragraphs(*texts: str) -> str:
    """Joins the texts that there are, a blank line between."""
    return "\n\n".join(text for text in texts if text)


def short_date(on: date, language: str) -> str:
    """Returns a date as it is written in short, such as "3 Mar"."""
    return str(format_skeleton("MMMd", on, locale=language))


def full_date(on: date, language: str) -> str:
    """Returns a date with its year, such as "3 Mar 2026"."""
    return str(format_date(on, "medium", locale=language))


def one_decimal(value: Fraction, language: str) -> str:
    """Returns a number with one decimal, half up (clinical.md 6.0)."""
    tenths = math.floor(value * 10 + Fraction(1, 2))
    return str(format_decimal(Decimal(tenths) / 10, "0.0", locale=language))


def bold(text: str) -> str:
    """Returns text that is already escaped as bold."""
    return f"<b>{text}</b>"


def listed(texts: Iterable[str]) -> str:
    """Returns texts as lines with bullets."""
    return "\n".join(f"• {text}" for text in texts)


def in_rows(buttons: Sequence[Button], wide: int = WIDE) -> tuple[tuple[Button, ...], ...]:
    """Lays buttons out in pairs where all labels are short, else one a row."""
    size = 1 if any(len(button.label) > wide for button in buttons) else 2
    return tuple(tuple(buttons[at : at + size]) for at in range(0, len(buttons), size))


class _Values(dict[str, object]):
    """Leaves a place that nobody fills as it stands: a text with a slip in it must still arrive."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _filled(text: str, values: Mapping[str, object]) -> str:
    try:
        return text.format_map(_Values(values))
    except (ValueError, LookupError, AttributeError):
        return text


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of the content in one language; the only place where text becomes HTML."""

    content: Content
    translate: Translate
    language: str = LANGUAGE
    """In which dates and numbers are written too; a locale of Babel."""

    def __call__(self, phrase: str, /, **values: object) -> str:
        """Returns a phrase by its id, filled in and escaped."""
        return self.text(self.content.phrases.phrases[phrase], **values)

    def text(self, source: str, /, **values: object) -> str:
        """Returns any text of the content, filled in and escaped."""
        return self.escaped(self.plain(source, **values))

    def escaped(self, text: str) -> str:
        """Returns finished text as HTML."""
        return html.escape(text, quote=False)

    def plain(self, source: str, /, **values: object) -> str:
        """Returns a text for a place that takes no HTML, such as a button."""
        # gettext answers an empty text with the header of the catalogue.
        translated = self.translate(source) if source else ""
        return _filled(translated, values) if values else translated

    def label(self, phrase: str, /, **values: object) -> str:
        """Returns a phrase for a button."""
        return self.plain(self.content.phrases.phrases[phrase], **values)
