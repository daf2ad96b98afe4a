"""The one law of groups: whatever people and groups do, nothing about anybody's back appears in a group."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import posting
from bot.membership import Membership
from bot.reminding import Reminding
from bot.work import Incoming
from flows.engine import Engine
from tests.chat import Chat
from tests.group import BOT, Group
from tests.person import Person

GROUPS = (-5, -1_000_000_000_005)
PEOPLE = (7, 8)
KINDS = ("added", "removed", "muted", "allowed", "topic_closed", "topic_opened", "edited", "other", "location")
COMMANDS = (
    "check", "exercise", "club", "start", "plan", "why", "checkin", "progress", "remind", "reminders", "export",
    "urgent", "tests", "settings", "help", "delete", "nonsense",
)  # fmt: skip
SAID = (
    "", "bridge", "bird dog", "my groin is numb", "I want to die", "pain 8 of 10", "city Berlin", "time 7:00",
    "contact Bob & Co", "None", "One or more", "yes", "7", "65+",
)  # fmt: skip
DATA = (
    "g:plan",
    "g:checkin",
    "x:bird_dog",
    "q:{key}:{turn}:a0",
    "cs:e:1",
    "cs:c:1",
    "cs:d:1+",
    "cs:t:0700",
    "cs:h:",
    "?",
)
ANSWERS: tuple[dict[str, Any], ...] = (
    {},
    {"rf": ["RF_SADDLE"]},
    {"rf": ["RF_FEVER"]},
    {"nprs": 7},
    {"worse": ["flex"]},
)

in_group = st.tuples(
    st.just("group"),
    st.sampled_from(GROUPS),
    st.one_of(
        st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.sampled_from(SAID)),
        st.tuples(st.just("text"), st.sampled_from(SAID), st.just("")),
        st.tuples(st.just("press"), st.sampled_from(DATA), st.just("")),
        st.tuples(st.sampled_from(KINDS), st.just(""), st.just("")),
    ),
    st.sampled_from([None, 3, 4]),
    st.sampled_from([True, False, None]),
)
in_private = st.tuples(
    st.just("private"),
    st.sampled_from(PEOPLE),
    st.one_of(
        st.tuples(st.just("triage"), st.sampled_from(range(len(ANSWERS)))),
        st.tuples(st.just("command"), st.sampled_from(COMMANDS)),
        st.tuples(st.just("link"), st.sampled_from(GROUPS)),
    ),
)
passing = st.tuples(st.just("time"), st.sampled_from([1, 40, 60 * 11, 60 * 60 * 12]))


class Town:
    """Some people and some groups with one bot; every call is looked at as it leaves."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.chat = Chat(path, engine, dialogues=(Membership, Reminding))
        self.bot, self.store = self.chat.bot, self.chat.store
        self.bot.username = BOT
        self.in_groups: list[str] = []
        self.allowed = self._allowed()
        self.typed: set[str] = set()

    def do(self, chat_id: int, kind: Any, **what: Any) -> None:
        self.chat.update += 1
        self.store.receive(self.chat.update, "{}")
        self.bot.handle(Incoming(self.chat.update, chat_id, kind, **what), self.chat.now)
        self.look()

    def look(self) -> None:
        for priority in (0, 1, 2):
            while heads := self.store.heads(self.chat.now, 50, priority):
                for call in heads:
                    if call.chat_id < 0:
                        self.judge(call.method, call.params)
                    self.store.sent(call.id, 1000 + call.id, self.chat.now)

    def _allowed(self) -> list[str]:
        """All that may be read in a group, as patterns: phrases of groups, and the library as everybody knows it."""
        phrases = self.bot.desk.content.phrases.phrases
        texts = [
            text
            for name, text in phrases.items()
            if name.startswith(("group.", "exercise.")) or (name.startswith("club.") and "member" not in name)
        ]
        for each in self.bot.desk.content.library.exercises:
            steps = (f"{at}. {cue}" for at, cue in enumerate(each.cues, 1))
            texts += [each.name, each.levels[0].how, each.stop, *steps]
        texts += [phrases["remind.every_day"]]
        return [re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)) for text in texts if text]

    def judge(self, method: str, params: dict[str, Any]) -> None:
        """Fails on anything in a group that is not a phrase of groups or a part of the static library."""
        assert method in ("sendMessage", "editMessageText", "answerCallbackQuery"), method
        text = unescape(re.sub(r"</?[a-z]+>", "", str(params.get("text", ""))))
        for line in filter(None, text.split("\n")):
            # Each line is one phrase or several, with what the settings themselves hold in their places.
            assert any(re.fullmatch(pattern, line) for pattern in self.allowed), line
        for row in params.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                assert (
                    button.get("url", "").startswith(f"https://t.me/{BOT}?start")
                    or button["callback_data"][:3] == "cs:"
                )
        self.in_groups.append(text)


@given(st.lists(st.one_of(in_group, in_group, in_private, passing), min_size=5, max_size=25))
@settings(max_examples=40)
def test_no_answer_score_result_plan_or_reminder_of_anybody_appears_in_a_group(
    tmp_path_factory: Any, engine: Engine, steps: list[Any]
) -> None:
    town = Town(tmp_path_factory.mktemp("town") / "bot.db", engine)
    for step in steps:
        play(town, step)
    town.store.close()


def play(town: Town, step: Any) -> None:
    match step:
        case ("time", seconds):
            town.chat.now += timedelta(seconds=seconds)
            posting.tick(town.store, town.chat.now, town.bot.clubs.post)
            town.look()
        case ("group", chat_id, (kind, what, argument), thread, admin):
            named = {"data" if kind == "press" else "text": what, "argument": argument, "query_id": "q"}
            town.do(
                chat_id, kind, private=False, title="Runners", thread_id=thread, is_admin=admin, message_id=5, **named
            )
        case ("private", chat_id, ("triage", answers)):
            triage(town, chat_id, Person(ANSWERS[answers]))
        case ("private", chat_id, ("command", name)):
            town.do(chat_id, "command", text=name)
        case ("private", chat_id, ("link", group)):
            chat = town.store.chat(group)
            club = town.store.club(chat.key) if chat is not None else None
            town.do(chat_id, "command", text="start", argument=club.token if club else "group")


def triage(town: Town, chat_id: int, person: Person) -> None:
    """A person answers question after question, to the end."""
    town.do(chat_id, "command", text="start")
    engine = town.chat.engine
    for _ in range(60):
        chat = town.store.chat(chat_id)
        row = town.store.latest_session(chat.key) if chat is not None else None
        if row is None or not row.open:
            return
        answer = person.answer(engine, engine.resume(row.state, row.log))
        question = engine.nodes[row.state].question
        values = [option.value for option in question.options]
        codes = [f"n{answer}"] if question.kind == "scale" else []
        if question.kind == "single":
            codes = [f"a{values.index(str(answer))}"]
        elif question.kind == "multi" and isinstance(answer, tuple):
            codes = [*(f"t{values.index(tick)}" for tick in answer), "d"]
        for code in codes:
            town.do(chat_id, "press", data=f"q:{row.key}:{row.turn}:{code}", message_id=1)


def test_the_law_sees_what_would_break_it(tmp_path: Path, engine: Engine) -> None:
    group = Group(tmp_path / "bot.db", engine, chat_id=-5)
    group.store.close()
    town = Town(tmp_path / "other.db", engine)
    for leaked in ("Your plan", "No running for now.", "You answered: Numb or different"):
        try:
            town.judge("sendMessage", {"text": leaked})
        except AssertionError:
            continue
        raise AssertionError(f"{leaked!r} went unseen")
