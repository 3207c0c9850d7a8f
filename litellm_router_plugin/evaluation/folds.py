"""Forecasts and choices for rows that were not learned from: folds of the rows, and sources left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.models import Forecasts, Progress, SuccessModel, Trainer, forecast_rows
from litellm_router_plugin.evaluation.rows import OutcomeRow

Told = Callable[[str], None]
"""Is told what is being done."""


def silent(_: str) -> None:
    """Tells nobody."""


def fold_numbers(rows: int, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each row, even in size, drawn from the seed."""
    return np.random.default_rng(seed).permutation(rows) % folds


def out_of_fold(
    train: Trainer, rows: Sequence[OutcomeRow], names: Sequence[str], *, folds: int, seed: int, tell: Told = silent
) -> Forecasts:
    """Forecasts for each row by a model fitted to the other folds.

    Raises:
        DataError: A forecast is missing or out of range.
    """
    number = fold_numbers(len(rows), folds, seed)
    parts = []
    for fold in range(folds):
        tell(f"fold {fold + 1} of {folds}")
        model = train([row for row, its in zip(rows, number, strict=True) if its != fold])
        kept = np.flatnonzero(number == fold)
        parts.append((kept, forecast_rows(model, [rows[index] for index in kept.tolist()], names)))
    return _merged(parts, len(rows), names)


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
