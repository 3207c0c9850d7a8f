"""Which decisions are meant, and how a period is made of whole hours and what is left at its ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause

from litellm_router_plugin.store.schema import HOUR_S

FIELDS = {"router": "router", "owner_key": "owner_key", "team": "owner_team", "tier": "tier", "route": "route"}
"""Name of a filter -> its column, in every table that has the decision's dimensions."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which decisions are meant; None leaves a field open.

    Attributes:
        since: Wall time in seconds from which on decisions were made.
        until: Wall time before which they were made.
        owner_key: Hash of the key.
        tier: The tier that answered.
    """

    since: float | None = None
    until: float | None = None
    router: str | None = None
    owner_key: str | None = None
    team: str | None = None
    tier: str | None = None
    route: str | None = None

    def on(self, table: FromClause) -> list[ColumnElement[bool]]:
        """The conditions on a table, but for the period."""
        values = {column: getattr(self, name) for name, column in FIELDS.items()}
        return [table.c[column] == value for column, value in values.items() if value is not None]

    def between(self, column: ColumnElement[float]) -> list[ColumnElement[bool]]:
        """The conditions of the period on a column of moments."""
        found = []
        if self.since is not None:
            found.append(column >= self.since)
        if self.until is not None:
            found.append(column < self.until)
        return found

    def pieces(self) -> tuple[Span, list[Span]]:
        """The period as a span of whole hours, in hours, and the spans left at its ends, in seconds."""
        first = None if self.since is None else math.ceil(self.since / HOUR_S)
        last = None if self.until is None else math.floor(self.until / HOUR_S)
        if first is not None and last is not None and first > last:
            return Span(0, 0), [Span(self.since, self.until)]
        return Span(first, last), list(self._ends(first, last))

    def _ends(self, first: int | None, last: int | None) -> Iterator[Span]:
        if first is not None and self.since is not None and self.since < first * HOUR_S:
            yield Span(self.since, first * HOUR_S)
        if last is not None and self.until is not None and last * HOUR_S < self.until:
            yield Span(last * HOUR_S, self.until)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` on, before ``end``; None is open."""

    start: float | None
    end: float | None

    def on(self, column: ColumnElement[float] | ColumnElement[int]) -> list[ColumnElement[bool]]:
        """The conditions on a column."""
        found: list[ColumnElement[bool]] = []
        if self.start is not None:
            found.append(column >= self.start)
        if self.end is not None:
            found.append(column < self.end)
        return found


EVERYTHING = Filters()
