# ruff: noqa: RUF001 - the signs and dashes are those of the texts shown.
"""Laws of the conversation: what a person meets, keeps and loses, whatever they do and whenever they do it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from bot.desk import Desk
from bot.records import Reminder
from bot.store import Store
from bot.work import Incoming, Work
from flows.engine import Engine
from flows.schema import Content, Gate, Question
from tests.chat import NOW, Chat, Sent, read_all
from tests.person import Person


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine)
    yield chat
    chat.store.close()


def exercises_in(messages: list[Sent], content: Content) -> set[str]:
    """The exercises that some messages name or offer."""
    text, data = read_all(messages), [each for message in messages for each in message.buttons.values()]
    return {
        exercise.id
        for exercise in content.library.exercises
        if exercise.category != "always"
        and (exercise.name in text or any(each in (f"x:{exercise.id}", f"y:{exercise.id}") for each in data))
    }


def changed(content: Content, version: str, **flow: Any) -> Content:
    """The same content under another version, with parts of the flow replaced."""
    settings = content.settings.model_copy(update={"content_version": version})
    return content.model_copy(update={"settings": settings, "flow": content.flow.model_copy(update=flow)})


def without(content: Content, name: str) -> tuple[Question | Gate, ...]:
    return tuple(part for part in content.flow.questions if part.id != name)


# ---- beginning ---------------------------------------------------------------------------------------------------


def test_start_says_what_this_is_and_asks_for_consent_before_anything_else(chat: Chat) -> None:
    first, second = chat.command("/start")
    for phrase in ("start", "start.how", "start.banner", "start.private"):
        assert chat.words(phrase) in first.text
    assert chat.asks("Q00") and list(second.buttons)[:2] == ["I agree", "No"]


@pytest.mark.parametrize("text", ["hello", "7", "my back hurts", "?"])
def test_whatever_a_new_person_types_brings_the_start_and_not_an_answer(chat: Chat, text: str) -> None:
    first, _ = chat.type(text)
    assert chat.words("start") in first.text
    assert chat.row.state == "Q00" and chat.row.log == ()


def test_a_deep_link_starts_like_any_start(chat: Chat) -> None:
    chat.command("/start group")
    assert chat.asks("Q00")


def test_no_health_question_comes_before_consent_and_age(chat: Chat) -> None:
    chat.command("/start")
    shown = [chat.row.state]
    for command in ("/check", "/tests", "/plan", "/exercise", "/why", "/start"):
        chat.command(command)
        shown.append(chat.row.state)
    assert set(shown) == {"Q00"}
    chat.answer("yes")
    assert chat.row.state == "Q01"
    chat.answer("18_34")
    assert chat.row.state == "Q02"


def test_consent_is_kept_with_its_version_and_time(chat: Chat, content: Content) -> None:
    chat.command("/start")
    assert chat.chat.consent_version == "" and chat.chat.consent_at is None
    chat.wait(minutes=5)
    chat.answer("yes")
    assert chat.chat.consent_version == content.settings.consent_version
    assert chat.chat.consent_at == chat.now
    assert (
        chat.words("privacy.consent", version=content.settings.consent_version, date="2026-03-02")
        in chat.command("/privacy")[0].text
    )


def test_a_second_check_does_not_ask_for_consent_again(chat: Chat) -> None:
    chat.begin()
    chat.command("/check")
    chat.press("Start the check")
    assert chat.row.state == "Q01" and chat.row.log == (("Q00", "yes"),)


def test_consent_to_another_version_is_asked_again(chat: Chat, content: Content) -> None:
    chat.begin()
    settings = content.settings.model_copy(update={"consent_version": "another"})
    chat.restart(Engine(content.model_copy(update={"settings": settings})))
    chat.command("/check")
    chat.press("Start the check")
    assert chat.row.state == "Q00"


def test_one_who_does_not_agree_leaves_no_row_and_may_come_back(chat: Chat) -> None:
    chat.command("/start")
    said = chat.answer("no")
    assert chat.known is None
    assert "keep nothing" in read_all(said) and chat.words("safety_net") in read_all(said)
    assert chat.words("start") in chat.command("/start")[0].text
    assert chat.asks("Q00")


def test_a_minor_is_told_where_to_go_and_leaves_no_row(chat: Chat, content: Content) -> None:
    chat.begin(to="Q01")
    said = chat.answer("u18")
    assert chat.known is None
    assert "parent or carer" in read_all(said) and not exercises_in(said, content)


# ---- answering ---------------------------------------------------------------------------------------------------


def test_an_answered_question_shrinks_to_one_line_with_the_answer(chat: Chat) -> None:
    chat.begin(to="Q01")
    asked = chat.newest
    edit, _ = chat.press("18–34")
    assert (edit.method, edit.message_id, edit.text) == ("editMessageText", asked.message_id, "Age: 18–34")
    assert edit.buttons == {}


def test_a_typed_answer_shrinks_the_message_that_asked(chat: Chat) -> None:
    chat.begin(to="Q01")
    asked = chat.newest
    edit, _ = chat.type("40")
    assert (edit.method, edit.message_id, edit.text) == ("editMessageText", asked.message_id, "Age: 35–44")


def test_a_plan_comes_after_the_result_and_the_questions_about_running(chat: Chat, content: Content) -> None:
    last = chat.begin()
    texts = [message.text for message in chat.sent]
    result = next(at for at, text in enumerate(texts) if text.startswith(chat.words("result.heading")))
    assert content.flow.questions[-3].text in texts[result + 1]
    assert last[-1].text.startswith(chat.words("plan.heading")) and exercises_in(last, content)
    assert chat.chat.plan_state == "ACTIVE"
    assert [entry["kind"] for entry in chat.diary] == ["result"]
    assert chat.diary[0]["data"] == {"disposition": "SELF_CARE", "flags": [], "content_version": "1.2.0"}


def test_a_referral_to_a_physio_is_noted(chat: Chat) -> None:
    chat.begin(Person({"life": "pp_3_12m", "pelvic": "yes"}))
    assert chat.chat.plan_state == "REFERRED"


def test_progress_is_shown_and_every_question_has_stop(chat: Chat) -> None:
    chat.begin(to="Q07")
    assert chat.newest.text.startswith("Step 7 of 17")
    assert list(chat.newest.buttons)[-3:] == ["Back", "Why do you ask?", "Stop"]


def test_an_item_of_a_gate_says_which_of_how_many_it_is(chat: Chat) -> None:
    chat.begin(to="Q02")
    chat.answer("some")
    assert chat.newest.text.startswith("Step 2 of 17, question 1 of 6")
    for answer in ("no", "no", "no", "no", "no", "yes"):
        chat.answer(answer)
    assert chat.row.state == "RF_WEAK_PROG"
    assert chat.newest.text.startswith("Step 2 of 17, question 7 of 7")


# ---- going back, asking why, stopping ----------------------------------------------------------------------------


def test_back_shows_the_question_before_in_place(chat: Chat) -> None:
    chat.begin(to="Q08")
    asked = chat.newest
    (edit,) = chat.press("Back")
    assert (edit.method, edit.message_id) == ("editMessageText", asked.message_id)
    assert chat.row.state == "Q07" and chat.asks("Q07")
    chat.press("Across low back")
    assert chat.row.state == "Q08"


def test_back_restores_the_ticks(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.answer(("flex", "twist"))
    assert chat.row.state == "Q13"
    chat.press("Back")
    assert chat.row.ticks == ("flex", "twist")
    assert "✓ Bending forward" in chat.newest.buttons and "✓ Twisting" in chat.newest.buttons
    chat.code("d")
    assert chat.row.log[-1] == ("Q12", ("flex", "twist"))


def test_back_at_the_first_question_shows_it(chat: Chat) -> None:
    chat.command("/start")
    assert "Back" not in chat.newest.buttons
    chat.code("b")
    assert chat.row.state == "Q00" and chat.asks("Q00")
    chat.type("back")
    assert chat.row.state == "Q00" and chat.asks("Q00")


def test_the_reason_for_a_question_is_shown_in_place(chat: Chat, engine: Engine) -> None:
    chat.begin(to="Q10")
    asked = chat.newest
    (edit,) = chat.press("Why do you ask?")
    assert (edit.method, edit.message_id) == ("editMessageText", asked.message_id)
    assert engine.nodes["Q10"].question.why in edit.text and "Why do you ask?" not in edit.buttons
    chat.press("3")
    assert chat.row.state == "Q11"


@pytest.mark.parametrize("again", ["button", "/check", "/start", "text"])
def test_stop_keeps_the_answers_and_one_can_carry_on(chat: Chat, again: str) -> None:
    chat.begin(to="Q05")
    log = chat.row.log
    (said,) = chat.press("Stop")
    assert chat.words("stopped") in said.text and chat.words("safety_net") in said.text
    assert (chat.row.open, chat.row.log) == (False, log)
    chat.wait(hours=5)
    if again == "button":
        chat.press("Carry on")
    else:
        offered = chat.type("hello") if again == "text" else chat.command(again)
        assert chat.words("resume.offer") in read_all(offered)
        chat.press("Carry on")
    assert (chat.row.open, chat.row.log) == (True, log)
    assert chat.asks("Q05") and chat.words("welcome_back") in chat.newest.text


def test_one_who_stopped_may_start_again(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.press("Stop")
    chat.command("/check")
    chat.press("Start again")
    assert chat.row.state == "Q01"


def test_a_button_of_a_stopped_question_offers_to_carry_on(chat: Chat) -> None:
    chat.begin(to="Q05")
    pressed = chat.newest.buttons["None of these"]
    chat.press("Stop")
    (said,) = chat.tap(pressed)
    assert chat.words("resume.offer") in said.text and chat.row.state == "Q05"


def test_an_old_carry_on_button_does_not_lose_a_plan(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.press("Stop")
    chat.press("Carry on")
    chat.go()
    chat.press("Carry on")
    assert chat.row.state == "plan" and chat.words("idle") in chat.newest.text


# ---- coming back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["Q00", "Q01", "Q04", "Q11", "CLEARED", "Q19", "QP1", "QP2"])
def test_a_restart_meets_a_person_at_the_same_question(chat: Chat, place: str) -> None:
    cleared = {"rf": ["RF_SURG"], "cleared": "yes"} if place == "CLEARED" else {"worse": ["twist"]}
    chat.begin(Person(cleared), to=place)
    before, asked = chat.session, chat.newest
    chat.restart()
    assert chat.session == before
    said = chat.command("/start")
    assert chat.words("welcome_back") in said[-1].text and chat.asks(place)
    assert said[-1].buttons == asked.buttons


def test_ticks_outlive_a_restart(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.press("Twisting")
    chat.restart()
    chat.command("/start")
    assert "✓ Twisting" in chat.newest.buttons


def test_after_a_week_the_questions_go_on(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.wait(days=7)
    chat.command("/start")
    assert chat.asks("Q05")


@pytest.mark.parametrize("way", ["/start", "/check", "text", "press"])
def test_after_more_than_a_week_they_start_again_and_say_why(chat: Chat, way: str) -> None:
    chat.begin(to="Q05")
    old, key = chat.newest.buttons["None of these"], chat.row.key
    chat.wait(days=8)
    said = chat.tap(old) if way == "press" else chat.type("no") if way == "text" else chat.command(way)
    assert chat.words("resume.too_old") in read_all(said)
    assert chat.asks("Q01") and chat.row.key != key


def test_a_plan_is_still_there_after_a_month(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.wait(days=31)
    assert exercises_in(chat.command("/plan"), content)


def test_a_new_version_of_the_content_goes_on_where_the_answers_still_fit(chat: Chat, content: Content) -> None:
    chat.begin(to="Q08")
    log, old = chat.row.log, chat.newest.buttons["No"]
    chat.restart(Engine(changed(content, "9")))
    (said,) = chat.tap(old)
    assert chat.words("question.stale") in said.text and chat.asks("Q08")
    assert chat.row.log == log and chat.row.content_version == "9"
    chat.press("No")
    assert chat.row.state == "Q09"


def test_a_new_version_that_the_answers_do_not_fit_starts_again_and_says_why(chat: Chat, content: Content) -> None:
    chat.begin(to="Q08")
    chat.restart(Engine(changed(content, "9", questions=without(content, "Q07"))))
    said = chat.command("/check")
    assert chat.words("resume.new_questions") in read_all(said) and chat.row.state == "Q01"
    assert chat.chat.consent_at == NOW


def test_a_new_version_keeps_a_plan_whose_answers_fit(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.restart(Engine(changed(content, "9")))
    said = chat.command("/plan")
    assert exercises_in(said, content) and "9" in said[-1].text
    assert not chat.row.open


def test_a_plan_whose_questions_have_changed_is_not_shown(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.restart(Engine(changed(content, "9", questions=without(content, "Q07"))))
    assert not exercises_in(chat.command("/plan"), content)


def test_one_who_stopped_stays_stopped_in_a_new_version(chat: Chat, content: Content) -> None:
    chat.begin(to="Q08")
    chat.press("Stop")
    chat.restart(Engine(changed(content, "9")))
    assert chat.words("resume.offer") in chat.command("/start")[0].text


def test_one_whose_plan_no_longer_fits_is_told_why_and_not_that_there_never_was_one(
    chat: Chat, content: Content
) -> None:
    chat.begin()
    chat.restart(Engine(changed(content, "9", questions=without(content, "Q07"))))
    assert chat.words("resume.new_questions") in read_all(chat.command("/plan"))


def test_a_plan_outlives_a_self_test_that_was_left_open_for_a_week(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.tap("t:T5")
    chat.wait(days=8)
    assert exercises_in(chat.command("/plan"), content)


# ---- old and forged buttons --------------------------------------------------------------------------------------


def test_a_stale_button_shows_the_current_question_and_answers_nothing(chat: Chat) -> None:
    chat.begin(to="Q06")
    old = chat.newest
    chat.press("None / not for me")
    log = chat.row.log
    (said,) = chat.tap(old.buttons["Pregnant / maybe"], old.message_id)
    assert said.method == "sendMessage" and chat.words("question.stale") in said.text
    assert chat.asks("Q07") and chat.row.log == log


def test_a_button_of_an_earlier_session_shows_where_one_is(chat: Chat) -> None:
    chat.begin(to="Q06")
    old = chat.newest.buttons["Pregnant / maybe"]
    chat.command("/check")
    chat.press("Start again")
    (said,) = chat.tap(old)
    assert chat.words("busy") in said.text and chat.asks("Q01")


def test_a_button_of_another_persons_session_answers_nothing(chat: Chat, tmp_path: Path, engine: Engine) -> None:
    chat.begin(to="Q06")
    chat.chat_id = 8
    chat.begin(to="Q06")
    mine, chat.chat_id = chat.row.key, 7
    chat.tap(f"q:{mine}:{chat.row.turn}:a1")
    assert chat.row.state == "Q06" and chat.words("busy") in chat.newest.text


def test_an_old_start_again_does_not_throw_away_what_was_answered_since(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.command("/check")
    chat.press("Carry on")
    chat.go(to="Q08")
    log = chat.row.log
    chat.press("Start again")
    assert chat.row.log == log


def test_an_old_already_checked_button_does_not_make_a_plan_wait(chat: Chat, content: Content) -> None:
    chat.begin(Person({"rf": ["RF_FEVER"]}))
    chat.wait(days=3)
    chat.command("/check")
    chat.go()
    chat.press("Already checked today")
    assert exercises_in(chat.command("/plan"), content)


def test_a_question_button_without_any_session_starts(chat: Chat) -> None:
    chat.tap("q:abc:1:a0")
    assert chat.asks("Q00")


FORGED = ("", "x", "q", "q:", "q:::", "g:", "g:no", "z:1", "c:zz", "x:none", "y:", "g:delete_no", "🦴")


@pytest.mark.parametrize("place", ["Q00", "Q06", "plan"])
def test_forged_data_answers_nothing_and_is_answered(chat: Chat, place: str) -> None:
    chat.begin(to="" if place == "plan" else place)
    log = chat.row.log
    for data in FORGED:
        assert chat.tap(data), data
        assert chat.row.log == log and chat.row.state == place, data


@pytest.mark.parametrize("test", ["", "T99", "T6mid", "T6full", "T5.left", "T6.more"])
def test_a_self_test_that_is_unknown_or_not_offered_yet_cannot_be_forged(chat: Chat, test: str) -> None:
    chat.begin()
    log = chat.row.log
    assert chat.tap(f"t:{test}")[0].text == chat.words("tests.not_offered")
    assert chat.row.log == log and chat.row.state == "plan"


CODES = ("", "a", "a9", "a99", "t0", "u0", "n3", "n11", "d", "b9", "A0", "a-1", "a 1", "a²", "a1/10", "x1", "aa")


@pytest.mark.parametrize(("place", "legal"), [("Q06", ()), ("Q10", ("n3",)), ("Q12", ("t0", "u0", "d"))])
def test_a_code_that_the_question_does_not_have_answers_nothing(chat: Chat, place: str, legal: tuple[str, ...]) -> None:
    chat.begin(to=place)
    log, taken = chat.row.log, []
    for code in set(CODES).difference(legal):
        chat.code(code)
        if chat.row.log != log or chat.words("question.stale") not in chat.newest.text:
            taken.append(code)
            chat.code("b")
    assert taken == []


# ---- words of an emergency and of a crisis -----------------------------------------------------------------------

PLACES = ("Q00", "Q01", "Q02", "RF_BOWEL", "Q05", "Q11", "Q19", "T3.result", "QP1", "W1", "plan", "doctor", "urgent")


def come_to(chat: Chat, place: str) -> None:
    answers: dict[str, Any] = {"doctor": {"rf": ["RF_SHAPE"]}, "urgent": {"rf": ["RF_FEVER"]}}.get(place, {})
    say = {"RF_BOWEL": {"Q02": "some"}, "T3.result": {"Q19": "now"}}.get(place, {})
    chat.begin(Person(answers, say), to="" if place in chat.engine.ends else place)
    assert chat.row.state == place


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        *((place, "text") for place in PLACES),
        ("Q00", "edited"),
        ("Q11", "command"),
        ("plan", "other"),
        ("Q11", "edited"),
    ],
)
def test_words_of_an_emergency_are_heard_in_every_state(chat: Chat, content: Content, place: str, kind: Any) -> None:
    come_to(chat, place)
    what = {"text": "I have chest pain"} if kind != "command" else {"text": "exercise", "argument": "I have chest pain"}
    (said,) = chat.do(kind, **what)
    assert chat.row.state == "NET" and chat.asks("NET")
    assert "go to an emergency department now" in said.text and "⚠️" in said.text
    end = chat.answer("unsure" if kind == "text" else "yes")
    assert chat.row.state == "emergency" and not exercises_in(end, content)
    assert chat.chat.plan_state == "PAUSED" and "EMERGENCY" in [line["disposition"] for line in chat.store.audit()]
    # Of somebody who has not agreed, nothing goes into the diary.
    assert [entry["data"]["disposition"] for entry in chat.diary[-1:]] == (["EMERGENCY"] if place != "Q00" else [])
    assert not exercises_in(chat.command("/plan"), content)


def test_words_of_an_emergency_after_an_emergency_bring_its_message_again(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_SADDLE"]}))
    (said,) = chat.type("I have chest pain")
    assert chat.row.state == "emergency" and said.text.startswith("⚠️ What you describe can need treatment")


@pytest.mark.parametrize("place", PLACES)
def test_after_a_false_alarm_the_nerve_questions_come_and_then_the_chat_goes_on(chat: Chat, place: str) -> None:
    come_to(chat, place)
    chat.type("I cannot breathe when I laugh")
    chat.answer("no")
    asked = []
    while chat.waits and (chat.engine.nodes[chat.row.state].group == "Q02" or chat.row.state in ("Q00", "Q01")):
        asked.append(chat.row.state)
        chat.answer({"Q00": "yes", "Q01": "18_34"}.get(chat.row.state, "no"))
    assert "RF_SADDLE" in asked and "RF_WEAK" in asked
    after = {"Q00": "Q03", "Q01": "Q03", "Q02": "Q03", "RF_BOWEL": "Q03"}.get(place, place)
    assert chat.row.state == after


def test_words_of_an_emergency_are_heard_before_the_first_start(chat: Chat) -> None:
    (said,) = chat.type("both my legs are numb")
    assert chat.row.state == "NET" and "call" in said.text
    chat.answer("yes")
    assert chat.row.state == "emergency"


def test_words_of_an_emergency_are_heard_after_refusing(chat: Chat) -> None:
    chat.begin(to="Q00")
    chat.answer("no")
    chat.type("both my legs are numb")
    assert chat.row.state == "NET"


def test_nothing_of_the_words_is_kept(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.type("my name is Zebedee and I have chest pain")
    chat.answer("no")
    assert "Zebedee" not in str(chat.store.everything(chat.chat.key))


@pytest.mark.parametrize("place", PLACES)
def test_words_of_a_crisis_bring_the_crisis_text_and_no_result(chat: Chat, place: str) -> None:
    come_to(chat, place)
    before, diary = chat.row, chat.diary
    (said,) = chat.type("I can't breathe and I want to die")
    assert "I'm a program and can't give you the help you deserve right now" in said.text
    assert "local crisis line" in said.text
    assert chat.row == before and chat.diary == diary
    chat.press("Carry on")
    assert chat.row == before
    if before.open:
        assert chat.asks(place)


def test_a_crisis_before_the_first_start_is_answered_too(chat: Chat) -> None:
    (said,) = chat.type("i want to die")
    assert "crisis line" in said.text
    chat.press("Carry on")
    assert chat.waits is False and chat.words("idle") in chat.newest.text


def test_the_numbers_of_the_country_are_shown_when_it_is_known(chat: Chat) -> None:
    chat.command("/start")
    chat.tap("c:uk")
    assert "116 123" in chat.type("i want to die")[0].text
    assert "999 / 112" in chat.type("chest pain")[0].text


# ---- no exercises where none may be ------------------------------------------------------------------------------

REFERRED = [
    ({"rf": ["RF_SADDLE"]}, "emergency"),
    ({"rf": ["RF_FEVER"]}, "urgent"),
    ({"nprs": 9}, "urgent"),
    ({"rf": ["RF_SHAPE"]}, "doctor"),
    ({"rf": ["RF_CANCER"], "cleared": "no"}, "doctor"),
    ({"site": "upper"}, "doctor"),
    ({"life": "preg"}, "no_exercises"),
]


@pytest.mark.parametrize(("answers", "end"), REFERRED)
def test_a_referral_never_shows_an_exercise_whatever_follows(
    chat: Chat, content: Content, answers: dict[str, Any], end: str
) -> None:
    chat.begin(Person(answers))
    assert chat.row.state == end and chat.chat.plan_state == "PAUSED"
    tests = [f"t:{test.id}" for test in content.self_tests.tests]
    cards = [f"{kind}:{exercise.id}" for exercise in content.library.exercises for kind in "xy"]
    forged = [*tests, *cards, "g:plan", "g:exercise", "g:tests", "g:question", "g:resume", "g:start", "g:checked"]
    for data in [*forged, f"q:{chat.row.key}:{chat.row.turn}:a0"]:
        assert chat.tap(data)
    for command in ("/plan", "/exercise", "/exercise bird_dog", "/tests", "/why", "/help", "/start", "/stop"):
        assert chat.command(command)
    assert chat.type("plan") and chat.type("bird dog")
    names = {exercise.name for exercise in content.library.exercises} - {"Brisk walk"}
    shown = read_all(chat.sent)
    assert not [name for name in names if name in shown]
    assert not [data for sent in chat.sent for data in sent.buttons.values() if data[:2] in ("x:", "y:", "t:")]
    assert chat.row.state == end


@pytest.mark.parametrize("command", ["/plan", "/exercise", "/exercise bird dog", "/tests"])
def test_an_unfinished_check_shows_no_exercise(chat: Chat, content: Content, command: str) -> None:
    chat.begin(to="Q18")
    said = chat.command(command)
    assert not exercises_in(said, content)
    assert chat.words("tests.first" if command == "/tests" else "plan.unfinished") in read_all(said)


def test_a_plan_is_not_shown_between_result_and_the_last_question(chat: Chat, content: Content) -> None:
    chat.begin(to="W1")
    assert not exercises_in(chat.command("/plan"), content)


@pytest.mark.parametrize("answers", [{"rf": ["RF_SADDLE"]}, {"rf": ["RF_FEVER"]}])
def test_after_an_urgent_result_a_clean_screen_is_shown_but_its_plan_waits_a_day(
    chat: Chat, content: Content, answers: dict[str, Any]
) -> None:
    chat.begin(Person(answers))
    assert chat.chat.critical_at == NOW
    chat.wait(hours=2)
    chat.command("/check")
    said = chat.go()
    assert chat.row.state == "plan"
    assert any(message.text.startswith(chat.words("result.heading")) for message in chat.sent)
    assert chat.words("plan.waits", hours=22) in said[-1].text and not exercises_in(said, content)
    chat.wait(hours=21, minutes=59)
    for text in ("/plan", "/exercise", "/exercise bird_dog"):
        assert not exercises_in(chat.command(text), content)
    for data in ("x:bird_dog", "y:bird_dog"):
        assert not exercises_in(chat.tap(data), content)
    assert chat.words("plan.waits", hours=1) in chat.newest.text
    chat.wait(minutes=1)
    assert exercises_in(chat.command("/plan"), content)


def test_a_result_whose_plan_waits_does_not_promise_exercises_now(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_FEVER"]}))
    chat.command("/check")
    chat.go(Person({"life": "pp_3_12m", "pelvic": "yes"}), to="QP1")
    results = [message.text for message in chat.sent if message.text.startswith(chat.words("result.heading"))]
    assert "begin with the exercises below" not in results[-1]


@pytest.mark.parametrize("test", ["T2", "T4"])
def test_no_self_test_brings_a_plan_while_it_waits(chat: Chat, content: Content, test: str) -> None:
    chat.begin(Person({"rf": ["RF_FEVER"]}))
    chat.command("/check")
    chat.go()
    chat.tap(f"t:{test}")
    said = chat.go(Person({test: "tight"}))
    assert not {data for each in said for data in each.buttons.values() if data.startswith("x:")}


def test_already_checked_is_noted_and_the_plan_waits_from_then(chat: Chat, content: Content) -> None:
    chat.begin(Person({"rf": ["RF_FEVER"]}))
    chat.wait(hours=3)
    (said,) = chat.press("Already checked today")
    assert chat.words("checked.thanks") in said.text
    assert [entry["kind"] for entry in chat.diary] == ["result", "checked"]
    assert chat.chat.critical_at == chat.now and chat.row.state == "urgent"
    chat.command("/check")
    chat.go()
    chat.wait(hours=23)
    assert not exercises_in(chat.command("/plan"), content)
    chat.wait(hours=1)
    assert exercises_in(chat.command("/plan"), content)


def test_a_doctors_result_does_not_make_a_later_plan_wait(chat: Chat, content: Content) -> None:
    chat.begin(Person({"rf": ["RF_SHAPE"]}))
    chat.command("/check")
    assert exercises_in(chat.go(), content)


# ---- what is not text --------------------------------------------------------------------------------------------


def test_a_sticker_is_answered_kindly_and_answers_nothing(chat: Chat) -> None:
    chat.do("other")
    assert chat.asks("Q00")
    (said,) = chat.do("other")
    assert chat.words("question.only_text") in said.text and chat.asks("Q00")
    chat.go()
    (said,) = chat.do("other")
    assert chat.words("question.only_text") in said.text and chat.words("idle") in said.text


def test_an_edited_message_answers_nothing(chat: Chat) -> None:
    chat.begin(to="Q01")
    before = chat.row
    assert chat.do("edited", text="40") == []
    assert chat.row == before


def test_an_unknown_command_shows_where_one_is(chat: Chat) -> None:
    chat.begin(to="Q01")
    assert chat.command("/fly") and chat.asks("Q01")
    chat.go()
    assert chat.words("idle") in chat.command("/fly")[0].text


# ---- groups, blocking, failing -----------------------------------------------------------------------------------


def test_one_who_blocks_is_noted_until_they_come_back(chat: Chat) -> None:
    chat.begin(to="Q05")
    assert chat.do("blocked") == []
    blocked = [chat.chat.blocked_at]
    assert chat.do("unblocked") == []
    blocked.append(chat.chat.blocked_at)
    chat.do("blocked")
    chat.command("/start")
    assert [*blocked, chat.chat.blocked_at] == [NOW, None, None] and chat.asks("Q05")


def test_a_stranger_who_blocks_or_only_asks_something_leaves_no_row(chat: Chat) -> None:
    for command in (
        "/help",
        "/privacy",
        "/urgent",
        "/plan",
        "/tests",
        "/why",
        "/export",
        "/settings",
        "/country",
        "/stop",
    ):
        assert chat.command(command) and chat.known is None
    assert chat.do("blocked") == [] and chat.known is None


def test_an_update_that_failed_is_apologised_for_and_stays_where_it_was(chat: Chat, content: Content) -> None:
    chat.begin(to="Q05")
    before = chat.row
    chat.bot.apologise(Incoming(99, 7, "press"), chat.now)
    (said,) = chat.read()
    assert said.text == chat.words("error") and not exercises_in([said], content)
    assert chat.row == before


def test_an_update_that_is_handled_without_an_id_is_committed_too(chat: Chat) -> None:
    chat.bot.handle(Incoming(None, 7, "edited", text="hi"), chat.now)
    chat.bot.handle(Incoming(None, 7, "command", text="start"), chat.now)
    assert len(chat.read()) == 2


def test_two_people_do_not_meet(chat: Chat) -> None:
    chat.begin(to="Q08")
    chat.chat_id = 8
    chat.begin(to="Q03")
    chat.chat_id = 7
    assert chat.row.state == "Q08"


def test_a_turn_without_a_session_is_our_mistake_and_fails_loudly(tmp_path: Path, engine: Engine) -> None:
    store = Store.open(tmp_path / "y.db")
    desk, chat = Desk(engine, str), Chat(tmp_path / "x.db", engine)
    chat.command("/start")
    work = Work(Incoming(1, 7, "text"), NOW, chat.chat)
    with pytest.raises(LookupError):
        desk.session(work)
    with pytest.raises(LookupError):
        work.at.ticks  # noqa: B018
    store.close()
    chat.store.close()


# ---- self-tests after the plan -----------------------------------------------------------------------------------


def plan_rows(message: Sent) -> list[str]:
    return re.findall(r"^\d\. (.+), level \d", message.text, re.MULTILINE)


def test_a_self_test_done_later_refreshes_the_plan_and_says_so(chat: Chat, content: Content) -> None:
    chat.begin()
    before = plan_rows(chat.newest)
    chat.command("/tests")
    chat.press("Front of the hips")
    assert chat.words("test.rules_heading") in chat.newest.text and chat.asks("T2.result")
    chat.press("Left does not")
    said = chat.newest
    assert said.text.startswith(chat.words("plan.refreshed"))
    couch = next(each.name for each in content.library.exercises if each.id == "couch_stretch")
    assert couch not in before and couch in plan_rows(said)
    assert "Left does not" in chat.command("/tests")[0].text


def test_the_rules_of_all_tests_are_said_once(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T2")
    chat.press("Yes, both reach it")
    chat.tap("t:T4")
    assert chat.words("test.rules_heading") not in chat.newest.text and chat.asks("T4.result")


def test_pain_that_changes_the_result_shows_the_result_before_the_plan(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T4")
    chat.press("Pain / stop")
    said = chat.press("No")
    texts = [message.text for message in said]
    result = next(at for at, text in enumerate(texts) if text.startswith(chat.words("result.heading")))
    plan = next(at for at, text in enumerate(texts) if text.startswith(chat.words("plan.refreshed")))
    assert result < plan
    assert chat.diary[-1]["data"]["flags"] == ["HIP_PINCH"] and chat.chat.plan_state == "REFERRED"


@pytest.mark.parametrize("answer", ["Yes", "Not sure"])
def test_pain_with_tingling_reopens_the_nerve_questions(chat: Chat, content: Content, answer: str) -> None:
    chat.begin()
    chat.tap("t:T3")
    chat.press("Pain / stop")
    chat.press(answer)
    assert chat.row.state == "RF_SADDLE" and chat.waits
    assert not exercises_in(chat.command("/plan"), content)


def test_nerve_questions_after_a_test_can_end_in_an_emergency(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.tap("t:T3")
    chat.press("Pain / stop")
    chat.press("Yes")
    chat.answer("yes")
    assert chat.row.state == "emergency" and chat.chat.plan_state == "PAUSED"
    assert not exercises_in(chat.command("/plan"), content)


def test_nerve_questions_after_a_test_lead_back_to_the_plan(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T3")
    chat.press("Pain / stop")
    chat.press("Yes")
    chat.go()
    assert chat.row.state == "plan" and chat.newest.text.startswith(chat.words("plan.heading"))


@pytest.mark.parametrize("way", ["Stop", "/plan", "/stop", "x:bird_dog", "/tests"])
def test_leaving_a_test_after_the_plan_goes_back_to_the_plan(chat: Chat, content: Content, way: str) -> None:
    chat.begin()
    chat.tap("t:T5")
    chat.press("Less than 10 seconds")
    assert chat.row.state == "T5.right"
    if way == "Stop":
        chat.press(way)
    elif way.startswith("/"):
        chat.command(way)
    else:
        chat.tap(way)
    assert (chat.row.state, chat.row.open) == ("plan", False)
    shown = chat.newest.text
    assert shown.startswith(chat.words("tests.heading" if way == "/tests" else "plan.heading")) or "Bird dog" in shown
    assert exercises_in(chat.command("/plan"), content)


def test_back_from_the_first_question_of_a_test_goes_back_to_the_plan(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T5")
    chat.press("Back")
    assert chat.row.state == "plan" and chat.newest.text.startswith(chat.words("plan.heading"))


def test_a_test_before_the_plan_is_stopped_like_any_question(chat: Chat) -> None:
    chat.begin(Person({}, {"Q19": "now"}), to="T3.result")
    (said,) = chat.press("Stop")
    assert chat.words("stopped") in said.text and chat.row.state == "T3.result" and not chat.row.open


def test_a_test_that_was_left_is_asked_whole_again(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T5")
    chat.press("Less than 10 seconds")
    chat.press("Stop")
    chat.tap("t:T5")
    assert chat.row.state == "T5.left"


def test_the_longer_planks_are_offered_only_after_the_shorter(chat: Chat) -> None:
    chat.begin()
    offered = chat.command("/tests")[0].buttons
    assert "Plank, 60 seconds" in offered and "Plank, 100 seconds" not in offered
    chat.tap("t:T6")
    chat.press("Completed")
    said = chat.press("Yes")
    assert "longer plank of 100 seconds" in read_all(said)
    offered = chat.command("/tests")[0].buttons
    assert "Plank, 100 seconds" in offered and "Plank, 150 seconds" not in offered
    chat.tap("t:T6mid")
    chat.press("Completed")
    assert "Plank, 150 seconds" in chat.command("/tests")[0].buttons


def test_an_answer_that_is_not_kept_stands_nowhere(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T6")
    chat.press("Completed")
    chat.press("Yes")
    assert ("T6.more", None) in chat.row.log


def test_a_new_check_forgets_the_tests_and_the_plan_of_the_old_one(chat: Chat, content: Content) -> None:
    chat.begin()
    chat.command("/check")
    assert exercises_in(chat.command("/plan"), content)
    chat.command("/check")
    chat.press("Start the check")
    assert not exercises_in(chat.command("/plan"), content)


# ---- what a stop, a word or an old button must not hide ----------------------------------------------------------


@pytest.mark.parametrize(("flag", "end"), [("RF_WEAK", "urgent"), ("RF_FEVER", "urgent"), ("RF_CANCER", "doctor")])
def test_stop_does_not_swallow_a_result_that_the_answers_hold_already(
    chat: Chat, content: Content, flag: str, end: str
) -> None:
    after = {"RF_WEAK": "RF_WEAK_PROG", "RF_FEVER": "RF_IMMUNE", "RF_CANCER": "RF_WEIGHT"}[flag]
    chat.begin(Person({"rf": [flag]}), to=after)
    said = read_all(chat.press("Stop"))
    assert {"urgent": "doctor today", "doctor": "within the next few days"}[end] in said
    assert (chat.chat.critical_at is not None) == (end == "urgent")
    assert chat.diary[-1]["data"]["flags"] == [flag]
    chat.command("/check")
    chat.press("Start again")
    chat.go(Person({}))
    assert bool(exercises_in(chat.command("/plan"), content)) == (end == "doctor")


@pytest.mark.parametrize("way", ["stop", "back", "nonsense", "why do you ask?"])
def test_the_question_whether_it_is_happening_keeps_the_emergency_text(chat: Chat, way: str) -> None:
    chat.begin(to="Q06")
    chat.type("I have chest pain")
    chat.type(way)
    assert chat.asks("NET") and "call 112" in chat.newest.text


def test_why_on_the_emergency_question_keeps_the_emergency_text(chat: Chat) -> None:
    chat.begin(to="Q06")
    chat.type("I have chest pain")
    (said,) = chat.press("Why do you ask?")
    assert "call 112" in said.text


def test_no_self_test_within_a_day_of_an_emergency(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_SADDLE"]}))
    chat.command("/check")
    chat.go(Person({}, {"Q19": "now"}))
    assert "Q19" not in [name for name, answer in chat.row.log if answer != "later"]
    said = read_all(chat.command("/tests"))
    assert chat.words("tests.intro") not in said and "your plan waits" in said


@pytest.mark.parametrize("side", ["T5", "T8"])
def test_pain_on_one_side_asks_for_tingling_before_anything_else(chat: Chat, side: str) -> None:
    chat.begin()
    chat.tap(f"t:{side}")
    if side == "T8":
        chat.answer("feet")
    chat.press("Pain / stop")
    assert chat.asks(f"{side}.tingle")


def test_a_typed_stop_in_a_self_test_is_not_taken_as_leaving(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T2")
    said = read_all(chat.type("stop!"))
    assert chat.words("test.stop") in said and chat.asks("T2.result")


def test_once_checked_the_emergency_is_not_said_again(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_SADDLE"]}))
    chat.press("Already checked today")
    said = read_all(chat.type("thanks"))
    assert chat.words("plan.checked") in said and "call 112" not in said


def test_a_typed_no_is_never_not_sure(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_BLADDER"]}), to="RF_BLADDER.since")
    chat.type("no")
    assert chat.asks("RF_BLADDER.since")


def test_to_delete_everything_is_not_outweighed_by_reminders(chat: Chat) -> None:
    chat.begin()
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    wanted = Reminder(chat.chat.key, "check_in", "Europe/Berlin", (time(19),), (0,), next_at=at)
    work = Work(Incoming(None, chat.chat_id, "press"), chat.now, chat.chat, forget=True, reminders=(wanted,))
    chat.bot._commit(work)
    assert chat.known is None
