"""Rules that turn forecasts into tiers, and the setting of a rule fixed on rows that are not the scored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from litellm_router_plugin.evaluation.comparison import best_fixed, means
from litellm_router_plugin.evaluation.intervals import CONFIDENCE, Resamples
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.policies import Rungs, replay
from litellm_router_plugin.evaluation.tables import OutcomeTable, TierForecasts

TARGETS = (0.95, 0.98, 1.0)
"""Shares of the best fixed tier's quality for which the saving is reported."""
TRADE_OFFS = 721
"""Trade-offs tried between "quality only" and "cost only"."""
SMALLEST_TRADE_OFF, LARGEST_TRADE_OFF = 1e-3, 1e4
"""In quality (0..1) for the dearest tier's mean expected cost: from a thousandth of a point to never worth it."""

RuleKind = Literal["trade_off", "quality_target"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How forecasts become a tier.

    Attributes:
        kind: ``trade_off``: the tier with the largest P(good enough) - setting x expected cost.
            ``quality_target``: the cheapest tier whose P(good enough) is at least setting x the best tier's.
        setting: Quality a USD, or a share 0..1.
    """

    kind: RuleKind
    setting: float

    def choose(self, forecasts: TierForecasts) -> Rungs:
        """The rung for each row; the cheaper tier of equals."""
        if self.kind == "trade_off":
            worth = forecasts.success - self.setting * forecasts.cost
        else:
            enough = forecasts.success >= self.setting * forecasts.success.max(axis=1, keepdims=True)
            worth = np.where(enough, -forecasts.cost, -np.inf)
        is_best = worth >= worth.max(axis=1, keepdims=True)
        rungs: Rungs = np.where(is_best, forecasts.cost, np.inf).argmin(axis=1)
        return rungs


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The rule that serves at least ``target`` of the best fixed tier's quality at the least cost.

    Attributes:
        target: Share of the best fixed tier's quality.
        cautious: The lower end of the interval had to reach it, not only the figure itself.
        rule: None where no setting reaches it; the best fixed tier then serves everything.
        best_rung: The best fixed tier on the rows that it was chosen on.
    """

    target: float
    cautious: bool
    rule: Rule | None
    best_rung: int

    @property
    def name(self) -> str:
        """What reports call it, after the name of what forecasts."""
        return f"{self.target:.0%} of the best fixed" + (", cautious" if self.cautious else "")

    def choose(self, forecasts: TierForecasts) -> Rungs:
        """The rung for each row."""
        if self.rule is None:
            return np.full(len(forecasts.success), self.best_rung)
        return self.rule.choose(forecasts)


def best_in_hindsight(
    table: OutcomeTable, forecasts: TierForecasts, targets: Sequence[float] = TARGETS
) -> list[tuple[float, float | None]]:
    """For each target the saving of the best setting chosen on these very rows: it flatters, and bounds what is there.

    None where no setting that costs less than the best fixed tier reaches the target.
    """
    best = best_fixed(table)
    quality, cost = float(table.quality[:, best].mean()), float(table.cost[:, best].mean())
    served = [replay("", table, rule.choose(forecasts)) for rule in trade_offs(forecasts)]
    means_of = [(float(each.quality.mean()), float(each.cost.mean())) for each in served]
    found: list[tuple[float, float | None]] = []
    for target in targets:
        costs = [its_cost for its_quality, its_cost in means_of if its_quality >= target * quality and its_cost < cost]
        found.append((target, 1 - min(costs) / cost if costs else None))
    return found


def trade_offs(forecasts: TierForecasts) -> list[Rule]:
    """Trade-offs from quality only to cost only, scaled by the dearest tier's mean expected cost."""
    scale = float(forecasts.cost.mean(axis=0).max()) or 1.0
    swept = np.geomspace(SMALLEST_TRADE_OFF, LARGEST_TRADE_OFF, TRADE_OFFS) / scale
    return [Rule("trade_off", float(setting)) for setting in (0.0, *swept)]


def operating_points(
    table: OutcomeTable, forecasts: TierForecasts, resamples: Resamples, targets: Sequence[float] = TARGETS
) -> list[OperatingPoint]:
    """For each target the cheapest trade-off that meets it on these rows, by the figure and by its lower end."""
    rules = trade_offs(forecasts)
    found = means(table, [replay("", table, rule.choose(forecasts)) for rule in rules], resamples)
    best = best_fixed(table)
    cost = found.cost[0]
    points = []
    for target in targets:
        surplus = found.quality - target * found.tier_quality[:, [best]]
        for cautious in (False, True):
            low: Floats = np.quantile(surplus[1:], (1 - CONFIDENCE) / 2, axis=0)
            decisive = low if cautious else surplus[0]
            rule = _cheapest(rules, decisive, cost, limit=float(found.tier_cost[0, best]))
            points.append(OperatingPoint(target, cautious, rule, best))
    return points


def _cheapest(rules: Sequence[Rule], surplus: Floats, cost: Floats, limit: float) -> Rule | None:
    """The cheapest rule that misses no quality and costs less than the best fixed tier."""
    usable = np.flatnonzero((surplus >= 0) & (cost < limit))
    return rules[int(usable[cost[usable].argmin()])] if len(usable) else None
