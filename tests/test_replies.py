# ruff: noqa: RUF001 - the signs and dashes are those of the texts shown, and of what people type.
"""Laws of answering: what a press and a typed word mean, and that nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies import matched, number, plain, ticked
from flows.engine import Engine
from flows.schema import Option, Question
from tests.chat import Chat, Sent
from tests.person import Person


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine)
    yield chat
    chat.store.close()


def last(chat: Chat) -> object:
    return chat.row.log[-1]


def repeated(chat: Chat, said: list[Sent], phrase: str = "question.repeat") -> bool:
    """Whether the question was asked once more, in a new message and kindly."""
    return len(said) == 1 and said[0].method == "sendMessage" and chat.words(phrase) in said[0].text


# ---- what a text means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [("  YES. ", "yes"), ("18–34", "18-34"), ("18—34", "18-34"), ("Ｙｅｓ", "yes"), ("a\n b", "a b"), ("no!", "no")],
)
def test_case_spaces_dashes_and_a_full_stop_make_no_difference(text: str, same: str) -> None:
    assert plain(text) == same


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("7/10", 7), (" 7 / 10 ", 7), ("07", 7), ("120", 120), ("７", 7), ("10.", 10)],
)
def test_a_whole_number_is_read_also_out_of_ten(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "-1", "3.5", "3,5", "7/5", "seven", "1000", "3-4", "7 of 10", "½", "1e1"])
def test_what_is_no_plain_whole_number_is_none(text: str) -> None:
    assert number(text) is None


def question(*labels: str) -> Question:
    options = tuple(Option(value=label, label=label) for label in labels)
    return Question(id="X", text="x", why="x", short="x", options=options)


def test_an_unambiguous_beginning_means_its_option() -> None:
    found = matched(question("Better", "Best", "Worse"), "w", str)
    assert found is not None and found.value == "Worse"


def test_an_ambiguous_beginning_means_nothing() -> None:
    assert matched(question("Better", "Best", "Worse"), "be", str) is None


def test_a_whole_label_wins_over_a_longer_one_that_begins_with_it() -> None:
    found = matched(question("No", "No, I know it"), "no", str)
    assert found is not None and found.value == "No"


@pytest.mark.parametrize("text", ["", "  ", ".", "!", "…"])
def test_an_empty_text_means_nothing(text: str) -> None:
    assert matched(question("Better", "Worse"), text, str) is None


def test_a_middle_or_a_longer_text_means_nothing() -> None:
    for text in ("etter", "better than ever", "not better", "better or worse"):
        assert matched(question("Better", "Worse"), text, str) is None


def test_words_are_compared_in_the_language_of_the_person() -> None:
    found = matched(question("Better", "Worse"), "besser", {"Better": "Besser", "Worse": "Schlechter"}.__getitem__)
    assert found is not None and found.value == "Better"


@settings(max_examples=30)
@given(st.text(max_size=12))
def test_no_text_means_two_options_or_breaks_anything(engine: Engine, text: str) -> None:
    for node in engine.nodes.values():
        option = matched(node.question, text, str)
        assert option is None or option in node.question.options
        if node.question.kind == "multi":
            ticked(node, text, "Done", str)


def test_every_way_of_saying_an_option_means_that_option(engine: Engine) -> None:
    for node in engine.nodes.values():
        for option in node.question.options:
            for said in (option.label, option.full, *option.also):
                found = matched(node.question, said, str)
                assert not said or (found is not None and found.value == option.value), (node.id, said)


def test_every_number_within_an_option_means_it(engine: Engine) -> None:
    for node in engine.nodes.values():
        for option in node.question.options:
            for figure in option.numbers or ():
                for said in (str(figure), *(f"{figure} {unit}" for unit in node.question.units)):
                    found = matched(node.question, said, str)
                    assert found is not None and found.value == option.value, (node.id, said)


# ---- typing at a question ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "text", "answer"),
    [
        ("Q00", "I agree", "yes"),
        ("Q00", "yes", "yes"),
        ("Q01", "34", "18_34"),
        ("Q01", "65", "65p"),
        ("Q01", "45 years", "45_49"),
        ("Q01", "18-34", "18_34"),
        ("Q02", "none", "none"),
        ("Q02", "no", "none"),
        ("Q02", "One or more", "some"),
        ("Q02", "maybe", "unsure"),
        ("Q06", "None", "none"),
        ("Q07", "across", "across"),
        ("Q07", "ONE SIDE", "one_side"),
        ("Q08", "no", "none"),
        ("Q08", "thigh", "above_knee"),
        ("Q09", "2–6 weeks", "2_6w"),
        ("Q10", "7", 7),
        ("Q10", "7/10", 7),
        ("Q10", "0", 0),
        ("Q11", "late in a run, constant, done", ("late_run", "constant")),
        ("Q11", "none", ()),
        ("Q12", "bending, twisting, DONE", ("flex", "twist")),
        ("Q12", "done", ()),
        ("Q16", "5", "4_8"),
        ("Q16", "10 hours", "gt8"),
        ("Q18", "y", "yes"),
        ("Q18", "not sure", "no"),
        ("Q19", "yes", "now"),
        ("W1", "10", 10),
    ],
)
def test_typed_words_answer(chat: Chat, place: str, text: str, answer: object) -> None:
    chat.begin(to=place)
    chat.type(text)
    assert last(chat) == (place, answer)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("Q01", "eighteen"),
        ("Q01", "121"),
        ("Q02", "not"),
        ("Q02", "my knee"),
        ("Q06", "birth"),
        ("Q06", "1"),
        ("Q09", "2 weeks"),
        ("Q11", "late in a run, whatever"),
        ("Q11", "late in a run and constant"),
        ("Q16", "25"),
        ("Q18", "7"),
    ],
)
def test_what_is_unclear_is_asked_again_kindly_and_never_guessed(chat: Chat, place: str, text: str) -> None:
    chat.begin(to=place)
    before = chat.row
    said = chat.type(text)
    assert repeated(chat, said) and chat.asks(place)
    assert chat.row.log == before.log and chat.row.ticks == before.ticks


@pytest.mark.parametrize("text", ["11", "-1", "3.5", "strong", "7 or 8", "7/8", "none"])
def test_what_is_no_number_from_0_to_10_is_asked_again(chat: Chat, text: str) -> None:
    chat.begin(to="Q10")
    log = chat.row.log
    assert repeated(chat, chat.type(text), "question.repeat_scale") and chat.row.log == log


def test_the_words_of_back_stop_and_why_do_what_the_buttons_do(chat: Chat, engine: Engine) -> None:
    chat.begin(to="Q08")
    chat.type("back")
    assert chat.row.state == "Q07"
    chat.type("Why do you ask?")
    assert engine.nodes["Q07"].question.why in chat.newest.text
    chat.type("STOP")
    assert not chat.row.open and chat.row.state == "Q07"


def test_an_age_under_18_typed_is_the_age_gate(chat: Chat) -> None:
    chat.begin(to="Q01")
    chat.type("17")
    assert chat.known is None


# ---- ticking -----------------------------------------------------------------------------------------------------


def test_a_tick_changes_the_message_and_answers_nothing(chat: Chat) -> None:
    chat.begin(to="Q12")
    asked, log = chat.newest, chat.row.log
    (edit,) = chat.press("Bending forward")
    assert (edit.method, edit.message_id) == ("editMessageText", asked.message_id)
    assert "✓ Bending forward" in edit.buttons and chat.row.log == log
    (edit,) = chat.press("✓ Bending forward")
    assert "Bending forward" in edit.buttons and chat.row.ticks == ()


def test_the_same_press_twice_changes_nothing_the_second_time(chat: Chat) -> None:
    chat.begin(to="Q12")
    data = chat.newest.buttons["Twisting"]
    chat.tap(data)
    chat.tap(data)
    assert chat.row.ticks == ("twist",)


def test_done_with_nothing_ticked_is_none(chat: Chat) -> None:
    chat.begin(to="Q12")
    edit, _ = chat.press("Done")
    assert last(chat) == ("Q12", ()) and edit.text == "Makes it worse: None / all the same"


def test_done_takes_the_ticks_in_the_order_of_the_question(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.press("Twisting")
    chat.press("Bending forward")
    edit, _ = chat.press("Done")
    assert last(chat) == ("Q12", ("flex", "twist")) and edit.text == "Makes it worse: Bending forward, Twisting"


def test_none_pressed_first_answers_at_once(chat: Chat) -> None:
    chat.begin(to="Q13")
    chat.press("None of these")
    assert last(chat) == ("Q13", ()) and chat.row.state == "Q15"


def test_none_clears_the_ticks_and_a_tick_clears_none(chat: Chat) -> None:
    chat.begin(to="Q13")
    chat.press("Race / all-out")
    chat.press("Shoes / surface")
    chat.press("None of these")
    assert chat.row.state == "Q13" and chat.row.ticks == ("none",)
    chat.press("Race / all-out")
    assert chat.row.ticks == ("race",)
    chat.press("None of these")
    chat.press("Done")
    assert last(chat) == ("Q13", ())


def test_four_may_be_ticked_and_constant_is_not_counted(chat: Chat) -> None:
    chat.begin(to="Q11")
    four = ["Sitting / resting", "Start of run, eases", "Late in a run", "After run / next day"]
    for label in four:
        chat.press(label)
    (edit,) = chat.press("Wakes me at night")
    assert chat.words("question.too_many", most=4) in edit.text and "Wakes me at night" in edit.buttons
    (edit,) = chat.press("Constant")
    assert chat.words("question.too_many", most=4) not in edit.text
    chat.press("Done")
    assert last(chat) == ("Q11", ("rest_sit", "warmup_ease", "late_run", "after_run", "constant"))
    assert chat.row.state == "RF_CONST.confirm"


def test_too_many_that_are_typed_change_no_tick(chat: Chat) -> None:
    chat.begin(to="Q11")
    chat.press("Wakes me at night")
    (said,) = chat.type("sitting, start of run, late in a run, after a run")
    assert chat.words("question.too_many", most=4) in said.text and chat.row.ticks == ("night",)


def test_typed_ticks_wait_for_done(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.type("bending")
    assert chat.row.state == "Q12" and chat.row.ticks == ("flex",)
    chat.type("twisting, done")
    assert last(chat) == ("Q12", ("flex", "twist"))


def test_a_typed_none_after_ticks_waits_for_done(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.type("bending")
    chat.type("none")
    assert chat.row.state == "Q12" and chat.row.ticks == ("none",)
    chat.type("done")
    assert last(chat) == ("Q12", ())


def test_none_and_another_typed_together_keep_the_last(chat: Chat) -> None:
    chat.begin(to="Q12")
    chat.type("none, bending")
    assert chat.row.ticks == ("flex",)


def test_constant_that_is_denied_is_taken_out_again(chat: Chat) -> None:
    chat.begin(Person({}), to="Q11")
    chat.type("constant, done")
    chat.press("No")
    assert chat.row.state == "Q12" and chat.session.facts["timing"] == frozenset()


# ---- typing the label of another button --------------------------------------------------------------------------


def test_the_label_of_a_menu_button_may_be_typed_too(chat: Chat) -> None:
    chat.begin(to="Q05")
    chat.press("Stop")
    chat.type("carry on")
    assert chat.asks("Q05")
    assert chat.waits


def test_already_checked_today_may_be_typed_too(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_FEVER"]}))
    (said,) = chat.type("already checked today")
    assert chat.words("checked.thanks") in said.text


@pytest.mark.parametrize("text", ["15 seconds", "15 s", "15 sec"])
def test_a_time_may_be_typed_with_its_unit(chat: Chat, text: str) -> None:
    chat.begin(Person({}, {"Q19": "now"}), to="T5.left")
    chat.type(text)
    assert last(chat) == ("T5.left", "10_19")
