"""Laws of `check`: the shipped content has no problem, and each kind of mistake is found, with its place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows import proof
from flows.library import CONTENT, Path_, Problem
from flows.plan import NOTHING_FOUND
from flows.proof import Report, check
from flows.rules import NEVER, parse
from flows.schema import Content, Gate

Found = list[tuple[str, Path_, str]]


@pytest.fixture(scope="module")
def shipped() -> Report:
    return check()


def test_the_shipped_content_has_no_problem(shipped: Report) -> None:
    assert [str(problem) for problem in shipped.problems] == []


def test_the_report_shows_every_row_of_the_articles_with_what_carries_it(content: Content, shipped: Report) -> None:
    rows = [line for line in shipped.lines if re.match(r"S\d-\d+: ", line)]
    assert len(rows) == 10 + 14 + 13 + 10 + 14
    assert all(re.fullmatch(r"S\d-\d+: (left out: .+|[\w.]+(, [\w.]+)*)", row) for row in rows)
    assert [row.partition(":")[0] for row in rows] == [row.id for row in content.sources.articles]


def test_the_report_ends_with_the_version_and_the_reading_grade(content: Content, shipped: Report) -> None:
    assert re.fullmatch(rf"content {content.settings.content_version}; mean reading grade \d+\.\d", shipped.lines[-1])


def test_telephone_numbers_that_nobody_verified_are_owed(content: Content, shipped: Report) -> None:
    (owed,) = [line for line in shipped.lines if line.startswith("owed before release")]
    assert all(row.name in owed for row in content.countries.countries if row.verified_on is None)
    verified = tuple(row.model_copy(update={"verified_on": "2026-01-01"}) for row in content.countries.countries)
    countries = content.countries.model_copy(update={"countries": verified})
    assert not [line for line in proof._summary(content.model_copy(update={"countries": countries})) if "owed" in line]


# ---- mistakes in the files ---------------------------------------------------------------------------------------

LONG = "word " * 500
MISTAKES: list[tuple[str, str, str, str, str]] = [
    # file, what stands there, the mistake, where it is reported ("" = where it stands), what is said
    ("planning.yaml", "[open_book, bird_dog", "[open_bok, bird_dog", "- id: F_SLUMP", "there is no exercise 'open_bok'"),
    ("planning.yaml", "{advice: T_SHOES}", "{advice: T_SHOE}", "- id: F_SHOES", "there is no advice 'T_SHOE'"),
    ("planning.yaml", "remove: [front_plank]", "remove: [plank]", "- id: pain_core", "there is no exercise 'plank'"),
    ("planning.yaml", "      - clamshell\n", "      - klamshell\n", "- id: gentle", "there is no exercise 'klamshell'"),
    ("planning.yaml", "{knee_to_chest: 3,", "{knee_to_nose: 3,", "- id: extension_intolerant", "there is no exercise 'knee_to_nose'"),
    ("planning.yaml", "  leg_strength: 3", "  strong_legs: 3", "base_points:", "there is no exercise 'strong_legs'"),
    ("planning.yaml", "sl_bridge_iso: glute_bridge}", "sl_bridge_iso: bridge}", "substitute:", "there is no exercise 'bridge'"),
    ("planning.yaml", "[standing_twist, open_book]}", "[sitting_twist, open_book]}", "families:", "there is no exercise 'sitting_twist'"),
    ("planning.yaml", "exercises: [side_plank], level", "exercises: [sideplank], level", "levels:", "there is no exercise 'sideplank'"),
    ("planning.yaml", "needs: [standing_twist, cat_camel]", "needs: [cat_cow]", "- id: T_MOVE", "there is no exercise 'cat_cow'"),
    ("planning.yaml", "running_advice: T_RUNNING", "running_advice: T_RUN", "always_advice:", "there is no advice 'T_RUN'"),
    ("planning.yaml", "- id: pain_T2", "- id: pain_T3", "- id: pain_T3", "pain_T3 stands twice"),
    ("planning.yaml", "source: [S3, W43]", "source: [S3, W430]", "- id: F_SHOES", "there is no source 'W430'"),
    ("planning.yaml", "{answer: T7, is: arch}", "{answer: T7, is: arc}", "", "T7 is never 'arc'"),
    ("red_flags.yaml", "when: {answer: rf, is: RF_SHAPE}", "when: {answer: rg, is: RF_SHAPE}", "", "a condition reads 'rg'"),
    ("red_flags.yaml", "when: {answer: site, is: upper}", "when: {answer: site, is: uper}", "", "site is never 'uper'"),
    ("red_flags.yaml", "reason: the skin between", "reason: the deadly skin between", "", "the text says 'deadly'"),
    ("red_flags.yaml", "tell: back pain of 9", "tell: diagnosis of 9", "", "the text says 'diagnosis'"),
    ("self_tests.yaml", "exercises: [hamstring_wall]", "exercises: [ham_wall]", "- id: T3", "there is no exercise 'ham_wall'"),
    ("self_tests.yaml", "allow: [T1]\n", "allow: [T0]\n", "GATE", "there is no self-test 'T0'"),
    ("self_tests.yaml", "ask_again: [Q08]", "ask_again: [Q80]", "TINGLE", "yes reopens 'Q80', which does not exist"),
    ("self_tests.yaml", "{T2: tight, T2_side: left}", "{T2: tied, T2_side: left}", "T2Q", "T2 is never 'tied'"),
    ("low_back_pain.yaml", "{value: across,", "{value: accross,", "- id: Q07", "site is never 'accross'"),
    ("low_back_pain.yaml", "field: sit\n", "field: sitt\n", "- id: Q16", "Q16 stores 'sitt', which settings.yaml does not have"),
    ("low_back_pain.yaml", "text: Thank you for", "text: Thank you {name_} for", "END", "nothing fills {name_}"),
    ("low_back_pain.yaml", "- id: W1", "- id: QP1", "- id: QP1", "QP1 stands twice"),
    ("sources.yaml", "- id: S4-14", "- id: S5-14", "articles:", "S4 has 13 rows of 14"),
    ("sources.yaml", "carried_by: [couch_stretch, hip_cars]", "carried_by: [couch_potato]", "- id: S4-9", "there is no content with id 'couch_potato'"),
    ("exercises.yaml", "common_rules: >-", f"common_rules: {LONG}", "", "the text has 2499 characters"),
]
