"""Inline mode: cards that are the same for everybody, found in any chat."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import Conversation
from bot.inline import CHECK, EMERGENCY, Query
from bot.store import Store
from flows.engine import Engine
from flows.library import load
from flows.schema import Content
from tests.chat import assert_legal


@pytest.fixture(scope="module")
def content() -> Content:
    return load()


@pytest.fixture(scope="module")
def bot(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    store = Store.open(tmp_path_factory.mktemp("inline") / "bot.db")
    bot = Conversation(Engine(content), store)
    bot.username = "BackstrideTestBot"
    yield bot
    store.close()


def answer(bot: Conversation, text: str, language: str = "en", offset: str = "") -> dict[str, Any]:
    return bot.look_up(Query("1", text, language, offset))


def found(bot: Conversation, text: str) -> list[str]:
    return [result["id"] for result in answer(bot, text)["results"]]


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("bird dog", "bird_dog"), ("brid dog", "bird_dog"), ("glute brige", "glute_bridge"),
        ("GLUTE  BRIDGE!", "glute_bridge"),
        ("sid plank", "side_plank"), ("clams", "clamshell"), ("hamstirng", "hamstring_wall"), ("cat cow", "cat_camel"),
        ("walk", "walk"), ("posture check", "neutral_spine"), ("small of back press", "pelvic_tilt"),
    ],
)  # fmt: skip
def test_a_name_is_found_first_in_spite_of_a_slip(bot: Conversation, typed: str, best: str) -> None:
    assert found(bot, typed)[0] == best


@pytest.mark.parametrize(
    "typed",
    ["check", "Check!", "chek", "chekc", "check your back", "check my back", "chek my bakc", "back", "bak", "my back",
     "back check", "sore back", "lower back", "back pain", "pain", "help"],
)  # fmt: skip
def test_whoever_means_the_check_finds_it_before_any_exercise(bot: Conversation, typed: str) -> None:
    assert found(bot, typed)[0] == CHECK


@pytest.mark.parametrize("typed", ["bridge", "brdge", "brigde", "Bridge"])
def test_bridge_finds_all_bridges(bot: Conversation, typed: str) -> None:
    assert {"glute_bridge", "sl_bridge_iso", "side_plank"} <= set(found(bot, typed))


def test_one_slip_in_any_name_still_finds_it(bot: Conversation, content: Content) -> None:
    chance = random.Random(7)
    for exercise in content.library.exercises:
        if exercise.locked:
            continue
        for _ in range(5):
            at = chance.randrange(1, len(exercise.name) - 1)
            slips = [exercise.name[:at] + exercise.name[at + 1 :], f"{exercise.name[:at]}x{exercise.name[at:]}"]
            for typed in slips:
                assert exercise.id in found(bot, typed)[:3], typed


def test_nothing_typed_shows_the_check_and_every_exercise_that_anybody_may_look_up(
    bot: Conversation, content: Content
) -> None:
    shown = [exercise.id for exercise in content.library.exercises if not exercise.locked]
    assert found(bot, "") == found(bot, " ?! ") == [CHECK, *shown]
    assert len(shown) < 50


def test_words_that_fit_nothing_lead_to_the_check(bot: Conversation) -> None:
    assert found(bot, "pizza") == found(bot, "ピザ") == [CHECK]


@pytest.mark.parametrize("typed", ["numb between my legs", "bridge, but my leg went dead", "i want to kill myself"])
def test_words_of_an_emergency_find_the_number_first_and_no_exercise(bot: Conversation, typed: str) -> None:
    assert found(bot, typed) == [EMERGENCY, CHECK]
    first = answer(bot, typed)["results"][0]
    assert first["title"].startswith("⚠️") and "emergency number" in first["input_message_content"]["message_text"]


def test_a_language_that_is_not_there_is_answered_in_the_bots_own(bot: Conversation) -> None:
    assert answer(bot, "plank", "xx") == answer(bot, "plank", "") == answer(bot, "plank", "en-GB")


def test_each_language_has_its_own_names_and_answer(content: Content, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "bot.db")
    bot = Conversation(Engine(content), store)
    bot.inline.learn({"en": str, "de": str.upper, "pt_BR": str.title})
    for tag, title in (
        ("de", "GLUTE BRIDGE"),
        ("de-AT", "GLUTE BRIDGE"),
        ("pt-br", "Two-Leg Glute Bridge"),
        ("en", ""),
    ):
        got = answer(bot, "glute brige", tag)
        assert title in got["results"][0]["title"]
        assert got["is_personal"], "Telegram's memory knows the words and not the language"
    store.close()


def test_with_one_language_an_answer_is_kept_for_everybody(bot: Conversation) -> None:
    bot.inline.learn({"en": str})
    got = answer(bot, "plank")
    assert got["cache_time"] > 60 and not got["is_personal"]


def test_an_answer_has_no_second_page(bot: Conversation) -> None:
    assert answer(bot, "plank", offset="50")["results"] == []


@given(st.text(max_size=256), st.sampled_from(["", "en", "de", "zh-hans", "_"]))
def test_any_words_get_a_legal_answer_made_of_nothing_but_content(bot: Conversation, text: str, language: str) -> None:
    before = list(bot.store._db.execute("select * from chat"))
    got = answer(bot, text, language)
    every = {result["id"]: result for result in answer(bot, "")["results"]}
    assert 0 < len(got["results"]) <= 50
    for result in got["results"]:
        assert result["id"] in (EMERGENCY, *every)
        assert result == every.get(result["id"], result)
        content = result["input_message_content"]
        assert_legal({**content, "text": content["message_text"], "reply_markup": result["reply_markup"]})
        (row,) = result["reply_markup"]["inline_keyboard"]
        assert [set(button) for button in row] == [{"text", "url"}]
    assert len(json.dumps(got)) < 100_000
    assert list(bot.store._db.execute("select * from chat")) == before


def test_no_button_before_the_bot_has_a_name(content: Content, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "bot.db")
    bot = Conversation(Engine(content), store)
    assert all("reply_markup" not in result for result in answer(bot, "")["results"])
    store.close()
