"""Laws of the days after a full screen: clinical.md section 6."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml12
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.__main__ import main
from flows.check_ins import Reported, Start
from flows.courses import begin, course, report, written
from flows.follow_up import follow
from flows.schema import Content, Disposition
from flows.simulate import AnswerError
from tests.answers import CALM

Plain = dict[str, Any]
CASES = Path(__file__).parent / "follow_ups"
GOOD: Plain = {"done": "all", "pain": "0-2", "effort": "easy"}
FINE: Plain = {"ran": "yes", "worst": "0-2", "morning": "same", "limp": "no"}
AMBER: Plain = {**FINE, "worst": "3-5"}
RED: Plain = {**FINE, "worst": "6+"}
WALKED: Plain = {"walk": "ok", "kerb": "ok"}


def each(first: int, last: int, **parts: Any) -> list[Plain]:
    """The same check-in on each of these days; C1 clean unless it says otherwise."""
    return [{"day": day, "C1": [], **parts} for day in range(first, last + 1)]


def outcome(content: Content, start: Plain, *days: list[Plain]) -> dict[int, Plain]:
    """What stands after each day."""
    line = json.dumps({"start": start, "days": [day for part in days for day in part]})
    return {day["day"]: day for day in course(content, line)["days"]}


def last(content: Content, start: Plain, *days: list[Plain]) -> Plain:
    return list(outcome(content, start, *days).values())[-1]


def actions(days: dict[int, Plain]) -> list[tuple[int, str]]:
    return [(day, action) for day, after in days.items() for action in after["actions"]]


def when(days: dict[int, Plain], action: str) -> list[int]:
    return [day for day, each in actions(days) if each.split(":")[0] == action]


# ---- the acceptance table ----------------------------------------------------------------------------------------


def cases() -> Iterator[Plain]:
    for path in sorted(CASES.glob("*.yaml")):
        told: Any = yaml12.parse_yaml(path.read_text(encoding="utf-8"))
        yield from told


def spelled_out(days: list[Plain]) -> list[Plain]:
    return [
        {**{name: part for name, part in day.items() if name != "to"}, "day": at}
        for day in days
        for at in range(day["day"], {"to": day["day"], **day}["to"] + 1)
    ]


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case["id"])
def test_a_course_of_days_leads_where_the_specification_says(content: Content, case: Plain) -> None:
    days = outcome(content, case["start"], spelled_out(case["days"]))
    for expected in case["expect"]:
        after = days[expected["day"]]
        for name, value in expected.items():
            match name:
                case "has":
                    assert set(value) <= set(after["actions"]), after
                case "lacks":
                    assert set(value).isdisjoint(after["actions"]), after
                case "without":
                    assert set(value).isdisjoint(after["levels"]), after
                case "size":
                    assert len(after["levels"]) == value, after
                case "levels" if value:
                    assert value.items() <= after["levels"].items(), after
                case _:
                    assert after[name] == value, (name, after)


def test_the_acceptance_table_is_whole() -> None:
    assert {case["id"] for case in cases()} >= {f"U{number}" for number in range(1, 16)}


# ---- terms and order (6.0), silence (6.7) ------------------------------------------------------------------------


def test_seven_missed_dates_are_fine_with_six_and_pause_with_seven(content: Content) -> None:
    assert last(content, {}, each(1, 1), each(8, 8))["state"] == "ACTIVE"
    days = outcome(content, {}, each(1, 1), each(9, 10))
    assert (days[9]["state"], days[9]["actions"]) == ("PAUSED", ["FULL_SCREEN"])
    assert (days[10]["state"], days[10]["actions"]) == ("PAUSED", [])


def test_a_missing_day_and_a_day_without_answers_are_the_same(content: Content) -> None:
    bare = [{"day": day} for day in range(2, 9)]
    silent = outcome(content, {"nprs": 6, "run_status": "less"}, each(1, 1, C2=5), bare)
    assert silent[8] == last(content, {"nprs": 6, "run_status": "less"}, each(1, 1, C2=5), [{"day": 8}])


def test_warning_signs_still_act_after_silence_and_while_paused(content: Content) -> None:
    days = outcome(content, {}, [{"day": 9, "C1": ["RF_WEAK"]}], [{"day": 10, "C1": ["RF_SADDLE"], "C2": 9}])
    assert days[9]["actions"] == ["FULL_SCREEN", "D_FLAG"]
    assert days[9]["disposition"] == "URGENT"
    assert days[10]["actions"] == ["D_FLAG", "D_PAIN9"]
    assert days[10]["disposition"] == "EMERGENCY"


def test_a_standing_id_is_no_news_but_a_bone_pain_always_is(content: Content) -> None:
    start = {"rf": ["RF_CYCLE"], "bone": ["BS_PREV"]}
    assert last(content, start, each(1, 1, C1=["RF_CYCLE", "BS_PREV"]))["actions"] == []
    assert last(content, {"bone": ["BS_SPOT"]}, each(1, 1, C1=["BS_SPOT"]))["actions"] == ["D_FLAG"]


def test_a_new_physio_sign_refers_and_a_new_plan_is_made_only_if_rules_changed(content: Content) -> None:
    after = last(content, {"nprs": 3}, each(1, 1, C1=["RF_FALL"], C2=3))
    assert (after["state"], after["disposition"], after["running"]) == ("REFERRED", "PHYSIO", "WALK")
    assert len(after["levels"]) == 4


def test_a_sign_that_was_named_counts_in_every_later_run_of_the_rules(content: Content) -> None:
    days = outcome(content, {"nprs": 4}, each(1, 1, C1=["RF_FALL"]), each(2, 14, C2=3, C3=SOME))
    assert when(days, "REFRESH") == [14]
    assert len(days[14]["levels"]) == len(days[1]["levels"]) == 4


def test_clearance_covers_only_what_was_known(content: Content) -> None:
    start = {"rf": ["RF_CANCER"], "cleared": "yes"}
    assert last(content, start, each(1, 1, C1=["RF_CANCER"]))["state"] == "ACTIVE"
    assert last(content, start, each(1, 1, C1=["RF_SURG"]))["disposition"] == "DOCTOR"


def test_the_disposition_never_falls_from_physio_but_caution_may_end(content: Content) -> None:
    assert last(content, {"nprs": 7}, each(1, 2, C2=4))["disposition"] == "SELF_CARE"
    assert last(content, {"nprs": 7, "dur": "2_6w"}, each(1, 14, C2=2))["disposition"] == "PHYSIO"


def test_on_a_gates_day_the_bone_pains_become_what_was_named(content: Content) -> None:
    days = outcome(content, {"bone": ["BS_SPOT"]}, each(1, 6), each(7, 7, C1=["BS_LIMP"]))
    assert days[7]["actions"] == ["D_FLAG", "D_BSI_STILL"]
    added = outcome(content, {"bone": ["BS_SPOT"]}, each(1, 1, C1=["BS_LIMP"]))
    assert added[1]["disposition"] == "DOCTOR"
    assert added[1]["actions"] == ["D_FLAG"]


# ---- a full screen (6.1) -----------------------------------------------------------------------------------------


def test_only_a_full_screen_leaves_paused_and_begins_anew(content: Content) -> None:
    days = outcome(
        content, {}, each(1, 1, C1=["RF_SHAPE"]), each(2, 2, C2=0), each(3, 3, screen={"nprs": 4}), each(4, 4, C2=7)
    )
    assert [days[day]["state"] for day in (1, 2, 3, 4)] == ["PAUSED", "PAUSED", "ACTIVE", "ACTIVE"]
    assert days[3]["actions"] == ["NEW_PLAN"]
    assert (days[3]["light"], days[3]["label"]) == (None, "not_enough_data")


@pytest.mark.parametrize(
    ("day", "assessed", "state"), [(2, "yes", "ACTIVE"), (1, "yes", "PAUSED"), (2, "no", "PAUSED"), (2, None, "PAUSED")]
)
def test_after_an_urgent_result_a_full_screen_counts_later_and_with_a_professionals_word(
    content: Content, day: int, assessed: str | None, state: str
) -> None:
    screened = {"day": day, "screen": {}, **({"assessed": assessed} if assessed else {})}
    assert last(content, {}, each(1, 1, C1=["RF_FEVER"]), [screened])["state"] == state


def test_a_full_screen_that_allows_no_exercises_pauses(content: Content) -> None:
    flagged = last(content, {}, each(1, 1, screen={"rf": ["RF_SHAPE"]}))
    assert (flagged["state"], flagged["disposition"], flagged["actions"]) == ("PAUSED", "DOCTOR", ["D_FLAG"])
    pregnant = last(content, {}, each(1, 1, screen={"life": "preg"}))
    assert (pregnant["state"], pregnant["disposition"], pregnant["actions"]) == ("PAUSED", "PHYSIO", [])


def test_a_full_screen_after_silence_says_both(content: Content) -> None:
    assert last(content, {}, each(8, 8, screen={}))["actions"] == ["FULL_SCREEN", "NEW_PLAN"]


def test_a_course_that_starts_without_a_plan_is_paused(content: Content) -> None:
    after = last(content, {"rf": ["RF_SADDLE"]}, each(1, 1, C2=1))
    assert (after["state"], after["disposition"], after["levels"]) == ("PAUSED", "EMERGENCY", {})


# ---- labels (6.4) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "label"),
    [
        ({"nprs": 5}, each(1, 3, C2=1), "not_enough_data"),
        ({"nprs": 5}, each(1, 4, C2=3), "improved"),
        ({"nprs": 5}, each(1, 4, C2=4), "slight"),
        ({"nprs": 5}, each(1, 4, C2=5), "unchanged"),
        ({"nprs": 3}, each(1, 4, C2=2), "improved"),
        ({"nprs": 4}, each(1, 4, C2=3), "slight"),
        ({"nprs": 4}, each(1, 2, C2=6), "worse"),
        ({"nprs": 4}, each(1, 1, C2=7), "not_enough_data"),
        ({"nprs": 5}, [*each(1, 3, C2=2), *each(4, 4, C2=2, W2="worse")], "worse"),
        ({"nprs": 5}, [*each(1, 3, C2=2, W2="much_worse"), *each(4, 4, C2=2, W2="same")], "improved"),
        ({"nprs": 2}, each(1, 4, C2=1), "not_enough_data"),
        ({"nprs": 2, "W1": 6}, each(1, 4, C2=2, W1=8), "improved"),
        ({"nprs": 2, "W1": 6}, each(1, 4, C2=2, W1=7), "slight"),
        ({"nprs": 2, "W1": 6}, each(1, 4, C2=2, W1=6), "unchanged"),
        ({"nprs": 2, "W1": 9}, each(1, 4, C2=2, W1=9), "improved"),
        ({"nprs": 2, "W1": 9}, each(1, 4, C2=3, W1=9), "unchanged"),
        ({"nprs": 2, "W1": 9}, each(1, 3, C2=1, W1=9), "unchanged"),
        ({"nprs": 2}, [*each(1, 3, C2=2, W1=5), *each(4, 4, C2=2, W1=7)], "improved"),
        ({"nprs": 4}, [*each(1, 3, C2=1), *each(4, 17, C2=1, W1=9)], "recovered"),
        ({"nprs": 4}, [*each(1, 3, C2=1), *each(4, 16, C2=1, W1=9)], "improved"),
        ({"nprs": 4}, [*each(1, 3, C2=1), *each(4, 17, C2=1, W1=8)], "improved"),
    ],
)
def test_labels_follow_the_exact_means(content: Content, start: Plain, days: list[Plain], label: str) -> None:
    assert last(content, start, days)["label"] == label


# ---- strong pain and the rows of any day (6.5) -------------------------------------------------------------------


def test_pain_of_nine_is_urgent(content: Content) -> None:
    after = last(content, {"nprs": 8, "dur": "2_6w"}, each(1, 1, C2=9))
    assert (after["state"], after["disposition"], after["actions"]) == ("PAUSED", "URGENT", ["D_PAIN9"])


@pytest.mark.parametrize(("start", "pain", "spiked"), [(2, 6, True), (2, 5, False), (6, 8, False), (5, 8, True)])
def test_a_spike_is_three_above_the_start_and_six_at_least(
    content: Content, start: int, pain: int, spiked: bool
) -> None:
    assert ("D_SPIKE" in last(content, {"nprs": start}, each(1, 2, C2=pain))["actions"]) is spiked
    assert "D_SPIKE" not in last(content, {"nprs": start}, each(1, 1, C2=pain), each(3, 3, C2=pain))["actions"]


def test_nine_does_not_spike_above_a_high_start(content: Content) -> None:
    assert "D_SPIKE" not in last(content, {"nprs": 7}, each(1, 2, C2=8))["actions"]


def test_worse_acts_once_then_after_a_week_and_not_again_within_it(content: Content) -> None:
    days = outcome(content, {"nprs": 3}, each(1, 2, C2=5), each(3, 5, C2=3), each(6, 12, C2=5))
    assert when(days, "D_WORSE") == [2]
    assert when(days, "D_WORSE7") == [9]
    assert days[12]["state"] == "REFERRED"
    eased = outcome(content, {"nprs": 3}, each(1, 2, C2=5), each(3, 10, C2=3), each(11, 14, C2=5))
    assert when(eased, "D_WORSE") == [2, 13]
    assert when(eased, "D_WORSE7") == []


def test_strong_early_pain_is_decided_every_48_hours_and_refers_after_a_week(content: Content) -> None:
    days = outcome(content, {"nprs": 7}, each(1, 9, C2=7, C3=SOME))
    assert when(days, "D_IRRIT_STAYS") == [2, 4, 6, 8]
    assert when(days, "D_IRRIT_PHYSIO") == [8]
    assert (days[8]["state"], len(days[8]["levels"])) == ("REFERRED", 4)
    waiting = outcome(content, {"nprs": 7}, each(1, 2), each(3, 3, C2=6))
    assert actions(waiting) == [(3, "D_IRRIT_EASED")]
    assert len(waiting[3]["levels"]) == 5


def test_bone_pain_that_has_gone_brings_the_plan_back_and_running_weeks_later(content: Content) -> None:
    days = outcome(content, {"bone": ["BS_SPOT"]}, each(1, 7, C2=2), each(8, 30, C2=2, L=WALKED))
    assert when(days, "D_BSI_FREE") == [7]
    assert [days[day]["running"] for day in (7, 20)] == ["STOP", "STOP"]
    assert when(days, "LADDER_START") == [21]
    assert (days[21]["ladder_step"], days[21]["running"]) == (1, "EASY")
    assert {"hip_cars", "band_abduction", "leg_strength"}.isdisjoint(days[20]["levels"])
    back = last(content, {"bone": ["BS_SPOT"]}, each(1, 8, C2=2), each(9, 9, C1=["BS_LIMP"]))
    assert back["actions"] == ["D_FLAG", "D_BSI_BACK"]
    assert (back["state"], back["disposition"]) == ("PAUSED", "DOCTOR")


def test_bone_pain_is_still_there_when_the_check_was_not_answered(content: Content) -> None:
    after = last(content, {"bone": ["BS_SPOT"]}, each(1, 6), [{"day": 7, "C2": 2}])
    assert after["actions"] == ["D_BSI_STILL"]


def test_bone_stress_that_fires_later_counts_from_that_day_and_ends_the_ladder(content: Content) -> None:
    start = {"nprs": 2, "run_status": "less"}
    days = outcome(content, start, each(1, 2), each(3, 3, C1=["BS_SPOT"]), each(4, 10))
    assert (days[2]["ladder_step"], days[3]["ladder_step"]) == (7, 0)
    assert (days[3]["light"], days[3]["running"]) == ("BONE", "STOP")
    assert when(days, "D_BSI_FREE") == [10]


# ---- the rows of a day (6.5) -------------------------------------------------------------------------------------

SOME: Plain = {"done": "some", "pain": "0-2", "effort": "ok"}


@pytest.mark.parametrize(
    ("start", "days", "row"),
    [
        ({}, [*each(1, 6, C3=GOOD), *each(7, 7, W5="yes")], "D_WORRY"),
        ({}, each(1, 7, C2=3), "D7_ADHERENCE"),
        ({"leg": "below_knee", "nprs": 5}, each(1, 14, C2=5, C3=SOME), "D14_RADIC"),
        ({}, [*each(1, 6), *each(7, 7, W5="yes"), *each(8, 14, C2=3)], "D14_WORRY"),
        ({"nprs": 5}, each(1, 14, C2=4), "D14_BETTER"),
        ({"nprs": 5}, each(1, 14, C2=5, C3=SOME), "D14_SAME"),
        ({"nprs": 5}, each(1, 14, C2=5), "D14_ADHERENCE"),
        ({"age": "50_64", "newkind": "yes"}, each(1, 14, C2=3), "D14_AGE50"),
        ({"nprs": 5}, each(1, 28, C2=4), "D28"),
        ({"nprs": 5}, each(1, 42, C2=3), "D42"),
        ({"nprs": 5}, each(1, 84, C2=2), "D84"),
        ({"nprs": 5}, each(1, 84), "D84"),
        ({"nprs": 4}, [*each(1, 3, C2=1), *each(4, 17, C2=1, W1=9)], "D_RECOVERED"),
    ],
)
def test_a_row_acts_on_its_day(content: Content, start: Plain, days: list[Plain], row: str) -> None:
    after = outcome(content, start, days)
    assert when(after, row) == [days[-1]["day"]]
    disposition = {"D14_AGE50": "DOCTOR", "D14_WORRY": "PHYSIO", "D28": "PHYSIO", "D42": "PHYSIO", "D84": "PHYSIO"}
    if row in disposition:
        assert list(after.values())[-1]["disposition"] == disposition[row]


@pytest.mark.parametrize(
    ("start", "days", "row"),
    [
        ({}, each(1, 7, C2=3, C3=SOME), "D7_ADHERENCE"),
        ({"leg": "below_knee", "nprs": 5}, each(1, 14, C2=4), "D14_RADIC"),
        ({"nprs": 5}, [*each(1, 13, C2=5), *each(14, 14, C2=5, W2="worse")], "D14_ADHERENCE"),
        ({"age": "50_64", "newkind": "yes"}, each(1, 14, C2=2), "D14_AGE50"),
        ({"nprs": 5}, each(1, 28, C2=3), "D28"),
        ({"nprs": 5}, each(1, 42, C2=2), "D42"),
        ({"nprs": 5}, each(1, 84, C2=1), "D84"),
    ],
)
def test_a_row_does_not_act_when_its_condition_is_not_true(
    content: Content, start: Plain, days: list[Plain], row: str
) -> None:
    assert when(outcome(content, start, days), row) == []


def test_a_day_of_the_table_is_the_first_check_in_on_or_after_it_once(content: Content) -> None:
    days = outcome(content, {}, each(1, 6), each(9, 10))
    assert when(days, "D7_ADHERENCE") == [9]


def test_a_simplified_plan_keeps_one_mobility_and_two_strength_exercises_until_it_is_made_anew(
    content: Content,
) -> None:
    days = outcome(content, {"nprs": 5}, each(1, 14, C2=4))
    assert list(days[7]["levels"]) == list(days[6]["levels"])[:1] + list(days[6]["levels"])[2:4]
    assert days[7]["actions"][-1] == "SIMPLIFY"
    assert len(days[14]["levels"]) == 6


def test_days_28_and_42_refresh_unless_it_is_worse(content: Content) -> None:
    assert when(outcome(content, {"nprs": 5}, each(1, 42, C2=3)), "REFRESH") == [14, 28, 42]
    worse = outcome(content, {"nprs": 5}, each(1, 27, C2=3), each(28, 28, C2=3, W2="worse"))
    assert 28 not in when(worse, "REFRESH")


def test_a_refresh_that_finds_a_doctors_case_pauses(content: Content) -> None:
    start = {"nprs": 7, "leg": "below_knee"}
    after = last(content, start, each(1, 13, C2=7), each(14, 14, C2=8), each(15, 27, C2=7), each(28, 28, C2=8))
    assert after["actions"][-2:] == ["REFRESH", "D_FLAG"]
    assert (after["state"], after["disposition"]) == ("PAUSED", "DOCTOR")


def test_no_row_acts_after_the_late_questions_have_paused_the_plan(content: Content) -> None:
    start = {"leg": "below_knee", "nprs": 5}
    after = last(content, start, each(1, 84, C2=5, C3=SOME), each(85, 85, C2=8, W2="worse", Q11b={"onset": "45p"}))
    assert (after["label"], after["state"], after["actions"]) == ("worse", "PAUSED", ["D_FLAG"])


def test_a_pinch_in_the_hip_refers_when_the_test_is_done(content: Content) -> None:
    after = last(content, {"nprs": 3}, each(1, 2, C2=3), each(3, 3, C2=7, tests={"T4": "pain"}))
    assert (after["state"], after["disposition"], len(after["levels"])) == ("REFERRED", "PHYSIO", 6)
    assert last(content, {"nprs": 3}, each(1, 3, C2=3, tests={"T2": "pain"}))["disposition"] == "SELF_CARE"


# ---- recovered ---------------------------------------------------------------------------------------------------

RECOVERED = [*each(1, 3, C2=1), *each(4, 17, C2=1, W1=9)]


def test_recovered_keeps_the_plan_and_only_warning_signs_act(content: Content) -> None:
    days = outcome(content, {"nprs": 4}, RECOVERED, each(18, 40, C2=2, C3={**GOOD, "pain": "5+"}))
    assert days[17]["state"] == "DONE"
    assert days[40]["state"] == "DONE"
    assert days[40]["levels"] == days[17]["levels"]
    assert actions({day: days[day] for day in range(18, 41)}) == []


@pytest.mark.parametrize(
    ("parts", "acted"),
    [
        ({"C2": 3}, ["FULL_SCREEN"]),
        ({"C1": ["RF_CYCLE"], "C2": 0}, ["D_FLAG", "FULL_SCREEN"]),
        ({"C1": ["RF_FEVER"], "C2": 0}, ["D_FLAG"]),
    ],
)
def test_pain_or_a_sign_that_comes_back_needs_a_full_screen(content: Content, parts: Plain, acted: list[str]) -> None:
    after = last(content, {"nprs": 4}, RECOVERED, each(18, 18, **parts))
    assert (after["state"], after["actions"]) == ("PAUSED", acted)


def test_nobody_has_recovered_beside_a_new_sign_nor_before_bone_pain_is_decided(content: Content) -> None:
    """After a recovery the row that ends bone stress would not act any more, and running would stay off for good."""
    well: Plain = {"C2": 1, "W1": 9}
    sign = outcome(content, {"nprs": 4}, RECOVERED[:-1], each(17, 17, C1=["RF_CYCLE"], **well), each(18, 18, **well))
    assert [(sign[day]["label"], sign[day]["state"]) for day in (17, 18)] == [
        ("recovered", "REFERRED"),
        ("recovered", "DONE"),
    ]
    bone = outcome(content, {"nprs": 4}, RECOVERED[:-1], each(17, 17, C1=["BS_SPOT"], **well), each(18, 25, **well))
    assert (when(bone, "D_BSI_FREE"), when(bone, "D_RECOVERED")) == ([24], [25])


def test_the_way_back_goes_on_after_recovery_and_the_plan_stays(content: Content) -> None:
    recovered = [*each(1, 3, C2=1, C3=SOME), *each(4, 17, C2=1, W1=9, C3=SOME)]
    days = outcome(content, {"nprs": 4, "run_status": "stopped_ge4w"}, recovered, each(18, 19, C2=1, L=WALKED))
    assert days[17]["state"] == "DONE"
    assert days[19]["actions"] == ["LADDER_START"]
    assert (days[19]["state"], days[19]["ladder_step"]) == ("DONE", 1)
    assert days[19]["levels"] == days[17]["levels"]


@pytest.mark.parametrize(("result", "disposition"), [("pain", "PHYSIO"), ("ok", "SELF_CARE")])
def test_a_retest_after_recovery_counts_when_the_rules_run_again(
    content: Content, result: str, disposition: str
) -> None:
    recovered = [*each(1, 3, C2=1, C3=SOME), *each(4, 17, C2=1, W1=9, C3=SOME)]
    retested = [*each(18, 18, C2=1, L=WALKED, tests={"T4": result}), *each(19, 19, C2=1, L=WALKED)]
    days = outcome(content, {"nprs": 4, "run_status": "stopped_ge4w"}, recovered, retested)
    assert (days[18]["state"], days[18]["disposition"], days[18]["levels"]) == ("DONE", "SELF_CARE", days[17]["levels"])
    assert (days[19]["actions"], days[19]["disposition"]) == (["LADDER_START"], disposition)
    assert (days[19]["state"], days[19]["levels"]) == ("DONE", days[17]["levels"])


def test_silence_after_recovery_is_fine(content: Content) -> None:
    assert last(content, {"nprs": 4}, RECOVERED, each(200, 200, C2=1))["state"] == "DONE"


# ---- exercises (6.3) ---------------------------------------------------------------------------------------------


def test_two_exercises_a_week_go_up_strength_first_and_none_before_day_seven(content: Content) -> None:
    days = outcome(content, {"nprs": 1}, each(1, 21, C2=1, C3=GOOD))
    assert [(day, action) for day, action in actions(days) if action.startswith("LEVEL_UP")] == [
        (7, "LEVEL_UP:bird_dog"),
        (7, "LEVEL_UP:side_plank"),
        (15, "LEVEL_UP:glute_bridge"),
        (15, "LEVEL_UP:front_plank"),
    ]


def test_after_a_level_down_a_week_passes_before_the_same_exercise_goes_up(content: Content) -> None:
    bad = each(26, 26, C2=1, C3={**GOOD, "pain": "5+", "hurt": ["bird_dog"]})
    days = outcome(content, {"nprs": 1}, each(1, 25, C2=1, C3=GOOD), bad, each(27, 45, C2=1, C3=GOOD))
    changes = [(day, act) for day, act in actions(days) if act.endswith(":bird_dog")]
    assert [act for _, act in changes[:2]] == ["LEVEL_UP:bird_dog", "LEVEL_DOWN:bird_dog"]
    assert changes[2][1] == "LEVEL_UP:bird_dog" and changes[2][0] >= 33
    assert "LEVEL_UP:side_plank" in days[29]["actions"]


def test_after_a_restored_dose_a_week_passes_before_the_same_exercise_goes_up(content: Content) -> None:
    bad = each(1, 1, C2=2, C3={**GOOD, "pain": "5+", "hurt": ["bird_dog"]})
    days = outcome(content, {"nprs": 2}, bad, each(2, 40, C2=2, C3=GOOD))
    changes = [(day, act.split(":")[0]) for day, act in actions(days) if act.endswith(":bird_dog")]
    assert changes[:2] == [(1, "HALVE_DOSE"), (22, "RESTORE_DOSE")]
    assert changes[2][0] >= 29


def test_two_complete_sessions_are_not_enough(content: Content) -> None:
    days = outcome(content, {"nprs": 2}, each(1, 6, C2=2, C3=SOME), each(7, 9, C2=2, C3=GOOD))
    assert when(days, "LEVEL_UP") == [9, 9]


def test_a_complete_session_on_an_unclean_day_is_not_among_the_three(content: Content) -> None:
    unclean = [{"day": 7, "C2": 2, "C3": GOOD}]
    days = outcome(content, {"nprs": 2}, each(1, 5, C3=SOME), each(6, 6, C3=GOOD), unclean, each(8, 10, C3=GOOD))
    assert when(days, "LEVEL_UP") == [10, 10]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"C3": {**GOOD, "pain": "3-4"}},
        {"C3": {**GOOD, "effort": "hard"}},
        {"C3": {**GOOD, "done": "some"}},
        {"C3": {"done": "all", "effort": "ok"}},
        {"C3": {"done": "all", "pain": "0-2"}},
        {"C3": GOOD, "C1": ["RF_CYCLE"]},
        {"C3": GOOD, "W2": "worse"},
        {"C2": 4, "C3": GOOD},
    ],
)
def test_a_session_that_was_not_good_holds_everything(content: Content, spoilt: Plain) -> None:
    days = outcome(content, {"nprs": 2}, each(1, 6, C2=2, C3=GOOD), each(7, 7, **{"C2": 2, **spoilt}))
    assert when(days, "LEVEL_UP") == []


def test_nothing_goes_up_when_the_warning_signs_were_not_answered(content: Content) -> None:
    after = last(content, {"nprs": 2}, each(1, 6, C2=2, C3=GOOD), [{"day": 7, "C2": 2, "C3": GOOD}])
    assert after["actions"] == []


def test_nothing_goes_up_in_a_gentle_plan(content: Content) -> None:
    assert when(outcome(content, {"leg": "below_knee"}, each(1, 13, C2=3, C3=GOOD)), "LEVEL_UP") == []


def test_pain_touches_what_was_named_and_otherwise_everything(content: Content) -> None:
    named = last(content, {}, each(1, 1, C2=3, C3={**GOOD, "pain": "5+", "hurt": ["bird_dog"]}))
    assert named["actions"] == ["HALVE_DOSE:bird_dog"]
    unnamed = last(content, {}, each(1, 1, C2=3, C3={**GOOD, "pain": "5+"}))
    assert unnamed["actions"] == [f"HALVE_DOSE:{name}" for name in unnamed["levels"]]


def test_a_flare_goes_down_and_counts_from_the_dates_before(content: Content) -> None:
    assert len(last(content, {"nprs": 1}, each(1, 1, C2=3, C3=GOOD))["actions"]) == 6
    assert last(content, {"nprs": 1}, each(1, 1, C2=3))["actions"] == []
    assert last(content, {"nprs": 1}, each(4, 4, C2=3, C3=GOOD))["actions"] == []
    assert last(content, {"nprs": 1}, each(1, 1, C2=2), each(2, 2, C2=3, C3=GOOD))["actions"] == []


def test_every_second_hard_session_in_a_row_goes_down(content: Content) -> None:
    hard = {**GOOD, "effort": "hard"}
    days = outcome(content, {"nprs": 2}, each(1, 3, C2=2, C3=hard), each(4, 4, C2=2), each(5, 5, C2=2, C3=hard))
    assert when(days, "HALVE_DOSE") == [2] * 6
    assert {action.split(":")[0] for action in days[5]["actions"]} == {"SWAP", "REMOVE"}
    assert len(days[5]["actions"]) == 6
    broken = outcome(content, {"nprs": 2}, each(1, 1, C3=hard), each(2, 2, C3=GOOD), each(3, 3, C3=hard))
    assert actions(broken) == []


def test_a_restored_dose_ends_the_count_and_takes_the_place_of_a_level(content: Content) -> None:
    bad = {**GOOD, "pain": "5+", "hurt": ["bird_dog"]}
    early = outcome(content, {"nprs": 2}, each(1, 1, C2=2, C3=bad), each(2, 3, C2=2, C3=bad | {"pain": "0-2"}))
    assert when(early, "HALVE_DOSE") == [1]
    # Two at most go up in a week, those that were the same for longest first.
    days = outcome(
        content, {"nprs": 2}, each(1, 1, C2=2, C3=bad), each(2, 22, C2=2, C3=GOOD), each(23, 23, C2=2, C3=bad)
    )
    assert when(days, "RESTORE_DOSE") == [22]
    assert days[22]["levels"]["bird_dog"] == 1
    assert days[23]["actions"] == ["HALVE_DOSE:bird_dog"]


def test_what_was_removed_stays_out_until_the_next_full_screen(content: Content) -> None:
    bad = {**GOOD, "pain": "5+", "hurt": ["side_plank", "clamshell"]}
    days = outcome(content, {"nprs": 3}, each(1, 3, C2=3, C3=bad), each(4, 14, C2=2), each(15, 15, screen={"nprs": 3}))
    assert when(days, "REFRESH") == [14]
    assert {"side_plank", "clamshell"}.isdisjoint(days[14]["levels"])
    assert "side_plank" in days[15]["levels"]


def test_an_exercise_without_a_successor_is_removed_at_once(content: Content) -> None:
    bad = {**GOOD, "pain": "5+"}
    days = outcome(content, {"nprs": 3, "leg": "below_knee"}, each(1, 6, C2=3, C3=bad))
    assert days[2]["levels"] != days[1]["levels"]
    assert days[6]["levels"] == {}
    assert days[6]["state"] == "REFERRED"


def test_a_test_that_hurt_takes_its_exercise_out_at_once(content: Content) -> None:
    days = outcome(content, {}, each(1, 1, tests={"T4b": "pain"}), each(2, 2, tests={"SP": ["30p", "pain"]}))
    assert "hip_cars" not in days[1]["levels"]
    assert "side_plank" not in days[2]["levels"]
    assert "hip_cars" in last(content, {}, each(1, 1, tests={"T4b": "stiff"}))["levels"]
    assert "side_plank" in last(content, {}, each(1, 1, tests={"SP": "na"}))["levels"]


def test_a_stretch_reaches_maintenance_by_two_good_tests_two_weeks_apart(content: Content) -> None:
    def ups(at_start: str, *tests: tuple[int, str]) -> list[int]:
        start, found = {"T4": at_start, "T4b": "stiff", "nprs": 2}, dict(tests)
        days = [
            {**day, **({"tests": {"T4": found[day["day"]]}} if day["day"] in found else {})}
            for day in each(1, 25, C2=2, C3=GOOD)
        ]
        return [day for day, action in actions(outcome(content, start, days)) if action == "LEVEL_UP:piriformis_fig4"]

    assert ups("ok") == []
    assert ups("ok", (13, "ok")) == []
    assert ups("ok", (15, "ok")) == [22]
    assert ups("na", (1, "ok"), (15, "ok")) == [22]
    assert ups("ok", (8, "tight"), (16, "ok")) == []


def test_the_plank_needs_a_completed_circuit_for_its_third_level(content: Content) -> None:
    start = {"nprs": 2, "core": "short"}
    assert last(content, start, each(1, 7, C2=2, C3=GOOD))["levels"]["front_plank"] == 3
    failed = outcome(content, start, each(1, 6, C2=2, C3=GOOD), each(7, 13, C2=2, C3=GOOD, tests={"core": "fail"}))
    assert failed[13]["levels"]["front_plank"] == 2


def test_capped_exercises_stay_at_level_one(content: Content) -> None:
    days = outcome(content, {"nprs": 2, "life": "pp_3_12m", "timing": ["late_run"]}, each(1, 60, C2=2, C3=GOOD))
    assert days[60]["levels"]["front_plank"] == 1
    assert 3 in days[60]["levels"].values()


def test_the_superman_is_offered_once_when_bird_dog_is_mastered(content: Content) -> None:
    days = outcome(content, {"nprs": 2}, each(1, 40, C2=2, C3=GOOD))
    offered = when(days, "OFFER")
    assert len(offered) == 1
    assert offered[0] >= 21
    assert "superman" not in days[40]["levels"]
    assert when(outcome(content, {"nprs": 2, "worse": ["ext"]}, each(1, 40, C2=2, C3=GOOD)), "OFFER") == []


# ---- traffic light (6.2) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "light"),
    [
        (FINE, "GREEN"),
        ({**FINE, "morning": "bit_worse"}, "GREEN"),
        (AMBER, "AMBER"),
        ({**FINE, "worst": "6+"}, "RED"),
        ({**FINE, "morning": "clearly_worse"}, "RED"),
        ({**FINE, "limp": "yes"}, "RED"),
        ({"ran": "yes"}, "AMBER"),
        ({"ran": "yes", "worst": "0-2", "morning": "same"}, "AMBER"),
        ({"ran": "yes", "limp": "yes"}, "RED"),
        ({"ran": "no"}, None),
        ({}, None),
    ],
)
def test_the_light_of_a_run(content: Content, run: Plain, light: str | None) -> None:
    assert last(content, {}, each(1, 1, C4=run))["light"] == light


def test_a_run_that_was_not_allowed_counts_only_if_red(content: Content) -> None:
    assert last(content, {"nprs": 6}, each(1, 1, C4=FINE))["light"] is None
    assert last(content, {"nprs": 6}, each(1, 1, C4=RED))["light"] == "RED"


def test_without_a_ladder_the_distance_is_cut(content: Content) -> None:
    assert last(content, {}, each(1, 1, C4=RED))["actions"] == ["RUN_OFF_48H", "RUN_CUT_30"]
    days = outcome(content, {}, each(1, 4, C4=AMBER))
    assert actions(days) == [(3, "RUN_CUT_30")]


def test_two_reds_in_a_row_go_two_steps_down_and_two_in_a_week_refer(content: Content) -> None:
    start = {"nprs": 2, "run_status": "less"}
    days = outcome(
        content, start, each(1, 1, C2=2, C4=RED), each(2, 3, C2=2), each(4, 4, C2=2, C4=RED), each(5, 8, C2=2)
    )
    assert days[1]["ladder_step"] == 6
    assert days[4]["ladder_step"] == 4
    assert days[4]["actions"] == ["RUN_OFF_48H", "STEP_DOWN", "TWO_REDS"]
    assert (days[4]["state"], days[4]["disposition"]) == ("REFERRED", "PHYSIO")
    assert [days[day]["running"] for day in (5, 6, 7)] == ["WALK", "WALK", "EASY"]
    high = outcome(content, start, each(1, 1, C2=2, C4=RED), each(4, 4, C2=2, C4=RED), each(5, 8, C2=3))
    assert high[8]["running"] == "WALK"
    apart = outcome(content, start, each(1, 1, C2=2, C4=RED), each(2, 7, C2=2), each(8, 8, C2=2, C4=RED))
    assert when(apart, "TWO_REDS") == []


def test_two_greens_go_up_and_three_ambers_down_and_never_below_one(content: Content) -> None:
    start = {"nprs": 2, "run_status": "less"}
    days = outcome(content, start, each(1, 4, C2=2, C4=FINE), each(5, 10, C2=2, C4=AMBER))
    assert [days[day]["ladder_step"] for day in range(1, 11)] == [7, 8, 8, 9, 9, 9, 8, 8, 8, 7]
    assert when(days, "STEP_UP") == [2, 4]
    assert when(days, "STEP_DOWN") == [7, 10]
    low = outcome(content, start, *(each(day, day, C2=2, C4=RED) for day in range(1, 8)))
    assert low[5]["ladder_step"] == 1
    assert low[6]["actions"] == ["RUN_OFF_48H", "TWO_REDS"]


def test_nobody_steps_up_on_an_unclean_day_nor_with_too_little_energy_nor_beyond_the_last(content: Content) -> None:
    start = {"nprs": 2, "run_status": "less"}
    unclean = outcome(content, start, each(1, 1, C4=FINE), [{"day": 2, "C2": 2, "C4": FINE}])
    assert when(unclean, "STEP_UP") == []
    new = outcome(content, start, each(1, 1, C4=FINE), each(2, 2, C1=["RF_CYCLE"], C2=2, C4=FINE))
    assert when(new, "STEP_UP") == []
    worse = outcome(content, start, each(1, 1, C4=FINE), each(2, 2, C2=2, C4=FINE, W2="worse"))
    assert when(worse, "STEP_UP") == []
    assert when(outcome(content, {**start, "bone": ["BS_RED"]}, each(1, 6, C2=2, C4=FINE)), "STEP_UP") == []
    assert last(content, start, each(1, 12, C2=2, C4=FINE))["ladder_step"] == 10
    # The re-run of day 14 allows no running on that pain: a step up would be a permission beside it.
    sore = each(1, 12, C2=4, C3=GOOD), each(13, 13, C2=4, C4=FINE), each(14, 14, C2=5, C4=FINE)
    after = last(content, {**start, "nprs": 4}, *sore)
    assert (after["running"], after["ladder_step"], "STEP_UP" in after["actions"]) == ("WALK", 7, False)


# ---- the way back (6.6) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "nprs", "step", "running"),
    [
        ("usual", 2, None, "NORMAL"),
        ("less", 4, 7, "EASY"),
        ("less", 6, 0, "WALK"),
        ("stopped_lt4w", 2, 0, "WALK"),
        ("stopped_ge4w", 2, 0, "WALK"),
    ],
)
def test_where_the_way_back_begins(content: Content, status: str, nprs: int, step: int | None, running: str) -> None:
    after = last(content, {"run_status": status, "nprs": nprs}, each(1, 1))
    assert (after["ladder_step"], after["running"]) == (step, running)


STOPPED = {"run_status": "stopped_lt4w", "nprs": 3}


@pytest.mark.parametrize(
    ("start", "days", "step"),
    [
        (STOPPED, each(1, 2, C2=3, L=WALKED), 3),
        ({**STOPPED, "run_status": "stopped_ge4w"}, each(1, 2, C2=3, L=WALKED), 1),
        (STOPPED, each(1, 1, C2=3, L=WALKED), 0),
        (STOPPED, each(1, 2, C2=3, L={"walk": "ok"}), 0),
        (STOPPED, [*each(1, 1, C2=3, L=WALKED), *each(2, 2, L=WALKED)], 0),
        (STOPPED, each(1, 2, C2=5, L=WALKED), 0),
        (STOPPED, [*each(1, 1, C2=3, L=WALKED), {"day": 2, "C2": 3, "L": WALKED}], 0),
        (STOPPED, [*each(1, 1, C2=3, L=WALKED), *each(2, 2, C2=3, L={**WALKED, "walk": "not_ok"})], 0),
        (
            STOPPED,
            [*each(1, 1, C2=3, L={**WALKED, "walk": "not_ok"}), *each(2, 3, C2=3, L=WALKED)],
            3,
        ),
        (STOPPED, [*each(1, 1, C2=3, L=WALKED, C4={**FINE, "limp": "yes"}), *each(2, 4, C2=3, L=WALKED)], 0),
        (STOPPED, [*each(1, 1, C2=3, L=WALKED), *each(2, 2, C2=3, L={"walk": "ok", "kerb": "not_ok"})], 0),
        ({**STOPPED, "leg": "below_knee"}, each(1, 2, C2=3, L=WALKED), 0),
        ({**STOPPED, "leg": "below_knee"}, each(1, 2, C2=3, L={**WALKED, "leg": "ok"}), 0),
        ({**STOPPED, "leg": "below_knee"}, each(1, 2, C2=3, L={**WALKED, "leg": "ok", "clinician": "yes"}), 3),
        ({**STOPPED, "life": "pp_3_12m", "pelvic": "yes"}, each(1, 2, C2=3, L=WALKED), 0),
        ({**STOPPED, "bone": ["BS_RED"]}, each(1, 2, C2=3, L={**WALKED, "clinician": "no"}), 0),
        ({**STOPPED, "bone": ["BS_RED"]}, each(1, 2, C2=3, L={**WALKED, "clinician": "yes"}), 3),
        ({**STOPPED, "life": "pp_lt12w"}, each(1, 83, C2=3, L=WALKED), 0),
        ({**STOPPED, "life": "pp_lt12w"}, each(1, 84, C2=3, L=WALKED), 3),
        ({**STOPPED, "life": "pp_lt12w", "pelvic": "yes"}, each(1, 84, C2=3, L=WALKED), 0),
        ({"run_status": "less", "nprs": 6}, each(1, 2, C2=4, L=WALKED), 7),
        ({"run_status": "less", "nprs": 6}, [*each(1, 7, C2=4), *each(8, 9, C2=4, L=WALKED)], 3),
    ],
)
def test_the_first_step_needs_the_whole_entry_test(
    content: Content, start: Plain, days: list[Plain], step: int
) -> None:
    after = last(content, start, days)
    assert after["ladder_step"] == step
    assert ("LADDER_START" in after["actions"]) is (step > 0)


def test_without_a_ladder_running_comes_back_by_the_test_or_after_a_week_begins_one(content: Content) -> None:
    start = {"nprs": 6, "dur": "2_6w"}
    soon = last(content, start, each(1, 2, C2=4, L=WALKED))
    assert (soon["running"], soon["ladder_step"], soon["actions"], len(soon["levels"])) == ("EASY", None, [], 6)
    days = outcome(content, start, each(1, 10, C2=5))
    assert [days[day]["ladder_step"] for day in (7, 8)] == [None, 0]


def test_a_rule_that_fires_on_the_ladder_holds_running_until_the_entry_test(content: Content) -> None:
    """What held running at the first step no longer does; a fall since then has passed no test yet."""
    start = {"nprs": 2, "run_status": "less"}
    days = outcome(
        content, start, each(1, 1, C4=FINE), each(2, 2, C1=["RF_FALL"]), each(3, 12, C2=2, L=WALKED, C4=FINE)
    )
    assert [(days[day]["ladder_step"], days[day]["running"]) for day in (1, 2, 9)] == [(7, "EASY"), *[(7, "WALK")] * 2]
    assert (when(days, "STEP_UP"), when(days, "LADDER_START")) == ([12], [10])
    assert (days[10]["ladder_step"], days[10]["running"]) == (3, "EASY")


def test_a_missed_date_lifts_no_lock_of_the_label(content: Content) -> None:
    """Fewer values are no sign that it is better: the label of the last check-in stands until the next."""
    start = {"nprs": 2, "run_status": "less"}
    days = outcome(content, start, *(each(day, day, C2=4) for day in range(2, 13, 2)), [{"day": 13}])
    assert [days[day]["label"] == "worse" for day in (2, 4, 12)] == [False, True, True]
    assert [(days[day]["ladder_step"], days[day]["running"]) for day in (2, 4, 10)] == [(7, "EASY"), *[(7, "WALK")] * 2]
    assert [(days[day]["ladder_step"], days[day]["running"]) for day in (12, 13)] == [(0, "WALK")] * 2


def test_a_hold_ends_on_day_14(content: Content) -> None:
    days = outcome(content, {"nprs": 2, "load": ["race"]}, each(1, 14, C2=2))
    assert [days[day]["running"] for day in (13, 14)] == ["HOLD", "NORMAL"]


def test_the_first_step_is_no_day_for_levels(content: Content) -> None:
    days = outcome(content, STOPPED, each(1, 6, C2=3, C3=GOOD), each(7, 8, C2=3, C3=GOOD, L=WALKED))
    assert when(days, "LADDER_START") == [8]
    assert 7 in when(days, "LEVEL_UP")
    delayed = outcome(content, STOPPED, each(1, 5, C2=3, C3=GOOD), each(6, 7, C2=3, C3=GOOD, L=WALKED))
    assert when(delayed, "LADDER_START") == [7]
    assert when(delayed, "LEVEL_UP") == []


# ---- a check-in again --------------------------------------------------------------------------------------------


def test_a_later_check_in_of_a_date_replaces_the_first_but_takes_no_warning_sign_back(content: Content) -> None:
    first, second = each(1, 1, C1=["RF_CYCLE"], C2=9), each(1, 1, C2=2)
    after = last(content, {}, first, second)
    assert (after["disposition"], after["state"], after["actions"]) == ("PHYSIO", "REFERRED", ["D_FLAG"])
    assert last(content, {}, each(1, 1, C2=9), second)["actions"] == []


def test_a_full_screen_of_the_same_date_takes_an_urgent_sign_back_only_later(content: Content) -> None:
    flagged, screened = each(1, 1, C1=["RF_FEVER"]), [{"day": 1, "screen": {}, "assessed": "yes"}]
    assert last(content, {}, flagged, screened)["state"] == "PAUSED"
    assert last(content, {}, each(1, 1, C1=["RF_SHAPE"]), screened)["actions"] == ["NEW_PLAN"]
    assert last(content, {}, screened, each(1, 1))["actions"] == ["NEW_PLAN"]
    assert last(content, {}, screened, screened)["actions"] == ["NEW_PLAN"]


# ---- laws about every course -------------------------------------------------------------------------------------


def choice(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def parts(**each: st.SearchStrategy[Any]) -> st.SearchStrategy[Plain]:
    return st.fixed_dictionaries({}, optional=each)


NAMES = ("bird_dog", "front_plank", "side_plank", "cat_camel")
NEWS = ("RF_FEVER", "RF_SHAPE", "RF_CYCLE", "RF_FALL", "BS_SPOT", "BS_PREV", "BS_RED")
STARTS = st.builds(
    lambda answers, status: {**answers, **status},
    CALM,
    parts(run_status=choice("usual", "less", "stopped_lt4w", "stopped_ge4w"), W1=st.integers(0, 10)),
)
DAY = {
    "C1": choice([], None) | st.lists(choice(*NEWS), max_size=1),
    "C2": st.integers(0, 3) | st.integers(0, 9),
    "C3": st.just(GOOD)
    | parts(
        done=choice("all", "some", "none"),
        pain=choice("0-2", "3-4", "5+"),
        effort=choice("easy", "ok", "hard"),
        hurt=st.lists(choice(*NAMES), unique=True, max_size=2),
    ),
    "C4": st.just(FINE)
    | parts(
        ran=choice("no", "yes"),
        worst=choice("0-2", "3-5", "6+"),
        morning=choice("same", "bit_worse", "clearly_worse"),
        limp=choice("no", "no", "yes"),
    ),
    "L": st.just({**WALKED, "leg": "ok", "clinician": "yes"}) | parts(walk=choice("ok", "not_ok"), kerb=choice("ok")),
}
RARE = {
    "W1": st.integers(5, 10),
    "W2": choice("better", "same", "worse"),
    "W5": choice("no", "yes"),
    "tests": parts(T2=choice("ok", "pain"), core=choice("short", "fail", "pain")),
    "screen": CALM,
    "assessed": choice("yes", "no"),
}


GOOD_DAY: Plain = {"C1": [], "C2": 2, "C3": GOOD, "C4": FINE, "L": {**WALKED, "leg": "ok", "clinician": "yes"}}


DISTURBED = st.one_of(
    st.fixed_dictionaries(DAY), *(st.fixed_dictionaries({name: DAY[name]}) for name in ("C1", "C2", "C3", "C4"))
)
"""What differs from a good day: all of it, or one part."""


@st.composite
def courses(draw: st.DrawFn) -> tuple[Plain, list[Plain]]:
    """A full screen and up to four weeks of check-ins, most of them daily; in some courses most days are good."""
    days, day, rough = [], 0, draw(choice(1, 5, 10))
    for _ in range(draw(st.integers(1, 28))):
        day += draw(choice(1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 8)) if rough < 10 else 1
        told = dict(GOOD_DAY)
        if draw(st.integers(1, rough)) == 1:
            told |= draw(DISTURBED)
            told |= {name: draw(RARE[name]) for name in RARE if draw(st.integers(0, 9)) == 0}
        days.append({"day": day, **{name: part for name, part in told.items() if part is not None}})
    return draw(STARTS), days


RANKS = [each.name for each in Disposition]


def verbs(after: Plain) -> set[str]:
    return {action.split(":")[0] for action in after["actions"]}


def alone(content: Content, flag: str) -> int:
    """The rank of the disposition that follows from this sign and nothing else."""
    sign = {"bone" if flag.startswith("BS_") else "rf": [flag]}
    return RANKS.index(last(content, sign, each(1, 1))["disposition"])


@settings(max_examples=60)
@given(courses())
def test_a_new_sign_pauses_or_refers_by_its_rank_and_paused_means_nothing_to_do(
    content: Content, given_course: tuple[Plain, list[Plain]]
) -> None:
    start, days = given_course
    after = outcome(content, start, days)
    for reported in days:
        now = after[reported["day"]]
        rank = RANKS.index(now["disposition"])
        if reported.get("C1") and "NEW_PLAN" not in verbs(now):
            assert rank >= alone(content, reported["C1"][0]), now
        if rank >= 3:
            assert now["state"] == "PAUSED", now
        if rank == 2:
            assert now["state"] != "ACTIVE", now
        if now["state"] == "PAUSED":
            assert (now["levels"], now["running"], now["ladder_step"]) == ({}, "STOP", None)


@settings(max_examples=60)
@given(courses())
def test_a_level_rises_by_one_and_never_within_a_week_of_a_change(
    content: Content, given_course: tuple[Plain, list[Plain]]
) -> None:
    changed: dict[str, int] = {}
    before: Plain = {}
    rises: list[int] = []
    for day, now in outcome(content, *given_course).items():
        if "NEW_PLAN" in now["actions"]:
            changed, before, rises = dict.fromkeys(now["levels"], day), now["levels"], []
        ups = {act.partition(":")[2] for act in now["actions"] if act.startswith(("LEVEL_UP:", "RESTORE_DOSE:"))}
        assert not ups or not {"REFRESH", "SIMPLIFY", "D_WORSE", "LADDER_START"} & verbs(now)
        for name in ups:
            assert day - changed.get(name, 0) >= 7
        rises += [day] * len(ups)
        assert sum(day - at < 7 for at in rises) <= 2
        changed |= {act.partition(":")[2].split(">")[-1]: day for act in now["actions"] if ":" in act}
        changed |= {name: day for name in now["levels"] if before and name not in before}
        for name, level in now["levels"].items():
            assert level <= before.get(name, 3) + (f"LEVEL_UP:{name}" in now["actions"])
        before = now["levels"] or before


@settings(max_examples=60)
@given(courses())
def test_nothing_rises_on_an_unclean_day(content: Content, given_course: tuple[Plain, list[Plain]]) -> None:
    start, days = given_course
    after = outcome(content, start, days)
    for reported in days:
        now = after[reported["day"]]
        if "D_FLAG" in verbs(now) or "C1" not in reported:
            assert not {"LEVEL_UP", "RESTORE_DOSE", "STEP_UP", "LADDER_START"} & verbs(now)


@settings(max_examples=60)
@given(courses())
def test_nobody_runs_while_locked(content: Content, given_course: tuple[Plain, list[Plain]]) -> None:
    start, days = given_course
    after = outcome(content, start, days)
    red = free = twice = -100
    since: list[int] = []
    for reported in days:
        now, day = after[reported["day"]], reported["day"]
        if "NEW_PLAN" in verbs(now):
            red = free = twice = -100
            continue
        since += [reported["C2"]] if "C2" in reported else []
        twice = -100 if len(since) >= 3 and max(since[-3:]) <= 2 else twice
        red, free = day if "RUN_OFF_48H" in verbs(now) else red, day if "D_BSI_FREE" in verbs(now) else free
        if "TWO_REDS" in verbs(now):
            twice, since = day, []
        if day - red < 2 or twice > 0 or now["label"] == "worse" or now["ladder_step"] == 0:
            assert now["running"] in ("STOP", "WALK")
            assert not {"STEP_UP", "LADDER_START"} & verbs(now)
        if day - free < 14 or now["light"] == "BONE":
            assert now["running"] == "STOP"


@settings(max_examples=60)
@given(courses())
def test_what_hurts_goes_down_at_once(content: Content, given_course: tuple[Plain, list[Plain]]) -> None:
    start, days = given_course
    after = outcome(content, start, days)
    before, pains, hard = {}, {0: {"nprs": 3, **start}["nprs"]}, 0
    for reported in days:
        now, day, session = after[reported["day"]], reported["day"], reported["C3"]
        if "NEW_PLAN" in verbs(now):
            before, pains, hard = now["levels"], {day: {"nprs": 3, **reported["screen"]}["nprs"]}, 0
            continue
        done = session.get("done") in ("all", "some")
        hard = (hard + 1 if session.get("effort") == "hard" else 0) if done else hard
        lately = [pains[at] for at in range(day - 3, day) if at in pains]
        flared = lately and reported.get("C2", 0) - sum(lately) / len(lately) >= 2
        touched = set(session.get("hurt") or before)
        must = touched if done and (flared or session.get("pain") == "5+") else set()
        must |= {name for name, level in before.items() if level > 1 and "D_WORSE" in verbs(now)}
        must, hard = (set(before), 0) if hard == 2 else (must, hard)
        if now["state"] in ("ACTIVE", "REFERRED"):
            assert must & set(before) <= {act.partition(":")[2].split(">")[0] for act in now["actions"]}
        before, pains = now["levels"], {**pains, **({day: reported["C2"]} if "C2" in reported else {})}


@settings(max_examples=40)
@given(courses(), st.data())
def test_the_same_days_give_the_same_and_a_check_in_twice_changes_nothing(
    content: Content, given_course: tuple[Plain, list[Plain]], draw: st.DataObject
) -> None:
    start, days = given_course
    once = outcome(content, start, days)
    assert outcome(content, start, days) == once
    twice = draw.draw(st.sampled_from(days))
    assert (
        outcome(content, start, [day for each in days for day in ([each, each] if each is twice else [each])]) == once
    )


@settings(max_examples=40)
@given(courses(), st.data())
def test_a_replaced_check_in_works_the_days_out_again(
    content: Content, given_course: tuple[Plain, list[Plain]], draw: st.DataObject
) -> None:
    start, days = given_course
    wrong = draw.draw(st.sampled_from(days))
    mistaken = {"day": wrong["day"], "C1": [], "C2": draw.draw(st.integers(0, 10))}
    with_mistake = [day for each in days for day in ([mistaken, each] if each is wrong else [each])]
    if "screen" not in wrong or mistaken["C2"] < 9:
        assert outcome(content, start, with_mistake) == outcome(content, start, days)


@settings(max_examples=40)
@given(courses())
def test_what_comes_later_changes_nothing_before(content: Content, given_course: tuple[Plain, list[Plain]]) -> None:
    start, days = given_course
    half = days[: len(days) // 2]
    whole = outcome(content, start, days)
    assert outcome(content, start, half) == {day["day"]: whole[day["day"]] for day in half}


def test_days_come_in_the_order_of_their_dates(content: Content) -> None:
    start = begin(content, {})
    with pytest.raises(ValueError, match="day 1 comes after day 2"):
        follow(content, start, [Reported(2), Reported(1)])
    with pytest.raises(ValueError, match="day 0 comes after day 0"):
        follow(content, Start(start.answers), [Reported(0)])


def test_a_day_knows_what_is_shown_beside_it(content: Content) -> None:
    bad = report(content, {"day": 1, "C1": [], "C2": 4, "C3": {**GOOD, "pain": "5+", "hurt": ["bird_dog"]}})
    (day,) = follow(content, begin(content, {"nprs": 4}), [bad])
    assert (day.halved, day.week, day.entry_test) == (frozenset({"bird_dog"}), None, False)
    (week,) = follow(content, begin(content, STOPPED), [report(content, {"day": 1, "C2": 3})])
    assert week.entry_test
    assert week.facts["nprs"] == 3
    (flagged,) = follow(content, begin(content, STOPPED), [report(content, {"day": 1, "C1": ["RF_FEVER"]})])
    assert (flagged.screening.flags, flagged.entry_test) == (("RF_FEVER",), False)


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Expecting property name"),
        ("[]", "a course is an object, not []"),
        ('{"start": {}}', "a course has start and days"),
        ('{"start": {}, "days": [], "more": 1}', "a course has no 'more'"),
        ('{"start": [], "days": []}', "a full screen is an object of answers, not []"),
        ('{"start": {"agee": 3}, "days": []}', "unknown field 'agee'"),
        ('{"start": {"run_status": "never"}, "days": []}', "run_status: unknown value 'never'"),
        ('{"start": {"W1": 11}, "days": []}', "W1: a whole number from 0 to 10, not 11"),
        ('{"start": {}, "days": {}}', "days: a list, not {}"),
        ('{"start": {}, "days": [1]}', "a day is an object, not 1"),
        ('{"start": {}, "days": [{}]}', "day: a whole number from 1, not None"),
        ('{"start": {}, "days": [{"day": 0}]}', "day: a whole number from 1, not 0"),
        ('{"start": {}, "days": [{"day": -1}]}', "day: a whole number from 1, not -1"),
        ('{"start": {}, "days": [{"day": true}]}', "day: a whole number from 1, not True"),
        ('{"start": {}, "days": [{"day": 1.0}]}', "day: a whole number from 1, not 1.0"),
        ('{"start": {}, "days": [{"day": 2}, {"day": 1}]}', "day 1 comes after day 2"),
        ('{"start": {}, "days": [{"day": 1, "C9": 1}]}', "a day has no 'C9'"),
        ('{"start": {}, "days": [{"day": 1, "day": 1}]}', "day is given twice"),
        ('{"start": {}, "days": [{"day": 1, "C1": ["RF_X"]}]}', "C1: unknown value 'RF_X'"),
        ('{"start": {}, "days": [{"day": 1, "C1": "RF_FEVER"}]}', "C1: a list, not 'RF_FEVER'"),
        ('{"start": {}, "days": [{"day": 1, "C2": 11}]}', "C2: a whole number from 0 to 10, not 11"),
        ('{"start": {}, "days": [{"day": 1, "C2": null}]}', "C2: a whole number from 0 to 10, not None"),
        ('{"start": {}, "days": [{"day": 1, "C3": {"done": "most"}}]}', "done: unknown value 'most'"),
        ('{"start": {}, "days": [{"day": 1, "C3": {"hurt": ["plank"]}}]}', "hurt: unknown value 'plank'"),
        ('{"start": {}, "days": [{"day": 1, "C3": []}]}', "C3 is an object, not []"),
        ('{"start": {}, "days": [{"day": 1, "C4": {"pain": 3}}]}', "C4 has no 'pain'"),
        ('{"start": {}, "days": [{"day": 1, "C4": {"worst": 3}}]}', "worst: unknown value 3"),
        ('{"start": {}, "days": [{"day": 1, "L": {"walk": "yes"}}]}', "walk: unknown value 'yes'"),
        ('{"start": {}, "days": [{"day": 1, "W2": "fine"}]}', "W2: unknown value 'fine'"),
        ('{"start": {}, "days": [{"day": 1, "W5": true}]}', "W5: unknown value True"),
        ('{"start": {}, "days": [{"day": 1, "tests": {"T9": "ok"}}]}', "tests has no 'T9'"),
        ('{"start": {}, "days": [{"day": 1, "tests": {"T2": "fine"}}]}', "T2: unknown value 'fine'"),
        ('{"start": {}, "days": [{"day": 1, "screen": {"nprs": 11}}]}', "nprs: a whole number from 0 to 10, not 11"),
        ('{"start": {}, "days": [{"day": 1, "assessed": "maybe"}]}', "assessed: unknown value 'maybe'"),
    ],
)
def test_what_is_no_course_is_refused_with_the_reason(content: Content, line: str, says: str) -> None:
    with pytest.raises(AnswerError) as error:
        course(content, line)
    assert says in str(error.value)


def test_a_part_that_holds_nothing_is_no_answer(content: Content) -> None:
    assert not report(content, {"day": 1, "C3": {"hurt": []}, "C4": {}, "L": {}, "tests": {}}).answered
    assert report(content, {"day": 1, "C1": []}).answered


def test_the_command_answers_each_line_and_fails_at_the_end(content: Content) -> None:
    good, bad = {"start": {"W1": 5}, "days": [{"day": 1, "C1": []}]}, {"start": {}, "days": [{"day": 0}]}
    lines = "\n".join([json.dumps(good), "", json.dumps(bad)])
    result = CliRunner().invoke(main, ["follow-up"], input=lines)
    assert result.exit_code == 1
    said, refused = [json.loads(line) for line in result.stdout.splitlines()]
    assert said == course(content, json.dumps(good))
    assert list(said["days"][0]) == "day state disposition label light running ladder_step levels actions".split()
    assert list(refused) == ["error"]
    assert CliRunner().invoke(main, ["follow-up"], input=json.dumps(good)).exit_code == 0


def test_the_help_explains_every_action(content: Content) -> None:
    said = CliRunner().invoke(main, ["follow-up", "--help"]).stdout
    assert all(f"  {action.id} " in said for action in content.check_in.actions)


def test_a_day_is_written_in_the_spellings_of_the_specification(content: Content) -> None:
    (day,) = follow(content, begin(content, {}), [Reported(1, flags=frozenset())])
    assert written(day)["disposition"] == "SELF_CARE"


# ---- the content -------------------------------------------------------------------------------------------------


def test_every_name_in_the_check_in_exists(content: Content) -> None:
    rules = content.check_in
    exercises = {row.id for row in content.library.exercises if row.category != "always"}
    tables = rules.progress
    named = {*tables.tested, *tables.tried, *(name for cap in tables.caps for name in cap.exercises)}
    named |= {offer.exercise for offer in tables.offers} | {name for offer in tables.offers for name in offer.mastered}
    assert named <= exercises
    assert {offer.exercise for offer in tables.offers} == {row.id for row in content.library.exercises if row.locked}
    assert {*rules.tests, *tables.tested.values(), "rf", "bone"} <= set(content.settings.fields)
    assert set(rules.bone_pain) <= set(content.settings.fields["bone"].values)
    assert rules.returning.bone_exclusion in {row.id for row in content.planning.exclusions}
    flags = {row.id for row in content.screen.rules}
    assert {rules.timing.irritable, rules.timing.bone, *rules.returning.eased} <= flags
    assert {row.id for row in rules.decisions} <= {action.id for action in rules.actions}
    assert all(len(row.levels) == 3 for row in content.library.exercises if row.category != "always")
    assert {move.to for move in rules.moves} | {name for move in rules.moves for name in move.source} == set(
        rules.states
    )


def test_actions_have_texts_of_one_or_two_sentences(content: Content) -> None:
    for action in content.check_in.actions:
        assert 1 <= action.text.count(". ") + 1 <= 2, action.id
        assert action.text.endswith("."), action.id


@settings(max_examples=40)
@given(courses())
def test_every_action_that_acts_is_explained(content: Content, given_course: tuple[Plain, list[Plain]]) -> None:
    explained = {action.id for action in content.check_in.actions}
    after = outcome(content, *given_course)
    assert {action.split(":")[0] for _, action in actions(after)} <= explained
