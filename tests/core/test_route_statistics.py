"""Running statistics of a route, against the textbook formulas."""

from __future__ import annotations

import json
import math
import statistics
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.route_statistics import MAX_FEATURES, NO_STATISTICS, Moments, RouteStatistics
from litellm_router_plugin.errors import DataError

values = st.lists(st.floats(-1e6, 1e6), max_size=30)


def moments(numbers: list[float]) -> Moments:
    return reduce(Moments.with_value, numbers, Moments())


@given(values.filter(lambda numbers: len(numbers) > 1))
def test_mean_and_deviation_are_those_of_the_sample(numbers: list[float]) -> None:
    found = moments(numbers)
    assert found.count == len(numbers)
    assert found.mean == pytest.approx(statistics.fmean(numbers), abs=1e-6)
    assert found.deviation == pytest.approx(statistics.pstdev(numbers), rel=1e-6, abs=1e-3)


@given(values, values)
def test_merging_two_samples_is_the_same_as_seeing_both(first: list[float], second: list[float]) -> None:
    merged, seen = moments(first).merged(moments(second)), moments(first + second)
    assert merged.count == seen.count
    assert merged.mean == pytest.approx(seen.mean, abs=1e-6)
    assert merged.deviation == pytest.approx(seen.deviation, rel=1e-6, abs=1e-3)


@given(values, st.sampled_from((math.nan, math.inf, -math.inf)))
def test_a_value_that_is_not_finite_is_left_out(numbers: list[float], strange: float) -> None:
    assert moments([*numbers, strange]) == moments(numbers)


@pytest.mark.parametrize("numbers", [[], [3.0]])
def test_fewer_than_two_values_do_not_deviate(numbers: list[float]) -> None:
    assert moments(numbers).deviation == 0.0


def test_each_feature_has_moments_of_its_own() -> None:
    known = NO_STATISTICS.with_values({"chars": 10.0}).with_values({"chars": 20.0, "has_call": 1.0})
    assert known.answers == 2
    assert known.moments("chars") == Moments(2, 15.0, 50.0)
    assert known.moments("has_call").count == 1
    assert known.moments("never seen") == Moments()
    assert NO_STATISTICS.answers == 0


def test_statistics_of_two_processes_are_merged_feature_by_feature() -> None:
    here = NO_STATISTICS.with_values({"chars": 10.0, "has_call": 1.0})
    there = NO_STATISTICS.with_values({"chars": 20.0, "mark_boxed": 1.0})
    both = here.merged(there)
    assert both.moments("chars") == Moments(2, 15.0, 50.0)
    assert {name: both.moments(name).count for name in ("has_call", "mark_boxed")} == {"has_call": 1, "mark_boxed": 1}
    assert here.merged(NO_STATISTICS) == here
    assert NO_STATISTICS.merged(here) == here


@given(values)
def test_statistics_come_back_as_they_were_written(numbers: list[float]) -> None:
    known = reduce(RouteStatistics.with_values, [{"chars": number} for number in numbers], NO_STATISTICS)
    assert RouteStatistics.from_json(json.loads(json.dumps(known.to_json()))) == known


@pytest.mark.parametrize(
    "damaged",
    [
        {"chars": 5},
        {"chars": {"count": -1, "mean": 0.0, "squared_deviations": 0.0}},
        {"chars": {"count": 1, "mean": "a", "squared_deviations": 0.0}},
        {"chars": {"count": 1, "mean": 0.0, "squared_deviations": -1.0}},
        {str(number): Moments().to_json() for number in range(MAX_FEATURES + 1)},
    ],
)
def test_damaged_statistics_are_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(DataError):
        RouteStatistics.from_json(damaged)
