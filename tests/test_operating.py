"""Laws of the operator's command: it works for the configured ids in a private chat, and tells numbers only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.conversation import Conversation
from bot.operating import Operating
from bot.store import Store
from bot.work import Incoming
from flows.engine import Engine

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
OPERATOR, ADA = 7, 8


@pytest.fixture
def operating(store: Store, engine: Engine) -> Operating:
    return Operating(Conversation(engine, store), frozenset({OPERATOR}))


def said(store: Store, chat_id: int) -> list[str]:
    return [str(call.params["text"]) for call in store.heads(NOW, 9) if call.chat_id == chat_id]


def test_the_operator_gets_numbers_and_leaves_no_row(store: Store, operating: Operating) -> None:
    operating.handle(Incoming(1, ADA, "command", text="start"), NOW)
    store.receive(2, "{}")
    operating.handle(Incoming(2, OPERATOR, "command", text="status"), NOW)
    (text,) = said(store, OPERATOR)
    assert "People: 1" in text and "Messages that wait: 2" in text
    (call,) = [call for call in store.heads(NOW, 9) if call.chat_id == OPERATOR]
    store.sent(call.id, 5, NOW)
    assert store.chat(OPERATOR) is None
    assert store.pending() == []


@pytest.mark.parametrize(
    "incoming",
    [
        Incoming(1, ADA, "command", text="status"),
        Incoming(1, -OPERATOR, "command", False, text="status"),
        Incoming(1, OPERATOR, "text", text="status"),
        Incoming(1, OPERATOR, "command", text="status", argument="I can't feel my groin"),
    ],
)
def test_for_everybody_else_there_is_no_such_command(store: Store, operating: Operating, incoming: Incoming) -> None:
    operating.handle(incoming, NOW)
    assert not any("Messages that wait" in text for text in said(store, incoming.chat_id))


def test_the_name_of_the_bot_reaches_the_conversation(operating: Operating, store: Store) -> None:
    operating.username = "BackstrideTestBot"
    assert operating.username == "BackstrideTestBot"
    operating.apologise(Incoming(1, ADA, "text", text="x"), NOW)
    assert said(store, ADA)
