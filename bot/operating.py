"""What the operator may ask in Telegram: how the bot is doing, in numbers, and nothing about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.conversation import Conversation
from bot.inline import Query
from bot.records import Call, Chat, Commit, new_key
from bot.render import Message
from bot.work import Incoming


class Operating:
    """The conversation, with /status for the operators; for everybody else there is no such command."""

    def __init__(self, conversation: Conversation, operator_ids: frozenset[int]) -> None:
        self._conversation = conversation
        self._operator_ids = operator_ids

    @property
    def username(self) -> str:
        """Returns the bot's own name."""
        return self._conversation.username

    @username.setter
    def username(self, name: str) -> None:
        self._conversation.username = name

    def handle(self, incoming: Incoming, now: datetime) -> None:
        """Answers one update in one commit."""
        is_operator = incoming.private and incoming.chat_id in self._operator_ids
        if is_operator and (incoming.kind, incoming.text, incoming.argument) == ("command", "status", ""):
            self._tell(incoming, now)
        else:
            self._conversation.handle(incoming, now)

    def look_up(self, query: Query) -> Mapping[str, object]:
        """Returns the parameters of the answer to an inline query."""
        return self._conversation.look_up(query)

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        """Tells the person that an update of theirs could not be handled."""
        self._conversation.apologise(incoming, now)

    def _tell(self, incoming: Incoming, now: datetime) -> None:
        store, words = self._conversation.store, self._conversation.desk.words
        numbers, known = store.numbers(now), store.chat(incoming.chat_id)
        text = words(
            "operator.status",
            chats=str(numbers.chats),
            updates=str(max(numbers.updates_waiting - 1, 0)),  # this one is in hand
            messages=str(sum(numbers.calls_waiting.values())),
            parked=str(numbers.calls_parked),
            late=str(numbers.reminders_late),
        )
        calls = tuple(Call("sendMessage", piece.params()) for piece in Message(text).parts())
        chat = known or Chat(new_key(), incoming.chat_id, now, now)
        # An operator who is no runner leaves no row behind, as with anybody who only asks something.
        store.commit(Commit(incoming.update_id, chat, calls=calls, forget=known is None))
