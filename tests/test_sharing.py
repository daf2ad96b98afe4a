"""What may be passed on: the card of /share and the poster, with nothing about a person in either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from bot.made import made
from bot.sharing import Sharing
from flows.engine import Engine
from tests.chat import Chat, Sent, read_all
from tests.group import BOT, Group
from tests.person import Person

LINK = f"https://t.me/{BOT}"
A4 = (210 / 25.4, 297 / 25.4)
"""Inches."""


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "bot.db", engine, dialogues=(Sharing,))
    chat.bot.username = BOT
    yield chat
    chat.store.close()


@pytest.fixture
def group(tmp_path: Path, engine: Engine) -> Iterator[Group]:
    group = Group(tmp_path / "group.db", engine, chat_id=-1001)
    yield group
    group.store.close()


def files(sent: list[Sent]) -> dict[str, bytes]:
    """The files as they are made when they are sent, by their names."""
    calls: list[dict[str, Any]] = [call.params["document"]["$made"] for call in sent if call.method == "sendDocument"]
    return {file["name"]: made(file["by"], json.loads(json.dumps(file["data"]))) for file in calls}


def scanned(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def test_the_general_poster_is_one_a4_page_and_the_same_as_a_picture(chat: Chat) -> None:
    made_files = files(chat.command("/poster"))
    assert list(made_files) == ["backstride-poster.pdf", "backstride-poster.png"]
    (page,) = PdfReader(BytesIO(made_files["backstride-poster.pdf"])).pages
    assert [float(side) / 72 for side in page.mediabox[2:]] == pytest.approx(A4, abs=0.01)
    assert chat.words("poster.title") in " ".join(page.extract_text().split())
    picture = Image.open(BytesIO(made_files["backstride-poster.png"]))
    assert [side / 150 for side in picture.size] == pytest.approx(A4, abs=0.01)
    assert len(chat.sent) == 3, "the private chat says how a club gets its own"


def test_the_code_is_read_back_also_from_far_askew_and_with_a_stain(chat: Chat) -> None:
    picture = Image.open(BytesIO(files(chat.command("/poster"))["backstride-poster.png"])).convert("L")
    assert scanned(picture) == [LINK]
    far = picture.resize((picture.width // 4, picture.height // 4)).rotate(8, fillcolor=255)
    assert scanned(far) == [LINK]
    picture.paste(90, (picture.width // 2 - 20, picture.height // 2 - 90, picture.width // 2 + 60, picture.height // 2))
    assert scanned(picture) == [LINK]


def test_the_poster_of_a_club_leads_by_way_of_the_club_and_is_for_its_admins(group: Group) -> None:
    sent = group.do("command", private=False, text="poster", is_admin=True, title="Harriers & Co")
    found = files(sent)
    (page,) = PdfReader(BytesIO(found["backstride-poster.pdf"])).pages
    assert "For members of Harriers & Co" in " ".join(page.extract_text().split())
    assert scanned(Image.open(BytesIO(found["backstride-poster.png"]))) == [f"{LINK}?start={group.club.token}"]


@pytest.mark.parametrize(("is_admin", "phrase"), [(False, "poster.only_admins"), (None, "club.unsure")])
def test_nobody_else_gets_the_poster_of_a_club(group: Group, is_admin: bool | None, phrase: str) -> None:
    (only,) = group.do("command", private=False, text="poster", is_admin=is_admin, title="Harriers")
    assert only.text == group.words(phrase)


@pytest.mark.parametrize("name", ["x" * 128, "Läufer *#_$`\\ <b> \" ' 走 ${1+1} #panic()", "W" * 60, ""])
def test_any_name_of_a_club_stays_words_on_one_page(group: Group, name: str) -> None:
    found = files(group.do("command", private=False, text="poster", is_admin=True, title=name))
    assert len(PdfReader(BytesIO(found["backstride-poster.pdf"])).pages) == 1
    assert scanned(Image.open(BytesIO(found["backstride-poster.png"]))) == [f"{LINK}?start={group.club.token}"]


def test_the_same_poster_is_the_same_bytes(chat: Chat) -> None:
    assert files(chat.command("/poster")) == files(chat.command("/poster"))


def test_the_card_to_share_carries_its_address_in_the_text_and_in_a_button(chat: Chat) -> None:
    _, card = chat.command("/share")
    assert LINK in card.text
    assert next(iter(card.buttons.values())).startswith("https://t.me/share/url?url=https%3A%2F%2Ft.me%2F")
    assert "emergency" in card.text


def test_what_is_passed_on_is_the_same_for_everybody(chat: Chat, tmp_path: Path, engine: Engine) -> None:
    """What somebody answered, where they live or what they were told changes not one character of it."""
    stranger = [call.params for line in ("/share", "/poster") for call in chat.command(line)]
    chat.command("/country")
    chat.begin(Person({"rf": ["RF_FEVER"], "age": "65_74", "nprs": 9}))
    assert [call.params for line in ("/share", "/poster") for call in chat.command(line)] == stranger


def test_before_the_bot_knows_its_name_it_says_so(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "bot.db", engine, dialogues=(Sharing,))
    for line in ("/share", "/poster"):
        assert read_all(chat.command(line)) == chat.words("share.later")
    group = Group(tmp_path / "group.db", engine, chat_id=-1001)
    group.bot.username = ""
    (only,) = group.do("command", private=False, text="poster", is_admin=True)
    assert only.text == group.words("share.later")
    chat.store.close()
    group.store.close()
