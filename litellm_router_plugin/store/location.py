"""Where the store is: which URL is meant, and what is wrong with one that cannot be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from litellm_router_plugin.errors import StoreError

URL_VARIABLE = "TIER_ROUTER_DATABASE_URL"
"""Environment variable with the store's URL; ``none`` switches the store off."""
RETENTION_VARIABLE = "TIER_ROUTER_RETENTION_DAYS"
"""Environment variable with the days after which decisions are deleted."""
DEFAULT_RETENTION_DAYS = 90.0
SWITCHED_OFF = "none"
FILE_NAME = "decisions.sqlite"
_PACKAGE = "litellm_router_plugin"


def failure(where: str, problem: str, fix: str) -> StoreError:
    """An error of the store: where, what is wrong, and how to mend it."""
    return StoreError(f"{where}: {problem}. {fix}")


def default_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The SQLite file in the user's state folder.

    Raises:
        StoreError: There is no such folder, as in a container whose user has no home.
    """
    given = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    try:
        folder = Path(given) if given else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise failure("default store", "this user has no home folder", f"Set {URL_VARIABLE}") from error
    return folder / _PACKAGE / FILE_NAME


def configured_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """The URL that the environment names, else that of the default file; None where the store is switched off."""
    written = environment.get(URL_VARIABLE, "").strip()
    if written.lower() == SWITCHED_OFF:
        return None
    return written or f"sqlite:///{default_file(environment)}"


def configured_retention(environment: Mapping[str, str] = os.environ) -> float:
    """The days that the environment names, else the default.

    Raises:
        StoreError: They are not a positive number.
    """
    written = environment.get(RETENTION_VARIABLE, "").strip()
    try:
        days = float(written) if written else DEFAULT_RETENTION_DAYS
    except ValueError:
        days = 0.0
    if not days > 0:
        raise failure(RETENTION_VARIABLE, f"{written!r} is not a positive number of days", "Write one, such as 90")
    return days


def parse_url(written: str) -> URL:
    """The URL of a database, or of a plain path of an SQLite file.

    Raises:
        StoreError: It cannot be read, or is of a kind that is not supported.
    """
    try:
        url = make_url(written if "://" in written else f"sqlite:///{written}")
    except ArgumentError as error:
        raise failure(
            "database URL", "it cannot be read", "Write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    kind = url.get_backend_name()
    if kind == "sqlite":
        return _sqlite(url)
    if kind in ("postgresql", "postgres"):
        return _postgresql(url)
    raise failure(f"database URL {shown(url)}", f"{kind} is not supported", "Use sqlite or postgresql")


def shown(url: URL) -> str:
    """A URL without its password, fit for a log."""
    return url.render_as_string(hide_password=True)


def _sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        raise failure(
            "database URL",
            "an SQLite database in memory cannot be shared by threads",
            "Name a file, or attach without a store",
        )
    return url.set(database=str(Path(url.database).expanduser()))


def _postgresql(url: URL) -> URL:
    if find_spec("psycopg") is None:
        raise failure(
            f"database URL {shown(url)}",
            "the PostgreSQL driver is not installed",
            "Install it: pip install 'litellm-router-plugin[postgresql]'",
        )
    return url.set(drivername="postgresql+psycopg")
