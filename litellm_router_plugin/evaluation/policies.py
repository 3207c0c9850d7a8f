"""Ways to choose a tier that need no model, replayed over recorded outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.tables import OutcomeTable

Rungs = NDArray[np.intp]
"""For each row the position of the tier that serves it."""

HeuristicScores = Callable[[Sequence[str]], Sequence[tuple[int, float]]]
"""Texts -> for each its level (0 simplest … `TOP_LEVEL`) and a score that rises with difficulty."""
TOP_LEVEL = 3
"""LiteLLM's levels are SIMPLE, MEDIUM, COMPLEX and REASONING, counted from 0."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy would have scored and cost on each row of a table.

    Attributes:
        policy: Its name.
        quality: By row, 0..1; an expectation where the policy draws lots.
        cost: By row, USD.
        shares: Share of the rows that each tier serves, cheapest first.
        target: Share of the best fixed tier's quality that its setting was fixed to keep; None where it had none.
    """

    policy: str
    quality: Floats
    cost: Floats
    shares: tuple[float, ...]
    target: float | None = None

    def taken(self, keep: NDArray[np.intp]) -> Replay:
        """The replay of some rows; the shares stay those of all."""
        return Replay(self.policy, self.quality[keep], self.cost[keep], self.shares, self.target)


def replay(policy: str, table: OutcomeTable, rungs: Rungs, target: float | None = None) -> Replay:
    """Serve each row by the tier at its rung."""
    chosen = np.asarray(rungs)[:, None]
    shares = np.bincount(rungs, minlength=table.quality.shape[1]) / max(1, len(table))
    return Replay(
        policy,
        np.take_along_axis(table.quality, chosen, axis=1)[:, 0],
        np.take_along_axis(table.cost, chosen, axis=1)[:, 0],
        tuple(float(share) for share in shares),
        target,
    )


def always(table: OutcomeTable) -> list[Replay]:
    """Each tier for every row, cheapest tier first."""
    names = table.ladder.tier_names
    return [replay(f"always {name}", table, np.full(len(table), rung)) for rung, name in enumerate(names)]


def at_random(table: OutcomeTable) -> Replay:
    """Every tier with the same chance, in expectation."""
    tiers = table.quality.shape[1]
    return Replay("random", table.quality.mean(axis=1), table.cost.mean(axis=1), (1 / tiers,) * tiers)


def oracle(table: OutcomeTable) -> Replay:
    """The cheapest of the best-scoring tiers of each row: an upper bound that reads the scores themselves."""
    best = table.quality >= table.quality.max(axis=1, keepdims=True)
    return replay("oracle", table, np.where(best, table.cost, np.inf).argmin(axis=1))


def rungs_of_levels(levels: Sequence[int], tiers: int) -> Rungs:
    """Levels 0..`TOP_LEVEL` spread evenly over a ladder: with three tiers 0, 1, 1, 2."""
    spread = np.asarray(levels, dtype=np.float64) * (tiers - 1) / TOP_LEVEL
    return np.floor(spread + 0.5).astype(np.intp)


def heuristics(table: OutcomeTable, levels: Mapping[str, Sequence[int]]) -> list[Replay]:
    """Policies that follow a heuristic's levels; levels are given for the rows the table was made from."""
    positions = list(table.positions)
    tiers = table.quality.shape[1]
    return [
        replay(name, table, rungs_of_levels(np.asarray(given)[positions].tolist(), tiers))
        for name, given in levels.items()
    ]
