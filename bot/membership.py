"""A person and the clubs whose link they followed: what they see of the club, and how they leave it.

The club sees nothing of this: the link is one row that goes with /delete, by the button, or with the club.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot import wall
from bot.desk import Desk
from bot.records import Club
from bot.render import Button, Message, bold, listed, paragraphs
from bot.store import Store
from bot.work import Work


class Membership:
    """The dialogue of /club in a private chat."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk = desk
        self.words = desk.words
        self.store = store
        self.by_name: Mapping[str, Callable[[Work], None]] = {"club": self.overview}
        self.by_button: Mapping[str, Callable[[Work], None]] = {"club": self.overview}
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {"cl": self.leave}
        desk.contacts = self.contacts

    def clubs(self, work: Work) -> tuple[Club, ...]:
        """Returns the clubs to which the person belongs."""
        clubs = self.store.joined_clubs(work.chat.key)
        return clubs if work.joined is None else tuple(club for club in clubs if club.key in work.joined)

    def named(self, club: Club) -> str:
        """Returns how a club is called, not escaped."""
        return club.name or self.words.label("club.a_club")

    def arrived(self, work: Work, token: str) -> None:
        """Notes that the person came through a club, and tells them what that means."""
        club = self.store.club_of_token(token)
        if club is None or club in self.clubs(work):
            return
        work.joined = (*(other.key for other in self.clubs(work)), club.key)
        self.desk.say(work, Message(self.words("club.joined", club=self.named(club))))

    def overview(self, work: Work) -> None:
        """Shows through which clubs the person came, with a way to leave each."""
        clubs = self.clubs(work)
        if not clubs:
            self.desk.say(work, Message(self.words("club.none"), self.desk.render.add_button(self.desk.username)))
            return
        text = self.words("club.yours", clubs=wall.in_a_row([self.named(club) for club in clubs], self.words.language))
        rows = tuple((self._leaving(club),) for club in clubs)
        self.desk.say(work, Message(text, (*rows, *self.desk.render.add_button(self.desk.username))))

    def _leaving(self, club: Club) -> Button:
        return Button(self.words.label("club.leave", club=self.named(club)), f"cl:{club.key}")

    def leave(self, work: Work, club_key: str) -> None:
        """Unties the person from a club."""
        clubs = self.clubs(work)
        club = next((club for club in clubs if club.key == club_key), None)
        if club is None:
            self.overview(work)
            return
        work.joined = tuple(other.key for other in clubs if other is not club)
        self.desk.edit(work, Message(self.words("club.left", club=self.named(club))))

    def contacts(self, work: Work) -> str:
        """Returns the physiotherapists that the person's clubs name, escaped; nothing where none does."""
        parts = []
        for club in self.clubs(work):
            rows = [
                self.words(
                    "club.contact_member", contact=one.text, date=wall.month(one.checked_on, self.words.language)
                )
                for one in club.contacts
            ]
            if rows:
                parts.append(f"{bold(self.words('club.contacts_of', club=self.named(club)))}\n{listed(rows)}")
        return paragraphs(*parts, self.words("club.contacts_note")) if parts else ""

    def reply(self, _: Work) -> bool:
        """Takes no text: it asks no question."""
        return False

    def close(self, _: Work) -> None:
        """Leaves nothing open."""
