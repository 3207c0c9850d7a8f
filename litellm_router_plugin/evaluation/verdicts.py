"""Where routing pays and where it does not, in words, with the interval that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from litellm_router_plugin.evaluation.comparison import PolicyFigures, best_fixed, compare
from litellm_router_plugin.evaluation.intervals import NEGLIGIBLE, Resamples
from litellm_router_plugin.evaluation.policies import Replay
from litellm_router_plugin.evaluation.scopes import POOLED, Draws, Kept, source_scopes
from litellm_router_plugin.evaluation.tables import OutcomeTable

Pays = Literal["pays", "not shown to pay", "does not pay"]


@dataclass(frozen=True, slots=True)
class RoutingVerdict:
    """Whether one policy is worth having on one scope.

    Attributes:
        scope: A source, or ``pooled``.
        rows: How many.
        policy: The policy's name.
        best_fixed: The best fixed tier there.
        pays: ``pays`` where its quality lies above the static mix at equal cost with the whole interval,
            ``does not pay`` where the whole interval lies below, or where the best fixed tier is at least as good and
            no dearer; else ``not shown to pay``.
        reason: The same in a sentence.
        figures: The policy's figures on the scope; savings are against the best fixed tier there.
    """

    scope: str
    rows: int
    policy: str
    best_fixed: str
    pays: Pays
    reason: str
    figures: PolicyFigures


def judge_routing(figures: PolicyFigures, best: str) -> tuple[Pays, str]:
    """Whether a policy pays against the static mix and the best fixed tier, and why."""
    mix, kept, saving = figures.over_mix, figures.quality_kept.value or 0.0, figures.saving.value or 0.0
    if abs(kept - 1) <= NEGLIGIBLE and abs(saving) <= NEGLIGIBLE:
        return "does not pay", f"it serves everything as always {best} does"
    if kept <= 1 + NEGLIGIBLE and saving <= NEGLIGIBLE:
        return "does not pay", f"always {best} is at least as good and costs no more"
    if mix.is_below_zero:
        return "does not pay", f"a coin flip at equal cost is better by {-(mix.value or 0):.3f}"
    if mix.is_above_zero:
        return "pays", f"{mix.value:+.3f} over a coin flip at equal cost"
    return "not shown to pay", "within chance of a coin flip at equal cost"


def routing_verdicts(table: OutcomeTable, policy: Replay, draws: Draws) -> list[RoutingVerdict]:
    """The verdict over all rows and within each source."""
    everything = (POOLED, np.arange(len(table)), draws.over(len(table)))
    return [_verdict(table, policy, *scope) for scope in (everything, *source_scopes(table.sources, draws))]


def _verdict(table: OutcomeTable, policy: Replay, scope: str, kept: Kept, resamples: Resamples) -> RoutingVerdict:
    part = table.taken(kept)
    best = table.ladder.tier_names[best_fixed(part)]
    (figures,) = compare(part, [policy.taken(kept)], resamples)
    pays, reason = judge_routing(figures, best)
    return RoutingVerdict(scope, len(part), policy.policy, best, pays, reason, figures)


def dominated_tiers(table: OutcomeTable) -> list[str]:
    """A sentence for each tier that another one beats or equals in quality and undercuts in mean cost."""
    quality, cost, names = table.quality.mean(axis=0), table.cost.mean(axis=0), table.ladder.tier_names
    found = []
    for rung, name in enumerate(names):
        better = [other for other in range(len(names)) if quality[other] >= quality[rung] and cost[other] < cost[rung]]
        if better:
            other = max(better, key=lambda each: quality[each])
            times = f"{cost[rung] / cost[other]:.1f} times" if cost[other] else "more than"
            found.append(
                f"{name} is dominated by {names[other]}: quality {quality[rung]:.3f} against {quality[other]:.3f} "
                f"at {times} the cost"
            )
    return found
