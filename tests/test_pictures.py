"""Laws of the drawings' names: what is shown at each level, and for each self-test."""

from __future__ import annotations

import pytest

from flows.library import load
from flows.pictures import FollowAlong, Pictures, Timer
from flows.schema import Content


@pytest.fixture(scope="module")
def content() -> Content:
    return load()


DRAWN = Pictures(pictures={"plank": "a", "plank_l3": "b", "test_t4": "c", "test_t4b": "d", "test_t6": "e"})


@pytest.mark.parametrize(("level", "shown"), [(1, "plank"), (2, "plank"), (3, "plank_l3")])
def test_a_level_is_shown_by_its_own_drawing_or_by_that_of_the_nearest_level_below(level: int, shown: str) -> None:
    assert DRAWN.of_exercise("plank", level) == shown


def test_an_exercise_without_a_drawing_has_none() -> None:
    assert DRAWN.of_exercise("bridge", 3) == ""


@pytest.mark.parametrize(
    ("test", "shown"), [("T4", "test_t4"), ("T4b", "test_t4b"), ("T6", "test_t6"), ("T6full", "test_t6"), ("T9", "")]
)
def test_a_self_test_is_shown_by_its_own_drawing_or_by_that_of_its_shorter_form(test: str, shown: str) -> None:
    assert DRAWN.of_test(test) == shown


def test_no_drawing_is_named_that_no_level_test_or_series_shows(content: Content) -> None:
    drawn = content.pictures
    levels = {drawn.of_exercise(row.id, level) for row in content.library.exercises for level in (1, 2, 3)}
    tests = {drawn.of_test(test.id) for test in content.self_tests.tests}
    series = {name for names in drawn.series.values() for name in names}
    clips = {name for each in drawn.clips.values() for name in (each.clip, each.on_knees) if name}
    timers = {timer.clip for timer in drawn.timers}
    assert levels | tests | series | clips | timers == set(drawn.pictures)


TIMED = Pictures(
    pictures={},
    clips={"T8.left": FollowAlong(clip="side", on_knees="ring"), "T6": FollowAlong(clip="plank")},
    timers=(Timer(seconds=20, clip="ring"),),
)


@pytest.mark.parametrize(
    ("question", "knees", "shown"),
    [
        ("T8.left", False, "side"),
        ("T8.left", True, "ring"),
        ("T6", False, "plank"),
        ("T6", True, ""),
        ("T1", False, ""),
    ],
)
def test_a_question_is_timed_by_its_video_and_on_the_knees_by_another_or_none(
    question: str, knees: bool, shown: str
) -> None:
    assert TIMED.of_question(question, knees=knees) == shown


def test_a_hold_is_timed_by_the_ring_of_exactly_its_length() -> None:
    assert [TIMED.timer(seconds) for seconds in (19, 20, 21)] == ["", "ring", ""]


@pytest.mark.parametrize(
    ("test", "knees", "shown"),
    [
        ("T6", False, ["plank_1", "plank_2", "plank_3", "plank_4", "plank_5", "plank_6"]),
        ("T6full", False, ["plank_1", "plank_2", "plank_3", "plank_4", "plank_5", "plank_6"]),
        ("T6", True, ["front_plank"]),
        ("T8", False, ["test_t8", "test_t8_knees"]),
        ("T8", True, ["test_t8_knees"]),
        ("T5", True, ["test_t5"]),
        ("T9", False, []),
    ],
)
def test_a_self_test_is_shown_in_its_stages_and_on_the_knees_without_feet(
    content: Content, test: str, knees: bool, shown: list[str]
) -> None:
    assert list(content.pictures.forms(test, knees=knees)) == shown
