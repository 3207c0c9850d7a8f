"""The expected-cost rule over recorded answers: fixed on some rows, replayed on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.expected_cost import (
    Ask,
    GraderOutlook,
    TierOutlook,
    after_verdict,
    best_plan,
    updated,
)
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.evaluation.answers_policies import Grade, Route, Served, cascaded
from litellm_router_plugin.evaluation.answers_rows import AnswerTable
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.tables import FAIL_BELOW
from litellm_router_plugin.learning.heads import HeadPrior, fit_head, sigmoid

OPINION, CHECKS = "second_opinion", "checks"
VALUES: Final = tuple(float(value) for value in np.geomspace(0.05, 500.0, 25))
"""What a good answer may be worth, in answers of the dearest tier: the values that are tried."""
SMOOTHING: Final = 5.0
"""Good and poor answers, of each so many, that a grader's measured rates are drawn towards even odds by."""
LEAST_P: Final = 1e-3
PRIOR: Final = HeadPrior(np.array([0.0, 1.0]), np.array([0.05, 4.0]))
"""Recalibration keeps to the estimate as it is where there are few labels; its level is free."""


@dataclass(frozen=True, slots=True)
class FittedRule:
    """What the rule knows of one route.

    Attributes:
        tiers: By rung: mean quality and cost on the fitting rows.
        opinion: The second model's rates; None where there is none.
        checks: The rates of the local estimate, cut at one half.
        heads: By drafting rung, intercept and slope that make the estimate a probability here.
        value_usd: What a good answer is worth.
    """

    tiers: tuple[TierOutlook, ...]
    opinion: GraderOutlook | None
    checks: GraderOutlook
    heads: tuple[Floats, ...]
    value_usd: float

    def p_ok(self, estimate: float, rung: int) -> float:
        """The estimate as a probability of this route."""
        head = self.heads[rung]
        return float(sigmoid(head[0] + head[1] * _logit(np.array([estimate])))[0])


def _logit(p: Floats) -> Floats:
    bounded = np.clip(p, LEAST_P, 1.0 - LEAST_P)
    return np.asarray(np.log(bounded / (1.0 - bounded)), np.float64)


def fit_rule(fit: AnswerTable, p_success: Floats | None = None, quality_target: float = 1.0) -> FittedRule:
    """Fix the rule on rows of one route: the value of a good answer is the cheapest that keeps the quality there.

    Args:
        fit: Labelled rows.
        p_success: Rows x tiers, a classifier's forecasts for them; absent: their means.
        quality_target: Share of the best fixed tier's mean quality that must be kept on them.
    """
    table = fit.table
    scores, p_ok = table.quality[:, :-1], fit.p_ok
    heads = tuple(fit_head(_logit(p_ok[:, rung])[:, None], scores[:, rung], PRIOR) for rung in range(scores.shape[1]))
    tiers = tuple(
        TierOutlook(float(table.quality[:, rung].mean()), float(table.cost[:, rung].mean()))
        for rung in range(table.quality.shape[1])
    )
    estimated = sigmoid(heads[0][0] + heads[0][1] * _logit(p_ok[:, 0])) >= FAIL_BELOW
    checks = _measured(CHECKS, 0.0, estimated, scores[:, 0])
    rules = [FittedRule(tiers, _opinion(fit), checks, heads, share * tiers[-1].cost_usd) for share in VALUES]
    return _cheapest_meeting(rules, [by_rule(fit, rule, p_success) for rule in rules], tiers, quality_target)


def fit_route(fit: AnswerTable, p_success: Floats, quality_target: float = 1.0) -> FittedRule:
    """The same without any grader: which tier to call, and no second call."""
    tiers = tuple(
        TierOutlook(float(fit.table.quality[:, rung].mean()), float(fit.table.cost[:, rung].mean()))
        for rung in range(fit.table.quality.shape[1])
    )
    silent = GraderOutlook(CHECKS, 0.0, 1.0, 1.0)
    rules = [FittedRule(tiers, None, silent, (), share * tiers[-1].cost_usd) for share in VALUES]
    return _cheapest_meeting(rules, [by_route(fit, rule, p_success) for rule in rules], tiers, quality_target)


def by_route(answers: AnswerTable, rule: FittedRule, p_success: Floats) -> Served:
    """Replay the choice of a tier alone."""
    routes = [Route(best_plan(_outlooks(rule, p_success[row]), [], rule.value_usd).rung) for row in range(len(answers))]
    return cascaded("route only", answers, lambda _row, _rung: (None, 0.0), routes)


def _cheapest_meeting(
    rules: list[FittedRule], replays: list[Served], tiers: tuple[TierOutlook, ...], quality_target: float
) -> FittedRule:
    """The rule with the cheapest replay that keeps the quality, or else the one with the best."""
    needed = quality_target * max(tier.p_success for tier in tiers)
    kept = list(zip(rules, replays, strict=True))
    meeting = [(rule, served) for rule, served in kept if served.quality.mean() >= needed]
    if not meeting:
        return max(kept, key=lambda one: float(one[1].quality.mean()))[0]
    return min(meeting, key=lambda one: float(one[1].cost.mean()))[0]


def _opinion(fit: AnswerTable) -> GraderOutlook | None:
    asked = [row for row, drafts in enumerate(fit.drafts) if drafts[0].opinion is not None]
    if not asked:
        return None
    accepted = np.array([_accepts(fit.drafts[row][0].opinion) for row in asked])
    return _measured(OPINION, float(fit.opinion_usd[asked].mean()), accepted, fit.table.quality[asked, 0])


def _accepts(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome is Outcome.ACCEPT


def _measured(name: str, cost_usd: float, accepted: NDArray[np.bool_], scores: Floats) -> GraderOutlook:
    good = scores >= FAIL_BELOW
    rates = [(float(accepted[rows].sum()) + SMOOTHING) / (float(rows.sum()) + 2 * SMOOTHING) for rows in (good, ~good)]
    return GraderOutlook(name, cost_usd, rates[0], rates[1])


def by_rule(
    answers: AnswerTable, rule: FittedRule, p_success: Floats | None = None, policy: str = "joint rule"
) -> Served:
    """Replay the rule.

    Args:
        answers: The rows.
        rule: What it knows of their route.
        p_success: Rows x tiers, a classifier's forecasts; absent: the route's means.
        policy: What the result is called.
    """
    outlooks = [_outlooks(rule, None if p_success is None else p_success[row]) for row in range(len(answers))]
    top = len(rule.tiers) - 1
    planned: dict[tuple[TierOutlook, ...], Route] = {}
    for tiers in outlooks:
        if tiers not in planned:
            graders = [rule.checks, *([rule.opinion] if rule.opinion else [])]
            plan = best_plan(tiers, graders, rule.value_usd)
            planned[tiers] = Route(plan.rung, plan.skipped(top) if plan.then else frozenset())
    return cascaded(policy, answers, _rule_grade(answers, rule, outlooks), [planned[tiers] for tiers in outlooks])


def _outlooks(rule: FittedRule, forecast: Floats | None) -> tuple[TierOutlook, ...]:
    if forecast is None:
        return rule.tiers
    pairs = zip(forecast.tolist(), rule.tiers, strict=True)
    return tuple(TierOutlook(min(max(p, 0.0), 1.0), tier.cost_usd) for p, tier in pairs)


def _rule_grade(answers: AnswerTable, rule: FittedRule, outlooks: list[tuple[TierOutlook, ...]]) -> Grade:
    def grade(row: int, rung: int) -> tuple[Verdict | None, float]:
        draft = answers.drafts[row][rung]
        if draft.verdict.outcome is Outcome.REJECT:
            return draft.verdict, 0.0
        p_ok = rule.p_ok(draft.p_ok, rung)
        graders = [rule.opinion] if rule.opinion is not None and draft.opinion is not None and not rung else []
        step = after_verdict(p_ok, rung, outlooks[row], graders, rule.value_usd)
        if isinstance(step, Ask) and rule.opinion is not None:
            asked_usd = float(answers.opinion_usd[row])
            p_ok = updated(p_ok, rule.opinion, accepted=_accepts(draft.opinion))
            step = after_verdict(p_ok, rung, outlooks[row], [], rule.value_usd)
        else:
            asked_usd = 0.0
        return (None if isinstance(step, Ask) else step.verdict), asked_usd

    return grade
