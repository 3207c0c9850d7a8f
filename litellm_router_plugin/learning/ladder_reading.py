"""What the learned model sees of a prompt for one ladder: its products folded together, so that few numpy calls serve.

Everything linear is one matrix, and the leaves of the trees hold the log-odds of the ladder's own heads. The numbers
are those of `outcome_model.LearnedModel.read` but for rounding in the last bits; only the order of sums differs.

Short products are `np.matmul`'s, not `dot`'s: `dot` lets go of Python's lock whatever the size, and in a busy proxy
another thread then runs for longer than the whole forecast takes.
"""

from __future__ import annotations

import math
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.outcome_model import FAMILIAR, LearnedModel
from litellm_router_plugin.learning.projection import Projection

FloatArray = NDArray[np.float64]


class LadderReading(NamedTuple):
    """One prompt; a tuple, since a frozen dataclass takes three times as long to make.

    Attributes:
        moves: For each head, what the prompt adds to its intercept; far from the training prompts by its ease alone,
            infinitely far nothing.
        distance: To the nearest centre of training prompts; up to 1 is familiar. See `outcome_model.Reading`.
        token_moves: For each tier, what the prompt adds to the level of its token head.
    """

    moves: list[float]
    distance: float
    token_moves: list[float]


class LadderReader:
    """Reads prompts for the heads of one ladder.

    Args:
        model: The learned model.
        loadings: heads x latents, the ease's first.
        token_weights: tiers x directions.
    """

    def __init__(self, model: LearnedModel, loadings: FloatArray, token_weights: FloatArray) -> None:
        projection, kinds = model.projection, model.known_kinds
        weights = projection.weights
        self._set_linear(projection, np.hstack([weights, weights @ kinds.centres.T, weights @ token_weights.T]))
        self._directions = slice(0, weights.shape[1])
        self._rest = slice(weights.shape[1], None)
        self._kinds = len(kinds.centres)
        self._subtracted[self._rest][: self._kinds] += 0.5 * (kinds.centres**2).sum(axis=1)
        self._limit = kinds.limit
        self._ease = model.ease
        self._ease_loadings: list[float] = loadings[:, 0].tolist()
        self._is_foreign = None if model.knows_tools else model.is_foreign
        self._trees = model.trees.turned(loadings[:, 1:].T)

    def _set_linear(self, projection: Projection, weights: FloatArray) -> None:
        """Bounds of the features as they come, and weights that standardise them on the way."""
        varies = projection.scale > 0
        reach = np.where(varies, projection.limit / np.where(varies, projection.scale, 1.0), np.inf)
        self._highest, self._lowest = projection.centre + reach, projection.centre - reach
        self._is_never_below = bool((self._lowest <= 0).all())
        self._linear = projection.scale[:, None] * weights
        self._subtracted = projection.centre @ self._linear

    def read(self, features: FloatArray) -> LadderReading:
        """Look at the features of a prompt; none of them is negative."""
        bounded = np.minimum(features, self._highest)
        if not self._is_never_below:
            np.maximum(bounded, self._lowest, out=bounded)
        values = bounded.dot(self._linear)
        values -= self._subtracted
        directions = values[self._directions]
        rest = values[self._rest].tolist()  # so few that Python is faster with them than numpy
        if self._is_foreign is not None and self._is_foreign(features):
            return LadderReading([0.0] * len(self._ease_loadings), math.inf, rest[self._kinds :])
        nearest = max(rest[: self._kinds])
        distance = math.sqrt(max(float(np.matmul(directions, directions)) - 2.0 * nearest, 0.0)) / self._limit
        ease = self._ease.of(features)
        moves = [loading * ease for loading in self._ease_loadings]
        if distance <= FAMILIAR:
            seen = self._trees.total(features.astype(np.float32)).tolist()
            moves = list(map(add, moves, seen))
        return LadderReading(moves, distance, rest[self._kinds :])
