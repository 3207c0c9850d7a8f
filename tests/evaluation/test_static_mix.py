"""The static mix against every coin flip there is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.evaluation.mixing import mix_quality

points = st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 1)), min_size=2, max_size=4)


def mixed(tiers: list[tuple[float, float]], cost: float) -> float:
    tier_cost, tier_quality = np.array(tiers).T
    return float(mix_quality(tier_quality[None], tier_cost[None], np.array([[cost]]))[0, 0])


def test_halfway_between_two_tiers_it_is_their_mean() -> None:
    assert mixed([(1, 0.4), (3, 0.8)], 2) == pytest.approx(0.6)


def test_a_tier_below_the_line_is_not_mixed_in() -> None:
    assert mixed([(1, 0.4), (2, 0.45), (3, 0.8)], 2) == pytest.approx(0.6)


def test_above_the_dearest_cost_it_is_the_best_tier() -> None:
    assert mixed([(1, 0.9), (3, 0.5)], 10) == 0.9


def test_below_the_cheapest_cost_it_is_the_cheapest_tier() -> None:
    assert mixed([(2, 0.4), (3, 0.8)], 1) == 0.4


@given(points, st.floats(0.01, 1))
def test_no_coin_flip_within_the_cost_is_better(tiers: list[tuple[float, float]], cost: float) -> None:
    best = mixed(tiers, cost)
    for (one_cost, one_quality), (other_cost, other_quality) in product(tiers, repeat=2):
        share = np.linspace(0, 1, 21)
        within = one_cost + share * (other_cost - one_cost) <= cost
        flips = one_quality + share * (other_quality - one_quality)
        assert (flips[within] <= best + 1e-9).all()


@given(points, st.floats(0.01, 1), st.floats(0, 1))
def test_it_never_falls_with_the_cost(tiers: list[tuple[float, float]], cost: float, more: float) -> None:
    assert mixed(tiers, cost + more) >= mixed(tiers, cost) - 1e-9
