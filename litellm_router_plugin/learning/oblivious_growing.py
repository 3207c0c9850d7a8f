"""Grows oblivious trees on histograms of binned features.

scikit-learn has no oblivious trees. They are worth their own few lines: of the same depth they forecast held-out
outcomes better than its trees do, since a level has to serve all nodes at once, and they are served in less time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BINS: Final = 32
"""Most bins of a feature; counts of prompts have few values that matter."""
LEAST_WEIGHT: Final = 1e-9
"""Keeps an empty side of a split from dividing by zero."""


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """Features cut into bins of about equal numbers of rows.

    Attributes:
        edges: features x BINS, ascending, filled up with infinity.
        codes: rows x features; a value above ``edges[feature, cut]`` has a code above ``cut``.
    """

    edges: NDArray[np.float32]
    codes: NDArray[np.uint8]

    @classmethod
    def of(cls, rows: NDArray[np.float32]) -> FeatureBins:
        """Bins of these rows; a feature of few values gets an edge between any two of them."""
        edges = np.full((rows.shape[1], BINS), np.inf, np.float32)
        codes = np.zeros(rows.shape, np.uint8)
        for feature, column in enumerate(rows.T):
            found = _edges(column)
            edges[feature, : len(found)] = found
            codes[:, feature] = np.searchsorted(found, column, side="left")
        return cls(edges, codes)

    def threshold(self, features: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The thresholds of cuts; infinite where nothing lies beyond."""
        return self.edges[features, cuts]


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    values = np.unique(column).astype(np.float64)
    if len(values) <= BINS:
        between = (values[1:] + values[:-1]) / 2.0
    else:
        between = np.quantile(column.astype(np.float64), np.linspace(0.0, 1.0, BINS + 1)[1:-1])
    return np.unique(between.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Questions:
    """What one tree asks, level by level.

    Attributes:
        features: By level.
        cuts: By level, the number of the edge.
    """

    features: tuple[int, ...]
    cuts: tuple[int, ...]

    def leaves(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The leaf of each row."""
        leaf = np.zeros(len(codes), np.int64)
        for feature, cut in zip(self.features, self.cuts, strict=True):
            leaf = 2 * leaf + (codes[:, feature] > cut)
        return leaf


def grow_questions(
    codes: NDArray[np.uint8],
    targets: FloatArray,
    weights: FloatArray,
    *,
    depth: int,
    feature_share: float,
    ridge: float,
    random: np.random.Generator,
) -> Questions:
    """Questions whose leaves have targets as alike as a greedy choice, level by level, makes them.

    Args:
        codes: rows x features, see `FeatureBins`.
        targets: rows x outputs.
        weights: How much each row counts; 0 or more.
        depth: Questions to ask.
        feature_share: Share of the features that each level tries.
        ridge: Added to the weight of each side of a split, against splits that fit few rows.
        random: Draws the features.
    """
    tried_at_once = max(1, int(codes.shape[1] * feature_share))
    leaf = np.zeros(len(codes), np.int64)
    moments = np.column_stack([weights, targets * weights[:, None]])
    features, cuts = [], []
    for level in range(depth):
        tried = random.choice(codes.shape[1], tried_at_once, replace=False)
        scores = _split_scores(codes[:, tried], leaf, moments, 2**level, ridge)
        place, cut = divmod(int(scores.argmax()), BINS)
        features.append(int(tried[place]))
        cuts.append(cut)
        leaf = 2 * leaf + (codes[:, features[-1]] > cut)
    return Questions(tuple(features), tuple(cuts))


def _split_scores(
    codes: NDArray[np.uint8], leaf: NDArray[np.int64], moments: FloatArray, leaves: int, ridge: float
) -> FloatArray:
    """Sum of squares that a split explains, features x cuts; moments are weights, then weighted targets."""
    tried = codes.shape[1]
    place = (np.arange(tried) * leaves + leaf[:, None]) * BINS + codes
    cells = np.stack(
        [np.bincount(place.ravel(), np.repeat(one, tried), tried * leaves * BINS) for one in moments.T]
    ).reshape(-1, tried, leaves, BINS)
    left = cells.cumsum(axis=-1)
    right = left[..., -1:] - left
    scores = np.zeros((tried, BINS))
    for side in (left, right):
        scores += ((side[1:] ** 2).sum(axis=0) / (side[0] + ridge + LEAST_WEIGHT)).sum(axis=1)
    return scores
