"""Cascades replayed over recorded answers: `core.cascade.next_step` decides, as in live traffic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.cascade import Attempt, CallTier, CascadePolicy, Serve, next_step
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.evaluation.answers_rows import AnswerTable
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.tables import FAIL_BELOW

Grade: TypeAlias = Callable[[int, int], tuple[Verdict | None, float]]
"""Row and rung -> the verdict on that draft (None: served ungraded), and what asking cost in USD."""
ACCEPT: Final = Verdict(Outcome.ACCEPT, by="judge")
REJECT: Final = Verdict(Outcome.REJECT, by="judge")
JUDGE_TOKENS: Final = 8
"""Tokens that a judge writes for one number; a guess."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a policy served and spent.

    Attributes:
        policy: Its name.
        quality: By row, 0..1.
        cost: By row, USD, thrown-away drafts and everybody asked included.
        escalated: By row, whether it moved up.
    """

    policy: str
    quality: Floats
    cost: Floats
    escalated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a row starts and which rungs it must not use."""

    start: int = 0
    skip: frozenset[int] = frozenset()


FROM_THE_BOTTOM: Final = Route()


def cascaded(policy: str, answers: AnswerTable, grade: Grade, routes: Sequence[Route] | None = None) -> Served:
    """Run every row through the cascade.

    Args:
        policy: Its name.
        answers: The recorded answers.
        grade: Who grades drafts.
        routes: Where each row starts; default the cheapest tier.
    """
    rows = [
        _one(answers, row, grade, FROM_THE_BOTTOM if routes is None else routes[row]) for row in range(len(answers))
    ]
    return Served(
        policy,
        np.array([quality for quality, _, _ in rows]),
        np.array([cost for _, cost, _ in rows]),
        np.array([escalated for _, _, escalated in rows]),
    )


def _one(answers: AnswerTable, row: int, grade: Grade, route: Route) -> tuple[float, float, bool]:
    table = answers.table
    top = table.quality.shape[1] - 1
    policy = CascadePolicy(max_escalations=top, top_rung=top, skip=route.skip - {route.start})
    attempts: list[Attempt] = []
    spent = 0.0
    step = next_step(policy, route.start, attempts)
    while isinstance(step, CallTier):
        verdict, asked_usd = (None, 0.0) if step.is_final else grade(row, step.rung)
        spent += float(table.cost[row, step.rung]) + asked_usd
        attempts.append(Attempt(step.rung, verdict))
        step = next_step(policy, route.start, attempts)
    served = attempts[step.attempt].rung if isinstance(step, Serve) else top
    return float(table.quality[row, served]), spent, len(attempts) > 1


def fixed(policy: str, answers: AnswerTable, rung: int) -> Served:
    """One tier for every row."""
    table = answers.table
    return Served(policy, table.quality[:, rung], table.cost[:, rung], np.zeros(len(answers), np.bool_))


def by_checks(answers: AnswerTable) -> Grade:
    """The deterministic checks alone: what they reject goes up."""
    return lambda row, rung: (answers.drafts[row][rung].verdict, 0.0)


def by_estimate(answers: AnswerTable, threshold: float) -> Grade:
    """Checks, and up below a threshold of the learned check's estimate."""

    def grade(row: int, rung: int) -> tuple[Verdict | None, float]:
        draft = answers.drafts[row][rung]
        rejected = draft.verdict.outcome is Outcome.REJECT or draft.p_ok < threshold
        return (REJECT if rejected else ACCEPT), 0.0

    return grade


def by_opinion(answers: AnswerTable, sure_from: float = 2.0) -> Grade:
    """Checks, then a second opinion on every draft whose estimate is below ``sure_from``.

    A draft that no opinion could be compared with goes up, unasked; so does every one that is not the cheapest tier's.
    """

    def grade(row: int, rung: int) -> tuple[Verdict | None, float]:
        draft = answers.drafts[row][rung]
        if draft.verdict.outcome is Outcome.REJECT:
            return draft.verdict, 0.0
        if draft.p_ok >= sure_from:
            return ACCEPT, 0.0
        if draft.opinion is None or rung:
            return REJECT, 0.0
        return draft.opinion, float(answers.opinion_usd[row])

    return grade


def by_judge(answers: AnswerTable, accuracy: float, judge_usd: Floats, seed: int) -> Grade:
    """Checks, then a simulated judge that is right with this probability on good and on poor answers alike."""
    luck = np.random.default_rng(seed).random(answers.table.quality.shape)

    def grade(row: int, rung: int) -> tuple[Verdict | None, float]:
        if answers.drafts[row][rung].verdict.outcome is Outcome.REJECT:
            return REJECT, 0.0
        is_good = answers.table.quality[row, rung] >= FAIL_BELOW
        is_right = luck[row, rung] < accuracy
        return (ACCEPT if is_good == is_right else REJECT), float(judge_usd[row, rung])

    return grade


def judge_costs(answers: AnswerTable, input_usd: float, output_usd: float) -> Floats:
    """Rows x tiers: what a judge at these prices a token costs that reads prompt and answer and writes a number."""
    table = answers.table
    read = [
        [row.outcomes[model].prompt_tokens + row.outcomes[model].completion_tokens for model in models]
        for row, models in zip(table.rows, table.models, strict=True)
    ]
    return np.asarray(np.array(read) * input_usd + JUDGE_TOKENS * output_usd, np.float64)


def break_even_accuracy(answers: AnswerTable, judge_usd: Floats) -> float | None:
    """The least accuracy of a judge, asked about every cheapest draft, that keeps the dearest tier's mean quality.

    None where not even a judge without errors does, or where with it the cascade costs more than the dearest tier.
    """
    table = answers.table
    draft, target = table.quality[:, 0], table.quality[:, -1]
    good = draft >= FAIL_BELOW
    for accuracy in np.linspace(0.5, 1.0, 101):
        accepts = np.where(good, accuracy, 1.0 - accuracy)
        if (accepts * (draft - target)).sum() >= 0.0:
            cost = table.cost[:, 0] + judge_usd[:, 0] + (1.0 - accepts) * table.cost[:, -1]
            return float(accuracy) if cost.sum() < table.cost[:, -1].sum() else None
    return None
