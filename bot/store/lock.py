"""One process at a time on one database: two would answer everybody twice."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.store.connection import Told, companions, give, reason

USED = b" used"
"""Stands behind the process number once a database was opened: from then on an empty file is a loss, not a start."""


PAUSE = 2.0
"""Seconds between two looks whether the database is still there."""


class InUse(Told):
    """Another process works on this database."""


class Gone(Told):
    """The database that was here is not here any more."""


class Alone:
    """What a process holds that has a database to itself."""

    def __init__(self, file: int, path: Path) -> None:
        self._file = file
        self._path = path
        self._found: dict[Path, tuple[int, int] | None] = {}

    def opened(self) -> None:
        """Notes that the database was opened."""
        os.pwrite(self._file, str(os.getpid()).encode() + USED, 0)
        files = (self._path, *companions(self._path))
        self._found = {file: found for file in files if (found := _identity(file)) is not None}

    def check(self) -> None:
        """Raises Gone where a file of the opened database is not at its place any more.

        SQLite goes on with what has no name, and all of it is gone once the process ends.
        """
        for file, found in self._found.items():
            if _identity(file) != found:
                raise Gone(f"{file} was removed or replaced while the bot used it: put it back, or restore a backup")

    async def watch(self, *_: object, pause: float = PAUSE) -> None:
        """Looks again and again until it is cancelled; raises Gone."""
        while True:
            self.check()
            await asyncio.sleep(pause)


def _identity(file: Path) -> tuple[int, int] | None:
    """Returns what tells a file from another that has its name later; None where there is none."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


@contextmanager
def alone(path: Path, *, may_be_lost: bool = False) -> Iterator[Alone]:
    """Keeps the database to this process for as long as the block lasts; a process that dies lets go by itself.

    What puts a lost database back says that it may be missing. Raises InUse when another process has it, Gone when
    it has been used and is missing or empty now, and StoreError where its place cannot be used.
    """
    beside = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not beside.exists()
        file = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        if is_new:
            give(beside)
    except OSError as error:
        raise Told(f"the database {path} cannot be opened: {reason(error)} (DATABASE_PATH says where it is)") from error
    try:
        said = os.pread(file, 40, 0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = said.split()[0].decode() if said.split() else "?"
            raise InUse(
                f"the database {path} is in use by another Backstride (process {number}): stop that one first"
            ) from None
        if said.endswith(USED) and not may_be_lost and not (path.exists() and path.stat().st_size):
            raise Gone(
                f"the database {path} was here and is gone or empty: restore a backup to this place, or remove "
                f"{beside} to begin with nothing"
            )
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode() + (USED if said.endswith(USED) else b""), 0)
        yield Alone(file, path)
    finally:
        os.close(file)
