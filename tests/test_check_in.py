"""Laws of the check-in, in a whole chat: the card, the gates, what follows, and a restart in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import check_in_log
from bot.check_in import CheckIn
from bot.days import Course
from bot.records import SessionRow
from bot.work import Incoming, Work
from flows.engine import Engine
from flows.schema import Content, Disposition, Permission
from tests.chat import Chat, Sent, read_all
from tests.person import Person
from tests.texts import bypasses, only_from, wrapped


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    """A person whose plan was made today."""
    chat = Chat(tmp_path / "x.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 4}))
    yield chat
    chat.store.close()


def good_day(chat: Chat, pain: int = 3) -> list[Sent]:
    """Checks in with the four taps of a good day."""
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press(str(pain))
    chat.press("All, felt fine")
    return chat.press("Yes, felt fine")


def answer_card(chat: Chat, **answers: str) -> list[Sent]:
    """Answers a check-in by values; what is not named gets the last button, and the gates find nothing."""
    sent = chat.command("/checkin")
    while (row := open_card(chat)) is not None:
        if row.state == check_in_log.GATES:
            sent = chat.go(Person({"nprs": 4}))
            continue
        offered = check_in_log.options(row.log, row.state)
        code = "d" if row.state == check_in_log.HURT else f"a{offered.index(answers.get(row.state, offered[-1]))}"
        sent = chat.tap(f"k:{row.key}:{row.turn}:{code}", chat.newest.message_id)
    return sent


def open_card(chat: Chat) -> SessionRow | None:
    row = chat.store.latest_session(chat.chat.key, check_in_log.FLOW)
    return row if row is not None and row.open else None


def course(chat: Chat) -> Course:
    """What the diary has of the days."""
    follower = chat.bot.desk.follower
    assert isinstance(follower, CheckIn)
    found = follower.course(work(chat))
    assert found is not None
    return found


def kinds(chat: Chat) -> list[str]:
    return [entry["kind"] for entry in chat.diary]


def test_a_full_screen_goes_into_the_diary_with_its_answers(chat: Chat) -> None:
    (screen,) = [entry["data"] for entry in chat.diary if entry["kind"] == "screen"]
    assert screen["date"] == "2026-03-02"
    assert (screen["answers"]["nprs"], screen["answers"]["run_status"], screen["answers"]["W1"]) == (4, "usual", 8)


def test_a_good_day_takes_four_taps_on_one_card(chat: Chat) -> None:
    chat.wait(days=1)
    (card,) = chat.command("/checkin")
    sent = []
    for label in ("Nothing new", "3", "All, felt fine", "Yes, felt fine"):
        sent += chat.press(label)
    assert [(each.method, each.message_id) for each in sent] == [("editMessageText", card.message_id)] * 4
    (entry,) = [entry["data"] for entry in chat.diary if entry["kind"] == "check_in"]
    assert entry["date"] == "2026-03-03"
    assert entry["answers"] == {
        "C1": [],
        "C2": 3,
        "C3": {"done": "all", "pain": "0-2", "effort": "ok"},
        "C4": {"ran": "yes", "worst": "0-2", "morning": "same", "limp": "no"},
    }
    assert chat.words("light.GREEN") in chat.newest.text
    assert chat.words("safety_net") in chat.newest.text


def test_the_check_in_waits_for_the_day_after_the_screen(chat: Chat) -> None:
    (message,) = chat.command("/checkin")
    assert message.text == chat.words("check_in.tomorrow")


def test_a_plan_of_which_every_exercise_was_too_much_says_so(chat: Chat) -> None:
    day = replace(course(chat).days(chat.engine.content)[0], levels={})
    message = chat.bot.desk.outcome.plan(chat.session, day=day)
    assert chat.words("plan.empty") in message.text
    assert [[button.label for button in row] for row in message.rows] == [[chat.words("check_in.button")]]


def test_a_plan_is_called_the_easiest_only_while_all_of_it_is(chat: Chat) -> None:
    day = course(chat).days(chat.engine.content)[0]
    gentle = replace(day, screening=replace(day.screening, permission=Permission.GENTLE))
    above = replace(gentle, levels=dict.fromkeys(day.levels, 2))
    texts = [chat.bot.desk.outcome.plan(chat.session, day=each).text for each in (gentle, above)]
    assert [chat.words("plan.gentle") in text for text in texts] == [True, False]


def test_running_that_changes_by_itself_is_not_called_no_change(chat: Chat) -> None:
    """A lock ends, or the label is worse again, without an action of that date."""
    follower = chat.bot.desk.follower
    assert isinstance(follower, CheckIn)
    easy = course(chat).days(chat.engine.content)[0]
    walk, on = replace(easy, running="WALK"), chat.now.date()
    for day, before, phrase in (
        (easy, easy, "check_in.no_change"),
        (easy, walk, "check_in.runs_more"),
        (walk, easy, "check_in.runs_less"),
    ):
        assert chat.words(phrase) in follower.reports.report(day, before, on, False).text
    anew = follower.reports.report(easy, replace(easy, levels={}), on, False).text
    assert chat.words("check_in.no_change") not in anew


def test_running_that_changes_beside_something_else_is_named_once(chat: Chat) -> None:
    follower = chat.bot.desk.follower
    assert isinstance(follower, CheckIn)
    easy = replace(course(chat).days(chat.engine.content)[0], running="EASY")
    for running, action, named in (("NORMAL", "REFRESH", 1), ("EASY", "REFRESH", 0), ("WALK", "D_WORSE", 0)):
        day = replace(easy, running=running, actions=(action,))
        text = follower.reports.report(day, easy, chat.now.date(), False).text
        assert text.count(chat.words("check_in.runs_with_it")) == named


def test_a_plan_that_rests_hears_of_nothing_that_would_carry_on(chat: Chat) -> None:
    follower = chat.bot.desk.follower
    assert isinstance(follower, CheckIn)
    day = replace(course(chat).days(chat.engine.content)[0], state="PAUSED", actions=("D14_SAME", "D14_AGE50"))
    text = follower.reports.report(day, day, chat.now.date(), False).text
    acts = {act.id: act.text for act in chat.engine.content.check_in.actions}
    assert acts["D14_AGE50"] in text
    assert acts["D14_SAME"] not in text


def test_no_step_is_named_while_the_way_back_waits(chat: Chat) -> None:
    follower = chat.bot.desk.follower
    assert isinstance(follower, CheckIn)
    day = replace(course(chat).days(chat.engine.content)[0], ladder_step=0, actions=("RUN_OFF_48H", "STEP_DOWN"))
    text = follower.reports.report(day, day, chat.now.date(), False).text
    acts = {act.id: act.text for act in chat.engine.content.check_in.actions}
    assert acts["RUN_OFF_48H"] in text
    assert acts["STEP_DOWN"].split("{")[0] not in text


@pytest.mark.parametrize(("between", "step"), [("not_done", 1), ("not_ok", 0)])
def test_a_day_without_the_brisk_walk_is_no_walk_that_failed(
    tmp_path: Path, engine: Engine, between: str, step: int
) -> None:
    """Who walks every other day gets back to running as well (clinical.md 6.6)."""
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 3}, say={"QP1": "stopped_ge4w"}))
    for walk in ("ok", between, "ok"):
        chat.wait(days=1)
        answers = {"L.walk": walk, "L.kerb": "ok"}
        answer_card(chat, C1="none", C2="2", C3="fine", C4="no", **answers)
    assert course(chat).days(engine.content)[-1].ladder_step == step
    chat.store.close()


def test_a_second_check_in_does_not_bring_a_stopped_plan_back(chat: Chat) -> None:
    """Pain that was typed wrongly may be put right, but who was sent to a doctor is not told to carry on."""
    chat.wait(days=1)
    for pain in ("9", "2"):
        chat.checks_in("Nothing new", pain, *(["None", "No"] if pain == "9" else []))
    assert chat.words("check_in.paused") in chat.newest.text
    assert chat.words("check_in.no_change") not in chat.newest.text
    for days in (0, 2):
        chat.wait(days=days)
        (shown,) = chat.command("/plan")
        assert chat.words("plan.mobility") not in shown.text
        assert chat.words("nav.start") in shown.buttons


def test_signs_that_have_gone_bring_no_milder_result_than_the_one_that_stands(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "bone.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 3, "bone": ["BS_SPOT"]}))
    chat.wait(days=7)
    before = len(chat.sent)
    answer_card(chat, C2="2", C3="fine", C4="no", W2="same", W5="no")
    said = read_all(chat.sent[before:])
    day = course(chat).days(engine.content)[-1]
    assert ("D_BSI_FREE" in day.actions, day.disposition) == (True, Disposition.PHYSIO)
    assert next(act.text for act in engine.content.check_in.actions if act.id == "D_BSI_FREE") in said
    assert chat.words("result.heading") not in said
    chat.store.close()


def test_a_date_changes_at_four_in_the_morning(chat: Chat) -> None:
    chat.wait(hours=19, minutes=59)
    assert chat.command("/checkin")[0].text == chat.words("check_in.tomorrow")
    chat.wait(minutes=1)
    assert "Nothing new" in chat.command("/checkin")[0].buttons


def test_typed_numbers_and_labels_are_answers(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.type("nothing new")
    chat.type("7/10")
    chat.type("some")
    chat.type("2")
    chat.type("hard")
    assert "No" in chat.type("11")[0].buttons or chat.newest.buttons
    chat.type("no")
    (entry,) = [entry["data"]["answers"] for entry in chat.diary if entry["kind"] == "check_in"]
    assert entry["C2"] == 7
    assert entry["C3"] == {"done": "some", "pain": "0-2", "effort": "hard"}
    assert entry["C4"] == {"ran": "no"}


def test_an_exercise_that_hurt_is_named_by_ticks(chat: Chat) -> None:
    chat.wait(days=1)
    chat.checks_in("Nothing new", "3", "All", "3\N{EN DASH}4", "OK")
    name = next(iter(chat.newest.buttons))
    chat.press(name)
    assert f"✓ {name}" in chat.newest.buttons
    chat.press("Done")
    chat.press("No")
    (entry,) = [entry["data"]["answers"] for entry in chat.diary if entry["kind"] == "check_in"]
    assert len(entry["C3"]["hurt"]) == 1


def test_back_undoes_one_answer_but_never_the_first(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    assert "Back" not in chat.newest.buttons
    chat.press("3")
    chat.press("Back")
    assert chat.words("check_in.C2") in chat.newest.text


def test_a_restart_loses_no_answer(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("3")
    chat.restart()
    chat.press("None")
    chat.press("No")
    assert kinds(chat)[-1] == "check_in"


def test_an_old_button_changes_nothing(chat: Chat) -> None:
    chat.wait(days=1)
    (card,) = chat.command("/checkin")
    chat.press("Nothing new")
    chat.tap(card.buttons["Yes"], card.message_id)
    assert chat.words("question.stale") in chat.newest.text
    for forged in ("k:", "k:x:0:a0", "k:::", "o:yes:superman", "o:", card.buttons["Yes"].replace(":0:", ":1:") + "99"):
        chat.tap(forged)
    assert "check_in" not in kinds(chat)


def test_a_second_check_in_replaces_the_first_and_says_so(chat: Chat) -> None:
    chat.wait(days=1)
    good_day(chat, 3)
    chat.wait(hours=1)
    (card,) = chat.command("/checkin")
    assert chat.words("check_in.again") in card.text
    for label in ("Nothing new", "5", "None", "No"):
        chat.press(label)
    assert chat.words("check_in.replaced") in chat.newest.text
    assert [each.pain for each in course(chat).reported] == [5]


def work(chat: Chat) -> Work:
    return chat.bot._load(Incoming(None, chat.chat_id, "text"), chat.now)


def test_a_sign_that_is_not_clean_runs_the_gates_and_stops_the_plan(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Not sure")
    assert chat.asks("Q02")
    sent = chat.go(Person({"rf": ["RF_FEVER"], "nprs": 4}))
    assert chat.chat.plan_state == "PAUSED"
    assert "doctor today" in read_all(sent)
    (entry,) = [entry["data"]["answers"] for entry in chat.diary if entry["kind"] == "check_in"]
    assert entry["C1"] == ["RF_FEVER"]
    assert "doctor today" in chat.command("/plan")[0].text


def test_a_false_alarm_goes_on_with_the_card(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    chat.go(Person({"nprs": 4}))
    assert chat.words("check_in.C2") in chat.newest.text
    for label in ("3", "None", "No"):
        chat.press(label)
    (entry,) = [entry["data"]["answers"] for entry in chat.diary if entry["kind"] == "check_in"]
    assert (entry["C1"], entry["C2"]) == ([], 3)


def test_a_second_check_in_never_takes_a_warning_sign_back(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    chat.go(Person({"rf": ["RF_WEIGHT"], "nprs": 4}))
    assert chat.chat.plan_state == "PAUSED"
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("2")
    assert chat.chat.plan_state == "PAUSED"
    assert course(chat).reported[0].flags == frozenset({"RF_WEIGHT"})
    assert course(chat).days(chat.engine.content)[-1].levels == {}


def test_very_strong_pain_is_urgent(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("9")
    chat.press("None")
    sent = chat.press("No")
    assert "speak to a doctor today" in read_all(sent)
    assert (chat.chat.plan_state, chat.chat.critical_at) == ("PAUSED", chat.now)
    assert "doctor today" in chat.command("/plan")[0].text
    assert chat.words("checked.thanks") in chat.press(chat.words("checked.button"))[0].text


def test_a_new_plan_after_an_urgent_result_waits_for_a_professionals_word(chat: Chat) -> None:
    chat.wait(days=1)
    chat.checks_in("Nothing new", "9", "None", "No")
    chat.wait(days=2)
    chat.command("/check")
    sent = chat.go(Person({"nprs": 3}))
    assert sent[-1].text == chat.words("check_in.assessed_ask")
    assert chat.words("check_in.assessed_no") in chat.press("No")[0].text
    assert chat.command("/plan")[0].text == chat.words("check_in.assessed_ask")
    assert chat.words("plan.heading") in chat.press("Yes")[0].text


def test_an_emergency_that_was_typed_stops_the_days_until_a_professionals_word(chat: Chat) -> None:
    chat.wait(days=1)
    chat.type("numb groin")
    chat.answer("unsure")
    assert course(chat).days(chat.engine.content)[-1].disposition is Disposition.EMERGENCY
    chat.wait(days=2)
    chat.command("/check")
    sent = chat.go(Person({"nprs": 3}))
    assert sent[-1].text == chat.words("check_in.assessed_ask")
    assert chat.words("plan.heading") in chat.press("Yes")[0].text


def test_silence_pauses_the_plan_until_the_full_screen(chat: Chat) -> None:
    chat.wait(days=8)
    (message,) = chat.command("/plan")
    assert "g:check" in message.buttons.values()
    assert "g:check" in chat.command("/checkin")[0].buttons.values()
    assert chat.words("tests.none") in chat.command("/tests")[0].text
    assert chat.type("hi")[0].text == message.text
    chat.press("Start the check")
    assert chat.asks("Q01") and chat.words("check.again") not in read_all(chat.sent)


def test_the_week_asks_the_gates_and_the_extras(chat: Chat) -> None:
    for _ in range(6):
        chat.wait(days=1)
        good_day(chat)
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    assert chat.asks("Q02")
    chat.go(Person({"nprs": 4}))
    for label in ("3", "All, felt fine", "No", "9", "Better"):
        chat.press(label)
    assert "8 km" in chat.type("5 miles")[0].text
    chat.type("a lot")
    assert chat.words("check_in.repeat_distance") in chat.newest.text
    chat.type("4,5")
    chat.press("No")
    entry = [entry["data"]["answers"] for entry in chat.diary if entry["kind"] == "check_in"][-1]
    assert (entry["W1"], entry["W2"], entry["W5"]) == (9, "better", "no")
    assert entry["W3"] == {"week": 8.0, "longest": 4.5}


def test_levels_rise_in_the_plan_and_the_person_hears_why(chat: Chat) -> None:
    for _ in range(6):
        chat.wait(days=1)
        good_day(chat)
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.go(Person({"nprs": 4}))
    for label in ("3", "All, felt fine", "No", "9", "Better", "I did not run", "No"):
        chat.press(label)
    assert "goes up one level" in chat.newest.text
    assert "level 2" in chat.command("/plan")[0].text


def test_an_exercise_made_easier_for_a_flare_alone_is_not_said_to_have_hurt(chat: Chat) -> None:
    """The runner has just said that all felt fine: the pain of the day is the reason (clinical.md 6.3)."""
    chat.wait(days=1)
    good_day(chat, 7)
    assert "Do half as much of" in chat.newest.text and "or your pain has gone up" in chat.newest.text


def test_an_emergency_typed_during_the_card_comes_first(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.type("numb groin")
    assert chat.row.state == "NET"
    chat.answer("yes")
    assert chat.chat.plan_state == "PAUSED"


def test_why_shows_the_numbers(chat: Chat) -> None:
    for _ in range(5):
        chat.wait(days=1)
        good_day(chat, 2)
    text = read_all(chat.command("/why"))
    assert "Pain at the start 4, mean of the last 7 days 2.0, so 2.0 less." in text
    assert "Mean of the last 3 days: 2.0. I call that: improved." in text
    assert "Strength sessions" not in text
    for pain in ("3", "3", "9"):
        chat.wait(days=1)
        answer_card(chat, C1="none", C2=pain, C3="fine", C4="no", W1="7", W2="better", W5="no")
    text = read_all(chat.command("/why"))
    assert "Running ability 8 at the start, 7 now." in text
    assert "Strength sessions done, of those planned for whole weeks: 100%." in text
    assert "Running today: no running." in text and "I call that" not in text
    assert chat.words("why.rests") in text and "stands out" not in text


def test_why_names_what_locks_running_for_as_long_as_it_does(chat: Chat) -> None:
    red, two = "check_in.why_lock_red", "check_in.why_lock_two_reds"
    for pain, worst, locks in (
        ("4", "6+", {red}), ("3", "6+", {red, two}), ("2", "", {red, two}), ("2", "", {two}), ("2", "", set()),
    ):  # fmt: skip
        chat.wait(days=1)
        ran = {"C4.worst": worst} if worst else {"C4": "no"}
        answer_card(chat, C1="none", C2=pain, C3="none", **ran)
        text = read_all(chat.command("/why"))
        said = {red: "was too much you walk for 2 days", two: "until your pain has been 2 or less 3 times"}
        assert {name for name, words in said.items() if words in text} == locks


def test_why_names_a_worse_back_and_possible_bone_stress_as_locks(chat: Chat, tmp_path: Path, engine: Engine) -> None:
    for _ in range(2):
        chat.wait(days=1)
        answer_card(chat, C1="none", C2="6", C3="none", C4="no")
    assert "While your back is doing worse than at the start, you walk." in read_all(chat.command("/why"))
    bone = Chat(tmp_path / "bone.db", engine, dialogues=(CheckIn,))
    bone.begin(Person({"nprs": 3, "bone": ["BS_SPOT"]}))
    assert "until the signs that point to a bone have been gone for 14 days." in read_all(bone.command("/why"))


def test_why_says_more_pain_and_too_few_values_in_so_many_words(chat: Chat) -> None:
    chat.wait(days=1)
    good_day(chat, 5)
    text = read_all(chat.command("/why"))
    assert "Pain at the start 4. A mean of the last 7 days takes 4 values, and there are fewer yet." in text
    for _ in range(3):
        chat.wait(days=1)
        good_day(chat, 5)
    assert "mean of the last 7 days 5.0, so 1.0 more." in read_all(chat.command("/why"))


def test_the_advice_to_be_seen_stands_beside_the_plan_on_the_days_after_it(chat: Chat) -> None:
    for reds in range(2):
        chat.wait(days=1)
        answer_card(chat, C1="none", C2="4", C3="none", **{"C4.worst": "6+"})
        advised = chat.words("plan.referred", who="physio") in chat.command("/plan")[0].text
        assert advised == (reds == 1)


def test_a_run_of_yesterday_is_not_praised_on_the_day_that_stops_the_plan(chat: Chat) -> None:
    for green, said in ((True, "light.GREEN"), (False, "light.RED")):
        chat.wait(days=1)
        worst = {"C4": "fine"} if green else {"C4": "yes", "C4.worst": "6+"}
        assert chat.words(said) in read_all(answer_card(chat, C1="none", C2="3", C3="none", **worst))
    chat.wait(days=3)
    stopped = read_all(answer_card(chat, C1="none", C2="9", C3="none", C4="fine"))
    assert chat.words("check_in.paused") in stopped and chat.words("light.GREEN") not in stopped


def test_what_a_check_in_asks_again_counts_no_steps_of_the_triage(chat: Chat) -> None:
    chat.wait(days=1)
    chat.checks_in("Not sure")
    assert chat.asks("Q02") and "Step" not in chat.newest.text
    chat.answer("some")
    assert chat.newest.text.startswith("Question 1 of 6")


def test_becoming_worse_goes_through_the_gates(chat: Chat) -> None:
    sent: list[Sent] = []
    for _ in range(2):
        chat.wait(days=2)
        chat.command("/checkin")
        for label in ("Nothing new", "6", "None"):
            chat.press(label)
        sent = chat.press("No")
    assert "It has become worse than at the start" in sent[0].text
    assert chat.asks("Q02")
    assert chat.command("/plan")[0].text == chat.words("plan.unfinished")
    chat.press("Carry on")
    sent = chat.go(Person({"nprs": 4}))
    assert chat.words("plan.heading") in sent[-1].text


def test_a_clearable_sign_that_is_new_stops_the_plan_without_asking_for_clearance(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    person = Person({"rf": ["RF_CANCER"], "nprs": 4})
    sent = chat.go(person)
    assert "CLEARED" not in person.asked
    assert chat.chat.plan_state == "PAUSED"
    assert "proper check before exercises" in read_all(sent)


def test_back_out_of_the_gates_asks_the_first_question_again(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Not sure")
    chat.press("Back")
    assert chat.words("check_in.C1") in chat.newest.text
    chat.press("Nothing new")
    assert chat.words("check_in.C2") in chat.newest.text


def test_a_check_in_left_open_counts_with_what_was_answered(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("6")
    chat.wait(days=1)
    assert chat.press("None")[0].text == chat.words("check_in.over")
    assert "Nothing new" in chat.command("/checkin")[0].buttons
    assert [(each.day, each.pain, each.session.done) for each in course(chat).reported] == [(1, 6, "")]


def test_a_check_that_was_left_in_the_middle_for_too_long_begins_anew(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    pressed = chat.newest.buttons["Nothing new"]
    chat.command("/check")
    chat.press("Start the check")
    chat.wait(days=8)
    assert chat.words("resume.too_old") in read_all(chat.tap(pressed))
    chat.wait(days=8)
    assert chat.words("resume.too_old") in read_all(chat.command("/checkin"))
    chat.wait(days=8)
    assert chat.type("3")


def test_a_check_done_anew_ends_the_check_in_that_was_open(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("6")
    chat.command("/check")
    chat.press("Start the check")
    chat.go(Person({"nprs": 3}))
    assert open_card(chat) is None
    assert kinds(chat)[-1] == "screen"
    assert course(chat).reported == ()


def test_gates_that_end_on_the_next_date_count_for_the_check_in_that_asked(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Not sure")
    chat.wait(days=1)
    sent = chat.go(Person({"nprs": 4}))
    assert chat.words("plan.heading") in sent[-1].text
    assert check_in_of(chat) == {"C1": []}
    assert open_card(chat) is None


def test_bone_pain_that_is_back_stops_the_plan_though_the_triage_alone_would_not(
    tmp_path: Path, engine: Engine
) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 3, "bone": ["BS_SPOT"]}))
    for number in range(1, 11):
        chat.wait(days=1)
        answer_card(chat, C1="none", C2="2" if number < 8 else "5", C3="none")
    assert "D_WORSE" in course(chat).days(chat.engine.content)[-1].actions
    sent = chat.go(Person({"bone": ["BS_SPOT"]}))
    assert (chat.session.state, chat.chat.plan_state) == ("plan", "PAUSED")
    assert "proper check" in read_all(sent)
    assert chat.words("plan.heading") not in chat.command("/plan")[0].text.split("\n")
    chat.store.close()


def test_the_card_is_shown_again_and_waits_while_the_gates_are_asked(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    first = chat.newest
    assert chat.words("check_in.C2") in chat.command("/checkin")[0].text
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    row = open_card(chat)
    assert row is not None
    chat.tap(f"k:{row.key}:{row.turn}:a0", first.message_id)
    assert chat.words("question.stale") in chat.newest.text
    assert chat.asks("Q02")


def test_exercises_that_hurt_can_be_typed_and_unticked(chat: Chat) -> None:
    chat.wait(days=1)
    chat.checks_in("Nothing new", "3", "All", "5 or more", "OK")
    name = next(iter(chat.newest.buttons))
    chat.press(name)
    chat.press(f"✓ {name}")
    assert name in chat.newest.buttons
    chat.type("nonsense")
    assert chat.words("question.repeat") in chat.newest.text
    chat.type(name)
    chat.press("No")
    session = check_in_of(chat)["C3"]
    assert isinstance(session, dict) and len(session["hurt"]) == 1


def test_done_can_be_typed_where_all_of_them_hurt(chat: Chat) -> None:
    chat.wait(days=1)
    chat.checks_in("Nothing new", "3", "All", "5 or more", "OK")
    chat.type("Done")
    assert chat.words("check_in.C4") in chat.newest.text


def test_a_word_of_a_professional_that_nobody_asked_for_changes_nothing(chat: Chat) -> None:
    chat.tap("g:assessed")
    assert "assessed" not in kinds(chat)


def test_a_run_that_was_too_much_is_cut_in_kilometres(chat: Chat) -> None:
    chat.wait(days=7)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.go(Person({"nprs": 4}))
    for label in ("3", "None", "No", "6", "Better"):
        chat.press(label)
    for said in ("20 km", "10", "no"):
        chat.type(said)
    chat.wait(days=1)
    chat.checks_in("Nothing new", "3", "None", "Yes", "6 or more", "Same or better", "No")
    assert chat.words("check_in.cut", distance="14 km (8.7 mi)") in chat.newest.text


def test_without_a_plan_the_check_in_leads_to_the_check(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    assert chat.command("/checkin")[0].text == chat.words("check_in.first")
    chat.begin(to="Q10")
    assert chat.command("/checkin")[0].text == chat.words("check_in.unfinished")
    chat.store.close()


def test_a_paused_plan_asks_only_what_can_make_it_safer(chat: Chat) -> None:
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    chat.go(Person({"rf": ["RF_WEIGHT"], "nprs": 4}))
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    sent = chat.press("9")
    assert "speak to a doctor today" in read_all(sent)


def planned(chat: Chat) -> list[str]:
    return chat.bot.desk.outcome.planned(chat.session, chat.bot.desk.follower.day(work(chat)))


def quiet_day(chat: Chat, number: int) -> None:
    """Checks in with all exercises and little pain, and with what the week asks."""
    chat.command("/checkin")
    chat.press("Nothing new")
    if number % 7 == 0:
        chat.go(Person({"nprs": 4}))
    for label in ("2", "All, felt fine", "No", *(("6", "Better", "I don't know") if number % 7 == 0 else ())):
        chat.press(label)
    if number == 7:
        chat.press("No")


def test_an_exercise_that_was_offered_joins_the_plan_only_on_a_yes(chat: Chat) -> None:
    offer = ""
    for number in range(1, 50):
        chat.wait(days=1)
        quiet_day(chat, number)
        offer = next((data for data in chat.newest.buttons.values() if data.startswith("o:")), "")
        if offer:
            break
    exercise = offer.split(":")[-1]
    before = planned(chat)
    chat.press("No")
    assert planned(chat) == before
    chat.tap(f"o:yes:{exercise}")
    assert planned(chat) == [*before, exercise]
    rests, turn = chat.words("plan.rests", name="Superman"), chat.words("plan.has_turn", name="Bird dog")
    assert exercise == "superman"
    shown = chat.command("/plan")[0].text
    assert shown.count(rests) == shown.count(turn) == 1
    assert turn in read_all(chat.tap("x:superman")) and rests in read_all(chat.tap("x:bird_dog"))
    chat.wait(days=1)
    good_day(chat, 2)
    assert chat.words("plan.rests", name="Bird dog") in read_all(chat.tap("x:superman"))
    assert "next time" not in read_all(chat.tap("x:bird_dog"))


def check_in_of(chat: Chat) -> dict[str, object]:
    """The answers of the newest check-in."""
    return next(dict(e["data"]["answers"]) for e in reversed(chat.diary) if e["kind"] == "check_in")


def test_after_a_bone_stress_injury_the_bone_questions_come_every_time(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 3, "bone": ["BS_PREV"]}))
    for _ in range(2):
        chat.wait(days=1)
        chat.command("/checkin")
        chat.press("Nothing new")
        assert chat.asks("Q15")
        assert chat.words("check_in.gates_bone") in read_all(chat.sent[-2:])
        person = Person({})
        chat.go(person)
        assert person.asked == ["Q15"]
        for label in ("3", "None", "No"):
            chat.press(label)
        assert check_in_of(chat)["C1"] == ["BS_PREV"]
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    sent = chat.go(Person({"bone": ["BS_LIMP"]}))
    assert chat.chat.plan_state == "PAUSED"
    assert "proper check" in read_all(sent)
    assert check_in_of(chat)["C1"] == ["BS_LIMP", "BS_PREV"]
    chat.store.close()


def test_what_stood_at_not_sure_twice_is_asked_again_at_the_next_check_in(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 3}, say={"Q05": "some", "RF_WEIGHT": "unsure", "RF_WEIGHT.again": "unsure"}))
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Nothing new")
    assert chat.asks("RF_WEIGHT")
    assert chat.words("check_in.gates_open") in read_all(chat.sent[-2:])
    chat.go(Person({}))
    for label in ("3", "None", "No"):
        chat.press(label)
    assert check_in_of(chat)["C1"] == []
    chat.wait(days=1)
    chat.command("/checkin")
    assert chat.words("check_in.C2") in chat.press("Nothing new")[0].text
    chat.store.close()


def test_pain_that_has_lasted_twelve_weeks_is_asked_about_its_beginning(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 5, "dur": "2_6w"}))
    for _ in range(12):
        chat.wait(days=7)
        answer_card(chat, C1="none", C2="4", W2="same")
    assert course(chat).number(chat.now.date()) == 84
    assert chat.asks("Q11b")
    chat.go(Person({"onset": "lt35", "ax": ["AX_NIGHT2", "AX_MOVE", "AX_FAM"]}))
    assert "AXSPA" in course(chat).days(chat.engine.content)[-1].screening.flags
    assert "GP" in read_all(chat.sent[-2:])
    chat.store.close()


def test_a_retest_is_noted_for_its_date(chat: Chat) -> None:
    chat.wait(days=2)
    chat.command("/tests")
    chat.tap("t:T2")
    chat.go(Person({"T2": "pain"}))
    (entry,) = [entry["data"] for entry in chat.diary if entry["kind"] == "retest"]
    assert entry["tests"]["T2"] == "pain"
    assert entry["date"] == "2026-03-04"


@pytest.mark.parametrize(
    ("days", "test", "person", "said"),
    [
        (0, "T2", {"T2": "tight", "T2_side": "both"}, "plan.refreshed"),
        (0, "T2", {}, "plan.heading"),
        (2, "T2", {"T2": "tight", "T2_side": "both"}, "plan.test_noted"),
        (2, "T2", {}, "plan.heading"),
        (2, "T8", {"SP": ["pain", "pain"]}, "plan.test_hurt"),
    ],
)
def test_a_self_test_says_when_it_changes_the_plan(
    chat: Chat, days: int, test: str, person: dict[str, object], said: str
) -> None:
    chat.wait(days=days)
    before = planned(chat)
    chat.command("/tests")
    chat.tap(f"t:{test}")
    sent = chat.go(Person(person))
    assert sent[-1].text.startswith(chat.words(said))
    assert (planned(chat) != before) is (said in ("plan.refreshed", "plan.test_hurt"))


def test_every_sentence_of_a_check_in_goes_through_the_translator(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, only_from(engine.content, wrapped), dialogues=(CheckIn,))
    chat.begin(Person({"nprs": 4}))
    chat.sent.clear()
    chat.wait(days=1)
    chat.command("/checkin")
    for label in (
        "Nothing new",
        "3",
        "All",
        "3\N{EN DASH}4",
        "Hard",
        "Done",
        "Yes",
        "6 or more",
        "Same or better",
        "Yes",
    ):
        chat.press(wrapped(label) if label != "3" else label)
    chat.command("/plan")
    allowed = frozenset({"Mar"})
    assert not [word for each in chat.sent for word in bypasses(each.html, allowed)]
    labels = [label for each in chat.sent for label in each.buttons if not label.isdigit()]
    assert all(label.startswith("⟦") for label in labels)
    chat.store.close()


def test_a_conversation_in_another_language_has_the_dates_and_numbers_of_that(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(CheckIn,), language="de")
    chat.begin(Person({"nprs": 4}))
    chat.wait(days=5)
    for _ in range(4):
        answer_card(chat, C1="none", C2="3", C3="none", W2="same")
        chat.wait(days=1)
    assert "März" in chat.command("/checkin")[0].text
    assert "3,0" in read_all(chat.command("/why"))
    assert "März" in chat.command("/progress")[0].text
    chat.store.close()


def test_every_question_of_the_card_has_its_words(content: Content) -> None:
    for step, values in check_in_log.OPTIONS.items():
        assert f"check_in.{step}" in content.phrases.phrases
        assert f"check_in.{step}.short" in content.phrases.phrases
        if values != check_in_log.NUMBERS:
            for value in values:
                assert len(content.phrases.phrases[f"check_in.{step}.{value}"]) <= 24, (step, value)
