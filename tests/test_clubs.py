"""Laws of groups: one card, exercises that are the same for everybody, and nothing about anybody's back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot import posting
from bot.records import Call, Club, Commit
from bot.static_cards import Library
from bot.work import Incoming
from flows.engine import Engine
from tests.group import BOT, GROUP, Group

HEARD = ["I have chest pain", "i want to die", "both legs are numb", "I cannot pee"]


@pytest.fixture
def group(tmp_path: Path, engine: Engine) -> Group:
    return Group(tmp_path / "bot.db", engine, chat_id=GROUP)


def card(group: Group) -> str:
    return group.words("group.card")


# ---- getting in ------------------------------------------------------------------------------------------------------


def test_a_group_that_takes_the_bot_in_gets_one_card_with_a_link_that_says_nothing(group: Group) -> None:
    (said,) = group.happens("added")
    assert said.text == f"{card(group)}\n\n{group.words('group.more')}"
    assert said.buttons == {"Open private chat": f"https://t.me/{BOT}?start={group.club.token}"}
    assert len(group.club.token) == 16 and group.club.name == "Runners"
    assert group.said("/start club", to_us=True) == [] and group.happens("allowed") == []


def test_a_card_has_no_link_while_the_name_of_the_bot_is_unknown(group: Group) -> None:
    group.bot.username = ""
    assert group.happens("added")[0].buttons == {}


@pytest.mark.parametrize(
    "text", [*HEARD, "hello", "65+", "/plan", "/urgent", "/why", "/export", "/check my back hurts"]
)
def test_whatever_is_said_to_the_bot_in_a_group_gets_the_card_in_its_topic(group: Group, text: str) -> None:
    (said,) = group.said(text, thread=5)
    assert said.text == card(group) and "emergency number" in said.text
    assert said.params["message_thread_id"] == 5
    assert list(said.buttons) == ["Open private chat"]


@pytest.mark.parametrize(
    "text",
    [
        "hello again",
        "my groin hurts",
        "/plan",
        *HEARD,
        *(f"/exercise {text}" for text in HEARD),
        "/weather legs are numb",
    ],
)
def test_the_card_comes_again_after_five_seconds_and_at_once_in_another_topic(group: Group, text: str) -> None:
    group.said("hello")
    group.wait(seconds=4)
    assert group.said(text) == []
    assert [each.text for each in group.said(text, thread=5)] == [card(group)]
    group.wait(seconds=5)
    assert [each.text for each in group.said(text)] == [card(group)]


@pytest.mark.parametrize("text", HEARD)
def test_words_of_an_emergency_behind_the_command_of_another_bot_bring_the_card(group: Group, text: str) -> None:
    assert [each.text for each in group.said(f"/weather {text}", to_us=False)] == [card(group)]


def test_check_is_answered_each_time_it_is_asked_but_not_twice_at_once(group: Group) -> None:
    group.said("hello")
    for seconds in (5, 60):
        group.wait(seconds=seconds)
        assert [each.text for each in group.said("/check")] == [card(group)]
        assert group.said("/check") == []


def test_a_command_that_may_be_meant_for_another_bot_is_left_to_it(group: Group) -> None:
    assert group.said("/weather", to_us=False) == []
    assert [each.text for each in group.said("/weather")] == [card(group)]


@pytest.mark.parametrize("data", ["g:plan", "q:key:1:a0", "x:bird_dog", "", "g:export", "g:delete_yes"])
def test_a_button_of_the_private_chat_does_nothing_in_a_group(group: Group, data: str) -> None:
    assert group.pressed(data) == [] and group.alerts == [""]


# ---- what a group does to the bot ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["removed", "muted", "topic_closed", "topic_opened"])
def test_a_group_that_the_bot_does_not_know_is_no_club_for_sending_it_away(group: Group, kind: str) -> None:
    assert group.happens(kind) == [] and group.known is None


@pytest.mark.parametrize(
    ("kind", "back"), [("removed", "added"), ("muted", "allowed"), ("topic_closed", "topic_opened")]
)
def test_a_group_that_silences_the_bot_is_told_nothing_and_goes_on_with_its_old_settings(
    group: Group, kind: str, back: str
) -> None:
    group.set_up(thread=3)
    before = group.club
    assert before.next_at is not None and group.happens(kind, thread=3) == []
    assert (group.club.state, group.club.next_at) == (kind, None)
    group.wait(days=2)
    said = group.happens(back, thread=3)
    assert len(said) == (back == "added")
    assert (group.club.state, group.club.exercise_on, group.club.zone) == ("active", before.exercise_on, before.zone)
    assert group.club.next_at == before.next_at + timedelta(days=2)
    assert group.club.token == before.token


def test_a_topic_in_which_nothing_is_posted_may_close(group: Group) -> None:
    group.set_up(thread=3)
    assert group.happens("topic_closed", thread=4) == [] and group.club.state == "active"


def test_what_is_said_in_another_topic_does_not_open_a_closed_one(group: Group) -> None:
    group.set_up(thread=3)
    group.happens("topic_closed", thread=3)
    group.said("/check", thread=4)
    assert group.club.state == "topic_closed"
    assert group.words("club.topic_closed") in group.said("/club", admin=True, thread=4)[0].text
    group.presses("Post in this topic", thread=4)
    assert (group.club.state, group.club.thread_id) == ("active", 4) and group.club.next_at is not None


def test_a_group_that_asks_something_may_be_written_to_again(group: Group) -> None:
    group.set_up()
    group.happens("muted")
    group.said("/check")
    assert group.club.state == "active" and group.club.next_at is not None


def test_a_failure_in_a_group_leaves_its_club_as_it_is(group: Group) -> None:
    group.set_up()
    before = group.club
    group.bot.apologise(Incoming(None, GROUP, "command", private=False, text="check"), group.now)
    assert [each.text for each in group.read()] == [group.words("error")]
    assert group.club == before


# ---- exercises -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bridge", "two-leg glute", "BIRD DOG", "bird_dog", "quadruped", "clam", "plank"])
def test_an_exercise_is_looked_up_by_a_part_of_its_name(group: Group, name: str) -> None:
    (said,) = group.said(f"/exercise {name}", thread=5)
    exercise = group.bot.clubs.library(group.club).find(name)
    assert exercise is not None
    for part in (exercise.name, exercise.levels[0].how, exercise.cues[0], exercise.mistakes[0]):
        assert part in said.text
    assert all(mistake not in said.text for mistake in exercise.mistakes[1:])
    assert group.words("exercise.safety") in said.text and list(said.buttons) == ["Open private chat"]
    assert said.params["message_thread_id"] == 5


def test_a_card_names_the_easiest_way_after_the_steps_and_as_what_to_begin_with(group: Group) -> None:
    library, words = Library(group.engine.content, group.bot.desk.words), group.bot.desk.words
    for exercise in library.shown:
        first = words("exercise.first", how=exercise.levels[0].how)
        card = library.card(exercise)
        for text in (card.text, card.shown.caption if card.shown is not None else ""):
            if len(exercise.levels) == 1:
                assert words.label("exercise.first", how="") not in text
            elif text:
                assert f"\n\n{first}\n\n" in text and text.rfind(words.text(exercise.cues[-1])) < text.index(first)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("brigde", "bridge"), ("brdge", "bridge"), ("glute brige", "glute bridge"), ("bird dgo", "bird dog"),
        ("clamshel", "clamshell"), ("sid plank", "side plank"), ("hamstirng", "hamstring"), ("Brid-Dog", "bird dog"),
    ],
)  # fmt: skip
def test_an_exercise_is_found_in_spite_of_a_slip(group: Group, typed: str, shown: str) -> None:
    library = group.bot.clubs.library(group.club if group.known else Club("", "", ""))
    exercise = library.find(typed)
    assert exercise is not None and exercise == library.find(shown)
    assert exercise.name in group.said(f"/exercise {typed}")[0].text


@pytest.mark.parametrize(
    "said",
    ["my back hurts", "should I run?", "pain 8 of 10", "what is Ada's plan", "is a bridge good for my leg", "ache"],
)
def test_a_sentence_about_somebody_is_like_no_name(group: Group, said: str) -> None:
    library = Library(group.engine.content, group.bot.desk.words)
    assert library.find(said) is None


@pytest.mark.parametrize("name", ["", "nonsense", "pl", "superman", "my leg hurts"])
def test_a_name_that_is_none_brings_the_names_and_not_what_was_written(group: Group, name: str) -> None:
    (said,) = group.said(f"/exercise {name}")
    assert "Bird dog" in said.text and "Superman" not in said.text
    assert said.text == group.said("/exercise ???")[0].text


def test_nothing_speaks_against_an_exercise_of_the_day(group: Group) -> None:
    content = group.engine.content
    removed = {name for rule in content.planning.exclusions for name in rule.remove}
    kept = [set(rule.keep_only) for rule in content.planning.exclusions if rule.keep_only]
    shown = [one for one in content.library.exercises if one.club]
    assert len(shown) >= 4
    for one in shown:
        assert not one.locked and not one.cautions and one.id not in removed
        assert all(one.id in gentle for gentle in kept)


# ---- what becomes of a refusal ---------------------------------------------------------------------------------------


def test_being_silenced_parks_the_posts_that_wait_and_leaves_answers_alone(group: Group) -> None:
    group.set_up()
    group.now = group.club.next_at or group.now
    assert posting.tick(group.store, group.now, group.bot.clubs.post).queued == 1
    group.store.commit(Commit(None, group.chat, calls=(Call("sendMessage", {"text": "asked"}),)))
    group.store.silence(group.chat.key, "muted")
    assert [call.params["text"] for call in group.store.heads(group.now, 9)] == ["asked"]
    assert group.store.waiting_notices(2) == 0 and group.club.next_at is None
