# ruff: noqa: RUF001 - the signs and dashes are those of the texts shown.
"""Laws of the offline chat, and the recorded conversations."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.account import Account
from bot.challenge import Challenge
from bot.check_in import CheckIn
from bot.conversation import Conversation
from bot.desk import Desk
from bot.membership import Membership
from bot.own_data import Operator
from bot.printing import Printing
from bot.sharing import Sharing
from bot.store import Store
from bot.terminal import Terminal, changes, run_through, typed_lines
from bot.work import Dialogue
from flows.engine import Engine

TRANSCRIPTS = Path(__file__).parent / "transcripts"
RECORDED = sorted(TRANSCRIPTS.glob("*.txt"))


class Screen:
    """A terminal with what it has shown."""

    def __init__(self, path: Path, engine: Engine, bold: Callable[[str], str] = str) -> None:
        self.path, self.engine, self.bold = path, engine, bold
        self.shown: list[str] = []
        self.open()

    def open(self) -> None:
        self.store = Store.open(self.path)
        self.store._db.execute("pragma synchronous=off")
        # As the command line has them, so that `replay` of what is recorded says that nothing changed.
        account = partial(Account, operator=Operator())
        own: list[Callable[[Desk, Store], Dialogue]] = [CheckIn, Printing, Membership, Challenge, Sharing, account]
        self.chat = Conversation(self.engine, self.store, dialogues=own)
        self.terminal = Terminal(self.chat, self.store, self.shown.append, self.bold)

    def reopen(self) -> None:
        self.store.close()
        self.shown.clear()
        self.open()

    def type(self, *lines: str) -> str:
        """Types lines, and returns what the last one brought."""
        for line in lines:
            self.shown.clear()
            self.terminal.type(line)
        return "\n".join(self.shown)


@pytest.fixture
def screen(tmp_path: Path, engine: Engine) -> Iterator[Screen]:
    screen = Screen(tmp_path / "x.db", engine)
    yield screen
    screen.store.close()


def state(screen: Screen) -> str:
    chat = screen.store.chat(1)
    row = screen.store.latest_session(chat.key) if chat is not None else None
    return row.state if row is not None else ""


def test_buttons_have_numbers_and_a_number_presses(screen: Screen) -> None:
    screen.terminal.begin()
    assert "1) I agree\n2) No\n3) Why do you ask?\n4) Stop" in "\n".join(screen.shown)
    screen.type("1")
    assert state(screen) == "Q01"


def test_where_a_number_is_an_answer_buttons_have_letters(screen: Screen) -> None:
    screen.terminal.begin()
    shown = screen.type("1")
    assert "a) Under 18" in shown and "1)" not in shown
    screen.type("40")
    assert state(screen) == "Q02"


def test_a_letter_presses_its_button(screen: Screen) -> None:
    screen.terminal.begin()
    screen.type("1", "B")
    assert state(screen) == "Q02"


def test_the_numbers_of_a_scale_are_pressed_as_they_are(screen: Screen) -> None:
    screen.terminal.begin()
    shown = screen.type("1", "40", *["1"] * 7, "1")
    assert "0 1 2 3 4 5 6 7 8 9 10\na) Back\nb) Why do you ask?\nc) Stop" in shown
    assert "Pain, 0 to 10: 10" in screen.type("10")


def test_text_and_commands_may_be_typed(screen: Screen) -> None:
    screen.terminal.begin()
    screen.type("i agree")
    assert state(screen) == "Q01"
    assert "emergency department" in screen.type("/URGENT")
    assert "a check that is not finished" in screen.type("/exercise  bird dog ")


def test_an_empty_line_does_nothing(screen: Screen) -> None:
    screen.terminal.begin()
    assert screen.type("", "   ") == ""


def test_html_is_shown_as_text_and_bold_where_a_terminal_can(tmp_path: Path, engine: Engine) -> None:
    screen = Screen(tmp_path / "x.db", engine, lambda text: f"*{text}*")
    screen.terminal.begin()
    shown = screen.type("1", "40", *["1"] * 7)
    assert "*Step 9 of 17*" in shown and "1) < 2 weeks" in shown
    assert not re.search(r"</?[bi]>|&lt;|&amp;", shown)
    screen.store.close()


def test_an_export_shows_the_file(screen: Screen) -> None:
    screen.terminal.begin()
    shown = screen.type("/export")
    assert "Everything that I keep about you." in shown and '"session": [' in shown


def test_an_address_is_a_button_that_sends_nothing(screen: Screen) -> None:
    lines = screen.terminal._numbered([{"text": "Open", "url": "https://t.me/x"}], 1)
    assert lines == "1) Open"
    assert screen.type("1")


def test_a_person_is_met_where_they_left_off(screen: Screen) -> None:
    screen.terminal.begin()
    screen.type("1", "40", "1")
    screen.reopen()
    screen.terminal.begin()
    assert "Welcome back" in screen.shown[0] and "Step 3 of 17" in screen.shown[0]
    screen.type("1")
    assert state(screen) == "Q04"


def test_an_edited_question_takes_its_new_buttons(screen: Screen) -> None:
    screen.terminal.begin()
    assert "2) ✓ Start of run, eases" in screen.type("1", "40", *["1"] * 8, "3", "2")
    assert "When it hurts: Start of run, eases" in screen.type("done")


def test_deleting_leaves_nothing(screen: Screen) -> None:
    screen.terminal.begin()
    assert "Done. I have removed everything" in screen.type("1", "40", "/delete", "1")
    assert screen.store.chat(1) is None


# ---- transcripts -------------------------------------------------------------------------------------------------


def test_a_transcript_is_what_was_typed_after_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("Hello\n> 1\n1) > 2\n> \n> yes, now\n", encoding="utf-8")
    assert typed_lines(path) == ["1", "", "yes, now"]


def test_a_script_without_marks_is_all_typing_except_remarks(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("# a remark\n1\n\n/plan\n", encoding="utf-8")
    assert typed_lines(path) == ["1", "/plan"]


def test_a_run_shows_each_line_as_it_is_typed(screen: Screen) -> None:
    run_through(screen.terminal, ["1", "40"])
    assert [line for line in screen.shown if line.startswith("> ")] == ["> 1", "> 40"]


def test_there_are_five_recorded_conversations() -> None:
    names = {path.stem for path in RECORDED}
    assert {"first_plan", "emergency", "doctor_then_cleared", "postpartum", "self_tests"} <= names


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_conversation_reads_the_same_today(screen: Screen, path: Path) -> None:
    assert changes(path, screen.chat, screen.store) == []


def test_a_changed_conversation_is_shown_as_a_difference(screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    shutil.copy(TRANSCRIPTS / "emergency.txt", path)
    path.write_text(path.read_text(encoding="utf-8").replace("How old are you?", "How old?"), encoding="utf-8")
    lines = changes(path, screen.chat, screen.store)
    assert lines[:2] == ["--- recorded", "+++ today"]
    assert "-How old?" in lines and "+How old are you?" in lines


def test_an_answer_that_was_changed_shows_what_it_leads_to(screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    text = (TRANSCRIPTS / "emergency.txt").read_text(encoding="utf-8")
    path.write_text(text.replace("> one or more", "> none", 1), encoding="utf-8")
    assert any("Step 3 of 17" in line for line in changes(path, screen.chat, screen.store))


def test_what_the_recordings_show(engine: Engine) -> None:
    """The five recordings go where their names say."""
    text = {path.stem: path.read_text(encoding="utf-8") for path in RECORDED}
    assert "Your plan" in text["first_plan"] and "Bird dog" in text["first_plan"]
    assert "⚠️ What you describe can need treatment within hours." in text["emergency"]
    assert "Your plan" not in text["emergency"]
    doctor, plan = (text["doctor_then_cleared"].index(each) for each in ("This needs a proper check", "Your plan"))
    assert doctor < plan
    assert "see a pelvic-health physio within 1–2 weeks" in text["postpartum"]
    assert text["self_tests"].count("Your self-check is counted in.") == 3
