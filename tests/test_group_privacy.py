"""The one law of groups and of inline mode: nothing about anybody's back appears there, whatever people do.

It is looked at from two sides. Every line that leaves for a group or as an inline answer is a phrase of groups or a
part of the library that everybody may see. And all of it is the same as if nobody had written in private at all.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import posting, reminders
from bot.account import Account
from bot.challenge import Challenge, Totals
from bot.check_in import CheckIn
from bot.drawings import Drawings
from bot.inline import Query
from bot.membership import Membership
from bot.notices import Notices
from bot.own_data import Operator
from bot.printing import Printing
from bot.records import INSTEAD, Commit, Kind, Reminder, TeamMember
from bot.records import Chat as ChatRow
from bot.reminding import Reminding
from bot.sharing import Sharing
from bot.work import Incoming
from flows.engine import Engine
from flows.schema import Content
from tests.chat import Chat
from tests.group import BOT
from tests.person import Person

MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
GROUPS = (-5, -1_000_000_000_005)
PEOPLE = (7, 8)
TEAM = (11, 12, 13, 14, 15)
"""Five who have taken part in the challenge of the first group for long, and write nothing now."""
DIALOGUES = (
    CheckIn, Printing, Membership, Challenge, Sharing, partial(Account, operator=Operator()), Reminding,
)  # fmt: skip
REMINDED: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "club_post")
HAPPENS = ("added", "removed", "muted", "allowed", "topic_closed", "topic_opened", "edited", "other", "location")
COMMANDS = (
    "check", "exercise", "club", "poster", "start", "plan", "why", "checkin", "progress", "remind", "reminders",
    "export", "urgent", "tests", "settings", "help", "delete", "share", "team", "report", "sheet", "nonsense",
)  # fmt: skip
SAID = (
    "", "bridge", "bird dog", "my groin is numb", "I want to die", "pain 8 of 10", "city Berlin", "time 7:00",
    "contact Bob & Co", "None", "what is Ada's plan?", "yes", "7", "65+",
)  # fmt: skip
TYPED = ("", "bridge", "my plan", "pain 7", "ada", "numb between the legs", "check", "walk")
PRESSED = (
    "g:plan", "g:checkin", "x:bird_dog", "cs:e:1", "cs:c:1", "cs:c:0", "cs:d:1+", "cs:t:0700", "cs:h:", "?",
)  # fmt: skip
TAPPED = ("tm:", "cl:", "g:team_leave", "g:team", "g:club", "g:plan", "g:snooze", "g:skip")
ANSWERS: tuple[dict[str, Any], ...] = (
    {},
    {"rf": ["RF_SADDLE"]},
    {"rf": ["RF_FEVER"]},
    {"nprs": 7, "leg": "below_knee"},
    {"worse": ["flex"], "age": "65_74"},
)
Step = tuple[Any, ...]

in_group = st.tuples(
    st.just("group"),
    st.sampled_from(GROUPS),
    st.one_of(
        st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.sampled_from(SAID)),
        st.tuples(st.just("text"), st.sampled_from(SAID), st.just("")),
        st.tuples(st.just("press"), st.sampled_from(PRESSED), st.just("")),
        st.tuples(st.sampled_from(HAPPENS), st.just(""), st.just("")),
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
        st.tuples(st.just("type"), st.sampled_from(SAID)),
        st.tuples(st.just("tap"), st.sampled_from(TAPPED)),
        st.tuples(st.just("check-in"), st.sampled_from(["All, felt fine", "None", "Some"])),
        st.tuples(st.just("reminders")),
    ),
)
in_any_chat = st.tuples(st.just("inline"), st.sampled_from(TYPED), st.sampled_from(["en", "de"]))
passing = st.tuples(st.just("time"), st.sampled_from([0.1, 12, 24]))
STORY: list[Step] = [
    *[("group", group, ("command", "club", "city Berlin"), None, True) for group in GROUPS],
    ("group", GROUPS[0], ("press", "cs:e:1", ""), 3, True),
    ("private", 7, ("link", GROUPS[0])),
    ("private", 7, ("triage", 0)),
    ("private", 8, ("triage", 1)),
    ("private", 7, ("tap", "tm:")),
    ("private", 7, ("reminders",)),
    ("private", 8, ("reminders",)),
    ("time", 24),
    ("private", 7, ("check-in", "All, felt fine")),
    *[("group", GROUPS[0], ("command", name, "bridge"), 3, True) for name in ("check", "exercise", "club", "poster")],
    ("inline", "bridge", "en"),
    ("inline", "", "en"),
    ("time", 24),
]
"""In it everything happens that might leak."""


def patterns(content: Content) -> re.Pattern[str]:
    """All that may be read in a group or an inline answer, line by line."""
    phrases = content.phrases.phrases
    filled = {"exercise.first", "exercise.mistake", "group.exercises", "team.total", "team.fewer"}
    plain = [
        text
        for name, text in phrases.items()
        if name not in filled
        and (name.startswith(("group.", "exercise.", "inline.", "poster.", "share.later")) or _of_settings(name))
    ]
    for each in content.library.exercises:
        plain += [each.name, each.target, each.levels[0].how, each.stop]
        plain += [f"{at}. {cue}" for at, cue in enumerate(each.cues, 1)]
        plain.append(phrases["exercise.first"].format(how=each.levels[0].how))
        plain.append(phrases["exercise.mistake"].format(mistake=each.mistakes[0]))
        plain.append(content.pictures.pictures[content.pictures.of_exercise(each.id, 1)])
    shown = ", ".join(each.name for each in content.library.exercises if not each.locked)
    plain += [phrases["group.exercises"].format(names=shown), phrases["remind.every_day"]]
    found = [re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)) for text in plain if text]
    for name in ("team.total", "team.fewer"):
        total = re.escape(phrases[name]).replace(r"\{days\}", r"\d+0")
        found.append(total.replace(r"\{week\}", r"\d+( \w+ )?\N{EN DASH}( )?\d+ \w+"))
    return re.compile("|".join(found))


def _of_settings(phrase: str) -> bool:
    return phrase.startswith("club.") and "member" not in phrase


class Town:
    """Some people and some groups with one bot; all that leaves for a group is looked at, and kept."""

    def __init__(self, path: Path, engine: Engine, found: re.Pattern[str], *, people: bool = True) -> None:
        self.chat = Chat(path, engine, dialogues=DIALOGUES, now=MONDAY)
        self.bot, self.store = self.chat.bot, self.chat.store
        self.bot.username, self.bot.desk.drawings = BOT, Drawings.read()
        self.bot.clubs.also.append(Totals(self.store, self.bot.clubs.words))
        self.notices = Notices(self.bot.desk.words, self.bot.offers)
        self.people = people
        self.public: list[str] = []
        """What groups and inline mode were told."""
        self.private = ""
        self.found = found
        self._enrol()

    def _enrol(self) -> None:
        self.do(GROUPS[0], "added", private=False, title="Runners")
        group = self.store.chat(GROUPS[0])
        club = None if group is None else self.store.club(group.key)
        assert group is not None and club is not None
        self.store._db.execute("update club set zone = 'Europe/Berlin', challenge = 1 where key = ?", [club.key])
        days = {date(2026, 3, day): True for day in range(2, 9)}
        for person in TEAM:
            chat = ChatRow(f"chat{person}", person, MONDAY, MONDAY)
            member = TeamMember(f"member{person}", chat.key, club.key, date(2026, 1, 1))
            self.store.commit(Commit(None, chat, team=(member,), team_days=days))

    # ---- what happens --------------------------------------------------------------------------------------------

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case ("time", hours):
                    self.chat.now += timedelta(hours=hours)
                    reminders.tick(self.store, self.chat.now, self.notices)
                    posting.tick(self.store, self.chat.now, self.bot.clubs.post)
                    self.look()
                case ("inline", text, language):
                    answer = self.bot.look_up(Query("1", text, language))
                    self.judge_inline(answer)
                    self.public.append(json.dumps(answer, sort_keys=True))
                case ("group", chat_id, (kind, what, argument), thread, admin):
                    named = {"data" if kind == "press" else "text": what, "argument": argument, "query_id": "q"}
                    where = {"title": "Runners", "thread_id": thread, "message_id": 5}
                    self.do(chat_id, kind, private=False, is_admin=admin, **where, **named)
                case ("private", chat_id, deed) if self.people:
                    self.act(chat_id, deed)

    def act(self, chat_id: int, deed: Step) -> None:
        match deed:
            case ("triage", answers):
                self.triage(chat_id, Person(ANSWERS[answers]))
            case ("command", name):
                self.do(chat_id, "command", text=name)
            case ("link", group):
                club = self.club(group)
                self.do(chat_id, "command", text="start", argument=club.token if club else "group")
            case ("type", text):
                self.do(chat_id, "text", text=text)
            case ("tap", data):
                club = self.club(GROUPS[0])
                assert club is not None
                self.do(chat_id, "press", data=f"{data}{club.key}" if data.endswith(":") else data, message_id=1)
            case ("check-in", done):
                self.do(chat_id, "command", text="checkin")
                for label in ("Nothing new", "7", done, "No"):
                    self.do(chat_id, "text", text=label)
            case ("reminders",) if (chat := self.store.chat(chat_id)) is not None:
                ahead = tuple(self.chat.now.date() + timedelta(days=day) for day in range(1, 4))
                own = [Reminder(chat.key, kind, "Europe/Berlin", (time(8),), **_when(kind, ahead)) for kind in REMINDED]
                own = [reminders.planned(one, self.chat.now) for one in own]
                self.store.commit(Commit(None, chat, reminders=tuple(own)))

    def do(self, chat_id: int, kind: Any, **what: Any) -> None:
        self.chat.update += 1
        self.store.receive(self.chat.update, "{}")
        self.bot.handle(Incoming(self.chat.update, chat_id, kind, **what), self.chat.now)
        self.look()

    def triage(self, chat_id: int, person: Person) -> None:
        """A person answers question after question, to the end."""
        self.do(chat_id, "command", text="start")
        engine = self.chat.engine
        for _ in range(60):
            chat = self.store.chat(chat_id)
            row = self.store.latest_session(chat.key) if chat is not None else None
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
                self.do(chat_id, "press", data=f"q:{row.key}:{row.turn}:{code}", message_id=1)

    def club(self, chat_id: int) -> Any:
        chat = self.store.chat(chat_id)
        return self.store.club(chat.key) if chat is not None else None

    # ---- what leaves ---------------------------------------------------------------------------------------------

    def look(self) -> None:
        for priority in (0, 1, 2):
            while heads := self.store.heads(self.chat.now, 50, priority):
                for call in heads:
                    if call.chat_id < 0:
                        self.judge(call.method, call.params)
                        self.public.append(f"{call.chat_id} {call.method} {self.without_keys(call.params)}")
                    else:
                        self.private += str(call.params)
                    self.store.sent(call.id, 1000 + call.id, self.chat.now)

    def without_keys(self, params: dict[str, Any]) -> str:
        """The parameters, with the tokens of clubs, which are random, by the names of their groups."""
        text = json.dumps(params, sort_keys=True)
        for group in GROUPS:
            if (club := self.club(group)) is not None:
                text = text.replace(club.token, f"token of {group}")
        return text

    def judge(self, method: str, params: dict[str, Any]) -> None:
        """Fails on anything in a group that is not a phrase of groups or a part of the static library."""
        kinds = {"Message", "Animation", "Photo", "Document"}
        assert method in {"editMessageText", "answerCallbackQuery", *(f"send{kind}" for kind in kinds)}, method
        for text in (params.get("text", ""), params.get("caption", ""), params.get(INSTEAD, {}).get("text", "")):
            self.read(str(text))
        for row in params.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                into = button.get("url", "").startswith(f"https://t.me/{BOT}?start")
                assert into or button["callback_data"][:3] == "cs:"

    def judge_inline(self, answer: dict[str, Any]) -> None:
        """Fails on anything in an inline answer that is no part of it for everybody."""
        for result in answer["results"]:
            content = result["input_message_content"]
            for text in (result["title"], result["description"], content["message_text"]):
                self.read(text)

    def read(self, html: str) -> None:
        for line in filter(None, unescape(re.sub(r"</?[a-z]+>", "", html)).split("\n")):
            assert self.found.fullmatch(line), line


def _when(kind: Kind, days: tuple[date, ...]) -> dict[str, Any]:
    return {"weekdays": tuple(range(7))} if kind == "check_in" else {"days": days}


Towns = Callable[..., AbstractContextManager[Town]]


@pytest.fixture(scope="module")
def town(engine: Engine) -> Towns:
    found = patterns(engine.content)

    @contextmanager
    def town(*, people: bool = True) -> Iterator[Town]:
        with tempfile.TemporaryDirectory() as folder:
            town = Town(Path(folder) / "bot.db", engine, found, people=people)
            yield town
            town.store.close()

    return town


@given(st.lists(st.one_of(in_group, in_group, in_private, in_private, in_any_chat, passing), min_size=8, max_size=25))
@settings(max_examples=20)
def test_no_answer_score_result_plan_or_reminder_of_anybody_appears_in_a_group_or_inline(
    town: Towns, steps: list[Step]
) -> None:
    with town() as lively, town(people=False) as silent:
        lively.play(steps)
        silent.play(steps)
        assert lively.public == silent.public


def test_so_it_is_where_all_that_might_leak_does_happen(town: Towns) -> None:
    with town() as lively, town(people=False) as silent:
        lively.play(STORY)
        silent.play(STORY)
        assert lively.public == silent.public
        words, told = lively.bot.desk.words.label, "\n".join(lively.public)
        for phrase in (
            "notice.nudge",
            "notice.doctor_3_days",
            "notice.check_of_the_day",
            "team.joined",
            "check_in.noted",
        ):
            assert max(re.split(r"\{\w+\}", words(phrase)), key=len) in lively.private, phrase
        for phrase in ("group.card", "group.exercise_of_the_day", "exercise.safety", "club.only_admins"):
            assert words(phrase) in told, phrase
        assert "on at least 20 days" in told and "inline_query_id" in told


def test_the_total_of_a_team_is_all_that_people_change_in_a_group(town: Towns) -> None:
    steps = [*STORY[:3], ("time", 24), ("time", 24), ("time", 24)]
    with town() as team, town() as nobody:
        nobody.store._db.execute("delete from team_member")
        team.play(steps)
        nobody.play(steps)
        total = re.compile(r"Team challenge, 2\\u20138 Mar: [^.]* on at least 20 days in all. Well done.\\n\\n")
        shorter = [total.sub("", call) for call in team.public]
        assert shorter == nobody.public
        assert sum(one != other for one, other in zip(shorter, team.public, strict=True)) == 1
