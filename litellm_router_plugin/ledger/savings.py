"""What one finished request adds to the books, the counterfactual included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from litellm_router_plugin.core.money import ZERO, cost_at
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord


@dataclass(frozen=True, slots=True)
class Contribution:
    """A finished request as numbers.

    Attributes:
        tier: The tier that answered; empty when the request failed.
        answer_cost: The served answer, in USD.
        overhead: All other calls, in USD.
        cost_if_always: Tier or baseline -> cost of the served answer's tokens there; None where its price is unknown.
        experiment: The arms that the request was in; none in observe mode, where arms change nothing.
        priced: Every call has a price; otherwise the request stays out of all cost figures.
    """

    tier: str
    tokens: int
    answer_cost: Decimal
    overhead: Decimal
    cost_if_always: Mapping[str, Decimal | None]
    priced: bool
    escalated: bool
    experiment: str = ""


def contribution(record: DecisionRecord) -> Contribution:
    """What a finished request adds to the totals.

    A cache hit and a pinned request save nothing: each counterfactual is then what the request did cost. A failed
    request adds its cost and no counterfactual.
    """
    served = record.served
    priced = all(call.cost is not None for call in record.calls)
    answer_cost = served.cost if served is not None and served.cost is not None else ZERO
    total = record.spent
    return Contribution(
        tier=record.tier if served is not None else "",
        tokens=served.usage.total_tokens if served is not None else 0,
        answer_cost=answer_cost if priced else ZERO,
        overhead=total - answer_cost if priced else ZERO,
        cost_if_always=_counterfactuals(record, served, total) if priced and served is not None else {},
        priced=priced,
        escalated=record.escalated,
        experiment="" if record.mode == "observe" else record.experiment,
    )


def _counterfactuals(record: DecisionRecord, served: CallRecord, total: Decimal) -> dict[str, Decimal | None]:
    if served.cache_hit or record.pinned:
        return dict.fromkeys(record.prices, total)
    return {name: None if price is None else cost_at(price, served.usage) for name, price in record.prices.items()}


def savings_of(record: DecisionRecord) -> Decimal | None:
    """Baseline cost of one finished request minus all it cost, in USD; None while or where unknown."""
    cost = record.cost
    if cost is None:
        return None
    served, price = record.served, record.prices.get(record.baseline)
    if served is None:
        return -cost
    if served.cache_hit or record.pinned:
        return ZERO if record.baseline in record.prices else None
    return None if price is None else cost_at(price, served.usage) - cost
