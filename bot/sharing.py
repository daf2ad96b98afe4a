"""What a person may pass on: a card without anything about them, and a poster for a run group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from bot.desk import Desk
from bot.poster import posters
from bot.render import Button, Message
from bot.store import Store
from bot.work import Work


class Sharing:
    """The dialogue of /share and /poster in a private chat."""

    def __init__(self, desk: Desk, _: Store) -> None:
        self.desk = desk
        self.words = desk.words
        self.by_name: Mapping[str, Callable[[Work], None]] = {"share": self.share, "poster": self.poster}
        self.by_button: Mapping[str, Callable[[Work], None]] = dict(self.by_name)
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {}

    def share(self, work: Work) -> None:
        """Sends a card to forward: its address stands in the text too, for a forwarded message may lose its buttons."""
        link = self._link(work)
        if link:
            self.desk.say(work, Message(self.words("share.intro")))
            # The address that Telegram itself opens to choose a chat (core.telegram.org/widgets/share).
            ready = urlencode({"url": link, "text": self.words.label("share.short")})
            button = Button(self.words.label("share.button"), url=f"https://t.me/share/url?{ready}")
            self.desk.say(work, Message(self.words("share.card", link=link), ((button,),)))

    def poster(self, work: Work) -> None:
        """Sends the general poster; that of a club is made in its group, where its admins are known."""
        if self._link(work):
            for message in posters(self.words, self.desk.username, work.now.date()):
                self.desk.say(work, message)
            self.desk.say(work, Message(self.words("poster.for_clubs")))

    def _link(self, work: Work) -> str:
        """The address of the bot; says that it is not known, and returns nothing, before Telegram has told it."""
        if self.desk.username:
            return f"https://t.me/{self.desk.username}"
        self.desk.say(work, Message(self.words("share.later")))
        return ""

    def reply(self, _: Work) -> bool:
        """Takes no text: it asks no question."""
        return False

    def close(self, _: Work) -> None:
        """Leaves nothing open."""
