"""The learned classifier as it ships, with nothing fixed on the rows at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.evaluation.policies import Replay, replay
from litellm_router_plugin.evaluation.prices import Prices
from litellm_router_plugin.evaluation.tables import OutcomeTable

Forecaster = Callable[[RequestView], Forecast]
ShippedClassifier = Callable[[Sequence[str], Sequence[str], Prices], Forecaster]
"""Tier names, the model of each, prices -> a classifier for that ladder."""
SHIPPED = "learned, as shipped"
SHIPPED_TARGET = 0.95
"""Share of the best fixed tier's quality that the shipped settings aim at."""


def as_shipped(table: OutcomeTable, build: ShippedClassifier, prices: Prices) -> Replay:
    """Each row served by the tier that the classifier proposes; the cheapest where it proposes none."""
    names = table.ladder.tier_names
    forecasters: dict[tuple[str, ...], Forecaster] = {}
    rungs = np.zeros(len(table), dtype=np.intp)
    for index, (row, models) in enumerate(zip(table.rows, table.models, strict=True)):
        if models not in forecasters:
            forecasters[models] = build(names, models, prices)
        tier = forecasters[models](row.prompt.view()).tier
        rungs[index] = 0 if tier is None else names.index(tier)
    return replay(SHIPPED, table, rungs, SHIPPED_TARGET)
