"""People who talk to the bot, and an account of their own of what they said: the model that the database is held to."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

from flows.engine import Engine
from flows.questions import Answer
from tests.fake_bot_api import FakeBotApi, Shown
from tests.person import Person
from tests.test_bot_process import EMERGENCY, NUMB, RUNNER, _mark, chosen, typed

NUMBERS = itertools.count(5_000_000_001)
PROFILES: tuple[dict[str, Any], ...] = (RUNNER, NUMB, {}, {"nprs": 7}, {"age": "18_34", "rf": ["RF_WEAK"]})

ENDINGS = ("Your result", "Please speak to a doctor today", EMERGENCY)
"""One of these is told at the end of every way through the questions."""


class Soul:
    """One person: sees only what the bot has sent, and knows what they answered to what."""

    def __init__(self, api: FakeBotApi, engine: Engine, chance: random.Random) -> None:
        self.api, self.engine, self.chance = api, engine, chance
        self.chat_id = next(NUMBERS)
        self.person = Person(chance.choice(PROFILES), {"Q19": "now"})
        self.session = engine.start().session
        self.said: list[list[Any]] = []
        """Every answer, in order: the question and the value."""
        self.seen: set[str] = set()
        self.updates: list[int] = []
        self.begun = False
        self.astray = ""
        """The question that should have come where another one came."""

    @property
    def agreed(self) -> bool:
        """Tells whether the consent is known to be noted: something was asked after it."""
        return len(self.seen) > 1

    @property
    def done(self) -> bool:
        """Tells whether the flow has come to its end."""
        return self.session.state not in self.engine.nodes

    def act(self) -> bool:
        """Answers the question that stands there, if a new one does; returns whether anything was done."""
        if not self.begun:
            self.begun = True
            self.updates.append(self.api.say(self.chat_id, "/start"))
            return True
        if self.done or self.astray:
            return False
        shown = next((one for one in self.api.messages(self.chat_id) if _mark(one) not in {"", *self.seen}), None)
        if shown is None:
            return False
        self.seen.add(_mark(shown))
        node = self.engine.nodes[self.session.state]
        if not any(text and text.partition("{")[0] in shown.text for text in (node.question.text, node.question.knees)):
            self.astray = node.id
            return True
        answer = self.person.answer(self.engine, self.session)
        self.said.append([node.id, list(answer) if isinstance(answer, tuple) else answer])
        self._give(shown, answer)
        self.session = self.engine.advance(self.session, answer).session
        return True

    def _give(self, shown: Shown, answer: Answer) -> None:
        node = self.engine.nodes[self.session.state]
        if node.question.kind == "multi" or self.chance.random() < 0.2:
            self.updates.append(self.api.say(self.chat_id, typed(node, answer)))
            return
        label = str(answer) if isinstance(answer, int) else chosen(node, answer)[0].label
        data = shown.data(label)
        self.updates.append(self.api.press_data(self.chat_id, shown.message_id, data))

    def again(self) -> bool:
        """Has Telegram deliver an old update of theirs once more."""
        if not self.updates:
            return False
        update_id = self.chance.choice(self.updates)
        self.api.repeat(update_id, **self.api.history[update_id])
        return True

    def words(self) -> set[str]:
        """Returns what only this person's answers hold, and no other sentence."""
        values = [value for _, given in self.said for value in (given if isinstance(given, list) else [given])]
        return {value for value in values if isinstance(value, str) and ("_" in value or len(value) > 6)}

    def account(self, log: str | None) -> tuple[int, int]:
        """Compares what the database holds with what was said; returns how much is lost and how much too much."""
        kept = [[name, value] for name, value in json.loads(log)] if log else []
        if kept == self.said:
            return 0, 0
        lost = [one for one in self.said if one not in kept]
        return max(len(lost), 1 if len(kept) <= len(self.said) else 0), max(len(kept) - len(self.said), 0)

    def waits_in_vain(self) -> bool:
        """Tells whether a message is missing: the next question, or the result."""
        shown = self.api.messages(self.chat_id)
        if not self.done:
            return not any(_mark(one) not in {"", *self.seen} for one in shown)
        return not any(words in one.text for one in shown for words in ENDINGS)
