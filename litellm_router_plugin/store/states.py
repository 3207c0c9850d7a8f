"""Small pieces of state that outlast a process: drift monitors, steps that were applied. Each is JSON under a name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.schema import states


@dataclass(frozen=True, slots=True)
class State:
    """A piece of state.

    Attributes:
        version: Rises with each write; what `States.put` compares.
        updated_at: Wall time of the last write.
    """

    name: str
    value: Mapping[str, object]
    version: int
    updated_at: float


class States:
    """Reads and writes state. Every method blocks on the database, and raises `StoreError` when it cannot be used."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def all(self, prefix: str) -> list[State]:
        """Everything whose name begins so, the latest first. What cannot be read is left out."""
        query = select(states).where(states.c.name.startswith(prefix, autoescape=True))
        try:
            with self._database.writing().begin() as connection:
                rows = connection.execute(query.order_by(states.c.updated_at.desc())).mappings().all()
        except SQLAlchemyError as error:
            raise self._unusable(error) from error
        return [State(row["name"], orjson.loads(row["value"]), row["version"], row["updated_at"]) for row in rows]

    def get(self, name: str) -> State | None:
        """One piece; None where there is none."""
        return next((state for state in self.all(name) if state.name == name), None)

    def put(self, name: str, value: Mapping[str, object], after: int | None = None) -> bool:
        """Write a piece.

        Args:
            name: Its name.
            value: What is kept.
            after: The version that it follows, 0 for none: it is not written where another process was faster.
                None: it is written whatever is there.

        Returns:
            Whether it was written.
        """
        text, now = orjson.dumps(value).decode(), self._clock()
        change = update(states).where(states.c.name == name)
        if after is not None:
            change = change.where(states.c.version == after)
        change = change.values(value=text, version=states.c.version + 1, updated_at=now)
        try:
            with self._database.writing().begin() as connection:
                if connection.execute(change).rowcount:
                    return True
                if after:
                    return False
                connection.execute(states.insert().values(name=name, value=text, version=1, updated_at=now))
        except IntegrityError:  # another process wrote it at this moment
            return False
        except SQLAlchemyError as error:
            raise self._unusable(error) from error
        return True

    def take(self, state: State) -> bool:
        """Remove a piece as it was read; False where another process was faster."""
        gone = delete(states).where(states.c.name == state.name, states.c.version == state.version)
        try:
            with self._database.writing().begin() as connection:
                return bool(connection.execute(gone).rowcount)
        except SQLAlchemyError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreError:
        return StoreError(f"{self._database.name}: state cannot be read or written now ({type(error).__name__})")
