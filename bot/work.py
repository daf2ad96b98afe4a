"""What a person did, one turn in the making, and what takes part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from bot.days import Course, runner_date
from bot.records import Call, Chat, Club, DiaryEntry, Reminder, SessionRow, TeamMember
from bot.render import Message
from flows.engine import Session
from flows.follow_up import Day

Kind = Literal[
    "command", "text", "edited", "press", "location", "blocked", "unblocked", "other",
    "added", "removed", "muted", "allowed", "topic_closed", "topic_opened",
]  # fmt: skip
"""What can happen; from "added" on, what only groups do to the bot."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a person did, as far as it concerns us."""

    update_id: int | None
    chat_id: int
    kind: Kind
    private: bool = True
    text: str = ""
    """What was written, or the name of a command without its slash."""
    argument: str = ""
    data: str = ""
    message_id: int | None = None
    """The message whose button was pressed."""
    thread_id: int | None = None
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees, to about ten kilometres; it is looked at in this turn and kept nowhere."""
    title: str = ""
    """The title of a group."""
    user_id: int | None = None
    """Whose rights in the group Telegram is to be asked for, where they matter; it is kept nowhere."""
    is_admin: bool | None = None
    """Whether an admin of the group did this; None where it was not asked, or Telegram did not say."""
    to_us: bool = True
    """Whether a command in a group names the bot; one that does not may be meant for another."""
    query_id: str = ""
    """The press in a group that waits for an answer of its own; in a private chat it has one by now."""


@dataclass(slots=True)
class Work:
    """One turn in the making; it becomes one Commit."""

    incoming: Incoming
    now: datetime
    chat: Chat
    row: SessionRow | None = None
    session: Session | None = None
    calls: list[Call] = field(default_factory=list)
    diary: list[DiaryEntry] = field(default_factory=list)
    forget: bool = False
    dialogues: list[SessionRow] = field(default_factory=list)
    """Sessions of other flows that changed."""
    reminders: tuple[Reminder, ...] | None = None
    """All the reminders that the chat has from now on, if they changed."""
    club: Club | None = None
    """The club that this group is, as it is from now on."""
    joined: tuple[str, ...] | None = None
    """The keys of all clubs to which the person belongs from now on, if they changed."""
    team: tuple[TeamMember, ...] = ()
    """The person's parts in team challenges that changed."""
    team_days: Mapping[date, bool] = field(default_factory=dict)
    """Days of the person for the challenge in which they take part, as yes or no."""
    why_new: str = ""
    """The phrase that tells why an earlier session cannot go on, if so."""

    @property
    def at(self) -> SessionRow:
        """The row of the session, where there is one."""
        if self.row is None:
            raise LookupError("no session has begun")
        return self.row


class Dialogue(Protocol):
    """Something else that a chat can be about, beside the triage: its commands, its buttons and its questions."""

    by_name: Mapping[str, Callable[[Work], None]]
    """Commands."""
    by_button: Mapping[str, Callable[[Work], None]]
    """Menu buttons: what stands behind g: in their data."""
    by_prefix: Mapping[str, Callable[[Work, str], None]]
    """Other buttons, by the first part of their data; the rest is passed on."""

    def reply(self, work: Work) -> bool:
        """Takes text or a location as the answer to its own open question; returns False where it asked none."""

    def close(self, work: Work) -> None:
        """Leaves its open question, because something more important came up."""


class Follower:
    """What follows the triage day by day; this one follows nothing."""

    def course(self, _: Work) -> Course | None:
        """Returns the last full screen and what was reported since."""
        return None

    def today(self, work: Work) -> date:
        """Returns the runner's date."""
        return runner_date(work.now)

    def day(self, _: Work) -> Day | None:
        """Returns how the plan stands today."""
        return None

    def no_plan(self, _: Work) -> Message | None:
        """Returns what to say in place of a plan that the days have paused."""
        return None

    def ended(self, _: Work) -> None:
        """Notes what a session of the triage has come to."""

    def goes_on(self, _: Work) -> bool:
        """Goes on with what led to the questions; returns False where nothing did."""
        return False

    def tested(self, _: Work) -> str:
        """Returns the phrase that says what a self-test after the plan does to it."""
        return "plan.refreshed"

    def numbers(self, _: Work) -> str:
        """Returns the numbers behind the plan's changes, escaped."""
        return ""


@runtime_checkable
class Arriving(Protocol):
    """A dialogue that a link into the private chat may concern."""

    def arrived(self, work: Work, token: str) -> None:
        """Takes up what the link stood for, before the person is greeted; a token of somebody else changes nothing."""


@runtime_checkable
class Noting(Protocol):
    """A dialogue that takes note of what a turn has come to, whichever dialogue brought it there."""

    def note(self, work: Work) -> None:
        """Adds to the Work what follows for it, before that is committed."""


@runtime_checkable
class Returning(Protocol):
    """A dialogue that has something to ask once a person has unblocked the bot."""

    def returned(self, work: Work) -> None:
        """Takes up what stood still while the bot was blocked."""


@runtime_checkable
class Guarding(Protocol):
    """A dialogue that may have to ask something before anything else is answered."""

    def guards(self, work: Work) -> bool:
        """Asks it; returns whether that is all that this turn does."""
