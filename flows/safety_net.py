"""Listens to free text for words of an emergency (clinical.md 2.8); it never concludes that there is none."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from flows.schema import FreeText

Heard = Literal["", "emergency", "crisis"]

_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02b9\u02bc\u2032`\u00b4]")
_GAPS = re.compile(r"[\W_]+")
_TORN = re.compile(r"n t\b")
"""A negation that a comma or a blank has torn apart, as in can t."""


def folded(text: str) -> str:
    """Returns text in lower case, without apostrophes, accents of style or punctuation, words one space apart."""
    # Apostrophes go first: the normal form of one of them is a space and an accent.
    plain = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text)).casefold()
    words = _GAPS.sub(" ", _APOSTROPHES.sub("", plain)).strip()
    return _TORN.sub("nt", words)


class SafetyNet:
    """The word lists of every language; all of them listen in every chat."""

    def __init__(self, free_text: FreeText) -> None:
        languages = free_text.languages.values()
        self._crisis = [_beginnings(entry) for language in languages for entry in language.crisis]
        self._emergency = [_beginnings(entry) for language in languages for entry in language.emergency]

    def hears(self, text: str) -> Heard:
        """Tells whether text holds words of a crisis or, else, of an emergency."""
        words = f" {folded(text)}"
        if _matches(self._crisis, words):
            return "crisis"
        return "emergency" if _matches(self._emergency, words) else ""


def _beginnings(entry: tuple[str, ...]) -> tuple[str, ...]:
    # A space in front makes a beginning match at the start of a word only; a search for each is too slow.
    return tuple(f" {folded(beginning)}" for beginning in entry)


def _matches(entries: list[tuple[str, ...]], words: str) -> bool:
    return any(all(beginning in words for beginning in entry) for entry in entries)
