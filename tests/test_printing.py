"""Laws of /report and /sheet in the chat: only on request, read before it is shared, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from bot import printing
from bot.brevity import LIMIT
from bot.check_in import CheckIn
from bot.made import made
from bot.printing import Printing
from bot.terminal import Terminal
from bot.work import Incoming
from flows.engine import Engine
from flows.schema import Content
from tests.chat import NOW, PERSON, Chat, Sent, read_all
from tests.fake_bot_api import Shown, running
from tests.person import Person
from tests.test_sender import Clock, at_work
from tests.test_texts import names
from tests.texts import bypasses, only_from, wrapped


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine, dialogues=(CheckIn, Printing))
    yield chat
    chat.store.close()


def page(sent: Sent) -> str:
    """The words of the page that a message becomes."""
    file = sent.params["document"]["$made"]
    (only,) = PdfReader(BytesIO(made(file["by"], json.loads(json.dumps(file["data"]))))).pages
    return " ".join(only.extract_text().split())


def is_report(sent: list[Sent]) -> bool:
    return [each.method for each in sent] == ["sendMessage", "sendMessage", "sendDocument"]


# ---- /report -----------------------------------------------------------------------------------------------------


def test_before_any_check_there_is_kindly_nothing(chat: Chat) -> None:
    (said,) = chat.command("/report")
    assert said.text == chat.words("report.none_yet")
    assert list(said.buttons.values()) == ["g:check"]
    assert chat.known is None


def test_in_the_middle_of_a_check_it_waits_for_the_end(chat: Chat) -> None:
    chat.begin(to="Q10")
    (said,) = chat.command("/report")
    assert said.text == chat.words("report.unfinished")
    assert next(iter(said.buttons.values())) == "g:resume"


def test_a_self_test_that_is_open_is_left_for_it(chat: Chat) -> None:
    chat.begin()
    chat.tap("t:T1")
    assert chat.waits
    assert is_report(chat.command("/report"))
    assert not chat.waits


def test_answers_from_too_long_ago_are_not_handed_over(chat: Chat) -> None:
    chat.begin(to="Q10")
    chat.wait(days=8)
    (said,) = chat.command("/report")
    assert said.text == chat.words("resume.too_old")


def test_the_person_reads_the_text_before_the_page_comes(chat: Chat) -> None:
    chat.begin(Person({"nprs": 4}))
    sent = chat.command("/report")
    assert is_report(sent)
    intro, text, document = sent
    assert intro.text == chat.words("report.intro")
    assert 0 < len(text.text) < LIMIT
    assert text.buttons == {}
    words = page(document)
    for line in ("Low back pain in a runner: handover", "Made on 2 Mar 2026", "Cola-coloured pee"):
        assert line in text.text and line in words
    assert document.text == chat.words("report.caption")


@pytest.mark.parametrize(
    ("answers", "advice"),
    [
        ({"rf": ["RF_SADDLE"]}, "emergency help at once"),
        ({"rf": ["RF_WEAK"]}, "see a doctor the same day"),
        ({"rf": ["RF_SHAPE"]}, "within a few days"),
        ({"life": "preg"}, "within 1–2 weeks"),  # noqa: RUF001
        ({"nprs": 2}, "self-care with a plan"),
    ],
)
def test_every_end_of_a_check_can_be_handed_over(chat: Chat, answers: dict[str, Any], advice: str) -> None:
    chat.begin(Person(answers))
    _, text, document = chat.command("/report")
    assert advice in text.text and advice in page(document)


def test_whoever_is_forgotten_has_nothing_to_hand_over(chat: Chat) -> None:
    chat.begin(Person({"age": "u18"}))
    (said,) = chat.command("/report")
    assert said.text == chat.words("report.none_yet")
    assert chat.known is None


def test_days_and_a_look_by_a_professional_are_told(chat: Chat) -> None:
    chat.begin(Person({"rf": ["RF_WEAK"]}))
    chat.tap("g:checked")
    _, text, _ = chat.command("/report")
    assert "2 Mar: has been seen by a professional" in text.text


def test_check_ins_are_told(chat: Chat) -> None:
    chat.begin(Person({"nprs": 4}))
    for pain in ("3", "2"):
        chat.wait(days=1)
        chat.command("/checkin")
        for label in ("Nothing new", pain, "All, felt fine", "No"):
            chat.press(label)
    _, text, document = chat.command("/report")
    assert "Means by week: 2.5" in text.text
    assert "2 check-ins: all 2, some 0, none 0" in text.text
    assert "nothing new at 2 check-ins, last on 4 Mar" in text.text
    chart = document.params["document"]["$made"]["data"]["chart"]
    assert chart["pain"] == [[0, 4], [1, 3], [2, 2]] and chart["done"] == [[1, "all"], [2, "all"]]


def test_nothing_is_kept_of_a_report(chat: Chat) -> None:
    chat.begin(Person({"nprs": 4}))
    before = chat.diary
    chat.command("/report")
    chat.command("/sheet")
    assert chat.diary == before
    rows: Any = chat.store.everything(chat.chat.key)["outbox"]
    assert all(row["params"] is None for row in rows)


def test_a_software_that_was_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> str:
        raise PackageNotFoundError

    printing.software.cache_clear()
    monkeypatch.setattr(printing, "version", missing)
    assert printing.software() == ""
    printing.software.cache_clear()
    monkeypatch.setattr(printing, "version", lambda _: "1.2.3")
    assert printing.software() == "1.2.3"
    printing.software.cache_clear()


# ---- /sheet ------------------------------------------------------------------------------------------------------


def test_the_plan_comes_as_a_page(chat: Chat) -> None:
    chat.begin(Person({"nprs": 3}))
    (sent,) = chat.command("/sheet")
    assert sent.method == "sendDocument" and sent.text == chat.words("sheet.caption")
    words, outcome = page(sent), chat.bot.desk.outcome
    exercises = {each.id: each.name for each in chat.engine.content.library.exercises}
    assert all(exercises[name] in words for name in outcome.planned(chat.session))
    assert chat.words("safety_net") in words


def test_a_plan_for_a_slow_connection_has_no_drawings(chat: Chat) -> None:
    chat.begin(Person({"nprs": 3}))
    drawings: list[set[bool]] = []
    for choice in ("g:with_drawings", "g:text_only"):
        chat.tap(choice)
        (sent,) = chat.command("/sheet")
        groups = sent.params["document"]["$made"]["data"]["groups"]
        drawings.append({bool(row["drawing"]) for group in groups for row in group["rows"]})
    assert drawings == [{True}, {False}]


def test_where_no_exercises_may_be_shown_none_are_printed(chat: Chat) -> None:
    (said,) = chat.command("/sheet")
    assert said.text == chat.words("plan.none_yet")
    chat.begin(to="Q10")
    (said,) = chat.command("/sheet")
    assert said.text == chat.words("plan.unfinished")


@pytest.mark.parametrize("sign", ["RF_SHAPE", "RF_WEAK", "RF_SADDLE"])
def test_who_is_sent_to_a_doctor_has_no_plan_to_print(chat: Chat, sign: str) -> None:
    chat.begin(Person({"rf": [sign]}))
    (said,) = chat.command("/sheet")
    assert said.method == "sendMessage"
    assert chat.bot.desk.outcome.planned(chat.session) == []


def test_a_plan_that_the_days_have_paused_is_not_printed(chat: Chat) -> None:
    chat.begin(Person({"nprs": 4}))
    chat.wait(days=1)
    chat.checks_in("Nothing new", "10", "None", "No")
    assert [each.method for each in chat.command("/sheet")] == ["sendMessage"]
    chat.wait(days=2)
    assert [each.method for each in chat.command("/sheet")] == ["sendMessage"]
    assert is_report(chat.command("/report"))


# ---- both --------------------------------------------------------------------------------------------------------


def test_both_stand_in_the_menu_and_in_help(chat: Chat) -> None:
    listed = dict(chat.bot.commands.menus()["private"])
    assert listed["report"] == "A page for your physio or doctor" and listed["sheet"] == "Your plan to print"
    assert "/report" in read_all(chat.command("/help"))


def test_no_word_bypasses_translation(tmp_path: Path, engine: Engine, content: Content) -> None:
    chat = Chat(tmp_path / "y.db", engine, only_from(content, wrapped), dialogues=(CheckIn, Printing))
    allowed = names(content) | {"Mar", "MAR", "report", "sheet", "check"}
    chat.command("/report")
    chat.begin(to="Q10")
    chat.command("/report")
    chat.go()
    sent = [*chat.command("/report"), *chat.command("/sheet")]
    chat.store.close()
    assert not [word for each in sent for word in bypasses(each.html, allowed)]
    files = [each.params["document"]["$made"] for each in sent if each.method == "sendDocument"]
    assert len(files) == 2 and not [word for file in files for word in bypasses(file["name"])]


def test_in_a_terminal_a_page_is_named(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "z.db", engine, chat_id=1, dialogues=(CheckIn, Printing), now=datetime.now(UTC))
    chat.begin(Person({"nprs": 2}))
    shown: list[str] = []
    terminal = Terminal(chat.bot, chat.store, shown.append)
    terminal.type("/report")
    assert "[handover.pdf]\n" in shown
    terminal.type("/sheet")
    assert shown[-1] == "[plan.pdf]\n"
    chat.store.close()


async def delivered(chat: Chat, *commands: str) -> list[Shown]:
    """What arrives over HTTP after these commands; nothing of it is left in the outbox."""
    for command in commands:
        chat.bot.handle(Incoming(None, PERSON, "command", text=command), chat.now)
    clock = Clock()
    clock.now = NOW
    with running() as api:
        api.greet(PERSON)
        async with at_work(api, chat.store, clock) as office:
            await office.sender.drain(30)
        rows = chat.store._db.execute("select params, error from outbox").fetchall()
        assert rows and all(row["params"] is None and row["error"] is None for row in rows)
        return api.messages(PERSON)


@pytest.mark.asyncio
async def test_text_and_page_arrive_in_order_and_nothing_is_left_in_the_outbox(chat: Chat) -> None:
    chat.begin(Person({"nprs": 3}))
    intro, text, handover, plan = await delivered(chat, "report", "sheet")
    assert intro.text == chat.words("report.intro") and text.text.startswith("Low back pain in a runner")
    for shown, name, words in ((handover, "handover.pdf", "Low back pain"), (plan, "plan.pdf", "My plan")):
        assert shown.document is not None
        assert shown.document[0] == name and shown.document[1].startswith(b"%PDF-")
        assert words in PdfReader(BytesIO(shown.document[1])).pages[0].extract_text()


@pytest.mark.asyncio
async def test_a_page_that_cannot_be_made_is_owned_up_to(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.begin(Person({"nprs": 3}))
    monkeypatch.setattr("bot.made.TYPESET", Path("no such file"))
    (said,) = await delivered(chat, "sheet")
    assert said.text == chat.words("report.no_page") and said.document is None
