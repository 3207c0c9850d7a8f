"""Quality and cost of policies on the same prompts, with bootstrap intervals and the static mix beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.replay.setups import TIER_NAMES
from benchmarks.replay.traffic import Served
from litellm_router_plugin.evaluation.intervals import Estimate, Resamples, summarise
from litellm_router_plugin.evaluation.mixing import mix_quality
from litellm_router_plugin.evaluation.models import Floats

DRAWS = 4_000
SEED = 20240
PER = 1_000
"""Costs are told per so many requests."""

HEADINGS = (
    "policy",
    "quality",
    "USD / 1,000",
    "moved up",
    "quality against always the dearest",
    "saving against it, %",
    "quality against a static mix of the same cost",
    "it pays",
    "guard",
)
NOTHING = ""

Requests = Mapping[str, Sequence[Served]]
"""Policy -> its requests; the same prompts in the same order for every policy."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one policy came to.

    Attributes:
        quality: Mean score of the answers served.
        cost_usd: Per 1,000 requests, every call counted.
        moved_up: Share of requests that the cascade moved up.
        quality_gap: Quality minus that of always calling the dearest tier.
        saving: Share of the dearest tier's cost that was saved; negative when it cost more.
        mix_gap: Quality minus that of the best static mix of fixed tiers at the same cost.
    """

    quality: Estimate
    cost_usd: Estimate
    moved_up: float
    quality_gap: Estimate
    saving: Estimate
    mix_gap: Estimate


def always(tier: str) -> str:
    """The name of the policy that calls one tier for everything."""
    return f"always {tier}"


def figures(requests: Requests) -> dict[str, Figures]:
    """The figures of every policy; ``always …`` for each tier must be among them."""
    policies = list(requests)
    scores = np.array([[one.score for one in requests[policy]] for policy in policies])
    costs = np.array([[one.cost_usd for one in requests[policy]] for policy in policies])
    fixed = [policies.index(always(tier)) for tier in TIER_NAMES if always(tier) in policies]
    quality, cost = _replicated(scores), _replicated(costs)
    mix = mix_quality(quality[:, fixed], cost[:, fixed], cost)
    top = fixed[-1]
    return {
        policy: Figures(
            quality=summarise(quality[:, place]),
            cost_usd=summarise(PER * cost[:, place]),
            moved_up=float(np.mean([one.escalated for one in requests[policy]])),
            quality_gap=summarise(quality[:, place] - quality[:, top]),
            saving=summarise(1 - cost[:, place] / cost[:, top]),
            mix_gap=summarise(quality[:, place] - mix[:, place]),
        )
        for place, policy in enumerate(policies)
    }


def _replicated(values: Floats) -> Floats:
    """Means of each policy (columns) on the prompts as they are, then on each resample of them."""
    rows = values.shape[1]
    figure: Callable[[Floats], Floats] = lambda counts: counts @ values.T / rows  # noqa: E731  one line says it
    return Resamples(rows, DRAWS, SEED).replicates(figure)


def table(found: Mapping[str, Figures], notes: Mapping[str, str]) -> list[str]:
    """A markdown table; ``notes`` are what the guard said, by policy."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|" + " --- |" * len(HEADINGS)]
    for policy, one in found.items():
        is_fixed = policy.startswith("always")
        cells = [
            policy,
            f"{one.quality.value:.3f}",
            f"{one.cost_usd.value:.3f}",
            NOTHING if is_fixed else f"{one.moved_up:.0%}",
            points(one.quality_gap),
            points(one.saving),
            points(one.mix_gap),
            NOTHING if is_fixed else pays(one.mix_gap),
            notes.get(policy, NOTHING),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def points(estimate: Estimate) -> str:
    """A share in percentage points, with its interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "unknown"
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:+.1f} [{low:+.1f}, {high:+.1f}]"


def pays(gap: Estimate) -> str:
    """Whether a policy is better than a coin flip between fixed tiers at the same cost."""
    if gap.is_above_zero:
        return "yes"
    return "no" if gap.is_below_zero else "not shown"
