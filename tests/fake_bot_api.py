"""A small, honest Bot API server over real HTTP on loopback, and the people who write to it.

It refuses what Telegram refuses, with Telegram's words (core.telegram.org/bots/api), and can be told to fail.
"""

from __future__ import annotations

import json
import random
import re
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from html import unescape
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

from bot.decoding import sender_of
from tests.fake_media import BadMedia, Shelf, described

TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
USERNAME = "BackstrideTestBot"
PATIENCE = 60.0
"""Seconds after which what has not come is not coming; a busy machine is slow, and a quick one never waits so long."""

T = TypeVar("T")
Params = dict[str, Any]

TAGS = frozenset("b strong i em u ins s strike del span tg-spoiler a code pre blockquote tg-emoji".split())
TAG = re.compile(r"<(/?)([A-Za-z0-9-]*)([^<>]*)>")
ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9A-Fa-f]+);)")


def kind_of_group(chat_id: int) -> str:
    """What a group is, as its id tells (core.telegram.org/api/bots/ids)."""
    return "group" if chat_id > -1_000_000_000_000 else "supergroup"


class Refused(Exception):
    """The server's answer to a call that it does not accept."""

    def __init__(self, status: int, description: str, parameters: Params | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


@dataclass
class Fault:
    """One failure that the server was told to show, to this method and chat (None: any), so many times."""

    kind: str
    """"refuse", "cut" (no answer, nothing done), "cut_after" (done, but no answer), "garble" or "delay"."""
    method: str | None = None
    chat_id: int | None = None
    times: int = 1
    refusal: Refused | None = None
    seconds: float = 0.0
    body: bytes = b'{"result": [{"no": "update"}, 7, null]}'
    status: int = 200

    def concerns(self, method: str, chat_id: int | None) -> bool:
        return self.times > 0 and self.method in (None, method) and self.chat_id in (None, chat_id)


@dataclass(frozen=True)
class Request:
    """One call that reached the server."""

    at: float
    method: str
    params: Params
    status: int
    """The HTTP status of the answer; 0 when the connection was cut."""

    @property
    def chat_id(self) -> int | None:
        return None if "chat_id" not in self.params else int(self.params["chat_id"])


@dataclass
class Shown:
    """One message as the person sees it now."""

    message_id: int
    text: str
    buttons: list[list[Params]] = field(default_factory=list)
    document: tuple[str, bytes] | None = None
    edits: int = 0
    media: tuple[str, str] | None = None
    """The kind and file_id of a picture; the text is then its caption."""

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]

    def data(self, label: str) -> str:
        """The callback data of the button with this label, or the only one that starts with it."""
        buttons = [button for row in self.buttons for button in row]
        found = [button for button in buttons if button["text"] == label] or [
            button for button in buttons if button["text"].startswith(label)
        ]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} buttons are called {label!r} among {self.labels}")
        return str(found[0]["callback_data"])


class FakeBotApi:
    """The server, its chats and the people in them; every method may be used from any thread."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.commands: dict[str, list[Params]] = {}
        self.allowed_updates: list[str] | None = None
        self.answered: list[str] = []
        self.alerts: list[str] = []
        """What presses were answered with, where it was more than nothing."""
        self.groups: dict[int, Any] = {}
        """Groups that say themselves what they let the bot do (tests/fake_groups.py)."""
        self.privacy_mode = True
        self.webhook = ""
        self.webhook_at = ""
        """Where the address of the webhook is to be found on this machine, as a reverse proxy would know."""
        self.webhook_secret = ""
        self.delivered: list[tuple[int, int]] = []
        """The updates that were brought to the webhook, with the statuses of the answers; 0 where none came."""
        self.history: dict[int, Params] = {}
        """Every update that people caused."""
        self._closed = False
        self.shelf = Shelf()
        self._changed = threading.Condition()
        self._chats: dict[int, Params] = {}
        self._shown: dict[int, dict[int, Shown]] = {}
        self._blocked: set[int] = set()
        self._queries: set[str] = set()
        self._faults: list[Fault] = []
        self._updates: list[Params] = []
        self._next_update, self._next_message, self._poll = 1000, 1, 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        cast(Any, self._server).api = self

    # ---- the server ------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/file/bot"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        threading.Thread(target=self._deliver, daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._poll += 1
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # ---- people ----------------------------------------------------------------------------------------------

    def say(self, chat_id: int, text: str, **more: Any) -> int:
        """A person writes; a chat with a negative id is a group. Returns the update's id."""
        return self.update(message=self._message(chat_id, {"text": text, **more}))

    def post(self, chat_id: int, **content: Any) -> int:
        """A person sends something else than text, such as sticker={…}."""
        return self.update(message=self._message(chat_id, content))

    def edit(self, chat_id: int, text: str) -> int:
        """A person edits an earlier message of theirs."""
        return self.update(edited_message=self._message(chat_id, {"text": text, "edit_date": int(time.time())}))

    def press(self, chat_id: int, label: str) -> int:
        """A person presses the button with this label (or its start) on the newest message that has it."""
        for shown in reversed(self.messages(chat_id)):
            if any(known == label or known.startswith(label) for known in shown.labels):
                return self.press_data(chat_id, shown.message_id, shown.data(label))
        raise AssertionError(f"no message has a button {label!r}; the newest have {self._newest_labels(chat_id)}")

    def press_data(self, chat_id: int, message_id: int, data: str, by: Params | None = None, **more: Any) -> int:
        """A person presses a button with these data on this message, even if it is no longer there."""
        with self._changed:
            query = f"q{self._next_update}"
            self._queries.add(query)
            shown = self._shown.get(chat_id, {}).get(message_id)
            message: Params = {"message_id": message_id, "date": 0, "chat": self._chat(chat_id)}
            if shown is not None:
                message |= {"date": int(time.time()), "text": shown.text, "from": _ME, **more}
        person = by or _person(chat_id)
        return self.update(
            callback_query={"id": query, "from": person, "message": message, "chat_instance": "1", "data": data}
        )

    def look_up(self, person_id: int, text: str, language: str = "en") -> str:
        """A person types behind the bot's name in some chat; returns the id of the query."""
        with self._changed:
            query = f"i{self._next_update}"
            self._queries.add(query)
        person = {**_person(person_id), "language_code": language}
        self.update(inline_query={"id": query, "from": person, "query": text, "offset": "", "chat_type": "group"})
        return query

    def block(self, chat_id: int) -> int:
        """A person blocks the bot."""
        self._blocked.add(chat_id)
        return self._member(chat_id, "member", "kicked")

    def unblock(self, chat_id: int) -> int:
        """A person lets the bot write again."""
        self._blocked.discard(chat_id)
        return self._member(chat_id, "kicked", "member")

    def refuse_quietly(self, chat_id: int) -> None:
        """A person blocks the bot, and Telegram does not say so until it is written to."""
        self._blocked.add(chat_id)

    def messages(self, chat_id: int) -> list[Shown]:
        """The bot's messages in a chat, oldest first, as they look now."""
        with self._changed:
            return list(self._shown.get(chat_id, {}).values())

    def update(self, **content: Any) -> int:
        """Queues any update for the bot."""
        with self._changed:
            update_id, self._next_update = self._next_update, self._next_update + 1
            self._updates.append({"update_id": update_id, **content})
            self.history[update_id] = content
            self._changed.notify_all()
            return update_id

    def undelivered(self) -> int:
        """How many updates are not yet acknowledged."""
        with self._changed:
            return len(self._updates)

    def shuffle(self, chance: random.Random) -> None:
        """Puts what waits of different chats out of order; each chat's own order is Telegram's to keep."""
        with self._changed:
            place: dict[int, float] = defaultdict(chance.random)
            self._updates.sort(key=lambda update: (place[sender_of(update)], update["update_id"]))

    def repeat(self, update_id: int, **content: Any) -> None:
        """Delivers an update once more, as Telegram may."""
        with self._changed:
            self._updates.append({"update_id": update_id, **content})
            self._changed.notify_all()

    def greet(self, chat_id: int) -> None:
        """Makes the chat known without an update, as if the person had written long ago."""
        with self._changed:
            self._chat(chat_id)

    # ---- watching --------------------------------------------------------------------------------------------

    def calls(self, method: str, chat_id: int | None = None) -> list[Request]:
        """The calls of a method so far, to one chat or to all."""
        with self._changed:
            return [
                request for request in self.requests if request.method == method and chat_id in (None, request.chat_id)
            ]

    def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE) -> T:
        """Waits until the predicate is true and returns what it gave."""
        end = time.monotonic() + timeout
        with self._changed:
            while not (result := predicate()):
                if not self._changed.wait(min(0.05, end - time.monotonic())) and time.monotonic() >= end:
                    raise AssertionError(f"nothing came in {timeout} s; the last calls: {self._last_calls()}")
            return result

    def wait_for_text(self, chat_id: int, words: str, timeout: float = PATIENCE) -> Shown:
        """Waits for a message in the chat that holds these words and returns it."""
        return self.wait_for(
            lambda: next((shown for shown in reversed(self.messages(chat_id)) if words in shown.text), None), timeout
        ) or Shown(0, "")

    def wait_for_poll(self, after: int = 0, timeout: float = PATIENCE) -> None:
        """Waits until the bot has asked for updates from this update on, which acknowledges all before."""
        self.wait_for(
            lambda: any(int(call.params.get("offset", 0)) >= after for call in self.calls("getUpdates")), timeout
        )

    # ---- failing ---------------------------------------------------------------------------------------------

    def fail(
        self,
        status: int,
        description: str,
        method: str | None = None,
        chat_id: int | None = None,
        times: int = 1,
        **parameters: Any,
    ) -> None:
        """Refuses the next such calls with this status."""
        refusal = Refused(status, description, parameters or None)
        self._faults.append(Fault("refuse", method, chat_id, times, refusal))

    def too_many(self, chat_id: int, retry_after: int, times: int = 1) -> None:
        """Asks for patience in one chat."""
        text = f"Too Many Requests: retry after {retry_after}"
        self.fail(429, text, chat_id=chat_id, times=times, retry_after=retry_after)

    def cut(self, method: str, chat_id: int | None = None, times: int = 1, *, done: bool = False) -> None:
        """Closes the connection without an answer, before or after the call was carried out."""
        self._faults.append(Fault("cut_after" if done else "cut", method, chat_id, times))

    def garble(
        self, method: str, chat_id: int | None = None, times: int = 1, body: bytes | None = None, status: int = 200
    ) -> None:
        """Answers with what is no answer, or with these bytes, and does nothing."""
        fault = Fault("garble", method, chat_id, times, status=status)
        self._faults.append(fault if body is None else replace(fault, body=body))

    def calm(self) -> None:
        """Forgets every failure that was asked for."""
        with self._changed:
            self._faults.clear()

    def delay(self, seconds: float, method: str, chat_id: int | None = None, times: int = 1) -> None:
        """Carries the next such calls out late."""
        self._faults.append(Fault("delay", method, chat_id, times, seconds=seconds))

    # ---- one call --------------------------------------------------------------------------------------------

    def call(self, token: str, method: str, params: Params) -> tuple[int, Params | bytes]:
        """Carries out one call and returns its status and answer; a status of 0 cuts the connection."""
        fault = self._fault(method, int(params["chat_id"]) if "chat_id" in params else None)
        if fault is not None and fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault is not None and fault.kind == "cut":
            return self._record(method, params, 0, {})
        if fault is not None and fault.kind == "garble":
            return self._record(method, params, fault.status, fault.body)
        try:
            work = self._admitted(token, method, fault)
            if method == "getUpdates":
                return self._do_getUpdates(params)
            with self._changed:
                result = work(params)
        except Refused as refusal:
            return self._record(method, params, refusal.status, _refusal(refusal))
        if fault is not None and fault.kind == "cut_after":
            return self._record(method, params, 0, {})
        return self._record(method, params, 200, {"ok": True, "result": result})

    def _admitted(self, token: str, method: str, fault: Fault | None) -> Callable[[Params], Any]:
        if fault is not None and fault.refusal is not None:
            raise fault.refusal
        if token != TOKEN:
            raise Refused(401, "Unauthorized")
        work: Callable[[Params], Any] | None = getattr(self, f"_do_{method}", None)
        if work is None:
            raise Refused(404, "Not Found: method not found")
        return work

    def _fault(self, method: str, chat_id: int | None) -> Fault | None:
        with self._changed:
            for fault in self._faults:
                if fault.concerns(method, chat_id):
                    fault.times -= 1
                    return fault
        return None

    def _record(self, method: str, params: Params, status: int, answer: Params | bytes) -> tuple[int, Params | bytes]:
        with self._changed:
            self.requests.append(Request(time.monotonic(), method, params, status))
            self._changed.notify_all()
        return status, answer

    def _do_getMe(self, params: Params) -> Params:
        reads_all = {"can_read_all_group_messages": not self.privacy_mode}
        return {**_ME, "can_join_groups": True, **reads_all, "supports_inline_queries": True}

    def _do_getUpdates(self, params: Params) -> tuple[int, Params | bytes]:
        offset, timeout = int(params.get("offset", 0)), float(params.get("timeout", 0))
        end = time.monotonic() + timeout
        with self._changed:
            if self.webhook:
                text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
                return self._record("getUpdates", params, 409, _refusal(Refused(409, text)))
            self._poll += 1
            mine = self._poll
            if "allowed_updates" in params:
                self.allowed_updates = params["allowed_updates"]
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            self._record("getUpdates", params, 200, {})
            while not (ready := self._allowed()) and self._poll == mine and time.monotonic() < end:
                self._changed.wait(max(end - time.monotonic(), 0))
            if self._poll != mine:
                text = "Conflict: terminated by other getUpdates request; make sure that only one bot is running"
                return 409, _refusal(Refused(409, text))
            return 200, {"ok": True, "result": ready[: int(params.get("limit", 100))]}

    def _allowed(self) -> list[Params]:
        allowed = self.allowed_updates
        return [update for update in self._updates if not allowed or any(kind in allowed for kind in update)]

    def _do_deleteWebhook(self, params: Params) -> bool:
        self.webhook = ""
        return True

    def _do_setWebhook(self, params: Params) -> bool:
        if not params["url"].startswith("https://"):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", params.get("secret_token", "x")):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook, self.webhook_secret = params["url"], params.get("secret_token", "")
        self.allowed_updates = params.get("allowed_updates")
        # A poll that still waits is over.
        self._poll += 1
        return True

    def _deliver(self) -> None:
        """Brings updates to the webhook, one after the other, each until it is accepted."""
        while True:
            with self._changed:
                while not self._closed and not (self.webhook and self.webhook_at and self._allowed()):
                    self._changed.wait(0.2)
                if self._closed:
                    return
                update, secret = self._allowed()[0], self.webhook_secret
            status = knock(self.webhook_at, json.dumps(update).encode(), secret)
            with self._changed:
                self.delivered.append((update["update_id"], status))
                if 200 <= status < 300:
                    self._updates.remove(update)
                self._changed.notify_all()
            if status != 200:
                time.sleep(0.05)

    def _do_getMyCommands(self, params: Params) -> list[Params]:
        return self.commands.get(params.get("scope", {"type": "default"})["type"], [])

    def _do_getWebhookInfo(self, params: Params) -> Params:
        return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": len(self._updates)}

    def _do_setMyCommands(self, params: Params) -> bool:
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        if len(params["commands"]) > 100:
            raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        self.commands[params.get("scope", {"type": "default"})["type"]] = params["commands"]
        return True

    def _do_answerCallbackQuery(self, params: Params) -> bool:
        query = params["callback_query_id"]
        if query not in self._queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._queries.discard(query)
        self.answered.append(query)
        if params.get("text"):
            self.alerts.append(params["text"])
        return True

    def _do_answerInlineQuery(self, params: Params) -> bool:
        if params["inline_query_id"] not in self._queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._queries.discard(params["inline_query_id"])
        results: list[Params] = params["results"]
        ids = [result["id"] for result in results]
        if len(results) > 50 or len(set(ids)) != len(ids) or any(not 1 <= len(each.encode()) <= 64 for each in ids):
            raise Refused(400, "Bad Request: RESULT_ID_INVALID")
        for result in results:
            if result["type"] != "article" or not result["title"]:
                raise Refused(400, "Bad Request: ARTICLE_TITLE_EMPTY")
            content = result["input_message_content"]
            _parsed({**content, "text": content["message_text"]}, "text", 1, 4096)
            _markup(result)
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", params.get("button", {}).get("start_parameter", "x")):
            raise Refused(400, "Bad Request: START_PARAM_INVALID")
        return True

    def _do_sendMessage(self, params: Params) -> Params:
        chat_id = self._reachable(params)
        return self._show(chat_id, _parsed(params, "text", 1, 4096), _markup(params))

    def _do_sendDocument(self, params: Params) -> Params:
        chat_id = self._reachable(params)
        document = params.get("document")
        if not isinstance(document, tuple) or not document[1]:
            raise Refused(400, "Bad Request: there is no document in the request")
        return self._show(chat_id, _parsed(params, "caption", 0, 1024), _markup(params), document)

    def _do_sendPhoto(self, params: Params) -> Params:
        return self._show_media(params, "photo", params.get("photo"), params)

    def _do_sendAnimation(self, params: Params) -> Params:
        return self._show_media(params, "animation", params.get("animation"), params)

    def _do_sendVideo(self, params: Params) -> Params:
        return self._show_media(params, "video", params.get("video"), params)

    def _do_sendMediaGroup(self, params: Params) -> list[Params]:
        if not 2 <= len(params["media"]) <= 10 or any(each["type"] == "animation" for each in params["media"]):
            raise Refused(400, "Bad Request: group send failed")
        return [self._show_media({**params, **each}, each["type"], each["media"], params) for each in params["media"]]

    def _do_editMessageMedia(self, params: Params) -> Params:
        shown, media = self._editable(params), params["media"]
        shown.media = (media["type"], self._kept(media["media"], params))
        return self._change(params, shown, _parsed(media, "caption", 0, 1024), _markup(params))

    def _show_media(self, params: Params, kind: str, given: Any, parts: Params) -> Params:
        chat_id, text = self._reachable(params), _parsed(params, "caption", 0, 1024)
        shown = Shown(self._new_message_id(), text, _markup(params), media=(kind, self._kept(given, parts)))
        self._shown.setdefault(chat_id, {})[shown.message_id] = shown
        return self._sent(chat_id, shown)

    def _kept(self, given: Any, parts: Params) -> str:
        try:
            return self.shelf.take(given, parts)
        except BadMedia as error:
            raise Refused(400, str(error)) from None

    def _do_editMessageText(self, params: Params) -> Params:
        shown = self._editable(params)
        text, buttons = _parsed(params, "text", 1, 4096), _markup(params)
        if shown.document is not None or shown.media is not None:
            raise Refused(400, "Bad Request: there is no text in the message to edit")
        return self._change(params, shown, text, buttons)

    def _do_editMessageReplyMarkup(self, params: Params) -> Params:
        shown = self._editable(params)
        return self._change(params, shown, shown.text, _markup(params))

    def _reachable(self, params: Params) -> int:
        chat_id = int(params.get("chat_id", 0))
        if chat_id not in self._chats:
            raise Refused(400, "Bad Request: chat not found")
        if chat_id in self._blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat_id in self.groups:
            self.groups[chat_id].admit(params)
        return chat_id

    def _do_getChatMember(self, params: Params) -> Params:
        group = self.groups.get(self._reachable(params))
        if group is None:
            raise Refused(400, "Bad Request: member list is inaccessible")
        member: Params = group.member(int(params["user_id"]))
        return member

    def _editable(self, params: Params) -> Shown:
        shown = self._shown.get(self._reachable(params), {}).get(int(params.get("message_id", 0)))
        if shown is None:
            raise Refused(400, "Bad Request: message to edit not found")
        return shown

    def _change(self, params: Params, shown: Shown, text: str, buttons: list[list[Params]]) -> Params:
        if (shown.text, shown.buttons) == (text, buttons):
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        shown.text, shown.buttons, shown.edits = text, buttons, shown.edits + 1
        return self._sent(int(params["chat_id"]), shown)

    def _show(
        self, chat_id: int, text: str, buttons: list[list[Params]], document: tuple[str, bytes] | None = None
    ) -> Params:
        shown = Shown(self._new_message_id(), text, buttons, document)
        self._shown.setdefault(chat_id, {})[shown.message_id] = shown
        return self._sent(chat_id, shown)

    def _sent(self, chat_id: int, shown: Shown) -> Params:
        return {
            "message_id": shown.message_id,
            "from": _ME,
            "chat": self._chats[chat_id],
            "date": int(time.time()),
            **({"text": shown.text} if shown.media is None else {"caption": shown.text, **described(*shown.media)}),
        }

    # ---- small parts -----------------------------------------------------------------------------------------

    def _new_message_id(self) -> int:
        message_id, self._next_message = self._next_message, self._next_message + 1
        return message_id

    def _chat(self, chat_id: int) -> Params:
        person = {"type": "private", "first_name": "Ada"}
        kind = person if chat_id > 0 else {"type": kind_of_group(chat_id), "title": "Runners"}
        return self._chats.setdefault(chat_id, {"id": chat_id, **kind})

    def _message(self, chat_id: int, content: Params) -> Params:
        with self._changed:
            chat, message_id = self._chat(chat_id), self._new_message_id()
        return {"message_id": message_id, "date": int(time.time()), "chat": chat, "from": _person(chat_id), **content}

    def _member(self, chat_id: int, before: str, now: str) -> int:
        states = [{"user": _ME, "status": status, "until_date": 0} for status in (before, now)]
        with self._changed:
            chat = self._chat(chat_id)
        return self.update(
            my_chat_member={
                "chat": chat,
                "from": _person(chat_id),
                "date": int(time.time()),
                "old_chat_member": states[0],
                "new_chat_member": states[1],
            }
        )

    def _newest_labels(self, chat_id: int) -> list[list[str]]:
        return [shown.labels for shown in self.messages(chat_id)[-3:]]

    def _last_calls(self) -> list[tuple[str, int, Any]]:
        return [(call.method, call.status, call.params.get("text")) for call in self.requests[-5:]]


def knock(address: str, body: bytes, secret: str | None, method: str = "POST") -> int:
    """Brings a body to a webhook and returns the status of the answer, or 0 where none came."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    try:
        connection.request(method, parts.path, body, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


@contextmanager
def running() -> Iterator[FakeBotApi]:
    """Runs a server for as long as the block lasts."""
    api = FakeBotApi()
    api.start()
    try:
        yield api
    finally:
        api.stop()


_ME: Params = {"id": 123456, "is_bot": True, "first_name": "Backstride", "username": USERNAME}


def _person(chat_id: int) -> Params:
    return {"id": abs(chat_id), "is_bot": False, "first_name": "Ada <b>&", "language_code": "en"}


def _refusal(refusal: Refused) -> Params:
    answer: Params = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    return answer if refusal.parameters is None else {**answer, "parameters": refusal.parameters}


def _parsed(params: Params, name: str, least: int, most: int) -> str:
    """The text as shown, after its entities are parsed (core.telegram.org/bots/api#html-style)."""
    text = str(params.get(name, ""))
    match params.get("parse_mode"):
        case "HTML":
            shown = _html(text)
        case None:
            shown = text
        case mode:
            raise Refused(400, f"Bad Request: unsupported parse_mode {mode}")
    shown = shown.strip()
    if len(shown) < least:
        raise Refused(400, f"Bad Request: message {name} is empty")
    if len(shown.encode("utf-16-le")) // 2 > most:
        raise Refused(400, f"Bad Request: message {'is' if name == 'text' else 'caption is'} too long")
    return shown


def _html(text: str) -> str:
    open_tags: list[str] = []
    for closing, name, rest in TAG.findall(text):
        if name.lower() not in TAGS:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{name}"')
        if name.lower() == "a" and not closing and "href=" not in rest:
            raise Refused(400, "Bad Request: can't parse entities: a link without an address")
        if not closing:
            open_tags.append(name.lower())
        elif not open_tags or open_tags.pop() != name.lower():
            raise Refused(400, f'Bad Request: can\'t parse entities: Unmatched end tag "{name}"')
    if open_tags:
        raise Refused(400, f"Bad Request: can't parse entities: Can't find end tag for \"{open_tags[-1]}\"")
    bare = TAG.sub("", text)
    if "<" in bare or ENTITY.search(bare):
        raise Refused(400, "Bad Request: can't parse entities: Unexpected character")
    return unescape(bare)


def _markup(params: Params) -> list[list[Params]]:
    rows: list[list[Params]] = params.get("reply_markup", {}).get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100 or any(len(row) > 8 for row in rows):
        raise Refused(400, "Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise Refused(400, "Bad Request: can't parse inline keyboard button: text is empty")
        if sum(kind in button for kind in ("callback_data", "url", "copy_text")) != 1:
            raise Refused(400, "Bad Request: can't parse inline keyboard button: exactly one action is needed")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *where: Any) -> None:
        """Says nothing of connections that a killed bot leaves behind; anything else is an error of this server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*where)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this an answer waits 40 ms for the acknowledgement of its header.
    wbufsize = -1

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # The bot was killed while it wrote.
            self.close_connection = True
            return None
        path = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        if path is None:
            return self._answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        api = cast(FakeBotApi, cast(Any, self.server).api)
        status, answer = api.call(path[1], path[2], self._params(body))
        if status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self._answer(status, answer)

    def _params(self, body: bytes) -> Params:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return cast(Params, json.loads(body))
        if kind.startswith("multipart/form-data"):
            return dict(self._parts(kind, body))
        return {name: _value(name, value) for name, value in parse_qsl(body.decode(), keep_blank_values=True)}

    def _parts(self, kind: str, body: bytes) -> Iterator[tuple[str, Any]]:
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=policy.HTTP)
        for part in whole.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content, file_name = cast(bytes, part.get_payload(decode=True)), part.get_filename()
            yield name, _value(name, content.decode()) if file_name is None else (file_name, content)

    def _answer(self, status: int, answer: Params | bytes) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            # The bot was killed while it waited.
            self.close_connection = True

    def log_message(self, *args: Any, **more: Any) -> None:
        """Says nothing."""


STRUCTURED = frozenset(
    {"reply_markup", "allowed_updates", "commands", "scope", "link_preview_options", "results", "button", "media"}
)


def _value(name: str, text: str) -> Any:
    return json.loads(text) if name in STRUCTURED else text
