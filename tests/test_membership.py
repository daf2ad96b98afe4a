"""Laws of a person and their clubs: tied only by the link of the club, untied at will, and seen by nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.membership import Membership
from bot.records import Contact
from flows.engine import Engine
from tests.chat import Chat, read_all
from tests.group import GROUP, Group
from tests.person import Person

PHYSIO = "Grace <i>Hopper</i> & Co, 0123"


@pytest.fixture
def group(tmp_path: Path, engine: Engine) -> Group:
    group = Group(tmp_path / "bot.db", engine, chat_id=GROUP)
    group.happens("added")
    group.said(f"/club contact {PHYSIO}", admin=True)
    return group


@pytest.fixture
def chat(tmp_path: Path, engine: Engine, group: Group) -> Chat:
    chat = Chat(tmp_path / "bot.db", engine, dialogues=(Membership,), update=1000)
    chat.bot.username = "backstride_bot"
    return chat


def clubs(chat: Chat) -> list[str]:
    known = chat.known
    return [] if known is None else [club.name for club in chat.store.joined_clubs(known.key)]


def test_the_link_of_a_club_ties_a_person_to_it_and_says_so_before_the_start(chat: Chat, group: Group) -> None:
    first, *_ = chat.command(f"/start {group.club.token}")
    assert first.text == chat.words("club.joined", club="Runners")
    assert chat.asks("Q00") and clubs(chat) == ["Runners"]
    assert group.read() == []


def test_the_same_link_again_changes_and_says_nothing(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    assert chat.words("club.joined", club="Runners") not in read_all(chat.command(f"/start {group.club.token}"))
    assert clubs(chat) == ["Runners"]


@pytest.mark.parametrize("token", ["", "group", "x" * 64, "0", "' or 1=1"])
def test_any_other_link_ties_nobody_to_anything(chat: Chat, token: str) -> None:
    chat.command(f"/start {token}")
    assert chat.asks("Q00") and clubs(chat) == []


def test_who_does_not_consent_is_tied_to_nothing(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    chat.answer("no")
    assert chat.known is None
    assert chat.store._db.execute("select count(*) from membership").fetchone()[0] == 0


def test_a_person_sees_their_clubs_and_leaves_by_a_button(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    (said,) = chat.command("/club")
    assert said.text == chat.words("club.yours", clubs="Runners")
    assert list(said.buttons) == ["Leave Runners", "Add to your club"]
    (left,) = chat.press("Leave Runners")
    assert left.text == chat.words("club.left", club="Runners") and clubs(chat) == []
    assert chat.press("Leave Runners")[0].text == chat.words("club.none")


def test_a_club_without_a_name_can_be_left_as_well(chat: Chat, group: Group) -> None:
    group.store._db.execute("update club set name = ''")
    chat.command(f"/start {group.club.token}")
    chat.command("/club")
    chat.press("Leave your club")
    assert clubs(chat) == []


def test_who_has_no_club_is_shown_how_to_add_the_bot_to_one(chat: Chat) -> None:
    for command in ("/club", "/help"):
        said = chat.command(command)[-1]
        assert said.buttons["Add to your club"] == "https://t.me/backstride_bot?startgroup=club"
    assert chat.known is None


def test_deleting_everything_unties_a_person_and_leaves_the_club(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    chat.command("/delete")
    chat.press("Delete everything")
    assert chat.store._db.execute("select count(*) from membership").fetchone()[0] == 0
    assert group.club.contacts[0].text == PHYSIO


def test_the_export_names_the_club(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    (said,) = chat.command("/export")
    exported = json.loads(said.params["document"]["$file"]["text"])
    assert [row["name"] for row in exported["membership"]] == ["Runners"]


# ---- the physiotherapists of the club --------------------------------------------------------------------------------


def test_a_member_sees_whom_the_club_names_with_the_result(chat: Chat, group: Group) -> None:
    chat.command(f"/start {group.club.token}")
    chat.go()
    said = read_all(chat.sent)
    heading = chat.words("club.contacts_of", club="Runners")
    assert f"{heading}\n• {PHYSIO} (checked by the club Mar 2026)" in said
    assert chat.words("club.contacts_note") in said


def test_nobody_else_sees_whom_a_club_names(chat: Chat) -> None:
    chat.command("/start")
    assert PHYSIO not in read_all(chat.go() + chat.sent)


def test_a_club_that_names_nobody_adds_nothing(chat: Chat, group: Group) -> None:
    group.presses("Remove 1")
    chat.command(f"/start {group.club.token}")
    assert chat.words("club.contacts_note") not in read_all(chat.go() + chat.sent)


@pytest.mark.parametrize("answers", [{"rf": ["RF_SADDLE"]}, {"rf": ["RF_FEVER"]}, {"age": "65+"}, {"nprs": 7}])
def test_where_a_doctor_comes_first_no_physiotherapist_is_named(
    chat: Chat, group: Group, answers: dict[str, object]
) -> None:
    chat.command(f"/start {group.club.token}")
    chat.go(Person(answers))
    said = read_all(chat.sent)
    rank = chat.engine.assess(chat.session).screening.disposition
    assert (PHYSIO in said) == (rank <= 2)


def test_a_contact_of_another_club_is_shown_beside(chat: Chat, group: Group, tmp_path: Path, engine: Engine) -> None:
    other = Group(tmp_path / "bot.db", engine, chat_id=GROUP - 1, update=5000)
    other.said("/club contact Mary", admin=True, thread=None)
    for token in (group.club.token, other.club.token):
        chat.command(f"/start {token}")
    chat.go()
    said = read_all(chat.sent)
    assert PHYSIO in said and "• Mary (checked" in said
    assert other.club.contacts == (Contact("Mary", chat.now.date()),)
