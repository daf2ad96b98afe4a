"""Laws of translation: every text that a person reads goes through the catalogue, and nothing else does."""

from __future__ import annotations

import ast
import re
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml12

from flows.catalog import DOMAIN, template, texts, translator
from flows.library import CONTENT, FILES
from flows.schema import Content, Option, Phrases

SHOWN = set(
    # questions
    "text why short label full also units notice knees bullet again name how safety "
    # rules
    "reason tell who cleared_reason default_doctor doctor_for default_physio dose_note "
    # exercises
    "aliases target equipment cues mistakes note below stop unlock common_stop gentle_stop normal common_rules "
    # the rest
    "title emergency urgent_line crisis_line default_emergency default_urgent_line default_crisis_line phrases "
    # drawings
    "pictures "
    # units that people type
    "kilometres miles "
    # self-tests
    "rules".split()
)
"""Keys of the content files whose texts a person reads, by the description of each model."""


def strings(value: Any) -> Iterator[str]:
    """The texts of one key: a text, a list of texts, or a mapping to texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
    elif isinstance(value, dict):
        yield from (each for each in value.values() if isinstance(each, str))


def written(raw: Any) -> Iterator[str]:
    """Every shown text of a file as it was written, found without any model."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            # Under `gate`, `knees` is a list of tests.
            if key in SHOWN and not (key == "knees" and isinstance(value, list)):
                yield from strings(value)
            if key not in ("phrases", "pictures"):
                yield from written(value)
    elif isinstance(raw, list):
        for each in raw:
            yield from written(each)


def mo(entries: dict[str, str]) -> bytes:
    """A compiled catalogue (GNU gettext manual, "The Format of GNU MO Files")."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    size, start = len(pairs), 28
    ids, offsets = b"", []
    strings_at = start + 16 * size
    for column in (0, 1):
        for pair in pairs:
            offsets.append((len(pair[column]), strings_at + len(ids)))
            ids += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, size, start, start + 8 * size, 0, 0)
    return head + b"".join(struct.pack("<2I", *each) for each in offsets) + ids


@pytest.fixture
def locale(tmp_path: Path) -> Path:
    """A folder with a German catalogue of two texts."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    header = "Content-Type: text/plain; charset=UTF-8\n"
    (folder / f"{DOMAIN}.mo").write_bytes(mo({"": header, "Back": "Zurück", 'Say "{name}"': "Sag „{name}“"}))
    return tmp_path


@pytest.mark.parametrize("part", [name for name in Content.model_fields if name not in ("free_text", "settings")])
def test_every_shown_text_of_a_file_is_in_the_catalogue_and_no_other(content: Content, part: str) -> None:
    files = [file for name, (file, _) in FILES.items() if name.partition("/")[0] == part]
    raw = [yaml12.parse_yaml((CONTENT / file).read_text(encoding="utf-8")) for file in files]
    assert Counter(text for _, text in texts(getattr(content, part))) == Counter(text for text in written(raw) if text)


@pytest.mark.parametrize("part", ["free_text", "settings"])
def test_word_lists_and_settings_are_not_translated(content: Content, part: str) -> None:
    assert list(texts(getattr(content, part))) == []


def test_every_text_stands_where_the_catalogue_says(content: Content) -> None:
    for where, text in texts(content):
        value: Any = content
        for name, at in re.findall(r"\.?([A-Za-z_]\w*)|\[([^\]]*)\]", where):
            if name:
                value = getattr(value, name)
            elif isinstance(value, dict):
                value = value[at]
            else:
                value = next((each for each in value if getattr(each, "id", None) == at), None) or value[int(at)]
        assert value == text, where


def test_every_place_is_named_once(content: Content) -> None:
    twice = [where for where, count in Counter(where for where, _ in texts(content)).items() if count > 1]
    assert twice == []


def test_an_empty_text_is_not_in_the_catalogue() -> None:
    assert list(texts(Option(value="a", label="A", also=("", "b")))) == [("label", "A"), ("also[1]", "b")]


def test_a_template_holds_each_text_once_with_all_its_places(content: Content) -> None:
    blocks = template(content).split("\n\n")
    found: dict[str, list[str]] = {}
    for block in blocks[1:]:
        *places, msgid, msgstr = block.strip().splitlines()
        assert all(place.startswith("#: ") for place in places)
        assert msgstr == 'msgstr ""'
        text = ast.literal_eval(msgid.removeprefix("msgid "))
        assert text not in found
        found[text] = [place.removeprefix("#: ") for place in places]
    assert sorted((where, text) for text, wheres in found.items() for where in wheres) == sorted(texts(content))


def test_a_template_begins_with_its_header(content: Content) -> None:
    header = template(content).partition("\n\n")[0]
    assert header.splitlines()[:2] == ['msgid ""', 'msgstr ""']
    assert '"Content-Type: text/plain; charset=UTF-8\\n"' in header


def test_quotes_backslashes_and_line_breaks_are_escaped_in_a_template(content: Content) -> None:
    odd = 'Say "yes" \\ or\nno'
    changed = content.model_copy(update={"phrases": Phrases(phrases={"odd": odd})})
    line = next(line for line in template(changed).splitlines() if line.startswith('msgid "Say "') or "Say \\" in line)
    assert line == 'msgid "Say \\"yes\\" \\\\ or\\nno"'


def test_a_text_is_translated_where_the_language_has_it(locale: Path) -> None:
    german = translator("de", locale)
    assert german("Back") == "Zurück"
    assert german('Say "{name}"') == "Sag „{name}“"


@pytest.mark.parametrize("language", ["de", "fr", "en"])
def test_a_text_without_translation_stays_english(locale: Path, language: str) -> None:
    assert translator(language, locale)("Stop") == "Stop"


def test_without_any_catalogue_everything_is_english(content: Content) -> None:
    english = translator("en")
    assert [text for _, text in texts(content) if english(text) != text] == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_empty_text_stays_empty(locale: Path, language: str) -> None:
    assert translator(language, locale)("") == ""
