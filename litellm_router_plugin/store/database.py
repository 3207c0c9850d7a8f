"""One database: its engines, and its tables brought up to date before first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from litellm_router_plugin.store.location import parse_url, shown
from litellm_router_plugin.store.migrating import check_version, migrate
from litellm_router_plugin.store.schema import POSTGRESQL_SCHEMA
from litellm_router_plugin.store.troubles import as_store_error

LOCK_TIMEOUT_S = 10
"""Longest wait for another process that writes to the same SQLite file."""
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 60_000
READING_CONNECTIONS = 4
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


class Database:
    """A database by its URL. Nothing is opened before it is used.

    Args:
        written: The URL, or the path of an SQLite file.

    Raises:
        StoreError: The URL cannot be used.
    """

    def __init__(self, written: str) -> None:
        self.url: URL = parse_url(written)
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._writing: Engine | None = None
        self._reading: Engine | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """The URL without its password."""
        return shown(self.url)

    @property
    def schema(self) -> str | None:
        """The schema that holds the tables; None in SQLite, which has none."""
        return None if self.is_sqlite else POSTGRESQL_SCHEMA

    def writing(self) -> Engine:
        """For transactions that write. The tables are made or brought up to date first.

        Raises:
            StoreError: The database is corrupt, read-only, or of a newer version of this package.
            sqlalchemy.exc.SQLAlchemyError: It cannot be reached at this moment.
        """
        self._forget_parents_engines()
        with self._lock:
            if self._writing is None:
                with as_store_error(self.name):
                    self._writing = _once_checked(self._engine(is_writing=True), self.schema, migrate)
            return self._writing

    def reading(self) -> Engine:
        """For transactions that read. The tables must be there.

        Raises:
            StoreError: The database is missing, damaged, or of another version.
            sqlalchemy.exc.SQLAlchemyError: It cannot be reached at this moment.
        """
        self._forget_parents_engines()
        with self._lock:
            if self._reading is None:
                with as_store_error(self.name):
                    self._reading = _once_checked(self._engine(is_writing=False), self.schema, check_version)
            return self._reading

    def close(self) -> None:
        """Close every connection; the database can be used again afterwards."""
        self._forget_parents_engines()
        with self._lock:
            for engine in (self._writing, self._reading):
                if engine is not None:
                    engine.dispose()
            self._writing = self._reading = None

    def _forget_parents_engines(self) -> None:
        """After a fork the connections, and who holds the lock, are the parent's: neither used nor closed here."""
        if self._process == os.getpid():
            return
        for engine in (self._writing, self._reading):
            if engine is not None:
                engine.dispose(close=False)
        self._start_afresh()

    def _engine(self, *, is_writing: bool) -> Engine:
        size = 1 if is_writing else READING_CONNECTIONS
        if self.is_sqlite:
            return _sqlite_engine(self.url, size, is_writing=is_writing)
        return _postgresql_engine(self.url, size, is_writing=is_writing)


def _once_checked(engine: Engine, schema: str | None, check: Callable[[Engine, str | None], None]) -> Engine:
    """An engine whose tables have passed a check; one whose tables do not is closed."""
    try:
        check(engine, schema)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _sqlite_engine(url: URL, size: int, *, is_writing: bool) -> Engine:
    path = Path(url.database or "").absolute()
    if is_writing:
        _make_private_file(path)
    mode = "rw"  # never made by connecting: a wrong path must be an error, not an empty store
    engine = create_engine(
        url.set(database=path.as_uri(), query={"uri": "true", "mode": mode}),
        poolclass=QueuePool,
        pool_size=size,
        connect_args={"timeout": LOCK_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _set_up_writing if is_writing else _set_up_reading)
    event.listen(engine, "begin", _begin_writing if is_writing else _begin_reading)
    return engine


def _make_private_file(path: Path) -> None:
    """Make the file, readable by its owner only: it may come to hold prompts."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, _PRIVATE_FILE))


def _set_up_writing(connection: Any, _record: object) -> None:  # noqa: ANN401  a raw driver connection
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "journal_size_limit = 67108864"):
        connection.execute(f"PRAGMA {pragma}")


def _set_up_reading(connection: Any, _record: object) -> None:  # noqa: ANN401  a raw driver connection
    connection.execute("PRAGMA query_only = ON")


def _begin_writing(connection: Connection) -> None:
    """Take the write lock at once: a transaction that first reads could otherwise not be waited for."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _postgresql_engine(url: URL, size: int, *, is_writing: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED" if is_writing else "REPEATABLE READ",
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "litellm_router_plugin",
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
    )
    return engine.execution_options(schema_translate_map={None: POSTGRESQL_SCHEMA})
