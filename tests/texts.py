"""Languages that exist only in tests, and what a text of theirs must look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from flows.catalog import texts
from flows.schema import Content
from tests.chat import PLACEHOLDER


def wrapped(text: str) -> str:
    """Translates by putting every piece of text between the placeholders into brackets."""
    pieces = PLACEHOLDER.split(text)
    names = [*PLACEHOLDER.findall(text), ""]
    return "".join((f"⟦{piece}⟧" if piece else "") + name for piece, name in zip(pieces, names, strict=True))


def longer(text: str) -> str:
    """Translates into a language whose texts are longer by 40 %, in brackets."""
    return f"⟦{text}{'~' * (2 * len(text) // 5)}⟧"


def bypasses(shown: str, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Returns the words of a shown text (HTML) that were not translated, identifiers aside."""
    rest = re.sub(r"⟦[^⟦⟧]*⟧", " ", unescape(re.sub(r"</?[a-z]+>", "", shown)))
    return [word for word in re.findall(r"[^\W\d_][\w.+-]*", rest) if word not in allowed]


def only_from(content: Content, translate: Callable[[str], str]) -> Callable[[str], str]:
    """Returns a translator that knows the texts of the catalogue and fails at every other text."""
    known = {text for _, text in texts(content)}

    def translated(text: str) -> str:
        assert text in known, f"no translator ever sees: {text}"
        return translate(text)

    return translated
