"""The ladder as users see it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.web.ladder import RouterLadder, TierFacts, dominated_by
from litellm_router_plugin.web.ladder_view import ladder_view

PRICES = st.builds(
    Price, st.decimals(0, 1, places=6), st.decimals(0, 1, places=6), st.none() | st.decimals(0, 1, places=6)
)
LADDERS = st.lists(st.none() | PRICES, min_size=2, max_size=6).map(
    lambda prices: tuple(TierFacts(f"t{n}", f"g{n}", price=price) for n, price in enumerate(prices))
)


@given(LADDERS)
def test_a_tier_is_dominated_exactly_where_a_higher_one_undercuts_both_its_prices(tiers: tuple[TierFacts, ...]) -> None:
    for rung, lower in enumerate(tiers):
        name = dominated_by(tiers, rung)
        undercuts = [
            one.name
            for one in tiers[rung + 1 :]
            if lower.price
            and one.price
            and one.price.input <= lower.price.input
            and one.price.output <= lower.price.output
        ]
        assert name == (undercuts[0] if undercuts else None)


def test_two_tiers_on_one_model_group_do_not_dominate_each_other() -> None:
    price = Price(Decimal("1e-06"), Decimal("2e-06"))
    tiers = (TierFacts("short", "mini", price=price), TierFacts("long", "mini", price=price))
    assert dominated_by(tiers, 0) is None


def test_prices_are_per_million_tokens_and_unknown_ones_are_null() -> None:
    priced = TierFacts("cheap", "mini", ("openai/mini",), Price(Decimal("3.75e-08"), Decimal("1.5e-07")), 128_000)
    told = ladder_view(RouterLadder("smart", (priced, TierFacts("dear", "top")), "cheap", "dear"))
    tiers = told["tiers"]
    assert isinstance(tiers, list)
    assert tiers[0]["input_usd_per_million"] == 0.0375
    assert tiers[0]["output_usd_per_million"] == 0.15
    assert tiers[0]["cached_input_usd_per_million"] is None
    assert tiers[1]["input_usd_per_million"] is None
    assert told["savings_baseline"] == "dear"
