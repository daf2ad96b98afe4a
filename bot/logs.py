"""The log: to standard error, as lines for people or for machines, and never with a secret in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime


def configure_logging(level: str, log_format: str, secrets: Iterable[str]) -> None:
    """Logs to standard error, with the secrets blacked out wherever they appear."""
    handler = logging.StreamHandler()
    handler.setFormatter((JsonLines if log_format == "json" else Plain)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Below warnings these print addresses, which hold the token, and what people say and we answer.
    for name in ("httpx", "httpcore", "telegram", "transitions"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # And this one whatever strangers send to an open port.
    logging.getLogger("tornado").setLevel(logging.CRITICAL)


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
