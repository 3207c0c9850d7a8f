"""Policies replayed over recorded answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from litellm_router_plugin.checks.learned import LearnedCheck
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.answers_figures import as_text
from litellm_router_plugin.evaluation.answers_policies import (
    ACCEPT,
    REJECT,
    Route,
    break_even_accuracy,
    by_checks,
    by_estimate,
    by_judge,
    by_opinion,
    cascaded,
    fixed,
    judge_costs,
)
from litellm_router_plugin.evaluation.answers_report import POOLED, AnswerEvaluation, evaluate_answers
from litellm_router_plugin.evaluation.answers_rows import AnswerTable, DraftFinding, answer_table, read_texts
from litellm_router_plugin.evaluation.answers_rule import by_rule, fit_rule
from litellm_router_plugin.evaluation.ladders import parse_ladder
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.rows import OutcomeRow, read_outcome_row
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.tables import outcome_table
from litellm_router_plugin.learning.answer_check import AnswerCheckModel

LADDER = parse_ladder("cheap=small,premium=large")
PRICES = {
    name: Price(Decimal(usd), Decimal(usd)) for name, usd in (("small", "0.01"), ("other", "0.02"), ("large", "1"))
}
VERDICTS = {"ok": Verdict(Outcome.ACCEPT), "bad": Verdict(Outcome.REJECT, failed_checks=("empty",))}


def outcome_rows(scores: Sequence[tuple[float, float]], source: str = "sums") -> list[OutcomeRow]:
    return [
        read_outcome_row(
            {
                "id": f"{source}-{number}",
                "source": source,
                "prompt": f"How many are {number} boats?",
                "outcomes": {
                    "small": {"score": cheap, "prompt_tokens": 1, "completion_tokens": 0},
                    "other": {"score": cheap, "prompt_tokens": 1, "completion_tokens": 0},
                    "large": {"score": dear, "prompt_tokens": 1, "completion_tokens": 0},
                },
            },
            number,
        )
        for number, (cheap, dear) in enumerate(scores)
    ]


def answers_of(scores: Sequence[tuple[float, float]], drafts: list[DraftFinding]) -> AnswerTable:
    table = outcome_table(outcome_rows(scores), LADDER, PRICES)
    return AnswerTable(table, tuple((draft,) for draft in drafts), np.full(len(scores), 0.02))


def draft(p_ok: float = 0.5, verdict: str = "ok", opinion: Verdict | None = None) -> DraftFinding:
    return DraftFinding(VERDICTS[verdict], p_ok, opinion)


FOUR = answers_of(
    [(1, 1), (0, 1), (1, 0), (0, 0)],
    [draft(0.9, opinion=ACCEPT), draft(0.2, opinion=REJECT), draft(0.6), draft(0.9, "bad", ACCEPT)],
)


def test_every_call_is_paid_for() -> None:
    served = cascaded("up", FOUR, lambda _row, _rung: (REJECT, 0.5))
    assert served.cost == pytest.approx(np.full(4, 0.01 + 0.5 + 1))
    assert served.escalated.all()
    kept = cascaded("stay", FOUR, lambda _row, _rung: (ACCEPT, 0.5))
    assert kept.cost == pytest.approx(np.full(4, 0.51))
    assert not kept.escalated.any()


def test_an_answer_that_nobody_grades_is_served() -> None:
    assert cascaded("none", FOUR, lambda _row, _rung: (None, 0.0)).cost == pytest.approx(np.full(4, 0.01))


def test_a_route_may_start_at_the_top() -> None:
    served = cascaded("top", FOUR, lambda _row, _rung: (REJECT, 9.0), [Route(1)] * 4)
    assert served.cost == pytest.approx(np.ones(4))
    assert served.quality.tolist() == fixed("large", FOUR, 1).quality.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("grade", "escalated", "asked"),
    [
        (by_checks(FOUR), [False, False, False, True], 0),
        (by_estimate(FOUR, 0.5), [False, True, False, True], 0),
        (by_opinion(FOUR), [False, True, True, True], 2),
        (by_opinion(FOUR, sure_from=0.9), [False, True, True, True], 1),
        (by_opinion(FOUR, sure_from=0.6), [False, True, False, True], 1),
    ],
)
def test_who_goes_up_and_who_is_asked(
    grade: Callable[[int, int], tuple[Verdict | None, float]], escalated: list[bool], asked: int
) -> None:
    served = cascaded("policy", FOUR, grade)
    assert served.escalated.tolist() == escalated
    assert served.cost.sum() == pytest.approx(4 * 0.01 + sum(escalated) + asked * 0.02)


def test_a_judge_without_errors_sends_up_exactly_the_poor() -> None:
    served = cascaded("judge", FOUR, by_judge(FOUR, 1.0, judge_costs(FOUR, 0.0, 0.0), seed=0))
    assert served.escalated.tolist() == [False, True, False, True]


def test_a_judge_is_right_as_often_as_is_said() -> None:
    many = answers_of([(1, 1), (0, 1)] * 1_000, [draft()] * 2_000)
    served = cascaded("judge", many, by_judge(many, 0.8, judge_costs(many, 0.0, 0.0), seed=0))
    assert 1 - served.escalated[::2].mean() == pytest.approx(0.8, abs=0.04)
    assert served.escalated[1::2].mean() == pytest.approx(0.8, abs=0.04)


def test_break_even_accuracy_of_a_judge() -> None:
    free = judge_costs(FOUR, 0.0, 0.0)
    assert break_even_accuracy(FOUR, free) == 0.5  # both tiers are equally good
    better = answers_of([(1.0, 1.0)] * 3 + [(0.0, 1.0)], [draft()] * 4)
    assert break_even_accuracy(better, judge_costs(better, 0.0, 0.0)) == 1.0
    assert break_even_accuracy(better, judge_costs(better, 5.0, 0.0)) is None


def test_the_rule_serves_sure_drafts_and_skips_a_hopeless_tier() -> None:
    random = np.random.default_rng(0)
    good = random.random(400) < 0.7
    drafts = [draft(float(np.clip(0.15 + 0.7 * one + 0.1 * random.normal(), 0.01, 0.99))) for one in good]
    answers = answers_of([(float(one), 0.95) for one in good], drafts)
    served = by_rule(answers, fit_rule(answers))
    assert served.quality.mean() >= 0.94
    assert served.cost.mean() < 0.5
    hopeless = answers_of([(0.0, 1.0)] * 50, [draft(0.5)] * 50)
    assert by_rule(hopeless, fit_rule(hopeless)).cost == pytest.approx(np.ones(50))


def test_the_rule_asks_where_it_doubts() -> None:
    good = [True, False] * 100
    opinions = [ACCEPT if one else REJECT for one in good]
    answers = answers_of([(float(one), 1.0) for one in good], [draft(0.5, opinion=opinion) for opinion in opinions])
    rule = fit_rule(answers)
    assert rule.opinion is not None
    assert rule.opinion.accepts_good > 0.9
    assert rule.opinion.accepts_poor < 0.1
    assert by_rule(answers, rule).cost == pytest.approx([0.03 if one else 1.03 for one in good])


class Means(SuccessModel):
    """Forecasts the same for every request."""

    def predict_success(self, request: RequestView, model_names: object) -> dict[str, float]:
        return {"small": 0.5, "large": 0.9}

    def predict_completion_tokens(self, request: RequestView, model_names: object) -> dict[str, float]:
        return {"small": 1.0, "large": 1.0}


def test_the_whole_evaluation_by_source_and_pooled(model: AnswerCheckModel, tmp_path: Path) -> None:
    scores = [(float(number % 3 > 0), 1.0) for number in range(60)]
    rows = [*outcome_rows(scores, "sums"), *outcome_rows(scores, "tales")]
    path = tmp_path / "answers.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        for row in rows:
            texts = {name: {"text": f"The answer is {row.id}"} for name in ("small", "other")}
            lines.write(json.dumps({"id": row.id, "answers": texts}) + "\n")
    found, bad = read_texts(path)
    assert not bad
    setup = AnswerEvaluation(LADDER, found, PRICES, LearnedCheck(model), Draws(50, 0), second="other", success=Means())
    scopes = evaluate_answers(setup, rows[::2], rows[1::2])
    assert [(scope.name, scope.rows) for scope in scopes] == [("sums", 30), ("tales", 30), (POOLED, 60)]
    figures = {policy.policy: policy for policy in scopes[-1].policies}
    assert figures["always premium"].saving.value == 0
    assert figures["always cheap"].saving.value == pytest.approx(0.99)
    assert {"route only", "joint rule", "agreement", "agreement where unsure", "cascade, checks"} <= figures.keys()
    assert scopes[0].agrees_good == 1.0
    assert "### pooled, 60 prompts" in as_text(scopes)


def test_rows_without_answers_are_told(model: AnswerCheckModel, tmp_path: Path) -> None:
    table = outcome_table(outcome_rows([(1, 0)]), LADDER, PRICES)
    with pytest.raises(DataError, match="--answers"):
        answer_table(table, {}, LearnedCheck(model), PRICES)
    (tmp_path / "none.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(DataError, match="answers"):
        read_texts(tmp_path / "none.jsonl")
