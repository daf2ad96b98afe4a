"""Pictures: how long a chart takes, and for how long the event loop waits while a thread draws."""

from __future__ import annotations

import asyncio
from time import perf_counter

from bot.charts import progress_picture
from tests.bench.figures import Figure, median
from tests.test_charts import CASES, dates, words

REPEATS = 10
TICK = 0.001


def charts() -> list[Figure]:
    """Charts of two weeks and of three months with every kind of mark."""
    begun = perf_counter()
    progress_picture(CASES["nothing"], words, dates)
    first = perf_counter() - begun
    return [
        *(
            median(f"a chart of {name.replace('_', ' ')}", [_drawing(name) for _ in range(REPEATS)], "ms", target=300)
            for name in ("two_weeks", "three_months")
        ),
        Figure("  the first one, which reads the fonts", first * 1e3, "ms"),
        median("  the event loop late while a thread draws", asyncio.run(_lateness()), "ms"),
    ]


def _drawing(name: str) -> float:
    begun = perf_counter()
    progress_picture(CASES[name], words, dates)
    return perf_counter() - begun


async def _lateness() -> list[float]:
    """How much later than asked a short sleep ends while charts are drawn, one after the other."""
    drawing = asyncio.create_task(_draw())
    late = []
    while not drawing.done():
        begun = perf_counter()
        await asyncio.sleep(TICK)
        late.append(perf_counter() - begun - TICK)
    return late


async def _draw() -> None:
    for _ in range(REPEATS):
        await asyncio.to_thread(progress_picture, CASES["three_months"], words, dates)
