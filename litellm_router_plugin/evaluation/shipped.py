"""The learned classifier as it ships, with nothing fixed on the rows at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.evaluation.folds import RowModels
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.policies import Replay, replay
from litellm_router_plugin.evaluation.prices import Prices
from litellm_router_plugin.evaluation.tables import OutcomeTable

Forecaster = Callable[[RequestView], Forecast]
ShippedClassifier = Callable[[Sequence[str], Sequence[str], Prices], Forecaster]
"""Tier names, the model of each, prices -> a classifier for that ladder."""
Ship = Callable[[SuccessModel], ShippedClassifier]
"""A learned model -> the classifier that serves it with default settings."""
SHIPPED = "learned, as shipped"
SHIPPED_TARGET = 0.95
"""Share of the best fixed tier's quality that the shipped settings aim at."""


def as_shipped(table: OutcomeTable, ship: Ship, served: RowModels, prices: Prices) -> Replay:
    """Each row served by the tier that its model's classifier proposes; the cheapest where it proposes none."""
    names = table.ladder.tier_names
    builds = [ship(model) for model in served.models]
    forecasters: dict[tuple[int, tuple[str, ...]], Forecaster] = {}
    rungs = np.zeros(len(table), dtype=np.intp)
    numbers = served.number[list(table.positions)].tolist()
    for index, (row, models, number) in enumerate(zip(table.rows, table.models, numbers, strict=True)):
        key = (number, models)
        if key not in forecasters:
            forecasters[key] = builds[number](names, models, prices)
        tier = forecasters[key](row.prompt.view()).tier
        rungs[index] = 0 if tier is None else names.index(tier)
    return replay(SHIPPED, table, rungs, SHIPPED_TARGET)
