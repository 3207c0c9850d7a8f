"""Drift alarms."""

from __future__ import annotations

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret
import json
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.drift import REFERENCE, DriftMonitor, joint_evidence, rate_for_each
from litellm_router_plugin.errors import DataError

Draw = Callable[[random.Random], float]


def accepted(rate: float) -> Draw:
    return lambda rng: float(rng.random() < rate)


def score(good: float, bad: float) -> Draw:
    return lambda rng: rng.betavariate(good, bad)


def watched(draws: list[tuple[Draw, int]], seed: int, name: str = "route") -> DriftMonitor:
    rng, monitor = random.Random(seed), DriftMonitor(f"{name}-{seed}")
    for draw, count in draws:
        for _ in range(count):
            monitor = monitor.with_value(draw(rng))
    return monitor


@pytest.mark.parametrize(
    "draw", [accepted(0.7), score(6, 3), lambda _rng: 0.5], ids=["acceptance", "score", "constant"]
)
def test_a_steady_stream_rarely_raises_an_alarm(draw: Draw) -> None:
    alarms = sum(watched([(draw, 1_500)], seed).alarm(0.05) is not None for seed in range(20))
    assert alarms <= 4  # 5 % of 20 is 1; more than 4 has probability below 1 %


@pytest.mark.parametrize(
    ("before", "after", "within"),
    [
        (accepted(0.7), accepted(0.4), 400),
        (score(6, 3), score(4, 4), 300),
        (score(6, 3), score(2, 1), 300),
    ],
    ids=["acceptance falls", "scores fall", "scores spread"],
)
def test_a_change_is_found(before: Draw, after: Draw, within: int) -> None:
    found = sum(watched([(before, 1_000), (after, within)], seed).alarm() is not None for seed in range(10))
    assert found >= 9


def test_an_alarm_stays_and_tells_what_changed() -> None:
    monitor = watched([(accepted(0.8), 1_000), (accepted(0.3), 2_000)], 1)
    alarm = monitor.alarm()
    assert alarm is not None
    assert alarm.recent_mean < 0.4 < alarm.reference_mean
    assert "lately 0.3" in str(alarm)


def test_nothing_is_said_before_there_is_a_past() -> None:
    monitor = watched([(accepted(0.0), REFERENCE // 2), (accepted(1.0), REFERENCE // 2)], 1)
    assert monitor.evidence.count == 0
    assert monitor.alarm(0.5) is None


@given(st.lists(st.floats(0, 1), max_size=300))
def test_any_values_keep_the_state_small_and_finite(values: list[float]) -> None:
    monitor = DriftMonitor("any")
    for value in values:
        monitor = monitor.with_value(value)
    assert monitor.seen == len(values)
    assert math.isfinite(monitor.evidence.value)
    assert len(json.dumps(monitor.to_json())) < 2_000
    assert DriftMonitor.from_json(json.loads(json.dumps(monitor.to_json()))) == monitor


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.01, 1.01])
def test_values_that_are_no_score_are_left_out(value: float) -> None:
    assert DriftMonitor("any").with_value(value) == DriftMonitor("any")


def test_a_replay_gives_the_same_evidence() -> None:
    stream: list[tuple[Draw, int]] = [(score(6, 3), 300), (score(3, 3), 100)]
    assert watched(stream, 5) == watched(stream, 5)


def test_processes_find_a_change_together() -> None:
    monitors = [watched([(accepted(0.7), 600), (accepted(0.35), 150)], seed) for seed in range(3)]
    assert joint_evidence(monitors) > max(monitor.evidence.value for monitor in monitors)
    assert joint_evidence([]) == 1.0


def test_many_monitors_share_one_rate() -> None:
    assert rate_for_each(0.05, 10) == 0.005
    assert rate_for_each(0.05, 0) == 0.05


def test_impossible_rates_and_damaged_states_are_refused() -> None:
    with pytest.raises(ValueError, match="false_alarm_rate"):
        DriftMonitor("any").alarm(0.0)
    with pytest.raises(DataError, match="'counts' must be a list of 64 numbers"):
        DriftMonitor.from_json({**DriftMonitor("any").to_json(), "counts": [1]})
