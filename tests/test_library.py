"""Laws of reading the content: it loads whole or not at all, and an error says where it is and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml12
from pydantic import ValidationError
from ruamel.yaml import YAML

from flows import library, plan_schema, schema
from flows.library import CONTENT, FILES, ContentError, Problem, Reading, line, load, read
from flows.rules import parse
from flows.schema import Content

Edit = Callable[[str, str, str], int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped content, to make mistakes in."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Changes one place of a content file and returns its line."""

    def change(file: str, old: str, new: str) -> int:
        path = folder / file
        before, found, after = path.read_text(encoding="utf-8").partition(old)
        assert found, f"{file} does not hold {old}"
        path.write_text(before + new + after, encoding="utf-8")
        return before.count("\n") + 1

    return change


def test_the_shipped_content_loads_whole(content: Content) -> None:
    parts = {name.partition("/")[0]: model for name, (_, model) in FILES.items()}
    assert [name for name, model in parts.items() if not isinstance(getattr(content, name), model)] == []
    assert set(parts) == set(Content.model_fields)


def test_the_shipped_content_reads_the_same_with_both_parsers(content: Content) -> None:
    reading = read()
    assert reading.problems == []
    assert reading.content == content


def test_every_file_of_the_content_is_read() -> None:
    assert {path.relative_to(CONTENT).as_posix() for path in CONTENT.rglob("*.yaml")} == {
        file for file, _ in FILES.values()
    }


@pytest.mark.parametrize("file", [file for file, _ in FILES.values()])
def test_a_missing_file_stops_loading_and_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ContentError, match=file):
        load(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("settings.yaml", 'content_version: "1.2.0"', "content_version: ["),
        ("settings.yaml", 'content_version: "1.2.0"', "content_version: 1.2"),
        ("settings.yaml", "consent_version:", "konsent_version:"),
        ("red_flags.yaml", "disposition: EMERGENCY", "disposition: EMERGENCIES"),
        ("red_flags.yaml", "{term: constant_pain}", "{term: constant_pane}"),
        ("planning.yaml", "grade: article", "grade: rumour"),
        ("low_back_pain.yaml", "kind: gate", "kind: gait"),
        ("exercises.yaml", "category: mobility", "category: magic"),
    ],
)
def test_a_mistake_stops_loading_and_its_file_is_named(edit: Edit, folder: Path, file: str, old: str, new: str) -> None:
    edit(file, old, new)
    with pytest.raises(ContentError) as error:
        load(folder)
    assert str(error.value).startswith(f"{file}: ")
    assert "backstride check" in str(error.value)


def test_content_that_is_not_text_stops_loading(folder: Path) -> None:
    (folder / "phrases/plan.yaml").write_bytes(b"phrases: {a: \xff}")
    with pytest.raises(ContentError, match=r"phrases/plan\.yaml"):
        load(folder)


# ---- every error of form, with its place -------------------------------------------------------------------------

MISTAKES: list[tuple[str, str, str, str]] = [
    (
        "settings.yaml",
        'default: "18_34"',
        "default: 18_34",
        "YAML parsers read this value in two ways; put it in quotes",
    ),
    ("settings.yaml", "fear: {kind: choice", "fear: {sort: x, kind: choice", "Extra inputs are not permitted"),
    ("settings.yaml", "lt10: 5,", "1_0: 5,", "YAML parsers read this value in two ways; put it in quotes"),
    (
        "red_flags.yaml",
        "disposition: EMERGENCY",
        "disposition: AMBULANCE",
        "one of SELF_CARE, CAUTION, PHYSIO, DOCTOR, URGENT",
    ),
    ("red_flags.yaml", "permission: NONE", "permission: SOME", "one of NONE, GENTLE, FULL, not 'SOME'"),
    ("red_flags.yaml", "source: [W4, W8, W7, W3, W1]", "source: []", "at least 1 item"),
    ("red_flags.yaml", "{term: hip_at_risk}", "{term: hip_on_risk}", "no term is called 'hip_on_risk'"),
    ("red_flags.yaml", "{answer: nprs, at_least: 9}", "{answer: nprs, at_last: 9}", "give is, at_least or at_most"),
    ("planning.yaml", "load_jump: {answer", "walking_legs: {answer", "the term 'walking_legs' is named twice"),
    ("exercises.yaml", "name: Brisk walk", "name: A brisk walk for half an hour", "at most 24 characters"),
    ("exercises.yaml", "hold: [600, 1800], ", "", "a dose needs reps or hold"),
    ("sources.yaml", "id: S4-8\n", "id: S4-8\n    left_out: x\n", "say either carried_by or left_out"),
    ("self_tests.yaml", "{value: ok, ", "{value: ok, value: ok, ", 'found duplicate key "value"'),
    ("countries.yaml", "default_urgent_line: ", "default_urgent_line: @", "cannot start any token"),
]


def test_every_error_of_form_is_found_with_its_line_and_how_to_fix_it(edit: Edit, folder: Path) -> None:
    places = [edit(file, old, new) for file, old, new, _ in MISTAKES]
    (folder / "phrases/plan.yaml").unlink()
    (folder / "free_text.yaml").write_bytes(b"languages: {en: \xff}")
    reading = read(folder)
    assert reading.content is None
    assert all(problem.how for problem in reading.problems)
    for (file, _, new, what), place in zip(MISTAKES, places, strict=True):
        lines = [each.line for each in reading.problems if each.file == file and what in str(each)]
        # A term has no line of its own: the place is where the terms begin.
        terms = (folder / file).read_text(encoding="utf-8").partition("\nterms:")[0].count("\n") + 2
        assert (terms if "named twice" in what else place) in lines, (file, new, reading.problems)
    for file in ("phrases/plan.yaml", "free_text.yaml"):
        (problem,) = [each for each in reading.problems if each.file == file]
        assert str(problem).startswith(f"{file}:1: cannot be read (")


def test_a_broken_file_does_not_hide_the_mistakes_of_the_others(edit: Edit, folder: Path) -> None:
    edit("settings.yaml", "fields:", "fields: ]")
    edit("sources.yaml", "carried_by: [T_STACK]", "carried_by: []")
    assert {problem.file for problem in read(folder).problems} >= {"settings.yaml", "sources.yaml"}


def test_a_phrase_that_stands_in_two_files_is_named_once(edit: Edit, folder: Path) -> None:
    edit("phrases/plan.yaml", "phrases:", "phrases:\n  nav.stop: Halt")
    (problem,) = read(folder).problems
    assert (problem.file, problem.what) == ("phrases/plan.yaml", "nav.stop stands in phrases/conversation.yaml too")
    assert (
        problem.line == (folder / problem.file).read_text(encoding="utf-8").partition("  nav.stop")[0].count("\n") + 1
    )


def test_a_file_that_is_no_mapping_is_named(folder: Path) -> None:
    (folder / "countries.yaml").write_text("- 1\n", encoding="utf-8")
    (problem,) = read(folder).problems
    assert (problem.file, problem.line) == ("countries.yaml", 1)
    assert problem.what.startswith("the file: ")


def test_a_problem_reads_as_place_what_and_how() -> None:
    assert str(Problem("a.yaml", 3, "wrong", "put it right")) == "a.yaml:3: wrong; put it right"


def test_problems_are_sorted_by_file_and_line() -> None:
    problems = [Problem("b.yaml", 1, "x", "y"), Problem("a.yaml", 10, "x", "y"), Problem("a.yaml", 9, "z", "y")]
    assert [(each.file, each.line) for each in sorted(problems)] == [("a.yaml", 9), ("a.yaml", 10), ("b.yaml", 1)]


# ---- lines -------------------------------------------------------------------------------------------------------

TREE = YAML().load(
    """top: 1
rows:
  - id: a
    text: x
  - id: b
    list:
      - one
      - two
  - plain
"""
)


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ((), 1),
        (("top",), 1),
        (("rows",), 2),
        (("rows", "a"), 3),
        (("rows", 0), 3),
        (("rows", "a", "text"), 4),
        (("rows", "b"), 5),
        (("rows", "b", "list", 1), 8),
        (("rows", 1, "list", 1), 8),
        (("rows", 2), 9),
        (("rows", "c"), 2),
        (("rows", 7), 2),
        (("rows", -1), 2),
        (("rows", "b", "absent", "list"), 6),
        (("absent",), 1),
        (("top", "deeper", 3), 1),
    ],
)
def test_the_line_of_a_place_is_that_of_the_nearest_value_above_it(path: tuple[str | int, ...], at: int) -> None:
    assert line(TREE, path) == at


def test_a_problem_in_a_part_without_a_tree_is_on_line_one() -> None:
    reading = Reading()
    reading.problem("flow", ("questions", "Q01"), "wrong", "put it right")
    assert reading.problems == [Problem("low_back_pain.yaml", 1, "wrong", "put it right")]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a: {b: [1, 2]}", []),
        ("a: 1_000", [("a",)]),
        ("a: {b: [x, 1_000]}", [("a", "b", 1)]),
        ("1_0: x", [()]),
        ("a: 2024-01-01", [("a",)]),
        ("- 1\n- 1_0", [(1,)]),
    ],
)
def test_a_value_that_two_parsers_read_differently_is_found(text: str, places: list[tuple[str | int, ...]]) -> None:
    assert list(library._differences(yaml12.parse_yaml(text), YAML().load(text))) == places


def test_a_list_that_two_parsers_read_differently_is_found() -> None:
    assert list(library._differences({"a": [1]}, {"a": [1, 2]})) == [("a",)]
    assert list(library._differences({"a": 1}, {"b": 1})) == [()]


# ---- models ------------------------------------------------------------------------------------------------------


def problems_of(model: type[Any], raw: Any, terms: dict[str, Any] | None = None) -> str:
    with pytest.raises(ValidationError) as error:
        model.model_validate(raw, context=None if terms is None else {"terms": terms})
    return str(error.value)


SCREEN: dict[str, Any] = {"rules": [], "default_doctor": "GP", "doctor_for": {}, "default_physio": "physio"}


def test_a_term_may_be_used_after_it_is_named() -> None:
    terms = {"old": {"answer": "age", "is": "65p"}, "either": {"any": [{"term": "old"}, {"answer": "nprs", "is": 9}]}}
    screen = schema.Screen.model_validate({**SCREEN, "terms": terms})
    assert screen.terms["old"] == parse(terms["old"], {})
    assert screen.terms["either"].holds({"age": "65p"})


def test_a_term_is_known_to_the_files_that_follow() -> None:
    context: dict[str, Any] = {"terms": {}}
    schema.Screen.model_validate({**SCREEN, "terms": {"old": {"answer": "age", "is": "65p"}}}, context=context)
    weight = plan_schema.Weight.model_validate({"when": {"term": "old"}, "weight": 3}, context=context)
    assert weight.when.holds({"age": "65p"})


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        (["old"], "terms are a mapping of name to condition"),
        ({"old": {"answer": "age"}}, "term 'old': give is, at_least or at_most"),
        ({"old": {"term": "older"}}, "term 'old': no term is called 'older'"),
        ({"known": True}, "the term 'known' is named twice"),
    ],
)
def test_terms_that_cannot_be_read_say_what_to_write(terms: Any, says: str) -> None:
    assert says in problems_of(schema.Screen, {**SCREEN, "terms": terms}, {"known": parse(True, {})})


def test_a_condition_without_any_term_needs_no_context() -> None:
    assert plan_schema.Weight.model_validate({"weight": 3}).when.holds({})
    assert "no term is called 'old'" in problems_of(plan_schema.Weight, {"when": {"term": "old"}, "weight": 3})


@pytest.mark.parametrize(
    ("model", "raw", "says"),
    [
        (schema.Dosage, {"sets": 3}, "a dose needs reps or hold"),
        (schema.Dosage, {"sets": [1, 2, 3], "reps": 3}, "at most 2 items"),
        (schema.Row, {"id": "S0-1", "says": "x"}, "say either carried_by or left_out"),
        (
            schema.Row,
            {"id": "S0-1", "says": "x", "carried_by": ["a"], "left_out": "b"},
            "say either carried_by or left_out",
        ),
        (schema.Option, {"value": "a", "label": ""}, "at least 1 character"),
        (schema.Option, {"value": "a", "label": "x" * 25}, "at most 24 characters"),
        (schema.Option, {"value": "a", "label": "x", "colour": "red"}, "Extra inputs are not permitted"),
        (plan_schema.Weight, {"weight": 4}, "Input should be 1, 2 or 3"),
        (plan_schema.Ranked, {"exercises": ["a", "b", "c", "d"]}, "at most 3 items"),
    ],
)
def test_a_part_that_is_not_as_its_model_says_is_refused(model: type[Any], raw: Any, says: str) -> None:
    assert says in problems_of(model, raw)


@pytest.mark.parametrize(
    "raw", [{"sets": 3, "reps": 10}, {"sets": [2, 3], "hold": [20, 30]}, {"sets": 1, "reps": 1, "hold": 5}]
)
def test_a_dose_has_repetitions_or_a_hold_or_both(raw: dict[str, Any]) -> None:
    assert schema.Dosage.model_validate(raw).sets


def test_parts_of_the_content_cannot_be_changed(content: Content) -> None:
    with pytest.raises(ValidationError):
        content.settings.content_version = "9"  # type: ignore[misc]
