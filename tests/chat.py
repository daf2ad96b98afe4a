"""One person's chat with the bot, without Telegram: the real conversation, content and SQLite file, a clock by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from bot.conversation import Conversation
from bot.desk import Desk
from bot.own_data import Operator
from bot.records import Chat as ChatRow
from bot.records import SessionRow
from bot.render import LANGUAGE
from bot.store import Store
from bot.work import Dialogue, Incoming, Kind
from flows.engine import Engine, Session
from tests.person import Person

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PERSON = 7
TAGS = {"b", "i"}
"""The tags of the messages; Telegram knows more (Bot API, HTML style)."""
PLACEHOLDER = re.compile(r"\{\w*\}")


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as it left the outbox."""

    method: str
    params: dict[str, Any]
    message_id: int

    @property
    def text(self) -> str:
        """The text or caption as a person reads it."""
        return unescape(re.sub(r"<[^<>]*>", "", self.html))

    @property
    def html(self) -> str:
        media = self.params.get("media", {})
        params = media if isinstance(media, dict) and media else self.params
        return str(params.get("text", params.get("caption")))

    @property
    def buttons(self) -> dict[str, str]:
        """The data, or the address, of each label."""
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", [])
        return {each["text"]: each.get("callback_data", each.get("url")) for row in rows for each in row}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS and not attrs, f"<{tag} {attrs}> is no tag of ours"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"


def assert_legal(params: dict[str, Any]) -> None:
    """Asserts that a call keeps what the Bot API allows (sendMessage, InlineKeyboardButton, HTML style)."""
    if "media" in params and "type" not in params:
        media = params["media"]
        for each in [media] if isinstance(media, dict) else media:
            assert_legal(each)
        return
    html = str(params.get("text", params.get("caption")))
    tags = _Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == [], html
    assert not re.search(r"&(?!(?:lt|gt|amp|quot);)", html), html
    shown = unescape(re.sub(r"</?[a-z]+>", "", html))
    assert 0 < len(shown.encode("utf-16-le")) // 2 <= (4096 if "text" in params else 1024), len(shown)
    assert not PLACEHOLDER.search(shown), shown
    assert params["parse_mode"] == "HTML"
    rows = params.get("reply_markup", {"inline_keyboard": [[None]]})["inline_keyboard"]
    assert all(0 < len(row) <= 8 for row in rows) and sum(map(len, rows)) <= 100
    for button in (each for row in rows for each in row if each is not None):
        assert button["text"] and not PLACEHOLDER.search(button["text"]), button
        assert set(button) == {"text", "url"} or 0 < len(button["callback_data"].encode()) <= 64, button


@dataclass
class Chat:
    """Writes, presses and reads in one chat; every message is checked to be legal as it is read."""

    path: Path
    engine: Engine
    translate: Callable[[str], str] = str
    operator: Operator = field(default_factory=Operator)
    chat_id: int = PERSON
    language: str = LANGUAGE
    dialogues: tuple[Callable[[Desk, Store], Dialogue], ...] = ()
    now: datetime = NOW
    key: str = ""
    """What the database is encrypted with."""
    update: int = 0
    sent: list[Sent] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    """What each press in a group was answered with; nothing where it was only taken."""

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Starts the bot on its file."""
        self.store = Store.open(self.path, self.key)
        # Waiting for the disk proves nothing here: test_store and test_bot_process see to what survives a crash.
        self.store._db.execute("pragma synchronous=off")
        self.bot = Conversation(
            self.engine, self.store, self.translate, self.operator, self.dialogues, language=self.language
        )

    def restart(self, engine: Engine | None = None) -> None:
        """Ends the bot and starts it on the same file, perhaps with other content."""
        self.store.close()
        self.engine = engine or self.engine
        self.open()

    def wait(self, **times: float) -> None:
        self.now += timedelta(**times)

    # ---- doing -----------------------------------------------------------------------------------------------

    def do(self, kind: Kind, **what: Any) -> list[Sent]:
        """Does one thing and returns what the bot sent after it."""
        self.update += 1
        incoming = Incoming(self.update, self.chat_id, kind, **what)
        assert self.store.receive(self.update, "{}")
        self.bot.handle(incoming, self.now)
        assert self.store.pending() == []
        return self.read()

    def read(self) -> list[Sent]:
        """Takes all calls out of the outbox, as Telegram would."""
        new = []
        while heads := self.store.heads(self.now, 1):
            call = heads[0]
            if call.method == "answerCallbackQuery":
                assert call.params["callback_query_id"] and len(str(call.params.get("text", ""))) <= 200
                self.alerts.append(str(call.params.get("text", "")))
                self.store.sent(call.id, None, self.now)
                continue
            edited = call.message_id if call.edits is not None else call.params.get("message_id")
            message_id = edited if isinstance(edited, int) else 1000 + call.id
            assert_legal(call.params)
            new.append(Sent(call.method, dict(call.params), message_id))
            self.store.sent(call.id, message_id, self.now)
        self.sent += new
        return new

    def command(self, line: str) -> list[Sent]:
        name, _, argument = line.removeprefix("/").partition(" ")
        return self.do("command", text=name, argument=argument)

    def type(self, text: str) -> list[Sent]:
        return self.do("text", text=text)

    def tap(self, data: str, message_id: int = 1) -> list[Sent]:
        """Presses a button with this data, forged or true."""
        return self.do("press", data=data, message_id=message_id)

    def checks_in(self, *labels: str) -> None:
        """Opens the check-in of the day and presses one button after the other."""
        self.command("/checkin")
        for label in labels:
            self.press(label)

    def press(self, label: str) -> list[Sent]:
        """Presses the newest button with this label."""
        message, data = next((each, each.buttons[label]) for each in reversed(self.sent) if label in each.buttons)
        return self.tap(data, message.message_id)

    def code(self, code: str) -> list[Sent]:
        """Presses a button of the question that waits."""
        row = self.row
        return self.tap(f"q:{row.key}:{row.turn}:{code}", self.newest.message_id)

    def answer(self, answer: Any) -> list[Sent]:
        """Presses what stands for an answer to the question that waits."""
        question = self.engine.nodes[self.row.state].question
        values = [option.value for option in question.options]
        if question.kind == "scale":
            return self.code(f"n{answer}")
        if question.kind == "single":
            return self.code(f"a{values.index(answer)}")
        for tick in answer:
            self.code(f"t{values.index(tick)}")
        return self.code("d")

    def go(self, person: Person | None = None, to: str = "") -> list[Sent]:
        """Answers question after question as this person, until one waits that is named or nothing waits."""
        person, new = person or Person({}), []
        while self.waits and self.row.state != to:
            new = self.answer(person.answer(self.engine, self.session))
        assert not to or self.row.state == to, self.row.state
        return new

    def begin(self, person: Person | None = None, to: str = "") -> list[Sent]:
        """Starts and goes on to a question, or to the end."""
        self.command("/start")
        return self.go(person, to)

    # ---- looking ---------------------------------------------------------------------------------------------

    @property
    def known(self) -> ChatRow | None:
        return self.store.chat(self.chat_id)

    @property
    def chat(self) -> ChatRow:
        known = self.known
        assert known is not None
        return known

    @property
    def row(self) -> SessionRow:
        row = self.store.latest_session(self.chat.key)
        assert row is not None
        return row

    @property
    def session(self) -> Session:
        return self.engine.resume(self.row.state, self.row.log)

    @property
    def waits(self) -> bool:
        """Whether a question waits for an answer."""
        known = self.known
        row = None if known is None else self.store.latest_session(known.key)
        return row is not None and row.open

    @property
    def newest(self) -> Sent:
        return self.sent[-1]

    @property
    def diary(self) -> list[dict[str, Any]]:
        rows: Any = self.store.everything(self.chat.key)["diary"]
        return list(rows)

    def words(self, phrase: str, **values: object) -> str:
        """A phrase as the person reads it."""
        return self.bot.desk.words.label(phrase, **values)

    def asks(self, name: str) -> bool:
        """Whether the newest message asks this question."""
        text = self.bot.desk.words.plain(self.engine.nodes[name].question.text)
        return all(part in self.newest.text for part in PLACEHOLDER.split(text))


def read_all(messages: list[Sent]) -> str:
    """All texts of some messages."""
    return "\n".join(message.text for message in messages)
