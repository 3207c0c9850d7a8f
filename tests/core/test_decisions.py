"""Which tier a request starts on: the precedence of the rules, each pair of them, and what holds for any request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TypedDict, Unpack

import pytest
from core_strategies import DecisionCase, decision_cases, ladder_of
from hypothesis import assume, given
from hypothesis import strategies as st

from litellm_router_plugin.core.decisions import (
    CAUSES,
    LACK_WORDS,
    Bounds,
    Cause,
    Choice,
    DecisionInputs,
    Lack,
    choose_tier,
    healthy_choice,
    proposed_choice,
)
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.errors import ContradictoryBounds, NoTierFits, UnknownTier

LADDER = ladder_of(4)
CHEAP, STANDARD, PREMIUM, HUGE = range(4)


class Facts(TypedDict, total=False):
    """Fields of `DecisionInputs`."""

    has_state: bool
    state_tier: str | None
    pin: str | None
    experiment_tier: str | None
    forecast: Forecast
    loop_tier: str | None
    sticky_tier: str | None
    client: Bounds
    owner: Bounds
    lacks: Mapping[str, Lack]
    unhealthy: frozenset[str]


def choose(**facts: Unpack[Facts]) -> Choice:
    """The choice on the four-tier ladder, whose default is its second tier."""
    return choose_tier(LADDER, "standard", DecisionInputs(**facts))


def both(first: Facts, second: Facts) -> Facts:
    """The facts of both; the second's where they speak of the same."""
    return {**first, **second}


def outcome(case: DecisionCase) -> Choice:
    """The choice for a case; examples in which no tier can take the request are left out."""
    try:
        return choose_tier(case.ladder, case.default, case.inputs)
    except NoTierFits:
        assume(False)  # noqa: FBT003 - Hypothesis' own signature
        raise


def cap_of(case: DecisionCase) -> int:
    caps = [bounds.cap for bounds in (case.inputs.client, case.inputs.owner) if bounds.cap is not None]
    return min(caps, default=len(case.ladder) - 1)


RULES: dict[Cause, tuple[Facts, int]] = {
    "state": ({"has_state": True, "state_tier": "huge"}, HUGE),
    "pinned": ({"pin": "cheap"}, CHEAP),
    "experiment": ({"experiment_tier": "premium"}, PREMIUM),
    "rule": ({"forecast": Forecast("cheap", "rule")}, CHEAP),
    "default": ({}, STANDARD),
}
"""The rules that propose a tier, the strongest first, each with facts under which it alone speaks."""


@pytest.mark.parametrize("cause", RULES)
def test_each_rule_alone_sets_its_tier_and_is_named_as_the_cause(cause: Cause) -> None:
    facts, rung = RULES[cause]
    assert choose(**facts) == Choice(rung, cause)


@pytest.mark.parametrize(
    ("stronger", "weaker"), [(a, b) for i, a in enumerate(RULES) for b in list(RULES)[i + 1 :]], ids="-over-".join
)
def test_of_two_rules_that_propose_the_stronger_wins(stronger: Cause, weaker: Cause) -> None:
    assert choose(**both(RULES[weaker][0], RULES[stronger][0])) == Choice(RULES[stronger][1], stronger)


STEPS: dict[Cause, tuple[Facts, int]] = {
    "rule": ({"forecast": Forecast("cheap", "rule")}, CHEAP),
    "sticky": ({"sticky_tier": "standard"}, STANDARD),
    "floor": ({"client": Bounds(floor=PREMIUM)}, PREMIUM),
    "cap": ({"owner": Bounds(cap=CHEAP)}, CHEAP),
}
"""Rules that raise or lower in turn, the first to be applied first."""


@pytest.mark.parametrize(("first", "then"), list(pairwise(STEPS)), ids="-then-".join)
def test_each_later_rule_moves_what_the_earlier_one_set(first: Cause, then: Cause) -> None:
    assert choose(**STEPS[first][0]).rung in (STEPS[first][1], STANDARD)
    assert choose(**both(STEPS[first][0], STEPS[then][0])) == Choice(STEPS[then][1], then)


def test_capability_raises_what_the_cap_left_and_health_comes_last() -> None:
    capped: Facts = {"forecast": Forecast("huge", "rule"), "owner": Bounds(cap=PREMIUM)}
    assert choose(**capped) == Choice(PREMIUM, "cap")
    lower: Facts = {**capped, "forecast": Forecast("cheap", "rule"), "lacks": {"cheap": "tools"}}
    assert choose(**lower) == Choice(STANDARD, "tools")
    assert choose(**both(lower, {"unhealthy": frozenset({"standard"})})) == Choice(PREMIUM, "tier_down")


def test_a_pin_is_kept_by_a_conversation_and_moved_by_bounds() -> None:
    assert choose(pin="cheap", sticky_tier="premium", loop_tier="huge") == Choice(CHEAP, "pinned")
    assert choose(pin="cheap", client=Bounds(floor=STANDARD)) == Choice(STANDARD, "floor")
    assert choose(pin="huge", owner=Bounds(cap=STANDARD)) == Choice(STANDARD, "cap")


def test_a_tool_loop_stays_on_its_tier_although_the_conversation_was_higher() -> None:
    assert choose(forecast=Forecast("premium", "rule"), loop_tier="cheap", sticky_tier="huge") == Choice(
        CHEAP, "sticky"
    )


def test_the_lowest_cap_and_the_highest_floor_win() -> None:
    both = Bounds(CHEAP, HUGE).narrowed(Bounds(STANDARD, PREMIUM))
    assert both == Bounds(STANDARD, PREMIUM)
    assert Bounds().narrowed(Bounds()) == Bounds()
    assert choose(pin="huge", client=Bounds(cap=PREMIUM), owner=Bounds(cap=STANDARD)) == Choice(STANDARD, "cap")


def test_a_floor_above_another_ones_cap_gives_way_to_the_cap() -> None:
    assert choose(client=Bounds(floor=PREMIUM), owner=Bounds(cap=CHEAP)) == Choice(CHEAP, "cap")
    assert choose(owner=Bounds(floor=HUGE, cap=STANDARD), pin="cheap") == Choice(STANDARD, "cap")


def test_a_client_that_contradicts_itself_is_refused_by_name() -> None:
    with pytest.raises(ContradictoryBounds) as caught:
        choose(client=Bounds(floor=PREMIUM, cap=CHEAP))
    assert str(caught.value) == (
        "min_tier 'premium' is above max_tier 'cheap'. The tiers, cheapest first, are: cheap, standard, premium, huge"
    )


def test_state_of_an_unknown_maker_goes_to_the_default_tier() -> None:
    assert choose(has_state=True) == Choice(STANDARD, "state")


def test_state_whose_tier_has_left_the_ladder_goes_to_the_default_tier() -> None:
    assert choose(has_state=True, state_tier="gone") == Choice(STANDARD, "state")


def test_a_conversation_whose_tier_has_left_the_ladder_is_decided_afresh() -> None:
    assert choose(sticky_tier="gone", forecast=Forecast("cheap", "rule")) == Choice(CHEAP, "rule")


def test_a_failed_classifier_is_told_apart_from_one_that_said_nothing() -> None:
    assert choose(forecast=Forecast(failed=True)) == Choice(STANDARD, "classifier_failed")
    assert choose(forecast=Forecast("premium", "llm", failed=True)) == Choice(PREMIUM, "classifier_failed")


def test_a_name_that_is_not_on_the_ladder_is_refused() -> None:
    with pytest.raises(UnknownTier):
        choose(pin="gold")


@given(decision_cases(state=True))
def test_state_wins_over_everything(case: DecisionCase) -> None:
    expected = case.inputs.state_tier or case.default
    assert outcome(case) == Choice(case.ladder.rung(expected), "state")


@given(decision_cases())
def test_every_choice_is_below_the_cap_and_able_and_has_a_listed_cause(case: DecisionCase) -> None:
    choice = outcome(case)
    assert choice.rung <= cap_of(case)
    assert case.ladder[choice.rung].name not in case.inputs.lacks
    assert choice.cause in CAUSES


@given(decision_cases())
def test_a_tier_that_is_down_is_only_chosen_where_no_other_can_take_the_request(case: DecisionCase) -> None:
    choice = outcome(case)
    able = [rung for rung in range(cap_of(case) + 1) if case.ladder[rung].name not in case.inputs.lacks]
    healthy = [rung for rung in able if case.ladder[rung].name not in case.inputs.unhealthy]
    assert choice.rung in healthy if healthy else choice.rung in able


@given(decision_cases())
def test_a_tier_that_is_down_gives_way_upwards_first_and_else_to_the_nearest_below(case: DecisionCase) -> None:
    well = replace(case.inputs, unhealthy=frozenset())
    before = outcome(replace(case, inputs=well))
    down = case.inputs.unhealthy | {case.ladder[before.rung].name}
    after = choose_tier(case.ladder, case.default, replace(case.inputs, unhealthy=down))

    def may_serve(rung: int) -> bool:
        name = case.ladder[rung].name
        return name not in down and name not in case.inputs.lacks

    above = [rung for rung in range(before.rung + 1, cap_of(case) + 1) if may_serve(rung)]
    below = [rung for rung in range(before.rung) if may_serve(rung)]
    expected = min(above, default=max(below, default=None))
    assert after == (before if expected is None else Choice(expected, "tier_down"))


@given(decision_cases())
def test_without_bounds_lacks_and_outages_the_tier_is_the_pinned_the_kept_or_the_proposed_one(
    case: DecisionCase,
) -> None:
    free = replace(case.inputs, client=Bounds(), owner=Bounds(), lacks={}, unhealthy=frozenset())
    proposed = proposed_choice(case.ladder, case.default, free)
    kept = None if free.pin else free.loop_tier or free.sticky_tier
    choice = choose_tier(case.ladder, case.default, free)
    if kept is None or case.ladder.rung(kept) == proposed.rung:
        assert choice == proposed
    else:
        assert choice == Choice(case.ladder.rung(kept), "sticky")


@given(decision_cases(), st.data())
def test_a_higher_floor_never_leads_to_a_lower_tier(case: DecisionCase, data: st.DataObject) -> None:
    plain = replace(case.inputs, client=Bounds(), lacks={}, unhealthy=frozenset())
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(case.ladder) - 1)] * 2)))
    rungs = [
        choose_tier(case.ladder, case.default, replace(plain, client=Bounds(floor=floor))).rung for floor in (low, high)
    ]
    assert rungs[0] <= rungs[1]


def test_a_tier_too_small_gives_way_to_the_next_that_fits() -> None:
    lacks: dict[str, Lack] = {"standard": "context_window", "premium": "modality"}
    assert choose(lacks=lacks) == Choice(HUGE, "context_window")


def test_where_no_tier_above_fits_one_below_takes_the_request() -> None:
    lacks: dict[str, Lack] = {"premium": "context_window", "huge": "context_window"}
    assert choose(forecast=Forecast("premium", "learned"), lacks=lacks) == Choice(STANDARD, "context_window")
    with_floor: Facts = {"forecast": Forecast("huge", "learned"), "client": Bounds(floor=PREMIUM), "lacks": lacks}
    with pytest.raises(NoTierFits, match="standard: below the lowest tier that this request may use"):
        choose(**with_floor)


def test_a_pinned_request_is_not_moved_down() -> None:
    with pytest.raises(NoTierFits, match="premium: it cannot call tools; huge: it cannot call tools"):
        choose(pin="premium", lacks={"premium": "tools", "huge": "tools"})


def test_a_request_that_no_tier_can_take_is_refused_with_each_tiers_reason() -> None:
    lacks: dict[str, Lack] = {"cheap": "modality", "standard": "context_window", "premium": "tools"}
    with pytest.raises(NoTierFits) as caught:
        choose(lacks=lacks, owner=Bounds(cap=PREMIUM))
    assert str(caught.value) == (
        f"no tier can take this request. cheap: {LACK_WORDS['modality']}; standard: {LACK_WORDS['context_window']}; "
        f"premium: {LACK_WORDS['tools']}; huge: above the cap of this request"
    )


@given(decision_cases())
def test_a_refusal_gives_a_reason_for_every_tier(case: DecisionCase) -> None:
    lacking = replace(case, inputs=replace(case.inputs, lacks=dict.fromkeys(case.ladder.names, "modality")))
    with pytest.raises(NoTierFits) as caught:
        choose_tier(lacking.ladder, lacking.default, lacking.inputs)
    assert [name for name in lacking.ladder.names if f"{name}: " not in str(caught.value)] == []


def test_where_no_tier_is_healthy_the_choice_stands() -> None:
    inputs = DecisionInputs(unhealthy=frozenset(LADDER.names))
    assert healthy_choice(LADDER, Choice(STANDARD, "rule"), inputs) == Choice(STANDARD, "rule")


def test_learning_that_a_tier_is_down_leaves_the_inputs_as_they_were() -> None:
    inputs = DecisionInputs()
    assert inputs.with_unhealthy("cheap").unhealthy == {"cheap"}
    assert inputs.unhealthy == frozenset()
