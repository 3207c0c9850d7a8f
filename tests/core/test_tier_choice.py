import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.tier_choice import (
    best_value,
    cheapest_meeting,
    dominated_rungs,
    rung_costs,
    trade_off_for_slider,
    trade_off_for_target,
)

chances = st.floats(0, 1)
ladders = st.integers(2, 5).flatmap(
    lambda rungs: st.tuples(
        st.lists(st.lists(chances, min_size=rungs, max_size=rungs), min_size=1, max_size=12),
        st.lists(st.floats(0.001, 10), min_size=rungs, max_size=rungs).map(sorted),
    )
)


def quality(success: list[list[float]], cost: list[float], trade_off: float) -> float:
    return sum(row[best_value(row, cost, trade_off)] for row in success) / len(success)


def spent(success: list[list[float]], cost: list[float], trade_off: float) -> float:
    return sum(cost[best_value(row, cost, trade_off)] for row in success)


def test_the_middle_tier_is_taken_where_it_pays() -> None:
    assert best_value([0.5, 0.8, 0.85], [1.0, 2.0, 10.0], 0.1) == 1


def test_an_infinite_trade_off_takes_the_cheapest_and_zero_the_best() -> None:
    assert best_value([0.5, 0.8, 0.9], [1.0, 2.0, 10.0], math.inf) == 0
    assert best_value([0.5, 0.8, 0.9], [1.0, 2.0, 10.0], 0.0) == 2


def test_equals_go_to_the_cheaper_tier() -> None:
    assert best_value([0.5, 0.5], [1.0, 2.0], 0.0) == 0


def test_only_allowed_rungs_are_taken() -> None:
    assert best_value([0.5, 0.9, 0.8], [1.0, 2.0, 3.0], 0.0, rungs=[0, 2]) == 2


def test_the_cheapest_tier_that_meets_the_target_is_taken() -> None:
    assert cheapest_meeting([0.70, 0.86, 0.90], [1.0, 2.0, 3.0], 0.95) == 1
    assert cheapest_meeting([0.70, 0.86, 0.90], [1.0, 2.0, 3.0], 1.0) == 2


def test_nothing_to_choose_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        best_value([], [], 0.0)


def test_a_dearer_tier_that_is_no_better_is_dominated() -> None:
    assert dominated_rungs([[0.6, 0.9, 0.8]], [[1.0, 2.0, 9.0]]) == {2: 1}


def test_of_two_equal_tiers_only_the_later_is_dominated() -> None:
    assert dominated_rungs([[0.6, 0.6]], [[1.0, 1.0]]) == {1: 0}


def test_stand_in_costs_rise_to_one() -> None:
    costs = rung_costs(3)
    assert costs[-1] == 1.0
    assert list(costs) == sorted(costs)


@given(ladders)
def test_some_tier_always_stays_undominated(case: tuple[list[list[float]], list[float]]) -> None:
    success, cost = case
    assert len(dominated_rungs(success, [cost] * len(success))) < len(cost)


@given(ladders, st.floats(0, 1))
def test_the_found_trade_off_keeps_the_target(case: tuple[list[list[float]], list[float]], target: float) -> None:
    success, cost = case
    trade_off = trade_off_for_target(success, [cost] * len(success), target)
    best = max(sum(column) / len(success) for column in zip(*success, strict=True))
    assert quality(success, cost, trade_off) >= target * best - 1e-9


@given(ladders, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_higher_target_never_costs_less(
    case: tuple[list[list[float]], list[float]], first: float, second: float
) -> None:
    success, cost = case
    costs = [cost] * len(success)
    low, high = sorted((first, second))
    assert trade_off_for_target(success, costs, low) >= trade_off_for_target(success, costs, high)


@given(ladders, st.floats(0, 1), st.floats(0, 1))
def test_moving_the_slider_up_never_lowers_quality_or_spending(
    case: tuple[list[list[float]], list[float]], first: float, second: float
) -> None:
    success, cost = case
    low, high = (trade_off_for_slider(place, [cost]) for place in sorted((first, second)))
    assert quality(success, cost, low) <= quality(success, cost, high) + 1e-9
    assert spent(success, cost, low) <= spent(success, cost, high) + 1e-9


def test_the_slider_ends_at_the_cheapest_and_the_best() -> None:
    assert trade_off_for_slider(0.0, [[1.0, 5.0]]) == math.inf
    assert trade_off_for_slider(1.0, [[1.0, 5.0]]) == 0.0
