"""How often a classifier trained on tier labels names the right tier, on rows it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from litellm_router_plugin.evaluation.folds import Told, fold_numbers, silent, source_groups
from litellm_router_plugin.evaluation.intervals import Resamples, weighted_mean
from litellm_router_plugin.evaluation.rows import LabelRow
from litellm_router_plugin.evaluation.scopes import Draws, Kept, Replicates, ScopeFigures, Sources, figures_by_scope
from litellm_router_plugin.evaluation.training_figures import TrainingFigures

FitLabels = Callable[[Sequence[str], Sequence[str]], Callable[[Sequence[str]], Sequence[str]]]
"""Texts and their tiers -> what names the tiers of other texts."""
LABEL_FIGURES = ("accuracy", "commonest")
FEWEST_TIERS = 2


def label_figures(
    fit: FitLabels, rows: Sequence[LabelRow], *, folds: int, draws: Draws, tell: Told = silent
) -> TrainingFigures:
    """Train on parts of the labels and score the others.

    Figures of each scope: ``accuracy``, share of rows whose tier is named; ``commonest``, the share that always
    naming the commonest tier of the training part would reach. Parts that hold one tier only are left out.
    """
    sources = [row.source for row in rows]
    number = fold_numbers(len(rows), folds, draws.seed)
    by_fold = [np.flatnonzero(number == fold) for fold in range(folds)]
    within = _figures(fit, rows, by_fold, draws, tell)
    if len(set(sources)) == 1:
        return TrainingFigures(within, None)
    groups = source_groups(sources, folds)
    by_group = [np.flatnonzero(np.isin(sources, sorted(group))) for group in groups]
    return TrainingFigures(within, _figures(fit, rows, by_group, draws, tell))


def _figures(
    fit: FitLabels, rows: Sequence[LabelRow], parts: Sequence[Kept], draws: Draws, tell: Told
) -> tuple[ScopeFigures, ...]:
    sources: Sources = np.array([row.source for row in rows])
    right, commonest = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for part, (kept, named, usual) in enumerate(_served(fit, rows, parts)):
        tell(f"part {part + 1} of {len(parts)}")
        tiers = [rows[index].tier for index in kept.tolist()]
        right[kept] = [name == tier for name, tier in zip(named, tiers, strict=True)]
        commonest[kept] = [usual == tier for tier in tiers]
    scored = np.flatnonzero(~np.isnan(right))

    def measure(kept: Kept, resamples: Resamples) -> Replicates:
        rows_here = scored[kept]
        figures = {"accuracy": right[rows_here], "commonest": commonest[rows_here]}
        return {name: resamples.replicates(weighted_mean(values)) for name, values in figures.items()}

    return tuple(figures_by_scope(sources[scored], draws, measure, pooled=False)) if len(scored) else ()


def _served(
    fit: FitLabels, rows: Sequence[LabelRow], parts: Sequence[Kept]
) -> Iterator[tuple[Kept, Sequence[str], str]]:
    """Each part with the tiers named for it and the commonest tier of the others."""
    texts = [row.prompt.view().text for row in rows]
    for kept in parts:
        out = set(kept.tolist())
        others = [index for index in range(len(rows)) if index not in out]
        tiers = [rows[index].tier for index in others]
        if len(set(tiers)) >= FEWEST_TIERS and len(kept):
            name = fit([texts[index] for index in others], tiers)
            yield kept, name([texts[index] for index in kept.tolist()]), Counter(tiers).most_common(1)[0][0]
