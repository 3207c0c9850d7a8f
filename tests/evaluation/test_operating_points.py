"""Rules that turn forecasts into tiers, and how their setting is fixed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.tier_choice import best_value, cheapest_meeting
from litellm_router_plugin.evaluation.intervals import Resamples
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import SuccessModel, forecast_rows
from litellm_router_plugin.evaluation.operating_points import Rule, operating_points, trade_offs
from litellm_router_plugin.evaluation.policies import replay
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.tables import OutcomeTable, TierForecasts, outcome_table, tier_forecasts

MakeRows = Callable[..., list[OutcomeRow]]


def forecasts(success: list[float], cost: list[float]) -> TierForecasts:
    return TierForecasts(np.array([success]), np.array([cost]))


@pytest.mark.parametrize(
    ("setting", "rung"),
    [(0.0, 2), (0.01, 1), (1.0, 0)],
)
def test_a_dearer_quality_buys_a_cheaper_tier(setting: float, rung: int) -> None:
    assert Rule("trade_off", setting).choose(forecasts([0.5, 0.7, 0.72], [1, 5, 20])).tolist() == [rung]


@pytest.mark.parametrize(("setting", "rung"), [(0.5, 0), (0.95, 1), (1.0, 2)])
def test_a_quality_target_takes_the_cheapest_tier_that_meets_it(setting: float, rung: int) -> None:
    assert Rule("quality_target", setting).choose(forecasts([0.5, 0.7, 0.72], [1, 5, 20])).tolist() == [rung]


def test_of_equals_the_cheaper_tier_is_taken_whatever_its_rung() -> None:
    same = forecasts([0.7, 0.7, 0.7], [3, 1, 2])
    assert Rule("trade_off", 0.0).choose(same).tolist() == [1]
    assert Rule("quality_target", 1.0).choose(same).tolist() == [1]


@given(st.integers(0, 2**32 - 1))
def test_a_larger_trade_off_never_expects_to_spend_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    some = TierForecasts(random.random((20, 3)), random.random((20, 3)))
    expected = [np.take_along_axis(some.cost, rule.choose(some)[:, None], 1).sum() for rule in trade_offs(some)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(expected))


@pytest.fixture
def table(make_rows: MakeRows, ladder: RecordedLadder, prices: dict[str, Price]) -> OutcomeTable:
    return outcome_table(make_rows(400, noise=0.1), ladder, prices)


def forecast(model: SuccessModel, table: OutcomeTable) -> TierForecasts:
    return tier_forecasts(table, forecast_rows(model, table.rows, ["small", "middle", "large"]))


def test_a_point_meets_its_target_where_it_was_fixed(table: OutcomeTable, sees_hardness: SuccessModel) -> None:
    forecasts = forecast(sees_hardness, table)
    best = table.quality[:, 2].mean()
    for point in operating_points(table, forecasts, Resamples(len(table), 200, 0)):
        served = replay("p", table, point.choose(forecasts))
        assert served.quality.mean() >= point.target * best


def test_a_cautious_point_never_costs_less_than_the_plain_one(table: OutcomeTable, sees_nothing: SuccessModel) -> None:
    forecasts = forecast(sees_nothing, table)
    points = operating_points(table, forecasts, Resamples(len(table), 200, 0))
    cost = {(each.target, each.cautious): replay("p", table, each.choose(forecasts)).cost.mean() for each in points}
    assert all(cost[target, True] >= cost[target, False] for target in (0.95, 0.98, 1.0))


def test_where_no_setting_reaches_the_target_the_best_fixed_tier_serves(
    table: OutcomeTable, sees_nothing: SuccessModel
) -> None:
    forecasts = forecast(sees_nothing, table)
    point = operating_points(table, forecasts, Resamples(len(table), 50, 0), targets=[1.0])[0]
    assert point.rule is None
    assert set(point.choose(forecasts).tolist()) == {2}


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0, 30.0]), st.sampled_from([0.0, 0.9, 1.0]))
def test_rules_choose_as_the_running_router_does(seed: int, trade_off: float, target: float) -> None:
    random = np.random.default_rng(seed)
    some = TierForecasts(random.integers(1, 5, (20, 3)) / 4, random.integers(1, 5, (20, 3)) / 4)
    pairs = list(zip(some.success.tolist(), some.cost.tolist(), strict=True))
    assert Rule("trade_off", trade_off).choose(some).tolist() == [best_value(p, c, trade_off) for p, c in pairs]
    assert Rule("quality_target", target).choose(some).tolist() == [cheapest_meeting(p, c, target) for p, c in pairs]
