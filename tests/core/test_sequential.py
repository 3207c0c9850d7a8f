"""Confidence sequences and evidence that may be watched."""

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.evidence import Evidence, SignEvidence
from litellm_router_plugin.core.sequential import (
    BernoulliRate,
    BoundedMean,
    Interval,
    difference,
    normal_mixture_radius,
)
from litellm_router_plugin.errors import DataError

shares = st.floats(0, 1)
signed = st.floats(-1, 1)


def most_allowed(runs: int, rate: float) -> int:
    """Four standard deviations above the count expected at an error rate: a right method fails 1 time in 10,000."""
    return math.ceil(runs * rate + 4 * math.sqrt(runs * rate * (1 - rate)))


def rate_of(outcomes: list[bool]) -> BernoulliRate:
    rate = BernoulliRate()
    for outcome in outcomes:
        rate = rate.with_value(outcome)
    return rate


def mean_of(values: list[float]) -> BoundedMean:
    mean = BoundedMean()
    for value in values:
        mean = mean.with_value(value)
    return mean


def test_nothing_seen_rules_nothing_out() -> None:
    assert BernoulliRate().interval() == BoundedMean().interval() == Interval(0.0, 1.0)
    assert BernoulliRate().rate is None
    assert BoundedMean().mean is None


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_rate_s_interval_holds_the_rate_and_ends_where_the_evidence_does(outcomes: list[bool]) -> None:
    rate = rate_of(outcomes)
    interval = rate.interval(0.9)
    assert rate.rate is not None
    assert rate.rate in interval
    for end in (interval.low, interval.high):
        if 0 < end < 1:
            assert rate.log_evidence(end) == pytest.approx(math.log(10), rel=1e-6)


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 40))
def test_merged_rates_are_those_of_one_process(outcomes: list[bool], cut: int) -> None:
    merged = rate_of(outcomes[:cut]).merged(rate_of(outcomes[cut:]))
    assert merged == rate_of(outcomes)


@given(st.integers(0, 8), st.floats(0.05, 0.95))
def test_the_evidence_against_a_true_rate_has_expectation_one(trials: int, rate: float) -> None:
    total = sum(
        math.comb(trials, k)
        * rate**k
        * (1 - rate) ** (trials - k)
        * math.exp(BernoulliRate(trials, k).log_evidence(rate))
        for k in range(trials + 1)
    )
    assert total == pytest.approx(1.0)


@given(st.lists(shares, max_size=30), st.lists(shares, max_size=30))
def test_bounded_means_merge_in_any_order(first: list[float], second: list[float]) -> None:
    one, other = mean_of(first), mean_of(second)
    assert one.merged(other).interval().low == pytest.approx(other.merged(one).interval().low)
    assert one.merged(other).count == len(first) + len(second)


def test_values_outside_the_bounds_are_refused() -> None:
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"0\.\.1"):
            BoundedMean().with_value(value)
        with pytest.raises(ValueError, match=r"-1\.\.1"):
            SignEvidence().with_value(value - 1 if value < 0 else value)


def test_intervals_shrink_around_the_mean() -> None:
    rng = random.Random(1)
    values = [rng.betavariate(8, 2) for _ in range(2_000)]
    interval = mean_of(values).interval()
    assert 0.8 in interval
    assert interval.half_width < 0.02
    assert mean_of(values[:100]).interval().half_width > interval.half_width


@pytest.mark.parametrize("parts", [1, 3])
def test_a_bounded_mean_watched_all_the_time_misses_its_truth_rarely(parts: int) -> None:
    """With one process, and with three whose states are merged at every look."""
    rng, runs, misses = random.Random(7), 150, 0
    for _ in range(runs):
        states = [BoundedMean() for _ in range(parts)]
        for step in range(400):
            states[step % parts] = states[step % parts].with_value(float(rng.random() < 0.9))
            merged = states[0]
            for state in states[1:]:
                merged = merged.merged(state)
            if 0.9 not in merged.interval(0.9):
                misses += 1
                break
    assert misses <= most_allowed(runs, 0.1)


def test_a_rate_watched_all_the_time_misses_its_truth_rarely() -> None:
    rng, runs, misses, limit = random.Random(8), 300, 0, math.log(10)
    for _ in range(runs):
        rate = BernoulliRate()
        for _ in range(500):
            rate = rate.with_value(rng.random() < 0.3)
            if rate.log_evidence(0.3) > limit:
                misses += 1
                break
    assert 0 < misses <= most_allowed(runs, 0.1)


def test_a_difference_is_wider_than_either_side() -> None:
    one, other = BernoulliRate(500, 400), BernoulliRate(500, 300)
    between = difference(one, other, 0.95)
    assert 0.2 in between
    assert 0.0 not in between
    assert between.half_width > one.interval().half_width


def test_the_mixture_radius_exceeds_the_fixed_sample_quantile_and_grows_slowly() -> None:
    radii = [normal_mixture_radius(count) for count in (200, 1_000, 10_000, 1_000_000)]
    assert all(radius > 1.96 for radius in radii)
    assert radii[-1] < 5


@pytest.mark.parametrize("confidence", [0.0, 1.0, 2.0, math.nan])
def test_impossible_confidences_are_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        BernoulliRate(1, 1).interval(confidence)


def test_the_evidence_for_a_sign_has_expectation_at_most_one_under_its_null() -> None:
    """Every path of five fair values of -1 or 1, exactly."""
    total = 0.0
    for path in range(32):
        evidence = SignEvidence()
        for bit in range(5):
            evidence = evidence.with_value(1.0 if path >> bit & 1 else -1.0)
        total += evidence.above.value
    assert total / 32 == pytest.approx(1.0)


@given(st.lists(signed, max_size=50), st.lists(signed, max_size=50))
def test_merged_evidence_is_the_same_both_ways(first: list[float], second: list[float]) -> None:
    one, other = SignEvidence(), SignEvidence()
    for value in first:
        one = one.with_value(value)
    for value in second:
        other = other.with_value(value)
    assert one.merged(other).below.value == pytest.approx(other.merged(one).below.value)
    if not second:
        assert one.merged(other).above.value == pytest.approx(one.above.value)


def test_evidence_finds_a_change_after_a_long_calm() -> None:
    evidence = SignEvidence()
    for _ in range(5_000):
        evidence = evidence.with_value(0.2)
    for _ in range(300):
        evidence = evidence.with_value(-0.2)
    assert evidence.below.value > 1_000


def test_evidence_stays_finite() -> None:
    evidence = SignEvidence()
    for _ in range(20_000):
        evidence = evidence.with_value(1.0)
    assert math.isfinite(evidence.merged(evidence).above.value)
    assert math.isfinite(evidence.above.value)


@given(st.lists(shares, max_size=20))
def test_states_survive_json(values: list[float]) -> None:
    mean, rate, evidence = BoundedMean(), BernoulliRate(), SignEvidence()
    for value in values:
        mean, rate, evidence = mean.with_value(value), rate.with_value(value > 0.5), evidence.with_value(value)
    assert BoundedMean.from_json(json.loads(json.dumps(mean.to_json()))) == mean
    assert BernoulliRate.from_json(json.loads(json.dumps(rate.to_json()))) == rate
    assert SignEvidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"trials": 1}, "'successes' must be an integer"),
        ({"trials": 1, "successes": 2}, "'successes' must be at most 1"),
        ({"trials": True, "successes": 0}, "'trials' must be an integer"),
        ({"trials": -1, "successes": 0}, "'trials' must be an integer of at least 0"),
    ],
)
def test_damaged_counts_are_refused(state: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        BernoulliRate.from_json(state)


@pytest.mark.parametrize("running", [None, [0.0], [0.0, math.nan], [0.0, -1.0], "ab"])
def test_damaged_evidence_is_refused(running: object) -> None:
    with pytest.raises(DataError, match="'running' must"):
        Evidence.from_json({"count": 0, "running": running, "settled": [1.0, 1.0]}, 2)
