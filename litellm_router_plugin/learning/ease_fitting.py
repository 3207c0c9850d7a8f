"""Fits `ease` with scikit-learn: ridge regression on deviations from the source's mean (a "within" estimator)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from litellm_router_plugin.learning.ease import Ease
from litellm_router_plugin.learning.latents import Outcomes, single_latent

FloatArray = NDArray[np.float64]

RIDGE_PER_ROW: Final = 3.5
"""Ridge for each row of the data. So strong that each feature counts nearly as it does alone. Chosen on training
sources left out one at a time: a tenth and a hundredth of it rank their prompts worse."""
LEAST_DEVIATION: Final = 0.05
"""Features that hardly vary within sources are not blown up."""
LEAST_SPREAD: Final = 1e-9


def fit_ease(features: FloatArray, outcomes: Outcomes, sources: NDArray[np.str_]) -> Ease:
    """The ease of prompts, from outcomes of any models."""
    target = _centred(single_latent(outcomes)[:, None], sources)[:, 0]
    within = _centred(features, sources)
    deviation = np.maximum(within.std(axis=0), LEAST_DEVIATION)
    ridge = Ridge(RIDGE_PER_ROW * len(features), fit_intercept=False).fit(
        within / deviation, target, sample_weight=outcomes.weights
    )
    weights = ridge.coef_ / deviation
    raw = features @ weights
    spread = max(float(raw.std()), LEAST_SPREAD)
    return Ease(weights / spread, float(raw.mean()) / spread)


def _centred(values: FloatArray, sources: NDArray[np.str_]) -> FloatArray:
    centred = values.copy()
    for source in np.unique(sources):
        rows = sources == source
        centred[rows] -= values[rows].mean(axis=0)
    return centred
