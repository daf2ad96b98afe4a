"""What is kept, as records: chats, sessions, diary, reminders, and the calls that wait to be made."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, NamedTuple

TRIAGE = "low_back_pain"
"""The flow of the full screen."""
QUESTION = "question"
"""The tag of a call that asks the current question: the chat remembers it, so that it can be edited later."""

RESULT = "result"
"""The kind of a diary entry that says where a person was sent, and by which rules."""

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
    warned_at: datetime | None = None
    """When the person was told that all will expire soon; any other commit of this chat clears it."""


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


Kind = Literal["check_in", "doctor_3_days", "recheck_48h", "monthly", "check_of_the_day", "nudge", "club_post"]
"""What a reminder is for; a chat has at most one of each. The check-in comes by the week, the others on listed days.

The post in a club is planned like a reminder, but is none: it is kept with its club.
"""

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


ClubState = Literal["active", "removed", "muted", "topic_closed"]
"""Whether a club may be written to: the bot was removed, has no right to write, or its topic is closed or gone."""


class Contact(NamedTuple):
    """A physiotherapist whom a club names to its members."""

    text: str
    """Plain text as an admin wrote it."""
    checked_on: date
    """When an admin last said that it is right."""


@dataclass(frozen=True, slots=True)
class Club:
    """A group chat that uses the bot, as its admins have set it up; nothing in it is about a person."""

    key: str
    chat: str
    """The key of the group's chat, whose row lives as long as the club."""
    token: str
    """What its link into the private chat carries: random, and known to all who saw the link."""
    name: str = ""
    """The title of the group."""
    language: str = ""
    """Empty for the language of the bot."""
    zone: str = ""
    """An IANA name; empty until an admin has named a city, and nothing is posted unasked before that."""
    thread_id: int | None = None
    """The topic in which is posted unasked; None for a group without topics, or its general one."""
    state: ClubState = "active"
    post_time: time = time(7, 0)
    """The wall time of the one post that may come unasked on a day."""
    exercise_on: tuple[int, ...] = ()
    """The weekdays of the exercise of the day, Monday 0; empty while it is off."""
    challenge: bool = False
    contacts: tuple[Contact, ...] = ()
    card_at: datetime | None = None
    """When the card was posted last, and in which topic."""
    card_thread: int | None = None
    done_on: date = date.min
    """The last day whose post was begun: all before it are over, and so is it once `done` is 1."""
    done: int = 0
    next_at: datetime | None = None
    """When something is posted next, as computed last."""
    posted_at: datetime | None = None
    """When something was posted unasked last."""


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A person's part in the team challenge of one club; somebody takes part in one club at a time."""

    key: str
    """Random: the weeks that were told name it, until the person is gone."""
    chat: str
    club: str
    since: date
    """The day in the club's zone on which the person came in last."""
    left_on: date | None = None


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
    results: tuple[DiaryEntry, ...] = ()
    """The results of this update, for the audit that knows no person; those that are kept are in the diary too."""
    club: Club | None = None
    """The club that this chat is, if it is one."""
    joined: tuple[str, ...] | None = None
    """The keys of all clubs to which a person's chat belongs from now on, if they changed."""
    team: tuple[TeamMember, ...] = ()
    """The person's parts in team challenges that changed; where one has ended, its days go."""
    team_days: Mapping[date, bool] = field(default_factory=dict)
    """Days of the person for the challenge in which they take part, as yes or no."""


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


@dataclass(frozen=True, slots=True)
class ParkedUpdate:
    """One update that could not be handled, kept for a look and not for long."""

    update_id: int
    chat: str
    payload: str
    error: str
    parked_at: datetime


def new_token() -> str:
    """Returns a random token of sixteen URL-safe characters, which nobody guesses, for a link to the bot."""
    return secrets.token_urlsafe(12)


def new_key() -> str:
    """Returns a random key of eight URL-safe characters for a chat or a session."""
    return secrets.token_urlsafe(6)
