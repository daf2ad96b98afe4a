"""What a person may ask of reminders, and how what is due becomes a call of the outbox; bot.schedule knows when."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count, groupby, islice
from operator import attrgetter
from typing import NamedTuple

from bot.days import runner_date
from bot.records import UNTIL_I_SAY, Call, Kind, Notice, Reminder
from bot.schedule import ONE_DAY, instant, is_night, local_date, next_due, split, wall_times, zone_of
from bot.store import Store

log = logging.getLogger(__name__)

SNOOZE = timedelta(hours=1)
SILENT_DAYS = 3
"""So many days without a check-in lead to one nudge, on the next chosen day (clinical.md 6.7)."""
TRY_AGAIN = timedelta(hours=1)
TWO_HOURS, THREE_DAYS = timedelta(hours=2), timedelta(days=3)


def patience(kind: Kind) -> timedelta:
    """Returns how late a reminder may still come; one about a person's safety is worth more than its hour."""
    return TWO_HOURS if kind in ("check_in", "nudge", "club_post") else THREE_DAYS


class Due(NamedTuple):
    """What one message to one chat is about."""

    chat: str
    kinds: tuple[Kind, ...]
    day: date
    """The date where the person is."""
    expires_at: datetime


class Turn(NamedTuple):
    """What becomes of the reminders of one chat at one moment."""

    reminders: tuple[Reminder, ...]
    """Those that changed."""
    due: Due | None
    missed: int


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did."""

    queued: int = 0
    missed: int = 0
    chats: int = 0
    """How many chats had something due; others may as well, unless it is none."""


# ---- what a person may ask for -----------------------------------------------------------------------------------


def planned(reminder: Reminder, now: datetime) -> Reminder:
    """Returns the reminder with its next time; what lies before this moment is over."""
    zone = zone_of(reminder.zone)
    today = now.astimezone(zone).date()
    passed = [when for at in wall_times(reminder) if (when := instant(today, at, zone)) is not None and when <= now]
    done_on, done = max((reminder.done_on, reminder.done), (today, len(passed)))
    reminder = replace(reminder, done_on=done_on, done=done)
    return replace(reminder, next_at=next_due(reminder, now))


def snoozed(reminder: Reminder, now: datetime) -> Reminder:
    """Returns the reminder so that it comes once more in an hour; it was asked for, so quiet hours do not count."""
    return planned(replace(reminder, snoozed_at=now + SNOOZE), now)


def put_off(reminders: Sequence[Reminder], now: datetime) -> tuple[Reminder, ...] | None:
    """Returns a chat's reminders so that what came last today comes once more in an hour, or else the check-in.

    Returns None where there is neither. A nudge stands in the place of the usual words: the check-in comes for both.
    """
    came = [
        one.sent_at
        for one in reminders
        if one.sent_at is not None and local_date(one.sent_at, one.zone) == local_date(now, one.zone)
    ]
    last = max(came, default=None)
    wanted: set[Kind] = {one.kind for one in reminders if last is not None and one.sent_at == last}
    weekly: set[Kind] = {one.kind for one in reminders if one.kind == "check_in" and one.next_at is not None}
    wanted = (wanted - {"nudge"} if weekly else wanted) or weekly
    if not wanted or any(one.stopped_at is not None for one in reminders):
        return None
    return tuple(snoozed(one, now) if one.kind in wanted else one for one in reminders)


def skipped(reminders: Iterable[Reminder], now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders so that nothing comes any more on this day."""
    return tuple(planned(replace(one, skip_on=local_date(now, one.zone), snoozed_at=None), now) for one in reminders)


def paused(reminders: Iterable[Reminder], until: date | None, now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders so that nothing comes before this date, or ever until `resumed`."""
    until = until or UNTIL_I_SAY
    return tuple(planned(replace(one, paused_until=until, snoozed_at=None), now) for one in reminders)


def resumed(reminders: Iterable[Reminder], now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders going on after a pause, or after the bot was blocked and its runner said yes."""
    return tuple(planned(replace(one, paused_until=None, stopped_at=None), now) for one in reminders)


def racing(reminders: Iterable[Reminder], day: date | None, now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders so that nothing comes on the day of a race."""
    return tuple(planned(replace(one, race_on=day), now) for one in reminders)


def in_zone(reminders: Iterable[Reminder], zone: str, now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders by the wall clocks of another zone; a day that was begun does not begin again."""
    return tuple(planned(replace(one, zone=zone), now) for one in reminders)


def with_quiet_hours(
    reminders: Iterable[Reminder], quiet: tuple[time, time] | None, now: datetime
) -> tuple[Reminder, ...]:
    """Returns a chat's reminders with other quiet hours."""
    return tuple(planned(replace(one, quiet=quiet), now) for one in reminders)


def checked_in(reminders: Iterable[Reminder], now: datetime) -> tuple[Reminder, ...]:
    """Returns a chat's reminders after a check-in: none comes for the same day, and a nudge waits for silence."""
    kept = [one for one in reminders if one.kind != "nudge"]
    # The monthly question was about this check-in: it is answered.
    kept = [
        planned(replace(one, snoozed_at=None), now) if one.kind == "monthly" and one.snoozed_at is not None else one
        for one in kept
    ]
    check_in = next((one for one in kept if one.kind == "check_in"), None)
    if check_in is None:
        return tuple(kept)
    day = runner_date(now, zone_of(check_in.zone))
    over = max((check_in.done_on, check_in.done), (day, len(check_in.times)))
    rest = replace(check_in, snoozed_at=None, done_on=over[0], done=over[1])
    return (*(one for one in kept if one is not check_in), planned(rest, now), nudge(rest, day, now))


def nudge(check_in: Reminder, day: date, now: datetime) -> Reminder:
    """Returns the one nudge on the first chosen day after so many silent ones; a day of contact begins the count."""
    ahead = (day + timedelta(days=days) for days in count(SILENT_DAYS + 1))
    silence = next(day for day in ahead if day.weekday() in check_in.weekdays)
    listed = replace(check_in, kind="nudge", weekdays=(), days=(silence,), done_on=date.min, done=0)
    return planned(replace(listed, sent_at=None, missed=0), now)


def upcoming(reminders: Iterable[Reminder], now: datetime, most: int = 3) -> tuple[datetime, ...]:
    """Returns when messages will come next, on the person's own clock."""
    return tuple(at for at, _ in islice(_played(reminders, now), most))


def comes_at(kind: Kind, reminders: Iterable[Reminder], now: datetime) -> datetime | None:
    """Returns when a message with this kind in it will come, on the person's own clock; it may join another."""
    return next((at for at, due in _played(reminders, now) if kind in due.kinds), None)


def _played(reminders: Iterable[Reminder], now: datetime) -> Iterator[tuple[datetime, Due]]:
    """Yields the messages to come by playing what the ticks will do; a weekly reminder never ends."""
    known = {one.kind: one for one in reminders}
    while times := [one.next_at for one in known.values() if one.next_at is not None]:
        at = max(min(times), now)
        turn = turned(tuple(known.values()), at)
        known |= {one.kind: one for one in turn.reminders}
        if turn.due is not None:
            yield at.astimezone(zone_of(turn.reminders[0].zone)), turn.due


# ---- what is due -------------------------------------------------------------------------------------------------


def tick(store: Store, now: datetime, render: Callable[[Due], Call], limit: int = 1000) -> Tick:
    """Turns what is due into calls of the outbox and plans it anew, for at most so many reminders; late ones first."""
    changed: list[Reminder] = []
    notices: list[Notice] = []
    missed = chats = 0
    for chat, group in groupby(store.due_reminders(now, limit), key=attrgetter("chat")):
        reminders, chats = tuple(group), chats + 1
        try:
            turn = turned(reminders, now)
            if turn.due is not None:
                notices.append(Notice(chat, render(turn.due), turn.due.expires_at))
        except Exception as error:  # noqa: BLE001
            # One chat that cannot be reminded must not hold up all the others.
            log.error("a chat cannot be reminded: %s", type(error).__name__)
            changed += [replace(one, next_at=now + TRY_AGAIN) for one in reminders if _is_due(one, now)]
            continue
        changed += turn.reminders
        missed += turn.missed
    if changed:
        store.remind(changed, notices)
    return Tick(len(notices), missed, chats)


def turned(reminders: Sequence[Reminder], now: datetime) -> Turn:
    """Decides for all reminders of one chat: what is due goes into one message, and nothing exceeds what was chosen.

    What comes on a listed day joins the check-in of that day, or that of the next; only on a day without either it
    is a message of its own. A nudge never is: it waits for a check-in, on a day that was chosen.
    """
    changed: list[Reminder] = []
    kinds: list[Kind] = []
    expires: list[datetime] = []
    missed = 0
    check_in = next((one for one in reminders if one.weekdays), None)
    nudges = [one for one in reminders if one.kind == "nudge" and _is_due(one, now)]
    waiting = [one for one in reminders if not one.weekdays and one.kind != "nudge" and one.next_at is not None]
    if check_in is not None and _is_due(check_in, now):
        check_in, until, missed = _weekly(check_in, now)
        changed.append(check_in)
        if until is not None:
            kinds.append(check_in.kind)
            expires.append(until)
    changed += [_nudged(one, check_in, bool(kinds), now) for one in nudges]
    kinds += [one.kind for one in nudges if kinds]
    may_come = bool(kinds) or (any(_is_due(one, now) for one in waiting) and _has_room(reminders, check_in, now))
    for one in waiting:
        # What waits for another message joins the first that goes.
        if not _is_due(one, now) and not (may_come and split(one, now).slots):
            continue
        after, until, lost = _listed(one, check_in, may_come, now)
        changed.append(after)
        missed += lost
        if until is not None:
            kinds.append(one.kind)
            expires.append(until)
    if not kinds:
        return Turn(tuple(changed), None, missed)
    due = Due(changed[0].chat, tuple(kinds), local_date(now, changed[0].zone), max(expires))
    return Turn(tuple(changed), due, missed)


def _is_due(reminder: Reminder, now: datetime) -> bool:
    return reminder.next_at is not None and reminder.next_at <= now


def _weekly(reminder: Reminder, now: datetime) -> tuple[Reminder, datetime | None, int]:
    """Plans a check-in that is due; returns also until when it may be sent, if it may, and how many are missed."""
    late = patience(reminder.kind)
    passed = split(reminder, now)
    times, last = passed.slots, passed.slots[-1] if passed.slots else None
    timely = last.at if last is not None and now - last.at <= late and not is_night(reminder, now) else None
    missed = sum(now - slot.at > late for slot in times) if timely else len(times)
    snoozed_at, next_at = reminder.snoozed_at, passed.following
    if snoozed_at is not None:
        if snoozed_at > now:
            next_at = snoozed_at if next_at is None else min(next_at, snoozed_at)
        elif now - snoozed_at <= late:
            timely, snoozed_at = snoozed_at if timely is None else max(timely, snoozed_at), None
        else:
            missed, snoozed_at = missed + 1, None
    one, sent_at = reminder, now if timely else reminder.sent_at
    done_on, done = (last.day, last.number + 1) if last is not None else (one.done_on, one.done)
    # Written out, for a tick may do a thousand of these: `replace` takes three times as long.
    after = Reminder(
        one.chat, one.kind, one.zone, one.times, one.weekdays, one.days, one.quiet, one.paused_until, one.skip_on,
        one.race_on, snoozed_at, one.stopped_at, done_on, done, next_at, sent_at, one.missed + missed,
    )  # fmt: skip
    return after, timely + late if timely else None, missed


def _listed(
    reminder: Reminder, check_in: Reminder | None, may_come: bool, now: datetime
) -> tuple[Reminder, datetime | None, int]:
    """Plans what is due by a listed day, or was put off and is due again; returns the same as for a check-in."""
    late = patience(reminder.kind)
    passed, following = split(reminder, now)
    again_at = reminder.snoozed_at
    again = again_at is not None and again_at <= now
    if again:
        reminder = replace(reminder, snoozed_at=None)
    until = again_at + late if again_at is not None and again and now - again_at <= late else None
    missed = int(again and until is None)
    if passed and (may_come or until is not None or now - passed[-1].at > late):
        slot = passed[-1]
        missed += sum(now - each.at > late for each in passed)
        if now - slot.at <= late:
            until = max(until or now, slot.at + late)
        days = tuple(day for day in reminder.days if day > slot.day)
        reminder = replace(reminder, days=days, done_on=slot.day, done=1)
        following = split(reminder, now).following
    elif passed:
        following = _later(reminder, check_in, now)
    sent_at = reminder.sent_at if until is None else now
    after = replace(reminder, sent_at=sent_at, missed=reminder.missed + missed)
    if reminder.snoozed_at is not None:
        following = min(following or reminder.snoozed_at, reminder.snoozed_at)
    return replace(after, next_at=following), until, missed


def _has_room(reminders: Sequence[Reminder], check_in: Reminder | None, now: datetime) -> bool:
    """Tells whether a message may come by itself: the first of its day, with no check-in later on it, not at night."""
    for one in reminders:
        today = local_date(now, one.zone)
        if one.sent_at is not None and local_date(one.sent_at, one.zone) == today:
            return False
        if is_night(one, now):
            return False
    due = check_in.next_at if check_in is not None else None
    return check_in is None or due is None or local_date(due, check_in.zone) > local_date(now, check_in.zone)


def _nudged(one: Reminder, check_in: Reminder | None, comes: bool, now: datetime) -> Reminder:
    """Plans a nudge that is due: it comes with the check-in that does, or waits for the next; alone it never comes."""
    if comes:
        today = local_date(now, one.zone)
        done = replace(one, days=tuple(day for day in one.days if day > today), done_on=today, done=1, sent_at=now)
        return replace(done, snoozed_at=None, next_at=next_due(replace(done, snoozed_at=None), now))
    due = check_in.next_at if check_in is not None else None
    days = (local_date(due, one.zone),) if due is not None else ()
    return replace(one, days=days, done_on=date.min, done=0, snoozed_at=None, next_at=due)


def _later(reminder: Reminder, check_in: Reminder | None, now: datetime) -> datetime:
    """When to try again: with the next check-in or tomorrow at its own time, whichever comes first."""
    zone, at = zone_of(reminder.zone), wall_times(reminder)[0]
    tomorrow = instant(local_date(now, reminder.zone) + ONE_DAY, at, zone) or now + ONE_DAY
    due = check_in.next_at if check_in is not None else None
    return tomorrow if due is None else min(due, tomorrow)
