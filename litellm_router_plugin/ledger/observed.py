"""What routing and the cascade would have cost and served, from requests that were only observed.

Every observed request has an *estimate*: the served answer's tokens at the price of the tier that routing would have
chosen. Sampled ones were also called for real. Their mean difference corrects the estimate of all (the difference
estimator of survey sampling: Särndal, Swensson and Wretman 1992, "Model assisted survey sampling", 6.3), so the figure
is unbiased however poor the estimates are, and the better they are the narrower its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from litellm_router_plugin.core.money import cost_at
from litellm_router_plugin.core.route_statistics import Moments
from litellm_router_plugin.core.sequential import BernoulliRate, normal_mixture_radius
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.shadow import ShadowRun, cost_of_calls, shadow_of, shadow_spend

MIN_SAMPLED = 30
"""Sampled requests from which a total is corrected; a mean of fewer differences is too far from normal."""
CONFIDENCE = 0.95

Figures = dict[str, object]


@dataclass(slots=True)
class Case:
    """One observed request in numbers; USD.

    Attributes:
        actual: What the client's own calls cost.
        estimate: What the chosen tier's answer would cost with the same number of tokens.
        routed: What it did cost, where it was called or is the served one; None where it is not known.
        cascaded: What the whole path did cost; None where it was not walked to its end.
    """

    chosen: str
    actual: float
    estimate: float
    routed: float | None
    cascaded: float | None
    run: ShadowRun | None


@dataclass(slots=True)
class Observation:
    """Sums over observed requests. ``unknown`` counts those without a price, which are in no figure."""

    cases: list[Case] = field(default_factory=list)
    spent: Decimal = Decimal(0)
    unknown: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def add(self, record: DecisionRecord) -> None:
        """Add a finished request of ``mode: observe``; any other is passed over."""
        if record.mode != "observe" or record.served is None or record.cost_state == "pending":
            return
        run = shadow_of(record)
        self.spent += shadow_spend(record)
        if run is not None:
            self.states[run.state] += 1
        case = case_of(record, run)
        if case is None:
            self.unknown += 1
        else:
            self.cases.append(case)


def case_of(record: DecisionRecord, run: ShadowRun | None) -> Case | None:
    """A request in numbers; None where a price is unknown or nothing was observed."""
    served, chosen = record.served, record.observed_tier
    own = [call for call in record.calls if run is None or call.call_id not in run.calls]
    actual = cost_of_calls(record, [call.call_id for call in own])
    price = record.prices.get(chosen)
    if served is None or actual is None or price is None:
        return None
    same = chosen == record.tier
    beside = actual - (served.cost or Decimal(0))  # a classifier is paid for with and without routing
    estimate = actual if same or served.cache_hit else cost_at(price, served.usage) + beside
    routed = cascaded = None
    if run is not None and run.state == "done":
        first = cost_of_calls(record, [run.steps[0].call_id])
        path = cost_of_calls(record, list(dict.fromkeys([*(step.call_id for step in run.steps), *run.calls])))
        routed = None if first is None else float(first + beside)
        cascaded = None if path is None else float(path + beside)
    return Case(chosen, float(actual), float(estimate), float(actual) if same else routed, cascaded, run)


def observed_figures(observation: Observation, tiers: Sequence[str], *, is_cut: bool = False) -> Figures:
    """The report on shadow mode in the form users see; amounts in USD, null where unknown.

    ``basis`` says of each figure what it rests on: ``known`` (the served answers are those that routing would have
    served), ``sampled`` (estimates corrected by calls that were made), or ``estimated`` (estimates alone).
    """
    cases = observation.cases
    actual = sum(case.actual for case in cases)
    walked = [case.run for case in cases if case.run is not None and case.run.state == "done"]
    return {
        "requests": len(cases) + observation.unknown,
        "without_price": observation.unknown,
        "only_latest": is_cut,
        "sampled": len(walked),
        "states": dict(sorted(observation.states.items())),
        "actual_usd": actual,
        "shadow_spend_usd": float(observation.spent),
        "confidence": CONFIDENCE,
        "routing": _money(cases, [case.routed for case in cases], actual),
        "cascade": _money(cases, [case.cascaded for case in cases], actual) | _path(walked),
        "chosen_by_tier": _shares([case.chosen for case in cases], tiers),
        "served_by_tier": _rates([run.tier for run in walked], tiers),
    }


def _money(cases: Sequence[Case], real: Sequence[float | None], actual: float) -> Figures:
    """What a policy would have cost and saved in all, and how well that is known."""
    pairs = [(case, known) for case, known in zip(cases, real, strict=True) if known is not None]
    estimate = sum(case.estimate for case in cases)
    if cases and len(pairs) == len(cases):
        total = math.fsum(known for _, known in pairs)
        return _told("known", total, (total, total), actual, len(pairs))
    sampled = [(case, known) for case, known in pairs if case.run is not None]
    if len(sampled) < MIN_SAMPLED:
        return _told("estimated", estimate, None, actual, len(sampled))
    gaps = Moments()
    for case, known in sampled:
        gaps = gaps.with_value(known - case.estimate)
    centre = estimate + len(cases) * gaps.mean
    error = len(cases) * gaps.deviation / math.sqrt(gaps.count - 1)
    radius = error * normal_mixture_radius(gaps.count, CONFIDENCE)
    return _told("sampled", centre, (max(0.0, centre - radius), centre + radius), actual, len(sampled))


def _told(basis: str, total: float, ends: tuple[float, float] | None, actual: float, sampled: int) -> Figures:
    low, high = (None, None) if ends is None else ends
    return {
        "basis": basis,
        "cost_usd": total,
        "cost_low_usd": low,
        "cost_high_usd": high,
        "saved_usd": actual - total,
        "saved_low_usd": None if high is None else actual - high,
        "saved_high_usd": None if low is None else actual - low,
        "sampled": sampled,
        "needs": max(0, MIN_SAMPLED - sampled) if basis == "estimated" else 0,
    }


def _path(walked: Sequence[ShadowRun]) -> Figures:
    moved = BernoulliRate(len(walked), sum(run.escalated for run in walked))
    graded = [run.steps[0].verdict for run in walked if run.steps[0].verdict]
    passed = BernoulliRate(len(graded), sum(verdict != "reject" for verdict in graded))
    return {"escalation_rate": rate_view(moved), "first_answers_accepted": rate_view(passed)}


def rate_view(rate: BernoulliRate) -> Figures:
    """A share with its interval, which holds at all times; null without a trial."""
    interval = rate.interval(CONFIDENCE)
    return {
        "of": rate.trials,
        "share": rate.rate,
        "low": interval.low if rate.trials else None,
        "high": interval.high if rate.trials else None,
    }


def _shares(names: Sequence[str], tiers: Iterable[str]) -> dict[str, int]:
    counted = Counter(names)
    return {tier: counted[tier] for tier in dict.fromkeys([*tiers, *sorted(counted)])}


def _rates(names: Sequence[str], tiers: Iterable[str]) -> dict[str, Figures]:
    shares = _shares(names, tiers)
    return {tier: rate_view(BernoulliRate(len(names), count)) for tier, count in shares.items()}
