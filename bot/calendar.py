"""The times of a plan -> an .ics file (RFC 5545) for any calendar, in the person's own zone."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import icalendar

from bot.records import Reminder

Kind = Literal["mobility", "strength", "check_in"]

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""The names of RFC 5545 for 0 = Monday … 6 = Sunday."""
MINUTES: dict[Kind, int] = {"mobility": 8, "strength": 20, "check_in": 2}
YEAR = timedelta(days=366)
"""So much of a zone is written at least, so that both of its clock changes are there."""
_UIDS = uuid.UUID("5f3f0a52-6f0c-4f6e-9a51-5d1d6f1f0f0b")


class Words(Protocol):
    """The phrases of the content in one language, without HTML."""

    def __call__(self, phrase: str, /, **values: object) -> str:
        """Returns a phrase by its id, filled in."""
        ...


@dataclass(frozen=True, slots=True)
class Appointment:
    """Something that comes back every week at one wall time: on which weekdays (0 = Monday), for how many minutes."""

    kind: Kind
    at: time
    weekdays: frozenset[int]
    minutes: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """Appointments in one zone, from the first local date on for some weeks."""

    appointments: tuple[Appointment, ...]
    zone: ZoneInfo
    first: date
    weeks: int = 12

    @property
    def last(self) -> date:
        """The last local date that belongs to the timetable."""
        return self.first + timedelta(weeks=self.weeks, days=-1)


def appointments(check_in: Reminder, strength: int) -> tuple[Appointment, ...]:
    """Returns the check-ins of the week, and with days of strength, three at most, those and the daily routine."""
    chosen = frozenset(check_in.weekdays)
    found = [Appointment("check_in", at, chosen, MINUTES["check_in"]) for at in check_in.times]
    if strength:
        at = check_in.times[0]
        found.append(Appointment("mobility", at, frozenset(range(7)), MINUTES["mobility"]))
        found.append(Appointment("strength", at, strength_days(check_in.weekdays, strength), MINUTES["strength"]))
    return tuple(found)


def strength_days(preferred: Collection[int] = (), most: int = 3) -> frozenset[int]:
    """Returns so many weekdays, three at most, none right after another.

    As many of the preferred as can be, else early ones.
    """
    choices = [days for days in combinations(range(7), most) if not any((day + 1) % 7 in days for day in days)]
    return frozenset(min(choices, key=lambda days: (-len(set(days) & set(preferred)), days)))


def calendar(
    timetable: Timetable, words: Words, seed: str, made_at: datetime, health_words: bool = False
) -> str | None:
    """Returns the .ics file with CRLF line ends, or None where there is nothing to put in.

    The seed is a random text that stays the same for one person: it stands in the file only as a digest, and makes a
    calendar replace an earlier file's events instead of adding to them. Titles name health only if asked to.
    """
    events = list(_events(timetable, words, seed, made_at, health_words))
    if not events:
        return None
    file = icalendar.Calendar()
    file.add("version", "2.0")
    file.add("prodid", "-//Backstride//Calendar//EN")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    # Said to be text: icalendar escapes no property that it does not know.
    name = icalendar.vText(words(f"calendar.name{_health(health_words)}"))
    file.add("name", name)
    file.add("x-wr-calname", name)
    file.add("x-wr-timezone", timetable.zone.key)
    file.add_component(_zone(timetable))
    for event in events:
        file.add_component(event)
    return str(file.to_ical(), "utf-8")


def _health(health_words: bool) -> str:
    return ".health" if health_words else ""


def _events(
    timetable: Timetable, words: Words, seed: str, made_at: datetime, health_words: bool
) -> Iterator[icalendar.Event]:
    seen: dict[Kind, int] = {}
    for appointment in timetable.appointments:
        number = seen[appointment.kind] = seen.get(appointment.kind, 0) + 1
        begins = _first_time(appointment, timetable)
        if begins is None:
            continue
        event = icalendar.Event()
        event.add("uid", str(uuid.uuid5(_UIDS, f"{seed}/{appointment.kind}/{number}")))
        event.add("dtstamp", made_at.astimezone(UTC))
        event.add("summary", words(f"calendar.{appointment.kind}{_health(health_words)}"))
        event.add("dtstart", begins)
        event.add("duration", timedelta(minutes=appointment.minutes))
        event.add("rrule", _rule(appointment, timetable))
        # The person's day stays free for others to see, and nobody else reads what it is.
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        yield event


def _first_time(appointment: Appointment, timetable: Timetable) -> datetime | None:
    """Returns the first time of an appointment, which a recurrence needs as its start; None if it never comes."""
    days = (timetable.first + timedelta(days=ahead) for ahead in range(min(7, timetable.weeks * 7)))
    first = next((day for day in days if day.weekday() in appointment.weekdays), None)
    return None if first is None else datetime.combine(first, appointment.at, timetable.zone)


def _rule(appointment: Appointment, timetable: Timetable) -> dict[str, object]:
    # RFC 5545, 3.3.10: beside a local start, UNTIL is given in UTC.
    until = datetime.combine(timetable.last, time(23, 59, 59), timetable.zone).astimezone(UTC)
    if len(appointment.weekdays) == len(WEEKDAYS):
        return {"freq": "daily", "until": until}
    return {"freq": "weekly", "byday": [WEEKDAYS[day] for day in sorted(appointment.weekdays)], "until": until}


def _zone(timetable: Timetable) -> icalendar.Timezone:
    """Returns the zone's clock changes from the day before the timetable until its end, and for a year at least."""
    begins = datetime.combine(timetable.first - timedelta(days=1), time(), UTC)
    ends = max(begins + YEAR, datetime.combine(timetable.last + timedelta(days=2), time(), UTC))
    zone = icalendar.Timezone()
    zone.add("tzid", timetable.zone.key)
    for instant in (begins, *_changes(timetable.zone, begins, ends)):
        zone.add_component(_observance(timetable.zone, instant, is_first=instant == begins))
    return zone


def _observance(zone: ZoneInfo, instant: datetime, *, is_first: bool) -> icalendar.cal.Component:
    """Returns what holds from an instant on; its start is local time by the offset before (RFC 5545, 3.6.5).

    icalendar's own Timezone.from_tzinfo (7.3) states that start by the offset after, so that summer comes an hour late.
    """
    local = instant.astimezone(zone)
    after = local.utcoffset() or timedelta()
    before = after if is_first else (instant - timedelta(seconds=1)).astimezone(zone).utcoffset() or timedelta()
    part = icalendar.TimezoneDaylight() if local.dst() else icalendar.TimezoneStandard()
    part.add("dtstart", (instant + before).replace(tzinfo=None))
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after)
    part.add("tzname", local.tzname() or "")
    return part


def _changes(zone: ZoneInfo, begins: datetime, ends: datetime) -> Iterator[datetime]:
    """Yields the instants in UTC at which a zone's offset changes, in order."""
    at = begins
    while at < ends:
        ahead = at + timedelta(days=1)
        if ahead.astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            yield _change(zone, at, ahead)
        at = ahead


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Returns the first second of the new offset between two instants that have different ones."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after
