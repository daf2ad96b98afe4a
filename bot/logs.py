"""The log: to standard error, as lines for people or for machines, and never with a secret in it."""

from __future__ import annotations

import io
import json
import logging
import select
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

PIECE = 1_000
"""Characters that go out at once: in UTF-8 never more than a pipe with any room takes (pipe(7): 4,096 bytes)."""


def configure_logging(level: str, log_format: str, secrets: Iterable[str]) -> None:
    """Logs to standard error, with the secrets blacked out wherever they appear."""
    handler = Unhindered()
    handler.setFormatter((JsonLines if log_format == "json" else Plain)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Below warnings these print addresses, which hold the token, and what people say and we answer.
    for name in ("httpx", "httpcore", "telegram", "transitions"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # And this one whatever strangers send to an open port.
    logging.getLogger("tornado").setLevel(logging.CRITICAL)


class Unhindered(logging.StreamHandler[TextIO]):
    """Leaves out what a reader that stands still has no room for: nobody waits for an answer because of the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record, or as much of it as there is room for."""
        try:
            line = self.format(record) + self.terminator
            for start in range(0, len(line), PIECE):
                if not self._has_room():
                    return
                self.stream.write(line[start : start + PIECE])
                self.flush()
        except Exception:  # noqa: BLE001  (as every handler of the library: a log ends nothing)
            self.handleError(record)

    def _has_room(self) -> bool:
        try:
            return bool(select.select([], [self.stream], [], 0)[1])
        except io.UnsupportedOperation:
            # No file of the system, so nobody who could stand still.
            return True


class Plain(logging.Formatter):
    """Lines to read; blacks secrets out in the finished line, so that tracebacks are covered as well as messages."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record without the secrets."""
        return self._redacted(super().format(record))

    def _redacted(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line


class JsonLines(Plain):
    """One JSON object a line: at, level, logger, message and, if there is one, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record without the secrets."""
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return self._redacted(json.dumps(entry, ensure_ascii=False))
