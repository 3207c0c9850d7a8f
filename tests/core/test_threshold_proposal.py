"""Proposals for thresholds and intercepts."""

from __future__ import annotations

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret
import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.threshold_proposal import (
    MIN_OUTCOMES,
    NoProposal,
    Proposal,
    ScoreOutcomes,
    propose_intercept,
    propose_threshold,
)


def seen(count: int, shift: float = 0.0, low: float = 0.0, seed: int = 1) -> ScoreOutcomes:
    """Uniform scores from ``low`` to 1 whose true log odds are ``shift`` above what they say."""
    rng, outcomes = random.Random(seed), ScoreOutcomes()
    for _ in range(count):
        score = min(max(rng.uniform(low, 1), 0.001), 0.999)
        true = 1 / (1 + math.exp(-(math.log(score / (1 - score)) + shift)))
        outcomes = outcomes.with_outcome(score, good=rng.random() < true)
    return outcomes


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(0, 60))
def test_outcomes_add_up_and_survive_json(pairs: list[tuple[float, bool]], cut: int) -> None:
    parts = [ScoreOutcomes(), ScoreOutcomes()]
    whole = ScoreOutcomes()
    for index, (score, good) in enumerate(pairs):
        parts[index < cut] = parts[index < cut].with_outcome(score, good=good)
        whole = whole.with_outcome(score, good=good)
    assert parts[0].merged(parts[1]) == whole
    assert ScoreOutcomes.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_few_outcomes_are_refused_with_the_number_missing() -> None:
    for refusal in (propose_intercept(seen(20)), propose_threshold(seen(20), 0.0, target=0.9)):
        assert isinstance(refusal, NoProposal)
        assert refusal.more_outcomes == MIN_OUTCOMES - 20


def test_scores_that_are_right_get_no_intercept() -> None:
    refusal = propose_intercept(seen(2_000))
    assert isinstance(refusal, NoProposal)
    assert refusal.more_outcomes == 0


@pytest.mark.parametrize("shift", [-0.8, 0.8])
def test_an_intercept_makes_up_for_scores_that_are_off(shift: float) -> None:
    proposal = propose_intercept(seen(3_000, shift), 0.1)
    assert isinstance(proposal, Proposal)
    assert proposal.proposed == pytest.approx(0.1 + shift, abs=0.15)
    assert shift in proposal.interval
    assert not proposal.is_bounded


def test_an_intercept_moves_by_a_bounded_step() -> None:
    proposal = propose_intercept(seen(1_000, -3.0), 0.0, max_step=0.5)
    assert isinstance(proposal, Proposal)
    assert proposal.proposed == -0.5
    assert proposal.is_bounded


def test_outcomes_all_good_give_a_finite_intercept() -> None:
    outcomes = ScoreOutcomes()
    for _ in range(500):
        outcomes = outcomes.with_outcome(0.5, good=True)
    proposal = propose_intercept(outcomes)
    assert isinstance(proposal, Proposal)
    assert proposal.proposed == 1.0
    assert math.isfinite(proposal.interval.high)


def test_a_threshold_is_raised_when_too_few_served_answers_are_good() -> None:
    proposal = propose_threshold(seen(2_000, low=0.5), 0.5, target=0.9)
    assert isinstance(proposal, Proposal)
    assert proposal.proposed == pytest.approx(0.6)
    assert proposal.is_bounded
    near = propose_threshold(seen(4_000, low=0.7), 0.7, target=0.88)
    assert isinstance(near, Proposal)
    assert 0.7 < near.proposed < 0.8
    assert not near.is_bounded


def test_a_threshold_is_lowered_only_where_sampled_answers_are_good() -> None:
    unseen = propose_threshold(seen(2_000, 2.0, low=0.8), 0.8, target=0.8)
    assert isinstance(unseen, NoProposal)
    assert "must be sampled" in unseen.reason
    proposal = propose_threshold(seen(4_000, 2.0), 0.8, target=0.8)
    assert isinstance(proposal, Proposal)
    assert proposal.proposed == pytest.approx(0.7)


def test_a_threshold_that_may_be_right_stays() -> None:
    assert isinstance(propose_threshold(seen(200, low=0.5), 0.5, target=0.75), NoProposal)


def test_a_threshold_at_the_top_cannot_go_up() -> None:
    outcomes = ScoreOutcomes()
    for _ in range(200):
        outcomes = outcomes.with_outcome(0.995, good=False)
    refusal = propose_threshold(outcomes, 0.99, target=0.9)
    assert isinstance(refusal, NoProposal)
    assert "as high as it can be" in refusal.reason


def test_scores_that_are_no_score_are_left_out() -> None:
    assert ScoreOutcomes().with_outcome(math.nan, good=True) == ScoreOutcomes()
