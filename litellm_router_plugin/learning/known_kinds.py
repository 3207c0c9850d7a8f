"""Whether a prompt is of a kind that was learned from: its distance to the nearest of some centres.

Features are standardised and whitened by how prompts vary around their own centre, so that what is unusual within a
kind of prompts counts as far. One limit for all centres: with sources left out of training it finds three times as
many of their prompts as a radius for each centre does.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class KnownKinds:
    """Centres of the training prompts in the projected space.

    Args:
        centres: centres x directions.
        limit: The distance to the nearest centre within which nearly all prompts of the same kinds lie.
    """

    def __init__(self, centres: FloatArray, limit: float) -> None:
        self.centres = centres
        self.limit = limit
        self._halves = 0.5 * (centres**2).sum(axis=1)

    def distance(self, projected: FloatArray) -> float:
        """Distance to the nearest centre, in limits; up to 1 is familiar."""
        nearest = np.maximum.reduce(self.centres @ projected - self._halves)
        return math.sqrt(max(float(projected @ projected - 2.0 * nearest), 0.0)) / self.limit

    def distances(self, projected: FloatArray) -> FloatArray:
        """The distances of many rows."""
        nearest = (projected @ self.centres.T - self._halves).max(axis=1)
        squared: FloatArray = np.maximum((projected**2).sum(axis=1) - 2.0 * nearest, 0.0)
        return np.sqrt(squared) / self.limit
