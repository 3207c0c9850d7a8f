"""Running totals over finished requests, and the summary made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from litellm_router_plugin.core.money import ZERO
from litellm_router_plugin.ledger.savings import Contribution


@dataclass(slots=True)
class Totals:
    """Sums over finished requests.

    ``requests_by_experiment`` and ``costs_by_experiment`` are by arm, written ``experiment=arm``; a request counts in
    each experiment that it takes part in. ``comparable`` counts those that have a counterfactual at all,
    ``known_if_always`` for each name those whose cost there is known: only where both are equal is the sum under a name
    that of the same requests as the costs.
    """

    requests: int = 0
    failed: int = 0
    unpriced: int = 0
    escalated: int = 0
    requests_by_tier: Counter[str] = field(default_factory=Counter)
    tokens_by_tier: Counter[str] = field(default_factory=Counter)
    costs_by_tier: dict[str, Decimal] = field(default_factory=dict)
    overhead: Decimal = Decimal(0)
    cost_if_always: dict[str, Decimal] = field(default_factory=dict)
    comparable: int = 0
    known_if_always: Counter[str] = field(default_factory=Counter)
    requests_by_experiment: Counter[str] = field(default_factory=Counter)
    costs_by_experiment: dict[str, Decimal] = field(default_factory=dict)
    checked_by_tier: Counter[str] = field(default_factory=Counter)
    accepted_by_tier: Counter[str] = field(default_factory=Counter)

    def add(self, part: Contribution, sign: int = 1) -> None:
        """Add a contribution; with ``sign=-1`` take one out again (a call reported late)."""
        tier = part.tier
        self.requests += sign
        self.failed += sign * (not tier)
        self.unpriced += sign * (not part.priced)
        self.escalated += sign * part.escalated
        if tier:
            self.requests_by_tier[tier] += sign
            self.tokens_by_tier[tier] += sign * part.tokens
            self.costs_by_tier[tier] = self.costs_by_tier.get(tier, ZERO) + sign * part.answer_cost
        for arm in part.experiment.split(",") if part.experiment else ():
            self.note_arm(arm, sign, sign * (part.answer_cost + part.overhead))
        self.overhead += sign * part.overhead
        self.comparable += sign * bool(part.cost_if_always)
        for name, cost in part.cost_if_always.items():
            if cost is not None:
                self.known_if_always[name] += sign
                self.cost_if_always[name] = self.cost_if_always.get(name, ZERO) + sign * cost

    def note_arm(self, arm: str, requests: int, cost: Decimal) -> None:
        """Add requests of an arm, which is written ``experiment=arm``."""
        self.requests_by_experiment[arm] += requests
        self.costs_by_experiment[arm] = self.costs_by_experiment.get(arm, Decimal(0)) + cost

    def add_totals(self, other: Totals) -> None:
        """Add another worker's or key's totals to these."""
        self.requests += other.requests
        self.failed += other.failed
        self.unpriced += other.unpriced
        self.escalated += other.escalated
        self.overhead += other.overhead
        self.comparable += other.comparable
        for mine, theirs in (
            (self.requests_by_tier, other.requests_by_tier),
            (self.tokens_by_tier, other.tokens_by_tier),
            (self.known_if_always, other.known_if_always),
            (self.requests_by_experiment, other.requests_by_experiment),
            (self.checked_by_tier, other.checked_by_tier),
            (self.accepted_by_tier, other.accepted_by_tier),
        ):
            mine.update(theirs)
        for amounts, others in (
            (self.costs_by_tier, other.costs_by_tier),
            (self.cost_if_always, other.cost_if_always),
            (self.costs_by_experiment, other.costs_by_experiment),
        ):
            for name, amount in others.items():
                amounts[name] = amounts.get(name, Decimal(0)) + amount

    @property
    def total_cost(self) -> Decimal:
        """All spending, in USD."""
        return sum(self.costs_by_tier.values(), Decimal(0)) + self.overhead

    def always(self, name: str) -> Decimal | None:
        """Cost had every request gone to this tier or model; None where that is unknown."""
        if self.known_if_always[name] != self.comparable or name not in self.cost_if_always:
            return None
        return self.cost_if_always[name]


def merged(totals: Iterable[Totals]) -> Totals:
    """The sum of several totals."""
    result = Totals()
    for part in totals:
        result.add_totals(part)
    return result


def summary(totals: Totals, *, baseline: str, tiers: Iterable[str], scope: str, pending: int = 0) -> dict[str, object]:
    """The totals in the form users see; amounts in USD as JSON numbers, null where unknown.

    Args:
        totals: The sums.
        baseline: The tier or model that savings are measured against.
        tiers: Tier names, cheapest first; every one appears, also with no request. Tiers that have left the settings
            follow as long as requests of theirs are in the sums.
        scope: Whose numbers these are, such as ``worker``.
        pending: Requests that are not in the sums because a call has not reported yet.
    """
    former = sorted(name for name, count in totals.requests_by_tier.items() if count)
    names = list(dict.fromkeys([*tiers, *former]))
    without_routing = totals.always(baseline)
    savings = None if without_routing is None else without_routing - totals.total_cost
    fixed = {name: totals.always(name) for name in dict.fromkeys([*names, baseline])}
    return {
        "total_requests": totals.requests,
        "requests_by_tier": {name: totals.requests_by_tier[name] for name in names},
        "tokens_by_tier": {name: totals.tokens_by_tier[name] for name in names},
        "costs_by_tier": {name: number(totals.costs_by_tier.get(name, Decimal(0))) for name in names},
        "overhead_cost": number(totals.overhead),
        "total_cost": number(totals.total_cost),
        "cost_if_always": {name: number(cost) for name, cost in fixed.items()},
        "savings_baseline": baseline,
        "cost_without_routing": number(without_routing),
        "savings": number(savings),
        "savings_percentage": percentage(savings, without_routing),
        "escalation_rate": totals.escalated / totals.requests if totals.requests else 0.0,
        "acceptance_by_tier": acceptance(totals, names),
        "experiments": _arms(totals),
        "failed_requests": totals.failed,
        "unpriced_requests": totals.unpriced,
        "pending_requests": pending,
        "scope": scope,
    }


def _arms(totals: Totals) -> dict[str, dict[str, object]]:
    """Experiment -> arm -> requests and USD."""
    found: dict[str, dict[str, object]] = {}
    for written, count in sorted(totals.requests_by_experiment.items()):
        name, _, arm = written.partition("=")
        if count:
            cost = totals.costs_by_experiment.get(written, Decimal(0))
            found.setdefault(name, {})[arm] = {"requests": count, "cost_usd": number(cost)}
    return found


def acceptance(totals: Totals, names: Iterable[str]) -> Mapping[str, float | None]:
    """Tier -> share of its checked answers that were accepted; null where none was checked."""
    return {
        name: totals.accepted_by_tier[name] / totals.checked_by_tier[name] if totals.checked_by_tier[name] else None
        for name in names
    }


def percentage(savings: Decimal | None, baseline: Decimal | None) -> float | None:
    """Savings in percent of the baseline; None when the baseline is unknown or 0."""
    return float(100 * savings / baseline) if savings is not None and baseline else None


def number(amount: Decimal | None) -> float | None:
    """An amount as a JSON number, without the noise that LiteLLM's binary floats leave behind its 15th decimal."""
    return None if amount is None else float(round(amount, 15) + 0)  # adding 0 takes the sign off a zero
