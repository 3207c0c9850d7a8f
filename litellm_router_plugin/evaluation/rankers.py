"""Scores that rank the prompts of a table: by length, by source alone, by a heuristic, by a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.tables import OutcomeTable, TierForecasts


@dataclass(frozen=True, slots=True)
class Ranker:
    """Two scores a row; only their order counts.

    Attributes:
        name: What reports call it.
        gain: High where the dearest tier should beat the cheapest.
        fail: High where the cheapest tier should fail.
    """

    name: str
    gain: Floats
    fail: Floats


def by_length(table: OutcomeTable) -> Ranker:
    """Longer prompts are harder."""
    lengths = np.array([row.prompt.view().chars for row in table.rows], dtype=np.float64)
    return Ranker("prompt length", lengths, lengths)


def by_source_mean(table: OutcomeTable, fit: OutcomeTable) -> Ranker:
    """Knows each prompt's source and nothing else: what recognising a benchmark is worth.

    Sources without a row to learn from get the mean over all.
    """
    gain = _source_means(fit.sources, fit.gain)
    fails = _source_means(fit.sources, fit.cheap_fails.astype(np.float64))
    sources = [str(source) for source in table.sources]
    return Ranker(
        "source mean only",
        np.array([gain.get(source, float(fit.gain.mean())) for source in sources]),
        np.array([fails.get(source, float(fit.cheap_fails.mean())) for source in sources]),
    )


def _source_means(sources: NDArray[np.str_], values: Floats) -> dict[str, float]:
    return {str(source): float(values[sources == source].mean()) for source in np.unique(sources)}


def by_heuristics(table: OutcomeTable, scored: Mapping[str, Sequence[tuple[int, float]]]) -> list[Ranker]:
    """Each heuristic by its score and by its level; scores are given for the rows the table was made from."""
    rankers = []
    for name, pairs in scored.items():
        taken = np.array([pairs[position] for position in table.positions], dtype=np.float64)
        for label, column in (("score", 1), ("level", 0)):
            values = taken[:, column]
            rankers.append(Ranker(f"{name}, {label}", values, values))
    return rankers


def by_model(forecasts: TierForecasts, name: str = "learned") -> list[Ranker]:
    """A model by the difference of its dearest and cheapest tier, and by the cheapest tier's failure alone."""
    fail = 1 - forecasts.success[:, 0]
    gain = forecasts.success[:, -1] - forecasts.success[:, 0]
    return [Ranker(name, gain, fail), Ranker(f"{name}, cheap fails only", fail, fail)]
