"""Where a person's clock is: by the name of a city, by the time that they read off it, or by a rough location.

Each way gives candidates that the person confirms; none ever guesses from a language. The zones, their main cities,
their places and their old names come with the package tzdata, the names in other languages from CLDR by Babel.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from zoneinfo import ZoneInfo

from babel import localedata
from babel.core import get_global

CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*[:.h]\s*(?P<minute>\d{2}))?\s*(?:h|uhr)?\s*(?P<half>[ap])?\.?\s?(?:m\.?)?", re.IGNORECASE
)
INEXACT = timedelta(minutes=7)
"""So wrong may a person's clock be, or the time it takes them to write; zones lie 15 minutes apart at the least."""
FORESEEABLE = 2 * 53
"""Weeks in which two zones must agree to be one choice."""
EARTH = 6371.0
"""Its mean radius in kilometres."""
Future = tuple[tuple[datetime, timedelta], ...]
"""What a zone's clocks do: each offset from UTC, and when it begins."""
NEAR, AS_NEAR = 500.0, 3.0
"""Kilometres, and how many times the distance to the nearest city, within which another zone is possible too."""


@dataclass(frozen=True, slots=True)
class Place:
    """A zone with its main city, as the table zone.tab of the time zone database has it."""

    zone: str
    country: str
    """ISO 3166, two letters."""
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A zone that may be the person's."""

    zone: str
    city: str
    """Its main city in the person's language, or in the next best."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Zones whose clocks agree for the next two years."""

    offset: timedelta
    """From UTC, now."""
    candidates: tuple[Candidate, ...]


# ---- what there is -----------------------------------------------------------------------------------------------


@cache
def places() -> tuple[Place, ...]:
    """Returns every zone that people live in, from zone.tab, country by country."""
    rows = (line.split("\t") for line in _table("zone.tab"))
    return tuple(Place(row[2], row[0], *_coordinates(row[1])) for row in rows)


def _table(name: str) -> list[str]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _coordinates(text: str) -> tuple[float, float]:
    """Reads ±DDMM±DDDMM or ±DDMMSS±DDDMMSS (ISO 6709)."""
    parts = re.findall(r"([+-])(\d{2,3})(\d{2})(\d{2})?(?=[+-]|$)", text)
    values = [
        (int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600) * (-1 if sign == "-" else 1)
        for sign, degrees, minutes, seconds in parts
    ]
    return values[0], values[1]


@cache
def _links() -> dict[str, str]:
    """Old and other names of zones, each with the zone that it means today."""
    return {row[2]: row[1] for row in (line.split() for line in _table("tzdata.zi")) if row[0] == "L"}


@cache
def _known() -> dict[str, str]:
    """Every name of a zone, today's and older ones, with the zone of zone.tab that it means."""
    zones = {place.zone for place in places()}
    links = {old: new for old, new in _links().items() if new in zones and old not in zones}
    return {zone: zone for zone in zones} | links


# ---- by name -----------------------------------------------------------------------------------------------------


def candidates(text: str, language: str = "en", most: int = 5) -> tuple[Candidate, ...]:
    """Returns the zones that this city, country or name of a zone may mean; nothing for a city that is in no table.

    The language is a code such as "de", "pt-br" or "zh_Hans": the names in it and in English count first, also with
    small typing errors; then those in any other language. Case, accents and punctuation are no matter.
    """
    said = fold(text)
    if not said:
        return ()
    own = _names(language) | _names("en") | _zone_names()
    found = _matching(said, own) or _matching(said, _all_names()) or _similar(said, own)
    return tuple(Candidate(zone, city(zone, language)) for zone in found[:most])


def city(zone: str, language: str = "en") -> str:
    """Returns the main city of a zone in a language, or in English where that has no name for it."""
    return _cities(language).get(zone) or _cities("en").get(zone) or zone.rpartition("/")[2].replace("_", " ")


def fold(text: str) -> str:
    """Returns a name as it is compared: without case, accents and punctuation."""
    bare = (letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() or _is_mark(letter) else " " for letter in bare).split())


def _is_mark(letter: str) -> bool:
    # The vowels of Indic scripts: they are no accents, and a word without them is another.
    return unicodedata.category(letter) in ("Mn", "Mc")


def _matching(said: str, names: dict[str, tuple[str, ...]]) -> list[str]:
    """The zones of exactly this name, or else of names that begin with it or hold it as words."""
    if said in names:
        return list(names[said])
    if len(said) < (3 if said.isascii() else 2):
        return []
    starts = [name for name in names if name.startswith(said)]
    holds = [name for name in names if f" {said} " in f" {name} "]
    return _zones(names, [*sorted(starts, key=len), *sorted(holds, key=len)])


def _similar(said: str, names: dict[str, tuple[str, ...]]) -> list[str]:
    """The zones of names that are a typing error or two away, the nearest first."""
    allowed = 0 if len(said) < 4 else 1 if len(said) < 8 else 2
    near = [(away, name) for name in names if (away := _errors(said, name, allowed)) <= allowed]
    return _zones(names, [name for _, name in sorted(near)] if allowed else [])


def _zones(names: dict[str, tuple[str, ...]], found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(zone for name in found for zone in names[name]))


def _errors(one: str, other: str, most: int) -> int:
    """Counts the letters to add, drop, change or swap with their neighbour; stops counting beyond `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [at]
        for to, wanted in enumerate(other, start=1):
            errors = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                errors = min(errors, earlier[to - 2] + 1)
            row.append(errors)
        if min(row) > most:
            return most + 1
    return row[-1]


@cache
def _zone_names() -> dict[str, tuple[str, ...]]:
    """The zones' own names and cities, today's and older ones, folded."""
    names: dict[str, list[str]] = {}
    for name, zone in _known().items():
        area, slash, town = name.partition("/")
        if (slash and area not in CONTINENTS) or (not slash and (name.isupper() or len(name) < 4)):
            continue
        for known in {name, town.rpartition("/")[2] or name}:
            _add(names, known, zone)
    return _frozen(names)


@cache
def _names(language: str) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for zone, name in _cities(language).items():
        _add(names, name, zone)
    countries = localedata.load(_locale(language)).get("territories", {})
    for zone in _by_weight():
        if (country := countries.get(_countries()[zone])) is not None:
            _add(names, country, zone)
    return _frozen(names)


@cache
def _countries() -> dict[str, str]:
    return {place.zone: place.country for place in places()}


@cache
def _all_names() -> dict[str, tuple[str, ...]]:
    """The cities in every language of CLDR: a second of work, and a few megabytes, the first time that it is asked."""
    names: dict[str, list[str]] = {}
    for language in localedata.locale_identifiers():
        # A language, or one in another script: what it calls a city in one country and not in the next is not worth it.
        if re.fullmatch("[a-z]+(_[A-Z][a-z]{3})?", language):
            for zone, name in _read(language):
                _add(names, name, zone)
            # Babel keeps all that it has read of a language, most of which we never use.
            localedata._cache.pop(language, None)  # noqa: SLF001
    return _frozen(names)


def learn_all_languages() -> None:
    """Reads the names in every language, so that no one waits for it later; any thread may do that."""
    _all_names()


@cache
def _cities(language: str) -> dict[str, str]:
    """The main cities of zones, as far as CLDR has them in this language: often those whose name differs."""
    return dict(_read(_locale(language)))


def _locale(language: str) -> str:
    """The name by which Babel knows a language, or English for one that it does not know."""
    wanted = language.replace("-", "_")
    return localedata.normalize_locale(wanted) or localedata.normalize_locale(wanted.partition("_")[0]) or "en"


def _read(locale: str) -> Iterator[tuple[str, str]]:
    # CLDR keeps the names that zones had when it began.
    renamed = get_global("zone_aliases")
    for key, names in localedata.load(locale).get("time_zones", {}).items():
        zone = renamed.get(key, key)
        if "city" in names and zone in _countries():
            yield zone, names["city"]


def _add(names: dict[str, list[str]], name: str, zone: str) -> None:
    zones = names.setdefault(fold(name), [])
    if zone not in zones:
        zones.append(zone)


def _frozen(names: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    names.pop("", None)
    return {name: tuple(zones) for name, zones in names.items()}


# ---- by the clock ------------------------------------------------------------------------------------------------


def read_clock(text: str) -> tuple[time, ...]:
    """Returns the wall times that this may mean: 14:35, 14.35, 14h35, 2:35 pm, and two of them for 2:35 alone."""
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        return ()
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        return ()
    if half:
        return (time(hour % 12 + (12 if half == "p" else 0), minute),)
    if 1 <= hour <= 12:
        return time(hour, minute), time((hour + 12) % 24, minute)
    return (time(hour, minute),)


def by_clock(shown: Iterable[time], now: datetime, language: str = "en") -> tuple[Choice, ...]:
    """Returns the zones in which a clock shows one of these times now; those that always agree are one choice.

    The order is that of the times, then of the number of zones; the cities of a choice are those of many people first.
    """
    choices: list[Choice] = []
    for at in shown:
        alike: dict[Future, list[str]] = {}
        for zone in _by_weight():
            if _shows(zone, at, now):
                alike.setdefault(_future(zone, now), []).append(zone)
        choices += [
            Choice(future[0][1], tuple(Candidate(zone, city(zone, language)) for zone in zones))
            for future, zones in sorted(alike.items(), key=lambda item: -len(item[1]))
        ]
    return tuple(choices)


def _shows(zone: str, at: time, now: datetime) -> bool:
    wall = now.astimezone(ZoneInfo(zone))
    apart = abs(timedelta(hours=wall.hour - at.hour, minutes=wall.minute - at.minute))
    return min(apart, timedelta(days=1) - apart) <= INEXACT


@cache
def _by_weight() -> tuple[str, ...]:
    """The zones with those first that stand for most others: the database names each after its most populous city."""
    now, since_1970 = (
        {row[2]: row[0].count(",") for row in (line.split("\t") for line in _table(name))}
        for name in ("zonenow.tab", "zone1970.tab")
    )
    zones = [place.zone for place in places()]
    return tuple(sorted(zones, key=lambda zone: (zone not in now, -since_1970.get(zone, -1))))


def _future(zone: str, now: datetime) -> Future:
    """Returns the offset now, and each later one with the minute at which it begins: Havana leaves before New York."""
    start, known = now.astimezone(UTC).replace(second=0, microsecond=0), ZoneInfo(zone)
    found = [(start, _offset(start, known))]
    for week in range(1, FORESEEABLE):
        at = start + timedelta(weeks=week)
        if (offset := _offset(at, known)) != found[-1][1]:
            found.append((_change(at - timedelta(weeks=1), at, known), offset))
    return tuple(found)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    old = _offset(before, zone)
    while (minutes := (after - before) // timedelta(minutes=1)) > 1:
        middle = before + timedelta(minutes=minutes // 2)
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


# ---- by location -------------------------------------------------------------------------------------------------


def by_location(
    latitude: float, longitude: float, now: datetime, language: str = "en", most: int = 5
) -> tuple[Candidate, ...]:
    """Returns the zones whose main cities lie nearest, one of each kind of clock first: a good guess and no more.

    Borders are not in the table. Of the hundred big cities of its test the first candidate shows the right time for
    three in four, and one of the five for all: the person must always confirm what time it is.
    """
    far = sorted((_kilometres(latitude, longitude, place), place.zone) for place in places())
    limit = max(far[0][0] * AS_NEAR, NEAR)
    near = [zone for away, zone in far if away <= limit]
    return tuple(Candidate(zone, city(zone, language)) for zone in _one_of_each(near, now)[:most])


def _one_of_each(zones: list[str], now: datetime) -> list[str]:
    """Puts the first of each kind of clock before those that only bear another name."""
    firsts: dict[Future, str] = {}
    for zone in zones:
        firsts.setdefault(_future(zone, now), zone)
    return [*firsts.values(), *(zone for zone in zones if zone not in firsts.values())]


def _kilometres(latitude: float, longitude: float, place: Place) -> float:
    """The great-circle distance (haversine)."""
    south, north = radians(latitude), radians(place.latitude)
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(place.longitude - longitude) / 2) ** 2
    return 2 * EARTH * asin(sqrt(half))
