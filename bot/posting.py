"""What is posted in a club unasked: at most one message a day, by the wall clock of its zone.

It is planned by the rules of bot.reminders: an hour that a clock change repeats counts the first time, one that it
skips becomes the first minute after it, and a post that is two hours late is not worth sending any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot import reminders
from bot.records import Call, Club, Notice, Reminder
from bot.reminders import Tick
from bot.store import Store

log = logging.getLogger(__name__)

TOTAL_FROM = 1
"""The first weekday on which the week before is told: Tuesday, once Sunday is over everywhere and was reported.

Where that post is lost, the total joins the one of a later day, up to Monday; then the next week is told.
"""
TRY_AGAIN = timedelta(hours=1)


def post_days(club: Club) -> tuple[int, ...]:
    """Returns the weekdays on which a club may be told something: those of the exercise, or all if it has a total."""
    return tuple(range(7)) if club.challenge else tuple(sorted(club.exercise_on))


def planned(club: Club, now: datetime) -> Club:
    """Returns the club with its next post; what lies before this moment is over, and a day begun does not begin again.

    Nothing is planned where the group takes no messages, or where nobody has said yet where its clock is.
    """
    if club.state != "active" or not club.zone or not post_days(club):
        return replace(club, next_at=None)
    return _with(club, reminders.planned(_schedule(club), now))


def tick(store: Store, now: datetime, render: Callable[[Club, date], Call | None], limit: int = 1000) -> Tick:
    """Turns what is due into calls of the outbox and plans it anew, for at most so many clubs; late ones first.

    `render` says what a club is told on a date, or None where there is nothing to tell.
    """
    changed: list[Club] = []
    posts: list[Notice] = []
    missed = 0
    due = store.due_clubs(now, limit)
    for club in due:
        try:
            turn = reminders.turned([_schedule(club)], now)
            after = _with(club, turn.reminders[0])
            # A post that comes after midnight is still that of the day before: what it told is remembered so.
            call = render(club, after.done_on) if turn.due is not None else None
        except Exception as error:  # noqa: BLE001
            # One club that cannot be told anything must not hold up all the others.
            log.error("nothing can be posted in a club: %s", type(error).__name__)
            changed.append(replace(club, next_at=now + TRY_AGAIN))
            continue
        missed += turn.missed
        if turn.due is not None and call is not None:
            after = replace(after, posted_at=now)
            posts.append(Notice(club.chat, call, turn.due.expires_at))
        changed.append(after)
    if changed:
        store.post(changed, posts)
    return Tick(len(posts), missed, len(due))


def _schedule(club: Club) -> Reminder:
    return Reminder(
        club.chat,
        "club_post",
        club.zone,
        (club.post_time,),
        weekdays=post_days(club),
        done_on=club.done_on,
        done=club.done,
        next_at=club.next_at,
    )


def _with(club: Club, plan: Reminder) -> Club:
    return replace(club, done_on=plan.done_on, done=plan.done, next_at=plan.next_at)
