"""Where a figure is taken: over all rows, within each source, and as the mean over sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.intervals import UNDEFINED, Estimate, Resamples, mean_over, summarise
from litellm_router_plugin.evaluation.models import Floats

POOLED = "pooled"
MEAN = "mean over sources"

Sources = NDArray[np.str_]
"""The source of each row."""
Kept = NDArray[np.intp]
"""Positions of the rows of a scope."""
Replicates = Mapping[str, Floats]
"""Figure's name -> its value on the rows as they are, then on each resample; absent where it does not exist."""
Measure = Callable[[Kept, Resamples], Replicates]
"""Takes every figure of one scope."""


@dataclass(frozen=True, slots=True)
class Draws:
    """How intervals are drawn.

    Attributes:
        count: Resamples.
        seed: Same seed, same intervals.
    """

    count: int
    seed: int

    def over(self, rows: int, stream: int = 0) -> Resamples:
        """Resamples of so many rows; sources take different streams so that they vary apart."""
        return Resamples(rows, self.count, self.seed + stream)


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """All figures of one scope.

    Attributes:
        scope: A source, ``pooled`` (all rows together) or ``mean over sources``.
        rows: How many.
        figures: Figure's name -> estimate; `UNDEFINED` where it does not exist.
    """

    scope: str
    rows: int
    figures: Mapping[str, Estimate]

    def __getitem__(self, figure: str) -> Estimate:
        return self.figures.get(figure, UNDEFINED)


def source_scopes(sources: Sources, draws: Draws) -> Iterator[tuple[str, Kept, Resamples]]:
    """Each source with the positions of its rows and resamples of them."""
    for index, source in enumerate(np.unique(sources)):
        kept = np.flatnonzero(sources == source)
        yield str(source), kept, draws.over(len(kept), stream=index + 1)


def figures_by_scope(sources: Sources, draws: Draws, measure: Measure, *, pooled: bool = True) -> list[ScopeFigures]:
    """Figures pooled (unless switched off), as the mean over sources, and of each source."""
    found = []
    if pooled:
        everything = measure(np.arange(len(sources)), draws.over(len(sources)))
        found.append(_scope_figures(POOLED, len(sources), everything))
    by_source = [
        (source, len(kept), measure(kept, resamples)) for source, kept, resamples in source_scopes(sources, draws)
    ]
    found.append(_mean_figures([replicates for _, _, replicates in by_source], len(sources)))
    return found + [_scope_figures(*scope) for scope in by_source]


def _scope_figures(scope: str, rows: int, replicates: Replicates) -> ScopeFigures:
    return ScopeFigures(scope, rows, {name: summarise(values) for name, values in replicates.items()})


def _mean_figures(by_source: list[Replicates], rows: int) -> ScopeFigures:
    names = sorted({name for replicates in by_source for name in replicates})
    figures = {name: mean_over([each[name] for each in by_source if name in each]) for name in names}
    return ScopeFigures(MEAN, rows, figures)
