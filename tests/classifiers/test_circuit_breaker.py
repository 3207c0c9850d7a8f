"""When calls are allowed, for any order of outcomes and any waiting between them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.circuit_breaker import CircuitBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


outcomes = st.lists(st.booleans(), max_size=30)


@given(outcomes, st.integers(1, 6))
def test_it_is_closed_exactly_while_the_last_failures_in_a_row_are_fewer_than_the_limit(
    went_well: list[bool], limit: int
) -> None:
    breaker = CircuitBreaker(limit, 30.0, Clock())
    in_a_row = 0
    for good in went_well:
        (breaker.succeeded if good else breaker.failed)()
        in_a_row = 0 if good else in_a_row + 1
        assert breaker.allows() == (in_a_row < limit)


@given(st.integers(1, 6), st.floats(0.5, 1000), st.integers(2, 20))
def test_one_trial_is_let_through_per_cooldown_and_its_success_closes_it(
    limit: int, cooldown_s: float, askers: int
) -> None:
    clock = Clock()
    breaker = CircuitBreaker(limit, cooldown_s, clock)
    for _ in range(limit):
        breaker.failed()
    clock.now = cooldown_s * 0.99
    assert not breaker.allows()
    clock.now = cooldown_s
    assert [breaker.allows() for _ in range(askers)].count(True) == 1
    breaker.succeeded()
    assert all(breaker.allows() for _ in range(askers))


@given(st.integers(1, 6))
def test_a_failed_trial_opens_it_for_another_cooldown(limit: int) -> None:
    clock = Clock()
    breaker = CircuitBreaker(limit, 30.0, clock)
    for _ in range(limit):
        breaker.failed()
    clock.now = 40.0
    assert breaker.allows()
    clock.now = 41.0
    breaker.failed()
    clock.now = 70.9
    assert not breaker.allows()
    clock.now = 71.0
    assert breaker.allows()


def test_a_trial_that_never_reports_does_not_keep_it_open_for_ever() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1, 30.0, clock)
    breaker.failed()
    clock.now = 30.0
    assert breaker.allows()
    clock.now = 60.0
    assert breaker.allows()


def test_after_a_success_it_takes_the_full_count_again_to_open_it() -> None:
    breaker = CircuitBreaker(3, 30.0, Clock())
    for _ in range(3):
        breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert breaker.allows()


def test_threads_get_one_trial_between_them() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1, 30.0, clock)
    breaker.failed()
    clock.now = 30.0
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: breaker.allows(), range(200))) == 1


@pytest.mark.parametrize(("failures", "cooldown_s"), [(0, 30.0), (1, -1.0)])
def test_senseless_limits_are_refused(failures: int, cooldown_s: float) -> None:
    with pytest.raises(ValueError, match="failures must be at least 1"):
        CircuitBreaker(failures, cooldown_s)
