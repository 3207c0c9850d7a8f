"""Policies side by side on the same rows and the same resamples: quality, cost, saving, distance to the static mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from litellm_router_plugin.evaluation.intervals import NEGLIGIBLE, Estimate, Resamples, ratio, summarise
from litellm_router_plugin.evaluation.mixing import mix_quality
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.policies import Replay
from litellm_router_plugin.evaluation.tables import OutcomeTable

TargetState = Literal["kept", "probably kept", "probably missed", "missed"]
PER_THOUSAND = 1000
"""Costs are shown for this many requests."""


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """One policy on some rows.

    Attributes:
        policy: Its name.
        shares: Share of the rows that each tier serves, cheapest first.
        quality: Mean score, 0..1.
        cost: USD a thousand requests.
        quality_kept: Quality divided by that of the best fixed tier.
        saving: 1 - cost / cost of the best fixed tier; negative where it costs more.
        over_mix: Quality minus that of the static mix at equal cost.
        target: What ``quality_kept`` was meant to reach; None where nothing was said.
        target_state: Whether it reached it on these rows; ``probably`` where the interval leaves it open.
    """

    policy: str
    shares: tuple[float, ...]
    quality: Estimate
    cost: Estimate
    quality_kept: Estimate
    saving: Estimate
    over_mix: Estimate
    target: float | None = None
    target_state: TargetState | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """Means of every tier and of some policies: first on the rows as they are, then on each resample."""

    tier_quality: Floats
    tier_cost: Floats
    quality: Floats
    cost: Floats

    @property
    def over_mix(self) -> Floats:
        """Quality of each policy minus that of the static mix at equal cost."""
        return self.quality - mix_quality(self.tier_quality, self.tier_cost, self.cost)


def target_state(kept: Estimate, target: float | None) -> TargetState | None:
    """Whether a target was reached, by the interval of what was kept."""
    if target is None or kept.value is None:
        return None
    if kept.low is not None and kept.low >= target - NEGLIGIBLE:
        return "kept"
    if kept.high is not None and kept.high < target:
        return "missed"
    return "probably kept" if kept.value >= target - NEGLIGIBLE else "probably missed"


def best_fixed(table: OutcomeTable) -> int:
    """The rung of the fixed tier with the best mean quality; the cheaper one of equals."""
    quality, cost = table.quality.mean(axis=0), table.cost.mean(axis=0)
    return int(np.lexsort((cost, -quality))[0])


def means(table: OutcomeTable, replays: Sequence[Replay], resamples: Resamples) -> Means:
    """Means of all tiers and policies under the same resamples."""
    quality = np.column_stack([each.quality for each in replays])
    cost = np.column_stack([each.cost for each in replays])
    tiers, policies = table.quality.shape[1], len(replays)
    columns = np.hstack([table.quality, table.cost, quality, cost])
    all_means = resamples.replicates(lambda counts: counts @ columns / counts.sum(axis=1, keepdims=True))
    return Means(*np.split(all_means, np.cumsum([tiers, tiers, policies]), axis=1))


def compare(table: OutcomeTable, replays: Sequence[Replay], resamples: Resamples) -> tuple[PolicyFigures, ...]:
    """The figures of each policy; ``resamples`` are over the table's rows."""
    found = means(table, replays, resamples)
    best = best_fixed(table)
    kept = ratio(found.quality, found.tier_quality[:, [best]])
    saving = 1 - ratio(found.cost, found.tier_cost[:, [best]])
    over_mix = found.over_mix
    return tuple(
        PolicyFigures(
            policy=each.policy,
            shares=each.shares,
            quality=summarise(found.quality[:, index]),
            cost=summarise(found.cost[:, index] * PER_THOUSAND),
            quality_kept=summarise(kept[:, index]),
            saving=summarise(saving[:, index]),
            over_mix=summarise(over_mix[:, index]),
            target=each.target,
            target_state=target_state(summarise(kept[:, index]), each.target),
        )
        for index, each in enumerate(replays)
    )
