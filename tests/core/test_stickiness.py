"""Whether a conversation keeps its tier."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_strategies import ladder_of
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.stickiness import SMALLEST_GAIN, kept_rung

LADDER = ladder_of(3)
CHEAP, STANDARD, PREMIUM = range(3)
PRICES: dict[str, Price | None] = {
    "cheap": Price(Decimal("1e-06"), Decimal("2e-06"), Decimal("5e-07")),
    "standard": Price(Decimal("3e-06"), Decimal("6e-06"), Decimal("3e-07")),
    "premium": Price(Decimal("30e-06"), Decimal("60e-06"), Decimal("15e-06")),
}


def kept(
    proposed: int,
    last: str | None,
    *,
    sticky: bool = True,
    forecast: Forecast = NOTHING_FIRED,
    prices: dict[str, Price | None] = PRICES,
    prompt_tokens: int = 10_000,
) -> int:
    return kept_rung(
        LADDER, proposed, last, sticky=sticky, forecast=forecast, prices=prices, prompt_tokens=prompt_tokens
    )


@pytest.mark.parametrize("last", [None, "gone"])
@pytest.mark.parametrize("sticky", [True, False])
def test_a_conversation_without_a_known_tier_goes_where_it_is_proposed(last: str | None, sticky: bool) -> None:  # noqa: FBT001 - a parameter
    assert kept(CHEAP, last, sticky=sticky) == CHEAP


@given(st.integers(0, 2), st.sampled_from(LADDER.names), st.integers(0, 10**6))
def test_a_sticky_conversation_never_steps_down(proposed: int, last: str, prompt_tokens: int) -> None:
    assert kept(proposed, last, prompt_tokens=prompt_tokens) >= LADDER.rung(last)


@given(st.booleans(), st.sampled_from(LADDER.names), st.integers(0, 10**6))
def test_a_proposal_of_the_same_tier_changes_nothing(sticky: bool, last: str, prompt_tokens: int) -> None:  # noqa: FBT001 - drawn
    assert kept(LADDER.rung(last), last, sticky=sticky, prompt_tokens=prompt_tokens) == LADDER.rung(last)


def test_without_forecasts_a_harder_question_goes_up() -> None:
    assert kept(PREMIUM, "cheap") == PREMIUM


@pytest.mark.parametrize(("gain", "expected"), [(SMALLEST_GAIN + 0.01, PREMIUM), (SMALLEST_GAIN - 0.01, CHEAP)])
def test_a_conversation_goes_up_only_for_a_gain_worth_having(gain: float, expected: int) -> None:
    forecast = Forecast("premium", "learned", p_success={"cheap": 0.5, "premium": 0.5 + gain})
    assert kept(PREMIUM, "cheap", forecast=forecast) == expected


def test_a_conversation_that_is_not_sticky_stays_where_moving_costs_more_than_its_cache_saves() -> None:
    assert kept(CHEAP, "standard", sticky=False, prompt_tokens=100_000) == STANDARD


def test_a_conversation_that_is_not_sticky_moves_down_where_that_is_cheaper_even_without_the_cache() -> None:
    assert kept(CHEAP, "standard", sticky=False, prompt_tokens=10) == CHEAP
    assert kept(CHEAP, "premium", sticky=False, prompt_tokens=100_000) == CHEAP


@pytest.mark.parametrize("unknown", ["cheap", "standard"])
def test_where_a_price_is_unknown_the_proposal_is_followed(unknown: str) -> None:
    prices = {**PRICES, unknown: None}
    assert kept(CHEAP, "standard", sticky=False, prices=prices, prompt_tokens=100_000) == CHEAP
