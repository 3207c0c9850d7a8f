"""Deletes what is older than the retention, a little at a time."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from litellm_router_plugin.store.schema import (
    DAY_HOURS,
    HOUR_S,
    calls,
    daily,
    daily_verdicts,
    decisions,
    feedback,
    hourly,
    hourly_verdicts,
    placements,
    prompts,
)

DAY_S = 86_400.0
CHUNK = 500
"""Decisions deleted in one transaction; while it runs, new ones wait in the queue."""


def first_kept_hour(now: float, retention_days: float) -> int:
    """The oldest hour that is kept: whole days go, so that sums and decisions agree."""
    return int((now - retention_days * DAY_S) // DAY_S) * DAY_HOURS


def delete_expired(connection: Connection, first_hour: int) -> bool:
    """Delete some of what is older than an hour. Returns whether more may be left."""
    before = first_hour * HOUR_S
    expired = select(decisions.c.decision_id).where(decisions.c.created_at < before).limit(CHUNK)
    ids = list(connection.execute(expired).scalars())
    for table in (calls, prompts, placements, decisions):
        connection.execute(delete(table).where(table.c.decision_id.in_(ids)))
    if len(ids) == CHUNK:
        return True
    for table in (hourly, hourly_verdicts, daily, daily_verdicts):
        connection.execute(delete(table).where(table.c.hour < first_hour))
    connection.execute(delete(feedback).where(feedback.c.decided_at < before))
    return False
