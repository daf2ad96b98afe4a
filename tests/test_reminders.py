"""Laws of reminders: wall clocks, the tick, and what becomes of what is due; real files, and moments passed in."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.days import runner_date
from bot.pacing import UNLIMITED, Limits, Rate
from bot.records import REMINDERS, Call, Chat, Commit, Kind, Reminder
from bot.reminders import (
    Due,
    Tick,
    checked_in,
    in_zone,
    paused,
    planned,
    put_off,
    racing,
    resumed,
    skipped,
    snoozed,
    tick,
    turned,
    upcoming,
    with_quiet_hours,
)
from bot.schedule import instant, next_due
from bot.sender import Sender
from bot.store import Store, StoreError
from bot.telegram import tick_away
from tests import reminded_bot
from tests.crashing_bot import doomed
from tests.fake_bot_api import TOKEN, FakeBotApi
from tests.reminded_bot import HOPS, say, unasked

DAILY = tuple(range(7))
BERLIN = "Europe/Berlin"
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
"""A Wednesday; twelve o'clock in Berlin."""
SEVEN, EVENING = time(7), time(19)
QUARTER = timedelta(minutes=15)


class Town:
    """Runners with reminders on a real file, and a clock that ticks for them."""

    def __init__(self, path: Path) -> None:
        self.store = Store.open(path)
        self.came: list[tuple[datetime, Due]] = []

    def add(self, now: datetime, *reminders: Reminder, key: str = "ada") -> None:
        chat = Chat(key, 1 + sum(map(ord, key)) * 1000 + len(key), now, now)
        self.store.commit(Commit(None, chat, reminders=tuple(planned(one, now) for one in reminders)))

    def change(self, change: Callable[..., tuple[Reminder, ...]], *args: Any, key: str = "ada") -> None:
        known = next(chat for chat in self.chats() if chat.key == key)
        self.store.commit(Commit(None, known, reminders=change(self.store.reminders(key), *args)))

    def chats(self) -> list[Chat]:
        numbers = self.store._db.execute("select chat_id from chat").fetchall()
        return [chat for row in numbers if (chat := self.store.chat(row[0])) is not None]

    def one(self, kind: Kind = "check_in", key: str = "ada") -> Reminder:
        return next(one for one in self.store.reminders(key) if one.kind == kind)

    def tick(self, now: datetime) -> Tick:
        def render(due: Due) -> Call:
            self.came.append((now, due))
            return say(due)

        return tick(self.store, now, render)

    def live(self, start: datetime, end: datetime, step: timedelta = QUARTER) -> None:
        now = start
        while now < end:
            self.tick(now)
            now += step

    def walls(self, zone: str = BERLIN) -> list[str]:
        return [f"{at.astimezone(ZoneInfo(zone)):%d %H:%M}" for at, _ in self.came]

    def kinds(self) -> list[tuple[Kind, ...]]:
        return [due.kinds for _, due in self.came]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path / "bot.db")
    yield town
    town.store.close()


def check_in(*times: time, zone: str = BERLIN, chat: str = "ada", **more: Any) -> Reminder:
    return Reminder(chat, "check_in", zone, times or (EVENING,), more.pop("weekdays", DAILY), **more)


def listed(kind: Kind, *days: date, at: time = time(9), **more: Any) -> Reminder:
    return Reminder("ada", kind, BERLIN, (at,), days=days, **more)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def local(moment: datetime | None, zone: str) -> str:
    assert moment is not None
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


# ---- the wall and the instant --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("Europe/Berlin", "2026-06-01 07:30", "2026-06-01 05:30"),
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),  # skipped: the first minute after
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # repeated: the first time
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),  # half an hour is skipped
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00"),  # the day begins at one
        ("America/Nuuk", "2024-03-30 23:30", "2024-03-31 00:59"),  # the day ends in the gap: the last minute before
        ("America/Havana", "2026-11-01 00:30", "2026-11-01 04:30"),
        ("Asia/Kolkata", "2026-11-01 07:30", "2026-11-01 02:00"),
    ],
)
def test_a_wall_time_is_one_instant(zone: str, wall: str, expected: str) -> None:
    at = datetime.fromisoformat(wall)
    assert instant(at.date(), at.time(), ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_date_that_a_zone_skips_has_no_instant() -> None:
    assert instant(date(2011, 12, 30), time(9), ZoneInfo("Pacific/Apia")) is None


CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Asia/Kolkata", "2026-03-29"),
    ("Africa/Casablanca", "2026-02-15"),  # the clock of Ramadan
    ("Europe/Volgograd", "2020-12-27"),  # a zone changes its offset for good
    ("Asia/Pyongyang", "2018-05-05"),  # by half an hour, at half past eleven at night
    ("America/Sao_Paulo", "2018-11-04"),  # midnight is skipped
    ("America/Havana", "2026-11-01"),  # the first hour of a date is repeated
    ("America/Nuuk", "2024-03-31"),  # the last hour of a date is skipped
    ("Pacific/Apia", "2011-12-30"),  # a whole date is skipped
    ("Pacific/Kwajalein", "1993-08-21"),
]
TIMES = [time(0), time(0, 30), time(2), time(2, 15), time(2, 30), time(3), time(12), time(23, 30), time(23, 59)]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_chosen_day_has_exactly_one_reminder_through_every_change_of_the_clock(
    town: Town, zone: str, day: str
) -> None:
    first, last = (date.fromisoformat(day) + days(ahead) for ahead in (-3, 4))
    start, end = (datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC) for day in (first, last))
    for number, at in enumerate(TIMES):
        chat = f"at {at}"
        # It was set in the last second of the day before, so that the first day counts whole.
        reminder = planned(check_in(at, zone=zone, chat=chat), start - timedelta(seconds=1))
        town.store.commit(Commit(None, Chat(chat, number + 1, start, start), reminders=(reminder,)))
    town.live(start, end, timedelta(minutes=1))
    exist = [first + days(ahead) for ahead in range(7) if instant(first + days(ahead), time(12), ZoneInfo(zone))]
    for at in TIMES:
        came = [(now.astimezone(ZoneInfo(zone)).date(), due.day) for now, due in town.came if due.chat == f"at {at}"]
        assert came == [(day, day) for day in exist], at


def test_the_rule_is_computed_anew_by_the_zone_as_it_is_known_now(town: Town) -> None:
    # As after an update of the rules: the row still has the instant of the old ones.
    town.add(NOON, check_in())
    town.store.remind([replace(town.one(), next_at=NOON + hours(1))], [])
    assert town.tick(NOON + hours(1)).queued == 0
    assert local(town.one().next_at, BERLIN) == "2026-11-25 19:00"


# ---- what a runner may choose --------------------------------------------------------------------------------------


def test_a_reminder_comes_on_the_chosen_days_only(town: Town) -> None:
    town.add(NOON, check_in(weekdays=(0, 3)))
    town.live(NOON, NOON + days(9))
    assert town.walls() == ["26 19:00", "30 19:00", "03 19:00"]


def test_two_times_are_two_messages_a_day(town: Town) -> None:
    town.add(NOON, check_in(SEVEN, EVENING))
    town.live(NOON, NOON + days(2))
    assert town.walls() == ["25 19:00", "26 07:00", "26 19:00", "27 07:00"]


def test_a_time_that_has_passed_today_begins_tomorrow(town: Town) -> None:
    town.add(NOON, check_in(SEVEN))
    assert local(town.one().next_at, BERLIN) == "2026-11-26 07:00"


def test_another_time_on_a_day_that_is_done_waits_until_tomorrow(town: Town) -> None:
    town.add(NOON, check_in())
    town.live(NOON, NOON + hours(8))
    town.change(lambda own, now: tuple(planned(replace(one, times=(time(21),)), now) for one in own), NOON + hours(8))
    town.live(NOON + hours(8), NOON + hours(36))
    assert town.walls() == ["25 19:00", "26 21:00"]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu", "Pacific/Kiritimati"])
def test_who_travels_gets_no_second_one_on_the_same_date(town: Town, zone: str) -> None:
    town.add(NOON, check_in())
    town.live(NOON, NOON + hours(8))
    town.change(in_zone, zone, NOON + hours(8))
    town.live(NOON + hours(8), NOON + days(4))
    dates = [due.day for _, due in town.came]
    assert len(dates) == len(set(dates)) >= 4
    assert town.walls(zone)[1:] == [f"{day:%d} 19:00" for day in dates[1:]]


def test_a_snoozed_one_comes_once_more_in_an_hour(town: Town) -> None:
    town.add(NOON, check_in())
    town.live(NOON, NOON + hours(7.2))
    town.change(lambda own, now: tuple(snoozed(one, now) for one in own), NOON + hours(7.25))
    town.live(NOON + hours(7.25), NOON + days(1))
    assert town.walls() == ["25 19:00", "25 20:15"]
    assert town.one().snoozed_at is None


def test_a_snooze_that_is_long_over_does_not_come(town: Town) -> None:
    town.add(NOON, replace(check_in(), snoozed_at=NOON + hours(1)))
    assert local(next_due(town.one(), NOON), BERLIN) == "2026-11-25 13:00"
    assert town.tick(NOON + hours(4)) == Tick(0, 1, 1)
    assert (town.one().snoozed_at, town.one().missed) == (None, 1)


def test_a_listed_one_that_is_put_off_comes_once_more_in_an_hour_whatever_else_comes(town: Town) -> None:
    town.add(NOON, check_in(), listed("recheck_48h", date(2026, 11, 25), date(2026, 11, 28), at=time(13)))
    town.live(NOON, NOON + hours(7.2))
    assert town.kinds() == [("check_in", "recheck_48h")]
    town.change(must_put_off, NOON + hours(7.25))
    town.live(NOON + hours(7.25), NOON + days(1))
    assert (town.walls()[1:], town.kinds()[1:]) == (["25 20:15"], [("check_in", "recheck_48h")])
    assert local(town.one("recheck_48h").next_at, BERLIN) == "2026-11-28 13:00"
    assert [one.snoozed_at for one in town.store.reminders("ada")] == [None, None]


def test_a_listed_one_that_is_put_off_and_long_over_is_marked(town: Town) -> None:
    town.add(NOON, replace(listed("monthly", date(2026, 12, 20)), snoozed_at=NOON + hours(1)))
    assert town.tick(NOON + days(5)) == Tick(0, 1, 1)
    assert local(town.one("monthly").next_at, BERLIN) == "2026-12-20 09:00"


def test_what_is_put_off_does_not_hold_up_what_waits(town: Town) -> None:
    # Both are due in the evening, when the day has had its message: one was asked for again, the other waits.
    town.add(
        NOON,
        replace(listed("monthly", date(2026, 12, 20)), snoozed_at=NOON + hours(3), sent_at=NOON),
        listed("recheck_48h", date(2026, 11, 25), at=time(15)),
    )
    town.live(NOON, NOON + days(2))
    assert list(zip(town.walls(), town.kinds(), strict=True)) == [
        ("25 15:00", ("monthly",)),
        ("26 15:00", ("recheck_48h",)),
    ]


def test_a_check_in_answers_the_monthly_question_that_was_put_off(town: Town) -> None:
    town.add(NOON, replace(listed("monthly", date(2026, 12, 20)), snoozed_at=NOON + hours(1)))
    town.change(checked_in, NOON)
    assert town.one("monthly").snoozed_at is None and town.one("monthly").next_at is not None


def test_with_nothing_that_came_today_and_no_check_in_nothing_is_put_off(town: Town) -> None:
    town.add(NOON, replace(listed("monthly", date(2026, 12, 20)), sent_at=NOON - days(2)))
    assert put_off(town.store.reminders("ada"), NOON) is None and put_off((), NOON) is None
    stopped = tuple(replace(one, stopped_at=NOON, sent_at=NOON) for one in town.store.reminders("ada"))
    assert put_off(stopped, NOON) is None


def test_a_nudge_is_put_off_as_the_check_in_that_it_came_with(town: Town) -> None:
    town.add(NOON, replace(check_in(), sent_at=NOON), replace(listed("nudge"), sent_at=NOON))
    town.change(must_put_off, NOON)
    assert (town.one().snoozed_at, town.one("nudge").snoozed_at) == (NOON + hours(1), None)


def must_put_off(own: tuple[Reminder, ...], now: datetime) -> tuple[Reminder, ...]:
    changed = put_off(own, now)
    assert changed is not None
    return changed


def test_a_skipped_day_is_silent_and_the_next_is_not(town: Town) -> None:
    town.add(NOON, check_in(time(13), EVENING), listed("check_of_the_day", date(2026, 11, 25), at=time(15)))
    town.change(skipped, NOON)
    town.live(NOON, NOON + days(1) + hours(9))
    assert town.walls() == ["26 13:00", "26 19:00"]
    assert town.kinds() == [("check_in",), ("check_in", "check_of_the_day")]


def test_a_pause_ends_on_its_date(town: Town) -> None:
    town.add(NOON, check_in(), listed("monthly", date(2026, 11, 26)))
    town.change(paused, date(2026, 12, 1), NOON)
    town.live(NOON, NOON + days(7), hours(1))
    assert town.walls() == ["01 19:00", "02 19:00"][: len(town.came)] and town.kinds()[0] == ("check_in", "monthly")


def test_a_pause_until_i_say_ends_when_i_say(town: Town) -> None:
    town.add(NOON, check_in(), listed("monthly", date(2026, 11, 26)))
    town.change(paused, None, NOON)
    assert [one.next_at for one in town.store.reminders("ada")] == [None, None]
    town.live(NOON, NOON + days(40), hours(1))
    assert town.came == []
    town.change(resumed, NOON + days(40))
    assert upcoming(town.store.reminders("ada"), NOON + days(40), 1)[0].date() == date(2027, 1, 4)


def test_nothing_comes_on_the_day_of_a_race(town: Town) -> None:
    town.add(NOON, check_in(), listed("recheck_48h", date(2026, 11, 26)))
    town.change(racing, date(2026, 11, 26), NOON)
    town.live(NOON, NOON + days(3))
    assert town.walls() == ["25 19:00", "27 19:00"]
    assert town.kinds() == [("check_in",), ("check_in", "recheck_48h")]


@pytest.mark.parametrize(
    ("at", "quiet", "expected"),
    [
        (time(23), (time(22), time(7)), "22:00"),
        (time(5), (time(22), time(7)), "07:00"),
        (time(14), (time(13), time(15)), "15:00"),
        (time(22), (time(22), time(7)), "22:00"),
        (time(7), (time(22), time(7)), "07:00"),
        (time(9), (time(8), time(8)), "09:00"),
    ],
)
def test_a_time_in_quiet_hours_moves_to_their_edge_on_the_same_day(
    town: Town, at: time, quiet: tuple[time, time], expected: str
) -> None:
    start = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    town.add(start - hours(1), check_in(at), listed("monthly", date(2026, 11, 25), at=at))
    town.change(with_quiet_hours, quiet, start - hours(1))
    town.live(start + timedelta(seconds=30), start + days(2))
    assert [wall.split()[1] for wall in town.walls()] == [expected, expected]


def test_what_is_late_does_not_disturb_quiet_hours(town: Town) -> None:
    town.add(NOON, check_in(time(21, 30), quiet=(time(22), time(7))))
    assert town.tick(NOON + hours(10.5)) == Tick(0, 1, 1)
    town.live(NOON + hours(10.75), NOON + hours(24))
    assert town.came == []


def test_what_is_late_and_alone_waits_for_the_end_of_the_night(town: Town) -> None:
    town.add(NOON, listed("doctor_3_days", date(2026, 11, 25), at=time(21), quiet=(time(22), time(7))))
    town.live(NOON + hours(10.5), NOON + days(2))
    assert town.walls() == ["26 21:00"]


def test_the_next_three_are_those_that_will_come(town: Town) -> None:
    town.add(NOON, check_in(weekdays=(0, 3)), listed("recheck_48h", date(2026, 11, 27)))
    foretold = upcoming(town.store.reminders("ada"), NOON)
    town.live(NOON, NOON + days(6))
    assert [f"{at:%d %H:%M}" for at in foretold] == town.walls() == ["26 19:00", "27 09:00", "30 19:00"]
    assert str(foretold[0].tzinfo) == BERLIN
    assert upcoming((), NOON) == ()


# ---- no more than was chosen ---------------------------------------------------------------------------------------


def test_what_comes_on_a_listed_day_joins_the_check_in_of_that_day(town: Town) -> None:
    town.add(NOON, check_in(), listed("check_of_the_day", *(date(2026, 11, day) for day in (27, 28, 29, 30))))
    town.live(NOON, NOON + days(6))
    both = ("check_in", "check_of_the_day")
    assert town.kinds() == [("check_in",), ("check_in",), both, both, both, both]
    assert town.one("check_of_the_day").days == () and town.one("check_of_the_day").next_at is None


def test_what_is_later_than_the_check_in_joins_that_of_the_next_day(town: Town) -> None:
    town.add(NOON, check_in(SEVEN), listed("recheck_48h", date(2026, 11, 27)))
    town.live(NOON, NOON + days(4))
    assert list(zip(town.walls(), town.kinds(), strict=True)) == [
        ("26 07:00", ("check_in",)),
        ("27 07:00", ("check_in",)),
        ("28 07:00", ("check_in", "recheck_48h")),
        ("29 07:00", ("check_in",)),
    ]


def test_on_a_day_without_a_check_in_what_is_listed_comes_by_itself_and_all_together(town: Town) -> None:
    town.add(
        NOON,
        check_in(weekdays=(0,)),
        listed("recheck_48h", date(2026, 11, 26)),
        listed("doctor_3_days", date(2026, 11, 26)),
        listed("monthly", date(2026, 11, 26), at=time(11)),
    )
    town.live(NOON, NOON + days(3))
    assert list(zip(town.walls(), town.kinds(), strict=True)) == [
        ("26 09:00", ("doctor_3_days", "recheck_48h")),
        ("27 11:00", ("monthly",)),
    ]


def test_without_a_check_in_each_listed_day_has_its_message(town: Town) -> None:
    town.add(NOON, listed("doctor_3_days", date(2026, 11, 28)))
    town.live(NOON, NOON + days(5))
    assert town.walls() == ["28 09:00"]
    assert town.one("doctor_3_days").next_at is None


KINDS: list[Kind] = ["doctor_3_days", "recheck_48h", "monthly", "check_of_the_day", "nudge"]


MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))


@st.composite
def chosen(draw: st.DrawFn) -> tuple[Reminder, ...]:
    zone = draw(st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe"]))
    quiet = draw(st.none() | st.just((time(21, 30), time(6, 45))))
    times = sorted(draw(st.sets(MINUTES, min_size=1, max_size=2)))
    week = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    near = st.integers(0, 9).map(lambda day: date(2026, 10, 22) + days(day))
    listed_days = draw(st.dictionaries(st.sampled_from(KINDS), st.sets(near, max_size=4), max_size=3))
    own = [check_in(*times, weekdays=week, zone=zone, quiet=quiet)]
    for kind, dates in listed_days.items():
        own.append(Reminder("ada", kind, zone, (draw(MINUTES),), days=tuple(sorted(dates)), quiet=quiet))
    return tuple(own)


@settings(max_examples=40)
@given(own=chosen(), late=st.integers(0, 110))
def test_no_day_has_more_messages_than_were_chosen_and_none_is_lost(own: tuple[Reminder, ...], late: int) -> None:
    start, end = datetime(2026, 10, 21, 10, 0, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
    delay = timedelta(seconds=late)
    known = {one.kind: planned(one, start) for one in own}
    weekly, came = known["check_in"], list[tuple[datetime, Due]]()
    while (now := min(one.next_at for one in known.values() if one.next_at) + delay) < end:
        turn = turned(tuple(known.values()), now)
        known |= {one.kind: one for one in turn.reminders}
        came += [(now, turn.due)] if turn.due is not None else []
    for day, count in Counter(due.day for _, due in came).items():
        assert count <= (len(weekly.times) if day.weekday() in weekly.weekdays else 1)
    expected = [start]
    while (due := next_due(weekly, expected[-1])) is not None and due + delay < end:
        expected.append(due)
    # Two times less than a tick apart are one message.
    on_time = {now for now, due in came if "check_in" in due.kinds}
    assert all(any(timedelta() <= now - at < timedelta(minutes=2) for now in on_time) for at in expected[1:])
    assert all(not one.days and not one.missed for one in known.values() if one.kind != "nudge")
    assert all("check_in" in due.kinds for _, due in came if "nudge" in due.kinds)


def test_after_a_check_in_none_comes_for_the_same_day(town: Town) -> None:
    town.add(NOON, check_in(SEVEN, EVENING), listed("monthly", date(2026, 12, 20)))
    town.change(checked_in, NOON + hours(1))
    town.live(NOON, NOON + days(1))
    assert town.walls() == ["26 07:00"]
    assert {one.kind for one in town.store.reminders("ada")} == {"check_in", "monthly", "nudge"}


def test_a_check_in_after_midnight_belongs_to_the_day_before(town: Town) -> None:
    late = NOON + hours(14)  # two in the morning in Berlin
    town.add(NOON, check_in())
    town.change(checked_in, late)
    town.live(late, late + days(1))
    assert town.walls() == ["26 19:00"]


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),  # spring: half past four
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),  # autumn: half past three
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 17, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_check_in_on_a_night_of_a_clock_change_counts_for_the_runners_date(zone: str, now: datetime) -> None:
    on = runner_date(now, ZoneInfo(zone))
    known = next(each for each in checked_in([check_in(zone=zone)], now) if each.kind == "check_in")
    assert known.next_at is not None
    assert known.next_at.astimezone(ZoneInfo(zone)).date() == on + timedelta(days=1)


def test_three_silent_days_lead_to_one_nudge_within_the_reminder_of_the_next(town: Town) -> None:
    town.add(NOON, check_in())
    town.change(checked_in, NOON)
    town.live(NOON, NOON + days(12), hours(1))
    assert town.walls()[:4] == ["26 19:00", "27 19:00", "28 19:00", "29 19:00"]
    assert [kinds for kinds in town.kinds() if "nudge" in kinds] == [("check_in", "nudge")]
    assert town.kinds().index(("check_in", "nudge")) == 3


def test_a_nudge_waits_for_a_chosen_day_and_for_the_silence_after_the_last_check_in(town: Town) -> None:
    town.add(NOON, check_in(weekdays=(1,)))
    town.change(checked_in, NOON)
    assert town.one("nudge").days == (date(2026, 12, 1),)
    town.change(checked_in, NOON + days(5))
    assert town.one("nudge").days == (date(2026, 12, 8),)


@pytest.mark.parametrize("quiet", [(racing, date(2026, 12, 1)), (paused, date(2026, 12, 3))], ids=["race", "pause"])
def test_a_nudge_that_may_not_come_on_its_day_waits_for_the_next_chosen_one(
    town: Town, quiet: tuple[Callable[..., tuple[Reminder, ...]], date]
) -> None:
    town.add(NOON, check_in(weekdays=(1, 4)))
    town.change(checked_in, NOON + days(2))
    assert town.one("nudge").days == (date(2026, 12, 1),)
    town.change(*quiet, NOON + days(2))
    town.live(NOON + days(2), NOON + days(12), hours(1))
    assert [each for each in zip(town.walls(), town.kinds(), strict=True) if "nudge" in each[1]] == [
        ("04 19:00", ("check_in", "nudge"))
    ]


def test_without_a_check_in_reminder_there_is_no_nudge(town: Town) -> None:
    town.add(NOON, listed("monthly", date(2026, 12, 20)), listed("nudge", date(2026, 12, 1)))
    town.change(checked_in, NOON)
    assert [one.kind for one in town.store.reminders("ada")] == ["monthly"]


# ---- outages -------------------------------------------------------------------------------------------------------


def test_what_is_late_by_less_than_two_hours_comes_once(town: Town) -> None:
    town.add(NOON, check_in())
    town.live(NOON + hours(8.9), NOON + hours(12))
    assert town.walls() == ["25 20:54"]
    assert town.one().missed == 0


def test_what_is_older_is_marked_and_never_sent(town: Town) -> None:
    town.add(NOON, check_in(SEVEN, EVENING))
    assert town.tick(NOON + days(3) + hours(-1)) == Tick(0, 6, 1)
    assert (town.one().missed, local(town.one().next_at, BERLIN)) == (6, "2026-11-28 19:00")


def test_of_many_that_are_late_the_last_comes_alone(town: Town) -> None:
    town.add(NOON, check_in(SEVEN, EVENING))
    assert town.tick(NOON + days(3) + hours(8)) == Tick(1, 6, 1)
    assert town.walls() == ["28 20:00"]


@pytest.mark.parametrize(
    ("begins", "came", "missed"),
    [
        ("12:45", ["15:45 check_in+doctor_3_days"], 1),
        ("13:15", ["13:00 check_in+doctor_3_days", "16:15 check_in"], 0),
        ("14:45", ["13:00 check_in+doctor_3_days"], 1),
    ],
)
def test_three_hours_of_outage_send_nothing_twice_and_lose_nothing_about_safety(
    town: Town, begins: str, came: list[str], missed: int
) -> None:
    town.add(NOON, check_in(time(13), time(15, 30)), listed("doctor_3_days", date(2026, 11, 25), at=time(13)))
    down = datetime.combine(NOON.date(), time.fromisoformat(begins), ZoneInfo(BERLIN)).astimezone(UTC)
    town.live(NOON, down)
    town.live(down + hours(3), NOON + hours(12))
    assert [f"{at.astimezone(ZoneInfo(BERLIN)):%H:%M} {'+'.join(due.kinds)}" for at, due in town.came] == came
    assert town.one().missed == missed


def test_what_matters_for_safety_is_worth_days(town: Town) -> None:
    town.add(NOON, listed("doctor_3_days", date(2026, 11, 28)))
    town.tick(NOON + days(5))
    assert town.kinds() == [("doctor_3_days",)]


def test_but_not_a_week(town: Town) -> None:
    town.add(NOON, listed("doctor_3_days", date(2026, 11, 28)))
    assert town.tick(NOON + days(10)) == Tick(0, 1, 1)
    assert (town.one("doctor_3_days").missed, town.one("doctor_3_days").next_at) == (1, None)


def test_a_listed_one_whose_day_has_moved_is_planned_anew(town: Town) -> None:
    town.add(NOON, listed("monthly", date(2026, 12, 20)))
    town.store.remind([replace(town.one("monthly"), next_at=NOON)], [])
    assert town.tick(NOON).queued == 0
    assert local(town.one("monthly").next_at, BERLIN) == "2026-12-20 09:00"


def test_one_chat_that_cannot_be_reminded_does_not_hold_up_the_others(town: Town) -> None:
    town.add(NOON, check_in(), key="ada")
    town.add(NOON, check_in(chat="bob"), key="bob")
    town.store._db.execute("update reminder set zone = 'Europe/Nowhere' where chat = 'ada'")
    evening = NOON + hours(7)
    assert town.tick(evening) == Tick(1, 0, 2)
    assert [due.chat for _, due in town.came] == ["bob"]
    assert town.one().next_at == evening + hours(1)


# ---- blocking and forgetting -----------------------------------------------------------------------------------------


def test_a_block_stops_reminders_and_unblocking_does_not_start_them(town: Town) -> None:
    town.add(NOON, replace(check_in(), snoozed_at=NOON + hours(1)))
    town.store.block("ada", NOON)
    town.live(NOON, NOON + days(2))
    (known,) = town.chats()
    town.store.commit(Commit(None, replace(known, blocked_at=None)))
    town.live(NOON + days(2), NOON + days(4))
    assert town.came == []
    assert (town.one().next_at, town.one().stopped_at) == (None, NOON)
    town.change(in_zone, "Asia/Kolkata", NOON + days(4))
    assert town.one().next_at is None
    town.change(resumed, NOON + days(4))
    assert local(town.one().next_at, "Asia/Kolkata") == "2026-11-29 19:00"


def test_a_chat_that_says_it_blocked_us_is_stopped_as_well(town: Town) -> None:
    town.add(NOON, check_in())
    (known,) = town.chats()
    town.store.commit(Commit(None, replace(known, blocked_at=NOON)))
    assert (town.one().next_at, town.one().stopped_at) == (None, NOON)


def test_reminders_are_part_of_what_is_kept_about_a_person_and_go_with_them(town: Town) -> None:
    town.add(NOON, check_in(SEVEN, EVENING, quiet=(time(22), time(7))))
    (row,) = cast(list[dict[str, Any]], town.store.everything("ada")["reminder"])
    assert (row["times"], row["quiet"], row["zone"]) == (["07:00:00", "19:00:00"], ["22:00:00", "07:00:00"], BERLIN)
    (known,) = town.chats()
    town.store.commit(Commit(None, known, forget=True))
    assert town.store.reminders("ada") == () and town.store.due_reminders(NOON + days(9), 9) == []


def test_what_is_kept_comes_back_equal(town: Town) -> None:
    full = replace(
        check_in(SEVEN, EVENING, quiet=(time(22), time(7))),
        days=(date(2026, 12, 1),),
        paused_until=date.max,
        skip_on=date(2026, 11, 25),
        race_on=date(2026, 12, 24),
        snoozed_at=NOON,
        stopped_at=NOON,
        done_on=date(2026, 11, 25),
        done=1,
        next_at=NOON,
        sent_at=NOON,
        missed=3,
    )
    town.add(NOON)
    (known,) = town.chats()
    town.store.commit(Commit(None, known, reminders=(full,)))
    assert town.store.reminders("ada") == (full,)
    town.store.commit(Commit(None, known))
    assert town.store.reminders("ada") == (full,)
    town.store.commit(Commit(None, known, reminders=()))
    assert town.store.reminders("ada") == ()


# ---- the tick in the database ----------------------------------------------------------------------------------------


def test_a_tick_reads_the_index_of_what_is_due_and_scans_nothing(town: Town) -> None:
    seen: list[str] = []
    town.add(NOON, check_in())
    town.store._db._tracer = lambda sql, parameters: seen.append(sql)
    town.tick(NOON)
    town.store._db._tracer = None
    assert len(seen) == 1
    plan = town.store._db.execute(f"explain query plan {seen[0]}", {"now": "", "limit": 1, "never": ""}).fetchall()
    details = [row["detail"] for row in plan]
    assert any("SEARCH reminder USING COVERING INDEX reminder_due (next_at<?)" in detail for detail in details)
    assert not any("SCAN reminder" in detail for detail in details)


def test_the_sender_walks_waiting_reminders_by_their_index(town: Town) -> None:
    seen: list[str] = []
    town.store._db._tracer = lambda sql, parameters: seen.append(sql)
    town.store.heads(NOON, 10, REMINDERS)
    town.store._db._tracer = None
    plan = town.store._db.execute(f"explain query plan {seen[0]}", {"now": "", "limit": 1, "never": ""}).fetchall()
    details = [row["detail"] for row in plan]
    assert any("outbox_notices" in detail for detail in details)
    assert sum("outbox_unsent (priority=? AND chat=?" in detail for detail in details) == 2
    assert "SCAN outbox" not in details


def test_answers_of_a_chat_go_before_its_reminders(town: Town) -> None:
    town.add(NOON, check_in())
    town.tick(NOON + hours(7))
    town.tick(NOON + days(1) + hours(7))
    (known,) = town.chats()
    town.store.commit(Commit(None, known, calls=(Call("sendMessage", {"text": "an answer"}),)))
    assert [call.params["text"] for call in town.store.heads(NOON, 9)] == ["an answer"]
    assert town.store.heads(NOON, 9, REMINDERS) == []
    town.store.sent(town.store.heads(NOON, 9)[0].id, 1, NOON)
    (first,) = town.store.heads(NOON, 9, REMINDERS)
    assert first.params["text"] == "check_in 2026-11-25"
    assert first.expires_at == NOON + hours(9)


def test_a_slice_takes_the_longest_due_and_leaves_the_rest(town: Town) -> None:
    for number in range(10):
        key = f"runner {number}"
        chat = Chat(key, number + 1, NOON, NOON)
        town.store.commit(Commit(None, chat, reminders=(planned(check_in(chat=key), NOON),)))
    sizes = [tick(town.store, NOON + hours(7), say, limit=4).queued for _ in range(4)]
    assert sizes == [4, 4, 2, 0]
    assert town.store.waiting_notices() == 10


# ---- a power cut after every step ------------------------------------------------------------------------------------


def run_until(hop: str, path: Path, api: FakeBotApi, now: datetime) -> None:
    command = [sys.executable, "-m", "tests.reminded_bot", str(path), api.base_url, now.isoformat(), hop]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parents[1], env=doomed())
    assert done.returncode == -signal.SIGKILL


def run_again(path: Path, api: FakeBotApi, now: datetime) -> None:
    reminded_bot.main(str(path), api.base_url, now.isoformat(), "")


NEVER_ARRIVES = {"marked before it is sent"}


@pytest.mark.parametrize("hop", HOPS)
def test_killed_after_any_step_a_person_gets_one_reminder_or_it_is_marked(
    town: Town, tmp_path: Path, api: FakeBotApi, hop: str
) -> None:
    town.add(NOON, check_in())
    (known,) = town.chats()
    api.greet(known.chat_id)
    evening = NOON + hours(7)
    run_until(hop, tmp_path / "bot.db", api, evening)
    run_again(tmp_path / "bot.db", api, evening + timedelta(minutes=1))
    texts = [shown.text for shown in api.messages(known.chat_id)]
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        ((params, error, priority),) = connection.execute("select params, error, priority from outbox").fetchall()
    assert (params, priority) == (None, REMINDERS)
    if hop in NEVER_ARRIVES:
        assert (texts, error) == ([], "uncertain")
    else:
        assert texts == ["check_in 2026-11-25"]
    assert local(town.one().next_at, BERLIN) == "2026-11-26 19:00"


def test_what_waited_through_a_long_outage_is_marked_and_not_sent(town: Town, tmp_path: Path, api: FakeBotApi) -> None:
    town.add(NOON, check_in())
    (known,) = town.chats()
    api.greet(known.chat_id)
    run_until("queued", tmp_path / "bot.db", api, NOON + hours(7))
    run_again(tmp_path / "bot.db", api, NOON + hours(10))
    assert api.messages(known.chat_id) == []
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        assert connection.execute("select params, error from outbox").fetchall() == [(None, "missed")]


# ---- the sender and the ticker ---------------------------------------------------------------------------------------


class Office:
    """A running sender at full speed with the town's store, and a ticker beside it when there is one."""

    def __init__(self, api: FakeBotApi, town: Town, bot: Bot, limits: Limits = UNLIMITED) -> None:
        self.api, self.town, self.now = api, town, NOON + hours(7)
        self.sender = Sender(bot, town.store, lambda: self.now, limits)
        self.tasks = [asyncio.create_task(self.sender.run())]

    def remind(self, count: int = 1) -> list[int]:
        """Makes so many reminders due, and queues them; returns their chats."""
        for number in range(1, count + 1):
            key = f"runner {number}"
            self.api.greet(number)
            reminder = planned(check_in(chat=key), NOON)
            self.town.store.commit(Commit(None, Chat(key, number, NOON, NOON), reminders=(reminder,)))
        tick(self.town.store, self.now, say)
        self.sender.wake()
        return list(range(1, count + 1))

    async def settle(self) -> None:
        await self.sender.drain(15)

    def errors(self) -> list[Any]:
        return [row["error"] for row in self.town.store._db.execute("select error from outbox order by id").fetchall()]

    def texts(self, chat_id: int = 1) -> list[str]:
        return [shown.text for shown in self.api.messages(chat_id)]


@pytest.fixture
async def office(api: FakeBotApi, town: Town) -> AsyncIterator[Office]:
    async with Bot(TOKEN, base_url=api.base_url, request=HTTPXRequest(read_timeout=1.0)) as bot:
        office = Office(api, town, bot)
        yield office
        for task in office.tasks:
            task.cancel()
        await asyncio.gather(*office.tasks, return_exceptions=True)


@pytest.mark.parametrize("trouble", ["timeout", "cut", "cut afterwards", "500"])
async def test_a_reminder_that_may_have_arrived_is_not_repeated(office: Office, trouble: str) -> None:
    match trouble:
        case "timeout":
            office.api.delay(1.3, "sendMessage")
        case "500":
            office.api.fail(500, "Internal Server Error", "sendMessage")
        case _:
            office.api.cut("sendMessage", done=trouble == "cut afterwards")
    office.remind()
    await office.settle()
    office.now += hours(1)
    await office.settle()
    await asyncio.to_thread(office.api.wait_for, lambda: office.api.calls("sendMessage"))
    assert len(office.api.calls("sendMessage")) == 1
    assert office.errors() == ["uncertain"]


@pytest.mark.parametrize("status", [401, 404, 409, 429])
async def test_a_reminder_that_was_refused_for_now_is_sent_later(office: Office, status: int) -> None:
    more = {"retry_after": 1} if status == 429 else {}
    office.api.fail(status, "Not now", "sendMessage", **more)
    office.remind()
    await office.settle()
    assert office.texts() == []
    office.now += timedelta(minutes=5)
    await office.settle()
    assert office.texts() == ["check_in 2026-11-25"]


async def test_a_reminder_whose_call_never_left_is_tried_again(api: FakeBotApi, town: Town) -> None:
    nowhere = "http://127.0.0.1:9/bot"
    town.add(NOON, check_in())
    town.tick(NOON + hours(7))
    bot = Bot(TOKEN, base_url=nowhere)
    sender = Sender(bot, town.store, lambda: NOON + hours(7))
    sending = asyncio.create_task(sender.run())
    await sender.drain(5)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    row = town.store._db.execute("select * from outbox").fetchone()
    assert (row["attempts"], row["begun_at"], row["error"]) == (1, None, "NetworkError")
    assert row["params"] is not None


async def test_a_chat_that_moved_gets_its_reminder_once(office: Office) -> None:
    office.api.greet(77)
    office.api.fail(400, "Bad Request: upgraded", "sendMessage", migrate_to_chat_id=77)
    office.remind()
    await office.settle()
    assert office.texts(77) == ["check_in 2026-11-25"]


async def test_a_reminder_is_marked_before_it_is_sent(office: Office) -> None:
    office.api.delay(0.3, "sendMessage")
    office.remind()
    await asyncio.sleep(0.1)
    row = office.town.store._db.execute("select begun_at, sent_at from outbox").fetchone()
    assert row["begun_at"] is not None and row["sent_at"] is None
    await office.settle()


async def test_reminders_keep_their_pace_and_answers_do_not_wait_for_it(api: FakeBotApi, town: Town) -> None:
    async with Bot(TOKEN, base_url=api.base_url) as bot:
        office = Office(api, town, bot, replace(UNLIMITED, notices=Rate(1, 1 / 3600)))
        office.remind(5)
        await asyncio.to_thread(api.wait_for, lambda: api.calls("sendMessage"))
        api.greet(99)
        answer = Call("sendMessage", {"text": "an answer"})
        town.store.commit(Commit(None, Chat("ada", 99, NOON, NOON), calls=(answer,)))
        office.sender.wake()
        await asyncio.to_thread(api.wait_for_text, 99, "an answer")
        assert [call.chat_id for call in api.calls("sendMessage")] == [1, 99]
        assert town.store.waiting_notices() == 4
        office.tasks[0].cancel()
        await asyncio.gather(*office.tasks, return_exceptions=True)


async def test_a_crowd_that_is_due_at_once_gets_one_each_or_is_marked(office: Office) -> None:
    crowd = 600
    for number in range(10, crowd + 1, 10):
        office.api.refuse_quietly(number)
    for number in range(5, crowd, 200):
        office.api.too_many(number, 1)
    chats = office.remind(crowd)
    office.api.greet(9999)
    answer = Call("sendMessage", {"text": "an answer"})
    office.town.store.commit(Commit(None, Chat("ada", 9999, NOON, NOON), calls=(answer,)))
    office.sender.wake()
    await asyncio.to_thread(office.api.wait_for_text, 9999, "an answer")
    reminded_before = len(office.api.calls("sendMessage"))
    while office.town.store.waiting_notices():
        office.now += timedelta(seconds=1)
        await office.settle()
    got = {number: len(office.texts(number)) for number in chats}
    assert got == {number: 0 if number % 10 == 0 else 1 for number in chats}
    assert Counter(office.errors()) == {None: crowd - 60 + 1, "blocked": 60}
    assert reminded_before < 60


class Wire(BaseRequest):
    """Carries calls straight to the server that stands in for Telegram: ten thousand need no sockets."""

    def __init__(self, api: FakeBotApi) -> None:
        self.api = api

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None:
        """Opens nothing."""

    async def shutdown(self) -> None:
        """Closes nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: object, **more: object
    ) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        status, answer = self.api.call(TOKEN, url.rsplit("/", 1)[1], request_data.parameters if request_data else {})
        return status, json.dumps(answer).encode()


async def test_ten_thousand_that_are_due_at_once_get_one_each_or_are_marked_and_an_answer_passes_them(
    api: FakeBotApi, town: Town
) -> None:
    crowd, refusing, limited = 10_000, range(10, 10_001, 10), range(5, 10_000, 1_000)
    # Waiting for the disk proves nothing here: the kills above see to that.
    town.store._db.execute("pragma synchronous=off")
    for number in refusing:
        api.refuse_quietly(number)
    for number in limited:
        api.too_many(number, 1)
    with town.store._db.atomic():
        for number in range(1, crowd + 1):
            api.greet(number)
            reminder = planned(check_in(chat=f"runner {number}"), NOON)
            chat = Chat(reminder.chat, number, NOON, NOON)
            town.store.commit(Commit(None, chat, reminders=(reminder,)))
    async with Bot(TOKEN, base_url=api.base_url, request=Wire(api), get_updates_request=Wire(api)) as bot:
        office = Office(api, town, bot)
        while tick(town.store, office.now, say).chats:
            pass
        assert town.store.waiting_notices() == crowd
        office.sender.wake()
        await asyncio.sleep(0.01)
        api.greet(99_999)
        answer = Call("sendMessage", {"text": "an answer"})
        town.store.commit(Commit(None, Chat("ada", 99_999, NOON, NOON), calls=(answer,)))
        before = len(api.requests)
        office.sender.wake()
        while town.store.waiting_notices():
            office.now += timedelta(seconds=1)
            await office.settle()
        office.tasks[0].cancel()
        await asyncio.gather(*office.tasks, return_exceptions=True)
    order = [request.chat_id for request in api.requests[before:]]
    assert order.index(99_999) < 60
    got = Counter(request.chat_id for request in api.requests if request.status == 200)
    assert {number: got[number] for number in range(1, crowd + 1)} == {
        number: 0 if number in refusing else 1 for number in range(1, crowd + 1)
    }
    assert Counter(office.errors()) == {None: crowd - len(refusing) + 1, "blocked": len(refusing)}


async def test_the_ticker_queues_slice_by_slice_what_is_due_and_wakes_the_sender(office: Office) -> None:
    office.remind(250)
    await office.settle()
    office.now += days(1)
    ticker = tick_away(office.town.store, office.sender, lambda: office.now, unasked(office.town.store), 0.01)
    office.tasks.append(asyncio.create_task(ticker))
    await asyncio.to_thread(office.api.wait_for, lambda: len(office.api.calls("sendMessage")) >= 500, 20)
    assert all(office.texts(number)[-1] == "check_in 2026-11-26" for number in range(1, 251))


async def test_the_ticker_waits_while_many_wait_to_be_sent(office: Office) -> None:
    office.tasks[0].cancel()
    office.remind(600)
    office.now += days(1)
    ticker = tick_away(office.town.store, office.sender, lambda: office.now, unasked(office.town.store), 0.01)
    office.tasks.append(asyncio.create_task(ticker))
    await asyncio.sleep(0.1)
    assert office.town.store.waiting_notices() == 600


async def test_without_words_nobody_is_reminded(office: Office) -> None:
    office.tasks.append(asyncio.create_task(tick_away(office.town.store, office.sender, lambda: office.now, {})))
    await asyncio.sleep(0.05)
    assert not office.tasks[-1].done()


async def test_the_ticker_ends_with_the_store(office: Office) -> None:
    office.town.store._db.execute("drop table reminder")
    with pytest.raises(StoreError):
        await tick_away(office.town.store, office.sender, lambda: office.now, unasked(office.town.store))
