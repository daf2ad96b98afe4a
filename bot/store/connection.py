"""Opens the database file: plain or encrypted, found sound before the first write, and never begun anew by mistake."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from bot.migrations import migrations

StoreError = sqlite3.Error
"""The file cannot be read or written; nothing that was not acknowledged is lost, and going on is pointless."""


class Told(StoreError):
    """What is wrong with a database, and what its operator can do about it, in words that need no more."""

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(f"{what}: {cure}" if cure else what)
        self.what, self.cure = what, cure


class Older(Told):
    """An older version has written this database; the next start brings it up to date."""


PLAIN = b"SQLite format 3\0"
"""How every SQLite file begins that is not encrypted (sqlite.org/fileformat.html)."""
RESTORE = "nothing was changed; keep the file and put a backup in its place with `backstride restore`"
FULL = "its disk is full: nothing that was acknowledged is lost; free some space, and start again"

_REASONS = {
    "disk is full": FULL,
    "No space left": FULL,
    "Read-only file system": "its disk is mounted to be read only: see in the system's log why, and mount it anew",
    "Permission denied": "this user may not use it: give it and its folder to the user that the bot runs as",
    "readonly": "it may only be read: give this user the right to write to it and its folder",
    "database is locked": "another program holds it: stop that one first",
    "unable to open": "it cannot be opened: see that its folder exists, and that this user may write there",
    "disk I/O error": "its disk fails: see what the system's log says, and restore a backup if it is damaged",
    "malformed": f"it is damaged: {RESTORE}",
}
"""What SQLite says, and what it means for the one who runs the bot."""


def reason(error: Exception) -> str:
    """Returns why the database cannot be used, and what to do, in one line."""
    if isinstance(error, Told):
        return str(error)
    said = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return next((f"{meaning} ({said})" for words, meaning in _REASONS.items() if words in said), said)


def file_fails(error: Exception) -> bool:
    """Tells whether the file cannot be used at all, whatever was to be written, for an error of its store."""
    return isinstance(error, StoreError) and any(words in str(error) for words in _REASONS)


class Connected:
    """What works on the one connection of the process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._log_is_clean = True

    def truncate_log(self) -> bool:
        """Empties the write-ahead log: it keeps old pages, and with them what was erased, until it is reused.

        Returns False, without waiting, while another program reads the file; then it is to be tried again.
        """
        self._db.execute("pragma busy_timeout=0").fetchall()
        try:
            busy = self._db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        finally:
            self._db.execute("pragma busy_timeout=5000").fetchall()
        self._log_is_clean = not busy
        return self._log_is_clean

    @property
    def log_is_clean(self) -> bool:
        """Tells whether the write-ahead log was emptied when it was asked for last."""
        return self._log_is_clean


def opened(path: Path, key: str = "") -> Database:
    """Returns the connection to a file, created where there is none, readable by its owner only.

    All of the file is read before the first write, at 80 to 150 MB a second, or about 25 of an encrypted one (two busy
    cores). What is damaged, of another kind or under another key raises StoreError and stays as it is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        check(path, key)
    else:
        _begin(path, key)
    protect(path)
    db = Database(connect(path, key), execute_plugins=False, strict=True)
    try:
        for pragma in ("busy_timeout=5000", "journal_mode=wal", "synchronous=full", "secure_delete=on"):
            db.execute(f"pragma {pragma}").fetchall()
        migrations.apply(db)
        db.execute("pragma foreign_keys=on")
    except BaseException:
        db.close()
        raise
    return db


def looked_at(path: Path, key: str = "") -> Database:
    """Returns a connection that only reads a file, also while a bot uses it; raises StoreError where it cannot.

    It costs the same however large the file is: whether that is sound is found out at a start and by the doctor.
    """
    with _told(key):
        _check_kind(path, key)
        with closing(connect(path, key, "ro")) as connection:
            missing = _check_schema(connection)
        if missing:
            raise Older(f"it was written by an older version, and lacks {missing[0]}", "start the bot once")
        return Database(connect(path, key, "ro"), execute_plugins=False, strict=True)


def connect(path: Path, key: str = "", mode: str = "rw") -> sqlite3.Connection:
    """Opens an existing file; mode is that of SQLite's URIs: ro, rw or rwc, which creates one that is not there."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    if key:
        return ciphered(address, key)
    connection = sqlite3.connect(address, uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def ciphered(address: str, key: str) -> sqlite3.Connection:
    """Opens a file through SQLCipher; raises StoreError where its package is missing."""
    try:
        # Only who encrypts needs it: there are machines that it is not built for.
        from bot.store import cipher  # noqa: PLC0415
    except ImportError as error:
        raise Told("DATABASE_KEY needs the package sqlcipher3", "pip install 'backstride[encryption]'") from error
    return cipher.connect(address, key)


def check(path: Path, key: str = "", pragma: str = "quick_check(1)") -> None:
    """Raises StoreError, in words that say what to do, for a file that is not a sound database under this key.

    It only reads, and all of the file: not one byte of that or of its write-ahead log changes.
    """
    with _told(key):
        _check_kind(path, key)
        # A journal is left where a change of the journal mode was cut off; only a writer may roll it back.
        mode = "rw" if path.with_name(f"{path.name}-journal").exists() else "ro"
        with closing(connect(path, key, mode)) as connection:
            connection.execute("pragma busy_timeout=5000").fetchall()
            (found,) = connection.execute(f"pragma {pragma}").fetchone()
            if found != "ok":
                raise _damaged(str(found).replace("*** in database main ***\n", ""))
            _check_schema(connection)


@contextmanager
def _told(key: str) -> Iterator[None]:
    """Says what to do where a file cannot be read because of what is in it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error) and key:
            raise Told(
                "DATABASE_KEY does not open it", "nothing was changed; use the key that it was encrypted with"
            ) from None
        if "malformed" not in str(error) and "not a database" not in str(error):
            raise
        raise _damaged(str(error)) from None


def _damaged(trouble: str) -> Told:
    return Told(f"it is damaged ({trouble.splitlines()[0]})", RESTORE)


def _check_kind(path: Path, key: str) -> None:
    with path.open("rb") as file:
        start = file.read(len(PLAIN))
    if not start:
        raise Told("it is empty, and was not always", f"{RESTORE}, or remove it to begin with nothing")
    if start == PLAIN and key:
        raise Told("it is not encrypted, but DATABASE_KEY is set", "run `backstride encrypt` once")
    if start != PLAIN and not key:
        raise Told(
            "it is encrypted and DATABASE_KEY is not set, or it is not a database",
            f"set the key; if there is none: {RESTORE}",
        )


def _check_schema(connection: sqlite3.Connection) -> list[str]:
    """Returns the steps that a database lacks; raises StoreError for one of something else, or of a newer version."""
    tables = {row[0] for row in connection.execute("select name from sqlite_schema where type = 'table'").fetchall()}
    with closing(Database(memory=True, execute_plugins=False)) as empty:
        steps = [step.name for step in migrations.pending(empty)]
    if not tables:
        return steps
    if migrations.migrations_table not in tables:
        raise Told("it is a database of something else", RESTORE)
    applied = {row[0] for row in connection.execute(f"select name from {migrations.migrations_table}").fetchall()}
    if newer := sorted(applied - set(steps)):
        raise Told(f"it was written by a newer version of Backstride ({', '.join(newer)})", "update first")
    return [step for step in steps if step not in applied]


def _begin(path: Path, key: str) -> None:
    """Creates a database that is there whole or not at all, and never in the place of another."""
    if any(beside.exists() and beside.stat().st_size for beside in companions(path)):
        raise Told("it is missing, but its write-ahead log is there", RESTORE)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    discard(fresh)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        db = Database(connect(fresh, key), execute_plugins=False, strict=True)
        with closing(db):
            # Nothing reads it before it is finished, so that waiting for the disk once is enough.
            db.execute("pragma synchronous=off")
            db.execute("pragma journal_mode=wal").fetchall()
            migrations.apply(db)
        settle(fresh)
        put(fresh, path)
    finally:
        discard(fresh)


# ---- files ---------------------------------------------------------------------------------------------------------


def companions(path: Path) -> tuple[Path, ...]:
    """Returns the files that SQLite keeps beside a database while it is open, or after a crash."""
    return tuple(path.with_name(f"{path.name}-{part}") for part in ("wal", "shm"))


def protect(path: Path) -> None:
    """Makes a file readable by its owner only, and so those that SQLite will give the same mode."""
    for each in (path, *companions(path)):
        with suppress(FileNotFoundError):
            if stat.S_IMODE(each.stat().st_mode) != 0o600:
                each.chmod(0o600)


def give(path: Path) -> None:
    """Gives what root has made to the owner of its folder: the bot may run as somebody else."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def discard(path: Path) -> None:
    """Removes a database with everything beside it, if it is there."""
    for each in (path, *companions(path), path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)


def settle(path: Path) -> None:
    """Waits until a file, and its name in its folder, are on the disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def put(file: Path, path: Path) -> None:
    """Gives a finished file its name; raises FileExistsError where there is one of that name, which stays."""
    try:
        os.link(file, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if path.exists():
            raise FileExistsError(f"{path} exists") from None
        file.rename(path)
    settle(path)
