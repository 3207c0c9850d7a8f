"""Which decisions are meant, and how a period is made of whole hours and what is left at its ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause

from litellm_router_plugin.store.schema import DAY_HOURS, HOUR_S

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

    def pieces(self, *, with_days: bool = True) -> Pieces:
        """The period in as few parts as can be summed exactly; ``with_days=False`` where hours must be told apart."""
        first = None if self.since is None else math.ceil(self.since / HOUR_S)
        last = None if self.until is None else math.floor(self.until / HOUR_S)
        if first is not None and last is not None and first > last:
            return Pieces(ends=(Span(self.since, self.until),))
        ends = (
            Span(self.since, None if first is None else first * HOUR_S),
            Span(None if last is None else last * HOUR_S, self.until),
        )
        days, hours = _days_and_hours(first, last) if with_days else (None, (Span(first, last),))
        return Pieces(days, tuple(filter(_is_filled, hours)), tuple(one for one in ends if _is_bounded(one)))


def _days_and_hours(first: int | None, last: int | None) -> tuple[Span | None, tuple[Span, ...]]:
    """Whole days within some hours, and the hours left before and after; no days where none is whole."""
    start = None if first is None else math.ceil(first / DAY_HOURS) * DAY_HOURS
    end = None if last is None else last // DAY_HOURS * DAY_HOURS
    if start is not None and end is not None and start >= end:
        return None, (Span(first, last),)
    left = [] if start is None else [Span(first, start)]
    return Span(start, end), tuple(left if end is None else [*left, Span(end, last)])


def _is_filled(span: Span) -> bool:
    return span.start is None or span.end is None or span.start < span.end


def _is_bounded(span: Span) -> bool:
    return span.start is not None and span.end is not None and span.start < span.end


@dataclass(frozen=True, slots=True)
class Pieces:
    """A period in parts.

    Attributes:
        days: Whole days, counted in hours; None where there are none.
        hours: Whole hours beside them.
        ends: What is left, in seconds.
    """

    days: Span | None = None
    hours: tuple[Span, ...] = ()
    ends: tuple[Span, ...] = ()


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
