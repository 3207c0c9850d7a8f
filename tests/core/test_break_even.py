"""The break-even guard."""

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.break_even import (
    PROBE_EVERY,
    WARM_UP,
    BreakEvenState,
    CascadeOutcome,
    Standing,
    advanced,
    is_probe,
    joint_view,
    runs_cascade,
    verdict,
)
from litellm_router_plugin.errors import DataError

OVERHEAD = 0.13
"""Draft and judge, as a share of the target's cost; so the break-even acceptance rate is .13 too."""

costs = st.floats(0, 10)
outcomes = st.builds(CascadeOutcome, costs, costs, st.booleans())


def draw(rng: random.Random, acceptance: float, sigma: float = 1.0) -> CascadeOutcome:
    """A request of log-normal size."""
    direct = rng.lognormvariate(-7, sigma)
    accepted = rng.random() < acceptance
    return CascadeOutcome(direct * OVERHEAD + (0 if accepted else direct), direct, accepted)


def stopped_after(rng: random.Random, acceptance: float, limit: int, sigma: float = 1.0) -> int | None:
    """Requests until the watched cascade is found to lose; None if it is not."""
    state = BreakEvenState()
    for count in range(1, limit + 1):
        state = state.with_outcome(draw(rng, acceptance, sigma))
        if verdict(state) is Standing.LOSING:
            return count
    return None


def after(requests: int, acceptance: float, seed: int = 1, state: BreakEvenState | None = None) -> BreakEvenState:
    rng, state = random.Random(seed), state or BreakEvenState()
    for _ in range(requests):
        state = state.with_outcome(draw(rng, acceptance))
    return state


def test_nothing_is_said_of_a_new_cascade() -> None:
    assert verdict(BreakEvenState()) is Standing.UNDECIDED
    assert runs_cascade(BreakEvenState(), "any")


@pytest.mark.parametrize("sigma", [0.5, 1.5])
def test_a_cascade_that_breaks_even_is_rarely_stopped_although_watched(sigma: float) -> None:
    rng, runs = random.Random(3), 60
    stopped = sum(stopped_after(rng, OVERHEAD, 1_000, sigma) is not None for _ in range(runs))
    assert stopped <= 7  # 5 % of 60 is 3; more than 7 has probability 1 %


@pytest.mark.parametrize(("acceptance", "sigma", "limit"), [(0.0, 1.0, 300), (0.05, 1.0, 1_000), (0.0, 1.5, 400)])
def test_a_losing_cascade_is_stopped(acceptance: float, sigma: float, limit: int) -> None:
    rng = random.Random(4)
    delays = [stopped_after(rng, acceptance, limit, sigma) for _ in range(20)]
    assert sum(delay is not None for delay in delays) >= 18


def test_a_cascade_that_pays_is_seen_to() -> None:
    state = after(300, 0.6)
    assert verdict(state) is Standing.PAYING
    assert state.net_saving_usd > 0
    assert advanced(state) is state


def test_a_losing_cascade_is_bypassed_and_its_probes_let_it_run_again() -> None:
    losing = after(400, 0.0)
    bypassed = advanced(losing)
    assert bypassed.is_bypassed
    assert bypassed.requests == 0
    assert verdict(bypassed) is Standing.UNDECIDED
    assert advanced(after(400, 0.0, state=bypassed)).is_bypassed
    reopened = advanced(after(100, 0.6, state=bypassed))
    assert not reopened.is_bypassed
    assert reopened.phase == 2


def test_a_cascade_that_stops_paying_is_stopped_in_spite_of_its_past() -> None:
    state = after(2_000, 0.6)
    assert verdict(state) is Standing.PAYING
    assert verdict(after(1_000, 0.0, state=state)) is Standing.LOSING


def test_few_large_requests_do_not_hide_that_the_rest_loses() -> None:
    state = BreakEvenState()
    for count in range(2_000):
        is_huge = count % 500 == 499
        direct = 0.5 if is_huge else 0.001
        state = state.with_outcome(CascadeOutcome(direct * 1.1, direct, accepted=False))
    assert verdict(state) is Standing.LOSING


def test_one_outlier_does_not_stop_a_cascade() -> None:
    state = after(50, 0.13).with_outcome(CascadeOutcome(1e6, 0.0, accepted=False))
    assert verdict(state) is Standing.UNDECIDED


@given(st.lists(outcomes, max_size=40))
def test_any_costs_give_finite_evidence_and_survive_json(requests: list[CascadeOutcome]) -> None:
    state = BreakEvenState()
    for request in requests:
        state = state.with_outcome(request)
    assert math.isfinite(state.evidence.below.value)
    assert state.requests == len(requests)
    assert BreakEvenState.from_json(json.loads(json.dumps(state.to_json()))) == state


@pytest.mark.parametrize("cost", [math.nan, math.inf, -0.1])
def test_unknown_costs_are_counted_and_prove_nothing(cost: float) -> None:
    state = after(WARM_UP, 0.5).with_outcome(CascadeOutcome(cost, 1.0, accepted=True))
    assert state.unpriced == 1
    assert state.requests == WARM_UP


def test_free_models_prove_nothing() -> None:
    state = BreakEvenState()
    for _ in range(100):
        state = state.with_outcome(CascadeOutcome(0.0, 0.0, accepted=True))
    assert verdict(state) is Standing.UNDECIDED


def test_two_processes_find_out_together_what_neither_knows_alone() -> None:
    halves = [after(110, 0.0, seed) for seed in (1, 2)]
    assert [verdict(half) for half in halves] == [Standing.UNDECIDED] * 2
    view = joint_view(halves[0], halves[1:])
    assert view.is_bypassed
    assert all(half.in_phase(view.phase).is_bypassed for half in halves)
    assert joint_view(halves[1], halves[:1]).phase == view.phase


@given(st.lists(outcomes, max_size=30), st.lists(outcomes, max_size=30), st.integers(0, 2))
def test_merging_is_the_same_both_ways(first: list[CascadeOutcome], second: list[CascadeOutcome], phase: int) -> None:
    one, other = BreakEvenState(), BreakEvenState(phase=phase)
    for request in first:
        one = one.with_outcome(request)
    for request in second:
        other = other.with_outcome(request)
    there, back = one.merged(other), other.merged(one)
    assert there.phase == back.phase == phase
    assert there.requests == back.requests
    assert there.cascade_usd == pytest.approx(back.cascade_usd)
    assert there.evidence.below.value == pytest.approx(back.evidence.below.value)


def test_a_stale_phase_does_not_count() -> None:
    bypassed = BreakEvenState().in_phase(1)
    assert bypassed.merged(after(400, 0.6)) == bypassed
    assert bypassed.in_phase(0) is bypassed


def test_false_alarms_stay_rare_when_two_processes_share() -> None:
    rng, runs, stopped = random.Random(5), 30, 0
    for _ in range(runs):
        one, other = BreakEvenState(), BreakEvenState()
        for _ in range(300):
            one, other = one.with_outcome(draw(rng, OVERHEAD)), other.with_outcome(draw(rng, OVERHEAD))
            if joint_view(one, [other]).is_bypassed:
                stopped += 1
                break
    assert stopped <= 5  # 5 % of 30 is 1.5; more than 5 has probability below 1 %


def test_probes_are_rare_and_the_same_everywhere() -> None:
    ids = [f"decision-{number}" for number in range(20_000)]
    probes = [name for name in ids if is_probe(name)]
    assert len(probes) == pytest.approx(len(ids) / PROBE_EVERY, rel=0.25)
    bypassed = BreakEvenState().in_phase(1)
    assert [name for name in ids if runs_cascade(bypassed, name)] == probes
    assert is_probe("decision-0", every=1)


def test_impossible_confidence_and_damaged_state_are_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        verdict(BreakEvenState(), 1.0)
    with pytest.raises(DataError, match="'phase' must be an integer"):
        BreakEvenState.from_json({})
    with pytest.raises(DataError, match="'cascade_usd' must not be negative"):
        BreakEvenState.from_json({**BreakEvenState().to_json(), "cascade_usd": -1.0})
    with pytest.raises(DataError, match="'evidence' must be an object"):
        BreakEvenState.from_json({**BreakEvenState().to_json(), "evidence": []})
