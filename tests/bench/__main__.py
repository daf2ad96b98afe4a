"""Measures everything and prints the table; nothing fails because of a time."""

from __future__ import annotations

import platform
import sqlite3
import tempfile
from pathlib import Path
from time import perf_counter

from flows.engine import Engine
from flows.library import load
from tests.bench import processes, ticks, turns
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
            *processes.starts(folder),
            *processes.memory(engine, folder / "memory.db"),
            *processes.simulations(),
            *ticks.ticks(folder),
            *ticks.crowd(folder),
        ]
    system = f"{platform.system()} {platform.machine()}"
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {system}")
    print(table(figures))
    seconds = perf_counter() - begun
    print(f"Measured in {seconds:.0f} s on a machine that does other things too: look at the least as well.")


if __name__ == "__main__":
    main()
