"""How like the training prompts a prompt is: its distance to the nearest of some centres.

Features are standardised and rotated onto their main directions; each centre has a radius that holds nearly all of
its own training prompts. A distance in radii above 1 means: unlike anything seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """Standardised features turned onto their main directions, each with variance 1 in training.

    Attributes:
        weights: features x directions.
        centre: Mean of each feature.
        scale: One over the deviation of each feature; 0 for a feature that never changed.
        limit: Standardised features are cut to this many deviations, so that one odd count cannot run away.
    """

    weights: FloatArray
    centre: FloatArray
    scale: FloatArray
    limit: float

    def of(self, features: FloatArray) -> FloatArray:
        """The directions of one row or of many."""
        standard = (features - self.centre) * self.scale
        np.minimum(standard, self.limit, out=standard)
        np.maximum(standard, -self.limit, out=standard)
        projected: FloatArray = standard @ self.weights
        return projected


class Familiarity:
    """Centres of the training prompts in the projected space.

    Args:
        centres: centres x directions.
        radii: The distance within which nearly all training prompts of each centre lie.
    """

    def __init__(self, centres: FloatArray, radii: FloatArray) -> None:
        self.centres = centres
        self.radii = radii
        inverse = 1.0 / radii**2
        self._cross = np.ascontiguousarray(-2.0 * centres.T * inverse)
        self._constant = (centres**2).sum(axis=1) * inverse
        self._inverse = inverse

    def distance(self, projected: FloatArray) -> float:
        """Distance to the nearest centre, in its radii; up to 1 is familiar."""
        squared = projected @ self._cross
        squared += self._constant
        squared += float(projected @ projected) * self._inverse
        return math.sqrt(max(float(np.minimum.reduce(squared)), 0.0))

    def distances(self, projected: FloatArray) -> FloatArray:
        """The distances of many rows."""
        squared = projected @ self._cross + self._constant + (projected**2).sum(axis=1)[:, None] * self._inverse
        nearest: FloatArray = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
        return nearest
