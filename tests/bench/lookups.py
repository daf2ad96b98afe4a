"""Inline queries: what is typed in any chat, and the cards that it finds."""

from __future__ import annotations

import json
from time import perf_counter

from bot.inline import Inline, Query
from bot.render import Words
from flows.engine import Engine
from flows.safety_net import SafetyNet
from tests.bench.figures import Figure, median

REPEATS = 5


def lookups(engine: Engine) -> list[Figure]:
    """Types the name of each exercise letter by letter, with a slip, and an empty query now and then."""
    content = engine.content
    inline = Inline(content, SafetyNet(content.free_text), Words(content, str))
    inline.username = "BackstrideTestBot"
    begun = perf_counter()
    _answer(inline, "")
    first = perf_counter() - begun
    names = [exercise.name.replace("e", "", 1) for exercise in content.library.exercises]
    typed = [name[:end] for name in names for end in range(len(name) + 1)] * REPEATS
    times = [_answer(inline, text) for text in typed]
    return [
        median("an inline query", times, "ms", target=100),
        median("  the first one in a language", [first], "ms", target=100),
    ]


def _answer(inline: Inline, text: str) -> float:
    begun = perf_counter()
    json.dumps(inline.answer(Query("1", text, "en")))
    return perf_counter() - begun
