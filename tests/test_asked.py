"""Laws of what a check-in asks now and then, and of what the answers do: offers, distances, late questions, bone."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from flows.asked import Asked, asked
from flows.courses import begin, report
from flows.follow_up import Day, beginning, follow
from flows.schema import Content
from flows.simulate import AnswerError
from tests.test_follow_up import GOOD, STOPPED, Plain, actions, each, last, outcome, when


def days_of(content: Content, start: Plain, *days: list[Plain]) -> list[Day]:
    """What stands after each day, the day of the screen first."""
    reported = [report(content, day) for part in days for day in part]
    first = begin(content, start)
    return [beginning(content, first), *follow(content, first, reported)]


def next_asks(content: Content, start: Plain, *days: list[Plain], day: int) -> Asked:
    return asked(content, days_of(content, start, *days)[-1], day)


# ---- what is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "day", "gates", "week"),
    [
        (6, 6, False, ()),
        (6, 7, True, ("W1", "W2", "W3", "W5")),
        (6, 9, True, ("W1", "W2", "W3", "W5")),
        (7, 8, False, ()),
        (9, 14, True, ("W1", "W2", "W3")),
        (13, 20, True, ("W1", "W2", "W3")),
    ],
)
def test_the_week_is_asked_once_at_its_first_check_in(
    content: Content, answered: int, day: int, gates: bool, week: tuple[str, ...]
) -> None:
    found = next_asks(content, {}, each(1, answered), day=day)
    assert (found.gates, found.week) == (gates, week)


def test_an_offer_that_is_taken_up_is_no_check_in(content: Content) -> None:
    taken = [{"day": 7, "accept": ["superman"]}]
    assert next_asks(content, {}, each(1, 6), taken, day=7).gates
    assert last(content, {}, each(1, 1), taken, [{"day": 9, "C1": []}])["state"] == "PAUSED"


def test_possible_bone_stress_is_decided_with_all_the_gates(content: Content) -> None:
    fired = each(3, 3, C1=["BS_SPOT"])
    assert next_asks(content, {}, each(1, 2), fired, each(4, 7), day=10).gates
    assert not next_asks(content, {}, each(1, 2), fired, each(4, 7), day=9).gates


def test_the_bone_questions_come_at_every_check_in_after_a_bone_stress_injury(content: Content) -> None:
    assert next_asks(content, {"bone": ["BS_PREV"]}, day=1).bone
    assert next_asks(content, {}, each(1, 1, C1=["BS_PREV"]), day=2).bone
    assert not next_asks(content, {"bone": ["BS_RED"]}, day=1).bone


@pytest.mark.parametrize(
    ("start", "entry"),
    [
        (STOPPED, ("walk", "kerb")),
        ({**STOPPED, "nprs": 4, "leg": "below_knee"}, ("walk", "kerb", "leg", "clinician")),
        ({**STOPPED, "life": "pp_lt12w"}, ("walk", "kerb", "clinician")),
        ({"nprs": 2}, ()),
    ],
)
def test_the_entry_test_asks_what_it_takes(content: Content, start: Plain, entry: tuple[str, ...]) -> None:
    assert next_asks(content, start, day=1).entry == entry


def test_a_plan_that_rests_asks_nothing_more(content: Content) -> None:
    start = {**STOPPED, "bone": ["BS_PREV"]}
    assert next_asks(content, start, each(1, 1, C1=["RF_SHAPE"]), day=7) == Asked(False, False, (), ())


# ---- offers ----------------------------------------------------------------------------------------------------------

EASY = {"C2": 2, "C3": GOOD}


def offered(content: Content, start: Plain) -> int:
    return when(outcome(content, start, each(1, 60, **EASY)), "OFFER")[0]


def test_an_offer_changes_the_plan_on_the_day_of_the_yes(content: Content) -> None:
    start, day = {"nprs": 2}, offered(content, {"nprs": 2})
    yes = each(day, day, **EASY, accept=["superman"])
    days = outcome(content, start, each(1, day - 1, **EASY), yes, each(day + 1, day + 20, **EASY))
    assert days[day]["actions"][-2:] == ["OFFER:superman", "ADD:superman"]
    assert days[day]["levels"]["superman"] == 1
    assert set(days[day]["levels"]) == {*days[day - 1]["levels"], "superman"}
    assert when(days, "ADD") == [day]
    ups = [at for at, act in actions(days) if act == "LEVEL_UP:superman"]
    assert ups[0] >= day + 7


def test_a_yes_may_come_on_a_later_date_without_a_check_in(content: Content) -> None:
    day = offered(content, {"nprs": 2})
    after = last(content, {"nprs": 2}, each(1, day, **EASY), [{"day": day + 2, "accept": ["superman"]}])
    assert (after["levels"]["superman"], after["actions"]) == (1, ["ADD:superman"])


def test_a_yes_to_what_was_not_offered_changes_nothing(content: Content) -> None:
    days = outcome(content, {"nprs": 2}, each(1, 5, **EASY, accept=["superman", "russian_twist"]))
    assert days == outcome(content, {"nprs": 2}, each(1, 5, **EASY))


def test_an_accepted_exercise_stays_when_the_plan_is_made_anew_and_goes_when_it_no_longer_fits(
    content: Content,
) -> None:
    day = offered(content, {"nprs": 2})
    yes = each(day, day, **EASY, accept=["superman"])
    begun = [*each(1, day - 1, **EASY), *yes, *each(day + 1, 41, **EASY)]
    anew = outcome(content, {"nprs": 2}, begun, each(42, 42, **EASY))
    assert "REFRESH" in anew[42]["actions"]
    assert anew[42]["levels"]["superman"] == anew[41]["levels"]["superman"]
    fell = last(content, {"nprs": 2}, begun, each(42, 42, **EASY, C1=["RF_FALL"]))
    assert (fell["state"], "superman" in fell["levels"]) == ("REFERRED", False)
    # What unlocked it may not hold any more when the plan could have it again, and the yes was to that plan.
    freed = last(content, {"nprs": 2}, begun, each(42, 42, **EASY, C1=["BS_SPOT"]), each(43, 49, **EASY))
    assert ("D_BSI_FREE" in freed["actions"], "superman" in freed["levels"]) == (True, False)


def test_two_that_share_their_days_take_turns_and_only_their_own_sessions_count(content: Content) -> None:
    day = offered(content, {"nprs": 2})
    yes, some = each(day, day, **EASY, accept=["superman"]), {"C2": 2, "C3": {**GOOD, "done": "some"}}
    begun = [*each(1, day - 1, **EASY), *yes]
    days = [*begun, *each(day + 1, day + 3, **some), *each(day + 4, day + 4), *each(day + 5, day + 11, **EASY)]
    told = {now.day: now.resting for now in days_of(content, {"nprs": 2}, days)}
    resting = [set(told[at]) for at in range(day, day + 8)]
    one, other = {"bird_dog"}, {"superman"}
    assert resting == [one, other, other, one, one, other, other, one]
    assert told[day - 1] == frozenset()
    # Its third session of its own since the yes is the ninth: days alone would have been enough before.
    after = outcome(content, {"nprs": 2}, days, each(day + 12, day + 14, **EASY))
    assert [at for at, act in actions(after) if act == "LEVEL_UP:superman"] == [day + 14]


def test_what_stands_in_for_an_exercise_leaves_with_it(content: Content) -> None:
    day, bad = offered(content, {"nprs": 2}), {"C2": 2, "C3": {**GOOD, "pain": "5+", "hurt": ["bird_dog"]}}
    yes = each(day, day, **EASY, accept=["superman"])
    days = outcome(content, {"nprs": 2}, each(1, day - 1, **EASY), yes, each(day + 1, day + 4, **bad))
    assert "superman" in days[day + 3]["levels"]
    assert [act.split(":")[0] for act in days[day + 4]["actions"]] == ["SWAP", "LEAVE"]
    assert {"superman", "bird_dog"}.isdisjoint(days[day + 4]["levels"])


def test_a_yes_counts_only_while_all_holds_that_unlocks_the_exercise(content: Content) -> None:
    day = offered(content, {"nprs": 2})
    sore = [*each(1, day, **EASY), *each(day + 1, day + 2, C2=4), {"day": day + 3, "accept": ["superman"]}]
    assert "superman" not in last(content, {"nprs": 2}, sore)["levels"]


def test_an_offer_is_not_taken_up_while_the_plan_rests(content: Content) -> None:
    day = offered(content, {"nprs": 2})
    rests = each(day + 1, day + 1, C1=["RF_SHAPE"], accept=["superman"])
    assert last(content, {"nprs": 2}, each(1, day, **EASY), rests)["levels"] == {}


def test_a_second_check_in_of_a_date_does_not_take_the_yes_back(content: Content) -> None:
    day = offered(content, {"nprs": 2})
    yes = each(day, day, **EASY, accept=["superman"])
    assert "superman" in last(content, {"nprs": 2}, each(1, day - 1, **EASY), yes, each(day, day, **EASY))["levels"]


# ---- distances -------------------------------------------------------------------------------------------------------


def test_the_longest_run_of_thirty_days_may_grow_by_a_tenth(content: Content) -> None:
    told = [{"day": 7, "W3": {"week": 30, "longest": 12}}, {"day": 14, "W3": {"week": 25.5, "longest": 10}}]
    days = days_of(content, {}, told, each(20, 20), each(27, 27), each(34, 34), each(37, 37))
    by_day: dict[int, object] = {day.day: (day.longest, day.distance) for day in days}
    assert by_day[0] == (None, None)
    assert by_day[7] == (Fraction(132, 10), 30)
    assert by_day[14] == (Fraction(132, 10), Fraction(51, 2))
    assert by_day[27] == (Fraction(132, 10), Fraction(51, 2))
    assert by_day[34] == (Fraction(132, 10), None)
    assert by_day[37] == (11, None)


@pytest.mark.parametrize("value", [-1, 501, "10", True, None, float("nan")])
def test_a_distance_is_a_number_of_kilometres(content: Content, value: Any) -> None:
    with pytest.raises(AnswerError, match="week: kilometres from 0 to 500"):
        report(content, {"day": 1, "W3": {"week": value}})


# ---- late questions --------------------------------------------------------------------------------------------------

JOINTS: Plain = {"onset": "lt35", "ax": ["AX_NIGHT2", "AX_MOVE", "AX_FAM"]}


def test_at_day_84_the_questions_about_the_joints_count_as_for_long_pain(content: Content) -> None:
    start = {"nprs": 5, "dur": "2_6w"}
    days = days_of(content, start, each(1, 83, C2=4), each(84, 84, C2=4, Q11b=JOINTS))
    assert "AXSPA" in days[-1].screening.flags
    assert "AXSPA" not in days[-2].screening.flags
    assert "GP" in days[-1].screening.who


def test_before_day_84_they_do_not_count(content: Content) -> None:
    start = {"nprs": 5, "dur": "2_6w"}
    early = outcome(content, start, each(1, 83, C2=4, Q11b=JOINTS))
    assert early == outcome(content, start, each(1, 83, C2=4))


# ---- free text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "state"), [("yes", "PAUSED"), ("unsure", "PAUSED"), ("no", "ACTIVE")])
def test_an_emergency_that_was_typed_pauses_unless_it_is_not_happening_now(
    content: Content, answer: str, state: str
) -> None:
    after = last(content, {}, [{"day": 1, "NET": answer}])
    assert after["state"] == state
    assert after["disposition"] == ("EMERGENCY" if state == "PAUSED" else "SELF_CARE")
    clean = last(content, {}, [{"day": 1, "C1": [], "NET": answer}])
    assert (clean["state"], clean["disposition"]) == (after["state"], after["disposition"])
    again = last(content, {}, [{"day": 1, "NET": answer}, {"day": 1, "C1": []}])
    assert again["state"] == state
    assert last(content, {"NET": answer}, each(1, 1))["state"] == state
