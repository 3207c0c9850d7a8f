"""How honest a forecast probability is: Brier score and expected calibration error, for many weightings at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.intervals import WeightedFigure, weighted_mean
from litellm_router_plugin.evaluation.models import Floats

BINS = 10
"""Bins of equal width for the calibration error (Guo et al. 2017 use 15; there are fewer rows here)."""


def brier(forecast: Floats, happened: NDArray[np.bool_]) -> WeightedFigure:
    """Mean squared distance of forecast and outcome (Brier 1950); 0 is best."""
    return weighted_mean((forecast - happened) ** 2)


def base_brier(happened: NDArray[np.bool_]) -> WeightedFigure:
    """The Brier score of always forecasting the share that happened."""

    def figure(counts: Floats) -> Floats:
        share: Floats = counts @ happened.astype(np.float64) / counts.sum(axis=1)
        return share * (1 - share)

    return figure


def calibration_error(forecast: Floats, happened: NDArray[np.bool_]) -> WeightedFigure:
    """Mean distance of forecast and share that happened over bins of the forecast, weighted by rows (ECE).

    Few rows raise it even for a perfect forecast, and so does resampling: the interval leans to high values.
    """
    bins = np.minimum((forecast * BINS).astype(int), BINS - 1)
    member = (bins[:, None] == np.arange(BINS)).astype(np.float64)
    surplus = member * (forecast - happened)[:, None]

    def figure(counts: Floats) -> Floats:
        error: Floats = np.abs(counts @ surplus).sum(axis=1) / counts.sum(axis=1)
        return error

    return figure
