"""Fits the projection and the centres of `known_kinds` with scikit-learn."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from litellm_router_plugin.learning.known_kinds import KnownKinds
from litellm_router_plugin.learning.projection import Projection

FloatArray = NDArray[np.float64]

DIRECTIONS: Final = 64
KINDS: Final = 24
"""Clusters within which the variation of prompts is measured."""
CENTRES: Final = 48
ROWS_PER_CENTRE: Final = 50
"""Fewer prompts a centre would put the centres on single prompts."""
SHRINKAGE: Final = 0.1
"""Added to the variance of every standardised feature within kinds, so that constants of a template do not rule."""
HELD_OUT: Final = 0.2
"""Share of the rows that the limit is measured on, not the centres."""
KNOWN_WITHIN: Final = 0.97
"""Share of prompts of known kinds within the limit. With sources left out of training, about two in five of their
prompts lie outside of it."""
LIMIT: Final = 6.0
"""Deviations at which a standardised feature is cut."""
LEAST_DEVIATION: Final = 1e-6


def fit_whitening(features: FloatArray, random_state: int) -> Projection:
    """Standardised features whitened by their covariance within kinds, then turned onto their main directions."""
    centre, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > LEAST_DEVIATION, 1.0 / np.maximum(deviation, LEAST_DEVIATION), 0.0)
    standard = np.clip((features - centre) * scale, -LIMIT, LIMIT)
    kinds = KMeans(_clusters(KINDS, len(standard)), n_init=1, random_state=random_state).fit(standard)
    within = standard - kinds.cluster_centers_[kinds.labels_]
    variances, axes = np.linalg.eigh(within.T @ within / len(within) + SHRINKAGE * np.eye(within.shape[1]))
    whitening = axes / np.sqrt(variances)
    white = standard @ whitening
    _, _, main = np.linalg.svd(white - white.mean(axis=0), full_matrices=False)
    weights = whitening @ main[:DIRECTIONS].T
    return Projection(weights.astype(np.float32).astype(np.float64), centre, scale, LIMIT)


def fit_known_kinds(projected: FloatArray, random_state: int) -> KnownKinds:
    """Centres of projected training rows, and the limit measured on rows that the centres were not put on."""
    held_out = np.random.default_rng(random_state).random(len(projected)) < HELD_OUT
    rows = projected[~held_out]
    means = KMeans(_clusters(CENTRES, len(rows)), n_init=1, random_state=random_state).fit(rows)
    centres = KnownKinds(means.cluster_centers_.astype(np.float32).astype(np.float64), 1.0)
    measured = centres.distances(projected[held_out] if held_out.any() else rows)
    limit = max(float(np.quantile(measured, KNOWN_WITHIN)), LEAST_DEVIATION)
    return KnownKinds(centres.centres, limit)


def _clusters(most: int, rows: int) -> int:
    return max(1, min(most, rows // ROWS_PER_CENTRE))
