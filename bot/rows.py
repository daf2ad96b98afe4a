"""How records stand in the columns of the database, and how they come back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Protocol

from bot.records import Call, Chat, Club, Contact, DiaryEntry, Notice, Reminder, SessionRow, TeamMember


class Row(Protocol):
    """What a query returns: columns by name, and in order."""

    def __getitem__(self, name: str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def keys(self) -> list[str]:
        """Returns the names of the columns."""


REMINDER = ", ".join(f"reminder.{name}" for name in Reminder.__slots__)
_JSON_COLUMNS = frozenset(
    {"log", "ticks", "data", "params", "times", "weekdays", "days", "quiet", "rules", "exercise_on", "contacts"}
    | {"teams"}
)


def _iso(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be kept")


json_text = json.JSONEncoder(separators=(",", ":"), default=_iso).encode


def time_text(at: datetime) -> str:
    """Returns a time so written that text order is time order: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str | None) -> datetime | None:
    """Returns the time that `time_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def values(record: Chat | SessionRow | DiaryEntry | Call | Reminder | Club | TeamMember) -> dict[str, object]:
    """Returns a record as the columns of its row."""
    return {name: column(getattr(record, name)) for name in record.__slots__}


def column(value: object) -> object:
    """Returns a value as SQLite keeps it."""
    match value:
        case datetime():
            return time_text(value)
        case date() | time():
            return _iso(value)
        case tuple() | Mapping():
            return json_text(value)
        case bool():
            return int(value)
    return value


def record(row: Row) -> dict[str, Any]:
    """Reads a row back into Python's types: times by the names of their columns, JSON by `_JSON_COLUMNS`."""
    values = plain(row)
    times = {name for name in values if name == "at" or name.endswith("_at")}
    return {name: read_time(value) if name in times else value for name, value in values.items()}


def plain(row: Row) -> dict[str, Any]:
    """Returns a row as plain data, with its JSON read."""
    values = dict(zip(row.keys(), row, strict=True))
    for name in _JSON_COLUMNS & values.keys():
        if values[name] is not None:
            values[name] = json.loads(values[name])
    return values


def chat(row: Row) -> Chat:
    """Returns a row as a chat."""
    values = record(row)
    return Chat(text_only=bool(values.pop("text_only")), **values)


def session(row: Row) -> SessionRow:
    """Returns a row as a session."""
    values = record(row)
    log = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.pop("log"))
    return SessionRow(log=log, ticks=tuple(values.pop("ticks")), open=bool(values.pop("open")), **values)


def reminder(row: Row) -> Reminder:
    """Returns a row as a reminder, its columns in the order of `REMINDER`; a tick may read a thousand of these."""
    chat, kind, zone, times, weekdays, days, quiet, paused, skip, race, snoozed, stopped, done_on, *rest = row
    done, next_at, sent_at, missed = rest
    return Reminder(
        chat, kind, zone, _times(times), _weekdays(weekdays), _dates(days), _span(quiet), _date(paused), _date(skip),
        _date(race), read_time(snoozed), read_time(stopped), date.fromisoformat(done_on), done, _moment(next_at),
        read_time(sent_at), missed,
    )  # fmt: skip


def club(row: Row) -> Club:
    """Returns a row as a club."""
    values = record(row)
    return Club(
        **{
            **values,
            "post_time": time.fromisoformat(values["post_time"]),
            "exercise_on": tuple(values["exercise_on"]),
            "challenge": bool(values["challenge"]),
            "contacts": tuple(Contact(text, date.fromisoformat(on)) for text, on in values["contacts"]),
            "done_on": date.fromisoformat(values["done_on"]),
        }
    )


def team_member(row: Row) -> TeamMember:
    """Returns a row as a part in a team challenge."""
    values = plain(row)
    return TeamMember(**{**values, "since": date.fromisoformat(values["since"]), "left_on": _date(values["left_on"])})


def plan(reminder: Reminder) -> dict[str, object]:
    """Returns the columns that planning changes, written out, for a tick may have a thousand of these."""
    return {
        "chat": reminder.chat,
        "kind": reminder.kind,
        "zone": reminder.zone,
        "times": _list_text(reminder.times),
        "days": _list_text(reminder.days),
        "snoozed_at": column(reminder.snoozed_at),
        "done_on": reminder.done_on.isoformat(),
        "done": reminder.done,
        "next_at": _moment_text(reminder.next_at),
        "sent_at": _moment_text(reminder.sent_at),
        "missed": reminder.missed,
    }


def notice(notice: Notice) -> dict[str, object]:
    """Returns a notice as the columns of its row in the outbox."""
    call, expires_at = notice.call, _moment_text(notice.expires_at)
    params = json_text(call.params)
    return {"chat": notice.chat, "method": call.method, "params": params, "tag": call.tag, "expires_at": expires_at}


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


# Most people choose among few days and times: reading them is remembered.
@lru_cache(1024)
def _weekdays(text: str) -> tuple[int, ...]:
    return tuple(json.loads(text))


@lru_cache(1024)
def _dates(text: str) -> tuple[date, ...]:
    return tuple(map(date.fromisoformat, json.loads(text)))


@lru_cache(1024)
def _list_text(values: tuple[date | time, ...]) -> str:
    return json_text(values)


# So are the moments at which a crowd is due.
@lru_cache(1024)
def _moment(text: str | None) -> datetime | None:
    return read_time(text)


@lru_cache(1024)
def _moment_text(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)


@lru_cache(1024)
def _times(text: str) -> tuple[time, ...]:
    return tuple(map(time.fromisoformat, json.loads(text)))


def _span(text: str | None) -> tuple[time, time] | None:
    if text is None:
        return None
    start, end = _times(text)
    return start, end
