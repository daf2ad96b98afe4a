"""The .ics file: read by two libraries besides ours, in zones with every kind of clock change."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from itertools import combinations
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject  # type: ignore[import-untyped]
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from dateutil.tz import tzical  # type: ignore[import-untyped]

from bot.calendar import Appointment, Kind, Timetable, Words, calendar, strength_days
from flows.schema import Content

EVERY_DAY = frozenset(range(7))
MADE_AT = datetime(2026, 3, 20, 10, 11, 12, tzinfo=UTC)
SEED = "random-key-of-a-chat"
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Asia/Kolkata",  # no change at all
    "Africa/Casablanca",  # changes with Ramadan, by no yearly rule
    "America/Santiago",  # at midnight
    "Pacific/Kiritimati",  # UTC+14
)
HEALTH = re.compile(
    r"\b(back|spine|pain|sore|mobility|strength|exercises?|physio\w*|triage|health|doctor|injur\w*)\b", re.IGNORECASE
)


@pytest.fixture
def words(content: Content) -> Words:
    def phrase(name: str, /, **values: object) -> str:
        return content.phrases.phrases[name].format(**values)

    return phrase


def plan(
    zone: str = "Europe/Berlin", at: time = time(7, 30), first: date = date(2026, 3, 20), weeks: int = 12
) -> Timetable:
    appointments = (
        Appointment("mobility", at, EVERY_DAY, 8),
        Appointment("strength", time(18), strength_days(), 20),
        Appointment("check_in", time(20, 15), frozenset({1, 6}), 5),
    )
    return Timetable(appointments, ZoneInfo(zone), first, weeks)


def file(timetable: Timetable, words: Words, seed: str = SEED, *, health_words: bool = False) -> str:
    text = calendar(timetable, words, seed, MADE_AT, health_words)
    assert text is not None
    return text


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def values(text: str, name: str) -> list[str]:
    return [line.partition(":")[2] for line in unfolded(text) if re.match(rf"{name}[;:]", line)]


def titles(text: str) -> list[str]:
    return [
        *values(text, "SUMMARY"),
        *values(text, "X-WR-CALNAME"),
        *values(text, "NAME"),
        *values(text, "DESCRIPTION"),
    ]


def test_two_libraries_read_the_same_events(words: Words) -> None:
    text = file(plan(), words)
    ours = {
        (str(event["uid"]), str(event["summary"]), event.decoded("dtstart").astimezone(UTC), event.duration)
        for event in icalendar.Calendar.from_ical(text).walk("VEVENT")
        if isinstance(event, icalendar.Event)
    }
    theirs = {
        (event.uid.value, event.summary.value, event.dtstart.value.astimezone(UTC), event.duration.value)
        for event in vobject.readOne(text).vevent_list
    }
    assert len(ours) == 3
    assert ours == theirs


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_in_the_file_agrees_with_the_iana_zone_at_every_quarter_of_an_hour(zone: str, words: Words) -> None:
    timetable = plan(zone)
    stated = tzical(StringIO(file(timetable, words))).get()
    assert stated is not None
    instant = datetime.combine(timetable.first, time(), UTC)
    wrong = []
    for _ in range(360 * 24 * 4):
        local = instant.astimezone(timetable.zone)
        if local.fold == 0 and stated.utcoffset(local.replace(tzinfo=None)) != local.utcoffset():
            wrong.append(local)
        instant += timedelta(minutes=15)
    # Within an hour that comes twice, the one library takes its first and the other its second time.
    assert all(local.replace(fold=1).utcoffset() != local.utcoffset() for local in wrong)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(7, 30), time(3, 30)])
@pytest.mark.parametrize("first", [date(2026, 2, 1), date(2026, 8, 20)])
def test_another_library_finds_one_time_a_day_at_that_wall_time(zone: str, at: time, first: date, words: Words) -> None:
    timetable = plan(zone, at, first)
    (event,) = [
        one
        for one in vobject.readOne(file(timetable, words)).vevent_list
        if one.summary.value == words("calendar.mobility")
    ]
    rule = rrulestr(event.rrule.value, dtstart=event.dtstart.value)
    found = [instant.astimezone(UTC) for instant in rule]
    days = [timetable.first + timedelta(days=ahead) for ahead in range(12 * 7)]
    assert found == [datetime.combine(day, at, timetable.zone).astimezone(UTC) for day in days]


def test_both_clock_changes_stand_in_the_file(words: Words) -> None:
    parts = values(file(plan(), words), "BEGIN")
    assert parts.count("DAYLIGHT") == 1
    assert parts.count("STANDARD") == 2  # what holds at the start, and the change in autumn
    assert "DTSTART:20260329T020000" in unfolded(file(plan(), words))
    assert "DTSTART:20261025T030000" in unfolded(file(plan(), words))


@pytest.mark.parametrize("most", [2, 3])
def test_strength_comes_so_often_a_week_and_never_on_two_days_running(most: int) -> None:
    for size in range(8):
        for preferred in combinations(range(7), size):
            days = strength_days(preferred, most)
            assert len(days) == most
            assert not {(day + 1) % 7 for day in days} & days


def test_strength_takes_the_preferred_days_where_it_can() -> None:
    assert strength_days() == {0, 2, 4}
    assert strength_days({1, 3, 6}) == {1, 3, 6}
    assert {1, 5} <= strength_days({1, 5})


def test_mobility_is_daily_and_the_others_name_their_weekdays(words: Words) -> None:
    daily, strength, check_in = values(file(plan(), words), "RRULE")
    assert daily.startswith("FREQ=DAILY")
    assert "BYDAY=MO,WE,FR" in strength
    assert "BYDAY=TU,SU" in check_in


def test_each_recurrence_starts_on_a_day_of_its_own(words: Words) -> None:
    friday = file(plan(first=date(2026, 3, 20)), words)
    starts = [datetime.fromisoformat(value) for value in values(friday, "DTSTART") if len(value) == 15][-3:]
    assert [start.weekday() for start in starts] == [4, 4, 6]


def test_no_title_names_health_unless_asked(words: Words) -> None:
    assert not [title for title in titles(file(plan(), words)) if HEALTH.search(title)]
    assert all(HEALTH.search(title) for title in titles(file(plan(), words, health_words=True)))


def test_a_new_file_replaces_the_events_of_an_older_one(words: Words) -> None:
    before, after = file(plan(), words), file(plan("Asia/Kolkata", time(6)), words, health_words=True)
    assert values(before, "UID") == values(after, "UID")


def test_uids_differ_between_events_and_between_people_and_tell_nothing(words: Words) -> None:
    one, other = file(plan(), words), file(plan(), words, seed="another")
    uids = [*values(one, "UID"), *values(other, "UID")]
    assert len(set(uids)) == 6
    assert SEED not in one


def test_the_same_times_give_the_same_file(words: Words) -> None:
    assert file(plan(), words) == file(plan(), words)


def test_lines_end_with_crlf_and_hold_75_octets_at_most() -> None:
    def words(phrase: str, /, **values: object) -> str:
        return "Übungen für jeden Tag, " * 12

    text = file(plan(), words)
    assert "\n" not in text.replace("\r\n", "")
    assert text.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_signs_with_a_meaning_are_escaped_and_come_back() -> None:
    title = "one, two; three \\ four\nfive"
    text = file(plan(), lambda phrase, /, **values: title)
    assert r"SUMMARY:one\, two\; three \\ four\nfive" in unfolded(text)
    assert vobject.readOne(text).vevent_list[0].summary.value == title


@pytest.mark.parametrize("kind", ["mobility", "strength", "check_in"])
def test_an_appointment_without_a_day_is_left_out(kind: Kind, words: Words) -> None:
    empty = Appointment(kind, time(8), frozenset(), 5)
    assert calendar(Timetable((empty,), ZoneInfo("UTC"), date(2026, 1, 1)), words, SEED, MADE_AT) is None
    assert calendar(Timetable((), ZoneInfo("UTC"), date(2026, 1, 1)), words, SEED, MADE_AT) is None


def test_the_last_time_belongs_to_the_last_week(words: Words) -> None:
    timetable = plan("Pacific/Kiritimati", time(23, 45), weeks=2)
    event = vobject.readOne(file(timetable, words)).vevent_list[0]
    last = list(rrulestr(event.rrule.value, dtstart=event.dtstart.value))[-1]
    assert last.date() == timetable.last == date(2026, 4, 2)
