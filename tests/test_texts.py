# ruff: noqa: RUF001 - the signs and dashes are those of the texts shown.
"""Laws of translation in the chat: no shown text bypasses it, and each phrase is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands import PRIVATE
from bot.own_data import Operator
from flows.engine import Engine
from flows.schema import Content
from tests.chat import Chat, Sent
from tests.person import Person
from tests.texts import bypasses, only_from, wrapped

BOT = Path(__file__).parent.parent / "bot"


def names(content: Content) -> frozenset[str]:
    """Identifiers that are the same in every language: of rules, findings and sources, and the commands."""
    return frozenset(
        [
            *(rule.id for rule in content.screen.rules),
            *(f"{rule.id}_CLEARED" for rule in content.screen.rules),
            *(finding.id for finding in content.planning.findings),
            *(source.id for source in content.sources.sources),
            *PRIVATE,
        ]
    )


def untranslated(content: Content, sent: list[Sent]) -> set[str]:
    allowed = names(content)
    return {word for each in sent for shown in (each.html, *each.buttons) for word in bypasses(shown, allowed)}


PEOPLE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"Q19": "now"}),
    ({"rf": ["RF_SADDLE"]}, {}),
    ({"rf": ["RF_SADDLE"]}, {"RF_SADDLE": "unsure"}),
    ({"rf": ["RF_FEVER", "RF_CANCER"]}, {"RF_FEVER": "unsure", "RF_FEVER.again": "unsure"}),
    ({"rf": ["RF_BONE", "RF_SURG"], "cleared": "yes"}, {}),
    ({"rf": ["RF_SHAPE"]}, {}),
    ({"rf": ["RF_NOWEIGHT"]}, {}),
    ({"rf": ["RF_WEAK"]}, {"RF_SEX": "skip", "Q02": "some"}),
    ({"life": "preg"}, {}),
    ({"life": "pp_3_12m", "pelvic": "yes", "timing": ["rest_sit"], "worse": ["flex"], "load": ["race"]}, {}),
    ({"dur": "gt12w", "timing": ["night", "am_stiff"], "onset": "lt35", "ax": ["AX_NIGHT2", "AX_MOVE"]}, {}),
    ({"leg": "below_knee", "nprs": 6}, {}),
    ({"nprs": 8, "age": "50_64"}, {}),
    ({"age": "u18"}, {}),
    ({}, {"Q00": "no"}),
]


@pytest.fixture
def chat(tmp_path: Path, engine: Engine, content: Content) -> Iterator[Chat]:
    chat = Chat(tmp_path / "x.db", engine, only_from(content, wrapped), Operator("Club", "a@b.example"))
    yield chat
    chat.store.close()


@pytest.mark.parametrize(("answers", "say"), PEOPLE)
def test_nothing_that_a_person_is_shown_bypasses_translation(
    chat: Chat, content: Content, answers: dict[str, Any], say: dict[str, Any]
) -> None:
    chat.begin(Person(answers, say))
    if chat.known is not None:
        for command in ("/plan", "/exercise", "/tests", "/why", "/urgent", "/settings", "/help", "/start", "/check"):
            chat.command(command)
    assert untranslated(content, chat.sent) == set()


def test_no_command_bypasses_translation(chat: Chat, content: Content) -> None:
    chat.begin(Person({"T2": "tight"}))
    for row in content.countries.countries:
        chat.tap(f"c:{row.id}")
        chat.command("/urgent")
        chat.command("/settings")
    chat.command("/country")
    for command in PRIVATE:
        if command != "privacy":
            chat.command(f"/{command}")
    for exercise in chat.bot.desk.outcome.planned(chat.session):
        chat.tap(f"x:{exercise}")
    assert untranslated(content, [each for each in chat.sent if each.method != "sendDocument"]) == set()
    assert untranslated(content, chat.command("/privacy")) == {"Club", "a", "b.example"}


def test_nothing_at_a_question_bypasses_translation(chat: Chat, content: Content) -> None:
    chat.begin(to="Q10")
    for text in ("eleven", "chest pain", "i want to die"):
        chat.type(text)
    chat.answer("no")
    chat.do("other")
    chat.go(to="Q12")
    chat.code("w")
    chat.code("s")
    chat.wait(days=8)
    chat.command("/check")
    chat.do("text", private=False, text="hi")
    chat.command("/delete")
    chat.tap("g:delete_no")
    chat.tap("g:delete_yes")
    assert untranslated(content, chat.sent) == set()


def test_the_file_for_export_is_named_by_the_catalogue(chat: Chat, content: Content) -> None:
    chat.begin(to="Q02")
    (said,) = chat.command("/export")
    assert not bypasses(said.html) and not bypasses(said.params["document"]["$file"]["name"])


def test_the_menus_are_translated(chat: Chat) -> None:
    assert not [words for menu in chat.bot.commands.menus().values() for _, text in menu for words in bypasses(text)]


def test_a_text_that_bypasses_translation_is_noticed(chat: Chat, content: Content) -> None:
    said = Sent("sendMessage", {"text": "<b>⟦Good⟧</b>: 3 × 10 ⟦s⟧, RF_SADDLE; W4"}, 1)
    assert untranslated(content, [said]) == set()
    for hole in ("Press", "⟦a⟧ b ⟦c⟧", "⟦a⟧ sätze", "<i>Prototype</i>", "⟦Your answers:⟧ Age"):
        assert untranslated(content, [Sent("sendMessage", {"text": hole}, 1)])
    # The same in the real chat: one phrase that is not translated is found.
    hole = content.phrases.phrases["question.scale"]
    chat.bot = type(chat.bot)(chat.engine, chat.store, lambda text: text if text == hole else wrapped(text))
    chat.begin(to="Q10")
    assert untranslated(content, chat.sent) == set(re.findall(r"[a-z]+", hole, re.IGNORECASE))


def test_a_text_that_no_translator_sees_is_noticed(content: Content) -> None:
    with pytest.raises(AssertionError, match="no translator ever sees"):
        only_from(content, wrapped)("A sentence of our own")


# ---- phrases -----------------------------------------------------------------------------------------------------


def spoken() -> dict[str, re.Pattern[str]]:
    """Every text in the code of bot/ that may be a phrase's id; a part filled in may be anything."""
    found: dict[str, re.Pattern[str]] = {}
    for file in sorted(BOT.glob("*.py")):
        parts = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        pieces_of_others = {id(each) for part in parts if isinstance(part, ast.JoinedStr) for each in part.values}
        for part in parts:
            if id(part) in pieces_of_others:
                continue
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found[part.value] = re.compile(re.escape(part.value))
            elif isinstance(part, ast.JoinedStr):
                pieces = [
                    re.escape(str(each.value)) if isinstance(each, ast.Constant) else ".+" for each in part.values
                ]
                if re.match(r"[a-z_]+\\\.", pieces[0]):
                    found["".join(pieces)] = re.compile("".join(pieces))
    return found


def test_every_phrase_is_used(content: Content) -> None:
    patterns = [*spoken().values(), re.compile(r"urgent\.(signs|line)"), re.compile(r"result\.PHYSIO_gentle")]
    unused = [name for name in content.phrases.phrases if not any(each.fullmatch(name) for each in patterns)]
    assert unused == []


def test_every_phrase_that_the_code_names_exists(content: Content) -> None:
    prefixes = {name.partition(".")[0] for name in content.phrases.phrases if "." in name}
    looks = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(prefixes)))})\.[a-z_0-9.]+")
    named = {text for text in spoken() if looks.fullmatch(text)}
    files = {name for name in named if name.endswith((".db", ".json", ".yaml"))}
    assert named - files - set(content.phrases.phrases) == set()
    assert len(named) > 100


def test_every_phrase_that_depends_on_content_exists(content: Content) -> None:
    phrases = content.phrases.phrases
    parts = [*content.screen.rules, *content.planning.findings]
    assert all(f"grade.{part.grade}" in phrases for part in parts)
    assert all(f"command.{name}" in phrases for name in PRIVATE)
    assert all(f"result.{name}" in phrases for name in ("SELF_CARE", "CAUTION", "PHYSIO", "PHYSIO_gentle"))
