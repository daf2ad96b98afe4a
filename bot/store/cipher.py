"""SQLCipher through the package sqlcipher3, speaking the errors of sqlite3, which all callers know."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlcipher3 import dbapi2

P = ParamSpec("P")
T = TypeVar("T")


def connect(address: str, key: str) -> sqlite3.Connection:
    """Opens a file by its URI with the key that its pages are encrypted with; an empty key is for a plain file."""
    connection: Any = Connection(address, uri=True)
    # The library prints what it could not decrypt to standard error; the exception says it better.
    connection.execute("pragma cipher_log_level=none").fetchall()
    if key:
        # Not by `pragma key`: a statement may be traced and quoted, an argument is not.
        connection.set_key(key)
    connection.row_factory = dbapi2.Row
    typed: sqlite3.Connection = connection
    return typed


def _speaking(method: Callable[P, T]) -> Callable[P, T]:
    """Turns the library's errors into the classes of sqlite3 that bear the same names."""

    @wraps(method)
    def call(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return method(*arguments, **options)
        except dbapi2.Error as error:
            same: type[sqlite3.Error] = getattr(sqlite3, type(error).__name__)
            raise same(str(error)) from None

    return call


class Cursor(dbapi2.Cursor):  # type: ignore[misc]
    """A cursor whose errors are those of sqlite3."""

    execute = _speaking(dbapi2.Cursor.execute)
    executemany = _speaking(dbapi2.Cursor.executemany)
    fetchone = _speaking(dbapi2.Cursor.fetchone)
    fetchall = _speaking(dbapi2.Cursor.fetchall)
    __next__ = _speaking(dbapi2.Cursor.__next__)


class Connection(dbapi2.Connection):  # type: ignore[misc]
    """A connection whose errors are those of sqlite3."""

    commit = _speaking(dbapi2.Connection.commit)
    backup = _speaking(dbapi2.Connection.backup)
    close = _speaking(dbapi2.Connection.close)

    @property
    def in_transaction(self) -> bool:
        """Tells whether a transaction is open."""
        return bool(_speaking(dbapi2.Connection.in_transaction.__get__)(self))

    def cursor(self) -> Cursor:
        """Returns a cursor; all that the connection executes goes through one."""
        cursor: Cursor = super().cursor(Cursor)
        return cursor
