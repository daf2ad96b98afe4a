"""Opens the database file, and gives everything that is kept there its connection."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from bot.migrations import migrations

StoreError = sqlite3.Error
"""The file cannot be read or written; nothing that was not acknowledged is lost, and going on is pointless."""


class Connected:
    """What works on the one connection of the process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def problems(self) -> list[str]:
        """Returns what is damaged in the file, in SQLite's words; nothing for a sound one."""
        found = [str(row[0]) for row in self._db.execute("pragma quick_check(5)").fetchall()]
        return [problem for problem in found if problem != "ok"]

    def _truncate_log(self) -> None:
        """Empties the write-ahead log: it keeps old pages, and with them what was erased, until it is reused."""
        self._db.execute("pragma wal_checkpoint(truncate)").fetchall()


def opened(path: Path) -> Database:
    """Returns the connection to a file, created where there is none, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives its -wal and -shm files the mode of the database, so this comes before the first byte.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    db = Database(path, execute_plugins=False, strict=True)
    try:
        db.conn.row_factory = sqlite3.Row
        for pragma in ("busy_timeout=5000", "journal_mode=wal", "synchronous=full", "secure_delete=on"):
            db.execute(f"pragma {pragma}").fetchall()
        migrations.apply(db)
        db.execute("pragma foreign_keys=on")
    except BaseException:
        db.close()
        raise
    return db
