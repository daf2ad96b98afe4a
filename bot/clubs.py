"""What a group may see and do: one card, exercises that are the same for everybody, and the settings of its club.

Nothing that a person has said, or that follows from it, is in reach here: a group's chat has no session, no diary and
no plan, and of a person's message only the command counts, and whether it may tell of an emergency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot.club_settings import PREFIX, ClubSettings
from bot.desk import Desk
from bot.poster import posters
from bot.posting import planned
from bot.records import Call, Club, ClubState, new_key, new_token
from bot.render import Button, Message, Translate, Words, paragraphs
from bot.static_cards import Library
from bot.store import Store
from bot.work import Work
from flows.safety_net import SafetyNet

GROUP = ("check", "exercise", "club", "poster")
"""Commands of a group, in the order in which Telegram lists them."""
LONGEST_TITLE = 128
STATES: Mapping[str, ClubState] = {"removed": "removed", "muted": "muted", "topic_closed": "topic_closed"}
AGAIN = timedelta(seconds=5)
"""How soon the card comes again in the same topic: whatever was written, health words above all, it is the answer."""


class Clubs:
    """Answers groups."""

    def __init__(self, desk: Desk, store: Store, net: SafetyNet, has_command: Callable[[str], bool]) -> None:
        self.desk = desk
        self.store = store
        self.net = net
        self.has_command = has_command
        """Tells whether a command is one of the private chat."""
        self._own = Library(desk.content, desk.words)
        self._libraries: dict[str, Library] = {}
        self.settings = ClubSettings(desk, self.words)
        self.by_name: Mapping[str, Callable[[Work, Club], None]] = {
            "check": self._card,
            "exercise": self._exercise,
            "club": self._club,
            "poster": self._poster,
        }
        self.also: list[Callable[[Club, date], str]] = []
        """What else the post of a day may say, escaped; nothing where it has nothing to say."""

    def learn(self, languages: Mapping[str, Translate]) -> None:
        """Lets clubs choose among languages, by their codes; the first is the bot's own."""
        voices = {code: Words(self.desk.content, translate) for code, translate in languages.items()}
        self._libraries = {code: Library(self.desk.content, words) for code, words in voices.items()}
        self.settings.languages = tuple(voices)

    def library(self, club: Club) -> Library:
        """Returns the exercises in the language of a club."""
        return self._libraries.get(club.language, self._own)

    def words(self, club: Club) -> Words:
        """Returns the texts in the language of a club."""
        return self.library(club).words

    def menu(self) -> list[tuple[str, str]]:
        """Returns the commands of groups, with what Telegram shows beside them."""
        return [(name, self.desk.words.label(f"command.group_{name}")) for name in GROUP]

    # ---- what happened -------------------------------------------------------------------------------------------

    def meet(self, work: Work) -> bool:
        """Takes what was said or done in a group into the Work; returns False where that changes nothing."""
        incoming, known = work.incoming, self.store.club(work.chat.key)
        if incoming.kind in STATES:
            return known is not None and self._silenced(work, known)
        if known is None and incoming.kind == "topic_opened":
            return False
        club = work.club = self._awake(work, known or Club(new_key(), work.chat.key, new_token()))
        match incoming.kind:
            case "added" if known is None or known.state == "removed":
                self._say_card(work, club, self.words(club)("group.more"))
            case "command":
                self._command(work, club)
            case "text":
                self._card(work, club)
            case "press":
                self._press(work, club)
        return True

    def _silenced(self, work: Work, club: Club) -> bool:
        state = STATES[work.incoming.kind]
        if state == "topic_closed" and work.incoming.thread_id != club.thread_id:
            return False
        work.club = planned(replace(club, state=state), work.now)
        return True

    def _awake(self, work: Work, club: Club) -> Club:
        """The club as it stands now that its group speaks to us: whatever kept us silent may be over."""
        title = work.incoming.title[:LONGEST_TITLE] or club.name
        elsewhere = club.state == "topic_closed" and work.incoming.thread_id != club.thread_id
        state: ClubState = club.state if elsewhere and work.incoming.kind != "added" else "active"
        awake = replace(club, name=title, state=state)
        # A post that was missed in the silence is over; a day that was begun does not begin again.
        return planned(awake, work.now) if state != club.state else awake

    def _command(self, work: Work, club: Club) -> None:
        name, act = work.incoming.text, self.by_name.get(work.incoming.text)
        if self.net.hears(f"{name} {work.incoming.argument}"):
            self._card(work, club)
        elif act is not None:
            act(work, club)
        elif work.incoming.to_us or self.has_command(name):
            self._card(work, club)

    def _press(self, work: Work, club: Club) -> None:
        kind, _, rest = work.incoming.data.partition(":")
        said = ""
        if kind == PREFIX:
            said = self.settings.press(work, club, rest)
        answer = {"callback_query_id": work.incoming.query_id}
        work.calls.insert(
            0, Call("answerCallbackQuery", {**answer, "text": said, "show_alert": True} if said else answer)
        )

    # ---- what is said --------------------------------------------------------------------------------------------

    def button(self, club: Club) -> tuple[tuple[Button, ...], ...]:
        """Returns the button that opens the private chat by the token of the club; none before the bot has a name."""
        if not self.desk.username:
            return ()
        url = f"https://t.me/{self.desk.username}?start={club.token}"
        return ((Button(self.words(club).label("group.button"), url=url),),)

    def _card(self, work: Work, club: Club) -> None:
        """Says the card, unless it was said in this topic a moment ago."""
        same = club.card_thread == work.incoming.thread_id
        if club.card_at is None or not same or not timedelta() <= work.now - club.card_at < AGAIN:
            self._say_card(work, club)

    def _say_card(self, work: Work, club: Club, more: str = "") -> None:
        text = paragraphs(self.words(club)("group.card"), more)
        self.desk.say(work, Message(text, self.button(club)))
        work.club = replace(club, card_at=work.now, card_thread=work.incoming.thread_id)

    def _exercise(self, work: Work, club: Club) -> None:
        library, words = self.library(club), self.words(club)
        exercise = library.find(work.incoming.argument)
        if exercise is None:
            self.desk.say(work, Message(words("group.exercises", names=", ".join(library.plain_names()))))
        else:
            self.desk.say(work, library.card(exercise, rows=self.button(club)))

    def _club(self, work: Work, club: Club) -> None:
        self.settings.command(work, club)

    def _poster(self, work: Work, club: Club) -> None:
        """Sends a poster whose code leads to the private chat by way of this club, if an admin asks."""
        words = self.words(club)
        if not work.incoming.is_admin:
            self.desk.say(
                work, Message(words("club.unsure" if work.incoming.is_admin is None else "poster.only_admins"))
            )
        elif self.desk.username:
            for message in posters(words, self.desk.username, work.now.date(), club.token, club.name):
                self.desk.say(work, message)
        else:
            self.desk.say(work, Message(words("share.later")))

    # ---- what is posted unasked ----------------------------------------------------------------------------------

    def post(self, club: Club, day: date) -> Call | None:
        """Returns the one message of a day for a club, or None where there is nothing to tell."""
        extra = [said for also in self.also if (said := also(club, day))]
        library, words = self.library(club), self.words(club)
        message = None
        if day.weekday() in club.exercise_on:
            heading = paragraphs(*extra, words("group.exercise_of_the_day"))
            message = library.card(library.of_the_day(day, club.exercise_on), heading, self.button(club))
        elif extra:
            message = Message(paragraphs(*extra), self.button(club))
        return None if message is None else self.desk.call(message, club.thread_id)
