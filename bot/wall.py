"""Times and dates as people write them and as they read them, on the clock and the calendar of the wall."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from babel.dates import format_date, format_interval, format_skeleton, format_time, get_day_names, get_month_names
from babel.lists import format_list

from bot.zones import fold, read_clock

MOST_TIMES = 2
SHORTEST_NAME = 2
"""Letters of a weekday's name that are enough; for a month it takes one more."""
_PARTS = re.compile(r"[,;&+]|\band\b", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})\s*[./]\s*(\d{1,2})\s*(?:[./]\s*(\d{4})?)?")
_NAMED = re.compile(r"(?:(\d{1,2}) )?([^\W\d]+)(?: (\d{1,2}))?(?: (\d{4}))?")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b")
_RANGE = re.compile(r"\s*(?:[-\u2010-\u2015]|\bto\b)\s*")


# ---- written -----------------------------------------------------------------------------------------------------


def read_times(text: str) -> tuple[time, ...]:
    """Returns one or two wall times, earliest first, or nothing where one is unclear; 7 alone is the morning."""
    parts = [part.strip() for part in _PARTS.split(text)]
    read = [read_clock(part)[:1] for part in parts]
    times = {at for found in read for at in found}
    return tuple(sorted(times)) if all(read) and len(times) <= MOST_TIMES else ()


def read_span(text: str) -> tuple[time, time] | None:
    """Returns from when to when, as in 22-7 or 22:30 to 6:30."""
    ends = [read_clock(part)[:1] for part in _RANGE.split(text.strip())]
    if len(ends) != 2 or not all(ends) or ends[0] == ends[1]:
        return None
    return ends[0][0], ends[1][0]


def read_weekdays(text: str, language: str) -> tuple[int, ...]:
    """Returns the days of the week that are named by at least two letters, Monday 0; nothing where one is unclear."""
    names = [fold(name) for _, name in sorted(get_day_names("wide", locale=language).items())]
    days = set[int]()
    for word in fold(_PARTS.sub(" ", text)).split():
        found = [day for day, name in enumerate(names) if f"{name}s".startswith(word)]
        if len(found) != 1 or len(word) < SHORTEST_NAME:
            return ()
        days.add(found[0])
    return tuple(sorted(days))


def read_date(text: str, today: date, language: str) -> date | None:
    """Returns a date written as 2026-03-09, 9.3., 9/3/2026, 9 March or March 9; without a year it is the next one."""
    said = _ORDINAL.sub("", " ".join(text.lower().replace(",", " ").split()))
    if found := _ISO.fullmatch(said):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(said):
        return _dated(int(found[1]), int(found[2]), found[3], today)
    found = _NAMED.fullmatch(said.replace(".", ""))
    if found is None or bool(found[1]) == bool(found[3]):
        return None
    named = get_month_names("wide", locale=language).items()
    months = [month for month, name in named if len(found[2]) > SHORTEST_NAME and name.lower().startswith(found[2])]
    return _dated(int(found[1] or found[3]), months[0], found[4], today) if len(months) == 1 else None


def _dated(day: int, month: int, year: str | None, today: date) -> date | None:
    if year:
        return _date(int(year), month, day)
    # The 29th of February may be years away.
    dates = (_date(today.year + ahead, month, day) for ahead in range(9))
    return next((found for found in dates if found is not None and found >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# ---- shown -------------------------------------------------------------------------------------------------------


def clock(at: time | datetime, language: str) -> str:
    """Returns a time as it is read: 07:30."""
    return str(format_time(at.replace(tzinfo=None), "short", locale=language))


def dated(day: date, language: str) -> str:
    """Returns a date with its weekday and year."""
    return str(format_date(day, "full", locale=language))


def month(day: date, language: str) -> str:
    """Returns the month of a date that may be long ago."""
    return str(format_skeleton("yMMM", datetime(day.year, day.month, 1), locale=language))  # noqa: DTZ001


def weekday_and_day(at: date, language: str) -> str:
    """Returns a date that is near with its weekday."""
    midnight = datetime(at.year, at.month, at.day)  # noqa: DTZ001  (a wall clock has no zone)
    return str(format_skeleton("MMMMEEEEd", midnight, locale=language))


def span(first: date, last: date, language: str) -> str:
    """Returns two dates that are near as one span, without a year."""
    return str(format_interval(first, last, "MMMMd", locale=language))


def weekdays(days: Iterable[int], language: str) -> str:
    """Returns the names of some days of the week in a row."""
    names = get_day_names("wide", locale=language)
    return in_a_row([str(names[day]) for day in sorted(days)], language)


def short_weekday(day: int, language: str) -> str:
    """Returns the short name of a day of the week."""
    return str(get_day_names("abbreviated", locale=language)[day])


def in_a_row(texts: Sequence[str], language: str) -> str:
    """Returns texts as one enumeration."""
    return str(format_list(list(texts), locale=language))


def at_a_sensible_hour(moment: datetime) -> datetime:
    """Returns the first full hour of a waking day, nine to nineteen, that is not before a local moment."""
    hour = moment.replace(minute=0, second=0, microsecond=0, fold=0)
    if hour < moment:
        hour += timedelta(hours=1)
    if hour.hour < 9:
        return hour.replace(hour=9)
    return hour if hour.hour <= 19 else (hour + timedelta(days=1)).replace(hour=9)
