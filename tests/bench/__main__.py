"""Measures everything and prints the table; nothing fails because of a time."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
from pathlib import Path
from time import perf_counter

from flows.engine import Engine
from flows.library import load
from tests.bench import lookups, pictures, processes, ticks, turns
from tests.bench.figures import table


def main() -> None:
    begun = perf_counter()
    engine = Engine(load())
    build = Path(__file__).parent.parent.parent / "build"
    build.mkdir(exist_ok=True)
    # Beside the project and not in /tmp, which may be memory: a commit that reaches no disk proves nothing.
    with tempfile.TemporaryDirectory(dir=build) as name:
        folder = Path(name)
        figures = [
            *turns.engine_turns(engine),
            *turns.durable_turns(engine, folder / "turns.db"),
            *lookups.lookups(engine),
            *processes.starts(folder),
            *processes.memory(engine, folder / "memory.db"),
            *processes.simulations(),
            *pictures.charts(),
            *pictures.pages(engine),
            *ticks.ticks(folder),
            *ticks.crowd(folder),
        ]
    system = f"{platform.system()} {platform.machine()}"
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {system}")
    print(table(figures))
    load_average = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"Measured in {perf_counter() - begun:.0f} s at {load_average}: on a busy machine look at the least as well.")


if __name__ == "__main__":
    main()
