"""Laws of the conditions that content may use."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rules import ALWAYS, NEVER, SECONDS, AnyOf, Condition, ConditionError, Facts, Value, parse

TERMS: dict[str, Condition] = {"sore": parse({"answer": "nprs", "at_least": 5}, {})}
FACTS: dict[str, Value] = {
    "leg": "below_knee",
    "nprs": 6,
    "timing": frozenset({"late_run", "night"}),
    "SLB": ("30p", "10_19"),
    "SLB" + SECONDS: (30, 15),
    "SP": ("pain", "30p"),
    "fired": frozenset({"RADIC", "F_BASE"}),
}
BELOW, NONE = {"answer": "leg", "is": "below_knee"}, {"answer": "leg", "is": "none"}
LATE, SIX, FIVE = {"answer": "timing", "is": "late_run"}, {"answer": "nprs", "is": 6}, {"answer": "nprs", "is": 5}

FORMS: list[tuple[Any, bool, list[tuple[str, Value]]]] = [
    (True, True, []),
    (False, False, []),
    (BELOW, True, [("leg", "below_knee")]),
    (NONE, False, []),
    ({"answer": "leg", "one_of": ["none", "below_knee"]}, True, [("leg", "below_knee")]),
    ({"answer": "leg", "one_of": "below_knee"}, True, [("leg", "below_knee")]),
    (LATE, True, [("timing", "late_run")]),
    (
        {"answer": "timing", "one_of": ["night", "late_run", "rest_sit"]},
        True,
        [("timing", "late_run"), ("timing", "night")],
    ),
    ({"answer": "timing", "is": "rest_sit"}, False, []),
    ({"answer": "SP", "is": "pain"}, True, [("SP", "pain")]),
    ({"answer": "nprs", "is": "6"}, False, []),
    (SIX, True, [("nprs", 6)]),
    (FIVE, False, []),
    ({"answer": "nprs", "at_least": 6}, True, [("nprs", 6)]),
    ({"answer": "nprs", "at_least": 7}, False, []),
    ({"answer": "nprs", "at_most": 6}, True, [("nprs", 6)]),
    ({"answer": "nprs", "at_most": 5}, False, []),
    ({"answer": "nprs", "at_least": 5, "at_most": 7}, True, [("nprs", 6)]),
    ({"answer": "leg", "at_least": 0}, False, []),
    ({"rule": "RADIC"}, True, [("fired", "RADIC")]),
    ({"rule": ["PREG", "RADIC"]}, True, [("fired", "RADIC")]),
    ({"rule": "PREG"}, False, []),
    ({"smallest": "SLB", "at_most": 19}, True, [("SLB", ("30p", "10_19"))]),
    ({"smallest": "SLB", "is": 15}, True, [("SLB", ("30p", "10_19"))]),
    ({"smallest": "SLB", "at_least": 16}, False, []),
    ({"gap": "SLB", "at_least": 15}, True, [("SLB", ("30p", "10_19"))]),
    ({"gap": "SLB", "at_least": 16}, False, []),
    ({"smallest": "SP", "at_most": 100}, False, []),
    ({"gap": "SP", "at_least": 0}, False, []),
    ({"count": [BELOW, LATE, FIVE], "at_least": 2}, True, [("leg", "below_knee"), ("timing", "late_run")]),
    ({"count": [BELOW, LATE, FIVE], "is": 3}, False, []),
    ({"count": [FIVE], "at_most": 0}, True, []),
    ({"all": [BELOW, SIX]}, True, [("leg", "below_knee"), ("nprs", 6)]),
    ({"all": [BELOW, FIVE]}, False, []),
    ({"any": [FIVE, BELOW, SIX]}, True, [("leg", "below_knee"), ("nprs", 6)]),
    ({"any": [FIVE, NONE]}, False, []),
    ({"not": NONE}, True, [("leg", "below_knee")]),
    ({"not": BELOW}, False, []),
    ({"not": {"answer": "timing", "is": "rest_sit"}}, True, []),
    ({"not": {"any": [FIVE, {"answer": "nprs", "at_most": 1}]}}, True, [("nprs", 6)]),
    ({"term": "sore"}, True, [("nprs", 6)]),
]


def facts_of(condition: Condition) -> set[str]:
    return {name for name, _ in condition.names()}


@pytest.mark.parametrize(("raw", "true", "because"), FORMS)
def test_each_form_is_true_of_the_facts_that_it_describes(
    raw: Any, true: bool, because: list[tuple[str, Value]]
) -> None:
    assert parse(raw, TERMS).holds(FACTS) is true


@pytest.mark.parametrize(("raw", "because"), [(raw, because) for raw, true, because in FORMS if true])
def test_each_form_says_which_facts_made_it_true(raw: Any, because: list[tuple[str, Value]]) -> None:
    assert list(parse(raw, TERMS).because(FACTS)) == because


@pytest.mark.parametrize(
    "raw",
    [
        NONE,
        FIVE,
        {"answer": "timing", "is": "rest_sit"},
        {"answer": "nprs", "is": "6"},
        {"smallest": "SLB", "at_least": 16},
        {"smallest": "SP", "at_least": 0},
        {"answer": "absent", "is": "x"},
    ],
)
def test_a_test_that_is_false_gives_no_reason(raw: Any) -> None:
    assert list(parse(raw, TERMS).because(FACTS)) == []


@pytest.mark.parametrize(
    "raw", [raw for raw, _, _ in FORMS if not isinstance(raw, bool) and set(raw).isdisjoint({"not", "count"})]
)
def test_a_missing_fact_makes_a_test_false(raw: Any) -> None:
    condition = parse(raw, TERMS)
    assert not condition.holds({})
    assert list(condition.because({})) == []


def test_a_missing_fact_makes_the_opposite_of_a_test_true_without_a_reason() -> None:
    condition = parse({"not": BELOW}, {})
    assert condition.holds({})
    assert list(condition.because({})) == []


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"answer": "leg", "one_of": ["b", "a"]}, [("leg", "a"), ("leg", "b")]),
        (SIX, [("nprs", None)]),
        ({"rule": "PREG"}, [("fired", "PREG")]),
        ({"gap": "SLB", "at_least": 10}, [("SLB", None)]),
        ({"count": [BELOW, SIX], "at_least": 1}, [("leg", "below_knee"), ("nprs", None)]),
        ({"all": [BELOW, SIX]}, [("leg", "below_knee"), ("nprs", None)]),
        ({"any": [SIX, BELOW]}, [("nprs", None), ("leg", "below_knee")]),
        ({"not": BELOW}, [("leg", "below_knee")]),
        ({"term": "sore"}, [("nprs", None)]),
        (True, []),
        (False, []),
    ],
)
def test_each_form_names_the_facts_and_values_that_it_reads(raw: Any, names: list[tuple[str, Value | None]]) -> None:
    assert list(parse(raw, TERMS).names()) == names


def test_true_and_false_hold_for_everybody_and_for_nobody() -> None:
    assert parse(True, {}) == ALWAYS
    assert parse(False, {}) == NEVER
    assert ALWAYS.holds({}) and ALWAYS.holds(FACTS)
    assert not NEVER.holds({}) and not NEVER.holds(FACTS)


def test_a_term_reads_as_the_condition_that_it_names() -> None:
    assert parse({"term": "sore"}, TERMS) == TERMS["sore"]
    assert parse({"any": [{"term": "sore"}]}, TERMS) == AnyOf((TERMS["sore"],))


def test_the_order_and_number_of_values_do_not_matter() -> None:
    assert parse({"answer": "leg", "is": "none"}, {}) == parse({"answer": "leg", "one_of": ["none", "none"]}, {})


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        (None, "mapping such as {answer: leg, is: none}, not None"),
        ("leg", "mapping such as {answer: leg, is: none}, not 'leg'"),
        ({}, "mapping such as {answer: leg, is: none}, not {}"),
        (1, "mapping such as {answer: leg, is: none}, not 1"),
        ({"answer": "nprs"}, "give is, at_least or at_most with a whole number"),
        ({"answer": "nprs", "at_least": "5"}, "give is, at_least or at_most with a whole number"),
        ({"answer": "nprs", "is": True}, "give is, at_least or at_most with a whole number"),
        ({"answer": "nprs", "is": 1.5}, "give is, at_least or at_most with a whole number"),
        ({"answer": "nprs", "is": 1, "at_most": 3}, "'is' stands alone, without at_least or at_most"),
        ({"answer": "leg", "one_of": []}, "values are texts in quotes, not []"),
        ({"answer": "leg", "one_of": ["a", 2]}, "values are texts in quotes, not ['a', 2]"),
        ({"answer": "leg", "one_of": [True]}, "values are texts in quotes, not [True]"),
        ({"rule": 3}, "values are texts in quotes, not 3"),
        ({"answer": "leg", "is": "none", "at_least": 3}, "not understood here: at_least"),
        ({"answer": "leg", "is": "none", "when": 3, "if": 4}, "not understood here: when, if"),
        ({"rule": "PREG", "at_least": 1}, "not understood here: at_least"),
        ({"all": [True], "any": [True]}, "not understood here: any"),
        ({"smallest": "SP", "gap": "SP", "at_least": 1}, "not understood here: smallest"),
        ({"smallest": "SP"}, "give is, at_least or at_most with a whole number"),
        ({"count": [True]}, "give is, at_least or at_most with a whole number"),
        ({"count": True, "at_least": 1}, "give a list of conditions"),
        ({"all": []}, "give a list of conditions"),
        ({"any": {"answer": "leg", "is": "none"}}, "give a list of conditions"),
        ({"any": [{"all": [None]}]}, "mapping such as {answer: leg, is: none}, not None"),
        ({"not": []}, "mapping such as {answer: leg, is: none}, not []"),
        ({"term": "sharp"}, "no term is called 'sharp'; terms are named before they are used"),
        ({"is": "none", "anwser": "leg"}, "no condition begins with is, anwser"),
        ({True: "leg"}, "no condition begins with True"),
    ],
)
def test_a_condition_that_cannot_be_read_says_what_to_write(raw: Any, advice: str) -> None:
    with pytest.raises(ConditionError) as error:
        parse(raw, TERMS)
    assert advice in str(error.value)


def test_reading_a_condition_leaves_it_as_it_was_written() -> None:
    raw = {"any": [{"answer": "nprs", "at_least": 3, "at_most": 4}, {"not": {"rule": ["PREG"]}}]}
    copy = {"any": [{"answer": "nprs", "at_least": 3, "at_most": 4}, {"not": {"rule": ["PREG"]}}]}
    assert parse(raw, {}) == parse(raw, {})
    assert raw == copy


# ---- laws about all conditions -----------------------------------------------------------------------------------

SIDES = {"lt10": 5, "10_19": 15, "20_29": 25, "30p": 30}
LEAVES = st.sampled_from(
    [raw for raw, _, _ in FORMS if isinstance(raw, bool) or set(raw).isdisjoint({"all", "any", "not", "count"})]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.tuples(st.lists(inner, min_size=1, max_size=4), st.integers(0, 4)).map(
            lambda pair: {"count": pair[0], "at_least": pair[1]}
        ),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@st.composite
def people(draw: st.DrawFn) -> Facts:
    """Facts of which any may be missing."""
    facts: dict[str, Value] = {}
    if draw(st.booleans()):
        facts["leg"] = draw(st.sampled_from(["none", "below_knee"]))
    if draw(st.booleans()):
        facts["nprs"] = draw(st.integers(0, 10))
    if draw(st.booleans()):
        facts["timing"] = frozenset(draw(st.lists(st.sampled_from(["late_run", "night", "rest_sit"]))))
    if draw(st.booleans()):
        facts["fired"] = frozenset(draw(st.lists(st.sampled_from(["RADIC", "PREG"]))))
    for name in ("SLB", "SP"):
        if draw(st.booleans()):
            left, right = draw(st.sampled_from([*SIDES, "pain"])), draw(st.sampled_from([*SIDES, "pain"]))
            facts[name] = (left, right)
            if left in SIDES and right in SIDES:
                facts[name + SECONDS] = (SIDES[left], SIDES[right])
    return facts


@given(TREES, people())
def test_the_opposite_of_a_condition_is_true_where_it_is_false(raw: Any, facts: Facts) -> None:
    assert parse({"not": raw}, TERMS).holds(facts) is not parse(raw, TERMS).holds(facts)


@given(st.lists(TREES, min_size=1, max_size=3), people())
def test_all_and_any_and_count_agree_with_counting(raws: list[Any], facts: Facts) -> None:
    true = sum(parse(raw, TERMS).holds(facts) for raw in raws)
    assert parse({"all": raws}, TERMS).holds(facts) is (true == len(raws))
    assert parse({"any": raws}, TERMS).holds(facts) is (true > 0)
    for number in range(4):
        assert parse({"count": raws, "is": number}, TERMS).holds(facts) is (true == number)
        assert parse({"count": raws, "at_least": number}, TERMS).holds(facts) is (true >= number)
        assert parse({"count": raws, "at_most": number}, TERMS).holds(facts) is (true <= number)


@given(TREES, people())
def test_a_condition_depends_on_nothing_but_the_facts_that_it_names(raw: Any, facts: Facts) -> None:
    condition = parse(raw, TERMS)
    read = facts_of(condition)
    known = {name: value for name, value in facts.items() if name.removesuffix(SECONDS) in read}
    assert condition.holds(known) is condition.holds(facts)


@given(TREES, people())
def test_a_reason_is_always_a_fact_that_was_given(raw: Any, facts: Facts) -> None:
    for name, value in parse(raw, TERMS).because(facts):
        held = facts[name]
        assert value == held or (not isinstance(held, str | int) and value in held)
