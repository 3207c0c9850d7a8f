from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.judge_economics import judge_can_pay

COSTS = st.decimals("0", "10", places=6)
POSITIVE = st.decimals("0.000001", "10", places=6)
SHARES = st.decimals("0", "1", places=3)
TOLERANCE = Decimal("1e-20")


@given(COSTS, COSTS, POSITIVE, SHARES, SHARES)
def test_it_pays_exactly_where_the_cascade_costs_less(
    draft: Decimal, judge: Decimal, target: Decimal, acceptance: Decimal, share: Decimal
) -> None:
    found = judge_can_pay(draft, judge, target, judged_share=share)
    saved = target - (draft + share * judge + (1 - acceptance) * target)
    if abs(saved) > TOLERANCE:
        assert found.pays_at(acceptance) is (saved > 0)


@given(COSTS, COSTS, POSITIVE)
def test_it_can_never_pay_when_draft_and_judge_cost_as_much_as_the_target(
    draft: Decimal, judge: Decimal, target: Decimal
) -> None:
    found = judge_can_pay(draft, judge, target)
    assert found.can_pay is (draft + judge < target)
    assert found.pays_at(Decimal(1)) is found.can_pay


@given(COSTS, COSTS, POSITIVE, POSITIVE)
def test_a_dearer_judge_never_needs_fewer_acceptances(
    draft: Decimal, judge: Decimal, target: Decimal, more: Decimal
) -> None:
    cheap, dear = judge_can_pay(draft, judge, target), judge_can_pay(draft, judge + more, target)
    assert cheap.break_even_acceptance is not None
    assert dear.break_even_acceptance is not None
    assert cheap.break_even_acceptance < dear.break_even_acceptance


def test_an_example_by_hand() -> None:
    found = judge_can_pay(Decimal("0.001"), Decimal("0.002"), Decimal("0.010"))
    assert found.break_even_acceptance == Decimal("0.3")
    assert judge_can_pay(Decimal("0.001"), Decimal("0.002"), Decimal("0.010"), judged_share=Decimal("0.5")) == (
        type(found)(Decimal("0.2"))
    )


def test_nothing_beats_a_free_target() -> None:
    found = judge_can_pay(Decimal(0), Decimal(0), Decimal(0))
    assert found.break_even_acceptance is None
    assert not found.can_pay
    assert not found.pays_at(Decimal(1))


@pytest.mark.parametrize("bad", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_impossible_costs_are_refused(bad: Decimal) -> None:
    with pytest.raises(ValueError, match=r"judge_cost: .* is no cost"):
        judge_can_pay(Decimal(1), bad, Decimal(1))
    with pytest.raises(ValueError, match=r"judged_share: .* is no share"):
        judge_can_pay(Decimal(1), Decimal(1), Decimal(1), judged_share=bad)
