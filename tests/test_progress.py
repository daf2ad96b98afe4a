"""Laws of /progress: only data lies in the outbox, the picture is drawn from it, and the caption says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.charts import draw
from bot.check_in import CheckIn
from bot.progress import unpacked
from flows.engine import Engine
from tests.chat import Chat
from tests.person import Person


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine, dialogues=(CheckIn,))
    yield chat
    chat.store.close()


def days(chat: Chat, *exercises: str) -> None:
    chat.begin(Person({"nprs": 4}))
    for done in exercises:
        chat.wait(days=1)
        chat.command("/checkin")
        for label in ("Nothing new", "3", done, "No"):
            chat.press(label)


def test_without_a_plan_there_is_nothing_to_see(chat: Chat) -> None:
    assert chat.command("/progress")[0].text == chat.words("check_in.first")


def test_the_caption_counts_days_and_breaks_no_streak(chat: Chat) -> None:
    days(chat, "All, felt fine", "None", "All, felt fine")
    (sent,) = chat.command("/progress")
    assert sent.method == "sendPhoto"
    assert "Exercises on 2 of the last 3 days" in sent.text


def test_the_outbox_holds_data_from_which_the_picture_is_drawn(chat: Chat) -> None:
    days(chat, "All, felt fine")
    (sent,) = chat.command("/progress")
    data = json.loads(json.dumps(sent.params["photo"]["$made"]["data"]))
    assert [(day.pain, day.exercises) for day in unpacked(data).days] == [(3, "all")]
    assert draw(data).startswith(b"\x89PNG")


def test_decision_points_are_named_in_words(chat: Chat) -> None:
    chat.begin(Person({"nprs": 4}))
    chat.wait(days=1)
    chat.checks_in("Nothing new", "10", "None", "No")
    (sent,) = chat.command("/progress")
    assert "Very strong pain" in sent.text
