"""The other end of tests.torture.nursery: orders lives, hears how they end, and keeps what they say in the log."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENDED = b"-- ended "
"""Stands in the stream of the log where all that a life had to say has come."""


class Nursery:
    """Starts one life after another."""

    def __init__(self, log: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Through a pipe: a disk that is full for the bot must not swallow what it says about that.
            stderr=subprocess.PIPE,
        )
        self._log = log
        self._events: queue.Queue[dict[str, int]] = queue.Queue()
        self._silent: queue.Queue[None] = queue.Queue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._write)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def _write(self) -> None:
        assert self._process.stderr is not None
        with self._log.open("ab", buffering=0) as file:
            for line in self._process.stderr:
                if ENDED in line:
                    # A life that was killed may have left half a line before it.
                    file.write(line.partition(ENDED)[0])
                    self._silent.put(None)
                else:
                    file.write(line)

    def bear(self, order: dict[str, Any]) -> int:
        """Starts a life and returns its process number."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._events.get(timeout=60)["born"]

    def ended(self, seconds: float) -> int | None:
        """Waits so long for the life to end and returns its exit code, negative for a signal."""
        try:
            status = self._events.get(timeout=seconds)["status"]
        except queue.Empty:
            return None
        self._silent.get(timeout=60)
        return status

    def close(self) -> None:
        """Ends it, and whatever lives in it."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.close()
        process.wait(30)
        for thread in self._threads:
            thread.join(30)
        process.stdout.close()
        process.stderr.close()
