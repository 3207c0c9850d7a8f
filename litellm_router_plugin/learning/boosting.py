"""Boosted trees that forecast the shared latents of a prompt from its features.

Gradient boosting (Friedman 2001) of the item response model of `latents`: each tree is grown by scikit-learn on the
prompts' Newton steps in latent space, its leaves hold the Newton step of all their prompts together, and now and then
the heads are fitted again to where the latents have come. The first latent is the prompt's general ease, which is
given; the trees forecast the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from litellm_router_plugin.learning.ease import Ease
from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.latents import Outcomes, fit_heads, head_prior, initial_loadings
from litellm_router_plugin.learning.trees import TreeEnsemble, ensemble_of

FloatArray = NDArray[np.float64]

HEADS_EVERY: Final = 25
"""Trees between two fits of the heads."""
STEP_RIDGE: Final = 1.0
"""Added to a prompt's Hessian, so that a prompt with few outcomes makes no wild step."""
EASE_LOADING: Final = 0.3
"""Loading of the ease that heads are drawn to, in log-odds a deviation; the data move it."""
LARGEST_SEED: Final = 2**31


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """How the trees are grown; the values were chosen by grouped cross-validation on training rows.

    Attributes:
        latents: Numbers in a leaf; the ease comes before them.
        trees: How many.
        depth: Of each.
        learning_rate: Share of each Newton step that is taken.
        leaf_rows: Fewest rows in a leaf.
        feature_share: Share of the features that each split looks at.
        row_share: Share of the rows that each tree is grown on.
        leaf_ridge: Added to a leaf's Hessian.
        loading_precision: How strongly a model's loadings are held at the mean model's.
    """

    latents: int = 4
    trees: int = 160
    depth: int = 6
    learning_rate: float = 0.12
    leaf_rows: int = 20
    feature_share: float = 0.25
    row_share: float = 0.6
    leaf_ridge: float = 15.0
    loading_precision: float = 20.0


@dataclass(frozen=True, slots=True)
class LatentTrees:
    """What boosting made: the trees as grown, their leaf vectors, and the heads.

    Attributes:
        grown: scikit-learn's estimators.
        leaves: For each, nodes x latents.
        heads: models x (2 + latents): intercept, loading of the ease, loadings of the trees' latents.
        ease: The general ease.
        depth: Depth that every tree is padded to.
    """

    grown: tuple[DecisionTreeRegressor, ...]
    leaves: tuple[FloatArray, ...]
    heads: FloatArray
    ease: Ease
    depth: int

    def latents(self, features: FloatArray) -> FloatArray:
        """The latents as scikit-learn's own trees give them, the ease first."""
        rows = features.astype(np.float32)
        latents: FloatArray = np.sum([leaf[tree.apply(rows)] for tree, leaf in self._pairs()], axis=0)
        return np.column_stack([self.ease.of_rows(features), latents])

    def _pairs(self) -> Iterable[tuple[DecisionTreeRegressor, FloatArray]]:
        return zip(self.grown, self.leaves, strict=True)

    def exported(self) -> TreeEnsemble:
        """The same trees as plain arrays."""
        ensemble = ensemble_of([tree.tree_ for tree in self.grown], self.leaves, self.depth)
        return TreeEnsemble(ensemble.features, ensemble.thresholds, ensemble.leaves.astype(np.float32))


def boost_latents(
    features: FloatArray, outcomes: Outcomes, ease: Ease, settings: BoostingSettings, random_state: int
) -> LatentTrees:
    """Grow the trees and fit the heads."""
    random = np.random.default_rng(random_state)
    rows = features.astype(np.float32)
    loadings = initial_loadings(outcomes, settings.latents, random_state)
    prior = head_prior(np.append(EASE_LOADING, loadings.mean(axis=0)), settings.loading_precision)
    latents = np.column_stack([ease.of_rows(features), np.zeros((len(rows), settings.latents))])
    heads = np.column_stack([fit_heads(latents, outcomes, prior)[:, :2], loadings])
    grown: list[DecisionTreeRegressor] = []
    leaves: list[FloatArray] = []
    for number in range(settings.trees):
        if number and number % HEADS_EVERY == 0:
            heads = fit_heads(latents, outcomes, prior)
        slope, hessian = _newton(latents, outcomes, heads)
        drawn = random.random(len(rows)) < settings.row_share
        tree = _grow(rows[drawn], slope[drawn], hessian[drawn], settings, int(random.integers(LARGEST_SEED)))
        leaf = tree.apply(rows)
        values = _leaf_steps(leaf[drawn], slope[drawn], hessian[drawn], tree.tree_.node_count, settings)
        latents[:, 1:] += values[leaf]
        grown.append(tree)
        leaves.append(values)
    return LatentTrees(tuple(grown), tuple(leaves), fit_heads(latents, outcomes, prior), ease, settings.depth)


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
    rows: NDArray[np.float32], slope: FloatArray, hessian: FloatArray, settings: BoostingSettings, seed: int
) -> DecisionTreeRegressor:
    steps = np.linalg.solve(hessian + STEP_RIDGE * np.eye(settings.latents), slope[:, :, None])[:, :, 0]
    tree = DecisionTreeRegressor(
        max_depth=settings.depth,
        min_samples_leaf=min(settings.leaf_rows, max(1, len(rows) // 8)),
        max_features=settings.feature_share,
        random_state=seed,
    )
    return tree.fit(rows, steps, sample_weight=np.einsum("nkk->n", hessian))


def _leaf_steps(
    leaf: NDArray[Any], slope: FloatArray, hessian: FloatArray, nodes: int, settings: BoostingSettings
) -> FloatArray:
    """Each leaf's damped Newton step, rounded to the 32 bits that are shipped."""
    count = settings.latents
    slopes, hessians = np.zeros((nodes, count)), np.zeros((nodes, count, count))
    np.add.at(slopes, leaf, slope)
    np.add.at(hessians, leaf, hessian)
    steps = np.linalg.solve(hessians + settings.leaf_ridge * np.eye(count), slopes[:, :, None])[:, :, 0]
    return (settings.learning_rate * steps).astype(np.float32).astype(np.float64)
