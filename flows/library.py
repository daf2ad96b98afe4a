"""Reads the content files into one checked whole, and knows in which file and line each part stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml12
from pydantic import BaseModel, ValidationError

from flows import schema
from flows.screen import ENGINE_TERMS

CONTENT = Path(__file__).parent / "content"

PHRASES = (
    "conversation", "plan", "account", "check_in", "progress", "reminders", "clubs", "team", "sharing", "sheets",
)  # fmt: skip
"""The files of phrases, each with the texts of one thing that the bot does."""

FILES: dict[str, tuple[str, type[BaseModel]]] = {
    "settings": ("settings.yaml", schema.Settings),
    "screen": ("red_flags.yaml", schema.Screen),
    "planning": ("planning.yaml", schema.Planning),
    "flow": ("low_back_pain.yaml", schema.Flow),
    "self_tests": ("self_tests.yaml", schema.SelfTests),
    "library": ("exercises.yaml", schema.Library),
    "sources": ("sources.yaml", schema.Sources),
    "countries": ("countries.yaml", schema.Countries),
    "free_text": ("free_text.yaml", schema.FreeText),
    "check_in": ("check_in.yaml", schema.CheckIn),
    "pictures": ("pictures.yaml", schema.Pictures),
    **{f"phrases/{name}": (f"phrases/{name}.yaml", schema.Phrases) for name in PHRASES},
}
"""Each part of the content with its file and model, in the order in which terms become known."""

Steps = tuple[str | int, ...]
"""Where a value stands in a file: keys and positions from the top; an id stands for a position in a list."""

Note = Callable[[str, Steps, str, str], None]
"""Takes a problem: part, path, what is wrong, how to fix it."""


class ContentError(Exception):
    """Content that cannot be used; `backstride check` names each place."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a content file, and how to put it right."""

    file: str
    line: int
    what: str
    how: str

    def __str__(self) -> str:
        """Writes it as file:line: what, how to fix."""
        return f"{self.file}:{self.line}: {self.what}; {self.how}"


@dataclass(slots=True)
class Reading:
    """The content files as read for checking: what could be loaded, what is wrong, and where everything stands."""

    content: schema.Content | None = None
    problems: list[Problem] = field(default_factory=list)
    trees: dict[str, Any] = field(default_factory=dict)
    """For each part its YAML tree, which knows the line of each value."""

    def problem(self, part: str, path: Steps, what: str, how: str) -> None:
        """Notes a problem at a place of one part."""
        if part == "phrases":
            part = next(name for name, tree in self.trees.items() if path[-1] in tree.get("phrases", ()))
        self.problems.append(Problem(FILES[part][0], line(self.trees.get(part), path), what, how))


def load(folder: Path = CONTENT) -> schema.Content:
    """Returns the content of a folder; raises ContentError on the first file that is missing or wrong."""
    context: dict[str, Any] = {"terms": dict(ENGINE_TERMS)}
    parts: dict[str, Any] = {}
    for name, (file, model) in FILES.items():
        try:
            raw = yaml12.parse_yaml((folder / file).read_text(encoding="utf-8"))
            parts[name] = model.model_validate(raw, context=context)
        except (OSError, ValueError) as error:
            first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise ContentError(f"{file}: {first}; run `backstride check` for every place") from error
    return whole(parts)


def whole(parts: Mapping[str, Any]) -> schema.Content:
    """Returns the content of parts by name: the files of phrases become one part."""
    files = [parts[name] for name in FILES if name.startswith("phrases/")]
    phrases = {name: text for file in files for name, text in file.phrases.items()}
    fills = {name: open_places for file in files for name, open_places in file.fills.items()}
    alone = {name: part for name, part in parts.items() if not name.startswith("phrases/")}
    return schema.Content.model_construct(**alone, phrases=schema.Phrases.model_construct(phrases=phrases, fills=fills))


def read(folder: Path = CONTENT) -> Reading:
    """Reads a folder with a second parser that knows lines, and notes every error of form."""
    # Loaded only here: this parser is fifty times slower than the one that every start uses.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import MarkedYAMLError  # noqa: PLC0415

    reading = Reading()
    context: dict[str, Any] = {"terms": dict(ENGINE_TERMS)}
    parts: dict[str, Any] = {}
    for name, (file, model) in FILES.items():
        try:
            text = (folder / file).read_text(encoding="utf-8")
            reading.trees[name] = YAML().load(text)
            raw = yaml12.parse_yaml(text)
        except MarkedYAMLError as error:
            at = error.problem_mark.line + 1 if error.problem_mark is not None else 1
            reading.problems.append(Problem(file, at, str(error.problem), "write it as one YAML mapping"))
            continue
        except (OSError, ValueError) as error:
            reading.problems.append(Problem(file, 1, f"cannot be read ({error})", "make it a YAML file in UTF-8"))
            continue
        for path in _differences(raw, reading.trees[name]):
            reading.problem(name, path, "YAML parsers read this value in two ways", "put it in quotes")
        try:
            parts[name] = model.model_validate(raw, context=context)
        except ValidationError as error:
            for each in error.errors():
                what = each["msg"].removeprefix("Value error, ")
                reading.problem(
                    name, tuple(each["loc"]), f"{_shown(each['loc'])}: {what}", "correct it or see AUTHORING.md"
                )
    _twice(reading, parts)
    if len(parts) == len(FILES):
        reading.content = whole(parts)
    return reading


def _twice(reading: Reading, parts: Mapping[str, Any]) -> None:
    """Notes each phrase that stands in two files, of which only one would be said."""
    seen: dict[str, str] = {}
    for name in (name for name in parts if name.startswith("phrases/")):
        for phrase in parts[name].phrases:
            if phrase in seen:
                reading.problem(name, ("phrases", phrase), f"{phrase} stands in {seen[phrase]} too", "keep one of them")
            seen[phrase] = FILES[name][0]


def _shown(path: Sequence[str | int]) -> str:
    return ".".join(str(step) for step in path) or "the file"


def _differences(ours: Any, theirs: Any, path: Steps = ()) -> Iterator[Steps]:
    """Yields the places where two parsers disagree about a value."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        if list(map(str, ours)) != list(map(str, theirs)):
            yield path
        for key in ours:
            if key in theirs:
                yield from _differences(ours[key], theirs[key], (*path, key))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(one, other, (*path, at))
    elif ours != theirs:
        yield path


def lines_of(tree: Any) -> Any:
    """Returns what the parser noted about the lines of a mapping or a list."""
    return tree.lc


def line(tree: Any, path: Steps) -> int:
    """Returns the line of the nearest value on a path; steps that the tree does not have are passed over."""
    found = 1
    for name in path:
        step = name
        if isinstance(tree, list) and isinstance(name, str):
            ids = [each.get("id") if isinstance(each, Mapping) else None for each in tree]
            step = ids.index(name) if name in ids else -1
        if isinstance(tree, Mapping) and step in tree:
            found, tree = lines_of(tree).key(step)[0] + 1, tree[step]
        elif isinstance(tree, list) and isinstance(step, int) and step in range(len(tree)):
            found, tree = lines_of(tree).item(step)[0] + 1, tree[step]
    return found
