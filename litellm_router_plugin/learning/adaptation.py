"""Fits a trained model to a new model or a new route from few labels; the trees stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.heads import HeadPrior, fit_head, fit_intercept, sigmoid
from litellm_router_plugin.learning.outcome_model import LearnedModel
from litellm_router_plugin.learning.outcome_rows import OutcomeTable, Row, outcome_table
from litellm_router_plugin.learning.token_fitting import fit_completion_head

FloatArray = NDArray[np.float64]

FEWEST_LABELS: Final = 10
"""Labels of a model below which its own head says nothing that its neighbours' do not."""
LEAST_SPREAD: Final = 0.05
"""Least deviation of a coefficient between models that the prior assumes."""
ROUTE_PRECISION: Final = 1.0
"""Of a route's shift: levels of kinds of prompts differ by about 1 in log-odds."""


def add_models(model: LearnedModel, rows: Iterable[Row], names: Sequence[str]) -> LearnedModel:
    """This model with heads for further models, or new heads for known ones.

    A head is a logistic regression on the shared latents, drawn to the mean head as strongly as the known heads are
    alike, so that about 50 labels do.

    Args:
        model: The trained model.
        rows: Rows as in ``routing_outcomes`` with outcomes of the named models.
        names: The models to learn.

    Raises:
        DataError: A model has too few labels, or a row is wrong.
    """
    table = outcome_table(rows, models=names)
    latents, directions = model.latents_of(table.features), model.projection.of(table.features)
    prior = spread_prior(model)
    adapted = model
    for column, name in enumerate(names):
        labelled = ~np.isnan(table.scores[:, column])
        if labelled.sum() < FEWEST_LABELS:
            raise DataError(
                "outcomes", 0, f"{labelled.sum()} labels of {name!r} are too few; give at least {FEWEST_LABELS}"
            )
        head = fit_head(latents[labelled], table.scores[labelled, column], prior)
        typical = model.completion_heads[-1]
        tokens = fit_completion_head(directions, table.completion_tokens[:, column], typical[1:])
        adapted = adapted.with_model(name, head, typical if tokens is None else tokens, int(labelled.sum()))
    return adapted


def spread_prior(model: LearnedModel) -> HeadPrior:
    """A normal prior with the mean and the spread of the known heads."""
    spread = np.maximum(model.heads.std(axis=0), LEAST_SPREAD)
    return HeadPrior(model.typical_head, 1.0 / spread**2)


@dataclass(frozen=True, slots=True)
class RouteShift:
    """What the labels of one route say of one model.

    Attributes:
        labels: How many there are.
        mean_score: Of the labels, 0..1.
        mean_forecast: What the model forecast for the same prompts without the shift, 0..1.
        intercept: The shift of its log-odds; 0 without labels.
    """

    labels: int
    mean_score: float
    mean_forecast: float
    intercept: float


def route_shifts(model: LearnedModel, rows: Iterable[Row], names: Sequence[str]) -> dict[str, RouteShift]:
    """Model name -> what the rows, which come from one route, say of its level there.

    It mends the level of the forecasts, which is off on a route unlike the training data; their ranking it leaves as
    it is. A few dozen labels do.

    Raises:
        DataError: A row is wrong.
    """
    table = outcome_table(rows, models=names)
    latents = model.served_latents_of(table.features)
    return {name: _shift(model, table, latents, column) for column, name in enumerate(names)}


def route_intercepts(model: LearnedModel, rows: Iterable[Row], names: Sequence[str]) -> dict[str, float]:
    """Model name -> shift of its log-odds on the route that the rows come from; see `route_shifts`."""
    return {name: shift.intercept for name, shift in route_shifts(model, rows, names).items()}


def _shift(model: LearnedModel, table: OutcomeTable, latents: FloatArray, column: int) -> RouteShift:
    labelled = ~np.isnan(table.scores[:, column])
    if not labelled.any():
        return RouteShift(0, math.nan, math.nan, 0.0)
    head = model.head(table.models[column])
    logits, scores = head[0] + latents[labelled] @ head[1:], table.scores[labelled, column]
    intercept = fit_intercept(logits, scores, ROUTE_PRECISION)
    return RouteShift(int(labelled.sum()), float(scores.mean()), float(sigmoid(logits).mean()), intercept)
