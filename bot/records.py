"""What is kept, as records: chats, sessions, diary, reminders, and the calls that wait to be made."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

TRIAGE = "low_back_pain"
"""The flow of the full screen."""
QUESTION = "question"
"""The tag of a call that asks the current question: the chat remembers it, so that it can be edited later."""

INSTEAD = "$instead"
"""In a call that sends a drawing or a page: the parameters of the text message that goes out if it cannot be sent."""

PEOPLE, REMINDERS, CLUBS = 0, 1, 2
"""The priorities of the outbox: answers to people, then reminders and then club posts, for which nobody waits."""

Entry = tuple[str, str | int | tuple[str, ...] | None]
"""One line of a session's log: the name of a question or event and its value."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat of the bot; `key` stands for it in every other row."""

    key: str
    chat_id: int
    created_at: datetime
    seen_at: datetime
    kind: str = "private"
    country: str = ""
    consent_version: str = ""
    consent_at: datetime | None = None
    plan_state: str = ""
    critical_at: datetime | None = None
    question_call: int | None = None
    """The outbox id of the newest call tagged as question."""
    blocked_at: datetime | None = None
    forgotten_at: datetime | None = None
    """Set by forgetting only; any other commit of this chat clears it."""
    text_only: bool = False
    """Whether texts come in place of drawings, for a slow connection."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One person's place in one flow, as it is kept."""

    key: str
    chat: str
    flow: str
    content_version: str
    state: str
    started_at: datetime
    updated_at: datetime
    log: tuple[Entry, ...] = ()
    ticks: tuple[str, ...] = ()
    turn: int = 0
    open: bool = True


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One dated fact about a person: a result, a check-in, an event."""

    at: datetime
    kind: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One finished Bot API call without its chat_id; a file is `{"$file": {"name": …, "text": …}}`.

    One that is made when it is sent is `{"$made": {"by": …, "name": …, "data": …}}` (bot.made).
    """

    method: str
    params: Mapping[str, object]
    tag: str = ""
    edits: int | None = None
    """The outbox id of the call whose sent message this one edits."""


Kind = Literal["check_in", "doctor_3_days", "recheck_48h", "monthly", "check_of_the_day", "nudge"]
"""What a reminder is for; a chat has at most one of each. The check-in comes by the week, the others on listed days."""

UNTIL_I_SAY = date.max
"""The end of a pause that only its runner ends."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a chat wants to be reminded of: local wall times in its own zone, on some days; bot.reminders plans it."""

    chat: str
    kind: Kind
    zone: str
    """An IANA name such as "Europe/Berlin"."""
    times: tuple[time, ...]
    """One or two wall times in that zone, by the minute, earliest first."""
    weekdays: tuple[int, ...] = ()
    """The days of the week, Monday 0; empty for one that comes on listed days."""
    days: tuple[date, ...] = ()
    """The days that are listed, earliest first; what happened on one is over, and the day goes."""
    quiet: tuple[time, time] | None = None
    """From when to when nothing is sent, on the wall; the two times themselves are not quiet."""
    paused_until: date | None = None
    """The first day that is not paused."""
    skip_on: date | None = None
    race_on: date | None = None
    """The day of a race, on which nothing comes unasked."""
    snoozed_at: datetime | None = None
    """When a snoozed one comes again."""
    stopped_at: datetime | None = None
    """When the chat blocked the bot; only its runner starts it again."""
    done_on: date = date.min
    """The last day that was begun: all before it are over, and of its own times the first `done`."""
    done: int = 0
    next_at: datetime | None = None
    """When it is due next, as computed last."""
    sent_at: datetime | None = None
    """When it became a message last."""
    missed: int = 0
    """How many times were over before anybody could be reminded of them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that nobody waits for: sent once or not at all, and never later than `expires_at`."""

    chat: str
    call: Call
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """All that one update caused; it is saved whole or not at all."""

    update_id: int | None
    chat: Chat
    session: SessionRow | None = None
    diary: tuple[DiaryEntry, ...] = ()
    calls: tuple[Call, ...] = ()
    forget: bool = False
    dialogues: tuple[SessionRow, ...] = ()
    """The sessions of other flows, such as the check-in, that changed."""
    reminders: tuple[Reminder, ...] | None = None
    """All the reminders that the chat has from now on, if they changed."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call that waits in the outbox, with what the sender needs to make it."""

    id: int
    chat: str
    chat_id: int
    method: str
    params: dict[str, object]
    attempts: int
    edits: int | None
    message_id: int | None
    """The message that `edits` became, if it was sent."""
    priority: int = PEOPLE
    expires_at: datetime | None = None
    """When what nobody waits for is no longer worth sending."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One call that was given up: why and when, but neither what it said nor to whom."""

    id: int
    chat: str
    method: str
    error: str
    attempts: int
    parked_at: datetime | None


def new_key() -> str:
    """Returns a random key of eight URL-safe characters for a chat or a session."""
    return secrets.token_urlsafe(6)
