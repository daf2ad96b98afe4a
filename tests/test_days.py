"""Laws of the days as they lie in the diary: dates, replaced check-ins, signs that stay, self-tests, new screens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.days import ACCEPTED, ASSESSED, CHECK_IN, LATE, RETEST, SCREEN, SIGNS, course, runner_date
from bot.records import DiaryEntry
from flows.check_ins import Reported
from flows.rules import Value
from flows.schema import Content, Disposition
from flows.screen import known

START = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def entry(kind: str, ahead: int = 0, **data: object) -> DiaryEntry:
    return DiaryEntry(AT + timedelta(days=ahead), kind, {"date": (START + timedelta(days=ahead)).isoformat(), **data})


def _plain(value: Value) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def screen(content: Content, ahead: int = 0, **answers: object) -> DiaryEntry:
    facts = known(content.settings, {})
    given = {name: facts[name] for name in content.settings.fields}
    only = {name: _plain(v) for name, v in given.items()}
    return entry(SCREEN, ahead, answers={**only, "run_status": "usual", "W1": 6, **answers})


def check_in(ahead: int, **answers: object) -> DiaryEntry:
    return entry(CHECK_IN, ahead, answers=answers)


@pytest.mark.parametrize(
    ("now", "zone", "on"),
    [
        (datetime(2026, 3, 3, 3, 59, tzinfo=UTC), UTC, date(2026, 3, 2)),
        (datetime(2026, 3, 3, 4, 0, tzinfo=UTC), UTC, date(2026, 3, 3)),
        # The night of a clock change: four on the wall, not four hours after midnight.
        (datetime(2026, 3, 29, 2, 0, tzinfo=UTC), ZoneInfo("Europe/Berlin"), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 1, 59, tzinfo=UTC), ZoneInfo("Europe/Berlin"), date(2026, 3, 28)),
        (datetime(2026, 3, 3, 13, 0, tzinfo=UTC), ZoneInfo("Pacific/Kiritimati"), date(2026, 3, 3)),
    ],
)
def test_a_date_changes_at_four_on_the_wall(now: datetime, zone: ZoneInfo, on: date) -> None:
    assert runner_date(now, zone) == on


def test_without_a_screen_there_is_no_course(content: Content) -> None:
    assert course(content, [check_in(1, C2=3)]) is None


def test_a_second_check_in_of_a_date_replaces_the_first_but_named_ids_stay(content: Content) -> None:
    found = course(content, [screen(content), check_in(1, C1=["RF_WEIGHT"], C2=5), check_in(1, C1=[], C2=2)])
    assert found is not None
    assert found.reported == (Reported(1, frozenset({"RF_WEIGHT"}), 2),)


def test_a_second_check_in_without_the_first_question_is_not_clean(content: Content) -> None:
    found = course(content, [screen(content), check_in(1, C1=[], C2=5), check_in(1, C2=2)])
    assert found is not None
    assert found.reported == (Reported(1, None, 2),)


def test_signs_and_self_tests_join_the_check_in_of_their_date(content: Content) -> None:
    diary = [screen(content), check_in(3, C2=2), entry(SIGNS, 3, C1=[]), entry(RETEST, 3, tests={"T2": "tight"})]
    found = course(content, diary)
    assert found is not None
    assert found.reported == (Reported(3, frozenset(), 2, tests={"T2": "tight"}),)


def test_signs_of_the_screens_own_date_are_never_lost(content: Content) -> None:
    found = course(content, [screen(content), entry(SIGNS, 0, C1=["RF_FEVER"]), check_in(0, C2=9)])
    assert found is not None
    assert found.reported == (Reported(1, frozenset({"RF_FEVER"})),)
    assert found.today(content, START).state == "PAUSED"


def test_a_self_test_of_the_screens_own_date_belongs_to_the_screen(content: Content) -> None:
    found = course(content, [screen(content), entry(RETEST, 0, tests={"T2": "tight"})])
    assert found is not None
    assert (found.start.answers["T2"], found.reported) == ("tight", ())


def test_only_the_last_screen_counts(content: Content) -> None:
    found = course(content, [screen(content), check_in(1, C2=5), screen(content, 5, nprs=6), check_in(6, C2=4)])
    assert found is not None
    assert (found.screened_on, found.start.answers["nprs"]) == (START + timedelta(days=5), 6)
    assert found.reported == (Reported(1, None, 4),)


def test_dates_out_of_order_across_zones_still_give_days(content: Content) -> None:
    found = course(content, [screen(content), check_in(3, C2=5), check_in(2, C2=4)])
    assert found is not None
    assert [day.day for day in found.days(content)] == [0, 2, 3]


def test_the_day_of_today_knows_of_silence(content: Content) -> None:
    found = course(content, [screen(content)])
    assert found is not None
    assert found.today(content, START).state == "ACTIVE"
    assert found.today(content, START + timedelta(days=7)).state == "ACTIVE"
    assert found.today(content, START + timedelta(days=8)).state == "PAUSED"


def test_a_part_that_the_content_no_longer_knows_takes_no_other_with_it(content: Content) -> None:
    found = course(content, [screen(content), check_in(1, C1=["RF_FEVER"], C2=3, W2="purple", L={"old": "x"})])
    assert found is not None
    assert found.reported == (Reported(1, frozenset({"RF_FEVER"}), 3),)


def test_a_screen_that_cannot_be_read_gives_no_course(content: Content) -> None:
    assert course(content, [entry(SCREEN, answers={"gone": 1})]) is None


FEVER = {"C1": ["RF_FEVER"]}


def stands(content: Content, diary: list[DiaryEntry], day: int) -> tuple[int, str, bool]:
    """The date of day 0 after the first screen, the state of a day, and whether the newest screen waits for a word."""
    found = course(content, diary)
    assert found is not None
    on = START + timedelta(days=day)
    return ((found.screened_on - START).days, found.today(content, on).state, found.waits)


def test_after_an_urgent_result_a_screen_waits_for_a_professionals_word(content: Content) -> None:
    diary = [screen(content), check_in(2, **FEVER), screen(content, 4)]
    assert stands(content, diary, 5) == (0, "PAUSED", True)
    assert stands(content, [*diary, entry(ASSESSED, 5)], 5) == (4, "ACTIVE", False)
    assert stands(content, [*diary, entry(ASSESSED, 5), check_in(6, C2=9)], 6) == (4, "PAUSED", False)


def test_a_screen_of_the_same_date_counts_from_the_date_of_the_word(content: Content) -> None:
    diary = [screen(content), check_in(2, **FEVER), screen(content, 2)]
    assert stands(content, diary, 3) == (0, "PAUSED", True)
    assert stands(content, [*diary, entry(ASSESSED, 3)], 3) == (3, "ACTIVE", False)


def test_an_urgent_screen_is_followed_by_one_that_waits_too(content: Content) -> None:
    diary = [screen(content, rf=["RF_SADDLE"]), screen(content, 1)]
    assert stands(content, diary, 1) == (0, "PAUSED", True)
    assert stands(content, [*diary, entry(ASSESSED, 1)], 1) == (1, "ACTIVE", False)


def test_a_screen_that_does_not_count_still_tells_its_warning_signs(content: Content) -> None:
    diary = [screen(content), check_in(2, **FEVER), screen(content, 3, rf=["RF_SADDLE"])]
    found = course(content, diary)
    assert found is not None
    day = found.today(content, START + timedelta(days=3))
    assert (day.disposition, day.actions, found.waits) == (Disposition.EMERGENCY, ("D_FLAG",), False)


def test_without_an_urgent_result_a_screen_counts_at_once(content: Content) -> None:
    diary = [screen(content), check_in(2, C1=["RF_SHAPE"]), screen(content, 3)]
    assert stands(content, diary, 3) == (3, "ACTIVE", False)
    assert stands(content, [screen(content), screen(content)], 0) == (0, "ACTIVE", False)


def test_an_emergency_that_was_typed_stands_until_a_screen_with_a_word(content: Content) -> None:
    diary = [screen(content), entry(SIGNS, 2, NET="unsure")]
    found = course(content, diary)
    assert found is not None
    day = found.today(content, START + timedelta(days=2))
    assert (day.disposition, day.screening.flags) == (Disposition.EMERGENCY, ("FREE_TEXT",))
    assert stands(content, [*diary, screen(content, 4)], 4) == (0, "PAUSED", True)
    typed = [screen(content, NET="yes")]
    assert stands(content, [*typed, screen(content, 1)], 1) == (0, "PAUSED", True)
    again = [*typed, screen(content, 1, NET="yes"), screen(content, 2), entry(ASSESSED, 2)]
    assert stands(content, again, 2) == (2, "ACTIVE", False)


def test_offers_that_were_taken_up_belong_to_their_dates_until_the_next_screen(content: Content) -> None:
    diary = [screen(content), check_in(1, C2=3), entry(ACCEPTED, 1, exercise="superman")]
    found = course(content, diary)
    assert found is not None
    assert found.reported == (Reported(1, pain=3, accepted=frozenset({"superman"})),)
    found = course(content, [*diary, screen(content, 9)])
    assert found is not None
    assert found.reported == ()


def test_late_questions_belong_to_their_date(content: Content) -> None:
    found = course(content, [screen(content), entry(LATE, 84, Q11b={"onset": "lt35", "ax": ["AX_FAM"]})])
    assert found is not None
    assert found.reported[0].late == {"onset": "lt35", "ax": frozenset({"AX_FAM"})}
