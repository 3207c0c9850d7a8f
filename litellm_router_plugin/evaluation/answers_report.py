"""The whole policy over recorded answers, beside fixed tiers and the static mix, by source and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from litellm_router_plugin.checks.learned import LearnedCheck
from litellm_router_plugin.evaluation.answers_figures import ScopeFigures, figures_of
from litellm_router_plugin.evaluation.answers_policies import (
    Served,
    by_checks,
    by_judge,
    by_opinion,
    cascaded,
    fixed,
    judge_costs,
)
from litellm_router_plugin.evaluation.answers_rows import AnswerTable, Texts, answer_table
from litellm_router_plugin.evaluation.answers_rule import by_route, by_rule, fit_route, fit_rule
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import Floats, SuccessModel
from litellm_router_plugin.evaluation.prices import Prices, price_of
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.tables import OutcomeTable, outcome_table

ACCURACIES: Final = (0.65, 0.75, 0.85, 0.95)
"""Accuracies of the simulated judge."""
SURE_FROM: Final = 0.75
"""Estimate from which no second opinion is asked: the upper end of the learned check's range of doubt."""
POOLED: Final = "pooled"


@dataclass(frozen=True, slots=True)
class AnswerEvaluation:
    """What is evaluated.

    Attributes:
        ladder: The tiers.
        texts: Answers of every tier but the dearest, and of the second model.
        prices: By model.
        learned: The learned check.
        draws: Resamples of the intervals.
        second: The model that gives second opinions; None: nobody does.
        judge: The model at whose price the simulated judge works; default the cheapest tier's.
        success: Forecasts before the call; absent: no policy that needs them.
    """

    ladder: RecordedLadder
    texts: Texts
    prices: Prices
    learned: LearnedCheck
    draws: Draws
    second: str | None = None
    judge: str | None = None
    success: SuccessModel | None = None

    def answers(self, rows: Sequence[OutcomeRow]) -> AnswerTable:
        """The rows that can be replayed; raises `DataError` where there are none or a price is missing."""
        table = outcome_table(rows, self.ladder, self.prices)
        return answer_table(table, self.texts, self.learned, self.prices, second=self.second)

    def judge_usd(self, answers: AnswerTable) -> Floats:
        """Rows x tiers: what the judge of each draft costs."""
        price = price_of(self.prices, self.judge or answers.table.models[0][0])
        return judge_costs(answers, float(price.input), float(price.output))


def evaluate_answers(
    setup: AnswerEvaluation, fit_rows: Sequence[OutcomeRow], scored_rows: Sequence[OutcomeRow]
) -> list[ScopeFigures]:
    """Replay every policy; settings are fixed source by source on the fitting rows and served on the scored ones.

    Args:
        setup: What is evaluated.
        fit_rows: Labelled rows. The learned check's estimates on rows that it was trained on are too good.
        scored_rows: Other rows; only their sources that have fitting rows count.

    Raises:
        DataError: No row can be used, or a price is missing.
    """
    return evaluate_tables(setup, setup.answers(fit_rows), setup.answers(scored_rows))


def evaluate_tables(setup: AnswerEvaluation, fit: AnswerTable, scored: AnswerTable) -> list[ScopeFigures]:
    """The same of tables that were read already."""
    parts: list[tuple[AnswerTable, list[Served]]] = []
    found = []
    for place, source in enumerate(sorted(set(fit.table.sources.tolist()) & set(scored.table.sources.tolist()))):
        own = _of_source(scored, source)
        served = policies_of(setup, _of_source(fit, source), own)
        parts.append((own, served))
        found.append(figures_of(source, own, served, setup.draws.over(len(own), place + 1), setup.judge_usd(own)))
    if len(parts) > 1:
        joined = _joined([answers for answers, _ in parts])
        together = [_served_together(same) for same in zip(*(served for _, served in parts), strict=True)]
        found.append(figures_of(POOLED, joined, together, setup.draws.over(len(joined)), setup.judge_usd(joined)))
    return found


def policies_of(setup: AnswerEvaluation, fit: AnswerTable, scored: AnswerTable) -> list[Served]:
    """Every policy on the scored rows of one source."""
    tiers = scored.table.ladder.tier_names
    served = [fixed(f"always {name}", scored, rung) for rung, name in enumerate(tiers)]
    served.append(cascaded("cascade, checks", scored, by_checks(scored)))
    costs = setup.judge_usd(scored)
    for accuracy in ACCURACIES:
        grade = by_judge(scored, accuracy, costs, setup.draws.seed)
        served.append(cascaded(f"cascade, judge right {accuracy:.0%}", scored, grade))
    if setup.second is not None:
        served.append(cascaded("agreement", scored, by_opinion(scored)))
        served.append(cascaded("agreement where unsure", scored, by_opinion(scored, SURE_FROM)))
    if setup.success is None:
        return [*served, by_rule(scored, fit_rule(fit))]
    before, now = success_of(fit.table, setup.success), success_of(scored.table, setup.success)
    served.append(by_route(scored, fit_route(fit, before), now))
    return [*served, by_rule(scored, fit_rule(fit, before), now)]


def success_of(table: OutcomeTable, model: SuccessModel) -> Floats:
    """Rows x tiers: a model's forecasts for each row's own models."""
    rows = [
        [model.predict_success(row.prompt.view(), models)[name] for name in models]
        for row, models in zip(table.rows, table.models, strict=True)
    ]
    return np.array(rows)


def _of_source(answers: AnswerTable, source: str) -> AnswerTable:
    return answers.taken(np.flatnonzero(answers.table.sources == source).tolist())


def _served_together(same: Sequence[Served]) -> Served:
    """One policy over all sources, each row as its own source's settings served it."""
    return Served(
        same[0].policy,
        np.concatenate([one.quality for one in same]),
        np.concatenate([one.cost for one in same]),
        np.concatenate([one.escalated for one in same]),
    )


def _joined(tables: Sequence[AnswerTable]) -> AnswerTable:
    whole = OutcomeTable(
        ladder=tables[0].table.ladder,
        rows=tuple(row for one in tables for row in one.table.rows),
        positions=tuple(place for one in tables for place in one.table.positions),
        models=tuple(models for one in tables for models in one.table.models),
        quality=np.concatenate([one.table.quality for one in tables]),
        cost=np.concatenate([one.table.cost for one in tables]),
        prompt_cost=np.concatenate([one.table.prompt_cost for one in tables]),
        output_price=np.concatenate([one.table.output_price for one in tables]),
        left_out=tables[0].table.left_out,
    )
    drafts = tuple(drafts for one in tables for drafts in one.drafts)
    return AnswerTable(whole, drafts, np.concatenate([one.opinion_usd for one in tables]))
