"""The learned model's policies on the scored rows, their settings fixed on rows that they do not serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litellm_router_plugin.evaluation.comparison import means
from litellm_router_plugin.evaluation.experiment import FrontierPoint
from litellm_router_plugin.evaluation.folds import fold_numbers
from litellm_router_plugin.evaluation.intervals import Resamples
from litellm_router_plugin.evaluation.operating_points import OperatingPoint, Rule, operating_points, trade_offs
from litellm_router_plugin.evaluation.policies import Replay, Rungs, replay
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.tables import OutcomeTable, TierForecasts

POINT_FOLDS = 5
"""Folds when the trade-off is fixed on the scored file itself: each fold is served by the setting of the others."""
QUALITY_TARGETS = (0.9, 0.95, 1.0)
"""Settings of ``quality_target`` that are replayed without any fitting."""
PER_THOUSAND = 1000
FRONTIER_STEP = 4
"""One of so many trade-offs is reported; more look the same in a picture."""
LEARNED, SOURCE_ONLY = "learned", "source only"
FIT_DRAWS = 200
"""Resamples behind a cautious setting: enough for one end of an interval, which nobody reads to three decimals."""


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A table and the forecasts for its rows."""

    table: OutcomeTable
    forecasts: TierForecasts

    def __len__(self) -> int:
        return len(self.table)


def fixed_on_other_rows(
    fit: Forecasted, scored: Forecasted, draws: Draws, label: str = LEARNED
) -> tuple[list[OperatingPoint], list[Replay]]:
    """Operating points fixed on one set of rows and replayed on another; ``label`` names what forecasts."""
    points = operating_points(fit.table, fit.forecasts, _fit_resamples(len(fit), draws))
    return points, [
        replay(f"{label}, {point.name}", scored.table, point.choose(scored.forecasts), point.target) for point in points
    ]


def fixed_by_folds(scored: Forecasted, draws: Draws, label: str = LEARNED) -> list[Replay]:
    """Operating points replayed on each fold of the rows as fixed on the other folds; ``label`` as above."""
    number = fold_numbers(len(scored), POINT_FOLDS, draws.seed)
    chosen: dict[str, tuple[float, Rungs]] = {}
    for fold in np.unique(number):
        others, served = np.flatnonzero(number != fold), np.flatnonzero(number == fold)
        resamples = _fit_resamples(len(others), draws)
        for point in operating_points(scored.table.taken(others), scored.forecasts.taken(others), resamples):
            _, rungs = chosen.setdefault(point.name, (point.target, np.zeros(len(scored), dtype=np.intp)))
            rungs[served] = point.choose(scored.forecasts.taken(served))
    return [replay(f"{label}, {name}", scored.table, rungs, target) for name, (target, rungs) in chosen.items()]


def _fit_resamples(rows: int, draws: Draws) -> Resamples:
    return Resamples(rows, min(draws.count, FIT_DRAWS), draws.seed)


def knowing_the_source_only(table: OutcomeTable, fit: OutcomeTable) -> Forecasted:
    """Forecasts that know each row's source and nothing else of it: the means of the fit rows of that source.

    Routing by these is what recognising a source is worth in money. A source without a row to learn from gets the
    means over all.
    """
    success, cost = np.tile(fit.quality.mean(axis=0), (len(table), 1)), np.tile(fit.cost.mean(axis=0), (len(table), 1))
    for source in np.unique(fit.sources):
        learned, served = fit.sources == source, table.sources == source
        success[served], cost[served] = fit.quality[learned].mean(axis=0), fit.cost[learned].mean(axis=0)
    return Forecasted(table, TierForecasts(success, cost))


def by_quality_target(scored: Forecasted, settings: Sequence[float] = QUALITY_TARGETS) -> list[Replay]:
    """The rule ``quality_target`` at some settings; nothing is fixed on any row."""
    return [
        replay(
            f"learned, quality_target {setting:g}",
            scored.table,
            Rule("quality_target", setting).choose(scored.forecasts),
        )
        for setting in settings
    ]


def frontier(scored: Forecasted) -> list[FrontierPoint]:
    """Trade-offs on the scored rows, from quality only to cost only."""
    rules = trade_offs(scored.forecasts)[::FRONTIER_STEP]
    replays = [replay("", scored.table, rule.choose(scored.forecasts)) for rule in rules]
    found = means(scored.table, replays, Resamples(len(scored), 1, 0))
    return [
        FrontierPoint(rule, float(quality), float(cost) * PER_THOUSAND, float(over_mix))
        for rule, quality, cost, over_mix in zip(rules, found.quality[0], found.cost[0], found.over_mix[0], strict=True)
    ]
