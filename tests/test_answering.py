"""Laws of answering in turn: who floods is slowed, nobody else waits, and nothing is lost; on a time that leaps."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Bot, User

from bot.answering import PATIENCE, Answers
from bot.decoding import sender_of
from bot.inline import Query
from bot.records import Call, Chat, Commit
from bot.sender import Sender
from bot.store import Store, StoreError
from bot.work import Incoming
from tests import virtual_time
from tests.fake_bot_api import TOKEN, USERNAME

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
ADA, BOB, CLUB = 1, 2, -1_000_000_000_001
LONG = "a" * 2**20


class Ear:
    """Notes who is heard, and when."""

    username = ""

    def __init__(self, store: Store) -> None:
        self.heard: list[tuple[float, int, str]] = []
        self._store = store

    def handle(self, incoming: Incoming, now: datetime) -> None:
        self.heard.append((asyncio.get_running_loop().time() - 1000, incoming.chat_id, incoming.text or incoming.data))
        chat, call = Chat(f"c{incoming.chat_id}", incoming.chat_id, NOW, NOW), Call("sendMessage", {"text": LONG})
        self._store.commit(Commit(incoming.update_id, chat, calls=(call,) if incoming.text == "at length" else ()))

    def look_up(self, query: Query) -> dict[str, object]:
        return {"inline_query_id": query.id, "results": []}

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        raise AssertionError("nothing fails here")

    def of(self, chat_id: int) -> list[float]:
        return [at for at, one, _ in self.heard if one == chat_id]


def said(update_id: int, person: int, text: str, chat_id: int | None = None) -> dict[str, Any]:
    chat = {"id": chat_id or person, "type": "private" if chat_id is None else "supergroup", "title": "Runners"}
    author = {"id": person, "is_bot": False, "first_name": "Ada"}
    return {
        "update_id": update_id,
        "message": {"message_id": update_id, "date": 0, "chat": chat, "from": author, "text": text},
    }


def heard(store: Store, updates: list[dict[str, Any]], seconds: float) -> Ear:
    ear = Ear(store)

    async def work() -> None:
        bot = Bot(TOKEN)
        bot._bot_user = User(123456, "Backstride", True, username=USERNAME)
        sender = Sender(bot, store, lambda: NOW)
        answers = Answers(bot, store, ear, sender, PATIENCE)
        for raw in updates:
            assert store.receive(raw["update_id"], json.dumps(raw))
        answers.add_pending()
        running = asyncio.create_task(answers.run())
        await asyncio.sleep(seconds)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    virtual_time.run(work())
    return ear


def test_a_flood_is_slowed_and_nobody_else_waits(store: Store) -> None:
    flood = [said(number, ADA, f"flood {number}") for number in range(1, 1001)]
    ear = heard(store, [*flood, said(1001, BOB, "hello")], 30)
    assert ear.of(BOB) == [0.0]
    assert len([at for at in ear.of(ADA) if at == 0.0]) == 60
    assert 110 <= len(ear.of(ADA)) <= 122


def test_nothing_of_a_flood_is_lost_and_its_order_holds(store: Store) -> None:
    flood = [said(number, ADA, f"flood {number}") for number in range(1, 301)]
    ear = heard(store, flood, 200)
    assert [text for _, _, text in ear.heard] == [f"flood {number}" for number in range(1, 301)]
    assert store.pending() == []


def test_people_take_turns(store: Store) -> None:
    flood = [said(number, ADA, f"flood {number}") for number in range(1, 51)]
    ear = heard(store, [*flood, said(51, BOB, "one"), said(52, BOB, "two")], 1)
    assert [text for _, _, text in ear.heard][:4] == ["flood 1", "one", "flood 2", "two"]


def test_a_person_who_floods_a_group_slows_nobody_else_there(store: Store) -> None:
    flood = [said(number, ADA, f"/check {number}", CLUB) for number in range(1, 501)]
    ear = heard(store, [*flood, said(501, BOB, "/help", CLUB)], 5)
    assert [at for at, _, text in ear.heard if text == "help"] == [0.0]


def test_what_was_slowed_is_still_there_for_the_next_run(store: Store) -> None:
    heard(store, [said(number, ADA, f"flood {number}") for number in range(1, 101)], 1)
    left = len(store.pending())
    assert 30 <= left <= 40
    assert len(heard(store, [], 30).heard) == left


@pytest.mark.parametrize(
    ("raw", "who"),
    [
        ({"update_id": 5, "message": {"from": {"id": 7}, "chat": {"id": -3}}}, 7),
        ({"update_id": 5, "channel_post": {"chat": {"id": -3}}}, -3),
        ({"update_id": 5, "poll": {"id": "8"}}, 0),
        ({"update_id": 5, "message": {"from": "Ada", "chat": {"id": "x"}}}, 0),
        ({"update_id": 5, "message": None}, 0),
    ],
)
def test_an_update_belongs_to_whoever_caused_it(raw: dict[str, Any], who: int) -> None:
    assert sender_of(raw) == who


def test_an_answer_for_which_the_disk_has_no_room_stops_the_bot_and_waits(store: Store) -> None:
    """Small writes may still succeed then: what was said must not be given up for a trouble that is not its own."""
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count={pages + 9}").fetchall()
    with pytest.raises(StoreError, match="disk is full"):
        heard(store, [said(1, ADA, "at length")], 1)
    store._db.execute("pragma max_page_count=1000000").fetchall()
    assert [update_id for update_id, _ in store.pending()] == [1]
    assert [text for _, _, text in heard(store, [], 1).heard] == ["at length"] and store.pending() == []
