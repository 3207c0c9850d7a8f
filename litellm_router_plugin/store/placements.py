"""Where decisions stand in experiments, as rows; and the runs of experiments, added up in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Double, FromClause, Select, case, cast, func, select

from litellm_router_plugin.core.experiment_analysis import ArmTotals, Goal, Metric, RatioSums
from litellm_router_plugin.core.experiment_runs import Run, RunDefinition
from litellm_router_plugin.ledger.experiment_sums import Participation, participations_of
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.amounts import join, split
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.rows import AnyRow, Row, clean
from litellm_router_plugin.store.schema import experiment_runs, feedback, placements

NANO = 1e-9
"""USD in one unit of ``cost_nano``."""
ID_BYTES = 12


def run_row(definition: RunDefinition) -> Row:
    """A definition as a row of ``experiment_runs``."""
    router = clean(definition.router)
    digest = hashlib.blake2b(orjson.dumps([router, definition.fingerprint]), digest_size=ID_BYTES).hexdigest()
    return {
        "id": digest,
        "router": router,
        "experiment": definition.experiment,
        "fingerprint": definition.fingerprint,
        "unit": definition.unit,
        "share": definition.share,
        "settings": clean(definition.settings, len(definition.settings)),
        "goal": _goal_out(definition.goal),
    }


def placement_rows(record: DecisionRecord) -> list[tuple[Row, Row]]:
    """A finished decision's rows of ``placements``, each with the row of its run."""
    return [_pair(record, one) for one in participations_of(record)]


def _pair(record: DecisionRecord, one: Participation) -> tuple[Row, Row]:
    run, (nano, rest) = run_row(one.definition), split(one.cost)
    row = {
        "run": run["id"],
        "arm": one.arm,
        "unit": one.unit,
        "decision_id": clean(record.decision_id),
        "created_at": record.created_at,
        "owner_key": clean(record.owner.key),
        "owner_team": clean(record.owner.team),
        "tier": clean(record.tier),
        "route": clean(record.route),
        "escalated": int(one.is_escalated),
        "priced": int(one.is_priced),
        "cost_nano": nano,
        "cost_rest": rest,
    }
    return run, row


def _goal_out(goal: Goal) -> str:
    written = {
        "metric": goal.metric.value,
        "effect": goal.effect,
        "confidence": goal.confidence,
        "patience_requests": goal.patience_requests,
    }
    return orjson.dumps(written).decode()


def definition_of(row: AnyRow) -> RunDefinition:
    """The definition that `run_row` wrote."""
    goal = orjson.loads(row["goal"])
    return RunDefinition(
        router=row["router"],
        experiment=row["experiment"],
        fingerprint=row["fingerprint"],
        unit=row["unit"],
        share=row["share"],
        settings=row["settings"],
        goal=Goal(Metric(goal["metric"]), goal["effect"], goal["confidence"], goal["patience_requests"]),
    )


def runs_in(connection: Connection, filters: Filters) -> list[Run]:
    """Every run with traffic that is meant. The database adds up by unit, and then over the units of each arm."""
    found = {row["id"]: Run(definition_of(row)) for row in connection.execute(_definitions(filters)).mappings()}
    if not found:
        return []
    ratings = {(row["run"], row["arm"]): _ratio(row, "rating") for row in _rows(connection, _rated(filters))}
    for row in _rows(connection, _summed(filters)):
        run = found.get(row["run"])
        if run is not None:
            rated = ratings.get((row["run"], row["arm"]), RatioSums())
            span = (row["first_at"], row["last_at"])
            found[row["run"]] = run.with_part(row["arm"], _totals(row, rated), int(row["requests"]), span)
    return [run for run in found.values() if run.first_at is not None]


def _definitions(filters: Filters) -> Select[Any]:
    query = select(experiment_runs)
    return query if filters.router is None else query.where(experiment_runs.c.router == filters.router)


def _rows(connection: Connection, query: Select[Any]) -> Iterable[AnyRow]:
    return connection.execute(query).mappings()


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions on ``placements``; its tier router is that of the run."""
    wanted = ((placements.c.owner_key, filters.owner_key), (placements.c.owner_team, filters.team))
    found = [column == value for column, value in wanted if value is not None]
    if filters.router is not None:
        ids = select(experiment_runs.c.id).where(experiment_runs.c.router == filters.router)
        found.append(placements.c.run.in_(ids))
    return [*found, *filters.between(placements.c.created_at)]


def _summed(filters: Filters) -> Select[Any]:
    columns = placements.c
    keys = (columns.run, columns.arm, columns.unit)
    units = (
        select(
            *keys,
            _real(func.count()).label("requests"),
            _real(func.sum(columns.escalated)).label("escalated"),
            _real(func.sum(columns.priced)).label("priced"),
            (_real(func.sum(columns.cost_nano)) * NANO).label("cost"),
            func.min(columns.created_at).label("first_at"),
            func.max(columns.created_at).label("last_at"),
        )
        .where(*_conditions(filters))
        .group_by(*keys)
        .subquery()
    )
    return _by_arm(
        units,
        func.sum(units.c.requests).label("requests"),
        func.min(units.c.first_at).label("first_at"),
        func.max(units.c.last_at).label("last_at"),
        *_moments("cost", units.c.cost, units.c.priced),
        *_moments("escalation", units.c.escalated, units.c.requests),
    )


def _rated(filters: Filters) -> Select[Any]:
    columns = placements.c
    keys = (columns.run, columns.arm, columns.unit)
    units = (
        select(*keys, _real(func.count()).label("ratings"), _real(func.sum(feedback.c.score)).label("scores"))
        .select_from(feedback.join(placements, columns.decision_id == feedback.c.decision_id))
        .where(columns.arm != "none", *_conditions(filters))
        .group_by(*keys)
        .subquery()
    )
    return _by_arm(units, *_moments("rating", units.c.scores, units.c.ratings))


def _by_arm(units: FromClause, *sums: ColumnElement[Any]) -> Select[Any]:
    keys = (units.c.run, units.c.arm)
    return select(*keys, func.count().label("units"), *sums).group_by(*keys)


def _real(column: ColumnElement[Any]) -> ColumnElement[float]:
    """As a binary float: the squares of large whole numbers would not fit, and statistics need no more."""
    return cast(column, Double)


def _moments(name: str, top: ColumnElement[float], bottom: ColumnElement[float]) -> list[ColumnElement[Any]]:
    """The sums of `RatioSums` over those units that have a denominator."""
    parts = {"a": top, "b": bottom, "aa": top * top, "ab": top * bottom, "bb": bottom * bottom}
    counted = func.sum(case((bottom > 0, 1), else_=0)).label(f"{name}_units")
    return [counted, *(func.sum(case((bottom > 0, part), else_=0.0)).label(f"{name}_{k}") for k, part in parts.items())]


def _ratio(row: AnyRow, name: str) -> RatioSums:
    values = (float(row[f"{name}_{part}"]) for part in ("a", "b", "aa", "ab", "bb"))
    return RatioSums(int(row[f"{name}_units"]), *values)


def _totals(row: AnyRow, rated: RatioSums) -> ArmTotals:
    return ArmTotals(int(row["units"]), int(row["requests"]), _ratio(row, "cost"), _ratio(row, "escalation"), rated)


def arm_sums(connection: Connection, filters: Filters) -> dict[str, tuple[int, Decimal]]:
    """Experiment and arm, as ``name=arm`` -> requests and USD of the decisions that are meant, of all definitions."""
    names = dict(connection.execute(select(experiment_runs.c.id, experiment_runs.c.experiment)).tuples().all())
    if not names:
        return {}
    columns = placements.c
    narrower = ((columns.tier, filters.tier), (columns.route, filters.route))
    query = (
        select(columns.run, columns.arm, func.count(), func.sum(columns.cost_nano), func.sum(columns.cost_rest))
        .where(columns.arm != "none", *_conditions(filters))
        .where(*(column == value for column, value in narrower if value is not None))
        .group_by(columns.run, columns.arm)
    )
    found: dict[str, tuple[int, Decimal]] = {}
    for run, arm, count, nano, rest in connection.execute(query):
        requests, cost = found.get(f"{names[run]}={arm}", (0, Decimal(0)))
        found[f"{names[run]}={arm}"] = (requests + count, cost + join(nano, rest))
    return found
