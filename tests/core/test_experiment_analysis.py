"""Comparing the arms of an experiment."""

from __future__ import annotations

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.experiment_analysis import (
    MIN_UNITS,
    Advice,
    ArmTotals,
    Goal,
    Metric,
    RatioSums,
    UnitTotals,
    analyse,
    has_sample_ratio_mismatch,
    requests_needed,
)

COST = Goal(Metric.COST, effect=0.2)
STOPS = {Advice.STOP_ARM_BETTER, Advice.STOP_ARM_WORSE}

units = st.builds(
    UnitTotals,
    requests=st.integers(1, 9),
    escalated=st.integers(0, 1),
    priced=st.integers(0, 9),
    cost_usd=st.floats(0, 5),
    ratings=st.integers(0, 3),
    rating_sum=st.floats(0, 1),
)


def request(rng: random.Random, effect: float = 0.0, sigma: float = 1.0) -> UnitTotals:
    """A unit of one request with log-normal cost around 1.6 USD, one in five escalated, rated .8 on average."""
    cost = rng.lognormvariate(0, sigma) * (1 + effect)
    return UnitTotals(1, int(rng.random() < 0.2), 1, cost, 1, float(rng.random() < 0.8))


def arms(requests: int, share: float = 0.5, effect: float = 0.0, seed: int = 1) -> tuple[ArmTotals, ArmTotals]:
    rng, control, arm = random.Random(seed), ArmTotals(), ArmTotals()
    for _ in range(requests):
        if rng.random() < share:
            arm = arm.with_unit(request(rng, effect))
        else:
            control = control.with_unit(request(rng))
    return control, arm


@given(st.lists(units, max_size=20), st.lists(units, max_size=20))
def test_arms_add_up_in_any_order(first: list[UnitTotals], second: list[UnitTotals]) -> None:
    one, other, both = ArmTotals(), ArmTotals(), ArmTotals()
    for unit in first:
        one, both = one.with_unit(unit), both.with_unit(unit)
    for unit in second:
        other, both = other.with_unit(unit), both.with_unit(unit)
    assert one.merged(other).cost.aa == pytest.approx(both.cost.aa)
    assert other.merged(one).cost.a == pytest.approx(both.cost.a)
    assert other.merged(one).units == both.units


def test_figures_are_ratios_of_sums_over_units() -> None:
    arm = ArmTotals().with_unit(UnitTotals(4, 1, 2, 3.0, 1, 0.5)).with_unit(UnitTotals(1, 1, 1, 0.0))
    assert arm.cost.ratio == 1.0
    assert arm.escalation.ratio == 0.4
    assert arm.rating.ratio == 0.5
    assert arm.rating.units == 1


def test_the_standard_error_of_single_requests_is_the_usual_one() -> None:
    rng, sums, values = random.Random(2), RatioSums(), []
    for _ in range(200):
        values.append(rng.random())
        sums = sums.with_unit(values[-1], 1)
    mean = sum(values) / 200
    usual = math.sqrt(sum((value - mean) ** 2 for value in values) / 199 / 200)
    assert sums.standard_error(is_bounded=False) == pytest.approx(usual)


def test_a_users_requests_do_not_count_as_independent() -> None:
    """Ten equal requests of each user say no more than one."""
    rng, once, tenfold = random.Random(2), RatioSums(), RatioSums()
    for _ in range(200):
        value = rng.random()
        once, tenfold = once.with_unit(value, 1), tenfold.with_unit(10 * value, 10)
    assert tenfold.standard_error(is_bounded=False) == pytest.approx(once.standard_error(is_bounded=False))


def test_too_few_units_say_nothing() -> None:
    control, arm = arms(2 * MIN_UNITS - 30)
    report = analyse(control, arm, share=0.5, goal=COST)
    assert report.advice is Advice.NOT_ENOUGH_TRAFFIC
    assert report.more_requests is None
    assert report.differences[Metric.COST].interval is None
    empty = analyse(ArmTotals(), ArmTotals(), share=0.5, goal=COST)
    assert empty.advice is Advice.NOT_ENOUGH_TRAFFIC
    assert empty.arm[Metric.COST].value is None


def test_a_rate_never_seen_is_not_known_without_error() -> None:
    control = arm = ArmTotals()
    for _ in range(200):
        control, arm = control.with_unit(UnitTotals(1)), arm.with_unit(UnitTotals(1))
    report = analyse(control, arm, share=0.5, goal=Goal(Metric.ESCALATION, 0.01))
    interval = report.differences[Metric.ESCALATION].interval
    assert interval is not None
    assert 0.005 < interval.half_width < 0.1


@pytest.mark.parametrize(("effect", "advice"), [(0.6, Advice.STOP_ARM_WORSE), (-0.5, Advice.STOP_ARM_BETTER)])
def test_a_clear_difference_in_cost_ends_the_experiment(effect: float, advice: Advice) -> None:
    report = analyse(*arms(3_000, effect=effect), share=0.5, goal=COST)
    assert report.advice is advice
    assert not report.mismatch


def test_a_higher_rating_is_better() -> None:
    control = arm = ArmTotals()
    for number in range(1_000):
        control = control.with_unit(UnitTotals(1, 0, 1, 1.0, 1, float(number % 2)))
        arm = arm.with_unit(UnitTotals(1, 0, 1, 1.0, 1, float(number % 5 > 0)))
    assert analyse(control, arm, share=0.5, goal=Goal(Metric.RATING, 0.05)).advice is Advice.STOP_ARM_BETTER


def test_no_difference_that_matters_is_an_answer_too() -> None:
    report = analyse(*arms(3_000), share=0.5, goal=Goal(Metric.RATING, 0.2))
    assert report.advice is Advice.STOP_NO_DIFFERENCE
    assert report.more_requests == 0


def test_not_enough_traffic_is_said_when_patience_ends_before_the_answer() -> None:
    control, arm = arms(1_000, effect=0.02)
    needed = requests_needed(control, arm, Goal(Metric.COST, 0.05))
    assert needed is not None
    assert needed > 10_000
    for patience, advice in (
        (needed - 1, Advice.NOT_ENOUGH_TRAFFIC),
        (needed, Advice.CONTINUE),
        (None, Advice.CONTINUE),
    ):
        goal = Goal(Metric.COST, 0.05, patience_requests=patience)
        assert analyse(control, arm, share=0.5, goal=goal).advice is advice


def test_the_requests_needed_are_about_enough() -> None:
    """Of experiments with the effect looked for, most find it within the requests said to be needed."""
    goal = Goal(Metric.RATING, 0.1)
    needed = requests_needed(*arms(400), goal)
    assert needed is not None
    rng, found = random.Random(4), 0
    for _ in range(20):
        control = arm = ArmTotals()
        for number in range(400 + needed):
            if number % 2:
                arm = arm.with_unit(UnitTotals(1, 0, 1, 1.0, 1, float(rng.random() < 0.7)))
            else:
                control = control.with_unit(UnitTotals(1, 0, 1, 1.0, 1, float(rng.random() < 0.8)))
        found += analyse(control, arm, share=0.5, goal=goal).advice is Advice.STOP_ARM_WORSE
    assert found >= 11


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_peeking_at_equal_arms_rarely_stops_the_experiment(share: float) -> None:
    rng, runs, stopped = random.Random(6), 60, 0
    for _ in range(runs):
        control = arm = ArmTotals()
        for number in range(2_000):
            if rng.random() < share:
                arm = arm.with_unit(request(rng))
            else:
                control = control.with_unit(request(rng))
            if number % 50 == 49 and analyse(control, arm, share=share, goal=COST).advice in STOPS:
                stopped += 1
                break
    assert stopped <= 7  # 5 % of 60 is 3; more than 7 has probability 1 %


def test_a_broken_split_is_found_and_overrides_any_result() -> None:
    control, arm = arms(3_000, effect=1.0)
    assert analyse(control, arm, share=0.4, goal=COST).advice is Advice.SAMPLE_RATIO_MISMATCH
    assert not has_sample_ratio_mismatch(control.units, arm.units, 0.5)


def test_the_split_watched_all_the_time_is_rarely_found_broken() -> None:
    rng, alarms = random.Random(9), 0
    for _ in range(100):
        counts = [0, 0]
        for _ in range(500):
            counts[rng.random() < 0.1] += 1
            if has_sample_ratio_mismatch(counts[0], counts[1], 0.1):
                alarms += 1
                break
    assert alarms <= 1


def test_an_arm_of_everybody_has_no_control() -> None:
    assert not has_sample_ratio_mismatch(0, 50, 1.0)
    assert has_sample_ratio_mismatch(1, 50, 1.0)
    assert not has_sample_ratio_mismatch(0, 0, 0.0)


@pytest.mark.parametrize("effect", [0.0, -1.0, math.nan, math.inf])
def test_a_goal_needs_an_effect(effect: float) -> None:
    with pytest.raises(ValueError, match="smallest difference that matters"):
        Goal(Metric.COST, effect)


def test_free_arms_are_equal_and_a_free_arm_is_cheaper() -> None:
    free = paid = ArmTotals()
    rng = random.Random(3)
    for _ in range(500):
        free, paid = free.with_unit(UnitTotals(1, 0, 1, 0.0)), paid.with_unit(request(rng))
    assert analyse(free, free, share=0.5, goal=COST).advice is Advice.STOP_NO_DIFFERENCE
    assert analyse(paid, free, share=0.5, goal=COST).advice is Advice.STOP_ARM_BETTER
