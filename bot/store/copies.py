"""Whole copies of the database: a backup, what comes back from one, and the same under another key.

Each is made beside its place, verified there, and only then gets its name.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.store.connection import (
    StoreError,
    Told,
    check,
    ciphered,
    companions,
    connect,
    discard,
    give,
    protect,
    put,
    settle,
)

BLOCK = 1 << 20


def backup(path: Path, key: str, target: Path) -> None:
    """Copies a database as it is at one moment, also while a bot writes to it; the copy is under the same key.

    Raises StoreError, and FileExistsError where the target is there already.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already: choose another name")
    part = _part(target)
    try:
        _copy(path, key, part)
        verify(part, key)
        settle(part)
        put(part, target)
    finally:
        discard(part)


def restore(source: Path, key: str, path: Path, now: datetime) -> Path | None:
    """Puts a backup in the place of a database that no bot uses; returns where the old one is now, if there was one.

    Raises StoreError for a backup that is not sound under this key, or a database in use.
    """
    verify(source, key)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = _part(path)
    try:
        _copy(source, key, part)
        verify(part, key)
        settle(part)
        aside = _set_aside(path, key, now) if path.exists() else None
        part.replace(path)
        settle(path)
    finally:
        discard(part)
    return aside


def rewrite(path: Path, old: str, new: str) -> None:
    """Writes a database that no bot uses anew under another key, and destroys the old file; empty is without a key.

    Old blocks may outlive this on flash memory, on file systems that copy on write, and in snapshots.
    Raises StoreError, and then everything is as it was.
    """
    check(path, old)
    part = _part(path)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    give(part)
    try:
        with closing(ciphered(f"{path.absolute().as_uri()}?mode=rw", old)) as source:
            _take(source)
            _export(source, part, new)
        verify(part, new)
        settle(part)
        _clear_beside(path)
        with path.open("r+b") as before:
            part.replace(path)
            settle(path)
            _destroy(before.fileno())
    finally:
        discard(part)


def verify(path: Path, key: str) -> None:
    """Raises StoreError unless every page, index and reference of a database is sound under this key."""
    check(path, key, "integrity_check(1)")
    with closing(connect(path, key, "ro")) as connection:
        loose = connection.execute("pragma foreign_key_check").fetchall()
        known = connection.execute("select count(*) from sqlite_schema where name in ('chat', 'outbox')").fetchone()[0]
    if loose or known != 2:
        raise Told(f"{path} is not sound", "nothing was changed; use another backup")


def litestream_trouble(path: Path, key: str) -> str:
    """Returns why this database cannot be replicated by Litestream, or nothing.

    Litestream reads the file itself, and to it an encrypted one is "not a database".
    """
    state = path.with_name(f".{path.name}-litestream")
    if not key or not state.exists():
        return ""
    return (
        f"{state} shows that Litestream replicates this database, but with DATABASE_KEY it cannot read it: "
        "stop Litestream, remove that folder, and run `backstride backup` by a timer"
    )


# ---- steps ---------------------------------------------------------------------------------------------------------


def _part(path: Path) -> Path:
    part = path.with_name(f"{path.name}.part")
    discard(part)
    return part


def _copy(path: Path, key: str, part: Path) -> None:
    """Makes a copy of one moment, in one file, with SQLite's online backup."""
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    give(part)
    with closing(connect(path, key, "ro")) as source, closing(connect(part, key)) as copy:
        source.execute("pragma busy_timeout=5000").fetchall()
        source.backup(copy)
        copy.execute("pragma journal_mode=delete").fetchall()


def _take(connection: sqlite3.Connection) -> None:
    """Has the file for itself until the connection is closed; raises StoreError while a bot uses it."""
    connection.execute("pragma busy_timeout=0").fetchall()
    connection.execute("pragma locking_mode=exclusive").fetchall()
    try:
        connection.execute("begin exclusive")
        connection.rollback()
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Told("the database is in use", "stop the bot first") from None
        raise


def _export(source: sqlite3.Connection, part: Path, key: str) -> None:
    """Copies everything into a file under another key, and compares it row by row."""
    source.execute("attach database :part as part key :key", {"part": str(part), "key": key})
    source.execute("select sqlcipher_export('part')").fetchall()
    source.commit()
    tables = [
        row[0]
        for row in source.execute(
            "select name from main.sqlite_schema where type = 'table' and name not like 'sqlite_stat%'"
        ).fetchall()
    ]
    for table in tables:
        for one, other in (("main", "part"), ("part", "main")):
            lost = source.execute(
                f"select count(*) from (select * from {one}.{table} except select * from {other}.{table})"
            ).fetchone()[0]
            if lost:
                raise Told(f"the copy of {table} differs", "nothing was changed")
    source.execute("detach database part")


def _set_aside(path: Path, key: str, now: datetime) -> Path:
    """Gives the database that is there another name too; its own place is never empty meanwhile."""
    aside = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise FileExistsError(f"{aside} exists already: wait a second")
    try:
        check(path, key)
        with closing(connect(path, key)) as connection:
            _take(connection)
        _clear_beside(path)
    except StoreError as error:
        if "in use" in str(error):
            raise
        # It is damaged, or under another key: what lies beside it goes with it as it is.
        for beside in companions(path):
            if beside.exists():
                beside.rename(f"{aside}{beside.name.removeprefix(path.name)}")
    put(path, aside)
    protect(aside)
    return aside


def _clear_beside(path: Path) -> None:
    """Removes what lies beside a database that was taken and closed: it holds nothing, and must not meet another."""
    for beside in companions(path):
        beside.unlink(missing_ok=True)


def _destroy(descriptor: int) -> None:
    """Overwrites a file that has no name any more."""
    left = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, bytes(min(BLOCK, left)))
    os.fsync(descriptor)
