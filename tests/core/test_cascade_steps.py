"""What a cascade does next: stepped through with made-up answers, as the live driver and the evaluation step it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from core_strategies import policies, qualities
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.cascade import (
    Attempt,
    CallTier,
    CascadePolicy,
    GiveUp,
    Serve,
    Step,
    best_answer,
    extra_cost,
    next_step,
)
from litellm_router_plugin.core.verdicts import UNCHECKED, Outcome, Verdict

REJECTED = Verdict(Outcome.REJECT, by="judge", quality=0.2)
ACCEPTED = Verdict(Outcome.ACCEPT, by="checks")
FREE = CascadePolicy(max_escalations=5, top_rung=5)

CallModel = Callable[[int], Attempt]


def run(policy: CascadePolicy, start: int, call: CallModel, second: float = 1.0) -> tuple[list[Attempt], Step]:
    """All attempts of one request, each taking ``second`` seconds, and the step that ended it."""
    attempts: list[Attempt] = []
    for _ in range(20):
        step = next_step(policy, start, attempts, elapsed_s=second * len(attempts))
        if not isinstance(step, CallTier):
            return attempts, step
        attempts.append(call(step.rung))
    raise AssertionError("the cascade does not end")


def judged(qualities_by_rung: Sequence[float], threshold: float) -> CallModel:
    """Tiers whose answers have these qualities, graded against a threshold; a call costs its rung plus one."""

    def call(rung: int) -> Attempt:
        quality = qualities_by_rung[rung]
        outcome = Outcome.ACCEPT if quality >= threshold else Outcome.REJECT
        return Attempt(rung, Verdict(outcome, by="judge", quality=quality), cost_usd=Decimal(rung + 1))

    return call


attempts_at = st.builds(
    Attempt,
    st.integers(0, 5),
    st.none()
    | st.builds(Verdict, st.sampled_from(Outcome), st.just("judge"), st.none() | st.sampled_from((0.1, 0.5, 0.9))),
    st.booleans(),
    st.none() | st.integers(0, 5).map(Decimal),
)
outcomes = st.lists(attempts_at, min_size=6, max_size=6)


def called_with(outcomes_by_rung: Sequence[Attempt]) -> CallModel:
    def call(rung: int) -> Attempt:
        given = outcomes_by_rung[rung]
        return Attempt(rung, given.verdict, given.failed, given.cost_usd)

    return call


@given(policies(), st.integers(0, 5), outcomes)
def test_a_cascade_only_moves_up_within_its_limits_and_ends(
    policy: CascadePolicy, start: int, answers: list[Attempt]
) -> None:
    attempts, last = run(policy, start, called_with(answers))
    rungs = [attempt.rung for attempt in attempts]
    assert rungs[0] == start
    assert rungs == sorted(set(rungs))
    assert len(rungs) - 1 <= policy.max_escalations
    assert all(rung <= policy.top_rung and rung not in policy.skip for rung in rungs[1:])
    assert isinstance(last, Serve | GiveUp)


@given(policies(), st.integers(0, 5), outcomes)
def test_an_answer_is_served_whenever_there_is_one(policy: CascadePolicy, start: int, answers: list[Attempt]) -> None:
    attempts, last = run(policy, start, called_with(answers))
    if all(attempt.failed for attempt in attempts):
        assert last == GiveUp()
    else:
        assert isinstance(last, Serve)
        assert not attempts[last.attempt].failed


@given(policies(), st.integers(0, 5), outcomes)
def test_after_a_call_that_was_announced_as_final_no_other_is_made(
    policy: CascadePolicy, start: int, answers: list[Attempt]
) -> None:
    attempts: list[Attempt] = []
    was_final = False
    while isinstance(step := next_step(policy, start, attempts, float(len(attempts))), CallTier):
        assert not was_final
        was_final = step.is_final
        attempts.append(called_with(answers)(step.rung))


@given(policies(), st.integers(0, 5), st.lists(qualities, min_size=6, max_size=6), st.tuples(qualities, qualities))
def test_a_stricter_threshold_never_makes_fewer_calls(
    policy: CascadePolicy, start: int, answers: list[float], thresholds: tuple[float, float]
) -> None:
    lax, strict = sorted(thresholds)
    few, _ = run(policy, start, judged(answers, lax))
    many, _ = run(policy, start, judged(answers, strict))
    assert [attempt.rung for attempt in many[: len(few)]] == [attempt.rung for attempt in few]


@given(policies(), st.integers(0, 5), st.lists(qualities, min_size=6, max_size=6), qualities)
def test_what_is_served_is_the_accepted_answer_or_the_best_of_the_rejected(
    policy: CascadePolicy, start: int, answers: list[float], threshold: float
) -> None:
    attempts, last = run(policy, start, judged(answers, threshold))
    assert isinstance(last, Serve)
    served = attempts[last.attempt].rung
    if last.because == "accepted":
        assert answers[served] >= threshold
        assert last.attempt == len(attempts) - 1
    else:
        assert answers[served] == max(answers[attempt.rung] for attempt in attempts)


@given(policies(), st.integers(0, 5), st.lists(qualities, min_size=6, max_size=6), qualities)
def test_before_every_move_up_what_was_spent_is_within_the_budget(
    policy: CascadePolicy, start: int, answers: list[float], threshold: float
) -> None:
    attempts, _ = run(policy, start, judged(answers, threshold))
    spent = extra_cost(attempts[:-1])
    assert spent is not None
    assert policy.max_extra_cost_usd is None or spent <= policy.max_extra_cost_usd


def test_the_first_call_is_the_decided_tier() -> None:
    assert next_step(FREE, 2, []) == CallTier(2, is_final=False)
    assert next_step(CascadePolicy(max_escalations=0, top_rung=5), 2, []) == CallTier(2, is_final=True)
    assert next_step(CascadePolicy(top_rung=2), 2, []) == CallTier(2, is_final=True)


@pytest.mark.parametrize(("verdict", "because"), [(None, "unchecked"), (ACCEPTED, "accepted"), (UNCHECKED, "accepted")])
def test_an_answer_that_nobody_rejects_is_served(verdict: Verdict | None, because: str) -> None:
    assert next_step(FREE, 0, [Attempt(0, verdict)]) == Serve(0, because)


@pytest.mark.parametrize(
    ("policy", "attempts", "elapsed_s", "because"),
    [
        (CascadePolicy(top_rung=0), [Attempt(0, REJECTED)], 0.0, "top"),
        (CascadePolicy(max_escalations=0, top_rung=3), [Attempt(0, REJECTED)], 0.0, "max_escalations"),
        (CascadePolicy(top_rung=3, deadline_s=60), [Attempt(0, REJECTED)], 60.0, "deadline"),
        (
            CascadePolicy(top_rung=3, max_extra_cost_usd=Decimal("0.05")),
            [Attempt(0, REJECTED, cost_usd=Decimal("0.06"))],
            0.0,
            "max_extra_cost",
        ),
        (
            CascadePolicy(top_rung=3, max_extra_cost_usd=Decimal("0.05")),
            [Attempt(0, REJECTED, cost_usd=None)],
            0.0,
            "max_extra_cost",
        ),
    ],
)
def test_a_rejected_answer_is_served_where_a_limit_is_reached_and_the_limit_is_named(
    policy: CascadePolicy, attempts: list[Attempt], elapsed_s: float, because: str
) -> None:
    assert next_step(policy, 0, attempts, elapsed_s) == Serve(0, because)


def test_spending_up_to_the_budget_itself_allows_a_move_up() -> None:
    policy = CascadePolicy(top_rung=3, max_extra_cost_usd=Decimal("0.05"))
    assert next_step(policy, 0, [Attempt(0, REJECTED, cost_usd=Decimal("0.05"))]) == CallTier(1, is_final=False)


def test_an_unknown_cost_does_not_matter_without_a_budget() -> None:
    assert next_step(FREE, 0, [Attempt(0, REJECTED, cost_usd=None)]) == CallTier(1, is_final=False)
    assert extra_cost([Attempt(0, cost_usd=None), Attempt(1)]) is None


def test_skipped_tiers_are_passed_over() -> None:
    policy = CascadePolicy(top_rung=4, skip=frozenset({1, 2}))
    assert next_step(policy, 0, [Attempt(0, REJECTED)]) == CallTier(3, is_final=False)


def test_a_failed_tier_moves_up_and_the_answer_before_it_is_served_if_that_fails_too() -> None:
    attempts = [Attempt(0, REJECTED), Attempt(1, failed=True)]
    assert next_step(FREE, 0, attempts[:1]) == CallTier(1, is_final=False)
    assert next_step(CascadePolicy(top_rung=1), 0, attempts) == Serve(0, "top")


def test_where_every_tier_failed_the_cascade_gives_up() -> None:
    policy = CascadePolicy(top_rung=1)
    assert next_step(policy, 0, [Attempt(0, failed=True), Attempt(1, failed=True)]) == GiveUp()


@pytest.mark.parametrize(
    ("attempts", "best"),
    [
        ([], None),
        ([Attempt(0, failed=True)], None),
        ([Attempt(0, Verdict(Outcome.REJECT, quality=0.6)), Attempt(1, Verdict(Outcome.REJECT, quality=0.4))], 0),
        ([Attempt(0, Verdict(Outcome.REJECT, quality=0.4)), Attempt(1, Verdict(Outcome.REJECT, quality=0.4))], 1),
        ([Attempt(0, Verdict(Outcome.REJECT, quality=0.99)), Attempt(1)], 1),
        ([Attempt(0, Verdict(Outcome.REJECT)), Attempt(1, Verdict(Outcome.REJECT, quality=0.3))], 0),
        ([Attempt(0, Verdict(Outcome.UNSURE)), Attempt(1, Verdict(Outcome.REJECT, quality=0.9))], 0),
    ],
)
def test_the_best_answer_is_the_least_doubted_then_the_best_graded_then_the_highest(
    attempts: list[Attempt], best: int | None
) -> None:
    assert best_answer(attempts) == best
