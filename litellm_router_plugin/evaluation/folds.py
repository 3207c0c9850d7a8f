"""Forecasts and choices for rows that were not learned from: folds of the rows, and sources left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.models import Forecasts, Progress, SuccessModel, Trainer, forecast_rows
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.learning.near_duplicates import near_duplicate_groups

Told = Callable[[str], None]
"""Is told what is being done."""


def silent(_: str) -> None:
    """Tells nobody."""


def fold_numbers(rows: int, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each row, even in size, drawn from the seed."""
    return np.random.default_rng(seed).permutation(rows) % folds


def grouped_folds(rows: Sequence[OutcomeRow], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each row, drawn from the seed; prompts that are nearly the same text share one."""
    groups = near_duplicate_groups([row.prompt.view().text for row in rows])
    _, group = np.unique(groups, return_inverse=True)
    return fold_numbers(int(group.max()) + 1, folds, seed)[group]


@dataclass(frozen=True, slots=True)
class RowModels:
    """The model that forecasts each row.

    Attributes:
        models: The models.
        number: For each row the position of its model.
    """

    models: tuple[SuccessModel, ...]
    number: NDArray[np.intp]

    @classmethod
    def one(cls, model: SuccessModel, rows: int) -> RowModels:
        """The same model for all rows."""
        return cls((model,), np.zeros(rows, dtype=np.intp))

    def forecasts(self, rows: Sequence[OutcomeRow], names: Sequence[str], progress: Progress = iter) -> Forecasts:
        """The forecasts of some models for each row.

        Raises:
            DataError: A forecast is missing or out of range.
        """
        parts = []
        for index, model in enumerate(self.models):
            kept = np.flatnonzero(self.number == index)
            parts.append((kept, forecast_rows(model, [rows[row] for row in kept.tolist()], names, progress)))
        return _merged(parts, len(rows), names)


def fold_models(train: Trainer, rows: Sequence[OutcomeRow], *, folds: int, seed: int, tell: Told = silent) -> RowModels:
    """For each row a model fitted to the other folds, which has seen neither the row nor a near copy of it."""
    number = grouped_folds(rows, folds, seed)
    models = []
    for fold in range(folds):
        tell(f"fold {fold + 1} of {folds}")
        models.append(train([row for row, its in zip(rows, number, strict=True) if its != fold]))
    return RowModels(tuple(models), number)


def out_of_fold(
    train: Trainer, rows: Sequence[OutcomeRow], names: Sequence[str], *, folds: int, seed: int, tell: Told = silent
) -> Forecasts:
    """Forecasts for each row by a model fitted to the other folds.

    Raises:
        DataError: A forecast is missing or out of range.
    """
    return fold_models(train, rows, folds=folds, seed=seed, tell=tell).forecasts(rows, names)


def without_own_source(
    train: Trainer,
    fit: Sequence[OutcomeRow],
    scored: Sequence[OutcomeRow],
    names: Sequence[str],
    *,
    groups: Sequence[Collection[str]] | None = None,
    progress: Progress = iter,
    tell: Told = silent,
) -> Forecasts:
    """Forecasts for each scored row by a model fitted to the rows of other sources.

    Args:
        train: Fits the models.
        fit: Rows to learn from.
        scored: Rows to forecast.
        names: Models to forecast.
        groups: Sources that are left out together; default: each source by itself.
        progress: Hands on the scored rows and shows how far it is.
        tell: Is told what is being done.

    Raises:
        DataError: A forecast is missing or out of range.
    """
    parts = []
    known = {row.source for row in fit}
    fitted: dict[frozenset[str], SuccessModel] = {}  # sources that nobody learned from share one model
    left_out = [{source} for source in sorted({row.source for row in scored})] if groups is None else groups
    for index, sources in enumerate(left_out):
        tell(f"without {', '.join(sorted(sources))} ({index + 1} of {len(left_out)})")
        without = frozenset(known & set(sources))
        if without not in fitted:
            fitted[without] = train([row for row in fit if row.source not in without])
        kept = np.flatnonzero([row.source in sources for row in scored])
        served = [scored[index] for index in kept.tolist()]
        parts.append((kept, forecast_rows(fitted[without], served, names, progress)))
    return _merged(parts, len(scored), names)


def source_groups(sources: Sequence[str], groups: int) -> list[set[str]]:
    """Sources dealt to at most so many groups, the largest first to the smallest group."""
    counts = Counter(sources)
    dealt: list[set[str]] = [set() for _ in range(min(groups, len(counts)))]
    for source, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        min(dealt, key=lambda group: sum(counts[each] for each in group)).add(source)
    return dealt


def _merged(parts: Sequence[tuple[NDArray[np.intp], Forecasts]], rows: int, names: Sequence[str]) -> Forecasts:
    success, tokens = np.empty((rows, len(names))), np.empty((rows, len(names)))
    for kept, forecasts in parts:
        success[kept] = forecasts.success
        tokens[kept] = forecasts.completion_tokens
    return Forecasts({name: column for column, name in enumerate(names)}, success, tokens)
