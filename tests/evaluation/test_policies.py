"""Policies that need no model, and their figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from litellm_router_plugin.core.money import Price, usd
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.comparison import best_fixed, compare
from litellm_router_plugin.evaluation.intervals import Resamples
from litellm_router_plugin.evaluation.ladders import RecordedLadder, parse_ladder
from litellm_router_plugin.evaluation.policies import always, at_random, heuristics, oracle, rungs_of_levels
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.tables import OutcomeTable, outcome_table
from litellm_router_plugin.evaluation.verdicts import dominated_tiers

MakeRows = Callable[..., list[OutcomeRow]]


@pytest.fixture
def table(make_rows: MakeRows, ladder: RecordedLadder, prices: dict[str, Price]) -> OutcomeTable:
    return outcome_table(make_rows(200, noise=0.1), ladder, prices)


def test_rows_that_lack_a_tier_are_left_out_and_counted(
    make_rows: MakeRows, ladder: RecordedLadder, prices: dict[str, Price]
) -> None:
    rows = make_rows(3)
    lacking = type(rows[1])("x", "s", "", rows[1].prompt, {"small": rows[1].outcomes["small"]})
    table = outcome_table([rows[0], lacking, rows[2]], ladder, prices)
    assert (len(table), table.left_out, table.positions) == (2, 1, (0, 2))


def test_a_ladder_that_fits_no_row_is_refused(make_rows: MakeRows, prices: dict[str, Price]) -> None:
    with pytest.raises(DataError, match="no row has an outcome for every tier"):
        outcome_table(make_rows(3), parse_ladder("cheap=small,premium=unheard-of"), prices)


def test_the_cost_of_an_answer_counts_prompt_and_completion(table: OutcomeTable) -> None:
    assert table.cost[0].tolist() == pytest.approx([150e-6, 750e-6, 3000e-6])
    assert table.prompt_cost[0].tolist() == pytest.approx([50e-6, 250e-6, 1000e-6])


def test_always_serves_one_tier(table: OutcomeTable) -> None:
    policies = always(table)
    assert [each.policy for each in policies] == ["always cheap", "always standard", "always premium"]
    assert policies[1].shares == (0.0, 1.0, 0.0)
    assert policies[2].quality.mean() == pytest.approx(table.quality[:, 2].mean())


def test_random_is_the_mean_of_the_tiers(table: OutcomeTable) -> None:
    assert at_random(table).quality.mean() == pytest.approx(table.quality.mean())


def test_the_oracle_has_the_best_score_of_each_row_at_the_least_cost(table: OutcomeTable) -> None:
    best = oracle(table)
    assert (best.quality == table.quality.max(axis=1)).all()
    nobody = table.quality.max(axis=1) == 0
    assert (best.cost[nobody] == table.cost[nobody, 0]).all()


@pytest.mark.parametrize(("tiers", "rungs"), [(2, [0, 0, 1, 1]), (3, [0, 1, 1, 2]), (4, [0, 1, 2, 3])])
def test_levels_are_spread_over_the_ladder(tiers: int, rungs: list[int]) -> None:
    assert rungs_of_levels([0, 1, 2, 3], tiers).tolist() == rungs


def test_a_heuristic_serves_by_its_levels(table: OutcomeTable) -> None:
    (policy,) = heuristics(table, {"v0": [0] * 100 + [3] * 100})
    assert policy.shares == (0.5, 0.0, 0.5)


def test_the_best_fixed_tier_saves_nothing_against_itself(table: OutcomeTable) -> None:
    policies = always(table)
    figures = compare(table, policies, Resamples(len(table), 100, 0))[best_fixed(table)]
    assert (figures.saving.value, figures.saving.low, figures.saving.high) == pytest.approx((0, 0, 0))
    assert figures.quality_kept.value == 1
    assert figures.over_mix.value == pytest.approx(0)


def test_of_equally_good_tiers_the_cheaper_one_is_the_best_fixed(table: OutcomeTable) -> None:
    quality = np.tile(table.quality[:, [1]], 3)
    same = OutcomeTable(
        table.ladder, table.rows, table.positions, table.models, quality, table.cost, table.prompt_cost,
        table.output_price, 0,
    )  # fmt: skip
    assert best_fixed(same) == 0
    assert len(dominated_tiers(same)) == 2


def test_a_policy_by_chance_is_not_above_the_static_mix(table: OutcomeTable) -> None:
    (figures,) = compare(table, [at_random(table)], Resamples(len(table), 200, 0))
    assert not figures.over_mix.is_above_zero


def test_a_dominated_tier_is_named_with_its_price(make_rows: MakeRows, prices: dict[str, Price]) -> None:
    table = outcome_table(
        make_rows(100), parse_ladder("cheap=middle,premium=small"), prices | {"small": Price(usd("1"), usd("1"))}
    )
    (sentence,) = dominated_tiers(table)
    assert sentence.startswith("premium is dominated by cheap: quality 0.")
    assert "times the cost" in sentence
