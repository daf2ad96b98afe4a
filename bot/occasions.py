"""What is offered and comes on listed days: after which time, how often, and at what hour."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from bot import wall
from bot.records import Reminder
from bot.schedule import zone_of

Occasion = Literal["doctor_3_days", "recheck_48h", "monthly", "check_of_the_day"]
ONCE: Mapping[Occasion, timedelta] = {"doctor_3_days": timedelta(days=3), "recheck_48h": timedelta(hours=48)}
"""How long after the offer was taken a reminder comes that comes once."""
MONTHS = 6
"""For so many months a runner who has recovered is asked once a month (clinical.md 6.5, D_RECOVERED)."""
CHECK_DAYS = range(2, 6)
"""On these days of a plan a self-check that is not done yet is offered (clinical.md 3.1)."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a reminder, where and when, and on which day of a plan."""

    chat: str
    zone: str
    now: datetime
    day: int


def occasion(kind: Occasion, asking: Asking, own: tuple[Reminder, ...]) -> Reminder | None:
    """Returns a reminder that was asked for now, beside those that there are; None where its days are over.

    What comes more than once comes at the time of the check-in, where there is one.
    """
    local = asking.now.astimezone(zone_of(asking.zone))
    at = wall.at_a_sensible_hour(local + ONCE.get(kind, timedelta()))
    days: tuple[date, ...] = (at.date(),)
    hour = time(at.hour, at.minute)
    if kind not in ONCE:
        check_in = next((one for one in own if one.kind == "check_in"), None)
        days, hour = _repeated(kind, local.date(), asking.day), check_in.times[0] if check_in is not None else hour
    if not days:
        return None
    quiet, race_on = (own[0].quiet, own[0].race_on) if own else (None, None)
    return Reminder(asking.chat, kind, asking.zone, (hour,), days=days, quiet=quiet, race_on=race_on)


def with_check_in(reminder: Reminder, at: time) -> Reminder:
    """Returns a reminder beside a check-in at this time: what comes more than once comes with it, not a day later."""
    once = reminder.kind in ONCE or not reminder.days
    return reminder if once else replace(reminder, times=(at,))


def _repeated(kind: Occasion, today: date, day: int) -> tuple[date, ...]:
    if kind == "monthly":
        return tuple(months_later(today, months) for months in range(1, MONTHS + 1))
    return tuple(today + timedelta(days=number - day) for number in CHECK_DAYS if number > day)


def months_later(day: date, months: int) -> date:
    """Returns the same day of a later month, or the last of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_of(one: Reminder) -> datetime:
    """Returns when a listed reminder would come first by its own wish, on the person's clock."""
    return datetime.combine(one.days[0], one.times[0], zone_of(one.zone))
