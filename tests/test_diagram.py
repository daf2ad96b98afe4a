"""Laws of the diagram: all of the flow is in it, and mermaid can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile, islice

import pytest

from flows.diagram import _said, mermaid
from flows.rules import ALWAYS, parse
from flows.schema import Content, Gate, Question

NODE = re.compile(r'    (\w+)(\["|\(\["|\[\["|\(\(")([^"]*)("\]|"\]\)|"\]\]|"\)\))')
EDGE = re.compile(r'    (\w+) (-->|-\.->|-- "[^"]*" -->|-\. "[^"]*" \.->|-\. [\w ]+ \.->) (\w+)')


@pytest.fixture(scope="module")
def lines(content: Content) -> list[str]:
    return mermaid(content).splitlines()


@pytest.fixture(scope="module")
def labels(lines: list[str]) -> dict[str, str]:
    return {match[1]: match[3] for line in lines if (match := NODE.fullmatch(line))}


@pytest.fixture(scope="module")
def edges(lines: list[str]) -> list[tuple[str, str, str]]:
    return [(match[1], match[2], match[3]) for line in lines if (match := EDGE.fullmatch(line))]


def test_every_line_is_a_box_or_an_arrow(lines: list[str]) -> None:
    assert lines[0] == "flowchart TD"
    assert [line for line in lines[1:] if not NODE.fullmatch(line) and not EDGE.fullmatch(line)] == []


def test_every_question_and_gate_is_a_box_with_its_name(content: Content, labels: dict[str, str]) -> None:
    for part in content.flow.questions:
        assert [label for label in labels.values() if label.startswith(f"{part.id}: ")], part.id


def test_every_item_of_a_gate_stands_in_a_box_of_its_gate(
    content: Content, labels: dict[str, str], edges: list[tuple[str, str, str]]
) -> None:
    for gate in content.flow.questions:
        if isinstance(gate, Gate):
            box = next(name for name, label in labels.items() if label == "<br/>".join(item.id for item in gate.items))
            assert (f"q_{gate.id}", "-. one or more .->", box) in edges


def test_every_self_test_is_a_box_after_the_question_about_tests(
    content: Content, labels: dict[str, str], edges: list[tuple[str, str, str]]
) -> None:
    for test in content.self_tests.tests:
        assert labels[f"q_{test.id}"] == test.name
        assert (f"q_{content.flow.tests_after}", "-.->", f"q_{test.id}") in edges


def test_every_end_is_a_box_that_is_reached(
    content: Content, labels: dict[str, str], edges: list[tuple[str, str, str]]
) -> None:
    for end in content.flow.ends:
        assert labels[f"q_end_{end.id}"] == end.id
        assert [edge for edge in edges if edge[2] == f"q_end_{end.id}"]


def test_the_names_of_boxes_are_safe_for_mermaid(lines: list[str], labels: dict[str, str]) -> None:
    assert all(re.fullmatch(r"q_\w+", name) for name in labels)
    names = [match[1] for line in lines if (match := NODE.fullmatch(line))]
    assert len(names) == len(set(names))


def test_an_arrow_leads_from_box_to_box(labels: dict[str, str], edges: list[tuple[str, str, str]]) -> None:
    assert {name for source, _, target in edges for name in (source, target)} <= labels.keys()


def after_the_first(content: Content) -> Iterator[Question | Gate]:
    """All that follows the first question that everybody is asked."""
    return islice(dropwhile(lambda part: part.ask != ALWAYS, content.flow.questions), 1, None)


def test_every_question_after_the_first_is_reached(content: Content, edges: list[tuple[str, str, str]]) -> None:
    reached = {target for _, _, target in edges}
    assert [part.id for part in after_the_first(content) if f"q_{part.id}".replace(".", "_") not in reached] == []


def test_a_question_for_some_people_only_has_a_dotted_arrow_and_says_for_whom(
    content: Content, edges: list[tuple[str, str, str]]
) -> None:
    arrows = {target: arrow for _, arrow, target in edges}
    for part in after_the_first(content):
        arrow = arrows[f"q_{part.id}".replace(".", "_")]
        assert arrow.startswith("-. ") is (part.ask != ALWAYS), part.id


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (True, ""),
        ({"answer": "life", "is": "preg"}, "life preg"),
        ({"answer": "life", "one_of": ["preg", "none"]}, "life none / preg"),
        ({"answer": "nprs", "at_least": 3}, "nprs 3 or more"),
        ({"answer": "nprs", "at_most": 3}, "nprs 3 or less"),
        ({"answer": "nprs", "at_least": 3, "at_most": 4}, "nprs 3 to 4"),
        ({"smallest": "SLB", "at_most": 9}, "smaller side of SLB 9 or less s"),
        ({"gap": "SP", "at_least": 10}, "gap of SP 10 or more s"),
        (
            {"count": [{"answer": "ax", "is": "AX_FAM"}, {"answer": "ax", "is": "AX_PSO"}], "at_least": 1},
            "1 or more of (ax AX_FAM, ax AX_PSO)",
        ),
        (
            {"all": [{"answer": "age", "is": "65p"}, {"not": {"answer": "newkind", "is": "yes"}}]},
            "age 65p and not newkind yes",
        ),
        ({"any": [{"answer": "age", "is": "65p"}, {"answer": "life", "is": "preg"}]}, "(age 65p or life preg)"),
    ],
)
def test_a_condition_is_said_in_a_few_words(raw: object, said: str) -> None:
    assert _said(parse(raw, {})) == said
