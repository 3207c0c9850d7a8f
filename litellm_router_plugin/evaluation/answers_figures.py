"""Figures of policies replayed over recorded answers, with intervals, and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.evaluation.answers_policies import Served, break_even_accuracy
from litellm_router_plugin.evaluation.answers_rows import AnswerTable
from litellm_router_plugin.evaluation.intervals import Estimate, Resamples, ratio, weighted_mean
from litellm_router_plugin.evaluation.mixing import mix_quality
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.tables import FAIL_BELOW


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """What a policy achieved; differences and savings are against the dearest tier for every row.

    Attributes:
        policy: Its name.
        quality: Mean score.
        difference: Quality minus the dearest tier's.
        saving: 1 minus cost over the dearest tier's cost, everything that was called included.
        escalated: Share of rows that moved up.
        above_mix: Quality minus that of the best coin flip between fixed tiers at the same cost.
    """

    policy: str
    quality: Estimate
    difference: Estimate
    saving: Estimate
    escalated: float
    above_mix: Estimate


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """One source, or all together.

    Attributes:
        name: The source, or ``pooled``.
        rows: How many.
        policies: Figures of each.
        break_even_accuracy: See `answers_policies.break_even_accuracy`.
        shared_failure: Share by which the dearest tier is less often right where the cheapest is poor.
        agrees_good: Share of good cheapest drafts that the second opinion agrees with; None without one.
        agrees_poor: The same of poor ones.
    """

    name: str
    rows: int
    policies: tuple[PolicyFigures, ...]
    break_even_accuracy: float | None
    shared_failure: float | None
    agrees_good: float | None
    agrees_poor: float | None

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


def figures_of(
    name: str, answers: AnswerTable, served: Sequence[Served], resamples: Resamples, judge_usd: Floats
) -> ScopeFigures:
    """The figures of one scope; ``judge_usd``: rows x tiers, what a judge of each draft costs."""
    table = answers.table
    draft, target = table.quality[:, 0], table.quality[:, -1]
    poor = draft < FAIL_BELOW
    shared = 1.0 - target[poor].mean() / target.mean() if poor.any() and target.any() else None
    agreed = np.array([_agreed(drafts[0].opinion) for drafts in answers.drafts], np.float64)
    rates = [float(np.nanmean(agreed[rows])) if np.isfinite(agreed[rows]).any() else None for rows in (~poor, poor)]
    return ScopeFigures(
        name,
        len(answers),
        tuple(_policy(answers, one, resamples) for one in served),
        break_even_accuracy(answers, judge_usd),
        None if shared is None else float(shared),
        *rates,
    )


def _agreed(opinion: Verdict | None) -> float:
    return np.nan if opinion is None else float(opinion.outcome is Outcome.ACCEPT)


def _policy(answers: AnswerTable, served: Served, resamples: Resamples) -> PolicyFigures:
    table = answers.table
    target_cost = table.cost[:, -1]

    def saving(counts: Floats) -> Floats:
        return 1.0 - ratio(counts @ served.cost, counts @ target_cost)

    def above_mix(counts: Floats) -> Floats:
        rows = counts.sum(axis=1)
        quality, cost = (counts @ table.quality) / rows[:, None], (counts @ table.cost) / rows[:, None]
        mixed: Floats = mix_quality(quality, cost, (counts @ served.cost / rows)[:, None])[:, 0]
        return np.asarray(counts @ served.quality / rows - mixed, np.float64)

    return PolicyFigures(
        served.policy,
        resamples.estimate(weighted_mean(served.quality)),
        resamples.estimate(weighted_mean(served.quality - table.quality[:, -1])),
        resamples.estimate(saving),
        float(served.escalated.mean()),
        resamples.estimate(above_mix),
    )


def as_text(scopes: Sequence[ScopeFigures]) -> str:
    """The figures as Markdown tables."""
    return "\n".join(line for scope in scopes for line in _scope_lines(scope))


def _scope_lines(scope: ScopeFigures) -> list[str]:
    needed = "no accuracy" if scope.break_even_accuracy is None else f"{scope.break_even_accuracy:.1%}"
    return [
        f"### {scope.name}, {scope.rows} prompts",
        "",
        f"A judge of every draft keeps the dearest tier's quality, at a saving, from an accuracy of: {needed}.",
        "",
        "| policy | quality | against the dearest tier | saving | moved up | above the static mix |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_line(policy) for policy in scope.policies),
        "",
    ]


def _line(policy: PolicyFigures) -> str:
    cells = [
        policy.policy,
        f"{policy.quality.value:.3f}",
        _interval(policy.difference, "+.3f"),
        _interval(policy.saving, ".1%"),
        f"{policy.escalated:.0%}",
        _interval(policy.above_mix, "+.3f"),
    ]
    return f"| {' | '.join(cells)} |"


def _interval(estimate: Estimate, form: str) -> str:
    if estimate.value is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return format(estimate.value, form)
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
