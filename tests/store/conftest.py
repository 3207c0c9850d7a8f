"""Databases to write to: an SQLite file, and PostgreSQL where it runs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from litellm_router_plugin.store.store import Store

POSTGRESQL = os.environ.get("TIER_ROUTER_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
"""A database in which the tests may make databases of their own."""
REQUIRED = os.environ.get("TIER_ROUTER_REQUIRE_SERVICES") == "1"

AGES_DAYS = 36_500.0
"""Retention of stores in tests: their decisions carry fixed times."""

MakeStore = Callable[..., Store]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'decisions.sqlite'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    psycopg = pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    try:
        admin = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no PostgreSQL at {POSTGRESQL} (set TIER_ROUTER_TEST_POSTGRESQL): {error}")
    name = f"tier_router_{uuid.uuid4().hex[:12]}"
    admin.execute(f"CREATE DATABASE {name}")
    yield f"{POSTGRESQL.rpartition('/')[0]}/{name}"
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    found = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(found, str)
    return found


@pytest.fixture
def make_store() -> Iterator[MakeStore]:
    """Makes stores that write at once, and closes them."""
    made: list[Store] = []

    def make(url: str, **settings: object) -> Store:
        store = Store(url, **{"interval_s": 0.01, "retention_days": AGES_DAYS, **settings})  # type: ignore[arg-type]  # the settings of a test
        made.append(store)
        return store

    yield make
    for store in made:
        store.close(timeout_s=1.0)
