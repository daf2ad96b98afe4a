"""Laws of a handover in words: short enough as text, whole on the page, and nothing in it but the catalogue's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bot.brevity import FULL, LIMIT
from bot.handover import Event, Handover, Noted, Practised, Sign, Trend, handover
from bot.letter import Letter
from bot.outcome import Outcome
from bot.questions import Renderer
from bot.render import Words
from flows.engine import Engine
from flows.schema import Content, Disposition
from tests.patients import CASES, PEOPLE, SCREENED, source
from tests.patients import Noted as Course
from tests.test_texts import names
from tests.texts import bypasses, longer, only_from, wrapped


def letter(engine: Engine, translate: Callable[[str], str] = str) -> Letter:
    words = Words(engine.content, translate)
    return Letter(Outcome(engine, words), Renderer(engine, words), words)


def told(engine: Engine, case: str) -> Handover:
    return handover(engine, source(engine, *CASES[case]))


def largest(engine: Engine) -> Handover:
    """All that could ever be told at once, and more than one person can have."""
    content = engine.content
    gates = {item.id: gate.id for gate in engine.gates for item in gate.items}
    days = tuple(
        Noted(SCREENED + timedelta(days=day), day % 11, ("all", "some", "none")[day % 3], ("GREEN", "RED")[day % 2])
        for day in range(1, 92)
    )
    acts = [name.removeprefix("progress.") for name in content.phrases.phrases if name.startswith("progress.")]
    many = {**CASES["self_care"][0], "dur": "gt12w", "age": "50_64", "timing": ["night", "am_stiff"], "onset": "lt35"}
    every = handover(engine, source(engine, many))
    return replace(
        every,
        made_on=days[-1].on,
        disposition=Disposition.PHYSIO,
        signs=tuple(Sign(gate, item, "yes", SCREENED) for item, gate in gates.items()),
        plan=tuple(Practised(each.id, len(each.levels), True) for each in content.library.exercises[:12]),
        rules=tuple(rule.id for rule in content.screen.rules if rule.disposition <= Disposition.PHYSIO),
        findings=tuple(finding.id for finding in content.planning.findings),
        events=tuple(Event(SCREENED + timedelta(days=at), act) for at, act in enumerate(acts)),
        trend=Trend(days, tuple(day.on for day in days), None, "unchanged", None, (10, days[-1].on), "same", "yes"),
    )


# ---- the text ----------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(PEOPLE)
def test_the_text_is_short_enough_and_holds_every_sign_that_is_present(
    engine: Engine, person: tuple[dict[str, Any], Course]
) -> None:
    answers, noted = person
    if answers.get("age") == "u18":
        return
    found = handover(engine, source(engine, answers, noted))
    for translate in (str, longer):
        whole = letter(engine, translate)
        text = whole.text(found)
        assert len(text) < LIMIT
        for sign in found.signs:
            if sign.counts:
                assert whole._short(sign) in text
        assert whole.words.label(f"report_place.{found.disposition.name}").partition("{")[0] in text
        # No part is cut off: what has to go is left out by its weight.
        kept = [each.heading.upper() for each in whole.sections(found, FULL) if each.id not in ("findings", "person")]
        assert translate is longer or [heading for heading in kept if heading not in text] == []


def test_the_largest_thinkable_text_is_short_enough(engine: Engine) -> None:
    found = largest(engine)
    for translate in (str, longer):
        text = letter(engine, translate).text(found)
        assert len(text) < LIMIT
        assert text.endswith(letter(engine, translate).label("report.note"))
    text = letter(engine).text(found)
    assert all(letter(engine)._short(sign) in text for sign in found.signs)


def test_what_fits_is_told_in_full(engine: Engine) -> None:
    whole, found = letter(engine), told(engine, "doctor")
    assert whole.text(found) == whole._text(found, FULL)


def test_what_was_left_out_early_comes_back_where_it_fits_again(engine: Engine) -> None:
    whole, found = letter(engine), told(engine, "self_care")
    text = whole.text(found)
    assert len(whole._text(found, FULL)) > LIMIT
    assert LIMIT - 200 < len(text) < LIMIT


def test_the_text_of_an_emergency_is_read_in_ten_seconds(engine: Engine) -> None:
    assert letter(engine).text(told(engine, "emergency")).splitlines() == [
        "Low back pain in a runner: handover",
        "Made on 2 Mar 2026",
        "",
        "WHAT THE RULES CONCLUDED, AS TOLD TO THE RUNNER",
        "Advice now: emergency help at once, no exercises",
        "Plan: none now",
        "Running allowed: no running",
        "Why: the skin between your legs is, or may be, numb, tingling or different",
        "",
        "WARNING SIGNS PRESENT",
        "Numb between the legs: Yes (2 Mar)",
        "",
        "COURSE",
        "First check: 2 Mar 2026",
        "",
        "SELF-TESTS",
        "None was done.",
        "",
        "OTHER WARNING SIGNS",
        (
            "Not asked: Bladder change; Bowel change; Feeling during sex; Both legs; Weak foot or leg; "
            "Injury and emergency; Infection and organs; General health; Bone signs"
        ),
        "",
        "MORE ANSWERS",
        "Age: 18–34",  # noqa: RUF001
        "",
        "VERSIONS",
        "content 1.2.0, software 0.1.0",
        "The runner's own answers to a chat program; nobody has examined them. Prototype, not a medical device.",
    ]


def test_signs_that_were_denied_on_several_dates_each_have_theirs(engine: Engine) -> None:
    found = told(engine, "nearly_nothing")
    later = SCREENED + timedelta(days=7)
    mixed = replace(found, signs=tuple(replace(s, on=later if s.gate == "Q15" else s.on) for s in found.signs))
    text = letter(engine)._text(mixed, FULL)
    assert "WARNING SIGNS ASKED AND DENIED\n" in text
    assert re.search(r"Nerve signs: .*\(2 Mar\)", text)
    assert re.search(r"Bone signs: .*\(9 Mar\)", text)


def test_signs_that_were_not_plainly_denied_stand_apart(engine: Engine) -> None:
    say = {"Q04": "some", "RF_IMMUNE": "unsure", "RF_IMMUNE.again": "unsure", "Q02": "some", "RF_SEX": "skip"}
    text = letter(engine)._text(handover(engine, source(engine, {}, (), say)), FULL)
    assert "Not sure, not counted: Weak immune system" in text
    assert "Rather not say: Feeling during sex" in text


def test_a_yes_that_was_taken_back_is_told_with_its_reason(engine: Engine) -> None:
    say = {"Q02": "some", "RF_BLADDER": "yes", "RF_BLADDER.since": "same"}
    text = letter(engine)._text(handover(engine, source(engine, {}, (), say)), FULL)
    assert "Bladder change: Not counted: Same for months (2 Mar)" in text


def test_answers_that_mean_nothing_of_these_go_before_any_sign(engine: Engine) -> None:
    whole, found = letter(engine), told(engine, "nearly_nothing")
    text = whole.text(found)
    assert "Running form" in whole._text(found, FULL) and "Running form" not in text
    assert all(whole._short(sign) in text for sign in found.signs)


def test_half_a_dose_and_the_share_of_sessions_are_told(engine: Engine) -> None:
    found = replace(told(engine, "self_care"), plan=(Practised("bird_dog", 1, True),))
    text = letter(engine)._text(found, FULL)
    assert "Bird dog: level 1, 2 × 6, hold 3 s, each side, half of it" in text  # noqa: RUF001
    assert "% of those planned" in text


def test_a_version_that_is_not_known_is_said_so(engine: Engine) -> None:
    found = told(engine, "emergency")
    unknown = replace(found, versions=replace(found.versions, software=""))
    assert "software not known" in letter(engine).text(unknown)


# ---- words -------------------------------------------------------------------------------------------------------

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@pytest.mark.parametrize("case", CASES)
def test_every_word_comes_from_the_catalogue(engine: Engine, content: Content, case: str) -> None:
    allowed = (
        names(content)
        | {row.id for row in content.check_in.actions}
        | set(MONTHS)
        | {month.upper() for month in MONTHS}
    )
    text = letter(engine, only_from(content, wrapped))._text(told(engine, case), FULL)
    assert not bypasses(text, frozenset(allowed))


def test_no_disease_and_no_id_of_the_rules_is_named(engine: Engine) -> None:
    for found in (largest(engine), *(told(engine, case) for case in CASES)):
        words = str(letter(engine).page(found)["sections"].values()) + letter(engine).text(found)
        assert not re.search(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+|\b(AXSPA|RADIC|PREG|CHRONIC|SUBACUTE)\b", words)
        assert not re.search(
            r"sciatica|radicul|stenosis|claudic|cauda|spondyl|arthritis|hernia|slipped|disc\b|osteop|tumou?r|syndrome|sprain",
            words,
            re.IGNORECASE,
        )


def test_every_sign_and_every_finding_has_a_short_name_of_its_own(engine: Engine, content: Content) -> None:
    signs = [content.phrases.phrases[f"report_sign.{item.id}"] for gate in engine.gates for item in gate.items]
    findings = [content.phrases.phrases[f"report_finding.{row.id}"] for row in content.planning.findings]
    for names_of in (signs, findings):
        assert len(set(names_of)) == len(names_of)
        assert all(len(name) <= 26 and "," not in name for name in names_of)


def test_no_name_and_no_key_of_a_person_is_told(engine: Engine) -> None:
    whole = source(engine, *CASES["self_care"])
    assert whole.key not in str(letter(engine).page(handover(engine, whole)))


# ---- the page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_page_holds_all_that_the_text_does(engine: Engine, case: str) -> None:
    whole, found = letter(engine), told(engine, case)
    page = {text for part in whole.page(found)["sections"].values() for row in part["rows"] for text in row}
    full = [row for section in whole.sections(found, FULL) for row in section.rows]
    assert all(text in page for row in full for text in row)


def test_the_chart_begins_with_the_pain_of_the_screen_and_leaves_gaps_open(engine: Engine) -> None:
    chart = letter(engine).page(told(engine, "self_care"))["chart"]
    assert chart["pain"][0] == [0, 4]
    assert chart["days"] == 30
    assert not {4, 10, 16, 22, 28} & {day for day, _ in chart["pain"]}


def test_only_the_newest_three_months_stand_in_the_chart(engine: Engine) -> None:
    found = source(engine, {"nprs": 5}, [(day, {"C1": [], "C2": 4}) for day in range(1, 120)])
    chart = letter(engine).page(handover(engine, found))["chart"]
    assert chart["days"] == 91 and chart["pain"][0] == [0, 4] and chart["pain"][-1] == [91, 4]
