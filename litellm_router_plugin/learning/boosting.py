"""Boosted trees that forecast the shared latents of a prompt from its features.

Gradient boosting (Friedman 2001) of the item response model of `latents`: each oblivious tree is grown on the prompts'
Newton steps in latent space, its leaves hold the Newton step of all their prompts together, and now and then the heads
are fitted again to where the latents have come. The first latent is the prompt's general ease, which is given; the
trees forecast the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.ease import Ease
from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.latents import Outcomes, fit_heads, head_prior, initial_loadings
from litellm_router_plugin.learning.oblivious_growing import FeatureBins, Questions, grow_questions
from litellm_router_plugin.learning.oblivious_trees import ObliviousTrees

FloatArray = NDArray[np.float64]

HEADS_EVERY: Final = 25
"""Trees between two fits of the heads."""
STEP_RIDGE: Final = 1.0
"""Added to a prompt's Hessian, so that a prompt with few outcomes makes no wild step."""
SPLIT_RIDGE: Final = 1.0
"""Added to the weight of each side of a split."""
EASE_LOADING: Final = 0.3
"""Loading of the ease that heads are drawn to, in log-odds a deviation; the data move it."""


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """How the trees are grown; the values were chosen by grouped cross-validation on training rows.

    Attributes:
        latents: Numbers in a leaf; the ease comes before them.
        trees: How many.
        depth: Of each.
        learning_rate: Share of each Newton step that is taken.
        feature_share: Share of the features that each level looks at.
        row_share: Share of the rows that each tree is grown on.
        leaf_ridge: Added to a leaf's Hessian.
        loading_precision: How strongly a model's loadings are held at the mean model's.
    """

    latents: int = 4
    trees: int = 600
    depth: int = 6
    learning_rate: float = 0.05
    feature_share: float = 0.25
    row_share: float = 0.6
    leaf_ridge: float = 15.0
    loading_precision: float = 20.0


@dataclass(frozen=True, slots=True)
class LatentTrees:
    """What boosting made.

    Attributes:
        trees: Features -> all latents but the first, as they are served.
        heads: models x (2 + latents): intercept, loading of the ease, loadings of the trees' latents.
        ease: The general ease.
        fitted: rows x (1 + latents), where growing left the training rows; the ease first.
    """

    trees: ObliviousTrees
    heads: FloatArray
    ease: Ease
    fitted: FloatArray

    def latents(self, features: FloatArray) -> FloatArray:
        """The latents of many prompts, the ease first."""
        return np.column_stack([self.ease.of_rows(features), self.trees.totals(features)])


def boost_latents(
    features: FloatArray, outcomes: Outcomes, ease: Ease, settings: BoostingSettings, random_state: int
) -> LatentTrees:
    """Grow the trees and fit the heads."""
    random = np.random.default_rng(random_state)
    bins = FeatureBins.of(features.astype(np.float32))
    loadings = initial_loadings(outcomes, settings.latents, random_state)
    prior = head_prior(np.append(EASE_LOADING, loadings.mean(axis=0)), settings.loading_precision)
    latents = np.column_stack([ease.of_rows(features), np.zeros((len(features), settings.latents))])
    heads = np.column_stack([fit_heads(latents, outcomes, prior)[:, :2], loadings])
    asked: list[Questions] = []
    leaves: list[FloatArray] = []
    for number in range(settings.trees):
        if number and number % HEADS_EVERY == 0:
            heads = fit_heads(latents, outcomes, prior)
        slope, hessian = _newton(latents, outcomes, heads)
        drawn = random.random(len(features)) < settings.row_share
        questions = _grow(bins.codes[drawn], slope[drawn], hessian[drawn], settings, random)
        leaf = questions.leaves(bins.codes)
        values = _leaf_steps(leaf[drawn], slope[drawn], hessian[drawn], settings)
        latents[:, 1:] += values[leaf]
        asked.append(questions)
        leaves.append(values)
    return LatentTrees(_ensemble(asked, leaves, bins), fit_heads(latents, outcomes, prior), ease, latents)


def _ensemble(asked: list[Questions], leaves: list[FloatArray], bins: FeatureBins) -> ObliviousTrees:
    features = np.array([questions.features for questions in asked])
    cuts = np.array([questions.cuts for questions in asked])
    return ObliviousTrees(features, bins.threshold(features, cuts), np.stack(leaves).astype(np.float32))


def _newton(latents: FloatArray, outcomes: Outcomes, heads: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope and Hessian of each prompt's weighted log-likelihood over the latents that the trees forecast."""
    loadings = heads[:, 2:]
    count = loadings.shape[1]
    counted = outcomes.known * outcomes.weights[:, None]
    chance = sigmoid(latents @ heads[:, 1:].T + heads[:, 0])
    squares = (loadings[:, :, None] * loadings[:, None, :]).reshape(len(loadings), -1)
    slope = (counted * (outcomes.scores - chance)) @ loadings
    hessian = ((counted * chance * (1.0 - chance)) @ squares).reshape(-1, count, count)
    return slope, hessian


def _grow(
    codes: NDArray[np.uint8],
    slope: FloatArray,
    hessian: FloatArray,
    settings: BoostingSettings,
    random: np.random.Generator,
) -> Questions:
    damped = hessian + STEP_RIDGE * np.eye(settings.latents)
    steps = np.asarray(np.linalg.solve(damped, slope[:, :, None])[:, :, 0], np.float64)
    return grow_questions(
        codes,
        steps,
        np.einsum("nkk->n", hessian),
        depth=settings.depth,
        feature_share=settings.feature_share,
        ridge=SPLIT_RIDGE,
        random=random,
    )


def _leaf_steps(leaf: NDArray[Any], slope: FloatArray, hessian: FloatArray, settings: BoostingSettings) -> FloatArray:
    """Each leaf's damped Newton step, rounded to the 32 bits that are shipped."""
    count, nodes = settings.latents, 2**settings.depth
    slopes, hessians = np.zeros((nodes, count)), np.zeros((nodes, count, count))
    np.add.at(slopes, leaf, slope)
    np.add.at(hessians, leaf, hessian)
    steps = np.linalg.solve(hessians + settings.leaf_ridge * np.eye(count), slopes[:, :, None])[:, :, 0]
    return (settings.learning_rate * steps).astype(np.float32).astype(np.float64)
