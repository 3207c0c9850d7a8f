"""Fits the projection and the centres of `familiarity` with scikit-learn."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from litellm_router_plugin.learning.familiarity import Familiarity, Projection

FloatArray = NDArray[np.float64]

DIRECTIONS: Final = 16
CENTRES: Final = 48
RADIUS_QUANTILE: Final = 0.99
"""Share of a centre's own prompts within its radius."""
ROWS_PER_CENTRE: Final = 50
"""Fewer prompts a centre would make radii that their like overstep."""
LEAST_ROWS: Final = 8
"""A centre with fewer prompts takes the radius of all prompts together."""
LIMIT: Final = 6.0
"""Deviations at which a standardised feature is cut."""
LEAST_RADIUS: Final = 0.25
"""Templated prompts lie on top of each other; a smaller radius would call every variation unlike."""
LEAST_DEVIATION: Final = 1e-6


def fit_projection(features: FloatArray, random_state: int) -> Projection:
    """The main directions of the standardised features, whitened."""
    centre, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > LEAST_DEVIATION, 1.0 / np.maximum(deviation, LEAST_DEVIATION), 0.0)
    standard = np.clip((features - centre) * scale, -LIMIT, LIMIT)
    count = min(DIRECTIONS, *standard.shape)
    pca = PCA(count, svd_solver="full", random_state=random_state).fit(standard)
    spread = np.maximum(np.sqrt(pca.explained_variance_), LEAST_DEVIATION)
    weights = np.zeros((features.shape[1], count))
    weights[:] = pca.components_.T / spread
    return Projection(weights.astype(np.float32).astype(np.float64), centre, scale, LIMIT)


def fit_familiarity(projected: FloatArray, random_state: int) -> Familiarity:
    """Centres and radii of projected training rows."""
    count = max(1, min(CENTRES, len(projected) // ROWS_PER_CENTRE))
    means = KMeans(count, n_init=1, random_state=random_state).fit(projected)
    centres = means.cluster_centers_.astype(np.float32).astype(np.float64)
    own = np.linalg.norm(projected - centres[means.labels_], axis=1)
    overall = float(np.quantile(own, RADIUS_QUANTILE))
    radii = np.full(count, max(overall, LEAST_RADIUS))
    for centre in range(count):
        distances = own[means.labels_ == centre]
        if len(distances) >= LEAST_ROWS:
            radii[centre] = max(float(np.quantile(distances, RADIUS_QUANTILE)), LEAST_RADIUS)
    return Familiarity(centres, radii)
