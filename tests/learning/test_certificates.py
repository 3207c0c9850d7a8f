"""Certified thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.learning.certificates import (
    THRESHOLDS,
    Certificate,
    LabelledRoute,
    Loss,
    Refusal,
    certify,
    fewest_labels,
    p_value,
)

LOSSES: list[Loss] = ["signed", "harm"]


def draw(rng: np.random.Generator, labels: int, skill: float = 2.0) -> LabelledRoute:
    """A route whose score ranks the cheap answers with some skill; always serving cheap loses about .14."""
    ease = rng.normal(size=labels)
    odds = 1.3 + skill * ease
    score = 1 / (1 + np.exp(-odds))
    reference = 1 / (1 + np.exp(-(2.0 + 0.6 * skill * ease)))
    return LabelledRoute(
        score,
        (rng.random(labels) < score).astype(np.float64),
        (rng.random(labels) < reference).astype(np.float64),
    )


def true_losses(loss: Loss, skill: float) -> dict[float, float]:
    many = draw(np.random.default_rng(99), 200_000, skill)
    return {threshold: float(many.losses(threshold, loss).mean()) for threshold in THRESHOLDS}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("labels", "limit"), [(150, 0.05), (800, 0.03)])
def test_a_certificate_is_rarely_wrong(loss: Loss, labels: int, limit: float) -> None:
    truth, rng, runs = true_losses(loss, 2.0), np.random.default_rng(1), 150
    results = [certify(draw(rng, labels), max_loss=limit, loss=loss) for _ in range(runs)]
    certificates = [result for result in results if isinstance(result, Certificate)]
    violations = sum(truth[certificate.threshold] > limit for certificate in certificates)
    assert violations <= 15  # 5 % of 150 is 7.5; more than 15 has probability below 1 %
    assert len(certificates) > 0.7 * runs


def test_a_threshold_set_by_the_point_estimate_would_often_be_wrong() -> None:
    """What the certificate is for."""
    truth, rng, runs, limit = true_losses("signed", 2.0), np.random.default_rng(1), 100, 0.05
    violations = 0
    for _ in range(runs):
        route = draw(rng, 150)
        met = [threshold for threshold in THRESHOLDS if route.losses(threshold, "signed").mean() <= limit]
        violations += truth[min(met)] > limit
    assert violations > 25


@pytest.mark.parametrize("loss", LOSSES)
def test_a_route_that_cannot_be_told_apart_is_refused(loss: Loss) -> None:
    rng = np.random.default_rng(2)
    labels = 1_000
    route = LabelledRoute(
        rng.random(labels), (rng.random(labels) < 0.4).astype(np.float64), np.ones(labels, dtype=np.float64)
    )
    refusal = certify(route, max_loss=0.02, loss=loss)
    assert isinstance(refusal, Refusal)
    assert refusal.more_labels is None
    assert "already loses" in refusal.reason


def test_wins_of_the_cheap_model_make_up_for_its_losses() -> None:
    cheap = [1.0, 0.0] * 200
    reference = [0.0, 1.0] * 200
    route = LabelledRoute.of([0.9] * 400, cheap, reference)
    assert isinstance(certify(route, max_loss=0.05, loss="harm"), Refusal)
    assert isinstance(certify(route, max_loss=0.3, loss="signed"), Certificate)


@pytest.mark.parametrize(("limit", "labels"), [(0.05, 59), (0.03, 99), (0.02, 149), (0.01, 299)])
def test_without_any_harm_the_binomial_needs_so_many_labels(limit: float, labels: int) -> None:
    assert fewest_labels(limit, 0.95, "harm") == labels
    for count, kind in ((labels, Certificate), (labels - 1, Refusal)):
        route = LabelledRoute.of([1.0] * count, [1.0] * count, [1.0] * count)
        assert isinstance(certify(route, max_loss=limit, loss="harm"), kind)


def test_a_refusal_says_how_many_labels_are_missing() -> None:
    refusal = certify(LabelledRoute.of([1.0] * 20, [1.0] * 20, [1.0] * 20), max_loss=0.02, loss="harm")
    assert isinstance(refusal, Refusal)
    assert refusal.more_labels == 129
    empty = certify(LabelledRoute.of([], [], []), max_loss=0.02)
    assert isinstance(empty, Refusal)
    assert empty.more_labels == fewest_labels(0.02, 0.95, "signed")


@pytest.mark.parametrize("loss", LOSSES)
def test_the_labels_said_to_be_needed_do(loss: Loss) -> None:
    rng, enough, asked = np.random.default_rng(4), 0, 0
    for _ in range(40):
        refusal = certify(draw(rng, 110, 1.0), max_loss=0.03, loss=loss)
        if isinstance(refusal, Refusal) and refusal.more_labels is not None:
            asked += 1
            again = certify(draw(rng, 110 + refusal.more_labels, 1.0), max_loss=0.03, loss=loss)
            enough += isinstance(again, Certificate)
    assert asked >= 10
    assert enough >= asked / 2


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), max_size=40), st.sampled_from(LOSSES))
def test_any_labels_give_an_answer(rows: list[tuple[float, float, float]], loss: Loss) -> None:
    route = LabelledRoute.of([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    result = certify(route, max_loss=0.4, loss=loss)
    if isinstance(result, Certificate):
        assert result.loss <= 0.4
        assert result.served >= 0.1


@pytest.mark.parametrize("loss", LOSSES)
def test_p_values_are_uniform_or_larger_at_the_limit(loss: Loss) -> None:
    rng, limit = np.random.default_rng(5), 0.1
    values = np.array([p_value((rng.random(200) < limit).astype(np.float64), limit, loss) for _ in range(800)])
    for level in (0.01, 0.05, 0.2):
        assert np.mean(values <= level) <= level + 4 * math.sqrt(level * (1 - level) / len(values))


def test_the_order_of_the_file_does_not_decide() -> None:
    route = draw(np.random.default_rng(6), 600)
    order = np.argsort(route.cheap - route.reference)
    ordered = LabelledRoute(route.scores[order], route.cheap[order], route.reference[order])
    first, second = certify(route, max_loss=0.05), certify(ordered, max_loss=0.05)
    assert isinstance(first, Certificate)
    assert isinstance(second, Certificate)
    assert abs(first.threshold - second.threshold) <= 0.1
    assert certify(route, max_loss=0.05) == first


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_qualities_outside_the_bounds_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"cheap: every value must lie in 0\.\.1"):
        LabelledRoute.of([0.5], [value], [0.5])
    with pytest.raises(ValueError, match="one length"):
        LabelledRoute.of([0.5], [], [0.5])


@pytest.mark.parametrize(("limit", "confidence"), [(0.0, 0.95), (1.0, 0.95), (0.02, 1.0), (0.02, 0.0)])
def test_impossible_limits_are_refused(limit: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="does not lie between 0 and 1"):
        certify(LabelledRoute.of([1.0], [1.0], [1.0]), max_loss=limit, confidence=confidence)
