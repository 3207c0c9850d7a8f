"""The one rule: start, grade, ask, stop."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.cascade import Attempt, CallTier, CascadePolicy, Serve, next_step
from litellm_router_plugin.core.cascade_prices import cascade_can_pay, second_opinion_pays
from litellm_router_plugin.core.expected_cost import (
    Ask,
    GraderOutlook,
    Plan,
    Settle,
    TierOutlook,
    after_verdict,
    best_plan,
    cheapest_plan,
    updated,
)
from litellm_router_plugin.core.verdicts import Outcome

probabilities = st.floats(0, 1)
costs = st.floats(0, 10)
tiers = st.lists(st.builds(TierOutlook, probabilities, costs), min_size=1, max_size=4)
graders = st.lists(
    st.builds(GraderOutlook, st.sampled_from(["checks", "judge"]), costs, probabilities, probabilities), max_size=3
)
JUDGE = GraderOutlook.of_accuracy("judge", 0.1, 0.85)
CHEAP, DEAR = TierOutlook(0.7, 0.2), TierOutlook(0.9, 10.0)
VALUE = 60.0


@given(tiers, graders, st.floats(0, 100), probabilities)
def test_never_worse_than_the_best_fixed_tier_under_its_own_forecasts(
    ladder: list[TierOutlook], asked: list[GraderOutlook], value: float, shared: float
) -> None:
    plan = best_plan(ladder, asked, value, shared_failure=shared)
    fixed = max(value * tier.p_success - tier.cost_usd for tier in ladder)
    assert plan.net_value(value) >= fixed - 1e-9
    assert 0 <= plan.p_success <= 1
    assert plan.cost_usd >= 0


@given(tiers, graders, probabilities, probabilities)
def test_keeps_the_quality_target_at_no_more_than_the_best_fixed_tiers_cost(
    ladder: list[TierOutlook], asked: list[GraderOutlook], target: float, shared: float
) -> None:
    plan = cheapest_plan(ladder, asked, target, shared_failure=shared)
    needed = target * max(tier.p_success for tier in ladder)
    assert plan.p_success >= needed
    assert plan.cost_usd <= min(tier.cost_usd for tier in ladder if tier.p_success >= needed)


@given(tiers, graders, st.floats(0, 100), st.data())
def test_plans_only_go_up_and_keep_to_the_allowed_rungs(
    ladder: list[TierOutlook], asked: list[GraderOutlook], value: float, data: st.DataObject
) -> None:
    allowed = data.draw(st.sets(st.integers(0, len(ladder) - 1), min_size=1))
    plan = best_plan(ladder, asked, value, rungs=sorted(allowed))
    assert set(plan.rungs) <= allowed
    assert list(plan.rungs) == sorted(set(plan.rungs))


@given(tiers, graders, st.floats(0, 100), probabilities)
def test_after_the_verdict_serving_is_never_beaten_by_what_is_chosen_against(
    ladder: list[TierOutlook], asked: list[GraderOutlook], value: float, p_ok: float
) -> None:
    step = after_verdict(p_ok, 0, ladder, asked, value)
    if p_ok == 1 and all(tier.cost_usd > 0 for tier in ladder) and all(grader.cost_usd > 0 for grader in asked):
        assert isinstance(step, Settle)
        assert step.verdict.outcome is Outcome.ACCEPT
    if len(ladder) == 1:
        assert isinstance(step, Settle)


def test_a_doubtful_draft_is_graded() -> None:
    assert best_plan([CHEAP, DEAR], [JUDGE], VALUE).grader == "judge"


def test_a_hopeless_prompt_skips_the_cheap_call() -> None:
    assert best_plan([TierOutlook(0.01, 0.2), DEAR], [JUDGE], VALUE).rungs == (1,)


def test_an_easy_prompt_skips_the_judge() -> None:
    plan = best_plan([TierOutlook(0.99, 0.2), DEAR], [JUDGE], VALUE)
    assert (plan.rung, plan.grader) == (0, None)


def test_a_cheap_target_is_never_cascaded_into() -> None:
    plan = best_plan([TierOutlook(0.3, 0.2), TierOutlook(0.7, 0.2)], [JUDGE], VALUE)
    assert plan.rungs == (1,)


def test_a_dominated_tier_is_not_called() -> None:
    plan = best_plan([CHEAP, TierOutlook(0.65, 5.0), DEAR], [JUDGE], VALUE)
    assert plan.rungs == (0, 2)
    assert plan.skipped(2) == {1}


def test_a_grader_that_knows_nothing_is_not_asked() -> None:
    assert best_plan([CHEAP, DEAR], [GraderOutlook.of_accuracy("coin", 0.01, 0.5)], VALUE).grader is None


def test_shared_failures_make_going_up_worth_less() -> None:
    apart = best_plan([CHEAP, DEAR], [JUDGE], VALUE, shared_failure=0.0)
    together = best_plan([CHEAP, DEAR], [JUDGE], VALUE, shared_failure=0.6)
    assert together.net_value(VALUE) < apart.net_value(VALUE)


@pytest.mark.parametrize(("p_ok", "expected"), [(0.99, Outcome.ACCEPT), (0.02, Outcome.REJECT)])
def test_a_clear_draft_is_settled_without_asking(p_ok: float, expected: Outcome) -> None:
    step = after_verdict(p_ok, 0, [CHEAP, DEAR], [JUDGE], VALUE)
    assert isinstance(step, Settle)
    assert step.verdict.outcome is expected
    assert step.verdict.by == "policy"


def test_an_unclear_draft_is_asked_about() -> None:
    assert after_verdict(0.6, 0, [CHEAP, DEAR], [JUDGE], VALUE) == Ask("judge")


def test_nobody_is_asked_twice() -> None:
    p_ok = updated(0.6, JUDGE, accepted=True)
    assert isinstance(after_verdict(p_ok, 0, [CHEAP, DEAR], [], VALUE), Settle)


def test_the_top_tiers_answer_is_served_whatever_it_is() -> None:
    step = after_verdict(0.0, 1, [CHEAP, DEAR], [JUDGE], VALUE)
    assert isinstance(step, Settle)
    assert step.verdict.outcome is Outcome.ACCEPT


@given(probabilities, probabilities, probabilities)
def test_updating_keeps_the_mean(p_ok: float, good: float, poor: float) -> None:
    grader = GraderOutlook("judge", 0.0, good, poor)
    accepts = p_ok * good + (1 - p_ok) * poor
    mean = accepts * updated(p_ok, grader, accepted=True) + (1 - accepts) * updated(p_ok, grader, accepted=False)
    assert math.isclose(mean, p_ok, abs_tol=1e-9)


def test_next_step_follows_a_plan() -> None:
    ladder = [CHEAP, TierOutlook(0.65, 5.0), DEAR]
    plan = best_plan(ladder, [JUDGE], VALUE)
    policy = CascadePolicy(top_rung=2, skip=plan.skipped(2))
    up = after_verdict(0.02, plan.rung, ladder, [], VALUE)
    assert isinstance(up, Settle)
    assert next_step(policy, plan.rung, []) == CallTier(0, is_final=False)
    assert next_step(policy, plan.rung, [Attempt(0, up.verdict)]) == CallTier(2, is_final=True)
    stay = after_verdict(0.99, plan.rung, ladder, [], VALUE)
    assert isinstance(stay, Settle)
    assert next_step(policy, plan.rung, [Attempt(0, stay.verdict)]) == Serve(0, "accepted")


@pytest.mark.parametrize(
    ("ladder", "asked", "match"),
    [
        ([TierOutlook(1.1, 1)], [], r"tiers\[0\].p_success"),
        ([TierOutlook(math.nan, 1)], [], "p_success"),
        ([TierOutlook(0.5, math.inf)], [], "cost_usd"),
        ([TierOutlook(0.5, 1)], [GraderOutlook("judge", -1, 0.5, 0.5)], "judge.cost_usd"),
        ([], [], "rungs"),
    ],
)
def test_nonsense_is_refused(ladder: list[TierOutlook], asked: list[GraderOutlook], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        best_plan(ladder, asked, VALUE)


def test_a_plan_without_continuation_names_one_rung() -> None:
    assert Plan(1, None, None, 0.5, 1.0).rungs == (1,)


def test_prices_that_cannot_pay_are_told_with_the_arithmetic() -> None:
    prices = [Decimal("0.001"), Decimal("0.0012"), Decimal("0.002"), Decimal("0.1")]
    found = cascade_can_pay(["mini", "small", "middle", "large"], prices, judge_usd=Decimal("0.0005"))
    assert [(one.severity, one.draft, one.target) for one in found] == [
        ("refuse", "mini", "small"),
        ("warn", "small", "middle"),
    ]
    assert "0.0012" in found[0].message
    assert "85%" in found[1].message


def test_a_free_target_is_never_drafted_for() -> None:
    found = cascade_can_pay(["a", "b"], [Decimal(1), Decimal(0)])
    assert [one.severity for one in found] == ["refuse"]
    assert found[0].break_even_acceptance is None


def test_names_and_prices_must_match() -> None:
    with pytest.raises(ValueError, match="one cost for each tier"):
        cascade_can_pay(["a", "b"], [Decimal(1)])


def test_a_second_opinion_pays_where_it_costs_less_than_it_saves() -> None:
    assert second_opinion_pays(Decimal("0.2"), Decimal(1), Decimal("0.5"))
    assert not second_opinion_pays(Decimal("0.6"), Decimal(1), Decimal("0.5"))
    assert not second_opinion_pays(Decimal(0), Decimal(0), Decimal(1))
