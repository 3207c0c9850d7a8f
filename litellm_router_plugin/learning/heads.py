"""Heads: for each model a logistic curve over the shared latents, P(success) = sigmoid(intercept + loadings . z).

This is the two-parameter multidimensional item response model (Reckase 2009) with prompts as items whose latents are
forecast from features. A head has few numbers, so a new model needs few labels; the prior is what the other models
have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

NEWTON_STEPS: Final = 12
"""Steps of Newton's method for one head; it converges in far fewer."""
LARGEST_STEP: Final = 2.0
"""Largest change of a coefficient in one step; keeps early steps from running away."""
CONVERGED: Final = 1e-10
LEAST_VARIANCE: Final = 1e-4
"""Floor of p(1 - p), so that sure rows keep the Hessian regular."""


@dataclass(frozen=True, slots=True)
class HeadPrior:
    """Gaussian prior of a head.

    Attributes:
        mean: Intercept and loadings of a typical model.
        precision: How strongly each is held there; an intercept is usually held loosely.
    """

    mean: FloatArray
    precision: FloatArray


def sigmoid(logits: FloatArray) -> FloatArray:
    """The logistic function, without overflow."""
    half: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return half


def fit_head(
    latents: FloatArray, scores: FloatArray, prior: HeadPrior, weights: FloatArray | None = None
) -> FloatArray:
    """The most likely head given scores and the prior: intercept first, then loadings.

    Args:
        latents: rows x latents.
        scores: 0..1 a row; fractions count as that share of a success.
        prior: Where the head is held without evidence.
        weights: How much each row counts; default 1.
    """
    design = np.column_stack([np.ones(len(latents)), latents])
    counted = np.ones(len(latents)) if weights is None else weights
    head = prior.mean.copy()
    for _ in range(NEWTON_STEPS):
        chance = sigmoid(design @ head)
        curvature = np.maximum(chance * (1.0 - chance), LEAST_VARIANCE) * counted
        hessian = (design * curvature[:, None]).T @ design + np.diag(prior.precision)
        slope = design.T @ ((scores - chance) * counted) - prior.precision * (head - prior.mean)
        step = np.linalg.solve(hessian, slope)
        largest = float(np.abs(step).max())
        head = head + step * min(1.0, LARGEST_STEP / max(largest, CONVERGED))
        if largest < CONVERGED:
            break
    return head


def fit_intercept(logits: FloatArray, scores: FloatArray, precision: float) -> float:
    """The shift of the logits that fits some labels of one route, held at 0 with the given precision.

    One number per route brings the level of the forecasts home; the ranking of prompts stays as it was.
    """
    shift = 0.0
    for _ in range(NEWTON_STEPS):
        chance = sigmoid(logits + shift)
        slope = float((scores - chance).sum() - precision * shift)
        curvature = float(np.maximum(chance * (1.0 - chance), LEAST_VARIANCE).sum() + precision)
        step = max(-LARGEST_STEP, min(LARGEST_STEP, slope / curvature))
        shift += step
        if abs(step) < CONVERGED:
            break
    return shift
