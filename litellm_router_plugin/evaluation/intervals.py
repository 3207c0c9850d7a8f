"""Bootstrap over prompts: one set of resamples for everything that is compared, so differences are paired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from litellm_router_plugin.evaluation.models import Floats

CONFIDENCE = 0.95
"""Share of resamples that an interval covers; its ends are percentiles (Efron 1979)."""
MIN_DEFINED = 0.9
"""Share of resamples in which a figure must exist for its interval to be shown."""
NEGLIGIBLE = 1e-9
"""Distances from 0 up to this are rounding, not findings."""
CHUNK_CELLS = 2_000_000
"""Cells of resample counts that are worked on at a time, about 16 MB."""
KEPT_CELLS = 8_000_000
"""Counts up to this many cells are kept between figures; more are drawn again."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % bootstrap interval; None where it does not exist.

    Attributes:
        value: On the rows as they are.
        low: Lower end.
        high: Upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_above_zero(self) -> bool:
        """The whole interval lies above 0."""
        return self.low is not None and self.low > NEGLIGIBLE

    @property
    def is_below_zero(self) -> bool:
        """The whole interval lies below 0."""
        return self.high is not None and self.high < -NEGLIGIBLE


UNDEFINED = Estimate(None)

WeightedFigure = Callable[[Floats], Floats]
"""How often each row counts (draws x rows) -> the figure of each draw; NaN where it does not exist."""


@dataclass(frozen=True)
class Resamples:
    """How often each of ``rows`` rows is drawn in each of ``draws`` resamples; the same for the same seed."""

    rows: int
    draws: int
    seed: int

    def chunks(self) -> Iterator[Floats]:
        """Counts (draws x rows), some draws at a time."""
        if self.rows * self.draws <= KEPT_CELLS:
            yield from self._kept
        else:
            yield from self._drawn()

    @cached_property
    def _kept(self) -> tuple[Floats, ...]:
        return tuple(self._drawn())

    def _drawn(self) -> Iterator[Floats]:
        random = np.random.default_rng((self.seed, self.rows))
        step = max(1, CHUNK_CELLS // self.rows)
        for start in range(0, self.draws, step):
            draws = min(step, self.draws - start)
            picked = random.integers(self.rows, size=(draws, self.rows)) + self.rows * np.arange(draws)[:, None]
            counts = np.bincount(picked.ravel(), minlength=draws * self.rows)
            yield counts.reshape(draws, self.rows).astype(np.float64)

    def replicates(self, figure: WeightedFigure) -> Floats:
        """The figure on the rows as they are, then on each resample."""
        as_they_are = figure(np.ones((1, self.rows)))
        return np.concatenate([as_they_are, *(figure(counts) for counts in self.chunks())])

    def estimate(self, figure: WeightedFigure) -> Estimate:
        """The figure with its interval."""
        return summarise(self.replicates(figure))


def summarise(replicates: Floats) -> Estimate:
    """An estimate from a figure on the rows as they are, followed by its resamples."""
    value, resampled = replicates[0], replicates[1:]
    if not np.isfinite(value):
        return UNDEFINED
    defined = resampled[np.isfinite(resampled)]
    if not len(resampled) or len(defined) < MIN_DEFINED * len(resampled):
        return Estimate(float(value))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, (tail, 1 - tail))
    return Estimate(float(value), float(low), float(high))


def mean_over(groups: list[Floats]) -> Estimate:
    """The mean of a figure over groups that were resampled apart; groups where it does not exist are left out."""
    defined = [replicates for replicates in groups if np.isfinite(replicates[0])]
    return summarise(np.mean(defined, axis=0)) if defined else UNDEFINED


def weighted_mean(values: Floats) -> WeightedFigure:
    """The mean of a value a row."""
    return lambda counts: counts @ values / counts.sum(axis=1)


def ratio(above: Floats, below: Floats) -> Floats:
    """Above / below; NaN where below is not positive."""
    divided: Floats = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=divided, where=below > 0)
    return divided
