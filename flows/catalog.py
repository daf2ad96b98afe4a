"""gettext for the content: every text that a person reads, as a template and as translators."""

from __future__ import annotations

import gettext
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from flows.schema import SHOWN, Content

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "backstride"
SOURCE = "en"
"""The language in which the content is written."""


def texts(part: BaseModel, where: str = "") -> Iterator[tuple[str, str]]:
    """Yields every text of a part that a person reads, with the place where it stands."""
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        shown = SHOWN in info.metadata or _marked(info.annotation)
        yield from _texts(value, f"{where}.{name}".lstrip("."), shown)


def _marked(annotation: Any) -> bool:
    """Tells whether an annotation such as tuple[Text, ...] or dict[str, Text] holds texts that are shown."""
    if get_origin(annotation) is Annotated:
        return SHOWN in annotation.__metadata__
    return any(_marked(inner) for inner in get_args(annotation))


def _texts(value: Any, where: str, shown: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if shown and value:
            yield where, value
    elif isinstance(value, BaseModel):
        yield from texts(value, where)
    elif isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from _texts(each, f"{where}[{getattr(each, 'id', at)}]", shown)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{where}[{key}]", shown)


def template(content: Content) -> str:
    """Returns the catalogue as a .pot file: each text once, with all places where it stands."""
    places: dict[str, list[str]] = {}
    for where, text in texts(content):
        places.setdefault(text, []).append(where)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    entries = [
        "".join(f"#: {where}\n" for where in spots) + f'msgid {_quoted(text)}\nmsgstr ""\n'
        for text, spots in places.items()
    ]
    return "\n".join([header, *entries])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def translator(language: str, folder: Path = LOCALE) -> Callable[[str], str]:
    """Returns the translation of texts into a language; English where a text or the language has none."""
    translate = gettext.translation(DOMAIN, folder, [language], fallback=True).gettext
    # The catalogue's header stands under the empty text.
    return lambda text: text and translate(text)


def languages(folder: Path = LOCALE) -> tuple[str, ...]:
    """Returns the languages that there are, English first, then those with a compiled catalogue."""
    found = {path.parent.parent.name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return (SOURCE, *sorted(found - {SOURCE}))


if __name__ == "__main__":
    from flows.library import load

    sys.stdout.write(template(load()))
