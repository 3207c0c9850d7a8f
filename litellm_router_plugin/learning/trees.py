"""Ensembles of decision trees as plain arrays, walked by numpy; scikit-learn grows them, nothing of it serves them.

Every tree is padded to the same complete depth, so that one walk moves down all trees at once: a few gathers a level.
A leaf holds a vector; the ensemble's output is the sum over trees. All comparisons are exact: scikit-learn compares
a 32-bit feature with a 64-bit threshold, and rounding that threshold down to 32 bits changes no comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError

FloatArray = NDArray[np.float64]

MAX_DEPTH: Final = 12
"""Deepest complete tree; each level doubles the arrays."""
LEVELS_TOGETHER: Final = 3
"""Levels whose nodes are all compared at once: there a gather from every node costs less than three of few."""
_NO_SPLIT: Final = -1
"""What scikit-learn writes as the child of a leaf."""


def thresholds_to_single(thresholds: FloatArray) -> NDArray[np.float32]:
    """The largest 32-bit number at or below each threshold."""
    single = thresholds.astype(np.float32)
    too_large = single.astype(np.float64) > thresholds
    single[too_large] = np.nextafter(single[too_large], np.float32(-np.inf))
    return single


class TreeEnsemble:
    """Complete trees of one depth with vector leaves.

    Args:
        features: trees x (2**depth - 1), the feature that each inner node compares, nodes level by level.
        thresholds: Same shape; a row goes left where its feature is at most the threshold.
        leaves: trees x 2**depth x outputs.

    Raises:
        ArtefactError: The shapes do not fit together.
    """

    def __init__(
        self,
        features: NDArray[np.integer[Any]],
        thresholds: NDArray[np.floating[Any]],
        leaves: NDArray[np.floating[Any]],
    ) -> None:
        trees, inner = features.shape
        depth = (inner + 1).bit_length() - 1
        if thresholds.shape != features.shape or leaves.ndim != len("tlo") or leaves.shape[:2] != (trees, inner + 1):
            raise ArtefactError(
                f"trees: features {features.shape}, thresholds {thresholds.shape} and leaves {leaves.shape} do not fit"
            )
        if inner + 1 != 2**depth or not 1 <= depth <= MAX_DEPTH:
            raise ArtefactError(f"trees: {inner} inner nodes are no complete tree of depth 1 to {MAX_DEPTH}")
        self.features = np.ascontiguousarray(features, np.int64)
        self.thresholds = np.ascontiguousarray(thresholds, np.float32)
        self.leaves = np.ascontiguousarray(leaves)
        self.depth = depth
        self._trees = np.arange(trees)
        self._each_once = np.ones(trees)
        self._flat_leaves = np.ascontiguousarray(leaves, np.float64).reshape(trees * 2**depth, -1)
        together = min(depth, LEVELS_TOGETHER)
        self._first = self._upper(together)
        self._lower = [self._level(level) for level in range(together, depth)]

    def _level(self, level: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The nodes of one level, tree by tree: node ``k`` of tree ``t`` stands at ``t * 2**level + k``."""
        nodes = slice(2**level - 1, 2 ** (level + 1) - 1)
        return self.features[:, nodes].ravel(), self.thresholds[:, nodes].ravel()

    def _upper(self, levels: int) -> tuple[NDArray[np.int64], NDArray[np.float32], list[int]]:
        """The nodes of the first levels one after the other, and where each level begins."""
        parts = [self._level(level) for level in range(levels)]
        starts = [sum(len(part[0]) for part in parts[:level]) for level in range(levels)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]), starts

    @property
    def outputs(self) -> int:
        """Numbers in a leaf."""
        return int(self.leaves.shape[2])

    def total(self, row: NDArray[np.float32]) -> FloatArray:
        """The summed leaves of one row of 32-bit features."""
        features, thresholds, starts = self._first
        goes_right = row.take(features) > thresholds
        position = self._trees + goes_right[: len(self._trees)]
        position += self._trees
        for start in starts[1:]:
            right = goes_right[start:].take(position)
            position += position
            position += right
        for features, thresholds in self._lower:
            right = row.take(features.take(position)) > thresholds.take(position)
            position += position
            position += right
        total: FloatArray = self._each_once @ self._flat_leaves.take(position, axis=0)
        return total

    def totals(self, rows: NDArray[np.floating[Any]]) -> FloatArray:
        """The summed leaves of many rows, rows x outputs."""
        single = np.asarray(rows, np.float32)
        result = np.zeros((len(single), self.outputs))
        for tree in range(len(self.features)):
            node = np.zeros(len(single), np.int64)
            for _ in range(self.depth):
                right = single[np.arange(len(single)), self.features[tree, node]] > self.thresholds[tree, node]
                node = 2 * node + 1 + right
            result += self._flat_leaves[tree * 2**self.depth + node - (2**self.depth - 1)]
        return result

    def to_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays that `from_arrays` reads, their names starting with ``prefix``."""
        return {
            f"{prefix}features": self.features.astype(np.uint16),
            f"{prefix}thresholds": self.thresholds,
            f"{prefix}leaves": self.leaves,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str, feature_count: int) -> TreeEnsemble:
        """Read `to_arrays` back.

        Raises:
            ArtefactError: An array is missing or does not fit, or a node compares a feature that there is not.
        """
        try:
            parts = [arrays[f"{prefix}{name}"] for name in ("features", "thresholds", "leaves")]
        except KeyError as missing:
            raise ArtefactError(f"trees: the array {missing} is missing") from missing
        if parts[0].ndim != len("tn") or (parts[0].size and int(parts[0].max()) >= feature_count):
            raise ArtefactError(f"trees: {prefix}features must name features below {feature_count}")
        return cls(*parts)


def complete_tree(tree: Any, leaves: FloatArray, depth: int) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:  # noqa: ANN401  scikit-learn's compiled Tree has no type
    """One scikit-learn tree padded to a complete depth.

    Args:
        tree: A fitted estimator's ``tree_``.
        leaves: nodes x outputs, what each leaf node holds (rows of inner nodes are not read).
        depth: At least the tree's own depth.

    Returns:
        Features and thresholds of the inner nodes level by level, and the leaves from left to right.
    """
    inner = 2**depth - 1
    features, thresholds = np.zeros(inner, np.int64), np.full(inner, np.inf)
    values = np.zeros((inner + 1, leaves.shape[1]))
    waiting = [(0, 0)]
    while waiting:
        place, node = waiting.pop()
        is_leaf = tree.children_left[node] == _NO_SPLIT
        if place >= inner:
            values[place - inner] = leaves[node]
            continue
        if not is_leaf:
            features[place], thresholds[place] = tree.feature[node], tree.threshold[node]
        left, right = (node, node) if is_leaf else (tree.children_left[node], tree.children_right[node])
        waiting += [(2 * place + 1, left), (2 * place + 2, right)]
    return features, thresholds, values


def ensemble_of(trees: Sequence[Any], leaves: Sequence[FloatArray], depth: int) -> TreeEnsemble:
    """An ensemble of scikit-learn trees (their ``tree_``) with the given leaf vectors; see `complete_tree`."""
    parts = [complete_tree(tree, values, depth) for tree, values in zip(trees, leaves, strict=True)]
    features = np.stack([part[0] for part in parts])
    thresholds = np.stack([part[1] for part in parts])
    return TreeEnsemble(features, thresholds_to_single(thresholds), np.stack([part[2] for part in parts]))


def from_gradient_boosting(model: Any) -> tuple[TreeEnsemble, float]:  # noqa: ANN401  scikit-learn has no types
    """A fitted binary ``GradientBoostingClassifier`` or a ``GradientBoostingRegressor`` as an ensemble and its start.

    Returns:
        The ensemble, whose one output plus the start is the raw prediction (log-odds for the classifier).
    """
    grown = [estimator.tree_ for estimator in model.estimators_[:, 0]]
    leaves = [model.learning_rate * tree.value[:, 0, :] for tree in grown]
    depth = max(1, *(tree.max_depth for tree in grown))
    ensemble = ensemble_of(grown, leaves, depth)
    origin = np.zeros((1, model.n_features_in_))
    raw = model.decision_function(origin) if hasattr(model, "decision_function") else model.predict(origin)
    return ensemble, float(np.ravel(raw)[0] - ensemble.totals(origin)[0, 0])
