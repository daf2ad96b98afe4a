"""The offline chat: the same conversation, store and messages as in Telegram, in a terminal."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.conversation import Conversation
from bot.store import Store
from bot.work import Incoming

CHAT_ID = 1
"""The one chat of a terminal."""
TYPED = "> "
"""Begins each line of a transcript that a person typed."""

Show = Callable[[str], None]

_TAG = re.compile(r"</?[a-z]+>")
_BOLD = re.compile(r"<b>(.*?)</b>", re.DOTALL)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Terminal:
    """Plays Telegram for one person: turns lines into updates, and prints what the outbox holds."""

    def __init__(self, conversation: Conversation, store: Store, show: Show, bold: Callable[[str], str] = str) -> None:
        self.conversation = conversation
        self.store = store
        self.show = show
        self.bold = bold
        self._keys: dict[str, tuple[str, int]] = {}
        """What each key of the newest message with buttons sends, and the message it belongs to."""

    def begin(self) -> None:
        """Starts, or meets a person where they left off."""
        self._handle(Incoming(None, CHAT_ID, "command", text="start"))

    def type(self, line: str) -> None:
        """Takes one line: a key of the newest buttons, a command, or text."""
        line = line.strip()
        if not line:
            return
        pressed = self._keys.get(line.lower())
        if pressed is not None:
            data, message_id = pressed
            self._handle(Incoming(None, CHAT_ID, "press", data=data, message_id=message_id))
        elif line.startswith("/"):
            command, _, argument = line[1:].partition(" ")
            self._handle(Incoming(None, CHAT_ID, "command", text=command.lower(), argument=argument.strip()))
        else:
            self._handle(Incoming(None, CHAT_ID, "text", text=line))

    def _handle(self, incoming: Incoming) -> None:
        self.conversation.handle(incoming, datetime.now(UTC))
        self.drain()

    def drain(self) -> None:
        """Prints every call that waits, in order, and marks it sent."""
        while heads := self.store.heads(datetime.now(UTC), 1):
            call = heads[0]
            edited = call.message_id if call.edits is not None else call.params.get("message_id")
            message_id = edited if isinstance(edited, int) else call.id
            self._print(call.method, call.params, message_id)
            self.store.sent(call.id, message_id, datetime.now(UTC))

    def _print(self, method: str, params: dict[str, Any], message_id: int) -> None:
        if method == "sendDocument":
            document = params["document"]
            self.show(self._plain(str(params["caption"])))
            # A terminal shows no page: its name stands for it.
            self.show(document["$file"]["text"] if "$file" in document else f"[{document['$made']['name']}]\n")
            return
        if method == "sendPhoto":
            # A terminal shows no picture; its caption says the same.
            self.show(self._plain(str(params["caption"])) + "\n")
            return
        buttons = [button for row in params.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
        self.show(self._plain(str(params["text"])))
        if buttons:
            self.show(self._numbered(buttons, message_id))
        self.show("")

    def _plain(self, text: str) -> str:
        styled = _BOLD.sub(lambda match: self.bold(match.group(1)), text)
        return html.unescape(_TAG.sub("", styled))

    def _numbered(self, buttons: list[dict[str, str]], message_id: int) -> str:
        """Gives each button a key: a number, or a letter where a typed number is an answer of its own."""
        letters = iter(_LETTERS)
        numbers = iter(range(1, len(buttons) + 1))
        numeric = self._takes_numbers()
        self._keys = {}
        lines, scale = [], []
        for button in buttons:
            if button["text"].isdigit():
                scale.append(button["text"])
                self._keys[button["text"]] = (button["callback_data"], message_id)
                continue
            key = next(letters) if numeric or scale else str(next(numbers))
            self._keys[key] = (button.get("callback_data", ""), message_id)
            lines.append(self.conversation.desk.words.label("terminal.pick", key=key, label=button["text"]))
        return "\n".join([*([" ".join(scale)] if scale else []), *lines])

    def _takes_numbers(self) -> bool:
        chat = self.store.chat(CHAT_ID)
        row = self.store.latest_session(chat.key) if chat is not None else None
        node = self.conversation.engine.nodes.get(row.state) if row is not None and row.open else None
        return node is not None and any(option.numbers for option in node.question.options)


def typed_lines(path: Path) -> list[str]:
    """Returns what the person typed in a transcript; a file without the mark is all typing, '#' begins a remark."""
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = [line[len(TYPED) :] for line in lines if line.startswith(TYPED)]
    return marked or [line for line in lines if line.strip() and not line.startswith("#")]


def run_through(terminal: Terminal, lines: Iterable[str]) -> None:
    """Types the lines of a transcript, showing each as it is typed."""
    terminal.begin()
    for line in lines:
        terminal.show(TYPED + line)
        terminal.type(line)


def changes(path: Path, conversation: Conversation, store: Store) -> list[str]:
    """Returns how a transcript would read today, as the lines of a unified diff; empty where nothing changed."""
    now: list[str] = []
    run_through(Terminal(conversation, store, now.append), typed_lines(path))
    today = "\n".join(now).splitlines()
    recorded = path.read_text(encoding="utf-8").splitlines()
    return list(difflib.unified_diff(_trimmed(recorded), _trimmed(today), "recorded", "today", lineterm=""))


def _trimmed(lines: list[str]) -> list[str]:
    """The lines without the empty ones at the end: files differ in how they end."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
