"""The picture of /progress and its text; `python -m tests.test_charts` draws the golden pictures anew."""

# ruff: noqa: RUF001  the texts have the dashes and signs that people write

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot import charts, pen, trend
from bot.charts import progress_picture
from bot.trend import Day, Decision, ProgressSeries, headlines, progress_text
from flows.library import load

GOLDENS = Path(__file__).parent / "goldens"
SMALLER = 3
"""Golden pictures are kept at a third of the size."""
TILE = 12
TOLERANCE = 10.0
"""Mean difference (of 255) that one tile of a golden picture may have: rounding passes, a moved mark does not."""

TODAY = date(2026, 3, 25)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
PHRASES = load().phrases.phrases


def words(phrase: str, /, **values: object) -> str:
    return PHRASES[phrase].format(**values)


def dates(on: date) -> str:
    return f"{on.day} {MONTHS[on.month - 1]}"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def course(length: int) -> Iterator[Day]:
    """A made-up course that gets better, with gaps, every kind of exercise day and every light of a run."""
    for at in range(length):
        if at % 9 == 5 or at % 17 == 13:
            continue
        pain = max(0, min(10, round(8 - 7 * at / max(length - 1, 1)) + (at * 7 % 3) - 1))
        light = (None, "GREEN", None, "AMBER", "GREEN", None, "RED")[at * 5 % 7]
        yield Day(ago(length - 1 - at), pain, ("all", "some", "all", "none", None)[at % 5], light)  # type: ignore[arg-type]


def series(length: int, *changes: tuple[int, str]) -> ProgressSeries:
    return ProgressSeries(tuple(course(length)), tuple(Decision(ago(days), label) for days, label in changes), TODAY)


CASES = {
    "nothing": ProgressSeries((), (), TODAY),
    "gaps_only": ProgressSeries((Day(ago(13)),), (), TODAY),
    "three_days": series(3),
    "two_weeks": series(14, (6, "Plan made shorter"), (0, "Plan refreshed")),
    "three_months": series(
        90,
        (89, "Plan started"),
        (75, "Plan refreshed"),
        (61, "Please see a physiotherapist"),
        (59, "Back to running, step 1"),
        (56, "Step 2"),
        (47, "Plan refreshed"),
        (5, "Maintenance: two strength sessions a week"),
    ),
    "both_ends": ProgressSeries(
        tuple(
            Day(ago(at), 10 * (at % 2), "all" if at % 3 else "none", "BONE" if at == 1 else None) for at in range(14)
        ),
        (Decision(ago(1), "Running stops until somebody has looked at this"),),
        TODAY,
    ),
}
WEEKS = CASES["two_weeks"]


def picture(case: ProgressSeries) -> Image.Image:
    return Image.open(BytesIO(progress_picture(case, words, dates)))


def worst_tile(one: Image.Image, other: Image.Image) -> float:
    """The largest mean difference that a tile of two pictures has."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).convert("L")
    return float(difference.reduce(TILE).getextrema()[1])  # type: ignore[arg-type]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


# ---- the picture -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_picture_looks_as_it_did(name: str) -> None:
    drawn = picture(CASES[name]).reduce(SMALLER)
    assert worst_tile(drawn, Image.open(GOLDENS / f"progress_{name}.png")) < TOLERANCE


@pytest.mark.parametrize("change", [{"pain": 0}, {"exercises": "none"}, {"light": "RED"}], ids=str)
def test_the_tolerance_notices_one_changed_mark(change: dict[str, Any]) -> None:
    (day,) = [each for each in WEEKS.days if each.on == ago(13)]
    assert day == Day(ago(13), 7, "all", None)
    changed = replace(WEEKS, days=tuple(replace(each, **change) if each is day else each for each in WEEKS.days))
    assert worst_tile(picture(changed).reduce(SMALLER), picture(WEEKS).reduce(SMALLER)) > 2 * TOLERANCE


def test_the_picture_fits_a_telephone_and_brings_its_own_page() -> None:
    drawn = picture(WEEKS)
    assert drawn.format == "PNG"
    assert drawn.size == (1080, 1350)
    assert drawn.mode == "RGB"  # no transparency: the page is the same in light and dark mode
    assert {drawn.getpixel(corner) for corner in [(0, 0), (1079, 0), (0, 1349), (1079, 1349)]} == {(251, 250, 246)}


def test_no_text_is_small_and_every_colour_stands_out() -> None:
    assert min(pen.SMALL, pen.TEXT, pen.LARGE, pen.TITLE) >= 28
    for colour in (pen.INK, pen.QUIET, charts.PAIN, charts.EXERCISE, charts.DECISION, *charts.COLOURS.values()):
        assert contrast(colour, pen.PAGE) >= 4.5
    assert min(contrast(pen.INK, pen.BAND), contrast(pen.QUIET, pen.BAND)) >= 4.5


@pytest.mark.parametrize("length", [1, 14, 90])
@pytest.mark.parametrize(
    ("name", "values"),
    [("light", ("GREEN", "AMBER", "RED", "BONE", None)), ("exercises", ("all", "some", "none", None))],
)
def test_in_black_and_white_every_mark_still_differs(length: int, name: str, values: tuple[str | None, ...]) -> None:
    def grey(value: str | None) -> Image.Image:
        last = replace(Day(TODAY, 5, "all", "BONE"), **{name: value})  # type: ignore[arg-type]
        # A bone check elsewhere keeps the number of lanes the same.
        days = (Day(ago(length), None, None, "BONE"), last)
        return picture(ProgressSeries(days, (), TODAY)).convert("L").point(lambda level: 255 if level > 160 else 0)

    drawn = [grey(value) for value in values]
    column = (700, 0, 1080, 1350) if length > 1 else (300, 0, 480, 1350)
    cut = [image.crop(column).tobytes() for image in drawn]
    assert len(set(cut)) == len(values)


def test_the_same_data_give_the_same_bytes_on_every_thread() -> None:
    async def at_once() -> list[bytes]:
        return await asyncio.gather(*(asyncio.to_thread(progress_picture, WEEKS, words, dates) for _ in range(4)))

    assert set(asyncio.run(at_once())) == {progress_picture(WEEKS, words, dates)}


def test_the_font_has_every_letter_of_the_phrases_and_of_european_languages() -> None:
    font = pen._font(pen.SMALL, False)
    missing = bytes(font.getmask("\U000f1234"))
    shipped = {sign for name, text in PHRASES.items() if name.startswith("chart.") for sign in text}
    others = set("ÄÖÜäöüßéèêçñåøæœłőşğžčřşțĳÞð¿¡αβγδωάΩабвгдежяґїєђќ–—…•’“”„«»·×≥≤")
    assert not [sign for sign in (shipped | others) - {" "} if bytes(font.getmask(sign)) == missing]


def test_long_texts_are_shortened_and_never_run_out_of_the_picture() -> None:
    def long(phrase: str, /, **values: object) -> str:
        return " ".join([words(phrase, **values), "Donaudampfschifffahrtsgesellschaft" * 3, "und so weiter " * 20])

    changes = tuple(Decision(ago(at), "Übungen steigen auf " * 20) for at in range(9))
    drawn = Image.open(BytesIO(progress_picture(replace(WEEKS, decisions=changes), long, dates)))
    rim = [
        drawn.crop(box) for box in [(0, 0, 20, 1350), (1060, 0, 1080, 1350), (0, 0, 1080, 16), (0, 1330, 1080, 1350)]
    ]
    assert all(edge.getcolors() == [(edge.width * edge.height, (251, 250, 246))] for edge in rim)


def test_numbers_that_would_touch_move_apart_and_stay_inside() -> None:
    assert pen.apart([5, 100, 102, 104], 42, (0, 120)) == [-6, 36, 78, 120]
    assert pen.apart([10, 100], 42, (0, 120)) == [10, 100]
    assert pen.apart([], 42, (0, 120)) == []


# ---- the text ----------------------------------------------------------------------------------------------------


def test_exercise_days_are_counted_of_the_last_ten_and_never_as_a_streak() -> None:
    done = tuple(Day(ago(at), 3, "none" if at in (1, 4, 6) else "some") for at in range(20))
    assert headlines(ProgressSeries(done, (), TODAY), words, dates)[0] == "Exercises on 7 of the last 10 days"


def test_a_today_without_a_check_in_is_no_missed_day() -> None:
    done = tuple(Day(ago(at), 3, "all") for at in range(1, 11))
    assert headlines(ProgressSeries(done, (), TODAY), words, dates)[0] == "Exercises on 10 of the last 10 days"


def test_fewer_days_are_called_what_they_are() -> None:
    done = (Day(ago(2), 3, "all"), Day(TODAY, 2, "some"))
    assert headlines(ProgressSeries(done, (), TODAY), words, dates) == [
        "Exercises on 2 of the last 3 days",
        "Latest pain: 2 of 10 (25 Mar)",
    ]


def test_no_exercise_day_is_said_without_reproach() -> None:
    (line, _) = headlines(ProgressSeries((Day(ago(3)), Day(ago(1), 0, "none")), (), TODAY), words, dates)
    assert line == "No exercise days noted in the last 3 days"


def test_one_day_alone_is_not_counted() -> None:
    first = ProgressSeries((Day(TODAY, 4, "all"),), (), TODAY)
    assert headlines(first, words, dates) == ["Latest pain: 4 of 10 (25 Mar)"]


@pytest.mark.parametrize("name", ["nothing", "gaps_only"])
def test_without_entries_it_says_so(name: str) -> None:
    assert "Nothing is noted yet" in progress_text(CASES[name], words, dates)


def test_the_text_holds_what_the_picture_shows() -> None:
    assert progress_text(WEEKS, words, dates).splitlines() == [
        "Your progress: 12 Mar – 25 Mar",
        "Exercises on 5 of the last 10 days",
        "Latest pain: 1 of 10 (24 Mar)",
        "",
        "What changed",
        "19 Mar: Plan made shorter",
        "25 Mar: Plan refreshed",
        "",
        "Week by week, one pain number a day:",
        "12 Mar – 18 Mar: pain 7 7 8 5 6 – 4; exercise days 2 (all), 2 (some); runs Green 1, Amber 1, Red 1",
        "19 Mar – 25 Mar: pain 4 5 2 3 3 1 –; exercise days 3 (all), 1 (some); runs Green 2, Amber 1, Red 1",
    ]


def test_a_caption_leaves_out_the_oldest_weeks_first_and_says_so() -> None:
    whole, caption = (progress_text(CASES["three_months"], words, dates, limit) for limit in (4096, 1024))
    assert len(whole) > 1024 >= len(caption)
    assert whole.split("\n\n")[:2] == caption.split("\n\n")[:2]
    assert whole.splitlines()[-1] in caption
    assert caption.endswith("Earlier entries are left out here.")
    assert "left out" not in whole


def test_only_the_newest_three_months_are_shown() -> None:
    long = series(200, (199, "Long ago"), (3, "Lately"))
    assert long.first == ago(trend.MOST_DAYS - 1)
    assert [each.label for each in long.changes()] == ["Lately"]
    assert picture(long).size == (1080, 1350)


def test_changes_of_one_day_share_a_number_and_are_named_once() -> None:
    one_day = tuple(Decision(TODAY, label) for label in ("Step 2", "Plan refreshed", "Step 2"))
    assert ProgressSeries((), one_day, TODAY).changes() == [Decision(TODAY, "Step 2; Plan refreshed")]


def test_what_is_dated_after_today_is_not_shown() -> None:
    later = ProgressSeries((Day(TODAY, 3), Day(ago(-2), 9)), (Decision(ago(-1), "Later"),), TODAY)
    text = progress_text(later, words, dates)
    assert "pain 3" in text
    assert "9" not in text
    assert "Later" not in text


days = st.builds(
    Day,
    on=st.integers(-2, 120).map(ago),
    pain=st.none() | st.integers(0, 10),
    exercises=st.sampled_from(["all", "some", "none", None]),
    light=st.sampled_from(["GREEN", "AMBER", "RED", "BONE", None]),
)
decisions = st.builds(Decision, on=st.integers(-2, 120).map(ago), label=st.text(max_size=80))


@settings(max_examples=15)
@given(st.lists(days, max_size=60), st.lists(decisions, max_size=12))
def test_any_course_can_be_drawn_and_told(noted: list[Day], changes: list[Decision]) -> None:
    any_series = ProgressSeries(tuple(noted), tuple(changes), TODAY)
    assert picture(any_series).size == (1080, 1350)
    assert len(progress_text(any_series, words, dates, 1024)) <= 1024


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    for case_name, case in CASES.items():
        smaller = picture(case).reduce(SMALLER)
        # A palette makes them small, and changes no tile by more than 2 of 255.
        palette = smaller.quantize(255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        palette.save(GOLDENS / f"progress_{case_name}.png", optimize=True)
