"""A general ease of prompts: one linear score that holds across kinds of prompts better than any tree.

It is fitted to how prompts differ within their source, so that it cannot learn which source is the harder one, and
strongly held at zero. Far from the training prompts it is all that is left of the forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST: Final = 4.0
"""Deviations at which the score is cut, so that a prompt of a megabyte is no more than very hard."""


@dataclass(frozen=True, slots=True)
class Ease:
    """A linear score of features; 0 on the mean training prompt, with deviation 1.

    Attributes:
        weights: By feature.
        offset: Subtracted from the weighted sum.
    """

    weights: FloatArray
    offset: float

    def of(self, features: FloatArray) -> float:
        """The ease of one prompt, -`MOST` to `MOST`; higher is easier."""
        score = float(np.matmul(self.weights, features)) - self.offset
        return max(-MOST, min(MOST, score))

    def of_rows(self, features: FloatArray) -> FloatArray:
        """The ease of many prompts."""
        return np.clip(features @ self.weights - self.offset, -MOST, MOST)
