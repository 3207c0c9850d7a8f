"""Ratings and verdicts by hour and tier, route or model, of decisions in memory."""

from __future__ import annotations

from collections.abc import Sequence

from litellm_router_plugin.ledger.quality_views import HOUR_S, Cell
from litellm_router_plugin.ledger.rating_book import RatingBook
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord


def quality_cells(records: Sequence[DecisionRecord], book: RatingBook, by: str) -> list[Cell]:
    """The cells of some finished decisions."""
    known = {record.decision_id: record for record in records}
    cells = [
        Cell(_hour(record), _name(record, call, by), 1, int(call.verdict != "reject"))
        for record in records
        for call in record.calls
        if call.decider
    ]
    for entry in book.entries():
        record = known.get(entry.decision.decision_id)
        if record is not None and record.served is not None:
            name = record.tier if by == "tier" else _name(record, record.served, by)
            cells.append(Cell(_hour(record), name, ratings=1, score_sum=entry.rating.score))
    return cells


def _hour(record: DecisionRecord) -> int:
    return int(record.created_at // HOUR_S)


def _name(record: DecisionRecord, call: CallRecord, by: str) -> str:
    return {"tier": call.tier, "route": record.route}.get(by, call.model)
