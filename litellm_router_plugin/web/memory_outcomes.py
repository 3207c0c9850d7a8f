"""Outcomes of answers from what this process has in memory, for proxies that run without a store."""

from __future__ import annotations

from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.outcome_pairs import Rated
from litellm_router_plugin.ledger.rating_book import RatingBook
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.web.memory_reading import in_memory


def outcomes_in_memory(ledger: Ledger, book: RatingBook, router: str) -> tuple[list[Rated], list[DecisionRecord]]:
    """Rated decisions of a tier router, and those whose answers a judge read."""
    records = {record.decision_id: record for record in in_memory(ledger) if record.router == router}
    scores: dict[str, list[float]] = {}
    for entry in book.entries():
        if entry.decision.decision_id in records:
            scores.setdefault(entry.decision.decision_id, []).append(entry.rating.score)
    rated = [Rated(records[name], sum(given) / len(given)) for name, given in scores.items()]
    return rated, [record for record in records.values() if was_judged(record)]


def was_judged(record: DecisionRecord) -> bool:
    """Whether a judge was asked about an answer, live or in shadow mode."""
    return any(call.role == "judge" for call in record.calls)
