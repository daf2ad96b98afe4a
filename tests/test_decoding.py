"""Laws of reading Telegram's updates: what counts as said or done to us, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.decoding import Malformed, decode, decode_query, sender_of, update_id_of
from bot.inline import Query
from bot.work import Incoming
from tests.fake_bot_api import USERNAME

ADA, CLUB = 2**40, -1_000_000_000_001


def read(chat_id: int = ADA, kind: str = "message", **content: Any) -> Incoming | None:
    chat_type = "private" if chat_id > 0 else "supergroup"
    message = {"message_id": 5, "date": 0, "chat": {"id": chat_id, "type": chat_type}, **content}
    return decode(Update.de_json({"update_id": 1, kind: message}, None), USERNAME)


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/start", "start", ""),
        ("/start run_2026-x", "start", "run_2026-x"),
        (f"/Start@{USERNAME.lower()}  a b\nc ", "start", "a b\nc"),
        ("/check\nnow", "check", "now"),
        ("/nonsense", "nonsense", ""),
    ],
)
def test_a_command_is_its_name_and_its_argument(text: str, name: str, argument: str) -> None:
    for chat_id in (ADA, CLUB):
        to_us = chat_id > 0 or "@" in text
        wanted = Incoming(1, chat_id, "command", chat_id > 0, text=name, argument=argument, to_us=to_us)
        assert read(chat_id, text=text) == wanted


def test_a_command_for_another_bot_is_none_of_ours_in_a_group() -> None:
    assert read(CLUB, text="/start@AnotherBot") is None
    assert read(ADA, text="/start@AnotherBot") == Incoming(1, ADA, "command", text="start")


@pytest.mark.parametrize("text", ["/", "/ 3", "/etc/passwd", "/naïve", "3/10", "no /start", "/" + "a" * 33])
def test_what_only_looks_like_a_command_is_text(text: str) -> None:
    assert read(text=text) == Incoming(1, ADA, "text", text=text)


def test_a_caption_is_text() -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
    assert read(photo=photo, caption="my back") == Incoming(1, ADA, "text", text="my back")
    assert read(photo=photo) == Incoming(1, ADA, "other")


def test_an_edited_message_is_known_as_such() -> None:
    assert read(kind="edited_message", edit_date=1, text="/start") == Incoming(1, ADA, "edited", text="/start")
    assert read(kind="edited_message", edit_date=1) == Incoming(1, ADA, "edited")


@pytest.mark.parametrize(
    "content",
    [
        {"voice": {"file_id": "a", "file_unique_id": "b", "duration": 1}},
        {"contact": {"phone_number": "1", "first_name": "Bob"}},
    ],
)
def test_what_holds_no_text_is_other(content: dict[str, Any]) -> None:
    assert read(**content) == Incoming(1, ADA, "other")


def test_a_location_is_read_no_closer_than_a_time_zone_needs() -> None:
    place = {"latitude": 52.51234, "longitude": -13.38765}
    assert read(location=place) == Incoming(1, ADA, "location", location=(52.5, -13.4))


def test_in_a_group_only_what_is_said_to_us_counts() -> None:
    ours, other = {"id": 1, "is_bot": True, "first_name": "Bot"}, {"message_id": 4, "date": 0}
    reply = {**other, "chat": {"id": CLUB, "type": "supergroup"}}
    voice = {"file_id": "a", "file_unique_id": "b", "duration": 1}
    assert read(CLUB, text="hello all") is None
    assert read(CLUB, text="hello all", reply_to_message=reply) is None
    assert read(CLUB, text="hello", reply_to_message={**reply, "from": {**ours, "username": "AnotherBot"}}) is None
    assert read(CLUB, voice=voice) is None
    assert read(CLUB, kind="edited_message", edit_date=1, text="/check") is None
    mention = f"hi @{USERNAME.lower()}"
    assert read(CLUB, text=mention) == Incoming(1, CLUB, "text", False, text=mention)
    to_us = {**reply, "from": {**ours, "username": USERNAME}}
    assert read(CLUB, text="hi", reply_to_message=to_us) == Incoming(1, CLUB, "text", False, text="hi")


def test_a_topic_is_kept_and_a_chain_of_replies_is_none() -> None:
    in_topic = read(CLUB, text="/check", message_thread_id=9, is_topic_message=True)
    in_replies = read(CLUB, text="/check", message_thread_id=9)
    assert in_topic is not None and in_topic.thread_id == 9
    assert in_replies is not None and in_replies.thread_id is None


@pytest.mark.parametrize(("date", "thread_id"), [(1, 9), (0, None)])
def test_a_press_is_known_by_its_message_even_when_that_is_old(date: int, thread_id: int | None) -> None:
    message = {"message_id": 5, "date": date, "chat": {"id": CLUB, "type": "supergroup"}}
    message |= {"message_thread_id": 9, "is_topic_message": True} if date else {}
    person = {"id": 7, "is_bot": False, "first_name": "Ada"}
    query = {"id": "q", "from": person, "chat_instance": "1", "data": "d", "message": message}
    update = Update.de_json({"update_id": 1, "callback_query": query}, None)
    pressed = Incoming(1, CLUB, "press", False, data="d", message_id=5, thread_id=thread_id, query_id="q")
    assert decode(update, USERNAME) == pressed
    without = {name: value for name, value in query.items() if name != "message"}
    assert decode(Update.de_json({"update_id": 1, "callback_query": without}, None), USERNAME) is None


def change(chat_id: int, before: dict[str, Any], now: dict[str, Any], chat_type: str = "supergroup") -> Incoming | None:
    """What is made of a change of the bot's own membership."""
    me = {"id": 1, "is_bot": True, "first_name": "Bot"}
    content = {
        "chat": {"id": chat_id, "type": chat_type, **({} if chat_id > 0 else {"title": "Runners"})},
        "from": {"id": 7, "is_bot": False, "first_name": "Ada"},
        "date": 0,
        "old_chat_member": {"user": me, "until_date": 0, **before},
        "new_chat_member": {"user": me, "until_date": 0, **now},
    }
    return decode(Update.de_json({"update_id": 1, "my_chat_member": content}, None), USERNAME)


OUT, IN, KICKED = ({"status": status} for status in ("left", "member", "kicked"))
MAY = "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
MAY += "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
ADMIN: dict[str, Any] = {"status": "administrator", **dict.fromkeys(MAY.split(), False)}
RIGHTS = "can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos can_send_video_notes "
RIGHTS += "can_send_voice_notes can_send_polls can_send_other_messages can_add_web_page_previews can_change_info "
RIGHTS += "can_invite_users can_pin_messages can_manage_topics can_react_to_messages can_edit_tag"


def restricted(*, is_member: bool = True, writes: bool = False) -> dict[str, Any]:
    return {"status": "restricted", "is_member": is_member, **dict.fromkeys(RIGHTS.split(), writes)}


@pytest.mark.parametrize(("status", "kind"), [("kicked", "blocked"), ("member", "unblocked")])
def test_a_person_blocks_the_bot_and_unblocks_it(status: str, kind: str) -> None:
    incoming = change(ADA, OUT, {"status": status}, "private")
    assert incoming is not None and (incoming.kind, incoming.chat_id, incoming.private) == (kind, ADA, True)


@pytest.mark.parametrize("chat_type", ["group", "supergroup"])
@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (OUT, IN, "added"),
        (KICKED, ADMIN, "added"),
        (OUT, restricted(writes=True), "added"),
        (restricted(is_member=False), IN, "added"),
        (IN, ADMIN, "allowed"),
        (ADMIN, IN, "allowed"),
        (restricted(), IN, "allowed"),
        (restricted(), restricted(writes=True), "allowed"),
        (IN, restricted(), "muted"),
        (OUT, restricted(), "muted"),
        (IN, OUT, "removed"),
        (ADMIN, KICKED, "removed"),
        (IN, restricted(is_member=False), "removed"),
    ],
)
def test_a_group_takes_the_bot_in_silences_it_or_sends_it_away(
    chat_type: str, before: dict[str, Any], now: dict[str, Any], kind: str
) -> None:
    incoming = change(CLUB, before, now, chat_type)
    assert incoming == Incoming(1, CLUB, kind, private=False, title="Runners")  # type: ignore[arg-type]


def test_a_channel_is_no_group() -> None:
    assert change(CLUB, OUT, ADMIN, "channel") is None


@pytest.mark.parametrize(
    ("note", "kind"), [("forum_topic_closed", "topic_closed"), ("forum_topic_reopened", "topic_opened")]
)
def test_a_topic_of_a_group_closes_and_opens(note: str, kind: str) -> None:
    note_of: dict[str, Any] = {note: {}}
    incoming = read(CLUB, message_thread_id=9, is_topic_message=True, **note_of)
    assert incoming == Incoming(1, CLUB, kind, private=False, thread_id=9)  # type: ignore[arg-type]
    assert read(CLUB, pinned_message={"message_id": 1, "date": 0, "chat": {"id": CLUB, "type": "supergroup"}}) is None


# ---- whose rights are asked for --------------------------------------------------------------------------------------


GIVEN = {"id": 7, "is_bot": False, "first_name": "Ada"}
FROM: dict[str, Any] = {"from": GIVEN}
STAND_IN: dict[str, Any] = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}

BY_STAND_IN: dict[str, Any] = {"from": STAND_IN}


def rights(incoming: Incoming | None) -> tuple[int | None, bool | None]:
    assert incoming is not None
    return incoming.user_id, incoming.is_admin


def test_who_gives_a_command_is_looked_at_only_where_it_matters() -> None:
    assert rights(read(CLUB, text="/club", **FROM)) == (7, None)
    assert rights(read(CLUB, text="/check", **FROM)) == (None, None)
    assert rights(read(ADA, text="/club", **FROM)) == (None, None)
    assert rights(read(CLUB, text="/club")) == (None, None)


def test_an_anonymous_admin_speaks_as_the_group_and_a_channel_has_no_rights_in_it() -> None:
    for chat_id, is_admin in ((CLUB, True), (CLUB - 1, False)):
        speaker = {"id": chat_id, "type": "supergroup" if is_admin else "channel", "title": "Runners"}
        incoming = read(CLUB, text="/club", sender_chat=speaker, **BY_STAND_IN)
        assert rights(incoming) == (None, is_admin)


@pytest.mark.parametrize(("data", "user_id"), [("cs:e:1", 7), ("g:plan", None), ("", None)])
def test_who_presses_is_looked_at_for_the_settings_of_a_group_only(data: str, user_id: int | None) -> None:
    for chat_id, chat_type in ((CLUB, "supergroup"), (ADA, "private")):
        message = {"message_id": 5, "date": 1, "chat": {"id": chat_id, "type": chat_type}}
        query = {"id": "q", "from": GIVEN, "chat_instance": "1", "data": data, "message": message}
        incoming = decode(Update.de_json({"update_id": 1, "callback_query": query}, None), USERNAME)
        assert rights(incoming) == (user_id if chat_id == CLUB else None, None)
        assert incoming is not None and incoming.query_id == ("q" if chat_id == CLUB else "")


def test_an_update_of_another_kind_is_none_of_ours() -> None:
    assert decode(Update.de_json({"update_id": 1, "something_new": {"a": 1}}, None), USERNAME) is None


@pytest.mark.parametrize(
    "chat",
    [
        *({"id": one, "type": "private"} for one in (None, "7", 2**63, -(2**70), 1.5, True, [1], {"id": 1})),
        *({"id": CLUB, "type": "supergroup", "title": one} for one in ([None], 2**63, 1.5, {"a": 1})),
    ],
)
def test_a_value_of_another_type_than_the_bot_api_names_is_malformed(chat: dict[str, Any]) -> None:
    message = {"message_id": 5, "date": 0, "chat": chat, "text": "/check"}
    with pytest.raises(Malformed):
        decode(Update.de_json({"update_id": 1, "message": message}, None), USERNAME)
    query = {"id": "q", "from": GIVEN, "chat_instance": "1", "data": "g:plan", "message": message | {"date": 1}}
    with pytest.raises(Malformed):
        decode(Update.de_json({"update_id": 1, "callback_query": query}, None), USERNAME)


def test_half_a_surrogate_becomes_a_question_mark() -> None:
    message = {"message_id": 5, "date": 1, "chat": {"id": CLUB, "type": "supergroup", "title": "x\ud83d"}}
    person = {"id": 7, "is_bot": False, "first_name": "Ada"}
    query = {"id": "q", "from": person, "chat_instance": "1", "data": "d\ud83d", "message": message}
    incoming = decode(Update.de_json({"update_id": 1, "callback_query": query}, None), USERNAME)
    assert incoming is not None and (incoming.data, incoming.title) == ("d?", "x?")


# ---- what is read before all else ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ({"update_id": 0}, 0), ({"update_id": 2**63 - 1}, 2**63 - 1), ({"update_id": 2**63}, None),
        ({"update_id": -1}, None), ({"update_id": True}, None), ({"update_id": "7"}, None), ({}, None), ([], None),
        (None, None),
    ],
)  # fmt: skip
def test_an_update_is_known_by_a_number_that_can_be_kept(raw: Any, number: int | None) -> None:
    assert update_id_of(raw) == number


@pytest.mark.parametrize(
    ("content", "sender"),
    [
        ({"message": {"from": {"id": 7}, "chat": {"id": CLUB}}}, 7),
        ({"message": {"chat": {"id": CLUB}}}, CLUB),
        ({"message": {"from": {"id": "7"}, "chat": {"id": CLUB}}}, CLUB),
        ({"message": {"from": {"id": 2**63}, "chat": [7]}}, 0),
        ({"message": "hello"}, 0),
        ({}, 0),
    ],
)
def test_whoever_caused_an_update_is_found_however_malformed_it_is(content: dict[str, Any], sender: int) -> None:
    assert sender_of({"update_id": 1, **content}) == sender


def test_a_query_says_what_was_typed_in_which_language_and_nothing_about_who_typed() -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Ada", "language_code": "de"}
    content = {"id": "q", "from": person, "query": "bridge\ud83d", "offset": "50"}
    update = Update.de_json({"update_id": 1, "inline_query": content}, None)
    assert decode_query(update) == Query("q", "bridge?", "de", "50") and decode(update, USERNAME) is None
    assert decode_query(Update.de_json({"update_id": 1}, None)) is None


def test_a_card_that_somebody_posted_by_inline_mode_was_said_by_nobody() -> None:
    ours = {"id": 1, "is_bot": True, "first_name": "Bot", "username": USERNAME}
    for chat_id in (ADA, CLUB):
        assert read(chat_id, text="/check", via_bot=ours) is None
        assert read(chat_id, text="/check", via_bot={**ours, "username": "AnotherBot"}) is not None


def test_a_note_of_telegram_itself_says_nothing_in_a_private_chat() -> None:
    assert read(pinned_message={"message_id": 1, "date": 0, "chat": {"id": ADA, "type": "private"}}) is None


def test_a_supergroup_that_a_group_has_become_takes_messages() -> None:
    assert read(CLUB, migrate_from_chat_id=-5) == Incoming(1, CLUB, "allowed", private=False)
    assert read(CLUB, migrate_to_chat_id=CLUB - 1) is None
