"""When a wall clock in some zone shows the times that a person chose: wall times become instants.

A reminder is a local wall time in an IANA zone. Its next instant is computed anew each time, by these rules: an hour
that a clock change repeats counts the first time; one that it skips becomes the first minute after it, or the last
before it where the day ends in the gap; a date that a zone skips has no reminder. So every chosen day has exactly one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.records import Reminder

A_LITTLE = timedelta(minutes=5)
ONE_DAY, ONE_MINUTE, ONE_SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


class Slot(NamedTuple):
    """One time at which a reminder is due."""

    at: datetime
    day: date
    number: int
    """Which of the day's times it is."""


class Passed(NamedTuple):
    """What has passed but is not done, and when the next comes."""

    slots: tuple[Slot, ...]
    following: datetime | None


class Wish(NamedTuple):
    """All that decides on which days and at what times a reminder comes, whoever it belongs to."""

    zone: str
    times: tuple[time, ...]
    weekdays: tuple[int, ...]
    days: tuple[date, ...]
    quiet: tuple[time, time] | None
    paused_until: date | None
    silent: tuple[date | None, date | None]
    done_on: date
    done: int


@lru_cache(4096)
def zone_of(name: str) -> ZoneInfo:
    """Returns a zone by its IANA name; zoneinfo itself keeps the last eight only, and a crowd lives in all of them."""
    return ZoneInfo(name)


def local_date(now: datetime, zone: str) -> date:
    """Returns the date in a zone, or in UTC where none is known."""
    return now.astimezone(zone_of(zone)).date() if zone else now.date()


@lru_cache(16_384)
def instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Returns when a clock on the wall shows this, in UTC; None on a date that the zone skips."""
    wall = datetime.combine(day, at, zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    after = _end_of_gap(wall)
    for near in (after, after - ONE_MINUTE):
        if near.astimezone(zone).date() == day:
            return near
    return None


def _end_of_gap(wall: datetime) -> datetime:
    """Finds the clock change that skips this wall time: between the readings by the new and by the old offset."""
    before, after = wall.replace(fold=1).astimezone(UTC), wall.astimezone(UTC)
    old = before.astimezone(wall.tzinfo).utcoffset()
    while after - before > ONE_SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(wall.tzinfo).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def next_due(reminder: Reminder, now: datetime) -> datetime | None:
    """Returns when the reminder comes next after this moment, in UTC; None when it never does."""
    if reminder.stopped_at is not None:
        return None
    following = split(reminder, now).following
    times = [following] if following is not None else []
    if reminder.snoozed_at is not None and reminder.snoozed_at > now:
        times.append(reminder.snoozed_at)
    return min(times, default=None)


def split(reminder: Reminder, now: datetime) -> Passed:
    """Returns what has passed but is not done, and when the next comes."""
    one = reminder
    silent = (one.skip_on, one.race_on)
    wish = Wish(one.zone, one.times, one.weekdays, one.days, one.quiet, one.paused_until, silent, one.done_on, one.done)
    return _split_wish(wish, now)


@lru_cache(4096)
def _split_wish(wish: Wish, now: datetime) -> Passed:
    # Many of those who are due at a moment have chosen the same: it is worked out once.
    passed: list[Slot] = []
    for slot in _slots(wish):
        if slot.at > now:
            return Passed(tuple(passed), slot.at)
        passed.append(slot)
    return Passed(tuple(passed), None)


def _slots(wish: Wish) -> Iterator[Slot]:
    """Yields what is not over yet, in the order of time; a weekly reminder never ends."""
    zone, times = zone_of(wish.zone), wall_times(wish)
    for day in _days(wish):
        for number, at in enumerate(times):
            if (day, number) < (wish.done_on, wish.done):
                continue
            when = instant(day, at, zone)
            if when is not None:
                yield Slot(when, day, number)


def wall_times(reminder: Reminder | Wish) -> tuple[time, ...]:
    """Returns the wall times outside of the quiet hours; what comes on listed days has one."""
    times = _awake_times(reminder.times, reminder.quiet)
    return times if reminder.weekdays else times[:1]


@lru_cache(1024)
def _awake_times(times: tuple[time, ...], quiet: tuple[time, time] | None) -> tuple[time, ...]:
    return tuple(sorted({_awake(at, quiet) for at in times}))


def _days(wish: Wish) -> Iterator[date]:
    first = max(wish.done_on, wish.paused_until or date.min)
    if first.year == MAXYEAR:
        return
    if wish.weekdays:
        for ahead in count():
            day = first + timedelta(days=ahead)
            if day.weekday() in wish.weekdays and day not in wish.silent:
                yield day
    elif wish.done and first == wish.done_on:
        first += ONE_DAY
    for listed in wish.days:
        # A listed day on which nothing may come is not lost: the next one takes it over.
        day = max(listed, first)
        while day in wish.silent:
            day += ONE_DAY
        first = day + ONE_DAY
        yield day


def _awake(at: time, quiet: tuple[time, time] | None) -> time:
    """Moves a wall time out of the quiet hours, within its day: to their end, or to their beginning late at night."""
    if not _is_quiet(at, quiet) or quiet is None:
        return at
    start, end = quiet
    return start if start > end and at > start else end


def _is_quiet(at: time, quiet: tuple[time, time] | None) -> bool:
    if quiet is None:
        return False
    start, end = quiet
    return start < at < end if start <= end else at > start or at < end


def is_night(reminder: Reminder, now: datetime) -> bool:
    """Tells whether quiet hours have begun for good: what is due as they begin may be a little late."""
    if reminder.quiet is None:
        return False
    zone = zone_of(reminder.zone)
    return all(_is_quiet(at.astimezone(zone).time(), reminder.quiet) for at in (now, now - A_LITTLE))
