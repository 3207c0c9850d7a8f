"""What the evaluation asks of a model, and its forecasts for many rows as arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.rows import OutcomeRow

Floats = NDArray[np.float64]


class SuccessModel(Protocol):
    """Forecasts, before any call, how several models will do on a request."""

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> Mapping[str, float]:
        """Model name -> P(its answer is good enough), 0..1, for each name asked for."""
        ...

    def predict_completion_tokens(self, request: RequestView, model_names: Sequence[str]) -> Mapping[str, float]:
        """Model name -> expected tokens of its answer, 0 or more, for each name asked for."""
        ...


Trainer = Callable[[Sequence[OutcomeRow]], SuccessModel]
"""Fits a fresh model to rows; used where a source or a fold must be left out."""
Progress = Callable[[Iterable[OutcomeRow]], Iterable[OutcomeRow]]
"""Hands on rows and shows how far it is."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of several models for several rows.

    Attributes:
        column: Model name -> column.
        success: rows x models, P(good enough).
        completion_tokens: rows x models.
    """

    column: Mapping[str, int]
    success: Floats
    completion_tokens: Floats

    def taken(self, rows: Sequence[int]) -> Forecasts:
        """The forecasts of some rows, by position."""
        return Forecasts(self.column, self.success[list(rows)], self.completion_tokens[list(rows)])


def forecast_rows(
    model: SuccessModel, rows: Sequence[OutcomeRow], names: Sequence[str], progress: Progress = iter
) -> Forecasts:
    """Ask a model about every row.

    Args:
        model: Whom to ask.
        rows: The prompts.
        names: The models whose answers are forecast.
        progress: Hands on the rows and shows how far it is.

    Raises:
        DataError: A forecast is missing, not finite, or a probability outside 0..1.
    """
    success = np.empty((len(rows), len(names)))
    tokens = np.empty((len(rows), len(names)))
    for index, row in enumerate(progress(rows)):
        view = row.prompt.view()
        success[index] = _in_order(model.predict_success(view, names), names, row.id, 1.0)
        tokens[index] = _in_order(model.predict_completion_tokens(view, names), names, row.id, math.inf)
    return Forecasts({name: position for position, name in enumerate(names)}, success, tokens)


def _in_order(values: Mapping[str, float], names: Sequence[str], row_id: str, upper: float) -> list[float]:
    ordered = [float(values.get(name, math.nan)) for name in names]
    for name, value in zip(names, ordered, strict=True):
        if not (0 <= value <= upper and math.isfinite(value)):
            raise DataError("model", 0, f"its forecast for {name!r} on row {row_id!r} is {value}, not in 0..{upper:g}")
    return ordered
