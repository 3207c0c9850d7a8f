"""Ratings and verdicts by hour and tier, route or model, as they are stored."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from litellm_router_plugin.ledger.quality_views import Cell
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.schema import HOUR_S, calls, decisions, feedback, hourly_verdicts


def quality_cells(connection: Connection, filters: Filters, by: str) -> list[Cell]:
    """The cells of the decisions that are meant; a period counts by whole hours."""
    graded = _by_model(connection, filters) if by == "model" else _summed(connection, filters, by)
    return graded + _ratings(connection, filters, by)


def _summed(connection: Connection, filters: Filters, by: str) -> list[Cell]:
    table = hourly_verdicts
    name = table.c.call_tier if by == "tier" else table.c.route
    accepted = func.sum(case((table.c.outcome != "reject", table.c.verdicts), else_=0))
    query = select(table.c.hour, name, func.sum(table.c.verdicts), accepted).where(*filters.on(table))
    if filters.since is not None:
        query = query.where(table.c.hour >= int(filters.since // HOUR_S))
    if filters.until is not None:
        query = query.where(table.c.hour < -int(-filters.until // HOUR_S))
    rows = connection.execute(query.group_by(table.c.hour, name))
    return [Cell(int(hour), shown, int(count), int(good)) for hour, shown, count, good in rows if count]


def _by_model(connection: Connection, filters: Filters) -> list[Cell]:
    joined = decisions.join(calls, decisions.c.decision_id == calls.c.decision_id)
    accepted = func.sum(case((calls.c.outcome != "reject", 1), else_=0))
    conditions = [*filters.on(decisions), *filters.between(decisions.c.created_at), calls.c.decider != ""]
    query = select(decisions.c.hour, calls.c.model, func.count(), accepted).select_from(joined).where(*conditions)
    rows = connection.execute(query.group_by(decisions.c.hour, calls.c.model))
    return [Cell(int(hour), model, int(count), int(good)) for hour, model, count, good in rows]


def _ratings(connection: Connection, filters: Filters, by: str) -> list[Cell]:
    joined = feedback.join(decisions, feedback.c.decision_id == decisions.c.decision_id)
    name = feedback.c.tier if by == "tier" else feedback.c.route
    if by == "model":
        served = (calls.c.decision_id == decisions.c.decision_id) & (calls.c.call_id == decisions.c.served_call)
        joined, name = joined.join(calls, served), calls.c.model
    conditions = [*filters.on(feedback), *filters.between(feedback.c.decided_at)]
    query = select(decisions.c.hour, name, func.count(), func.sum(feedback.c.score)).select_from(joined)
    rows = connection.execute(query.where(*conditions).group_by(decisions.c.hour, name))
    return [Cell(int(hour), shown, ratings=int(count), score_sum=float(total)) for hour, shown, count, total in rows]
