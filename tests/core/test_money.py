"""Prices and amounts: exact, and the same whichever way they are added up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_strategies import prices, usages
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.money import Price, Usage, cost_at, usd

PRICE = Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_amount_is_the_shortest_text_of_its_float(amount: float) -> None:
    assert usd(amount) == Decimal(repr(amount))
    assert float(usd(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0.1, "0.1"), (3.75e-08, "3.75e-8"), (0, "0"), (2, "2"), ("0.30", "0.30"), (Decimal("0.1"), "0.1")],
)
def test_amounts_have_no_binary_noise(amount: float | str | Decimal, expected: str) -> None:
    assert usd(amount) == Decimal(expected)


def test_a_float_of_another_make_is_read_by_its_value() -> None:
    class Money(float):
        def __repr__(self) -> str:
            return f"Money({float(self)})"

    assert usd(Money(0.1)) == Decimal("0.1")


@given(st.lists(st.integers(0, 10**9).map(lambda units: units / 10**9), max_size=30))
def test_a_sum_of_amounts_does_not_depend_on_their_order(amounts: list[float]) -> None:
    shuffled = sorted(amounts)
    assert sum(map(usd, amounts), Decimal(0)) == sum(map(usd, shuffled), Decimal(0))


def test_three_tenths_make_three_tenths() -> None:
    assert usd(0.1) + usd(0.2) == usd(0.3)


def test_a_cost_is_the_sum_of_fresh_cached_and_written_tokens() -> None:
    assert cost_at(PRICE, Usage(1_000, 200, 400)) == Decimal("0.0015") + Decimal("0.0005") + Decimal("0.002")


def test_cached_tokens_cost_what_fresh_ones_do_where_no_cached_price_is_known() -> None:
    price = Price(PRICE.input, PRICE.output)
    assert cost_at(price, Usage(1_000, 200, 400)) == cost_at(price, Usage(1_000, 200))


@given(prices, usages)
def test_no_more_tokens_are_taken_as_cached_than_the_prompt_has(price: Price, usage: Usage) -> None:
    capped = Usage(usage.prompt_tokens, usage.completion_tokens, min(usage.cached_tokens, usage.prompt_tokens))
    assert cost_at(price, usage) == cost_at(price, capped) >= 0


@given(prices, usages, usages)
def test_the_cost_of_two_answers_is_the_sum_of_their_costs(price: Price, one: Usage, other: Usage) -> None:
    one, other = (
        Usage(u.prompt_tokens, u.completion_tokens, min(u.cached_tokens, u.prompt_tokens)) for u in (one, other)
    )
    together = Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        one.cached_tokens + other.cached_tokens,
    )
    assert cost_at(price, together) == cost_at(price, one) + cost_at(price, other)
    assert together.total_tokens == one.total_tokens + other.total_tokens
