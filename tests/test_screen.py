"""Laws of the red flags: clinical.md section 2."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rules import SECONDS, Value
from flows.schema import Content, Disposition, Permission
from flows.screen import conclude, known, record, screen
from flows.simulate import read
from tests import reference
from tests.answers import ANYONE, FIELDS, Answers, crowd

RANK = {name: Disposition[name] for name in reference.RANKS}
CRITICAL: dict[str, Disposition] = {
    flag: Disposition[rank]
    for rank in ("EMERGENCY", "URGENT")
    for flag in reference.ORDER[rank]
    if flag.startswith("RF_")
}
"""Symptoms whose single flag is URGENT or EMERGENCY (2.3)."""
AGES, LIVES = FIELDS["age"].values, FIELDS["life"].values
YES_NO = ("no", "yes")


def concluded(content: Content, answers: Answers) -> dict[str, Value]:
    facts = read(content, answers)
    conclude(content.screen, facts)
    return facts


def disposition(content: Content, answers: Answers) -> Disposition:
    return screen(content.screen, read(content, answers)).disposition


# ---- against the specification -----------------------------------------------------------------------------------


@given(ANYONE)
def test_flags_disposition_permission_and_who_are_those_of_the_specification(
    content: Content, answers: Answers
) -> None:
    result = screen(content.screen, read(content, answers))
    flags = reference.flags_of(answers)
    assert list(result.flags) == flags
    assert result.disposition.name == reference.disposition_of(answers)
    assert result.permission.name == reference.permission_of(flags, result.disposition.name)
    assert result.who == reference.who_of(flags, result.disposition.name)


def test_the_defaults_are_those_of_section_8(content: Content) -> None:
    plain = {
        name: list(value) if isinstance(value, tuple | frozenset) else value
        for name, value in known(content.settings, {}).items()
    }
    assert plain == reference.DEFAULTS


def test_every_rule_of_the_specification_has_its_disposition_and_clearance(content: Content) -> None:
    rules = [rule for rule in content.screen.rules if rule.id != "FREE_TEXT"]
    caution = [flag for flag in reference.ORDER["CAUTION"] if not flag.endswith("_CLEARED")]
    for rank in reversed(reference.RANKS[1:]):
        listed = caution if rank == "CAUTION" else reference.ORDER[rank]
        assert [rule.id for rule in rules if rule.disposition.name == rank] == listed
    assert [rule.id for rule in rules if rule.clearable] == reference.CLEARABLE


def test_every_rule_fires_for_somebody(content: Content) -> None:
    seen: set[str] = set()
    for answers in crowd(6000, seed=3):
        seen.update(screen(content.screen, read(content, answers)).flags)
    expected = {flag for flags in reference.ORDER.values() for flag in flags}
    assert seen == expected


def test_free_text_that_is_happening_now_is_an_emergency(content: Content) -> None:
    for answer, rank in (
        ("yes", Disposition.EMERGENCY),
        ("unsure", Disposition.EMERGENCY),
        ("no", Disposition.SELF_CARE),
    ):
        assert screen(content.screen, {**known(content.settings, {}), "NET": answer}).disposition is rank


# ---- safety ------------------------------------------------------------------------------------------------------


@given(ANYONE, st.sampled_from(["rf", "bone"]), st.data())
def test_one_more_symptom_never_lowers_the_disposition_nor_raises_the_permission(
    content: Content, answers: Answers, field: str, draw: st.DataObject
) -> None:
    more = draw.draw(st.sampled_from(FIELDS[field].values))
    before = screen(content.screen, read(content, answers))
    after = screen(content.screen, read(content, {**answers, field: sorted({*answers.get(field, []), more})}))
    assert after.disposition >= before.disposition
    assert after.permission <= before.permission


@given(ANYONE)
def test_flags_stand_in_the_order_of_the_specification_each_once(content: Content, answers: Answers) -> None:
    order = [flag for rank in reversed(reference.RANKS) for flag in reference.ORDER.get(rank, [])]
    flags = list(screen(content.screen, read(content, answers)).flags)
    assert flags == sorted(set(flags), key=order.index)


@given(ANYONE)
def test_the_highest_disposition_of_the_flags_wins(content: Content, answers: Answers) -> None:
    result = screen(content.screen, read(content, answers))
    ranks = [RANK[rank] for rank, flags in reference.ORDER.items() for flag in flags if flag in result.flags]
    assert result.disposition == max(ranks, default=Disposition.SELF_CARE)


@given(ANYONE)
def test_doctor_or_higher_and_pregnancy_permit_nothing(content: Content, answers: Answers) -> None:
    result = screen(content.screen, read(content, answers))
    if result.disposition >= Disposition.DOCTOR or answers.get("life") == "preg":
        assert result.permission is Permission.NONE


@given(ANYONE)
def test_clearance_drops_only_clearable_flags(content: Content, answers: Answers) -> None:
    before = screen(content.screen, read(content, {**answers, "cleared": "no"}))
    after = screen(content.screen, read(content, {**answers, "cleared": "yes"}))
    assert {flag.removesuffix("_CLEARED") for flag in after.flags} == set(before.flags)
    assert set(before.flags) - set(after.flags) == set(before.flags) & set(reference.CLEARABLE)
    if before.disposition >= Disposition.URGENT:
        assert after.disposition == before.disposition


@given(ANYONE)
def test_clearance_is_open_only_where_clearable_flags_are_the_only_reason_for_doctor(
    content: Content, answers: Answers
) -> None:
    answers = {**answers, "cleared": "no"}
    flags = set(reference.flags_of(answers))
    reasons = flags & set(reference.ORDER["DOCTOR"])
    only = reference.disposition_of(answers) == "DOCTOR" and reasons <= set(reference.CLEARABLE) and "PREG" not in flags
    assert concluded(content, answers)["clearance"] == ("yes" if only else "no")


@given(ANYONE)
def test_a_person_is_referred_at_doctor_or_higher_and_in_pregnancy(content: Content, answers: Answers) -> None:
    facts = concluded(content, answers)
    referred = disposition(content, answers) >= Disposition.DOCTOR or answers.get("life") == "preg"
    assert facts["referred"] == ("yes" if referred else "no")


@given(ANYONE)
def test_what_is_concluded_stands_in_the_facts(content: Content, answers: Answers) -> None:
    facts = read(content, answers)
    result = conclude(content.screen, facts)
    assert facts["fired"] == frozenset(result.flags)
    assert facts["rank"] == result.disposition.value
    assert facts["permission"] == result.permission.name
    assert result.clearable == {flag.removesuffix("_CLEARED") for flag in result.flags} & set(reference.CLEARABLE)


@pytest.mark.parametrize(
    ("answers", "who"),
    [
        ({}, ""),
        ({"bone": ["BS_SPOT"]}, "physio or sports doctor"),
        ({"site": "groin_hip"}, "physio or sports doctor"),
        ({"T4": "pain"}, "physio or sports doctor"),
        ({"bone": ["BS_RED"]}, "GP or sports doctor"),
        ({"life": "preg"}, "midwife / pelvic-health physio"),
        ({"life": "pp_lt12w"}, "pelvic-health physio"),
        ({"life": "pp_3_12m", "pelvic": "yes"}, "pelvic-health physio"),
        ({"rf": ["RF_CYCLE"]}, "GP"),
        ({"leg": "below_knee"}, "physio"),
        (
            {"leg": "below_knee", "rf": ["RF_CYCLE"], "life": "pp_lt12w", "T4": "pain", "dur": "gt12w", "fear": "yes"},
            "physio or sports doctor; physio; pelvic-health physio; GP",
        ),
        ({"bone": ["BS_SPOT", "BS_LIMP"]}, "sports doctor"),
        ({"bone": ["BS_SPOT", "BS_LIMP"], "rf": ["RF_CANCER"]}, "sports doctor"),
        ({"rf": ["RF_CANCER"]}, "GP or sports doctor"),
        ({"rf": ["RF_WEAK"]}, ""),
        ({"rf": ["RF_SADDLE"], "bone": ["BS_SPOT"]}, ""),
        ({"dur": "gt12w"}, ""),
    ],
)
def test_who_to_see(content: Content, answers: Answers, who: str) -> None:
    assert screen(content.screen, read(content, answers)).who == who


# ---- the exhaustive proof over the gates -------------------------------------------------------------------------


def subsets(members: list[str]) -> Iterator[frozenset[str]]:
    return map(frozenset, chain.from_iterable(combinations(members, size) for size in range(len(members) + 1)))


def floor(symptoms: frozenset[str], walking: bool, cleared: bool) -> Disposition:
    """The least that these symptoms must lead to, from their single flags in 2.3 alone."""
    least = Disposition.SELF_CARE
    for symptom in symptoms:
        if symptom == "RF_BILAT" and walking and not symptoms & set(reference.GROUP_N) - {symptom}:
            single = Disposition.DOCTOR
        elif symptom in CRITICAL:
            single = CRITICAL[symptom]
        elif symptom in ("RF_FALL", "RF_CYCLE"):
            single = Disposition.PHYSIO
        else:
            single = Disposition.CAUTION if cleared and symptom in reference.CLEARABLE else Disposition.DOCTOR
        least = max(least, single)
    return least


@pytest.mark.parametrize(
    "group", [reference.GROUP_N, reference.GROUP_E, reference.GROUP_V, reference.GROUP_S], ids="NEVS"
)
def test_no_set_of_symptoms_of_a_gate_leads_lower_than_its_worst_symptom(content: Content, group: list[str]) -> None:
    facts: dict[str, Any] = known(content.settings, {})
    walks = YES_NO if "RF_BILAT" in group else YES_NO[:1]
    for symptoms in subsets(group):
        for age, walk, cleared, life in product(AGES, walks, YES_NO, LIVES):
            facts |= {"rf": symptoms, "age": age, "bilat_walk": walk, "cleared": cleared, "life": life}
            result = screen(content.screen, facts)
            least = floor(symptoms, walk == "yes", cleared == "yes")
            assert result.disposition >= least, (symptoms, age, walk, cleared, life)
            if symptoms & CRITICAL.keys() and least >= Disposition.DOCTOR:
                assert result.permission is Permission.NONE, (symptoms, age, walk, cleared, life)


def test_no_set_of_bone_symptoms_leads_lower_than_its_worst_symptom(content: Content) -> None:
    facts: dict[str, Any] = known(content.settings, {})
    for bone, site in product(subsets(reference.BONE), ("across", "groin_hip")):
        pains = bone & set(reference.BONE_P)
        risk = len(bone) > len(pains) or site == "groin_hip" or "BS_GROIN" in bone
        for age, cleared, life in product(AGES, YES_NO, LIVES):
            facts |= {"bone": bone, "site": site, "age": age, "cleared": cleared, "life": life}
            result = screen(content.screen, facts)
            least = Disposition.SELF_CARE
            if pains:
                sure = len(pains) > 1 or risk or life in ("pp_lt12w", "pp_3_12m")
                least = Disposition.DOCTOR if sure else Disposition.PHYSIO
            if (site == "groin_hip" or "BS_GROIN" in bone) and pains & {"BS_LIMP", "BS_REST", "BS_HOP"}:
                least = Disposition.URGENT
            assert result.disposition >= least, (bone, site, age, cleared, life)
            if pains:
                assert result.permission <= Permission.GENTLE, (bone, site, age, cleared, life)


@pytest.mark.parametrize("symptom", sorted(CRITICAL))
def test_a_critical_symptom_wins_over_every_other_answer(content: Content, symptom: str) -> None:
    for answers in crowd(150, seed=5):
        rf = sorted({*answers.get("rf", []), symptom})
        walk = "no" if symptom == "RF_BILAT" else answers.get("bilat_walk", "no")
        whole = {**answers, "rf": rf, "bilat_walk": walk, "cleared": "yes"}
        assert disposition(content, whole) >= CRITICAL[symptom]


# ---- facts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "seconds"),
    [
        (("lt10", "30p"), (5, 30)),
        (("10_19", "20_29"), (15, 25)),
        (("30p", "pain"), None),
        (("na", "lt10"), None),
        (("na", "na"), None),
    ],
)
def test_a_timed_hold_has_seconds_only_when_both_sides_were_timed(
    content: Content, sides: tuple[str, str], seconds: tuple[int, int] | None
) -> None:
    facts = known(content.settings, {"SLB": ("30p", "30p")})
    record(content.settings, facts, "SLB", sides)
    assert facts["SLB"] == sides
    assert facts.get("SLB" + SECONDS) == seconds


def test_only_a_pair_has_seconds(content: Content) -> None:
    facts = known(content.settings, {})
    record(content.settings, facts, "T1", "ok")
    record(content.settings, facts, "rf", frozenset({"RF_BONE"}))
    assert not [name for name in facts if name.endswith(SECONDS)]
