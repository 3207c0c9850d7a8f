"""What the model says of training prompts by trees that had not seen them.

Forecasts of prompts that were learned from are too sure of themselves. Those of held-out folds are not: they tell how
far the latents must be drawn in, and they make the sample on which a ladder's trade-off is found.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.boosting import BoostingSettings, LatentTrees, boost_latents
from litellm_router_plugin.learning.heads import HeadPrior, fit_head
from litellm_router_plugin.learning.latents import Outcomes

FloatArray = NDArray[np.float64]

FOLDS: Final = 3
REFERENCE_PROMPTS: Final = 400
"""Size of the sample on which trade-offs are found: enough for a mean to within a point or two, small to ship."""


def held_out_latents(
    features: FloatArray,
    outcomes: Outcomes,
    groups: NDArray[np.int64],
    whole: LatentTrees,
    *,
    settings: BoostingSettings,
    random_state: int,
) -> FloatArray:
    """Each prompt's latents from trees grown without its fold, in the coordinates of the whole model's heads.

    The folds' own coordinates differ, so their logits are carried over by least squares.
    """
    folds = _fold_numbers(groups, random_state)
    carry = np.linalg.pinv(whole.heads[:, 1:]).T
    latents = np.zeros((len(features), whole.heads.shape[1] - 1))
    for fold in range(FOLDS):
        out, kept = folds == fold, folds != fold
        part = Outcomes(outcomes.scores[kept], outcomes.known[kept], outcomes.weights[kept])
        grown = boost_latents(features[kept], part, whole.ease, settings, random_state)
        logits = grown.heads[:, 0] + grown.latents(features[out]) @ grown.heads[:, 1:].T
        latents[out] = (logits - whole.heads[:, 0]) @ carry
    return latents


def _fold_numbers(groups: NDArray[np.int64], random_state: int) -> NDArray[np.int64]:
    _, group = np.unique(groups, return_inverse=True)
    number = np.random.default_rng(random_state).permutation(int(group.max()) + 1) % FOLDS
    folds: NDArray[np.int64] = number[group]
    return folds


def fitted_scale(latents: FloatArray, outcomes: Outcomes, heads: FloatArray) -> float:
    """The factor on all loadings that fits held-out outcomes best (temperature scaling, Guo et al. 2017)."""
    moved = latents @ heads[:, 1:].T
    rows, models = np.nonzero(outcomes.known)
    slopes = moved[rows, models]
    base = heads[models, 0]
    return _newton_scale(slopes, base, outcomes.scores[rows, models], outcomes.weights[rows])


def _newton_scale(slopes: FloatArray, base: FloatArray, scores: FloatArray, weights: FloatArray) -> float:
    """A one-number logistic regression with an offset; the offset enters as a column with its coefficient held at 1."""
    held = HeadPrior(np.array([0.0, 1.0, 1.0]), np.array([_HELD, _HELD, 0.0]))
    return float(fit_head(np.column_stack([base, slopes]), scores, held, weights)[2])


_HELD: Final = 1e9
"""Precision of a coefficient that must not move."""


def reference_rows(weights: FloatArray, random_state: int) -> NDArray[np.int64]:
    """Rows of the reference sample, drawn by weight without replacement."""
    count = min(REFERENCE_PROMPTS, len(weights))
    drawn = np.random.default_rng(random_state).choice(len(weights), count, replace=False, p=weights / weights.sum())
    return np.sort(drawn)
