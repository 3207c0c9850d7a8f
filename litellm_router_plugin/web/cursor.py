"""Where the next page of a list begins: after the last decision of the page before."""

from __future__ import annotations

import math

from litellm_router_plugin.ledger.records import DecisionRecord

Place = tuple[float, str]
"""Moment and id of a decision; lists are ordered by it, the latest first."""


def place_of(record: DecisionRecord) -> Place:
    """The place of a decision in a list."""
    return record.created_at, record.decision_id


def cursor_after(record: DecisionRecord) -> str:
    """What a client sends to go on after a decision."""
    return f"{record.created_at!r}:{record.decision_id}"


def read_cursor(text: str) -> Place:
    """The place that `cursor_after` wrote; raises `ValueError` for anything else."""
    moment, colon, decision_id = text.partition(":")
    try:
        found = float(moment)
    except ValueError:
        found = math.nan
    if not colon or math.isnan(found):
        raise ValueError(f"before: {text[:80]!r} is not what a page gave. Send `next` of the page before, or nothing")
    return found, decision_id
