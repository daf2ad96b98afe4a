"""Laws of the commands: each works from every state, and none shows what may not be shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands import PRIVATE
from bot.own_data import Operator
from flows.engine import Engine
from flows.schema import Content
from tests.chat import PERSON, Chat
from tests.person import Person


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine)
    yield chat
    chat.store.close()


PLACES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "new": ({}, {}),
    "Q00": ({}, {}),
    "RF_BOWEL": ({}, {"Q02": "some"}),
    "Q11": ({}, {}),
    "T5.left": ({}, {"Q19": "now"}),
    "QP1": ({}, {}),
    "plan": ({}, {}),
    "no_exercises": ({"life": "preg"}, {}),
    "doctor": ({"rf": ["RF_SHAPE"]}, {}),
    "urgent": ({"rf": ["RF_FEVER"]}, {}),
    "emergency": ({"rf": ["RF_SADDLE"]}, {}),
}


def come_to(chat: Chat, place: str) -> None:
    if place != "new":
        answers, say = PLACES[place]
        chat.begin(Person(answers, say), to="" if place in chat.engine.ends else place)
        assert chat.row.state == place


# ---- in every state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_every_command_is_answered_in_every_state(chat: Chat, place: str) -> None:
    come_to(chat, place)
    # Those that move on come last.
    for command in sorted(PRIVATE, key=("stop", "start", "check").__contains__):
        assert chat.command(f"/{command}")
        assert chat.command(f"/{command} <b>&amp; something")


@pytest.mark.parametrize("place", PLACES)
def test_urgent_says_where_to_get_help_in_every_state_and_changes_nothing(chat: Chat, place: str) -> None:
    come_to(chat, place)
    before = None if place == "new" else chat.row
    (said,) = chat.command("/urgent")
    assert "go to an emergency department now" in said.text and "112 (Europe)" in said.text
    assert chat.words("urgent.country") in said.text
    if before is not None:
        assert chat.row == before
        assert ("Back to the question" in said.buttons) == before.open
    if before is not None and before.open:
        chat.press("Back to the question")
        assert chat.asks(place)


@pytest.mark.parametrize("place", PLACES)
def test_the_terms_of_help_are_the_same_in_every_state(chat: Chat, place: str) -> None:
    come_to(chat, place)
    text = chat.command("/help")[0].text
    assert all(f"/{name} {chat.words(f'command.{name}')}" in text for name in PRIVATE)
    assert chat.words("start.banner") in text


def test_the_menus_name_each_command_and_groups_have_their_own(chat: Chat) -> None:
    menus = chat.bot.commands.menus()
    assert [name for name, _ in menus["private"]] == list(PRIVATE)
    assert [name for name, _ in menus["groups"]] == ["check", "exercise", "club", "poster"]
    assert all(0 < len(text) <= 256 for menu in menus.values() for _, text in menu)


# ---- start, check, stop ------------------------------------------------------------------------------------------


def test_start_after_a_plan_says_what_one_can_do(chat: Chat) -> None:
    chat.begin()
    (said,) = chat.command("/start")
    assert chat.words("idle") in said.text
    assert said.buttons == {"Start the check": "g:check", "Is it urgent?": "g:urgent"}
    chat.press("Is it urgent?")
    assert "emergency department" in chat.newest.text
    chat.press("Start the check")
    assert chat.words("check.again") in chat.newest.text
    chat.press("Start the check")
    assert chat.asks("Q01")


def test_check_of_a_new_person_greets_first(chat: Chat) -> None:
    first, _ = chat.command("/check")
    assert chat.words("start") in first.text and chat.asks("Q00")


def test_check_before_anything_was_answered_asks_the_first_question(chat: Chat) -> None:
    chat.command("/start")
    chat.command("/check")
    assert chat.asks("Q00") and chat.row.open


def test_check_in_the_middle_asks_before_it_throws_answers_away(chat: Chat) -> None:
    chat.begin(to="Q08")
    log = chat.row.log
    (said,) = chat.command("/check")
    assert chat.words("resume.offer") in said.text and chat.row.log == log


@pytest.mark.parametrize("place", ["new", "plan", "doctor"])
def test_stop_with_nothing_to_stop_says_so(chat: Chat, place: str) -> None:
    come_to(chat, place)
    assert chat.command("/stop")[0].text == chat.words("stop.nothing")


def test_stop_twice_says_that_there_is_nothing_to_stop(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.command("/stop")
    assert chat.command("/stop")[0].text == chat.words("stop.nothing")


# ---- plan and cards ----------------------------------------------------------------------------------------------


def test_without_a_check_there_is_no_plan_yet(chat: Chat) -> None:
    (said,) = chat.command("/plan")
    assert said.text == chat.words("plan.none_yet")
    chat.press("Start the check")
    assert chat.asks("Q00")


@pytest.mark.parametrize("place", ["doctor", "urgent", "emergency", "no_exercises"])
def test_where_there_is_no_plan_the_result_is_said_again_as_strongly(chat: Chat, place: str) -> None:
    come_to(chat, place)
    result = chat.newest.text
    (said,) = chat.command("/plan")
    assert said.text == result


def test_the_numbers_of_the_plan_open_its_cards(chat: Chat, content: Content) -> None:
    chat.begin()
    names = {exercise.id: exercise.name for exercise in content.library.exercises}
    for label, data in dict(chat.newest.buttons).items():
        (card,) = chat.press(label)
        assert card.method == "sendMessage" and card.text.startswith(names[data.removeprefix("x:")])


def test_a_card_turns_into_the_next_and_round_to_the_first(chat: Chat) -> None:
    chat.begin()
    order = [data.removeprefix("x:") for data in chat.newest.buttons.values()]
    chat.press("1")
    shown = []
    for _ in order:
        (edit,) = chat.press("Next exercise")
        assert edit.method == "editMessageText"
        shown.append(edit.text.splitlines()[0])
    assert len(set(shown)) == len(order)
    chat.press("Back to the plan")
    assert chat.newest.text.startswith(chat.words("plan.heading"))


@pytest.mark.parametrize("name", ["bird dog", "Bird-Dog", "bird", "bird_dog", "BIRD", "quadruped"])
def test_an_exercise_is_found_by_its_name_or_another_name(chat: Chat, name: str) -> None:
    chat.begin()
    assert chat.command(f"/exercise {name}")[0].text.startswith("Bird dog")


@pytest.mark.parametrize("name", ["plank", "xyz", "the", "couch stretch", "<b>", "!"])
def test_a_name_that_is_unclear_or_not_in_the_plan_shows_the_plan(chat: Chat, name: str) -> None:
    chat.begin()
    (said,) = chat.command(f"/exercise {name}")
    assert said.text.startswith(chat.words("card.not_in_plan")) and "1" in said.buttons


def test_exercise_without_a_name_shows_the_plan(chat: Chat) -> None:
    chat.begin()
    assert chat.command("/exercise")[0].text.startswith(chat.words("plan.heading"))


def test_a_card_that_is_not_in_the_plan_shows_the_plan(chat: Chat) -> None:
    chat.begin()
    for data in ("x:couch_stretch", "y:couch_stretch", "x:good_morning", "x:walk"):
        assert chat.tap(data)[-1].text.startswith(chat.words("card.not_in_plan"))


# ---- self-tests and reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["new", "Q00", "Q11", "QP1"])
def test_self_tests_open_after_the_questions(chat: Chat, place: str) -> None:
    come_to(chat, place)
    assert chat.command("/tests")[0].text == chat.words("tests.first")
    if place != "new":
        assert chat.tap("t:T2")[0].text == chat.words("tests.first")


@pytest.mark.parametrize("place", ["doctor", "urgent", "emergency", "no_exercises"])
def test_after_a_referral_self_tests_are_not_said_to_open_later(chat: Chat, place: str) -> None:
    come_to(chat, place)
    for said in (*chat.command("/tests"), *chat.tap("t:T2")):
        assert "Please finish the questions first" not in said.text and said.buttons == {}


def test_self_tests_that_the_answers_forbid_are_not_offered(chat: Chat) -> None:
    chat.begin(Person({"nprs": 5}))
    assert "One-leg bridge" not in chat.command("/tests")[0].buttons
    before = chat.row
    assert chat.tap("t:T5")[0].text == chat.words("tests.not_offered")
    assert chat.row == before


def test_where_no_self_test_is_allowed_it_says_so(chat: Chat) -> None:
    chat.begin(Person({"nprs": 8}))
    assert chat.command("/tests")[0].text == chat.words("tests.none")


@pytest.mark.parametrize("place", ["new", "Q00", "Q11", "T5.left"])
def test_there_is_nothing_to_explain_before_a_result(chat: Chat, place: str) -> None:
    come_to(chat, place)
    assert chat.command("/why")[0].text == chat.words("why.none")


@pytest.mark.parametrize("place", ["QP1", "plan", "doctor", "urgent", "emergency", "no_exercises"])
def test_a_result_can_be_explained_as_soon_as_it_was_shown(chat: Chat, place: str) -> None:
    come_to(chat, place)
    (said,) = chat.command("/why")
    flags = chat.engine.assess(chat.session).screening.flags
    assert said.text.startswith(chat.words("why.heading")) and all(flag in said.text for flag in flags)


def test_while_a_self_test_after_the_plan_is_open_the_result_can_still_be_explained(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T5")
    assert chat.command("/why")[0].text.startswith(chat.words("why.heading"))


# ---- country, settings, privacy ----------------------------------------------------------------------------------


def test_a_country_can_be_chosen_and_taken_back(chat: Chat, content: Content) -> None:
    chat.begin(to="Q02")
    (said,) = chat.command("/country")
    assert set(said.buttons) == {row.name for row in content.countries.countries} | {"No country"}
    (edit,) = chat.press("United Kingdom")
    assert edit.method == "editMessageText" and "999 / 112" in edit.text and "NHS 111" in edit.text
    assert chat.chat.country == "uk" and "United Kingdom" in chat.command("/settings")[0].text
    assert "999 / 112" in chat.command("/urgent")[0].text
    assert chat.words("urgent.country") not in chat.newest.text
    chat.press("No country")
    assert chat.chat.country == "" and chat.row.state == "Q02"
    assert chat.words("settings.country_none") in chat.command("/settings")[0].text


def test_an_emergency_shows_the_number_of_the_country(chat: Chat) -> None:
    chat.begin(to="Q02")
    chat.command("/country")
    chat.press("Australia")
    chat.answer("some")
    assert "call 000 / 112 (mobile)" in chat.answer("yes")[-1].text


def test_the_buttons_of_the_settings_do_what_they_say(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.command("/settings")
    for label, phrase in (("Change country", "country.ask"), ("Privacy", "privacy"), ("Delete my data", "delete.ask")):
        assert chat.words(phrase) in chat.press(label)[0].text
    assert chat.press("Export my data")[0].method == "sendDocument"


def test_privacy_names_the_operator_where_there_is_one(chat: Chat, tmp_path: Path, engine: Engine) -> None:
    assert chat.words("privacy.operator_unknown") in chat.command("/privacy")[0].text
    named = Chat(tmp_path / "y.db", engine, operator=Operator("Club <b>&", "a@b.example"))
    assert "This bot is run by Club <b>&. Contact: a@b.example." in named.command("/privacy")[0].text
    named.store.close()


# ---- export and delete -------------------------------------------------------------------------------------------


def test_export_sends_every_row_about_the_person(chat: Chat) -> None:
    chat.begin(to="Q08")
    (said,) = chat.command("/export")
    assert said.method == "sendDocument" and said.text == chat.words("export.caption")
    file = said.params["document"]["$file"]
    assert file["name"].endswith(".json")
    rows = json.loads(file["text"])
    assert rows["chat"][0]["chat_id"] == PERSON and rows["session"][0]["key"] == chat.row.key
    assert ["Q07", "across"] in rows["session"][0]["log"]
    assert chat.waits and chat.row.state == "Q08"


def test_one_of_whom_nothing_is_kept_is_told_so(chat: Chat) -> None:
    assert chat.command("/export")[0].text == chat.words("export.nothing")


def test_delete_asks_first_and_no_keeps_everything(chat: Chat) -> None:
    chat.begin(to="Q08")
    chat.command("/delete")
    before = chat.row
    (edit,) = chat.press("Keep it")
    assert (edit.method, edit.text) == ("editMessageText", chat.words("delete.kept"))
    assert chat.row == before


@pytest.mark.parametrize("place", PLACES)
def test_delete_removes_every_row_and_says_what_telegram_keeps(chat: Chat, place: str) -> None:
    come_to(chat, place)
    chat.command("/delete")
    (said,) = chat.press("Delete everything")
    assert "Telegram itself still keeps the messages" in said.text
    assert chat.known is None
    for table in ("chat", "session", "diary", "outbox"):
        assert list(chat.store._db.query(f"select * from {table}")) == []
    assert chat.words("start") in chat.command("/start")[0].text and chat.asks("Q00")


def test_the_choice_to_delete_is_the_persons_alone(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.chat_id = 8
    chat.begin(to="Q05")
    chat.command("/delete")
    chat.press("Delete everything")
    chat.chat_id = PERSON
    assert chat.row.state == "Q05"
