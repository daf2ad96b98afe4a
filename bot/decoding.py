"""Reads Telegram's updates: what a person did, freed of everything that we do not use."""

from __future__ import annotations

import re
from typing import Any, TypedDict

from telegram import CallbackQuery, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message, Update
from telegram.constants import ChatType

from bot.club_settings import ADMINS, PREFIX
from bot.inline import Query
from bot.work import Incoming, Kind


class _Group(TypedDict, total=False):
    title: str
    user_id: int | None
    is_admin: bool | None


ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query")
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
            if type(number) is int and abs(number) < 2**63:
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
    numbers = (incoming.chat_id, incoming.message_id or 0, incoming.thread_id or 0, incoming.user_id or 0)
    texts = (incoming.text, incoming.argument, incoming.data, incoming.title, incoming.query_id)
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
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    return None


def decode_query(update: Update) -> Query | None:
    """Returns what somebody typed behind the bot's name in any chat; who it was stays behind."""
    query = update.inline_query
    if query is None:
        return None
    text = query.query.encode(errors="replace").decode()
    return Query(query.id, text, query.from_user.language_code or "", query.offset)


def _membership(update_id: int, change: ChatMemberUpdated) -> Incoming | None:
    """What became of the bot itself: a person blocked it, or a group took it in, silenced it or sent it away."""
    chat, now = change.chat, change.new_chat_member
    if chat.type == ChatType.PRIVATE:
        return Incoming(update_id, chat.id, "blocked" if now.status == ChatMember.BANNED else "unblocked")
    if chat.type == ChatType.CHANNEL:
        return None
    kind: Kind = "removed"
    if _is_in(now):
        may_write = not isinstance(now, ChatMemberRestricted) or now.can_send_messages
        kind = "muted" if not may_write else "allowed" if _is_in(change.old_chat_member) else "added"
    return Incoming(update_id, chat.id, kind, private=False, title=_encodable(chat.title or ""))


def _is_in(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def _press(update_id: int, query: CallbackQuery) -> Incoming | None:
    message = query.message
    if message is None:
        return None
    private = message.chat.type == ChatType.PRIVATE
    return Incoming(
        update_id,
        message.chat.id,
        "press",
        private,
        data=_encodable(query.data or ""),
        message_id=message.message_id,
        thread_id=_thread(message) if isinstance(message, Message) else None,
        title=_encodable(message.chat.title or ""),
        user_id=query.from_user.id if not private and (query.data or "").startswith(f"{PREFIX}:") else None,
        query_id="" if private else query.id,
    )


def _message(update_id: int, message: Message, username: str) -> Incoming | None:
    private, thread_id = message.chat.type == ChatType.PRIVATE, _thread(message)
    if message.via_bot is not None and message.via_bot.username == username:
        # A card of ours that somebody posted by inline mode: nobody said that.
        return None
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
            to_us=private or bool(command["bot"]),
            **_group(message, command["name"].lower()),
        )
    if text and (private or _is_addressed(message, text, username)):
        return Incoming(update_id, message.chat.id, "text", private, text=text, thread_id=thread_id, **_group(message))
    if not private:
        return _note(update_id, message)
    if message.location is not None:
        # One decimal is enough for a time zone, and says less about a person.
        place = round(message.location.latitude, 1), round(message.location.longitude, 1)
        return Incoming(update_id, message.chat.id, "location", thread_id=thread_id, location=place)
    # What is left is a sticker, a voice message and the like, or a note of Telegram itself ("pinned a message").
    if message.effective_attachment is None:
        return None
    return Incoming(update_id, message.chat.id, "other", thread_id=thread_id)


def _group(message: Message, command: str = "") -> _Group:
    """Where something was said in a group, and by whom where a command asks for that."""
    if message.chat.type == ChatType.PRIVATE:
        return {}
    group: _Group = {"title": _encodable(message.chat.title or "")}
    if command not in ADMINS:
        return group
    if message.sender_chat is not None:
        # An anonymous admin speaks as the group itself; whoever speaks as a channel has no rights here.
        return {**group, "is_admin": message.sender_chat.id == message.chat.id}
    return {**group, "user_id": message.from_user.id if message.from_user is not None else None}


def _note(update_id: int, message: Message) -> Incoming | None:
    """A note of Telegram itself: a topic was closed or opened again, or the group is a supergroup from now on."""
    if message.migrate_from_chat_id is not None:
        # Of the group that it was Telegram may have said that we are no longer in it.
        kind: Kind = "allowed"
    elif message.forum_topic_closed is not None:
        kind = "topic_closed"
    elif message.forum_topic_reopened is not None:
        kind = "topic_opened"
    else:
        return None
    return Incoming(update_id, message.chat.id, kind, private=False, thread_id=_thread(message), **_group(message))


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
    try:
        return text.encode(errors="replace").decode()
    except AttributeError:
        raise Malformed from None


def _thread(message: Message) -> int | None:
    # Outside of topics the same field names a chain of replies, which no message may be sent to.
    return message.message_thread_id if message.is_topic_message else None
