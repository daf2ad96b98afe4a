"""Laws of times and dates as they are written and read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import wall
from bot.render import LANGUAGE

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("7:30", (time(7, 30),)), ("7.30", (time(7, 30),)), ("19", (time(19),)), ("7", (time(7),)),
        ("7 pm", (time(19),)), ("19:30 and 7", (time(7), time(19, 30))), ("7, 7", (time(7),)), ("0:15", (time(0, 15),)),
        ("7 and 8 and 9", ()), ("7 and", ()), ("", ()), ("24", ()), ("7:61", ()), ("noon", ()),
    ],
)  # fmt: skip
def test_one_or_two_times_are_read(text: str, times: tuple[time, ...]) -> None:
    assert wall.read_times(text) == times


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_a_time_that_is_shown_is_read_as_the_same(at: time) -> None:
    assert wall.read_times(wall.clock(at, LANGUAGE)) == (at,)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_that_are_shown_are_read_as_the_same(days: set[int]) -> None:
    assert wall.read_weekdays(wall.weekdays(days, LANGUAGE), LANGUAGE) == tuple(sorted(days))
    assert wall.read_weekdays(" ".join(wall.short_weekday(day, LANGUAGE) for day in days), LANGUAGE) == tuple(
        sorted(days)
    )


@pytest.mark.parametrize("text", ["", "t", "m", "someday", "mon tea", "monday to friday"])
def test_an_unclear_weekday_is_none(text: str) -> None:
    assert wall.read_weekdays(text, LANGUAGE) == ()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-09", date(2026, 3, 9)), ("9.3.", date(2026, 3, 9)), ("9/3", date(2026, 3, 9)),
        ("9.3.2027", date(2027, 3, 9)), ("9 March", date(2026, 3, 9)), ("March 9th, 2028", date(2028, 3, 9)),
        ("1 March", date(2027, 3, 1)), ("2 mar", TODAY), ("29 Feb", date(2028, 2, 29)), ("31 April", None),
        ("9", None), ("March", None), ("9 March 10", None), ("9 Ma", None), ("9 ju", None), ("2026-13-01", None),
    ],
)  # fmt: skip
def test_a_date_is_read_day_first_and_without_a_year_as_the_next(text: str, day: date | None) -> None:
    assert wall.read_date(text, TODAY, LANGUAGE) == day


@given(st.dates(date(2026, 3, 2), date(2034, 1, 1)))
def test_a_date_that_is_shown_is_read_as_the_same(day: date) -> None:
    assert wall.read_date(wall.dated(day, LANGUAGE).partition(", ")[2], TODAY, LANGUAGE) == day


@pytest.mark.parametrize(("text", "span"), [("22-7", (22, 7)), ("22 to 7", (22, 7)), ("7-7", None), ("22", None)])
def test_a_span_has_two_different_ends(text: str, span: tuple[int, int] | None) -> None:
    assert wall.read_span(text) == (None if span is None else tuple(map(time, span)))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_a_sensible_hour_is_full_in_waking_hours_and_not_before(at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    found = wall.at_a_sensible_hour(moment)
    assert found >= moment and 9 <= found.hour <= 19 and found.minute == found.second == 0
    assert (found - moment).total_seconds() <= 14 * 3600


def test_another_language_has_its_own_dates_times_and_days() -> None:
    day = date(2026, 3, 9)
    assert wall.dated(day, "de") == "Montag, 9. März 2026"
    assert wall.weekday_and_day(day, "de") == "Mo., 9. März"
    assert wall.clock(time(19, 30), "en_US").replace("\N{NARROW NO-BREAK SPACE}", " ") == "7:30 PM"
    assert wall.weekdays([0, 2], "de") == "Montag und Mittwoch"
    assert wall.read_weekdays("mo, mittwoch", "de") == (0, 2)
    assert wall.read_date("9 März", TODAY, "de") == date(TODAY.year + (date(TODAY.year, 3, 9) < TODAY), 3, 9)
