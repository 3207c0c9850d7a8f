"""What a replay of recorded traffic adds up to: cost by policy, with bootstrap intervals over requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from litellm_router_plugin.core.verdicts import Outcome
from litellm_router_plugin.evaluation.intervals import Estimate, Resamples, ratio
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.traffic_replay import Replayed

RECORDED: Final = "as recorded"
ROUTED: Final = "tier router, no cascade"
CASCADED: Final = "tier router with its cascade"
DRAWS: Final = 2_000
SEED: Final = 20_260
FEWEST_DRAFTS: Final = 30
"""Recorded drafts below which the share that moves up is too uncertain to price the other drafts by."""


@dataclass(frozen=True, slots=True)
class PolicyCost:
    """What one way of serving the requests costs.

    Attributes:
        cost_usd: In all.
        saving: Share of the recorded cost that is saved; negative where it costs more.
        estimated: Requests whose amount rests on an answer that was not produced.
    """

    policy: str
    cost_usd: Estimate
    saving: Estimate
    estimated: int


@dataclass(frozen=True, slots=True)
class TrafficFigures:
    """A replay added up.

    Attributes:
        requests: Requests replayed.
        tiers: Tier -> requests that would start there.
        causes: Why -> requests.
        moved: Tier that answered, ``other`` for none of the ladder -> tier that would have started -> requests.
        drafts: Recorded drafts that the checks read.
        rejected: Those that they reject, by check.
        doubted: Those that they are unsure about: a judge or a second model would be asked.
        policies: Costs, the recorded one first.
        notes: What limits the figures.
    """

    requests: int
    tiers: Mapping[str, int] = field(hash=False)
    causes: Mapping[str, int] = field(hash=False)
    moved: Mapping[str, Mapping[str, int]] = field(hash=False)
    drafts: int
    rejected: Mapping[str, int] = field(hash=False)
    doubted: int
    policies: tuple[PolicyCost, ...]
    notes: tuple[str, ...]


def figures_of(replayed: Sequence[Replayed], tiers: Sequence[str], draws: int = DRAWS) -> TrafficFigures:
    """The figures of a replay of at least one request."""
    drafts = [one for one in replayed if one.draft is not None]
    policies, notes = _policies(replayed, tiers, Resamples(len(replayed), draws, SEED))
    moved: dict[str, Counter[str]] = {}
    for one in replayed:
        moved.setdefault(one.recorded_tier or "other", Counter())[one.tier] += 1
    return TrafficFigures(
        requests=len(replayed),
        tiers=_counted(tiers, [one.tier for one in replayed]),
        causes=dict(Counter(one.choice.cause for one in replayed).most_common()),
        moved={name: _counted(tiers, list(moved[name].elements())) for name in (*tiers, "other") if name in moved},
        drafts=len(drafts),
        rejected=dict(Counter(check for one in drafts if one.draft for check in one.draft.failed_checks).most_common()),
        doubted=sum(one.draft is not None and one.draft.outcome is Outcome.UNSURE for one in drafts),
        policies=policies,
        notes=notes,
    )


def _counted(tiers: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    counts = Counter(names)
    return {tier: counts[tier] for tier in tiers if counts[tier]}


def _policies(
    replayed: Sequence[Replayed], tiers: Sequence[str], draws: Resamples
) -> tuple[tuple[PolicyCost, ...], tuple[str, ...]]:
    recorded = np.array([float(one.recorded_usd) for one in replayed])
    ways = {f"always {tier}": [tier] * len(replayed) for tier in tiers} | {ROUTED: [one.tier for one in replayed]}
    found = [_priced(RECORDED, recorded, recorded, 0, draws)]
    for policy, chosen in ways.items():
        pairs = list(zip(replayed, chosen, strict=True))
        costs = np.array([float(one.cost_usd[tier]) for one, tier in pairs])
        found.append(_priced(policy, costs, recorded, sum(one.recorded_tier != tier for one, tier in pairs), draws))
    if any(one.cascade_usd is None for one in replayed):
        return tuple(found), ("The tier router has no cascade.",)
    cascade, note = _cascade(replayed, recorded, draws)
    return (*found, *cascade), note


def _priced(policy: str, costs: Floats, recorded: Floats, estimated: int, draws: Resamples) -> PolicyCost:
    saving = draws.estimate(lambda counts: 1.0 - ratio(counts @ costs, counts @ recorded))
    return PolicyCost(policy, draws.estimate(lambda counts: counts @ costs), saving, estimated)


def _cascade(
    replayed: Sequence[Replayed], recorded: Floats, draws: Resamples
) -> tuple[tuple[PolicyCost, ...], tuple[str, ...]]:
    """The cascade's cost: of drafts that were not recorded the same share moves up as of those that were."""
    read = np.array([float(one.draft is not None) for one in replayed])
    if read.sum() < FEWEST_DRAFTS:
        seen = f"{int(read.sum())} answers of the tier that would start were recorded"
        return (), (f"{seen}, too few to price the cascade ({FEWEST_DRAFTS} are needed).",)
    rejected = np.array([float(bool(one.moves_up)) for one in replayed])
    known = np.array([float(one.cascade_usd or 0) for one in replayed])
    upwards = np.array([float(one.next_usd) for one in replayed]) * (1.0 - read)

    def cost(counts: Floats) -> Floats:
        total: Floats = counts @ known + ratio(counts @ rejected, counts @ read) * (counts @ upwards)
        return total

    policy = PolicyCost(
        CASCADED,
        draws.estimate(cost),
        draws.estimate(lambda counts: 1.0 - ratio(cost(counts), counts @ recorded)),
        sum(one.is_estimated for one in replayed),
    )
    return (policy,), ("Judges and second models are not asked in a replay: their cost and moves up are missing.",)
