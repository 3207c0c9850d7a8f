"""Ensembles of decision trees as plain arrays, walked by numpy; scikit-learn grows them, nothing of it serves them.

Every tree is padded to the same complete depth, so that one walk moves down all trees at once, some levels at a time:
all nodes of those levels are compared, the answers of a tree are packed into one number, and a table tells where that
number leads. A leaf holds a vector; the ensemble's output is the sum over trees. All comparisons are exact:
scikit-learn compares a 32-bit feature with a 64-bit threshold, and rounding that threshold down to 32 bits changes no
comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.tree_arrays import named_arrays, parts_of

FloatArray = NDArray[np.float64]

MAX_DEPTH: Final = 12
"""Deepest complete tree; each level doubles the arrays."""
LEVELS_TOGETHER: Final = 4
"""Most levels whose nodes are compared at once: their 15 answers fit into the 16 bits of one number."""
_BYTE_BITS: Final = 8
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
        self._each_once = np.ones(trees)
        self._flat_leaves = np.ascontiguousarray(leaves, np.float64).reshape(trees * 2**depth, -1)
        first, *later = _stages(depth)
        self._first = _Stage.of(self.features, self.thresholds, 0, first)
        self._later = [
            _Stage.of(self.features, self.thresholds, sum((first, *later[:number])), levels)
            for number, levels in enumerate(later)
        ]

    @property
    def outputs(self) -> int:
        """Numbers in a leaf."""
        outputs: int = self.leaves.shape[-1]
        return outputs

    def total(self, row: NDArray[np.float32]) -> FloatArray:
        """The summed leaves of one row of 32-bit features."""
        stage = self._first
        position = stage.first_below + stage.below(row.take(stage.features) > stage.thresholds)
        for stage in self._later:
            goes_right = row.take(stage.features.take(position, 0)) > stage.thresholds.take(position, 0)
            position = stage.first_below.take(position)
            position += stage.below(goes_right)
        total: FloatArray = self._each_once.dot(self._flat_leaves.take(position, 0))
        return total

    def turned(self, matrix: FloatArray) -> TreeEnsemble:
        """The same trees with every leaf multiplied by outputs x columns."""
        return TreeEnsemble(self.features, self.thresholds, self.leaves.astype(np.float64) @ matrix)

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
        return named_arrays(prefix, self.features, self.thresholds, self.leaves)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str, feature_count: int) -> TreeEnsemble:
        """Read `to_arrays` back.

        Raises:
            ArtefactError: An array is missing or does not fit, or a node compares a feature that there is not.
        """
        return cls(*parts_of(arrays, prefix, feature_count))


def _stages(depth: int) -> list[int]:
    """The levels of each stage of a walk, as even as can be."""
    count = math.ceil(depth / LEVELS_TOGETHER)
    return [depth // count + (number < depth % count) for number in range(count)]


@dataclass(frozen=True, slots=True)
class _Stage:
    """Some levels of all trees, as blocks: each node of the first of those levels with what lies below it.

    Attributes:
        features: blocks x nodes, level by level; filled up to whole bytes with nodes that go left.
        thresholds: Same shape.
        first_below: For each block the leftmost node below it, counted over all trees.
        code: The type of a block's packed answers.
        places: Packed answers -> the node below the block, from the left.
    """

    features: NDArray[np.int64]
    thresholds: NDArray[np.float32]
    first_below: NDArray[np.int64]
    code: type[np.unsignedinteger[Any]]
    places: NDArray[np.uint8]

    @classmethod
    def of(cls, features: NDArray[np.int64], thresholds: NDArray[np.float32], start: int, levels: int) -> _Stage:
        """The blocks that begin at a level of complete trees."""
        blocks = np.arange(2**start)[:, None]
        nodes = np.hstack(
            [2 ** (start + level) - 1 + blocks * 2**level + np.arange(2**level) for level in range(levels)]
        )
        bits = _code_bits(levels)
        filling = ((0, 0), (0, bits - nodes.shape[1]))
        code, places = _places(levels)
        compared = np.pad(features[:, nodes].reshape(-1, nodes.shape[1]), filling)
        limits = np.pad(thresholds[:, nodes].reshape(-1, nodes.shape[1]), filling, constant_values=np.inf)
        first_below = np.arange(len(compared)) << levels
        return cls(np.ascontiguousarray(compared), np.ascontiguousarray(limits), first_below, code, places)

    def below(self, goes_right: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """The node below each block, from the left; ``goes_right`` are its answers, blocks x nodes."""
        packed = np.packbits(goes_right)
        return self.places.take(packed if self.code is np.uint8 else packed.view(self.code))


def _code_bits(levels: int) -> int:
    return max(_BYTE_BITS, 1 << levels)


@cache
def _places(levels: int) -> tuple[type[np.unsignedinteger[Any]], NDArray[np.uint8]]:
    """The type of packed answers of so many levels, and for each value they can take the node below."""
    bits = _code_bits(levels)
    code: type[np.unsignedinteger[Any]] = np.uint8 if bits == _BYTE_BITS else np.uint16
    codes = np.arange(2**bits, dtype=code)
    goes_right = np.unpackbits(codes.view(np.uint8)).reshape(len(codes), bits)
    node = np.zeros(len(codes), np.int64)
    for _ in range(levels):
        node = 2 * node + 1 + goes_right[np.arange(len(codes)), node]
    return code, (node - (2**levels - 1)).astype(np.uint8)


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
