"""How well a way of training forecasts failures on rows it has not seen: within the known sources and on new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litellm_router_plugin.evaluation.calibration import base_brier, brier
from litellm_router_plugin.evaluation.folds import Told, out_of_fold, silent, source_groups, without_own_source
from litellm_router_plugin.evaluation.intervals import Resamples, WeightedFigure
from litellm_router_plugin.evaluation.models import Floats, Forecasts, Trainer
from litellm_router_plugin.evaluation.ranking import auc
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws, Kept, Replicates, ScopeFigures, figures_by_scope
from litellm_router_plugin.evaluation.tables import FAIL_BELOW

MIN_OF_EACH = 10
"""Failures and successes that a model needs in a scope before its AUC there counts."""
TRAINING_FIGURES = ("fail_auc", "brier", "base_brier")


@dataclass(frozen=True, slots=True)
class TrainingFigures:
    """Forecasts of failure for rows that were not learned from.

    Figures of each scope, means over models: ``fail_auc``, P(a prompt that the model fails ranks above one that it
    does not); ``brier``; ``base_brier``, that of forecasting each model's own mean there.

    Attributes:
        within: By models fitted to the other folds of the rows, all sources among them.
        between: By models fitted to other sources, sources left out in as many groups; None with one source only.
    """

    within: tuple[ScopeFigures, ...]
    between: tuple[ScopeFigures, ...] | None


def training_figures(
    train: Trainer, rows: Sequence[OutcomeRow], *, folds: int, draws: Draws, tell: Told = silent
) -> TrainingFigures:
    """Train on parts of the rows and score the others: ``folds`` times by rows, as often by sources.

    Raises:
        DataError: A part is too small to learn from.
    """
    names = sorted({model for row in rows for model in row.outcomes})
    sources = np.array([row.source for row in rows])
    scores = np.array([[_score(row, name) for name in names] for row in rows])
    within = out_of_fold(train, rows, names, folds=folds, seed=draws.seed, tell=tell)
    found = tuple(figures_by_scope(sources, draws, _Measure(scores, within), pooled=False))
    if len(set(sources.tolist())) == 1:
        return TrainingFigures(found, None)
    groups = source_groups([row.source for row in rows], folds)
    between = without_own_source(train, rows, rows, names, groups=groups, tell=tell)
    return TrainingFigures(found, tuple(figures_by_scope(sources, draws, _Measure(scores, between), pooled=False)))


def _score(row: OutcomeRow, name: str) -> float:
    outcome = row.outcomes.get(name)
    return np.nan if outcome is None else outcome.score


class _Measure:
    """The mean over models of each figure; a model without enough outcomes in the scope is left out."""

    def __init__(self, scores: Floats, forecasts: Forecasts) -> None:
        self.scores, self.success = scores, forecasts.success

    def __call__(self, kept: Kept, resamples: Resamples) -> Replicates:
        found: dict[str, list[Floats]] = {}
        for model in range(self.scores.shape[1]):
            for name, figure in self._figures(kept, model).items():
                found.setdefault(name, []).append(resamples.replicates(figure))
        return {name: np.mean(each, axis=0) for name, each in found.items()}

    def _figures(self, kept: Kept, model: int) -> dict[str, WeightedFigure]:
        known = np.flatnonzero(~np.isnan(self.scores[kept, model]))
        rows = kept[known]
        succeeded = self.scores[rows, model] >= FAIL_BELOW
        if min(succeeded.sum(), (~succeeded).sum()) < MIN_OF_EACH:
            return {}
        forecast = self.success[rows, model]
        figures = {
            "fail_auc": auc(1 - forecast, ~succeeded),
            "brier": brier(forecast, succeeded),
            "base_brier": base_brier(succeeded),
        }
        return {name: _on(known, figure) for name, figure in figures.items()}


def _on(known: Kept, figure: WeightedFigure) -> WeightedFigure:
    """A figure over the rows that have an outcome, for weights over all rows of the scope."""
    return lambda counts: figure(counts[:, known])
