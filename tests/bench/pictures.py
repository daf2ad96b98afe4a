"""Pictures and pages: how long each takes, and for how long the event loop waits while a thread makes one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

from bot.charts import progress_picture
from bot.made import made
from flows.engine import Engine
from tests.bench.figures import Figure, median
from tests.test_charts import CASES, dates, words
from tests.test_typeset import plan, sheet

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
        median("  the event loop late while a thread draws", asyncio.run(_lateness(_chart)), "ms"),
    ]


def pages(engine: Engine) -> list[Figure]:
    """The handover after a month of check-ins, and the plan to print."""
    data = {"handover": sheet(engine, "self_care"), "plan": plan(engine, "self_care")}
    figures: list[Figure] = []
    for name, facts in data.items():
        make = partial(made, name, facts)
        first = _timed(make)
        times = [_timed(make) for _ in range(REPEATS)]
        figures += [
            median(f"a {name} PDF", times, "ms", target=500 if name == "handover" else None),
            Figure("  the first one, which reads the fonts", first * 1e3, "ms"),
            median("  the event loop late while a thread sets it", asyncio.run(_lateness(make)), "ms"),
        ]
    return figures


def _timed(make: Callable[[], object]) -> float:
    begun = perf_counter()
    make()
    return perf_counter() - begun


def _chart() -> bytes:
    return progress_picture(CASES["three_months"], words, dates)


def _drawing(name: str) -> float:
    begun = perf_counter()
    progress_picture(CASES[name], words, dates)
    return perf_counter() - begun


async def _lateness(make: Callable[[], Any]) -> list[float]:
    """How much later than asked a short sleep ends while a thread makes pictures or pages, one after the other."""
    drawing = asyncio.create_task(_in_threads(make))
    late = []
    while not drawing.done():
        begun = perf_counter()
        await asyncio.sleep(TICK)
        late.append(perf_counter() - begun - TICK)
    return late


async def _in_threads(make: Callable[[], Any]) -> None:
    for _ in range(REPEATS):
        await asyncio.to_thread(make)
