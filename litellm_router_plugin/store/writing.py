"""Writes a batch in one transaction. Writing the same decision again replaces it, sums included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.pauses import Pause, Pauses
from litellm_router_plugin.store.placements import placement_rows
from litellm_router_plugin.store.prompts import prompt_row
from litellm_router_plugin.store.rows import AnyRow, Row, call_rows, decision_row, price_list_row
from litellm_router_plugin.store.schema import (
    DAY_HOURS,
    GROUP_COLUMNS,
    SUM_COLUMNS,
    VERDICT_COLUMNS,
    calls,
    daily,
    daily_verdicts,
    decisions,
    experiment_runs,
    feedback,
    hourly,
    hourly_verdicts,
    placements,
    price_lists,
    prompts,
)

Sums = dict[tuple[object, ...], list[int]]
_DIMENSIONS = [name for name in VERDICT_COLUMNS if name in decisions.c]
_GRADED = [name for name in VERDICT_COLUMNS if name in calls.c and name not in decisions.c]


@dataclass(slots=True)
class Batch:
    """Rows of a batch, by table.

    Attributes:
        pause: Called between its parts, by whoever builds or writes it.
    """

    pause: Pause = field(default_factory=Pauses)
    price_lists: dict[str, Row] = field(default_factory=dict)
    decisions: dict[str, Row] = field(default_factory=dict)
    calls: dict[str, list[Row]] = field(default_factory=dict)
    prompts: list[Row] = field(default_factory=list)
    runs: dict[str, Row] = field(default_factory=dict)
    placements: dict[str, list[Row]] = field(default_factory=dict)
    ratings: list[Row] = field(default_factory=list)
    _priced: dict[tuple[object, ...], tuple[DecisionRecord, str]] = field(default_factory=dict)

    def add_decision(self, record: DecisionRecord) -> None:
        """Add a decision; a later one of the same id replaces it."""
        row = decision_row(record, self._price_list(record))
        self.decisions[row["decision_id"]] = row
        self.calls[row["decision_id"]] = call_rows(record)
        if (prompt := prompt_row(record)) is not None:
            self.prompts.append(prompt)
        placed = placement_rows(record)
        self.runs.update((run["id"], run) for run, _ in placed)
        self.placements[row["decision_id"]] = [placement for _, placement in placed]

    def _price_list(self, record: DecisionRecord) -> str:
        """The id of a decision's price list; most decisions of a batch were made with the same prices object."""
        key = (record.router, record.baseline, record.tiers, id(record.prices))
        known = self._priced.get(key)
        if known is None:
            row = price_list_row(record)
            self.price_lists.setdefault(row["id"], row)
            known = self._priced[key] = (record, row["id"])  # the record is held, so that no other object takes the id
        return known[1]

    def note_written(self, known: Known) -> None:
        """Remember what need not be written again."""
        known.price_lists.update(self.price_lists)
        known.runs.update(self.runs)


@dataclass(slots=True)
class Known:
    """What is in the database already: ids of price lists, and runs of experiments as they stand there."""

    price_lists: set[str] = field(default_factory=set)
    runs: dict[str, Row] = field(default_factory=dict)


def build_batch(items: Iterable[DecisionRecord | Row], pause: Pause | None = None) -> Batch:
    """The rows of some decisions and ratings.

    Between items other threads get to run: a request must not wait for a whole batch to be built.
    """
    batch = Batch(pause or Pauses())
    for item in items:
        if isinstance(item, DecisionRecord):
            batch.add_decision(item)
        else:
            batch.ratings.append(item)
        batch.pause()
    return batch


def write_batch(connection: Connection, batch: Batch, known: Known) -> None:
    """Write a batch, in the transaction that is open on a connection.

    Args:
        connection: Where to.
        batch: What.
        known: What is in the database already.
    """
    new_prices = [row for key, row in batch.price_lists.items() if key not in known.price_lists]
    _insert_absent(connection, price_lists, new_prices, batch.pause)
    _write_runs(connection, [row for key, row in batch.runs.items() if known.runs.get(key) != row])
    groups, verdicts = _take_out(connection, list(batch.decisions))
    _insert(connection, decisions, list(batch.decisions.values()), batch.pause)
    _insert(connection, calls, [row for rows in batch.calls.values() for row in rows], batch.pause)
    _insert(connection, placements, [row for rows in batch.placements.values() for row in rows], batch.pause)
    _insert_absent(connection, prompts, batch.prompts, batch.pause)
    for decision_id, row in batch.decisions.items():
        _count_decision(groups, row, 1)
        _count_verdicts(verdicts, row, batch.calls[decision_id], 1)
        batch.pause()
    sums = ("requests", *SUM_COLUMNS)
    for table, deltas in ((hourly, groups), (daily, _by_day(groups))):
        _add_up(connection, table, (GROUP_COLUMNS, sums), deltas, batch.pause)
    for table, deltas in ((hourly_verdicts, verdicts), (daily_verdicts, _by_day(verdicts))):
        _add_up(connection, table, (VERDICT_COLUMNS, ("verdicts",)), deltas, batch.pause)
    _write_ratings(connection, batch.ratings)


def _take_out(connection: Connection, ids: Sequence[str]) -> tuple[Sums, Sums]:
    """Take out decisions that were written before; returns what that takes from the sums."""
    groups: Sums = defaultdict(lambda: [0] * (1 + len(SUM_COLUMNS)))
    verdicts: Sums = defaultdict(lambda: [0])
    if not ids:
        return groups, verdicts
    present = connection.execute(select(decisions).where(decisions.c.decision_id.in_(ids))).mappings().all()
    for row in present:
        graded = connection.execute(select(calls).where(calls.c.decision_id == row["decision_id"])).mappings().all()
        _count_decision(groups, row, -1)
        _count_verdicts(verdicts, row, graded, -1)
    if present:
        again = [row["decision_id"] for row in present]
        for table in (calls, placements, decisions):
            connection.execute(delete(table).where(table.c.decision_id.in_(again)))
    return groups, verdicts


def _count_decision(groups: Sums, row: AnyRow, sign: int) -> None:
    sums = groups[tuple(row[name] for name in GROUP_COLUMNS)]
    sums[0] += sign
    for index, name in enumerate(SUM_COLUMNS, start=1):
        sums[index] += sign * row[name]


def _count_verdicts(verdicts: Sums, row: AnyRow, graded: Iterable[AnyRow], sign: int) -> None:
    for call in graded:
        if call["decider"]:
            verdicts[(*(row[name] for name in _DIMENSIONS), *(call[name] for name in _GRADED))][0] += sign


def _by_day(hours: Sums) -> Sums:
    """The same sums by day: the hour, which is the first part of a key, becomes the first one of its day."""
    days: Sums = {}
    for (hour, *rest), values in hours.items():
        key = (int(str(hour)) // DAY_HOURS * DAY_HOURS, *rest)
        before = days.get(key)
        days[key] = values if before is None else [a + b for a, b in zip(before, values, strict=True)]
    return days


def _add_up(
    connection: Connection, table: Table, columns: tuple[Sequence[str], Sequence[str]], deltas: Sums, pause: Pause
) -> None:
    """Add to sums, in the order of their keys: two writers that lock rows in one order cannot block each other."""
    keys, sums = columns
    rows = [
        dict(zip((*keys, *sums), (*key, *values), strict=True))
        for key, values in sorted(deltas.items(), key=_in_order)
        if any(values)
    ]
    if not rows:
        return
    statement = _dialect(connection).insert(table)
    added = {name: table.c[name] + statement.excluded[name] for name in sums}
    upsert = statement.on_conflict_do_update(index_elements=list(keys), set_=added)
    for chunk in _chunks(rows, pause):
        connection.execute(upsert, chunk)


def _in_order(item: tuple[tuple[object, ...], list[int]]) -> tuple[str, ...]:
    return tuple(map(str, item[0]))


def _write_ratings(connection: Connection, rows: Sequence[Row]) -> None:
    if not rows:
        return
    latest = {(row["decision_id"], row["rater"]): row for row in rows}
    statement = _dialect(connection).insert(feedback)
    kept = ("decision_id", "rater", "created_at")
    changed = {name: statement.excluded[name] for name in feedback.c.keys() if name not in kept}  # noqa: SIM118  a column collection
    upsert = statement.on_conflict_do_update(index_elements=["decision_id", "rater"], set_=changed)
    connection.execute(upsert, [latest[key] for key in sorted(latest)])


def _write_runs(connection: Connection, rows: Sequence[Row]) -> None:
    """Write definitions of experiments; of one that is there only the goal may have changed."""
    if rows:
        statement = _dialect(connection).insert(experiment_runs)
        upsert = statement.on_conflict_do_update(index_elements=["id"], set_={"goal": statement.excluded.goal})
        connection.execute(upsert, sorted(rows, key=itemgetter("id")))


def _insert(connection: Connection, table: Table, rows: Sequence[Row], pause: Pause) -> None:
    for chunk in _chunks(rows, pause):
        connection.execute(table.insert(), chunk)


def _insert_absent(connection: Connection, table: Table, rows: Sequence[Row], pause: Pause) -> None:
    for chunk in _chunks(rows, pause):
        connection.execute(_dialect(connection).insert(table).on_conflict_do_nothing(), chunk)


ROWS_AT_ONCE = 25
"""Rows handed to the driver at once. While they are prepared no other thread runs, so there must not be many."""


def _chunks(rows: Sequence[Row], pause: Pause) -> Iterator[list[Row]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield list(rows[start : start + ROWS_AT_ONCE])
        pause()


def _dialect(connection: Connection) -> Any:  # noqa: ANN401  a module: both have `insert` with `on_conflict_…`
    return sqlite if connection.dialect.name == "sqlite" else postgresql
