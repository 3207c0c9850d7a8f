"""Latents of prompts from the outcomes of many models, by alternating between prompts and heads.

Multidimensional item response theory (Reckase 2009): each prompt has a few latents with a standard normal prior, each
model a head over them. Cells without an outcome simply do not count, so models that answered different prompts still
share the latents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.heads import HeadPrior, fit_head, sigmoid

FloatArray = NDArray[np.float64]

ROUNDS: Final = 15
"""Alternations; the loadings hardly move after ten."""
STEPS: Final = 3
"""Newton steps on the prompts in each round."""
LARGEST_STEP: Final = 1.5
"""Longest move of a prompt's latents in one step, in prior deviations."""
LOADING_PRECISION: Final = 10.0
INTERCEPT_PRECISION: Final = 0.1


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Scores with their gaps taken out.

    Attributes:
        scores: rows x models; 0 where there is none.
        known: rows x models, whether there is one.
        weights: How much each row counts.
    """

    scores: FloatArray
    known: NDArray[np.bool_]
    weights: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, weights: FloatArray) -> Outcomes:
        """From scores with NaN in the gaps; the weights are brought to mean 1."""
        known = ~np.isnan(scores)
        return cls(np.where(known, scores, 0.0), known, weights / weights.mean())

    @property
    def base_logits(self) -> FloatArray:
        """Log-odds of each model's mean score, drawn in by one success and one failure."""
        good = (self.scores * self.known).sum(axis=0)
        logits: FloatArray = np.log((good + 1.0) / (self.known.sum(axis=0) - good + 1.0))
        return logits


def head_prior(mean_loadings: FloatArray, loading_precision: float, mean_intercept: float = 0.0) -> HeadPrior:
    """A prior that holds loadings at those of a typical model and leaves the intercept nearly free."""
    precision = np.full(len(mean_loadings) + 1, loading_precision)
    precision[0] = INTERCEPT_PRECISION
    return HeadPrior(np.concatenate([[mean_intercept], mean_loadings]), precision)


def fit_heads(latents: FloatArray, outcomes: Outcomes, prior: HeadPrior) -> FloatArray:
    """The heads of all models, models x (1 + latents)."""
    heads = np.empty((outcomes.scores.shape[1], latents.shape[1] + 1))
    for model in range(len(heads)):
        rows = outcomes.known[:, model]
        heads[model] = fit_head(latents[rows], outcomes.scores[rows, model], prior, outcomes.weights[rows])
    return heads


def initial_loadings(outcomes: Outcomes, count: int, random_state: int) -> FloatArray:
    """Loadings (models x latents) from the outcomes alone, before any feature is looked at."""
    random = np.random.default_rng(random_state)
    models = outcomes.scores.shape[1]
    loadings = random.normal(0.0, 0.3, (models, count))
    loadings[:, 0] += 1.0
    heads = np.column_stack([outcomes.base_logits, loadings])
    latents = np.zeros((len(outcomes.scores), count))
    typical = np.zeros(count)
    typical[0] = 1.0
    prior = head_prior(typical, LOADING_PRECISION)
    for _ in range(ROUNDS):
        latents = _fit_latents(latents, outcomes, heads)
        heads = fit_heads(latents, outcomes, prior)
    return heads[:, 1:]


def single_latent(outcomes: Outcomes) -> FloatArray:
    """One latent a prompt, how easy it is, with the same loading for all models (Rasch 1960)."""
    heads = np.column_stack([outcomes.base_logits, np.ones(outcomes.scores.shape[1])])
    return _fit_latents(np.zeros((len(outcomes.scores), 1)), outcomes, heads)[:, 0]


def _fit_latents(latents: FloatArray, outcomes: Outcomes, heads: FloatArray) -> FloatArray:
    intercepts, loadings = heads[:, 0], heads[:, 1:]
    count = loadings.shape[1]
    squares = (loadings[:, :, None] * loadings[:, None, :]).reshape(len(loadings), -1)
    for _ in range(STEPS):
        chance = sigmoid(latents @ loadings.T + intercepts)
        slope = ((outcomes.scores - chance) * outcomes.known) @ loadings - latents
        hessian = ((chance * (1.0 - chance) * outcomes.known) @ squares).reshape(-1, count, count) + np.eye(count)
        step = np.linalg.solve(hessian, slope[:, :, None])[:, :, 0]
        longest = np.maximum(np.abs(step).max(axis=1), LARGEST_STEP)
        latents = latents + step * (LARGEST_STEP / longest)[:, None]
    return latents
