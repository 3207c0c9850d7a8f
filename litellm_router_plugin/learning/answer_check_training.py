"""Trains the answer check with scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

from litellm_router_plugin.learning.answer_check import AnswerCheckModel, FloatArray
from litellm_router_plugin.learning.answer_check_rows import CountedAnswers
from litellm_router_plugin.learning.trees import TreeEnsemble, from_gradient_boosting


@dataclass(frozen=True, slots=True)
class EnsembleSettings:
    """How an ensemble is grown.

    Attributes:
        trees: How many.
        depth: Of each.
        learning_rate: Share of each step that is taken.
        row_share: Share of the rows that each tree is grown on.
        feature_share: Share of the features that each split looks at.
        leaf_rows: Fewest rows in a leaf.
    """

    trees: int
    depth: int
    learning_rate: float
    row_share: float
    feature_share: float
    leaf_rows: int


COMPARED_SETTINGS: Final = EnsembleSettings(60, 3, 0.08, 0.4, 0.3, 100)
"""Few shallow trees: chosen by leaving sources of the train split out, where more and deeper ones rank worse."""
RAW_SETTINGS: Final = EnsembleSettings(200, 5, 0.05, 0.4, 0.15, 20)
"""Chosen among few by grouped folds of the train split; small differences, so the smaller ones."""
SOURCE_POWER: Final = 0.75
"""An answer of a source with n of them weighs n to minus this power in the first ensemble, which is for any source."""
LEAST_SPREAD: Final = 0.15
"""Deviation of scores that a source and model is taken to have at least."""


def train_answer_check(
    answers: CountedAnswers,
    *,
    random_state: int,
    settings: tuple[EnsembleSettings, EnsembleSettings] = (COMPARED_SETTINGS, RAW_SETTINGS),
    about: Mapping[str, object] | None = None,
) -> AnswerCheckModel:
    """Train on recorded answers.

    The first ensemble learns by how much an answer's score is above the mean of its source and model, in deviations of
    these, so that it has no use for telling sources apart and none counts more for its mean. The second learns what
    half of the first leaves, levels included. In use both count whole: on left-out folds and sources of the train split
    that ranks better than halving the first.
    """
    weights = source_weights(answers.sources, 0.5)
    prior = answers.prior()
    rows, raw = answers.compared(prior), answers.raw()
    base = float(np.average(answers.scores, weights=weights))
    usual, spread = usual_scores(answers)
    balanced = source_weights(answers.sources, SOURCE_POWER)
    scale = float(np.average(spread, weights=weights))
    trees = _grown(rows, scale * (answers.scores - usual) / spread, balanced, settings[0], random_state)
    left = answers.scores - base - trees.totals(rows)[:, 0] / 2.0
    raw_trees = _grown(raw, left, weights, settings[1], random_state)
    return AnswerCheckModel(prior, trees, raw_trees, base, about or {})


def usual_scores(answers: CountedAnswers) -> tuple[FloatArray, FloatArray]:
    """For each answer the mean score of its source and model, and their deviation."""
    routes = answers.routes
    counts = np.bincount(routes)
    means: FloatArray = np.bincount(routes, answers.scores) / counts
    squares = np.bincount(routes, (answers.scores - means[routes]) ** 2) / counts
    return means[routes], np.maximum(np.sqrt(squares), LEAST_SPREAD)[routes]


def source_weights(sources: NDArray[np.str_], power: float) -> FloatArray:
    """A weight for each answer, from equal answers (``power`` 0) to equal sources (1); 1 on average."""
    _, place, counts = np.unique(sources, return_inverse=True, return_counts=True)
    weights = counts[place].astype(np.float64) ** -power
    return np.asarray(weights / weights.mean(), np.float64)


def _grown(
    rows: FloatArray, target: FloatArray, weights: FloatArray, settings: EnsembleSettings, random_state: int
) -> TreeEnsemble:
    boosted = GradientBoostingRegressor(
        n_estimators=settings.trees,
        max_depth=settings.depth,
        learning_rate=settings.learning_rate,
        subsample=settings.row_share,
        max_features=settings.feature_share,
        min_samples_leaf=settings.leaf_rows,
        random_state=random_state,
    ).fit(rows, target, sample_weight=weights)
    trees, start = from_gradient_boosting(boosted)
    leaves = trees.leaves + start / len(trees.leaves)
    return TreeEnsemble(trees.features, trees.thresholds, leaves.astype(np.float32))


def forecasts(model: AnswerCheckModel, answers: CountedAnswers) -> FloatArray:
    """P(good) of many answers, their routes' statistics growing in file order from nothing."""
    return model.forecasts(answers.compared(model.prior), answers.raw())
