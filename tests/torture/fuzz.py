"""Random updates, built from the Bot API's own types as the library lists them, and raw bytes at the webhook's door.

Nothing may be raised that nobody catches, and the database must hold together. An update that is malformed is parked;
a well-formed one must be answered or passed over.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import inspect
import json
import logging
import random
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import telegram
from telegram import Bot, TelegramObject, User
from telegram.request import BaseRequest

from bot.answering import Answers
from bot.check_in import CheckIn
from bot.conversation import Conversation
from bot.inline import Query
from bot.pacing import FREE
from bot.reminding import Reminding
from bot.sender import Sender
from bot.store import AlreadyHandled, Store
from bot.work import Incoming
from flows.engine import Engine
from flows.library import load
from tests.fake_bot_api import TOKEN, USERNAME

KINDS = {
    "message": telegram.Message,
    "edited_message": telegram.Message,
    "callback_query": telegram.CallbackQuery,
    "my_chat_member": telegram.ChatMemberUpdated,
    "inline_query": telegram.InlineQuery,
}
PEOPLE = 200
DEPTH = 4
HOSTILE = (
    "", " ", "\0", "<b>", "</b></i>", "&amp;&#0;", "'; drop table chat; --", "{0.__class__}", "{name}", "%s%n",
    "../../etc/passwd",
    "\u202e\u2066", "half \ud83d", "a" * 4096, "💥" * 4096, "/start " + "x" * 64, "/start club_../../x",
    "/start " + "%00" * 20,
    "/" + "z" * 40, "/check@" + USERNAME, "/delete", "/export", "/plan", "/reminders",
    "/privacy", "/status", "yes", "no",
    "18\u201334", "7", "I can't feel my groin", "-1", "9" * 400, "NaN", "١٢", "\uff26\uff35", "Done",
)  # fmt: skip
DATA = (
    "", "q:", "q:x:1:yes", "q:AAAAAAAA:0:0", "g:delete_yes", "g:plan", "g:", "g:g:g", "c:DE", "c:'--",
    "x:../../../etc/passwd", "y:\0",
    "t:T1", "t:T999", "r:", "r:a:b", "d:2026-99-99", ":" * 64, "é" * 32, "x:" + "9" * 60, "k:1:2:3", "m:0", "n:-1",
)  # fmt: skip
LATE = frozenset({"persistent_id", "allows_revoting", "members_only"})
"""Fields that became obligatory after the library had released them as optional."""
SPECIAL = {"from_user": "from"}


@cache
def _fields(kind: Any) -> tuple[tuple[str, str, bool], ...]:
    """Returns the fields of a type of the Bot API: name in JSON, annotation, and whether it must be there."""
    found = []
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name in ("self", "api_kwargs") or parameter.kind is parameter.VAR_KEYWORD:
            continue
        needed = parameter.default is inspect.Parameter.empty or name in LATE
        found.append((SPECIAL.get(name, name), str(parameter.annotation), needed))
    return tuple(found)


class Forge:
    """Makes updates; a wild one breaks the rules of the types now and then."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def update(self, number: int, *, wild: bool) -> dict[str, Any]:
        """Returns one update of a kind that the bot asks for."""
        kind = self.chance.choice(list(KINDS))
        made = self._object(KINDS[kind], DEPTH)
        self._meant_for_us(kind, made)
        update = {"update_id": number, kind: made}
        if wild:
            for _ in range(self.chance.randint(1, 4)):
                self._break(made)
        return update

    def _meant_for_us(self, kind: str, made: dict[str, Any]) -> None:
        """Makes most of it look like what people do, so that the bot's deeper rooms are reached."""
        chance = self.chance
        person = chance.randint(1, PEOPLE)
        group = chance.random() < 0.15
        chat = {"id": -person if group else person, "type": "supergroup" if group else "private", "title": "x"}
        author = {"id": person, "is_bot": False, "first_name": chance.choice(HOSTILE)}
        made["from"] = author
        if kind == "callback_query":
            made["data"] = chance.choice(DATA) if chance.random() < 0.7 else self._text()
            made["message"] = {"message_id": chance.randint(1, 999), "date": chance.choice([0, 1]), "chat": chat}
        elif kind != "inline_query":
            made["chat"] = chat
        if kind in ("message", "edited_message") and chance.random() < 0.8:
            made["text"] = chance.choice(HOSTILE)

    def _object(self, kind: Any, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, annotation, needed in _fields(kind):
            if needed or (depth > 0 and self.chance.random() < 0.12):
                made[name] = self._value(name, annotation, depth - 1)
        return {name: value for name, value in made.items() if value is not None}

    def _value(self, name: str, annotation: str, depth: int) -> Any:
        nested = annotation.count("Sequence[") + annotation.count("tuple[")
        if nested:
            inner = (
                annotation.replace("Sequence[", "", 1)
                if "Sequence[" in annotation
                else annotation.replace("tuple[", "", 1)
            )
            return [self._value(name, inner, depth) for _ in range(self.chance.randint(0, 3))]
        types = [kind for word in re.findall(r"[A-Z][A-Za-z]+", annotation) if (kind := self._type(word))]
        return self._object(self.chance.choice(types), depth) if types else self._plain(name, annotation)

    def _plain(self, name: str, annotation: str) -> Any:
        chance = self.chance
        if "bool" in annotation:
            return chance.random() < 0.5
        if "datetime" in annotation or "dtm" in annotation:
            return chance.choice([0, 1, 2**31, int(dt.datetime.now(dt.UTC).timestamp())])
        if "int" in annotation:
            return chance.choice([0, 1, -1, 2**31, 2**52, -(2**52), chance.randint(1, 10**9)])
        if "float" in annotation:
            return chance.choice([0.0, -90.0, 180.0, chance.uniform(-180, 180)])
        return self._text()

    @staticmethod
    def _type(word: str) -> Any:
        kind = getattr(telegram, word, None)
        return kind if isinstance(kind, type) and issubclass(kind, TelegramObject) else None

    def _text(self) -> str:
        return self.chance.choice(HOSTILE)

    def _break(self, made: dict[str, Any]) -> None:
        target, chance = made, self.chance
        while inner := [value for value in target.values() if isinstance(value, dict) and value]:
            if chance.random() < 0.4:
                break
            target = chance.choice(inner)
        if not target:
            return
        name = chance.choice(list(target))
        if chance.random() < 0.3:
            del target[name]
        else:
            target[name] = chance.choice(
                [None, [], {}, "", "x", -1, 2**63, 2**70, 1.5, True, [[[]]], {"id": {"id": []}}, "\ud83d", [None]]
            )


class Silence(BaseRequest):
    """A connection to a Telegram that agrees to everything."""

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """Needs nothing."""

    async def shutdown(self) -> None:
        """Leaves nothing."""

    async def do_request(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        return 200, b'{"ok": true, "result": true}'


class Watched:
    """The real conversation, and what it raises."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.username = conversation.username = USERNAME
        self.raised: Counter[str] = Counter()
        self.handled: Counter[str] = Counter()

    def handle(self, incoming: Incoming, now: dt.datetime) -> None:
        """Hands it on."""
        self.handled[incoming.kind] += 1
        try:
            self._conversation.handle(incoming, now)
        except AlreadyHandled:
            raise
        except Exception as error:
            self.raised[f"{type(error).__name__} on {incoming.kind} {incoming.data[:40]!r} {incoming.text[:40]!r}"] += 1
            raise

    def apologise(self, incoming: Incoming, now: dt.datetime) -> None:
        """Hands it on."""
        self._conversation.apologise(incoming, now)

    def look_up(self, query: Query) -> Mapping[str, object]:
        """Hands it on."""
        self.handled["inline"] += 1
        try:
            return self._conversation.look_up(query)
        except Exception as error:
            self.raised[f"{type(error).__name__} on {query!r:.120}"] += 1
            raise


async def fuzz(seed: int, count: int, path: Path) -> list[str]:
    """Has so many updates answered; returns the lines of a report, the last of which is a verdict."""
    chance = random.Random(seed)
    forge = Forge(chance)
    with closing(Store.open(path)) as store:
        # Power is not what is tried here.
        store._db.execute("pragma synchronous=off")
        bot = Bot(TOKEN, request=Silence(), get_updates_request=Silence())
        bot._bot_user = User(123456, "Backstride", True, username=USERNAME)
        watched = Watched(Conversation(Engine(load()), store, dialogues=(CheckIn, Reminding)))
        sender = Sender(bot, store, lambda: dt.datetime.now(dt.UTC))
        answers = Answers(bot, store, watched, sender, FREE)
        tame: set[int] = set()
        for number in range(1, count + 1):
            wild = chance.random() < 0.5
            if not wild:
                tame.add(number)
            raw = forge.update(number, wild=wild)
            if not answers.looked_up(number, raw):
                store.receive(number, json.dumps(raw))
                answers._answer(number, raw)
            if number % 500 == 0:
                await asyncio.sleep(0)
                # What is queued would only grow: nobody sends here.
                store._db.execute("delete from outbox")
                store._db.conn.commit()
        rows = store._db.execute("select update_id, error from inbox where error is not null").fetchall()
        unread = Counter(row["error"] for row in rows if row["update_id"] in tame)
        left = len(store.pending())
        sound = (
            store._db.execute("pragma quick_check").fetchone()[0] == "ok"
            and not store._db.execute("pragma foreign_key_check").fetchall()
        )
    return [
        f"seed {seed}: {count} updates; handled {dict(watched.handled)}",
        f"parked: {len(rows)}, of the well-formed {unread.total()}; left unanswered: {left}",
        f"the database is {'sound' if sound else 'DAMAGED'}",
        *(f"RAISED {times} times: {what}" for what, times in watched.raised.most_common(20)),
        *(f"NOT READ {times} times: {what}" for what, times in unread.items()),
        "sound" if sound and not left and not watched.raised and not unread else "NOT SOUND",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--updates", type=int, default=100_000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        lines = asyncio.run(fuzz(given.seed, given.updates, Path(name) / "fuzz.db"))
    print("\n".join(lines))
    sys.exit(lines[-1] != "sound")


if __name__ == "__main__":
    main()
