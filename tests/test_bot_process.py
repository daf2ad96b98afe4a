"""Laws of the whole bot: the real process, a real database, and a Bot API server over HTTP on loopback."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.check_in import CheckIn
from bot.replies import DONE, matched, ticked
from flows.engine import Engine
from flows.questions import Answer, Node
from flows.schema import Content, Option
from tests.chat import Chat
from tests.crashing_bot import HOPS, doomed
from tests.fake_bot_api import PATIENCE, TOKEN, USERNAME, FakeBotApi, Request, Shown, running
from tests.person import Person
from tests.test_webhook import free_port

ROOT = Path(__file__).parents[1]
SECRET = TOKEN.partition(":")[2]
NUMBERS = itertools.count(5_000_000_001)
"""Chat ids of more than 32 bits; every test talks to people of its own."""

RUNNER = {
    "age": "35_44",
    "site": "across",
    "dur": "2_6w",
    "trend": "better",
    "nprs": 4,
    "timing": ["rest_sit", "warmup_ease"],
    "worse": ["flex"],
    "load": ["vol_up", "hills"],
    "sit": "gt8",
    "form": ["slumped"],
    "neutral": "no",
    "band": "yes",
}
"""A runner who gets a plan."""
NUMB = {"age": "35_44", "rf": ["RF_SADDLE"]}
HEARD = "I can't feel my groin"
"""Words that the free-text net listens for."""
NET_TEXT = "can need treatment within hours. If it is happening now"
EMERGENCY = "What you describe can need treatment within hours"
CARD = "I help runners with a sore low back, one to one"


# ---- the bot as a process, and a person at the other end -------------------------------------------------------------


class Bot:
    """One installation: a database, a log and, while it runs, a process."""

    def __init__(self, api: FakeBotApi, folder: Path, **settings: str) -> None:
        self.api = api
        self.database = folder / "bot.db"
        self.log_file = folder / "bot.log"
        self.settings = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE_URL": api.base_url,
            "TELEGRAM_API_BASE_FILE_URL": api.base_file_url,
            "DATABASE_PATH": str(self.database),
            "TELEGRAM_LIMITS": "off",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._calls_before = 0

    def start(self, module: str = "bot", **settings: str) -> None:
        command = [sys.executable, "-m", module, "run", "--env-file", str(self.database.with_name("no.env"))]
        environment = {**(doomed() if "CRASH_AT" in settings else os.environ), **self.settings, **settings}
        self._calls_before = len(self.api.requests)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def stop(self) -> int:
        """Asks it to end once it is there, and returns its exit code."""
        assert self.process is not None
        self.api.wait_for(lambda: any(call.method == "getUpdates" for call in self.api.requests[self._calls_before :]))
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """Ends whatever still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    def chat(self, chat_id: int) -> dict[str, Any] | None:
        return next(iter(self.rows("select * from chat where chat_id = ?", chat_id)), None)

    def answers(self, chat_id: int) -> list[list[Any]]:
        """The log of the newest session of a person."""
        query = "select log from session join chat on chat.key = session.chat where chat_id = ? order by started_at"
        logs = self.rows(query, chat_id)
        return list(json.loads(logs[-1]["log"])) if logs else []

    def is_idle(self) -> bool:
        waiting = (
            "select 1 from inbox where payload is not null union all select 1 from outbox where params is not null"
        )
        return not self.rows(waiting)

    def until_idle(self) -> None:
        self.api.wait_for(self.is_idle)

    def bytes_on_disk(self) -> bytes:
        names = (self.database.name + end for end in ("", "-wal", "-journal"))
        files = (self.database.with_name(name) for name in names)
        return b"".join(file.read_bytes() for file in files if file.exists())


class Talk:
    """A person who answers by buttons or by typing, and an engine of their own that knows what must come next."""

    def __init__(self, bot: Bot, engine: Engine, chat_id: int, *, typing: bool = False) -> None:
        self.bot, self.api, self.engine, self.chat_id, self.typing = bot, bot.api, engine, chat_id, typing
        self.session = engine.start().session
        self.mark = ""
        """Session and turn of the newest question, from its buttons."""
        self.seen: set[str] = set()
        self.answered: list[tuple[Shown, Node, Answer]] = []

    @property
    def node(self) -> Node:
        return self.engine.nodes[self.session.state]

    def begin(self, command: str = "/start") -> Shown:
        self.api.say(self.chat_id, command)
        return self.question()

    def question(self) -> Shown:
        """Waits for the question that must come next and returns its message."""
        shown = self.find(lambda one: _mark(one) not in {"", *self.seen})
        self.mark = _mark(shown)
        self.seen.add(self.mark)
        question = self.node.question
        on_knees = question.knees and self.engine.entries.on_knees(self.node, self.session.facts)
        source = question.knees if on_knees else question.text
        assert source.partition("{")[0] in shown.text, f"{self.node.id} should be asked"
        assert all(any(label.endswith(option.label) for label in shown.labels) for option in question.options)
        return shown

    def asking(self) -> list[Shown]:
        """The messages that have buttons of a question."""
        return [shown for shown in self.api.messages(self.chat_id) if _mark(shown)]

    def current(self) -> Shown:
        return next(shown for shown in reversed(self.asking()) if _mark(shown) == self.mark)

    def answer(self, answer: Answer) -> None:
        """Gives one answer and waits for the question after it, if there must be one."""
        self.give(answer)
        self.take(answer)

    def give(self, answer: Answer) -> None:
        shown, node = self.current(), self.node
        self.answered.append((shown, node, answer))
        if self.typing:
            self.api.say(self.chat_id, typed(node, answer))
        elif node.question.kind == "multi":
            self._tick(shown, chosen(node, answer))
        else:
            label = str(answer) if isinstance(answer, int) else chosen(node, answer)[0].label
            self.press(shown, label)

    def take(self, answer: Answer) -> None:
        self.session = self.engine.advance(self.session, answer).session
        if self.session.state in self.engine.nodes:
            self.question()

    def _tick(self, shown: Shown, options: Sequence[Option]) -> None:
        for option in options:
            self.press(shown, option.label)
            self.api.wait_for(lambda: option.exclusive or f"✓ {option.label}" in shown.labels)  # noqa: B023
        if not any(option.exclusive for option in options):
            self.press(shown, "Done")

    def press(self, shown: Shown, label: str) -> int:
        return self.api.press_data(self.chat_id, shown.message_id, shown.data(label))

    def go_on(self, person: Person, until: str = "") -> None:
        """Answers as this person until a question waits, or to the end."""
        while self.session.state in self.engine.nodes and self.session.state != until:
            self.answer(person.answer(self.engine, self.session))

    def hear(self, text: str) -> Shown:
        """Types words that the free-text net hears, and returns the message with its question."""
        self.api.say(self.chat_id, text)
        self.session = self.engine.hear(self.session).session
        return self.question()

    def texts(self) -> list[str]:
        return [shown.text for shown in self.api.messages(self.chat_id)]

    def wait(self, words: str) -> Shown:
        return self.api.wait_for_text(self.chat_id, words)

    def find(self, holds: Callable[[Shown], object]) -> Shown:
        """Waits for a message of which this is true, and returns the newest such message."""
        return self.api.wait_for(lambda: [one for one in self.api.messages(self.chat_id) if holds(one)])[-1]


def _mark(shown: Shown) -> str:
    data = [str(button.get("callback_data", "")) for row in shown.buttons for button in row]
    return next((":".join(one.split(":")[1:3]) for one in data if one.startswith("q:")), "")


def chosen(node: Node, answer: Answer) -> list[Option]:
    """The options that an answer names; no tick at all is the option that stands alone."""
    values = (answer,) if isinstance(answer, str) else answer
    assert not isinstance(values, int)
    options = node.question.options
    return [option for option in options if option.value in values] or [one for one in options if one.exclusive]


def typed(node: Node, answer: Answer) -> str:
    """What a person types who answers in the words of the buttons."""
    if isinstance(answer, int):
        return str(answer)
    labels = [option.label for option in chosen(node, answer)]
    if node.question.kind != "multi":
        return labels[0]
    return ", ".join([*labels, "Done"])


# ---- what holds whatever happens -------------------------------------------------------------------------------------


def refused(requests: Sequence[Request]) -> list[tuple[str, int, Any]]:
    return [(call.method, call.status, call.params) for call in requests if call.status != 200]


@contextmanager
def installed(folder: Path, *scripted: int, troubled: bool = False, **settings: str) -> Iterator[Bot]:
    """Runs a server and holds a bot to it; checks at the end what holds for every bot.

    `scripted` are the HTTP statuses of the refusals that the test has asked the server for, and a troubled bot gets an
    update that it cannot read.
    """
    with running() as api:
        bot = Bot(api, folder, **settings)
        try:
            yield bot
            assert [call for call in refused(api.requests) if call[1] not in scripted] == []
            _check_privacy(bot)
            assert ("failed with" in bot.log) == troubled
        finally:
            bot.end()


def _check_privacy(bot: Bot) -> None:
    assert SECRET not in bot.log
    assert "Ada" not in bot.log
    in_groups = [call for call in bot.api.requests if call.chat_id is not None and call.chat_id < 0]
    # A press in a group is answered, but with nothing to read.
    said = [
        str(call.params.get("text", "")) for call in in_groups if "text" in call.params or call.method[:4] == "send"
    ]
    assert all(text.startswith(CARD) for text in said)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    with installed(tmp_path_factory.mktemp("shared"), 400) as bot:
        bot.start()
        yield bot
        assert bot.stop() == 0


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot whose server fails, as each test asks it to."""
    with installed(tmp_path_factory.mktemp("tried"), 0, 400, 403, 429, 500, 502) as bot:
        bot.start()
        yield bot
        assert bot.stop() == 0


@pytest.fixture
def bot(shared: Bot) -> Iterator[Bot]:
    """A bot that runs already and that other tests use too: every call of this test must be a legal one."""
    before = len(shared.api.requests)
    yield shared
    shared.until_idle()
    assert refused(shared.api.requests[before:]) == []


@pytest.fixture
def chat_id() -> int:
    return next(NUMBERS)


@pytest.fixture
def talk(bot: Bot, engine: Engine, chat_id: int) -> Talk:
    return Talk(bot, engine, chat_id)


# ---- a whole triage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typing", [False, True], ids=["by buttons", "by typing"])
def test_a_runner_comes_from_the_start_to_a_plan(bot: Bot, engine: Engine, chat_id: int, typing: bool) -> None:
    talk = Talk(bot, engine, chat_id, typing=typing)
    talk.begin()
    talk.go_on(Person(RUNNER, {} if typing else {"Q19": "now"}))
    assert talk.session.state == "plan"
    talk.wait("Your plan")
    texts = talk.texts()
    result, plan = _index(texts, "Your result"), _index(texts, "Your plan")
    assert result < _index(texts, "Running now: Running as usual") < plan == len(texts) - 1
    for shown, node, answer in talk.answered:
        said = str(answer) if isinstance(answer, int) else ", ".join(one.label for one in chosen(node, answer))
        assert shown.text.startswith(f"{node.question.short}: ") and "\n" not in shown.text
        assert answer == () or said in shown.text
        assert shown.labels == []
    assert [name for name, _ in bot.answers(chat_id)] == [node.id for _, node, _ in talk.answered]


def _index(texts: Sequence[str], words: str) -> int:
    found = [at for at, text in enumerate(texts) if words in text]
    assert len(found) == 1, f"{words!r} stands in {len(found)} messages"
    return found[0]


def test_every_label_that_is_typed_means_its_button(engine: Engine) -> None:
    wrong = []
    for node in engine.nodes.values():
        for option in node.question.options:
            for words in (option.label, option.full or option.label):
                if node.question.kind == "multi":
                    right = ticked(node, f"{words}, Done", "Done", str) == [option.value, DONE]
                else:
                    found = matched(node.question, words, str)
                    right = found is not None and found.value == option.value
                wrong += [] if right else [(node.id, words)]
    assert wrong == []


def test_cards_open_and_turn_and_lead_back_to_the_plan(talk: Talk) -> None:
    talk.begin()
    talk.go_on(Person(RUNNER))
    plan = talk.wait("Your plan")
    planned = len(plan.labels) - 2
    assert plan.labels == [*(str(at) for at in range(1, planned + 1)), "Check in", "See the tips drawn"]
    talk.press(plan, "1")
    card = talk.find(lambda one: "Next exercise" in one.labels)
    seen = {card.text}
    for _ in range(planned):
        before = (len(talk.texts()), card.edits)
        talk.press(card, "Next exercise")
        # A drawing turns into the next one; a card without a drawing comes anew.
        talk.api.wait_for(lambda: (len(talk.texts()), card.edits) != before)  # noqa: B023
        card = talk.find(lambda one: "Next exercise" in one.labels)
        seen.add(card.text)
    assert len(seen) == planned
    count = len(talk.texts())
    talk.press(card, "Back to the plan")
    talk.api.wait_for(lambda: len(talk.texts()) == count + 1)
    assert talk.texts()[-1] == plan.text


def test_an_emergency_ends_at_once_and_gives_no_exercises(talk: Talk, content: Content) -> None:
    talk.begin()
    talk.go_on(Person(NUMB))
    assert talk.session.state == "emergency"
    ended = talk.wait(EMERGENCY)
    assert ended.labels == ["Already checked today"]
    talk.press(ended, "Already checked today")
    talk.wait("I have noted that you were checked today")
    _has_no_plan(talk, content)


def _has_no_plan(talk: Talk, content: Content) -> None:
    """Asks for the plan in every way there is, and is shown no exercise."""
    before = len(talk.texts())
    for command in ("/plan", "/exercise bridge", "/tests"):
        count = len(talk.texts())
        talk.api.say(talk.chat_id, command)
        talk.api.wait_for(lambda: len(talk.texts()) > count)  # noqa: B023
    plank = next(one.id for one in content.library.exercises if one.category == "strength")
    talk.api.press_data(talk.chat_id, talk.api.messages(talk.chat_id)[-1].message_id, f"x:{plank}")
    talk.api.wait_for(lambda: len(talk.texts()) == before + 4)
    said = "\n".join(talk.texts()[before:])
    assert any(words in said for words in ("don't do exercises", "I give no exercises for the next 24 hours"))
    assert [one.name for one in content.library.exercises if one.name in said] == []


def test_export_sends_a_file_with_the_answers(talk: Talk) -> None:
    talk.begin()
    talk.go_on(Person(RUNNER), until="Q03")
    talk.api.say(talk.chat_id, "/export")
    sent = talk.find(lambda one: one.document)
    assert sent.document is not None
    name, content = sent.document
    rows = json.loads(content)
    assert name == "backstride-export.json"
    assert [row["log"] for row in rows["session"]] == [[["Q00", "yes"], ["Q01", "35_44"], ["Q02", "none"]]]
    assert [row["chat_id"] for row in rows["chat"]] == [talk.chat_id]


# ---- nothing is kept -------------------------------------------------------------------------------------------------


def _is_forgotten(bot: Bot, talk: Talk, *words: str) -> None:
    """Looks for a person in every table and in the raw bytes of the stopped bot's files."""
    traces = {str(talk.chat_id), "Ada", "Q01", "35_44", talk.mark.partition(":")[0], *words}
    tables = [row["name"] for row in bot.rows("select name from sqlite_master where type = 'table'")]
    said = json.dumps([bot.rows(f"select * from {table}") for table in tables], default=str)
    raw = bot.bytes_on_disk()
    assert [trace for trace in traces if trace in said or trace.encode() in raw] == []
    assert talk.chat_id.to_bytes(6) not in raw
    assert {table: bot.rows(f"select * from {table}") for table in ("chat", "session", "diary", "outbox")} == {
        "chat": [],
        "session": [],
        "diary": [],
        "outbox": [],
    }


def test_delete_leaves_no_trace_and_the_next_start_begins_anew(tmp_path: Path, engine: Engine, chat_id: int) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        talk.go_on(Person(RUNNER), until="Q18")
        bot.api.say(chat_id, "my cat is called Mephistopheles")
        talk.wait("Sorry, I did not understand that")
        bot.api.say(chat_id, "/delete")
        asked = talk.wait("Shall I remove everything")
        assert chat_id.to_bytes(6) in bot.bytes_on_disk()
        talk.press(asked, "Delete everything")
        last = talk.press(asked, "Delete everything")
        bot.api.wait_for_poll(last + 1)
        talk.wait("Done. I have removed everything")
        bot.until_idle()
        assert bot.stop() == 0
        _is_forgotten(bot, talk, "Mephistopheles", "Weekly km", "rest_sit")
        bot.start()
        again = Talk(bot, engine, chat_id)
        again.seen = talk.seen
        again.begin()
        assert again.node.id == "Q00"
        assert sum("I give general information" in text for text in again.texts()) == 2


def test_names_words_and_messages_are_erased_once_they_are_handled_or_sent(
    tmp_path: Path, engine: Engine, chat_id: int
) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        talk.answer("yes")
        bot.api.say(chat_id, "my cat is called Mephistopheles")
        talk.wait("Sorry, I did not understand that")
        talk.go_on(Person(RUNNER))
        talk.wait("Your plan")
        bot.until_idle()
        assert bot.stop() == 0
        raw = bot.bytes_on_disk()
        assert b"35_44" in raw
        assert [words for words in (b"Ada", b"Mephistopheles", b"Your plan", b"Step 1") if words in raw] == []


def test_keeping_everything_keeps_everything(talk: Talk) -> None:
    talk.begin()
    talk.answer("yes")
    talk.api.say(talk.chat_id, "/delete")
    talk.press(talk.wait("Shall I remove everything"), "Keep it")
    talk.wait("Nothing was removed")
    talk.answer("35_44")
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"], ["Q01", "35_44"]]


@pytest.mark.parametrize(
    ("answers", "told"),
    [(["yes", "u18"], "I am made for adults, so I stop here"), (["no"], "I keep nothing about you")],
    ids=["a minor", "no consent"],
)
def test_one_who_may_not_or_will_not_leaves_nothing_behind_once_told(
    tmp_path: Path, engine: Engine, chat_id: int, answers: list[str], told: str
) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        for answer in answers:
            talk.answer(answer)
        talk.wait(told)
        bot.until_idle()
        assert bot.stop() == 0
        _is_forgotten(bot, talk, "u18")


# ---- hostile input ---------------------------------------------------------------------------------------------------

NAMES = {
    "tags": "<b>Bob</b> & <script>",
    "emoji": "🏃🏽‍♀️🔥",
    "right to left": "\u202eevil\u202c \u200fعلي",
    "64 characters": "W" * 64,
    "no sense": "\x00\ud800{0}%s",
}
TEXTS = {
    "4096 characters": "ä" * 4096,
    "4096 wide characters": "🦴" * 2048,
    "HTML": "<b>bold</i> <a href='x'>&lt;&bogus; <script>alert(1)</script>",
    "nulls": "\x00a\x00",
    "lone surrogates": "\ud83d back \udc00",
    "placeholders": "{number} {0} {} %s %(x)s {{",
    "SQL": "'); drop table chat; --",
    "blank": " \u200b\u00a0 ",
    "digits": "9" * 4096,
    "other digits": "٣ ² ½ ⅷ",
    "commas": "," * 100,
    "slash": "/",
    "no command": "/nonsense@" + USERNAME + " <b>",
    "long command": "/" + "x" * 4000,
    "exercise": "/exercise <b>{number}\x00\ud800",
    "payload": "/start " + "x" * 64,
}


def _written(api: FakeBotApi, chat_id: int, name: str, text: str) -> int:
    api.greet(chat_id)
    person = {
        "id": chat_id,
        "is_bot": False,
        "first_name": name,
        "last_name": name,
        "username": "x",
        "language_code": "xx",
    }
    chat = {"id": chat_id, "type": "private", "first_name": name, "last_name": name}
    return api.update(message={"message_id": 1, "date": 1, "chat": chat, "from": person, "text": text})


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_strange_name_breaks_nothing(talk: Talk, name: str) -> None:
    _written(talk.api, talk.chat_id, name, "/start")
    talk.question()
    _written(talk.api, talk.chat_id, name, "I agree")
    talk.take("yes")
    _written(talk.api, talk.chat_id, name, "42")
    talk.take("35_44")
    assert not any(name in text for text in talk.texts())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_strange_text_is_answered_and_breaks_nothing(talk: Talk, text: str) -> None:
    _written(talk.api, talk.chat_id, "Ada", text)
    talk.api.wait_for(talk.texts)
    talk.begin()
    talk.answer("yes")
    count = len(talk.texts())
    _written(talk.api, talk.chat_id, "Ada", text)
    talk.api.wait_for(lambda: len(talk.texts()) > count)
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"]]
    talk.answer("35_44")
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"], ["Q01", "35_44"]]


BARE = [
    *": q q: q:: q::: q:a:b:c:d:e x x: x:nothing y:nothing t:nothing g:nothing g: c:<b> null {} q:{0}:{1}:{2}".split(),
    *("", "\x00", "\ud800", "q:" + "z" * 3000, "🦴" * 64),
]
CODES = ["", *f"a a99 a-1 a{'9' * 50} n5 d t0 u0 z0 a0:a1 A0".split()]


def _forgeries(data: str) -> list[str]:
    key, turn = data.split(":")[1:3]
    return [*BARE, *(f"q:{key}:{turn}:{code}" for code in CODES), f"q:{key}:99:a0", f"q:{key}::a0"]


def test_forged_buttons_answer_nothing_and_are_answered(bot: Bot, engine: Engine, chat_id: int) -> None:
    talk = Talk(bot, engine, chat_id)
    talk.begin()
    talk.answer("yes")
    shown = talk.current()
    forgeries = _forgeries(shown.data("65+"))
    for forgery in forgeries:
        # A message of its own, so that an edit is one.
        count, edits = len(talk.texts()), sum(one.edits for one in bot.api.messages(chat_id))
        bot.api.press_data(chat_id, bot.api.messages(chat_id)[-1].message_id, forgery)
        bot.api.wait_for(
            lambda: len(talk.texts()) > count or sum(one.edits for one in bot.api.messages(chat_id)) > edits  # noqa: B023
        )
        assert bot.answers(chat_id) == [["Q00", "yes"]], forgery
    assert len(bot.api.answered) >= len(forgeries)


def test_a_button_of_another_persons_session_counts_for_nobody(bot: Bot, engine: Engine, chat_id: int) -> None:
    ada, bob, stranger = Talk(bot, engine, chat_id), Talk(bot, engine, next(NUMBERS)), next(NUMBERS)
    for talk in (ada, bob):
        talk.begin()
        talk.answer("yes")
    data = ada.current().data("65+")
    bot.api.press_data(bob.chat_id, bob.current().message_id, data)
    bob.wait("This button belongs to an earlier conversation")
    bot.api.greet(stranger)
    bot.api.press_data(stranger, 1, data)
    bot.api.wait_for_text(stranger, "I'll ask about symptoms")
    assert bot.answers(ada.chat_id) == bot.answers(bob.chat_id) == [["Q00", "yes"]]
    assert bot.answers(stranger) == []


# ---- each answer counts once -----------------------------------------------------------------------------------------


def test_a_stale_button_shows_the_current_question(talk: Talk) -> None:
    first = talk.begin()
    data = first.data("No")
    talk.answer("yes")
    talk.api.press_data(talk.chat_id, first.message_id, data)
    shown = talk.wait("That question is answered already")
    assert "How old are you?" in shown.text
    talk.answer("35_44")
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"], ["Q01", "35_44"]]


def test_a_button_that_is_pressed_twice_counts_once(talk: Talk) -> None:
    shown = talk.begin()
    data = shown.data("I agree")
    for _ in range(2):
        talk.api.press_data(talk.chat_id, shown.message_id, data)
    talk.wait("That question is answered already")
    talk.take("yes")
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"]]
    assert sum(text == "Your consent: I agree" for text in talk.texts()) == 1


def test_an_update_that_is_delivered_twice_counts_once(tmp_path: Path, engine: Engine, chat_id: int) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        assert bot.stop() == 0
        message = {"message_id": 900, "date": 1, "chat": {"id": chat_id, "type": "private"}, "text": "yes"}
        update = bot.api.update(message=message)
        bot.api.repeat(update, message=message)
        bot.start()
        talk.take("yes")
        bot.api.wait_for_poll(update + 1)
        assert bot.stop() == 0
        # Telegram forgets that it was acknowledged, and delivers it once more.
        bot.api.repeat(update, message=message)
        later = bot.api.say(chat_id, "42")
        bot.start()
        talk.take("35_44")
        bot.api.wait_for_poll(later + 1)
        assert bot.answers(chat_id) == [["Q00", "yes"], ["Q01", "35_44"]]
        assert sum("How old are you?" in text for text in talk.texts()) == 0
        assert len(talk.texts()) == 4


# ---- the world fails -------------------------------------------------------------------------------------------------


def test_too_many_requests_delay_only_that_chat_and_lose_nothing(tried: Bot, engine: Engine, chat_id: int) -> None:
    ada, bob = Talk(tried, engine, chat_id), Talk(tried, engine, next(NUMBERS))
    for talk in (ada, bob):
        talk.begin()
    before = len(tried.api.requests)
    tried.api.too_many(ada.chat_id, 1)
    ada.give("yes")
    tried.api.wait_for(lambda: [call for call in tried.api.requests[before:] if call.status == 429])
    bob.answer("yes")
    ada.take("yes")
    sent = [call.chat_id for call in tried.api.requests[before:] if "How old are you?" in str(call.params.get("text"))]
    assert sent == [bob.chat_id, ada.chat_id]
    assert ada.texts() == bob.texts()


def test_a_blocked_bot_goes_on_for_others_and_a_word_from_the_person_unblocks(
    tried: Bot, engine: Engine, chat_id: int
) -> None:
    ada, bob = Talk(tried, engine, chat_id), Talk(tried, engine, next(NUMBERS))
    ada.begin()
    tried.api.refuse_quietly(chat_id)
    ada.give("yes")
    tried.api.wait_for(lambda: (tried.chat(chat_id) or {})["blocked_at"] is not None)
    bob.begin()
    bob.answer("yes")
    tried.api._blocked.discard(chat_id)
    tried.api.say(chat_id, "/start")
    ada.take("yes")
    assert tried.answers(chat_id) == [["Q00", "yes"]]
    assert (tried.chat(chat_id) or {})["blocked_at"] is None


def test_a_person_who_blocks_and_comes_back_goes_on(talk: Talk) -> None:
    talk.begin()
    talk.api.block(talk.chat_id)
    talk.api.wait_for(lambda: (talk.bot.chat(talk.chat_id) or {})["blocked_at"] is not None)
    talk.api.unblock(talk.chat_id)
    talk.api.wait_for(lambda: (talk.bot.chat(talk.chat_id) or {})["blocked_at"] is None)
    talk.answer("yes")
    assert talk.bot.answers(talk.chat_id) == [["Q00", "yes"]]


SOFT = {
    "not modified": (
        "editMessageText",
        "Bad Request: message is not modified: specified new message content is the same",
    ),
    "too old": (
        "answerCallbackQuery",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ),
    "no longer there": ("editMessageText", "Bad Request: message to edit not found"),
}


@pytest.mark.parametrize(("method", "words"), SOFT.values(), ids=SOFT)
def test_a_refusal_that_changes_nothing_is_success(
    tried: Bot, engine: Engine, chat_id: int, method: str, words: str
) -> None:
    talk = Talk(tried, engine, chat_id)
    talk.begin()
    before = len(tried.api.requests)
    tried.api.fail(400, words, method)
    talk.answer("yes")
    tried.until_idle()
    tried.api.wait_for(lambda: (method, 400) in [call[:2] for call in refused(tried.api.requests[before:])])
    assert _errors(tried, chat_id) == []
    assert tried.answers(chat_id) == [["Q00", "yes"]]


def _errors(bot: Bot, chat_id: int) -> list[str]:
    """What went wrong for good with calls to one person."""
    query = "select error from outbox join chat on chat.key = outbox.chat where error is not null and chat_id = ?"
    return [row["error"] for row in bot.rows(query, chat_id)]


FAILURES: dict[str, Callable[[FakeBotApi], None]] = {
    "500 to a message": lambda api: api.fail(500, "Internal Server Error", "sendMessage"),
    "502 to an edit": lambda api: api.fail(502, "Bad Gateway", "editMessageText"),
    "500 to a press": lambda api: api.fail(500, "Internal Server Error", "answerCallbackQuery"),
    "500 to the poll": lambda api: api.fail(500, "Internal Server Error", "getUpdates", times=2),
    "a cut message": lambda api: api.cut("sendMessage"),
    "a cut edit": lambda api: api.cut("editMessageText"),
    "an edit whose answer is cut": lambda api: api.cut("editMessageText", done=True),
    "a cut press": lambda api: api.cut("answerCallbackQuery"),
    "a cut poll": lambda api: api.cut("getUpdates", times=2),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_failing_server_loses_nothing(
    tried: Bot, engine: Engine, chat_id: int, failure: Callable[[FakeBotApi], None]
) -> None:
    talk = Talk(tried, engine, chat_id)
    talk.begin()
    failure(tried.api)
    talk.answer("yes")
    talk.answer("65p")
    tried.until_idle()
    assert [text.partition("\n")[0] for text in talk.texts()[1:]] == [
        "Your consent: I agree",
        "Age: 65+",
        "Step 2 of 17",
    ]
    assert _errors(tried, chat_id) == []


def test_a_restart_goes_on_in_the_middle_with_what_was_pressed_meanwhile(
    tmp_path: Path, engine: Engine, chat_id: int
) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk, person = Talk(bot, engine, chat_id), Person(RUNNER)
        talk.begin()
        talk.go_on(person, until="Q09")
        assert bot.stop() == 0
        answer = person.answer(engine, talk.session)
        talk.give(answer)
        bot.start()
        talk.take(answer)
        talk.go_on(person)
        talk.wait("Your plan")
        assert [name for name, _ in bot.answers(chat_id)] == [node.id for _, node, _ in talk.answered]


# ---- kill -9 ---------------------------------------------------------------------------------------------------------

PASSAGES = {"rendered": 1, "taken from the outbox": 2, "sent to Telegram": 2, "marked sent": 2}
"""Hops that a press passes more than once, such as the two calls of the outbox, and how often."""
TWICE = {"sent to Telegram", "confirmed"}
"""Hops after which a message may have been sent but not marked: it may be sent twice."""


def _crash_at(bot: Bot, hop: str, count: int, armed: Path) -> None:
    bot.start("tests.crashing_bot", CRASH_AT=hop, CRASH_COUNT=str(count), CRASH_ARMED=str(armed))


@pytest.mark.parametrize(
    ("hop", "count"), [(hop, count) for hop in HOPS for count in range(1, PASSAGES.get(hop, 1) + 1)]
)
def test_a_kill_between_any_two_steps_of_a_press_loses_and_doubles_nothing(
    tmp_path: Path, engine: Engine, chat_id: int, hop: str, count: int
) -> None:
    # A button's query that was confirmed before the kill is too old after it, and a change made before is no change.
    with installed(tmp_path, 400) as bot:
        armed = tmp_path / "armed"
        _crash_at(bot, hop, count, armed)
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        for answer in ("yes", "35_44", "some"):
            talk.answer(answer)
        bot.until_idle()
        before = len(talk.texts())
        armed.touch()
        talk.give("yes")
        assert bot.wait() == -signal.SIGKILL
        bot.start()
        talk.take("yes")
        ended = talk.wait(EMERGENCY)
        bot.until_idle()
        assert bot.stop() == 0
        copies = len(talk.texts()) - before
        assert talk.texts()[before:] == [ended.text] * copies
        assert copies == 1 or (copies == 2 and hop in TWICE)
        assert (talk.answered[-1][0].text, talk.answered[-1][0].labels) == ("Numb between the legs: Yes", [])
        assert bot.answers(chat_id) == [["Q00", "yes"], ["Q01", "35_44"], ["Q02", "some"], ["RF_SADDLE", "yes"]]
        assert [row["kind"] for row in bot.rows("select kind from diary")] == ["screen", "result"]
        assert bot.is_idle()
        assert bot.rows("select * from inbox where error is not null or payload is not null") == []


@pytest.mark.parametrize(
    "hop", ["received", "loaded", "session saved", "calls queued", "committed", "sent to Telegram", "marked sent"]
)
def test_a_kill_at_the_last_press_of_a_check_in_notes_it_once(
    tmp_path: Path, engine: Engine, chat_id: int, hop: str
) -> None:
    with installed(tmp_path, 400) as bot:
        # The plan was made yesterday.
        yesterday = datetime.now(UTC) - timedelta(days=1)
        chat = Chat(bot.database, engine, chat_id=chat_id, dialogues=(CheckIn,), now=yesterday, update=-1000)
        chat.begin(Person({"nprs": 4}))
        chat.store.close()
        armed = tmp_path / "armed"
        _crash_at(bot, hop, 1, armed)
        bot.api.say(chat_id, "/checkin")
        for label, following in (
            ("Nothing new", "Average pain"),
            ("3", "Did you do your exercises"),
            ("All, felt fine", "Did you run"),
        ):
            _press_newest(bot, chat_id, label)
            bot.api.wait_for_text(chat_id, following)
        bot.until_idle()
        armed.touch()
        _press_newest(bot, chat_id, "Yes, felt fine")
        assert bot.wait() == -signal.SIGKILL
        bot.start()
        bot.api.wait_for_text(chat_id, "Thank you, noted")
        bot.until_idle()
        assert bot.stop() == 0
        assert [shown.text.count("Thank you, noted") for shown in bot.api.messages(chat_id)] == [1]
        (entry,) = bot.rows("select data from diary where kind = 'check_in'")
        answers = json.loads(entry["data"])["answers"]
        assert (answers["C1"], answers["C2"], answers["C3"]["done"], answers["C4"]["ran"]) == ([], 3, "all", "yes")
        assert bot.rows("select * from session where flow = 'check_in' and open") == []


def _press_newest(bot: Bot, chat_id: int, label: str) -> None:
    shown = bot.api.wait_for(lambda: [one for one in bot.api.messages(chat_id) if label in one.labels])[-1]
    bot.api.press_data(chat_id, shown.message_id, shown.data(label))


def test_a_bot_that_dies_at_another_step_of_every_answer_still_brings_a_runner_to_the_plan(
    tmp_path: Path, engine: Engine, chat_id: int
) -> None:
    with installed(tmp_path, 400) as bot:
        talk, person, armed = Talk(bot, engine, chat_id), Person(RUNNER), tmp_path / "armed"
        hops = itertools.islice(HOPS, 0, None, 3)
        _crash_at(bot, next(hops), 1, armed)
        talk.begin()
        while talk.session.state != "plan":
            answer = person.answer(engine, talk.session)
            if talk.node.question.kind != "multi" and (hop := next(hops, "")):
                bot.until_idle()
                armed.touch()
                talk.give(answer)
                assert bot.wait() == -signal.SIGKILL
                armed.unlink()
                _crash_at(bot, hop, 1, armed)
            else:
                talk.give(answer)
            talk.take(answer)
        talk.wait("Your plan")
        bot.until_idle()
        assert [name for name, _ in bot.answers(chat_id)] == [node.id for _, node, _ in talk.answered]
        assert all(shown.labels == [] for shown, _, _ in talk.answered)
        assert len(bot.rows("select * from diary where kind = 'result'")) == 1


@pytest.mark.parametrize("hop", ["calls queued", "committed", "sent to Telegram", "marked sent"])
def test_a_kill_while_everything_is_removed_leaves_no_trace_either(
    tmp_path: Path, engine: Engine, chat_id: int, hop: str
) -> None:
    with installed(tmp_path, 400) as bot:
        armed = tmp_path / "armed"
        _crash_at(bot, hop, 1, armed)
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        talk.go_on(Person(RUNNER), until="Q03")
        bot.api.say(chat_id, "/delete")
        asked = talk.wait("Shall I remove everything")
        bot.until_idle()
        armed.touch()
        talk.press(asked, "Delete everything")
        assert bot.wait() == -signal.SIGKILL
        bot.start()
        talk.wait("Done. I have removed everything")
        bot.until_idle()
        assert bot.stop() == 0
        _is_forgotten(bot, talk)


# ---- beginning and ending --------------------------------------------------------------------------------------------


def test_sigterm_ends_the_bot_with_exit_code_0_and_what_was_queued_is_sent(
    tmp_path: Path, engine: Engine, chat_id: int
) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        update = bot.api.say(chat_id, "yes")
        bot.api.wait_for_poll(update + 1)
        assert bot.stop() == 0
        talk.take("yes")
        assert bot.is_idle()


def test_whoever_hangs_up_in_the_middle_of_an_answer_ends_nothing(tmp_path: Path) -> None:
    door = ("127.0.0.1", free_port())
    with installed(tmp_path, METRICS_PORT=str(door[1])) as bot:
        bot.start()
        bot.api.wait_for_poll(0)
        for _ in range(20):
            with socket.create_connection(door) as line:
                line.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        assert bot.stop() == 0


def test_a_refused_token_ends_in_one_clear_line(tmp_path: Path) -> None:
    with installed(tmp_path, 401, TELEGRAM_BOT_TOKEN="123456:" + "x" * 35) as bot:
        bot.start()
        assert bot.wait() == 1
        assert bot.log.splitlines() == [bot.log.strip()]
        assert bot.log.startswith("Error: TELEGRAM_BOT_TOKEN is refused")


def test_the_log_never_holds_the_token_an_answer_a_name_or_a_word_of_the_person(
    tmp_path: Path, engine: Engine, chat_id: int
) -> None:
    with installed(tmp_path, 500, 400, 0, troubled=True, LOG_LEVEL="DEBUG") as bot:
        bot.start()
        talk = Talk(bot, engine, chat_id)
        talk.begin()
        talk.answer("yes")
        bot.api.say(chat_id, "Mephistopheles")
        talk.wait("Sorry, I did not understand that")
        bot.api.fail(500, "Internal Server Error", "sendMessage")
        bot.api.cut("editMessageText")
        bot.api.fail(400, "Bad Request: can't parse entities: Mephistopheles", "sendMessage", chat_id)
        talk.give("35_44")
        bot.until_idle()
        bot.api.update(
            message={"message_id": "Mephistopheles", "date": "x", "chat": {"id": chat_id, "type": "private"}}
        )
        last = bot.api.say(chat_id, HEARD)
        talk.wait(NET_TEXT)
        bot.api.wait_for_poll(last + 1)
        assert bot.stop() == 0
        said = (SECRET, "Mephistopheles", "Ada", "18_34", "I agree", "groin", "net.heard", "Numb")
        assert [words for words in said if words in bot.log] == []


# ---- groups ----------------------------------------------------------------------------------------------------------


def test_a_group_gets_one_card_in_its_topic_and_nothing_else(bot: Bot, chat_id: int) -> None:
    group, api = -chat_id, bot.api
    topic = {"is_topic_message": True, "message_thread_id": 7}
    api.say(group, f"/check@{USERNAME}", **topic)
    card = api.wait_for_text(group, CARD)
    (club,) = bot.rows("select token from club join chat on chat.key = club.chat where chat_id = ?", group)
    link = f"https://t.me/{USERNAME}?start={club['token']}"
    assert [[button.get("url") for button in row] for row in card.buttons] == [[link]]
    ignored = ["hello", "my groin is numb", "/check@SomeOtherBot", "I want to die", "65+"]
    for text in ignored:
        api.say(group, text, **topic)
    api.edit(group, f"@{USERNAME} {HEARD}")
    api.press_data(group, card.message_id, "g:export")
    api.post(group, dice={"emoji": "🎲", "value": 1})
    for text in (f"@{USERNAME} {HEARD}", f"@{USERNAME} I want to kill myself", f"/plan@{USERNAME}", f"@{USERNAME} yes"):
        api.say(group, text, **topic)
    last = api.say(chat_id, "/help")
    api.wait_for_poll(last + 1)
    bot.until_idle()
    # The card stands there already: nothing that was written changes that within half a minute.
    assert [shown.text for shown in api.messages(group)] == [card.text]
    assert [int(call.params["message_thread_id"]) for call in api.calls("sendMessage", group)] == [7]
    assert bot.answers(group) == []


# ---- the free-text net -----------------------------------------------------------------------------------------------


def _is_warned(shown: Shown, talk: Talk) -> None:
    """The text of the emergency comes first, then the question."""
    assert NET_TEXT in shown.text or any(NET_TEXT in text for text in talk.texts()[-2:-1])
    warned, asked = shown.text.find(NET_TEXT), shown.text.find("Is what you wrote about happening to you now?")
    assert warned < asked
    assert shown.labels[:3] == ["Yes", "No", "Not sure"]


PLACES = {
    "before consent": None,
    "at the consent": "Q00",
    "in the middle": "Q09",
    "after Stop": "Stop",
    "after a plan": "plan",
}


def _at(talk: Talk, place: str | None) -> None:
    if place is not None:
        talk.begin()
        talk.go_on(Person(RUNNER), until={"Stop": "Q09"}.get(place, place))
    if place == "plan":
        talk.wait("Your plan")
        talk.wait("Some short self-checks are left")
    if place == "Stop":
        talk.press(talk.current(), "Stop")
        talk.wait("Stopped. Your answers are kept")


@pytest.mark.parametrize("answer", ["yes", "unsure"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_emergency_that_is_typed_and_happening_ends_without_exercises(
    talk: Talk, content: Content, place: str | None, answer: str
) -> None:
    _at(talk, place)
    _is_warned(talk.hear(HEARD), talk)
    talk.answer(answer)
    assert talk.session.state == "emergency"
    ended = talk.wait(EMERGENCY)
    assert ended.labels == ["Already checked today"]
    _has_no_plan(talk, content)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_an_emergency_that_is_not_happening_asks_the_nerve_questions_and_goes_back(
    talk: Talk, place: str | None
) -> None:
    _at(talk, place)
    before = talk.session.state
    talk.hear(HEARD)
    talk.answer("no")
    asked: list[str] = []
    while not asked or talk.session.state not in (before, "Q03"):
        asked.append(talk.session.state)
        talk.answer({"Q00": "yes", "Q01": "35_44"}.get(talk.session.state, "no"))
    nerves = ["RF_SADDLE", "RF_BLADDER", "RF_BOWEL", "RF_SEX", "RF_BILAT", "RF_WEAK"]
    assert asked == (["Q00", "Q01", *nerves] if place in (None, "Q00") else nerves)
    if place == "plan":
        talk.api.wait_for(lambda: len([text for text in talk.texts() if "Your plan" in text]) == 2)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_crisis_gets_the_crisis_text_and_no_result(talk: Talk, place: str | None) -> None:
    _at(talk, place)
    count, answers = len(talk.texts()), talk.bot.answers(talk.chat_id)
    talk.api.say(talk.chat_id, "I want to kill myself")
    crisis = talk.wait("I'm a program and can't give you the help you deserve right now")
    assert talk.texts()[count:] == [crisis.text]
    assert crisis.labels == ["Carry on"]
    assert talk.bot.answers(talk.chat_id) == answers
    talk.press(crisis, "Carry on")
    talk.api.wait_for(lambda: len(talk.texts()) == count + 2)
    if place in ("Q00", "Q09"):
        assert talk.node.question.text in talk.texts()[-1]


def test_words_of_an_emergency_are_heard_wherever_they_are_written(bot: Bot, engine: Engine) -> None:
    api = bot.api
    ways: list[Callable[[int], int]] = [
        lambda one: api.say(one, HEARD.upper()),
        lambda one: api.edit(one, HEARD),
        lambda one: api.post(
            one, photo=[{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}], caption=HEARD
        ),
        lambda one: api.say(one, f"/start {HEARD}"),
        lambda one: api.say(one, f"/exercise@{USERNAME} {HEARD}"),
        lambda one: api.say(one, f"/delete\n{HEARD}"),
    ]
    for write in ways:
        talk = Talk(bot, engine, next(NUMBERS))
        talk.begin()
        write(talk.chat_id)
        talk.session = engine.hear(talk.session).session
        _is_warned(talk.question(), talk)


def test_an_edit_and_what_is_no_text_answer_nothing(talk: Talk) -> None:
    talk.begin()
    talk.api.edit(talk.chat_id, "yes")
    talk.api.post(talk.chat_id, dice={"emoji": "🎲", "value": 1})
    shown = talk.wait("I can only read text and buttons")
    assert talk.node.question.text in shown.text
    assert talk.bot.answers(talk.chat_id) == []


def test_the_question_whether_it_is_happening_cannot_be_passed_by_going_back(talk: Talk) -> None:
    _at(talk, "plan")
    shown = talk.hear(HEARD)
    if "Back" in shown.labels:
        talk.press(shown, "Back")
        talk.bot.until_idle()
    count = len(talk.texts())
    talk.api.say(talk.chat_id, "/plan")
    talk.api.wait_for(lambda: len(talk.texts()) > count)
    assert sum("Your plan" in text for text in talk.texts()) == 1


def test_what_was_answered_during_a_self_test_is_kept_when_the_test_is_left(talk: Talk) -> None:
    _at(talk, "plan")
    talk.api.say(talk.chat_id, "/tests")
    listed = talk.find(lambda one: any(str(row[0].get("callback_data")) == "t:T2" for row in one.buttons))
    talk.api.press_data(talk.chat_id, listed.message_id, "t:T2")
    talk.session = talk.engine.open_test(talk.session, "T2").session
    talk.question()
    test = talk.session.state
    talk.hear(HEARD)
    talk.answer("no")
    while talk.session.state != test:
        talk.answer({"RF_BLADDER": "yes", "RF_BLADDER.since": "same"}.get(talk.session.state, "no"))
    talk.api.say(talk.chat_id, "/plan")
    talk.api.wait_for(lambda: sum("Your plan" in text for text in talk.texts()) > 1)
    assert ["RF_BLADDER.since", "same"] in talk.bot.answers(talk.chat_id)


def test_a_clean_new_check_soon_after_an_emergency_shows_a_result_but_no_plan(talk: Talk, content: Content) -> None:
    talk.begin()
    talk.go_on(Person(NUMB))
    talk.wait(EMERGENCY)
    talk.session = talk.engine.advance(talk.engine.start().session, "yes").session
    talk.begin("/check")
    # With this much pain no self-test is offered; with less, none is while the plan waits.
    talk.go_on(Person({"nprs": 7}))
    talk.wait("Your result")
    talk.wait("your plan waits")
    planned = talk.engine.assess(talk.session).plan[0].exercise
    count = len(talk.texts())
    talk.api.press_data(talk.chat_id, talk.api.messages(talk.chat_id)[-1].message_id, f"x:{planned}")
    talk.api.wait_for(lambda: len(talk.texts()) > count)
    said = "\n".join(talk.texts())
    assert [one.name for one in content.library.exercises if one.name in said] == []
