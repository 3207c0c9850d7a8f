"""Figures of the forecasts for training prompts whose fold was held out; they go into the manifest."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.latents import Outcomes

FloatArray = NDArray[np.float64]

GOOD_ENOUGH: Final = 0.5
"""Scores from here on count as a success."""
FEWEST_OF_EACH: Final = 10
"""Successes and failures that a model must have on a source for an AUC."""
BINS: Final = 10


def held_out_metrics(
    latents: FloatArray, outcomes: Outcomes, heads: FloatArray, sources: NDArray[np.str_]
) -> dict[str, object]:
    """Brier score and calibration error over all outcomes, and AUC of "the model fails" within each source.

    An AUC is the mean over the models that have successes and failures enough on the source.
    """
    chance = sigmoid(heads[:, 0] + latents @ heads[:, 1:].T)
    by_source = {
        str(source): fail_auc(chance[rows], outcomes.scores[rows], outcomes.known[rows])
        for source in np.unique(sources)
        for rows in [sources == source]
    }
    measured = [value for value in by_source.values() if value is not None]
    predicted, scored = chance[outcomes.known], outcomes.scores[outcomes.known]
    return {
        "brier": round(float(np.mean((predicted - scored) ** 2)), 4),
        "calibration_error": round(calibration_error(predicted, scored), 4),
        "fail_auc_by_source": by_source,
        "fail_auc": round(float(np.mean(measured)), 4) if measured else None,
    }


def fail_auc(chance: FloatArray, scores: FloatArray, known: NDArray[np.bool_]) -> float | None:
    """Mean over models of the AUC with which low forecasts point at failures; None where no model has enough."""
    found = []
    for model in range(chance.shape[1]):
        rows = known[:, model]
        failed = scores[rows, model] < GOOD_ENOUGH
        if min(failed.sum(), (~failed).sum()) >= FEWEST_OF_EACH:
            found.append(auc(-chance[rows, model], failed))
    return round(float(np.mean(found)), 4) if found else None


def auc(values: FloatArray, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney 1947); ties count half."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    wins = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(wins / (positive.sum() * (~positive).sum()))


def calibration_error(chance: FloatArray, scores: FloatArray) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    gaps = [abs((chance - scores)[bins == number].sum()) for number in range(BINS)]
    return float(sum(gaps) / len(chance))
