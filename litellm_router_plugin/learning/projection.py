"""Features turned onto their main directions, in which distances are measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """Standardised features turned onto their main directions.

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
