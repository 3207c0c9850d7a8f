"""Brings the tables up to date, one process at a time, and refuses what a newer version of this package made."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.store.schema import metadata

SCRIPTS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x7469_6572
"""Advisory lock of PostgreSQL that migrating processes take, a number of our own."""
_one_at_a_time = threading.Lock()
"""Alembic keeps what it migrates in globals: two databases must not be migrated at once in one process."""
_VERSION_TABLE = "alembic_version"


def migrate(engine: Engine, schema: str | None) -> None:
    """Make the tables, or bring them up to date; all or nothing. Several processes may do so at once.

    Raises:
        StoreError: A newer version of this package, or another program, made what is there.
    """
    with engine.begin() as connection:  # in SQLite this takes the write lock
        if schema is not None:
            _make_schema(connection, schema)
        version = _version(connection, schema)
        if version == newest_version():
            return
        if version is None:
            _refuse_foreign_tables(connection, schema)
        _refuse_unknown(version)
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))  # it would be interpolated
        config.attributes.update(connection=connection, schema=schema)
        with _one_at_a_time:
            command.upgrade(config, "head")


def check_version(engine: Engine, schema: str | None) -> None:
    """Check that the tables are those that this version of the package reads.

    Raises:
        StoreError: There are none, or they are of another version.
    """
    with engine.connect() as connection:
        version = _version(connection, schema)
    _refuse_unknown(version)
    if version != newest_version():
        raise StoreError(
            "there are no tables of tier routers of this version in it. Let the proxy write to it first, or name the "
            "database that it writes to"
        )


def newest_version() -> str:
    """The version of the tables that this package makes."""
    head = _scripts().get_current_head()
    if head is None:
        raise StoreError(f"{SCRIPTS}: the migrations are missing. Install the package again")
    return head


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(SCRIPTS))


def _make_schema(connection: Connection, schema: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    if not inspect(connection).has_schema(schema):
        connection.execute(text(f"CREATE SCHEMA {schema}"))


def _version(connection: Connection, schema: str | None) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": schema})
    return context.get_current_revision()


def _refuse_unknown(version: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"its tables are of version {version}, newer than this package, which knows up to {newest_version()}. "
            "Upgrade litellm-router-plugin, or name another database"
        )


def _refuse_foreign_tables(connection: Connection, schema: str | None) -> None:
    present = set(inspect(connection).get_table_names(schema=schema)) - {_VERSION_TABLE}
    if present:
        ours = present & set(metadata.tables)
        what = (
            "tables of ours without a version"
            if ours
            else f"tables of something else ({', '.join(sorted(present)[:3])})"
        )
        raise StoreError(f"it holds {what}. Name an empty database, or a file of its own")
