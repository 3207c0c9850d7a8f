"""The ladder of tiers."""

from __future__ import annotations

import pytest
from core_strategies import ladder_of, ladders
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import RequestRefused, UnknownTier


@given(ladders)
def test_each_tier_is_found_at_its_own_rung(ladder: Ladder) -> None:
    for rung, tier in enumerate(ladder):
        assert ladder.rung(tier.name) == rung
        assert ladder.tier(tier.name) is tier
        assert ladder.for_group(tier.model_group) is tier
    assert ladder.top is ladder[len(ladder) - 1]


@given(ladders, st.data())
def test_the_highest_of_some_tiers_is_the_one_with_the_highest_rung(ladder: Ladder, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(ladder.names), min_size=1))
    highest = ladder.highest(names)
    assert highest in names
    assert all(ladder.rung(name) <= ladder.rung(str(highest)) for name in names)


def test_of_no_tiers_none_is_the_highest() -> None:
    assert ladder_of(2).highest([]) is None


def test_an_unknown_tier_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownTier) as caught:
        ladder_of(3).rung("gold", "min_tier")
    assert str(caught.value) == "min_tier: there is no tier 'gold'. The tiers are: cheap, standard, premium"
    assert isinstance(caught.value, RequestRefused)
    assert (caught.value.name, caught.value.tiers) == ("gold", ("cheap", "standard", "premium"))


def test_a_long_unknown_name_is_cut_in_the_message() -> None:
    with pytest.raises(UnknownTier) as caught:
        ladder_of(2).rung("x" * 10_000)
    assert len(str(caught.value)) < 200


def test_two_tiers_of_one_group_are_told_apart_by_name_and_the_cheaper_stands_for_the_group() -> None:
    ladder = Ladder((Tier("short", "mini", {"max_tokens": 10}), Tier("long", "mini")))
    assert ladder.for_group("mini") is ladder.tier("short")
    assert ladder.for_group("other") is None


def test_a_tier_can_be_hashed_although_it_holds_a_mapping() -> None:
    assert len({Tier("a", "g", {"max_tokens": 1}), Tier("a", "g", {"max_tokens": 1}), Tier("b", "g")}) == 2
