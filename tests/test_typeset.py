"""Laws of the printed pages; `python -m tests.test_typeset` draws the golden pages anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PageObject, PdfReader

from bot.handover import handover
from bot.made import made
from bot.outcome import Outcome
from bot.plan_page import PlanPage
from bot.render import Words
from bot.typeset import preview, typeset, with_pictures
from flows.engine import Engine
from flows.library import load
from tests.patients import CASES, PEOPLE, SCREENED, Noted, source
from tests.test_charts import GOLDENS, TOLERANCE, worst_tile
from tests.test_letter import largest, letter, told

A4 = (595.28, 841.89)
"""Width and height in points."""
DOTS = 60
"""Dots an inch of the golden pages."""
HOSTILE = '#panic("x") $a$ *b* _c_ `d` <e> @f [g] {h} \\u{41} /*i*/ //j = k - l + m #image("/etc/passwd")'


def stretched(text: str) -> str:
    """Translates into a language whose texts are longer by 40 %, in letters that the pages have."""
    return text + " so" * (len(text) * 2 // 15)


def pdf(page: bytes) -> PdfReader:
    return PdfReader(BytesIO(page))


def squeezed(text: str) -> str:
    """A text without the spaces and line ends, which a page sets as it needs."""
    return "".join(text.split())


def read(page: bytes) -> str:
    return squeezed("".join(each.extract_text() for each in pdf(page).pages))


def strings(data: Any) -> list[str]:
    """All words in the data of a page."""
    if isinstance(data, str):
        return [data]
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
    return [text for part in parts for text in strings(part)]


def sheet(engine: Engine, case: str, translate: Any = str) -> dict[str, Any]:
    """The data of a handover, as the outbox holds it."""
    return dict(json.loads(json.dumps(letter(engine, translate).page(told(engine, case)))))


def plan(engine: Engine, case: str, translate: Any = str) -> dict[str, Any]:
    """The data of a plan, as the outbox holds it."""
    words, whole = Words(engine.content, translate), source(engine, *CASES[case])
    page = PlanPage(Outcome(engine, words), words).page(whole.session, whole.day, whole.today)
    return dict(json.loads(json.dumps(page)))


def fonts(page: PageObject) -> dict[str, bool]:
    """Each font of a page, and whether its letters are in the file."""
    found: dict[str, bool] = {}
    for each in page["/Resources"]["/Font"].values():  # type: ignore[index]
        (inner,) = each.get_object()["/DescendantFonts"]
        about = inner.get_object()["/FontDescriptor"].get_object()
        found[str(about["/FontName"])] = bool({"/FontFile2", "/FontFile3"} & set(about))
    return found


def one_page(page: bytes) -> None:
    (only,) = pdf(page).pages
    assert (float(only.mediabox.width), float(only.mediabox.height)) == pytest.approx(A4, abs=0.02)


# ---- the handover ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_handover_is_one_a4_page_with_its_letters_inside(engine: Engine, case: str) -> None:
    page = typeset("handover", sheet(engine, case))
    one_page(page)
    inside = fonts(pdf(page).pages[0])
    assert inside and all(inside.values())
    assert all("OpenSans" in name for name in inside)


@pytest.mark.parametrize("case", CASES)
def test_the_text_of_a_handover_is_its_data(engine: Engine, case: str) -> None:
    data = sheet(engine, case)
    text = read(typeset("handover", data))
    said = [data["title"], data["made"], *data["blanks"], *strings(data["sections"])]
    assert [each for each in said if squeezed(each) not in text] == []


@pytest.mark.parametrize("translate", [str, stretched])
def test_the_largest_thinkable_handover_fits_on_its_page(engine: Engine, translate: Any) -> None:
    data = letter(engine, translate).page(largest(engine))
    page = typeset("handover", data)
    one_page(page)
    text = read(page)
    assert [each for each in strings(data["sections"]) if squeezed(each) not in text] == []


@settings(max_examples=15)
@given(PEOPLE)
def test_anybodys_handover_is_one_page(engine: Engine, person: tuple[dict[str, Any], Noted]) -> None:
    answers, noted = person
    if answers.get("age") != "u18":
        one_page(typeset("handover", letter(engine).page(handover(engine, source(engine, answers, noted)))))


def test_the_same_data_are_the_same_bytes_in_any_place_and_at_any_time(engine: Engine, tmp_path: Path) -> None:
    pages = [("handover", sheet(engine, "self_care")), ("plan", plan(engine, "self_care"))]
    (tmp_path / "data.json").write_text(json.dumps(pages), encoding="utf-8")
    code = (
        "import json, pathlib, sys; from bot.made import made\n"
        "for by, data in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')):\n"
        "    sys.stdout.buffer.write(made(by, data))"
    )
    elsewhere = {**os.environ, "TZ": "Pacific/Auckland", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "86400"}
    elsewhere["PYTHONPATH"] = str(Path(__file__).parent.parent)
    run = [sys.executable, "-c", code, str(tmp_path / "data.json")]
    other = subprocess.run(run, env=elsewhere, cwd=tmp_path, capture_output=True, check=True).stdout
    assert b"".join(made(by, data) for by, data in pages) == other
    assert made(*pages[0]) == made(*pages[0])


def test_pages_are_set_in_several_threads_at_once(engine: Engine) -> None:
    data = [sheet(engine, case) for case in CASES]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda each: typeset("handover", each), data))
    assert at_once == [typeset("handover", each) for each in data]


def test_the_only_date_in_the_file_is_that_of_the_data(engine: Engine) -> None:
    about = pdf(typeset("handover", sheet(engine, "self_care"))).metadata
    assert about is not None and about.creation_date is not None
    assert about.creation_date.date() == SCREENED + timedelta(days=30)
    assert about.title == "Low back pain in a runner: handover" and about.author is None


@pytest.mark.parametrize("case", CASES)
def test_a_handover_is_the_same_in_grey_print(engine: Engine, case: str) -> None:
    page = Image.open(BytesIO(preview("handover", sheet(engine, case)))).convert("RGB")
    assert all(red == green == blue for _, (red, green, blue) in page.getcolors(1 << 24))  # type: ignore[misc, union-attr]


def marked(data: Any) -> Any:
    """The same data with hostile words in every place that words can have."""
    if isinstance(data, str):
        return f"{data} {HOSTILE}"
    if isinstance(data, dict):
        # Dates and numbers are no words.
        return {name: part if name in ("made_on", "chart", "days") else marked(part) for name, part in data.items()}
    return [marked(part) for part in data] if isinstance(data, list) else data


def test_words_are_never_markup(engine: Engine) -> None:
    data = marked(sheet(engine, "physio"))
    page = typeset("handover", data)
    said = [data["title"], data["made"], *data["blanks"], *strings(data["sections"])]
    assert len(said) > 50
    assert read(page).count(squeezed(HOSTILE)) >= len(said)
    assert not pdf(page).pages[0].get("/Annots")


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_any_words_can_be_set(engine: Engine, words: str) -> None:
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in words):
        return
    data = sheet(engine, "emergency")
    data["sections"]["conclusion"]["rows"][0] = [words, words]
    one_page(typeset("handover", data))


# ---- the plan ----------------------------------------------------------------------------------------------------

PLANS = ("self_care", "physio", "nearly_nothing")


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_is_one_a4_page_with_every_exercise_its_dose_and_fourteen_days(engine: Engine, case: str) -> None:
    data = plan(engine, case)
    page = made("plan", data)
    one_page(page)
    assert all(fonts(pdf(page).pages[0]).values())
    rows = [row for group in data["groups"] for row in group["rows"]]
    whole = source(engine, *CASES[case])
    name_of = {exercise.id: exercise.name for exercise in engine.content.library.exercises}
    assert whole.day is not None and [row["name"] for row in rows] == [name_of[each] for each in whole.day.levels]
    text = read(page)
    said = [text for row in rows for text in (row["name"], row["dose"], row["how"], row["mind"])] + [data["key"]]
    said += strings(data["always"])
    said += [data["title"], data["begins"], data["pain"], *data["running"], *data["stop"], data["net"], data["made"]]
    assert [each for each in said if squeezed(each) not in text] == []
    assert data["days"] == [str(day) for day in range(1, 15)]


def longest(engine: Engine, translate: Any = str) -> dict[str, Any]:
    """More exercises than any plan has, those with the longest texts."""
    words, whole = Words(engine.content, translate), source(engine, *CASES["nearly_nothing"])
    assert whole.day is not None
    wordy = sorted(engine.content.library.exercises, key=lambda each: -len(each.levels[0].how + " ".join(each.cues)))
    levels = {each.id: 1 for each in wordy if each.category != "always"}
    most = dict(list(levels.items())[:10])
    day = replace(whole.day, levels=most, halved=frozenset(most))
    return PlanPage(Outcome(engine, words), words).page(whole.session, day, whole.today)


@pytest.mark.parametrize("translate", [str, stretched])
def test_the_longest_plan_fits_on_its_page(engine: Engine, translate: Any, tmp_path: Path) -> None:
    data = longest(engine, translate)
    for group in data["groups"]:
        for row in group["rows"]:
            Image.new("RGB", (96, 60), "#ddd").save(tmp_path / f"{row['drawing']}.jpg")
    page = typeset("plan", with_pictures(data, tmp_path), tmp_path)
    one_page(page)
    text = read(page)
    names = [row[part] for group in data["groups"] for row in group["rows"] for part in ("name", "dose", "how")]
    assert len(names) == 30
    assert [each for each in names if squeezed(each) not in text] == []


def test_what_bounds_a_dose_stands_beside_it_and_no_step_is_too_much_for_level_1(engine: Engine) -> None:
    words, whole = Words(engine.content, str), source(engine, *CASES["self_care"])
    assert whole.day is not None
    page = PlanPage(Outcome(engine, words), words)
    for level in (1, 2, 3):
        exercises = [each for each in engine.content.library.exercises if len(each.levels) >= level]
        day = replace(whole.day, levels={each.id: level for each in exercises})
        groups = page.page(whole.session, day, whole.today)["groups"]
        found = {row["name"]: row for group in groups for row in group["rows"]}
        for exercise in (each for each in exercises if each.category != "always"):
            row = found[exercise.name]
            assert exercise.levels[level - 1].dose.note in row["dose"] and exercise.stop in row["mind"]
            assert (row["cues"] == "") == (level == 1)
        assert "do one set more on that side" in found["Single-leg bridge hold"]["mind"]
    walk, _ = next(each for each in page.page(whole.session, whole.day, whole.today)["always"])
    assert walk == "Brisk walk (only while pain is 3 out of 10 or less)"


def test_steps_on_a_plan_are_said_to_give_way_to_the_level_and_without_any_nothing_is_said_of_them(
    engine: Engine,
) -> None:
    words, whole = Words(engine.content, str), source(engine, *CASES["nearly_nothing"])
    assert whole.day is not None
    for level, said in ((1, False), (2, True)):
        day = replace(whole.day, levels={"leg_strength": level})
        data = PlanPage(Outcome(engine, words), words).page(whole.session, day, whole.today, drawn=False)
        text = read(typeset("plan", with_pictures(data, Path("none")), Path("none")))
        assert (squeezed("chair behind you") in text) is said
        assert (squeezed("In grey: the steps, unless the level says otherwise.") in text) is said


def test_a_drawing_is_that_of_the_level(engine: Engine) -> None:
    words, whole = Words(engine.content, str), source(engine, *CASES["nearly_nothing"])
    assert whole.day is not None
    day = replace(whole.day, levels={"bird_dog": 2, "clamshell": 1})
    page = PlanPage(Outcome(engine, words), words).page(whole.session, day, whole.today)
    assert [row["drawing"] for group in page["groups"] for row in group["rows"]] == ["bird_dog_l2", "clamshell"]


def test_drawings_stand_beside_their_exercises(engine: Engine, tmp_path: Path) -> None:
    data = plan(engine, "nearly_nothing")
    rows = [row for group in data["groups"] for row in group["rows"]]
    for row, colour in zip(rows[:2], ("#ddd", "#bbb"), strict=True):
        Image.new("RGB", (96, 60), colour).save(tmp_path / f"{row['drawing']}.jpg")
    with_them = typeset("plan", with_pictures(data, tmp_path), tmp_path)
    one_page(with_them)
    assert len(pdf(with_them).pages[0].images) == 2
    assert len(pdf(typeset("plan", with_pictures(data, tmp_path / "none"), tmp_path / "none")).pages[0].images) == 0


def test_a_gentle_plan_has_the_gentle_rule_for_stopping(engine: Engine) -> None:
    library = engine.content.library
    assert plan(engine, "physio")["stop"][0] == library.gentle_stop
    assert plan(engine, "self_care")["stop"][0] == library.common_stop


def test_without_days_the_plan_is_that_of_the_screen(engine: Engine) -> None:
    words, whole = Words(engine.content, str), source(engine, *CASES["nearly_nothing"])
    page = PlanPage(Outcome(engine, words), words).page(whole.session, None, whole.today)
    assert sum(len(group["rows"]) for group in page["groups"]) == 6
    assert page["running"][1].startswith("Keep running.")


def test_nothing_makes_what_nobody_knows() -> None:
    with pytest.raises(LookupError):
        made("poem", {})


# ---- how they look -----------------------------------------------------------------------------------------------


def golden(engine: Engine) -> dict[str, Image.Image]:
    pages = {f"handover_{case}": preview("handover", sheet(engine, case), dots=DOTS) for case in CASES}
    pages |= {
        f"plan_{case}": preview("plan", with_pictures(plan(engine, case), Path("none")), Path("none"), dots=DOTS)
        for case in ("self_care",)
    }
    return {name: Image.open(BytesIO(page)).convert("L") for name, page in pages.items()}


def test_the_pages_look_as_they_did(engine: Engine) -> None:
    for name, page in golden(engine).items():
        kept = Image.open(GOLDENS / f"{name}.png")
        assert page.size == kept.size
        assert worst_tile(page, kept) < TOLERANCE, name


def test_the_tolerance_notices_one_moved_line(engine: Engine) -> None:
    data = sheet(engine, "self_care")
    before = Image.open(BytesIO(preview("handover", data, dots=DOTS)))
    data["chart"]["pain"][5][1] = 9
    assert worst_tile(Image.open(BytesIO(preview("handover", data, dots=DOTS))), before) > TOLERANCE


if __name__ == "__main__":
    for page_name, drawn in golden(Engine(load())).items():
        drawn.quantize(32).save(GOLDENS / f"{page_name}.png", optimize=True)
