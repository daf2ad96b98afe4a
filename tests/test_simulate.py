"""Laws of `simulate`: what it reads, what it concludes, and how it explains itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.plan import assess
from flows.schema import Content
from flows.simulate import AnswerError, because, conclusion, explanation, parse, read
from tests import reference
from tests.answers import ANYONE, FIELDS, Answers, crowd


def refusal(content: Content, line: str) -> str:
    with pytest.raises(AnswerError) as error:
        parse(content, line)
    return str(error.value)


def plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value


# ---- reading -----------------------------------------------------------------------------------------------------


def test_an_empty_object_is_a_person_with_all_defaults(content: Content) -> None:
    assert {name: plain(value) for name, value in parse(content, "{}").items()} == reference.DEFAULTS


@given(ANYONE)
def test_answers_given_are_taken_as_given_and_the_rest_by_default(content: Content, answers: Answers) -> None:
    facts = parse(content, json.dumps(answers))
    for name in FIELDS:
        expected = reference.complete(answers)[name]
        assert plain(facts[name]) == (sorted(set(expected)) if FIELDS[name].kind == "set" else expected)


@pytest.mark.parametrize("name", ["SLB", "SP"])
def test_a_pair_that_was_not_done_may_be_one_word(content: Content, name: str) -> None:
    assert parse(content, f'{{"{name}": "na"}}')[name] == ("na", "na")
    assert parse(content, f'{{"{name}": ["na", "lt10"]}}')[name] == ("na", "lt10")


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_value_of_every_field_is_read(content: Content, name: str) -> None:
    field = FIELDS[name]
    for value in field.values:
        given_value: Any = {"choice": value, "set": [value], "pair": [value, value]}[field.kind]
        assert plain(parse(content, json.dumps({name: given_value}))[name]) == given_value


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('{"nprs": 3', "delimiter"),
        ("{nprs: 3}", "Expecting property name"),
        ('{"nprs": 3} {}', "Extra data"),
        ("[]", "each line is an object of answers"),
        ("3", "each line is an object of answers"),
        ("null", "each line is an object of answers"),
        ('"age"', "each line is an object of answers"),
        ('{"agee": "18_34"}', "unknown field 'agee'"),
        ('{"": 3}', "unknown field ''"),
        ('{"W1": 3}', "unknown field 'W1'"),
        ('{"NET": "yes"}', "unknown field 'NET'"),
        ('{"age": "18-34"}', "age: unknown value '18-34'"),
        ('{"age": null}', "age: unknown value None"),
        ('{"age": ["18_34"]}', "age: unknown value ['18_34']"),
        ('{"newkind": true}', "newkind: unknown value True"),
        ('{"newkind": "Yes"}', "newkind: unknown value 'Yes'"),
        ('{"nprs": true}', "nprs: a whole number from 0 to 10, not True"),
        ('{"nprs": 3.0}', "nprs: a whole number from 0 to 10, not 3.0"),
        ('{"nprs": "3"}', "nprs: a whole number from 0 to 10, not '3'"),
        ('{"nprs": [3]}', "nprs: a whole number from 0 to 10, not [3]"),
        ('{"nprs": null}', "nprs: a whole number from 0 to 10, not None"),
        ('{"nprs": -1}', "nprs: a whole number from 0 to 10, not -1"),
        ('{"nprs": 11}', "nprs: a whole number from 0 to 10, not 11"),
        ('{"nprs": NaN}', "nprs: a whole number from 0 to 10, not nan"),
        ('{"rf": "RF_FEVER"}', "rf: a list, not 'RF_FEVER'"),
        ('{"rf": {"RF_FEVER": true}}', "rf: a list, not"),
        ('{"rf": "na"}', "rf: a list, not 'na'"),
        ('{"rf": ["RF_FEVERR"]}', "rf: unknown value 'RF_FEVERR'"),
        ('{"rf": ["BS_SPOT"]}', "rf: unknown value 'BS_SPOT'"),
        ('{"rf": [["RF_FEVER"]]}', "rf: unknown value ['RF_FEVER']"),
        ('{"rf": [null]}', "rf: unknown value None"),
        ('{"SLB": "30p"}', "SLB: a list, not '30p'"),
        ('{"SLB": ["30p"]}', "SLB: two values, left and right"),
        ('{"SLB": ["30p", "30p", "30p"]}', "SLB: two values, left and right"),
        ('{"SLB": []}', "SLB: two values, left and right"),
        ('{"SLB": ["30p", 30]}', "SLB: unknown value 30"),
        ('{"nprs": 9, "nprs": 2}', "nprs is given twice"),
        ('{"age": "18_34", "age": "18_34"}', "age is given twice"),
    ],
)
def test_what_is_not_an_answer_is_refused_with_the_reason(content: Content, line: str, says: str) -> None:
    assert says in refusal(content, line)


def test_a_key_twice_is_refused_inside_too(content: Content) -> None:
    assert "x is given twice" in refusal(content, '{"rf": [{"x": 1, "x": 2}]}')


def test_a_tick_given_twice_counts_once(content: Content) -> None:
    twice = conclusion(content, parse(content, '{"bone": ["BS_SPOT", "BS_SPOT"]}'))
    assert twice == conclusion(content, parse(content, '{"bone": ["BS_SPOT"]}'))


# ---- concluding --------------------------------------------------------------------------------------------------


def test_thousands_of_answer_sets_lead_to_what_the_specification_says(content: Content) -> None:
    for answers in crowd(4000):
        said = conclusion(content, read(content, answers))
        assert said == reference.conclusion(answers), answers


@given(ANYONE)
def test_a_conclusion_is_plain_json_in_the_order_of_the_interface(content: Content, answers: Answers) -> None:
    said = conclusion(content, read(content, answers))
    assert json.loads(json.dumps(said)) == said
    assert list(said) == "disposition permission running flags who findings plan advice".split()
    assert all(list(row) == ["exercise", "level", "reasons"] for row in said["plan"])
    assert {row["exercise"] for row in said["plan"]}.isdisjoint({"walk", "warmup_dynamic"})


@given(ANYONE, st.randoms(use_true_random=False))
def test_the_order_of_fields_and_ticks_does_not_matter(content: Content, answers: Answers, chance: Any) -> None:
    def shuffled(name: str, value: Any) -> Any:
        return chance.sample(value, len(value)) if FIELDS[name].kind == "set" else value

    names = chance.sample(sorted(answers), len(answers))
    again = {name: shuffled(name, answers[name]) for name in names}
    assert conclusion(content, read(content, again)) == conclusion(content, read(content, answers))


# ---- explaining --------------------------------------------------------------------------------------------------


def others(name: str, value: Any) -> Iterator[Any]:
    """Every other answer to one question; in a set one tick more or less, in a pair one side."""
    values = FIELDS[name].values
    match FIELDS[name].kind:
        case "number":
            yield from (number for number in range(FIELDS[name].low, FIELDS[name].high + 1) if number != value)
        case "choice":
            yield from (other for other in values if other != value)
        case "set":
            yield from (sorted(set(value) ^ {tick}) for tick in values)
        case "pair":
            yield from ([other, value[1]] for other in values if other != value[0])
            yield from ([value[0], other] for other in values if other != value[1])


def test_would_change_is_every_single_answer_that_changes_the_disposition_and_no_other(content: Content) -> None:
    for answers in crowd(60, seed=9):
        whole = reference.complete(answers)
        now = reference.disposition_of(whole)
        expected = [
            {"field": name, "value": other, "disposition": then}
            for name in FIELDS
            for other in others(name, whole[name])
            if (then := reference.disposition_of({**whole, name: other})) != now
        ]
        said = explanation(content, read(content, answers))["would_change"]
        assert len(said) == len(expected), answers
        assert all(change in said for change in expected), answers


@settings(max_examples=40)
@given(ANYONE)
def test_every_flag_and_finding_is_explained_and_nothing_else(content: Content, answers: Answers) -> None:
    facts = read(content, answers)
    said = conclusion(content, facts)
    explained = explanation(content, facts)
    assert list(explained) == ["because", "would_change"]
    assert list(explained["because"]) == said["flags"] + said["findings"]
    assert json.loads(json.dumps(explained)) == explained


@settings(max_examples=40)
@given(ANYONE)
def test_a_reason_names_only_answers_that_were_given_or_stand_by_default(content: Content, answers: Answers) -> None:
    whole = reference.complete(answers)
    for name, reasons in explanation(content, read(content, answers))["because"].items():
        for field, value in reasons.items():
            if FIELDS[field].kind == "set":
                assert set([value] if isinstance(value, str) else value) <= set(whole[field]), name
            elif FIELDS[field].kind == "pair":
                assert value == whole[field] or value in whole[field], name
            else:
                assert value == whole[field], name


def alone(reasons: list[tuple[str, Any]]) -> Answers:
    """Only these answers; all others by default."""
    answers: Answers = {}
    for field, value in reasons:
        if FIELDS[field].kind == "set":
            answers.setdefault(field, []).append(value)
        elif FIELDS[field].kind == "pair":
            answers[field] = list(value) if isinstance(value, tuple) else [value, "na"]
        else:
            answers[field] = value
    return answers


def test_the_reasons_alone_make_a_flag_or_finding_true(content: Content) -> None:
    for answers in crowd(800, seed=2):
        result = assess(content, read(content, answers))
        for name in (*result.screening.flags, *result.findings):
            reasons = because(content, result, name)
            said = assess(content, read(content, alone(reasons)))
            assert name in said.screening.flags + said.findings, (name, reasons, answers)


@pytest.mark.parametrize(
    ("answers", "name", "reasons"),
    [
        ({"rf": ["RF_FEVER", "RF_IMMUNE", "RF_SHAPE"]}, "C_FEVER_RISK", {"rf": ["RF_FEVER", "RF_IMMUNE"]}),
        ({"nprs": 9}, "SEV_9", {"nprs": 9}),
        ({"rf": ["RF_BONE"], "cleared": "yes"}, "RF_BONE_CLEARED", {"rf": "RF_BONE", "cleared": "yes"}),
        ({"life": "pp_3_12m"}, "F_POSTPARTUM", {"life": "pp_3_12m", "pelvic": "no"}),
        ({"SLB": ["30p", "10_19"]}, "F_GLUTE_WEAK", {"SLB": ["30p", "10_19"]}),
        ({"load": ["race", "hills", "shoes"]}, "F_LOAD", {"load": ["hills", "race"]}),
        ({}, "F_BASE", {}),
        ({"rf": ["RF_BILAT"]}, "RF_BILAT", {"rf": "RF_BILAT", "bilat_walk": "no"}),
        (
            {"rf": ["RF_BILAT", "RF_SADDLE"], "bilat_walk": "yes"},
            "RF_BILAT",
            {"rf": ["RF_BILAT", "RF_SADDLE"]},
        ),
        ({"age": "65p", "newkind": "yes"}, "AGE65_NEW", {"age": "65p", "newkind": "yes"}),
    ],
)
def test_reasons_of_some_people(content: Content, answers: Answers, name: str, reasons: dict[str, Any]) -> None:
    assert explanation(content, read(content, answers))["because"][name] == reasons


def test_a_reason_is_given_once_though_two_rules_read_it(content: Content) -> None:
    result = assess(content, read(content, {"rf": ["RF_CANCER", "RF_WEIGHT"], "timing": ["constant", "night"]}))
    reasons = because(content, result, "C_CANCER_PLUS")
    assert len(reasons) == len(set(reasons))
    assert set(reasons) == {("rf", "RF_CANCER"), ("rf", "RF_WEIGHT"), ("timing", "constant"), ("timing", "night")}
