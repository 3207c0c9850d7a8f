"""What the expected-cost rule is told of a request: which rungs it passes over, what it believes of a draft."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.expected_cost import GraderOutlook, TierOutlook
from litellm_router_plugin.host.outlook import Outlook

JUDGE = GraderOutlook.of_accuracy("judge", 0.1, 0.85)
VALUE = 60.0
probabilities = st.floats(0, 1)


def outlook(*tiers: tuple[float, float], deviation: float = 1.0) -> Outlook:
    expected = [TierOutlook(p, cost) for p, cost in tiers]
    return Outlook(expected, [p for p, _ in tiers], {"judge": JUDGE}, VALUE, range(len(tiers)), deviation)


def test_a_rejected_draft_passes_over_a_tier_that_is_not_worth_its_cost() -> None:
    found = outlook((0.7, 0.2), (0.65, 5.0), (0.9, 10.0))
    assert found.passed_over(0) == {1}
    assert found.passed_over(1) == frozenset()
    assert found.passed_over(2) == frozenset()


def test_there_is_no_plan_above_the_top() -> None:
    assert outlook((0.7, 0.2), (0.9, 10.0)).plan(above=1) is None


@given(st.lists(st.tuples(probabilities, st.floats(0, 10)), min_size=1, max_size=4), st.integers(0, 3))
def test_what_is_passed_over_is_never_what_the_plan_calls(tiers: list[tuple[float, float]], start: int) -> None:
    found = outlook(*tiers)
    then = found.plan(above=start)
    assert found.passed_over(start).isdisjoint(then.rungs if then else ())
    assert all(rung > start for rung in found.passed_over(start))


def test_an_estimate_counts_beside_the_forecast_and_less_where_nothing_is_known_of_the_route() -> None:
    known, unknown = outlook((0.8, 0.2), (0.9, 10.0), deviation=0.0), outlook((0.8, 0.2), (0.9, 10.0))
    assert known.p_ok(0, None) == pytest.approx(0.8)
    assert 0.8 < known.p_ok(0, 0.95) < 0.95
    assert 0.5 < unknown.p_ok(0, 0.95) < known.p_ok(0, 0.95)
