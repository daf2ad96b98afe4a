"""Groups of the fake Bot API server: their members, their topics, and what they let the bot hear and say.

Privacy mode is on (core.telegram.org/bots/features#privacy-mode): of what members say the bot hears commands that are
not addressed to another bot, replies to its own messages, presses of its buttons and notes of Telegram itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fake_bot_api import USERNAME, FakeBotApi, Params, Refused, kind_of_group

STAND_IN: Params = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
ME: Params = {"id": 123456, "is_bot": True, "first_name": "Backstride", "username": USERNAME}


@dataclass
class FakeGroup:
    """One group; user ids are positive, and who is an admin is for Telegram to say."""

    api: FakeBotApi
    chat_id: int
    admins: set[int] = field(default_factory=set)
    anonymous: set[int] = field(default_factory=set)
    is_member: bool = False
    is_muted: bool = False
    closed: set[int] = field(default_factory=set)
    """The topics that are closed."""
    moved_to: int | None = None

    def __post_init__(self) -> None:
        self.api.greet(self.chat_id)
        self.api.groups[self.chat_id] = self

    # ---- what the server asks ------------------------------------------------------------------------------------

    def admit(self, params: Params) -> None:
        """Refuses what Telegram would refuse in this group."""
        if self.moved_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, text, {"migrate_to_chat_id": self.moved_to})
        if not self.is_member:
            raise Refused(403, f"Forbidden: bot was kicked from the {kind_of_group(self.chat_id)} chat")
        if self.is_muted:
            raise Refused(400, "Bad Request: not enough rights to send text messages to the chat")
        if params.get("message_thread_id") is not None and int(params["message_thread_id"]) in self.closed:
            raise Refused(400, "Bad Request: TOPIC_CLOSED")

    def member(self, user_id: int) -> Params:
        """What getChatMember tells of a user."""
        status = "administrator" if user_id in self.admins | self.anonymous else "member"
        return {"user": person(user_id), "status": status, "is_anonymous": user_id in self.anonymous}

    # ---- what members do -----------------------------------------------------------------------------------------

    def says(self, user_id: int, text: str, thread: int | None = None, *, reply: bool = False) -> int | None:
        """A member writes; returns the update's id, or None where privacy mode keeps it from the bot."""
        name, _, addressee = text.split(" ", maxsplit=1)[0].partition("@")
        if not reply and (not name.startswith("/") or (addressee and addressee != USERNAME)):
            return None
        speaker: Params = {"from": person(user_id)}
        if user_id in self.anonymous:
            speaker = {"from": STAND_IN, "sender_chat": self._chat()}
        if reply:
            speaker["reply_to_message"] = {"message_id": 1, "date": 0, "chat": self._chat(), "from": ME}
        return self.api.say(self.chat_id, text, **speaker, **self._topic(thread))

    def presses(self, user_id: int, label: str, thread: int | None = None) -> int:
        """A member presses a button; an anonymous admin does so under their own name."""
        for shown in reversed(self.api.messages(self.chat_id)):
            if label in shown.labels:
                by, data = person(user_id), shown.data(label)
                return self.api.press_data(self.chat_id, shown.message_id, data, by, **self._topic(thread))
        raise AssertionError(f"no message has a button {label!r}")

    def becomes(self, before: Params, now: Params) -> int:
        """The bot's own membership changes."""
        states = [{"user": ME, "until_date": 0, **state} for state in (before, now)]
        return self.api.update(
            my_chat_member={
                "chat": self._chat(),
                "from": person(1),
                "date": int(time.time()),
                "old_chat_member": states[0],
                "new_chat_member": states[1],
            }
        )

    def adds(self) -> int:
        """Somebody adds the bot."""
        self.is_member = True
        return self.becomes({"status": "left"}, {"status": "member"})

    def kicks(self) -> int:
        """Somebody removes the bot."""
        self.is_member = False
        return self.becomes({"status": "member"}, {"status": "kicked"})

    def closes(self, thread: int) -> int:
        """Somebody closes a topic."""
        self.closed.add(thread)
        return self.api.post(self.chat_id, forum_topic_closed={}, **self._topic(thread))

    def opens(self, thread: int) -> int:
        """Somebody opens a topic again."""
        self.closed.discard(thread)
        return self.api.post(self.chat_id, forum_topic_reopened={}, **self._topic(thread))

    def upgrades(self, new_id: int, tells: Sequence[str] = ("to", "from")) -> FakeGroup:
        """The group becomes a supergroup; Telegram tells of it in this order, or only where it is written to.

        "to" and "from" are the two service messages; "in" and "out" what it may say besides of the bot's membership.
        """
        new = FakeGroup(self.api, new_id, self.admins, self.anonymous, self.is_member)
        self.moved_to, by = new_id, {"from": person(1)}
        for each in tells:
            match each:
                case "to":
                    self.api.post(self.chat_id, migrate_to_chat_id=new_id, **by)
                case "from":
                    self.api.post(new_id, migrate_from_chat_id=self.chat_id, **by)
                case "in":
                    new.becomes({"status": "left"}, {"status": "member"})
                case "out":
                    self.becomes({"status": "member"}, {"status": "left"})
        return new

    def _chat(self) -> Params:
        return {"id": self.chat_id, "type": kind_of_group(self.chat_id), "title": "Runners"}

    def _topic(self, thread: int | None) -> dict[str, Any]:
        assert thread is None or kind_of_group(self.chat_id) == "supergroup", "a basic group has no topics"
        return {} if thread is None else {"message_thread_id": thread, "is_topic_message": True}


def person(user_id: int) -> Params:
    return {"id": user_id, "is_bot": False, "first_name": "Ada <b>&", "language_code": "en"}
