"""Ensembles of oblivious trees as plain arrays, walked by numpy.

An oblivious tree asks the same question of all nodes of a level (Kohavi and Li 1995; the trees of CatBoost,
Prokhorenkova et al. 2018). So the answers to its few questions, read as a binary number, are the leaf, and a whole
ensemble is one gather, one comparison and one lookup. A leaf holds a vector; the output is the sum over trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.tree_arrays import named_arrays, parts_of

FloatArray = NDArray[np.float64]

MAX_DEPTH: Final = 8
"""Most questions of a tree: their answers fit into one byte."""


class ObliviousTrees:
    """Oblivious trees of one depth with vector leaves.

    Args:
        features: trees x depth, the feature that each level compares; the first level decides most.
        thresholds: Same shape; a row goes right where its 32-bit feature is above the threshold.
        leaves: trees x 2**depth x outputs, from left to right.

    Raises:
        ArtefactError: The shapes do not fit together.
    """

    def __init__(
        self,
        features: NDArray[np.integer[Any]],
        thresholds: NDArray[np.floating[Any]],
        leaves: NDArray[np.floating[Any]],
    ) -> None:
        trees, depth = features.shape
        if not 1 <= depth <= MAX_DEPTH:
            raise ArtefactError(f"trees: {depth} levels, wanted are 1 to {MAX_DEPTH}. Train the model again")
        if thresholds.shape != features.shape or leaves.ndim != len("tlo") or leaves.shape[:2] != (trees, 2**depth):
            raise ArtefactError(
                f"trees: features {features.shape}, thresholds {thresholds.shape} and leaves {leaves.shape} do not fit"
            )
        self.features = np.ascontiguousarray(features, np.int64)
        self.thresholds = np.ascontiguousarray(thresholds, np.float32)
        self.leaves = np.ascontiguousarray(leaves)
        self.depth = depth
        # Levels before the first that are always answered "left", so that each tree's answers fill one byte.
        filling = ((0, 0), (MAX_DEPTH - depth, 0))
        self._byte_features = np.pad(self.features, filling)
        self._byte_thresholds = np.pad(self.thresholds, filling, constant_values=np.inf)
        self._first_leaves = np.arange(trees) * 2**depth
        self._flat_leaves = np.ascontiguousarray(leaves, np.float64).reshape(trees * 2**depth, -1)
        self._each_once = np.ones(trees)

    @property
    def outputs(self) -> int:
        """Numbers in a leaf."""
        outputs: int = self.leaves.shape[-1]
        return outputs

    def total(self, row: NDArray[np.float32]) -> FloatArray:
        """The summed leaves of one row of 32-bit features."""
        goes_right = row.take(self._byte_features) > self._byte_thresholds
        leaf = self._first_leaves + np.packbits(goes_right)
        total: FloatArray = self._each_once.dot(self._flat_leaves.take(leaf, axis=0))
        return total

    def totals(self, rows: NDArray[np.floating[Any]]) -> FloatArray:
        """The summed leaves of many rows, rows x outputs."""
        single = np.asarray(rows, np.float32)
        result = np.zeros((len(single), self.outputs))
        powers = 2 ** np.arange(self.depth - 1, -1, -1)
        for tree, first in enumerate(self._first_leaves):
            leaf = (single[:, self.features[tree]] > self.thresholds[tree]) @ powers
            result += self._flat_leaves[first + leaf]
        return result

    def turned(self, matrix: FloatArray) -> ObliviousTrees:
        """The same trees with every leaf multiplied by outputs x columns."""
        return ObliviousTrees(self.features, self.thresholds, self.leaves.astype(np.float64) @ matrix)

    def to_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays that `from_arrays` reads, their names starting with ``prefix``."""
        return named_arrays(prefix, self.features, self.thresholds, self.leaves)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str, feature_count: int) -> ObliviousTrees:
        """Read `to_arrays` back.

        Raises:
            ArtefactError: An array is missing or does not fit, or a level compares a feature that there is not.
        """
        return cls(*parts_of(arrays, prefix, feature_count))
