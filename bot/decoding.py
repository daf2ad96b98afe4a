"""Reads Telegram's updates: what a person did, freed of everything that we do not use."""

from __future__ import annotations

import re
from typing import Any

from telegram import CallbackQuery, ChatMember, Message, Update
from telegram.constants import ChatType

from bot.desk import Incoming

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Asked for explicitly: the server remembers the last list that it was given."""
COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<bot>[A-Za-z0-9_]+))?(?:\s+(?P<argument>.*))?", re.DOTALL)


def update_id_of(raw: object) -> int | None:
    """Returns the number of a raw update, or None for what is none: it can be neither kept nor acknowledged."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if type(number) is int and 0 <= number < 2**63 else None


def sender_of(raw: dict[str, Any]) -> int:
    """Returns the Telegram id of whoever caused a raw update, else of its chat, else 0; it may be malformed."""
    for content in raw.values():
        for name in ("from", "chat"):
            one = content.get(name) if isinstance(content, dict) else None
            number = one.get("id") if isinstance(one, dict) else None
            if isinstance(number, int):
                return number
    return 0


class Malformed(ValueError):
    """An update holds a value of another type than the Bot API names; the library does not look."""


def decode(update: Update, username: str) -> Incoming | None:
    """Returns what a person did, or None for an update that asks nothing of us; raises Malformed."""
    incoming = _decoded(update, username)
    if incoming is not None and not _is_sound(incoming):
        raise Malformed
    return incoming


def _is_sound(incoming: Incoming) -> bool:
    numbers = (incoming.chat_id, incoming.message_id or 0, incoming.thread_id or 0)
    texts = (incoming.text, incoming.argument, incoming.data)
    return all(type(number) is int and abs(number) < 2**63 for number in numbers) and all(
        isinstance(text, str) for text in texts
    )


def _decoded(update: Update, username: str) -> Incoming | None:
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    if update.message is not None:
        return _message(update.update_id, update.message, username)
    if update.edited_message is not None:
        return _edited(update.update_id, update.edited_message)
    if update.my_chat_member is not None and update.my_chat_member.chat.type == ChatType.PRIVATE:
        blocked = update.my_chat_member.new_chat_member.status == ChatMember.BANNED
        chat_id = update.my_chat_member.chat.id
        return Incoming(update.update_id, chat_id, "blocked" if blocked else "unblocked")
    return None


def _press(update_id: int, query: CallbackQuery) -> Incoming | None:
    message = query.message
    if message is None:
        return None
    return Incoming(
        update_id,
        message.chat.id,
        "press",
        message.chat.type == ChatType.PRIVATE,
        data=_encodable(query.data or ""),
        message_id=message.message_id,
        thread_id=_thread(message) if isinstance(message, Message) else None,
    )


def _message(update_id: int, message: Message, username: str) -> Incoming | None:
    private, thread_id = message.chat.type == ChatType.PRIVATE, _thread(message)
    text = _said(message)
    command = COMMAND.fullmatch(text)
    if command is not None:
        addressee = (command["bot"] or username).lower()
        if addressee != username.lower() and not private:
            return None
        return Incoming(
            update_id,
            message.chat.id,
            "command",
            private,
            text=command["name"].lower(),
            argument=(command["argument"] or "").strip(),
            thread_id=thread_id,
        )
    if text and (private or _is_addressed(message, text, username)):
        return Incoming(update_id, message.chat.id, "text", private, text=text, thread_id=thread_id)
    if not private:
        return None
    if message.location is not None:
        # One decimal is enough for a time zone, and says less about a person.
        place = round(message.location.latitude, 1), round(message.location.longitude, 1)
        return Incoming(update_id, message.chat.id, "location", thread_id=thread_id, location=place)
    # What is left is a sticker, a voice message and the like, or a note of Telegram itself ("pinned a message").
    if message.effective_attachment is None:
        return None
    return Incoming(update_id, message.chat.id, "other", thread_id=thread_id)


def _is_addressed(message: Message, text: str, username: str) -> bool:
    """Tells whether what is said in a group is said to us; a bot that is an admin there hears everything."""
    replied = message.reply_to_message.from_user if message.reply_to_message is not None else None
    return (replied is not None and replied.username == username) or f"@{username.lower()}" in text.lower()


def _edited(update_id: int, message: Message) -> Incoming | None:
    if message.chat.type != ChatType.PRIVATE:
        return None
    return Incoming(update_id, message.chat.id, "edited", text=_said(message), thread_id=_thread(message))


def _said(message: Message) -> str:
    return _encodable(message.text or message.caption or "")


def _encodable(text: str) -> str:
    # Half of a character beyond the first 65,536, which JSON can carry and nothing else: it becomes a question mark.
    return text.encode(errors="replace").decode()


def _thread(message: Message) -> int | None:
    # Outside of topics the same field names a chain of replies, which no message may be sent to.
    return message.message_thread_id if message.is_topic_message else None
