"""Which failures of a database are worth another try, and which will stay until somebody mends them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.store.location import failure

_SQLITE = {
    sqlite3.SQLITE_READONLY: (
        "the file is read-only",
        "Make it and its folder writable for this user, or name another file",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the file is missing or cannot be opened",
        "Check that it exists and that this user may read and write it and its folder",
    ),
    sqlite3.SQLITE_NOTADB: (
        "the file is not an SQLite database",
        "Move it away, and a new one is made at the next start",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the file is damaged",
        "Save what can be saved with `sqlite3 FILE .recover`, then move it away",
    ),
    sqlite3.SQLITE_PERM: ("access to the file was denied", "Let this user read and write it"),
}
"""SQLite's primary result codes that no retry mends."""
_POSTGRESQL = {
    "42501": (
        "the user may not make or use the schema tier_router",
        "Run: CREATE SCHEMA tier_router AUTHORIZATION the_user",
    ),
    "42P01": ("the tables are gone", "Start the proxy again: it makes them"),
    "25006": ("the database is read-only", "Name one that can be written to"),
}
"""SQLSTATEs that no retry mends. A database that is not there, or refuses a log-in, may come back."""
_PRIMARY_CODE = 0xFF


def lasting(error: BaseException) -> tuple[str, str] | None:
    """What is wrong and how to mend it, where a failure will not pass by itself; None where it may."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & _PRIMARY_CODE)
    if isinstance(cause, PermissionError | IsADirectoryError | NotADirectoryError | FileExistsError):
        return _SQLITE[sqlite3.SQLITE_CANTOPEN]
    if isinstance(cause, OSError) and cause.errno is not None and cause.filename is not None:
        return f"{cause.strerror}", "Name a file in a folder that this user may write to"
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")


def is_invalid(error: Exception) -> bool:
    """Whether a row is to blame and not the database: writing the same row again would fail again."""
    if isinstance(error, StoreError | OSError):
        return False
    if isinstance(error, DBAPIError):
        if isinstance(error, InterfaceError):  # SQLite: a value of a wrong type; elsewhere: the connection is gone
            return isinstance(error.orig, sqlite3.Error)
        return isinstance(error, DataError | IntegrityError | ProgrammingError)
    return not isinstance(error, SQLAlchemyError) or isinstance(error, StatementError)


@contextmanager
def as_store_error(where: str) -> Iterator[None]:
    """Turn failures that will not pass by themselves into a `StoreError`; others go through as they are."""
    try:
        yield
    except StoreError as error:
        if str(error).startswith(where):
            raise
        raise StoreError(f"{where}: {error}") from error
    except (DBAPIError, OSError) as error:
        found = lasting(error)
        if found is None:
            raise
        raise failure(where, *found) from error
