"""What estimates are worth on a route of which no labels are known, and how readily graders accept there."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.beliefs import (
    LARGEST_SHIFT,
    Readiness,
    blended,
    expected_p,
    readiness_values,
)
from litellm_router_plugin.core.expected_cost import GraderOutlook
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics

probabilities = st.floats(0, 1)
inside = st.floats(0.02, 0.98)
JUDGE = GraderOutlook.of_accuracy("judge", 0.1, 0.75)


@given(probabilities, st.floats(0, 5))
def test_an_unknown_level_draws_towards_one_half_and_never_past_it(estimate: float, deviation: float) -> None:
    p = expected_p(estimate, deviation)
    assert min(estimate, 0.5) - 0.011 <= p <= max(estimate, 0.5) + 0.011
    assert abs(p - 0.5) <= abs(estimate - 0.5) + 1e-9


@given(inside, inside)
def test_order_is_kept(one: float, other: float) -> None:
    assert (expected_p(one) <= expected_p(other)) == (one <= other) or math.isclose(one, other, rel_tol=1e-9)


@given(inside)
def test_a_known_level_is_taken_as_it_is(estimate: float) -> None:
    assert expected_p(estimate, 0.0) == pytest.approx(estimate)


def test_the_mean_is_that_of_the_shifted_estimates() -> None:
    draw = random.Random(3)  # noqa: S311  a simulation
    shifted = [1 / (1 + math.exp(-(math.log(0.9 / 0.1) + draw.gauss(0, 1)))) for _ in range(40_000)]
    assert expected_p(0.9) == pytest.approx(sum(shifted) / len(shifted), abs=0.01)


@given(inside, inside)
def test_forecast_and_estimate_meet_between_them(forecast: float, estimate: float) -> None:
    low, high = sorted((forecast, estimate))
    assert low - 1e-9 <= blended(forecast, estimate) <= high + 1e-9
    assert blended(forecast, None) == forecast


def verdicts(share: float, count: int, p_ok: float = 0.7) -> RouteStatistics:
    found = NO_STATISTICS
    for number in range(count):
        accepted = math.floor((number + 1) * share) > math.floor(number * share)
        found = found.with_values(readiness_values(JUDGE, p_ok, accepted=accepted))
    return found


@pytest.mark.parametrize("share", [0.45, 0.6, 0.75])
def test_the_share_that_a_grader_accepts_is_learned_without_labels(share: float) -> None:
    judge = Readiness.of(verdicts(share, 400)).of_grader(JUDGE)
    assert 0.7 * judge.accepts_good + 0.3 * judge.accepts_poor == pytest.approx(share, abs=0.04)


@given(st.floats(0.05, 0.95), st.integers(0, 300))
def test_it_tells_good_from_poor_as_well_as_before(share: float, count: int) -> None:
    judge = Readiness.of(verdicts(share, count)).of_grader(JUDGE)

    def odds(p: float) -> float:
        return p / (1 - p)

    assert odds(judge.accepts_good) / odds(judge.accepts_poor) == pytest.approx(9.0, rel=1e-6)


def test_few_verdicts_move_little_and_none_move_nothing() -> None:
    unmoved = Readiness.of(NO_STATISTICS).of_grader(JUDGE)
    assert (unmoved.accepts_good, unmoved.accepts_poor) == pytest.approx((0.75, 0.25))
    assert abs(Readiness.of(verdicts(0.0, 1)).shift) < 0.3


@given(inside, st.booleans(), st.floats(-1e6, 1e6))
def test_sums_from_elsewhere_cannot_run_away(p_ok: float, accepted: bool, score: float) -> None:  # noqa: FBT001  hypothesis
    assert all(math.isfinite(value) for value in readiness_values(JUDGE, p_ok, accepted=accepted).values())
    assert abs(Readiness(score, 1.0).shift) <= LARGEST_SHIFT


def test_counts_of_two_processes_add_up() -> None:
    one, other = verdicts(0.8, 50), verdicts(0.5, 30)
    merged = RouteStatistics({name: one.moments(name).merged(other.moments(name)) for name in one.features})
    both = Readiness.of(merged)
    assert both.score == pytest.approx(Readiness.of(one).score + Readiness.of(other).score)
    assert both.information == pytest.approx(Readiness.of(one).information + Readiness.of(other).information)
