"""One group chat with the bot, without Telegram: the real conversation, content and SQLite file, a clock by hand."""

from __future__ import annotations

from typing import Any

from bot.records import Club
from tests.chat import Chat, Sent

GROUP = -1_000_000_000_007
BOT = "backstride_bot"


class Group(Chat):
    """What members and admins write and press; admins are known as such, for Telegram has been asked by then."""

    def open(self) -> None:
        super().open()
        self.bot.username = BOT

    def said(self, line: str, *, admin: bool | None = False, thread: int | None = None, **more: Any) -> list[Sent]:
        """Somebody writes a command, or text that is addressed to the bot."""
        if not line.startswith("/"):
            return self.do("text", private=False, text=line, thread_id=thread, title="Runners", **more)
        name, _, argument = line[1:].partition(" ")
        what: dict[str, Any] = {"text": name, "argument": argument, "thread_id": thread, "title": "Runners", **more}
        return self.do("command", private=False, is_admin=admin if name == "club" else None, **what)

    def presses(self, label: str, *, admin: bool | None = True, thread: int | None = None) -> list[Sent]:
        """Somebody presses the newest button with this label."""
        message, data = next((each, each.buttons[label]) for each in reversed(self.sent) if label in each.buttons)
        return self.pressed(data, message.message_id, admin=admin, thread=thread)

    def pressed(
        self, data: str, message_id: int = 1, *, admin: bool | None = True, thread: int | None = None
    ) -> list[Sent]:
        """Somebody presses a button with this data, forged or true."""
        what = {"data": data, "message_id": message_id, "thread_id": thread, "query_id": f"q{self.update}"}
        return self.do("press", private=False, is_admin=admin, **what)

    def happens(self, kind: Any, thread: int | None = None) -> list[Sent]:
        """Something happens to the bot or to a topic."""
        return self.do(kind, private=False, title="Runners", thread_id=thread)

    def set_up(self, *lines: str, thread: int | None = None) -> None:
        """An admin sets the zone, switches the exercise of the day on, and does more."""
        for line in ("/club city Berlin", *lines):
            self.said(line, admin=True, thread=thread)
        self.presses("Exercise on", thread=thread)

    @property
    def club(self) -> Club:
        known = self.known
        club = None if known is None else self.store.club(known.key)
        assert club is not None
        return club
