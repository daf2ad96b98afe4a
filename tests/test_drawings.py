"""Laws of the drawings: shown where there are any and wanted, with their words first; a text takes their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.drawings import Drawings, DrawingsError
from bot.exercise_cards import Cards
from bot.records import INSTEAD
from bot.render import CAPTION_LIMIT, Message, Shown, Words, length
from flows.engine import Engine
from flows.plan import PlannedExercise, assess
from flows.schema import Content
from flows.simulate import parse
from tests.chat import Chat, Sent
from tests.person import Person

SIZE = {"sha256": "5e" * 32, "bytes": 9, "width": 960, "height": 600}
VIDEO = {"sha256": "7c" * 32, "bytes": 9, "width": 720, "height": 720, "duration": 37}


def listing(names: Iterator[str] | list[str]) -> dict[str, Any]:
    """A manifest in which each drawing has a still, most have a loop as well, and each clip is a video."""
    both = {name: {f"{name}.mp4": {**SIZE, "duration": 2.65}, f"{name}.jpg": SIZE} for name in names}
    both |= {name: {f"{name}.jpg": SIZE} for name in both if name.startswith("posture_")}
    videos = {name: {f"{name}.mp4": {**VIDEO}} for name in names if name.startswith("clip_")}
    loops = {name: {"files": files} for name, files in both.items() if name not in videos}
    return {"pictures": loops, "clips": {name: {"files": files} for name, files in videos.items()}}


def drawings(folder: Path, names: Iterator[str] | list[str]) -> Drawings:
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(listing(names)), encoding="utf-8")
    return Drawings.read(manifest)


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine)
    chat.bot.desk.drawings = drawings(tmp_path, list(engine.content.pictures.pictures))
    yield chat
    chat.store.close()


def card(chat: Chat) -> Sent:
    """The first card of the plan."""
    (sent,) = chat.press("1")
    return sent


# ---- cards -------------------------------------------------------------------------------------------------------


def test_a_card_is_a_loop_whose_caption_begins_with_what_it_shows(chat: Chat, content: Content) -> None:
    chat.begin()
    shown = card(chat)
    assert shown.method == "sendAnimation"
    assert shown.params["animation"] == {"$drawing": {"name": "cat_camel.mp4", "sha256": SIZE["sha256"]}}
    assert (shown.params["width"], shown.params["height"], shown.params["duration"]) == (960, 600, 3)
    assert shown.text.startswith(content.pictures.pictures["cat_camel"] + "\n")
    assert chat.words("card.stop", stop="") in shown.text


@pytest.mark.parametrize("trick", ["../../../etc/passwd", "../rendered/cat_camel", "/etc/passwd", "%2e%2e%2fx", "\0"])
def test_an_id_that_is_a_path_shows_nothing_that_is_not_on_the_list(chat: Chat, trick: str) -> None:
    chat.begin()
    said = [sent for prefix in "x y t v m c r d q".split() for sent in chat.tap(f"{prefix}:{trick}")]
    said += [*chat.command(f"/exercise {trick}"), *chat.command(f"/tests {trick}")]
    shown = re.findall(r'"\$drawing": \{"name": "([^"]*)"', json.dumps([sent.params for sent in said]))
    assert said and {name.rpartition(".")[0] for name in shown} <= set(chat.engine.content.pictures.pictures)


def test_the_text_that_goes_out_if_a_drawing_cannot_is_the_whole_card(chat: Chat) -> None:
    chat.begin()
    instead = card(chat).params[INSTEAD]
    (whole,) = chat.press(chat.words("card.more"))
    assert whole.method == "sendMessage"
    assert instead == whole.params
    assert INSTEAD not in whole.params


def test_the_next_card_takes_the_place_of_the_one_before(chat: Chat) -> None:
    chat.begin()
    first = card(chat)
    (second,) = chat.press(chat.words("card.next"))
    assert (second.method, second.message_id) == ("editMessageMedia", first.message_id)
    assert second.params["media"]["type"] == "animation"
    assert second.params["media"]["media"] != first.params["animation"]
    assert second.params["media"]["caption"]
    assert "text" in second.params[INSTEAD]
    assert "message_id" not in second.params[INSTEAD]


def test_an_exercise_whose_drawing_was_not_rendered_has_its_text(chat: Chat, tmp_path: Path) -> None:
    chat.bot.desk.drawings = drawings(tmp_path, ["walk"])
    chat.begin()
    assert card(chat).method == "sendMessage"
    (following,) = chat.press(chat.words("card.next"))
    assert following.method == "sendMessage"


def test_every_card_fits_its_caption_at_every_level_for_the_most_cautious_plan(content: Content) -> None:
    words = Words(content, str)
    cards, halved = Cards(words), words("card.halved")
    result = assess(content, parse(content, b'{"leg": "below_knee", "nprs": 5}'))
    reasons = tuple(row.id for row in content.planning.findings if row.dose_note)
    for exercise in content.library.exercises:
        for level in range(1, len(exercise.levels) + 1):
            planned = replace(result, plan=(PlannedExercise(exercise.id, level, reasons),))
            shown = cards.card(planned, exercise.id, "", halved).shown
            assert shown is not None
            assert length(shown.caption) <= CAPTION_LIMIT
            assert "When to stop: Your plan is a gentle one." in shown.caption


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_steps_of_the_whole_exercise_give_way_to_what_its_level_says(content: Content, level: int) -> None:
    cards, result = Cards(Words(content, str)), assess(content, parse(content, b"{}"))
    # At level 2 this one is a split squat, and its steps are those of sitting down on a chair.
    planned = replace(result, plan=(PlannedExercise("leg_strength", level, ()),))
    card = cards.card(planned, "leg_strength", "")
    assert card.shown is not None
    for text in (card.shown.caption, card.text):
        assert f"Steps, unless level {level} says otherwise:\n1. Feet hip-wide" in text


def test_a_caption_that_cannot_hold_when_to_stop_is_not_used(content: Content) -> None:
    cards = Cards(Words(content, lambda text: text * 3))
    result = assess(content, parse(content, b'{"leg": "below_knee", "nprs": 5}'))
    assert cards.card(result, result.plan[0].exercise, "").shown is None


# ---- texts only --------------------------------------------------------------------------------------------------


def test_who_wants_texts_only_gets_no_drawing_until_they_say_so(chat: Chat) -> None:
    chat.begin()
    chat.command("/settings")
    (told,) = chat.press(chat.words("settings.text_only"))
    assert told.text == chat.words("settings.now_text_only")
    chat.command("/plan")
    assert chat.words("plan.look") not in chat.newest.buttons
    assert card(chat).method == "sendMessage"
    chat.command("/settings")
    chat.press(chat.words("settings.with_drawings"))
    chat.command("/plan")
    assert card(chat).method == "sendAnimation"


def test_a_drawing_that_is_left_for_texts_gets_its_text_anew(chat: Chat) -> None:
    chat.begin()
    card(chat)
    chat.command("/settings")
    chat.press(chat.words("settings.text_only"))
    (following,) = chat.press(chat.words("card.next"))
    # No text can be put into an animation: Telegram refuses, and this comes instead.
    assert following.method == "editMessageText"
    assert following.params[INSTEAD]["text"] == following.params["text"]


def test_the_choice_outlives_a_restart(chat: Chat) -> None:
    chat.begin()
    chat.tap("g:text_only")
    chat.restart()
    assert chat.chat.text_only
    assert chat.store.everything(chat.chat.key)["chat"][0]["text_only"] == 1  # type: ignore[index]


def test_where_no_drawing_can_be_shown_none_is_offered(chat: Chat) -> None:
    chat.bot.desk.drawings = None
    chat.begin()
    assert chat.words("plan.look") not in chat.newest.buttons
    chat.command("/settings")
    assert chat.words("settings.text_only") not in chat.newest.buttons


# ---- self-tests and tips -----------------------------------------------------------------------------------------


def test_a_self_test_is_shown_before_its_first_question_and_once(chat: Chat, content: Content) -> None:
    chat.begin(Person({}, {"Q19": "now"}), to="T5.left")
    shown, asked = chat.sent[-2:]
    assert shown.method == "sendAnimation"
    assert shown.text == content.pictures.pictures["test_t5"]
    assert INSTEAD not in shown.params
    assert asked.method == "sendMessage"
    following = chat.answer("30p")
    assert [each.method for each in following] == ["editMessageText", "sendMessage"]


def test_the_plank_is_shown_in_its_six_stages_and_on_the_knees_without_feet(chat: Chat, content: Content) -> None:
    pictures = content.pictures.pictures
    chat.begin()
    album, _ = chat.tap("t:T6")[-2:]
    assert album.method == "sendMediaGroup"
    assert [each["caption"] for each in album.params["media"]] == [pictures[f"plank_{at}"] for at in range(1, 7)]
    assert INSTEAD not in album.params
    chat.command("/delete")
    chat.press(chat.words("delete.yes"))
    chat.begin(Person({"age": "65p"}))
    for test, drawing in (("T6", "front_plank"), ("T8", "test_t8_knees")):
        shown, _ = chat.tap(f"t:{test}")[-2:]
        assert shown.text == pictures[drawing]


def test_the_tips_of_a_plan_are_shown_together_and_the_warm_up_moves(chat: Chat, content: Content) -> None:
    drawn = content.pictures
    chat.begin(Person({"form": ["slumped"]}))
    album, *loops = chat.press(chat.words("plan.look"))
    assert album.method == "sendMediaGroup"
    captions = [each["caption"] for each in album.params["media"]]
    expected = [drawn.pictures[name] for name in drawn.series["T_PROUD"]]
    assert captions[: len(expected)] == expected
    assert all(
        each["type"] == "photo" and each["media"]["$drawing"]["name"].endswith(".jpg") for each in album.params["media"]
    )
    assert all(caption in album.params[INSTEAD]["text"] for caption in captions)
    assert {each.method for each in loops} == {"sendAnimation"}
    assert [each.text for each in loops] == [drawn.pictures[name] for name in drawn.series["warmup_dynamic"]]
    assert [each.params[INSTEAD]["text"] for each in loops] == [each.text for each in loops]


def test_an_old_button_for_the_tips_says_them_where_no_drawing_can_be_shown(chat: Chat) -> None:
    chat.begin(Person({"form": ["slumped"]}))
    chat.tap("g:text_only")
    (said,) = chat.tap("g:look")
    assert said.method == "sendMessage"
    assert chat.engine.content.pictures.pictures["posture_tall"] in said.text


# ---- videos to follow along --------------------------------------------------------------------------------------

TESTED = Person({"SLB": ["30p", "30p"]}, {"Q19": "now"})


def video(sent: list[Sent]) -> Sent:
    """The one message that was sent, which must be a video."""
    (one,) = sent
    assert one.method == "sendVideo"
    return one


@pytest.mark.parametrize(
    ("question", "clip"),
    [
        ("T5.left", "clip_bridge_left"),
        ("T5.right", "clip_bridge_right"),
        ("T6", "clip_plank_short"),
    ],
)
def test_a_timed_self_test_offers_its_video_and_sends_it_with_sound(
    chat: Chat, content: Content, question: str, clip: str
) -> None:
    chat.begin(TESTED, to=question)
    sent = video(chat.press(chat.words("timer.button")))
    assert sent.params["video"] == {"$drawing": {"name": f"{clip}.mp4", "sha256": VIDEO["sha256"]}}
    assert (sent.params["width"], sent.params["height"], sent.params["duration"]) == (720, 720, 37)
    assert sent.params["supports_streaming"] is True
    assert sent.text.split("\n")[0] == content.pictures.pictures[clip]
    assert chat.words("timer.how") in sent.text


def test_the_longer_planks_and_the_side_planks_have_their_own_videos(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T6")
    chat.answer("short")
    chat.answer("yes")
    for test in ("mid", "full"):
        chat.tap(f"t:T6{test}")
        assert chat.newest.buttons[chat.words("timer.button")] == f"v:clip_plank_{test}"
        chat.answer(test)
    chat.tap("t:T8")
    chat.answer("feet")
    for side in ("left", "right"):
        (data,) = {data for label, data in chat.newest.buttons.items() if label == chat.words("timer.button")}
        assert data == f"v:clip_side_plank_{side}"
        chat.answer("30p")


def test_the_question_still_waits_below_its_video_and_is_one_press_away(chat: Chat) -> None:
    chat.begin(TESTED, to="T5.left")
    asked = chat.newest
    sent = video(chat.press(chat.words("timer.button")))
    assert chat.row.state == "T5.left"
    assert sent.buttons == {chat.words("nav.to_question"): "g:question"}
    chat.press(chat.words("nav.to_question"))
    assert chat.asks("T5.left")
    chat.tap(asked.buttons["30 seconds or more"], asked.message_id)
    assert chat.row.state == "T5.right"


def test_the_words_of_the_button_may_be_typed(chat: Chat) -> None:
    chat.begin(TESTED, to="T5.left")
    video(chat.type("do it with a timer"))
    chat.go(TESTED)
    assert [each.method for each in chat.type("do it with a timer")] != ["sendVideo"]


def test_who_does_a_self_test_on_the_knees_is_shown_no_feet(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T8")
    chat.answer("knees")
    assert chat.newest.buttons[chat.words("timer.button")] == "v:clip_timer_30"
    assert video(chat.press(chat.words("timer.button"))).params["video"]["$drawing"]["name"] == "clip_timer_30.mp4"
    assert chat.row.state == "T8.left"
    # A forged press, or one of an older question.
    assert [each.method for each in chat.tap("v:clip_side_plank_left")][-1] == "sendMessage"


def test_a_plank_on_the_knees_has_no_video(chat: Chat) -> None:
    chat.begin(Person({"age": "65p"}))
    chat.tap("t:T6")
    assert chat.row.state == "T6"
    assert chat.words("timer.button") not in chat.newest.buttons
    assert all(each.method != "sendVideo" for each in chat.tap("v:clip_plank_short"))


def test_other_questions_offer_no_video(chat: Chat) -> None:
    person = replace(TESTED, asked=[])
    chat.begin(person)
    offered = {each.html for each in chat.sent if chat.words("timer.button") in each.buttons}
    timed = [name for name in chat.engine.content.pictures.clips if name in person.asked]
    assert len(offered) == len(timed) == 3


def test_the_video_of_a_question_that_was_answered_is_not_sent(chat: Chat) -> None:
    chat.begin(TESTED, to="T5.left")
    chat.answer("30p")
    sent = chat.tap("v:clip_bridge_left")
    assert all(each.method != "sendVideo" for each in sent)
    assert chat.words("question.stale") in sent[-1].text
    assert chat.row.state == "T5.right"


def test_no_video_is_offered_where_texts_are_wanted_and_an_old_button_says_so(chat: Chat) -> None:
    chat.begin(TESTED, to="T5.left")
    chat.tap("g:text_only")
    chat.command("/start")
    assert chat.asks("T5.left")
    assert chat.words("timer.button") not in chat.newest.buttons
    (said,) = chat.tap("v:clip_bridge_left")
    assert (said.method, said.text) == ("sendMessage", chat.words("timer.none"))


def test_no_video_is_offered_that_was_not_rendered(chat: Chat, tmp_path: Path) -> None:
    chat.bot.desk.drawings = drawings(tmp_path, ["test_t5"])
    chat.begin(TESTED, to="T5.left")
    assert chat.words("timer.button") not in chat.newest.buttons


def test_the_text_that_goes_out_if_a_video_cannot_names_another_clock(chat: Chat) -> None:
    chat.begin(TESTED, to="T5.left")
    instead = video(chat.press(chat.words("timer.button"))).params[INSTEAD]
    assert instead["text"] == chat.words("timer.none")
    assert instead["reply_markup"]


def test_a_stretch_offers_the_timer_of_its_hold_and_nothing_else_does(content: Content) -> None:
    cards, found = Cards(Words(content, str)), set()
    result = assess(content, parse(content, b"{}"))
    for exercise in content.library.exercises:
        for level, each in enumerate(exercise.levels, 1):
            planned = replace(result, plan=(PlannedExercise(exercise.id, level, ()),))
            message = cards.card(planned, exercise.id, "")
            assert message.shown is not None
            data = [one.data for row in message.shown.rows for one in row if one.data.startswith("v:")]
            held = each.dose.hold if exercise.category == "mobility" and each.dose.reps is None else None
            assert data == ([f"v:clip_timer_{held}"] if held in (20, 30, 60) else [])
            assert not any(one.data.startswith("v:") for row in message.rows for one in row)
            found |= {exercise.id} if data else set()
    assert found >= {"knee_to_chest", "piriformis_fig4", "couch_stretch", "hamstring_wall"}


def test_the_timer_of_a_stretch_comes_with_the_way_back_to_the_plan(chat: Chat) -> None:
    chat.begin()
    sent = video(chat.tap("v:clip_timer_30"))
    assert sent.buttons == {chat.words("card.plan"): "g:plan"}


def test_an_old_timer_gives_no_exercise_where_no_plan_may_be_shown(chat: Chat) -> None:
    chat.begin(Person({"flags": ["saddle"]}, {"Q02": "none"}))
    chat.command("/delete")
    chat.press(chat.words("delete.yes"))
    (said,) = chat.tap("v:clip_timer_30")
    assert (said.method, said.text) == ("sendMessage", chat.words("plan.none_yet"))


def test_every_video_that_is_named_is_shipped_with_sound(content: Content) -> None:
    shipped, pictures = Drawings.read(), content.pictures
    named = {name for each in pictures.clips.values() for name in (each.clip, each.on_knees) if name}
    named |= {timer.clip for timer in pictures.timers}
    assert named == {name for name in pictures.pictures if name.startswith("clip_")}
    for name in named:
        file = shipped.loop(name)
        assert file is not None
        assert (file.kind, file.name) == ("video", f"{name}.mp4")


# ---- the files ---------------------------------------------------------------------------------------------------


def test_a_drawing_without_a_loop_is_a_photo(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"pictures": {"tall": {"files": {"tall.jpg": SIZE}}}}), encoding="utf-8")
    read = Drawings.read(manifest)
    call = read.send(Shown("tall", "Tall."), Message("Run tall."))
    assert call is not None
    assert call.method == "sendPhoto"
    assert set(call.params) == {"photo", "caption", "parse_mode", INSTEAD}
    assert read.send(Shown("short", "Short.")) is None
    assert read.edit(Shown("short", "Short."), 1, Message("Short.")) is None
    assert read.album({"tall": "Tall.", "short": "Short."}, Message("Both.")) is None


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", '{"pictures": {"a": {"files": {"a.jpg": {}}}}}', '{"pictures": 3}']
)
def test_a_list_of_drawings_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, text: str | None) -> None:
    manifest = tmp_path / "manifest.json"
    if text is not None:
        manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DrawingsError, match=r"manifest\.json of the drawings cannot be read") as caught:
        Drawings.read(manifest)
    assert "\n" not in str(caught.value)


def test_an_upload_is_remembered_for_its_bot_until_it_is_forgotten(chat: Chat) -> None:
    store = chat.store
    assert store.file_id(1, "5e") is None
    store.keep_file_id(1, "5e", "old")
    store.keep_file_id(1, "5e", "new")
    assert (store.file_id(1, "5e"), store.file_id(2, "5e")) == ("new", None)
    store.forget_file_id(1, "5e")
    assert store.file_id(1, "5e") is None
