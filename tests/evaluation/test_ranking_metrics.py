"""Ranking metrics against scikit-learn, brute force and their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from litellm_router_plugin.evaluation.calibration import base_brier, brier, calibration_error
from litellm_router_plugin.evaluation.intervals import WeightedFigure
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.ranking import apgr, auc, cpt


def once(figure: WeightedFigure, rows: int) -> float:
    return float(figure(np.ones((1, rows)))[0])


def recovered(score: Floats, gain: Floats) -> Floats:
    """Share of the gap recovered after 0, 1, … n dear calls, dearest first by score (no ties)."""
    total = np.cumsum(np.concatenate([[0.0], gain[np.argsort(-score)]]))
    shares: Floats = total / total[-1]
    return shares


scores = st.lists(st.integers(0, 5), min_size=4, max_size=40)


@given(scores, st.integers(0, 2**32 - 1))
def test_auc_is_that_of_scikit_learn_ties_included(values: list[int], seed: int) -> None:
    score = np.array(values, dtype=float)
    positive = np.random.default_rng(seed).random(len(score)) < 0.5
    positive[:2] = [True, False]
    assert once(auc(score, positive), len(score)) == pytest.approx(roc_auc_score(positive, score))


def test_auc_of_one_class_does_not_exist() -> None:
    assert np.isnan(once(auc(np.arange(3.0), np.array([True, True, True])), 3))
    assert np.isnan(once(auc(np.arange(3.0), np.array([False, False, False])), 3))


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_apgr_is_the_area_under_the_recovered_share(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    score, gain = random.permutation(rows).astype(float), random.random(rows) + 0.1
    curve = recovered(score, gain)
    area = np.mean((curve[1:] + curve[:-1]) / 2)
    assert once(apgr(score, gain), rows) == pytest.approx(area)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_a_constant_score_has_the_apgr_of_a_coin(rows: int, seed: int) -> None:
    gain = np.random.default_rng(seed).random(rows) + 0.1
    assert once(apgr(np.zeros(rows), gain), rows) == pytest.approx(0.5)


def test_apgr_and_cpt_do_not_exist_without_a_gap() -> None:
    score, gain = np.arange(4.0), np.array([1.0, -1.0, 0.5, -0.5])
    assert np.isnan(once(apgr(score, gain), 4))
    assert np.isnan(once(cpt(score, gain, 0.5), 4))


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.8]))
def test_cpt_is_where_the_curve_first_reaches_the_share(rows: int, seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    score, gain = random.permutation(rows).astype(float), random.random(rows) - 0.2
    gain[0] += rows
    curve = recovered(score, gain)
    at = once(cpt(score, gain, share), rows)
    assert np.interp(at * rows, np.arange(rows + 1), curve) == pytest.approx(share)
    assert (curve[: int(np.floor(at * rows)) + 1] < share + 1e-9).all()


@given(st.integers(5, 30), st.integers(0, 2**32 - 1))
def test_a_weight_counts_as_a_repeated_row(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    score, gain = random.integers(0, 5, rows).astype(float), random.random(rows) + 0.01
    counts = random.integers(0, 4, rows)
    counts[0] = 1
    again = np.repeat(np.arange(rows), counts)
    weighted = counts[None].astype(float)
    assert apgr(score, gain)(weighted)[0] == pytest.approx(once(apgr(score[again], gain[again]), len(again)))
    assert cpt(score, gain, 0.5)(weighted)[0] == pytest.approx(once(cpt(score[again], gain[again], 0.5), len(again)))
    happened = gain > 0.5
    here, there = auc(score, happened)(weighted)[0], once(auc(score[again], happened[again]), len(again))
    assert here == pytest.approx(there, nan_ok=True)


def test_a_perfect_ranking_beats_every_other() -> None:
    random = np.random.default_rng(0)
    gain = random.random(200)
    best = once(apgr(gain, gain), 200)
    assert all(once(apgr(random.random(200), gain), 200) < best for _ in range(50))


def test_calibration_error_is_the_mean_distance_of_the_bins() -> None:
    forecast = np.array([0.05, 0.05, 0.95, 0.95])
    happened = np.array([False, True, True, True])
    assert once(calibration_error(forecast, happened), 4) == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)


def test_forecasts_of_zero_and_one_fall_into_the_outer_bins() -> None:
    assert once(calibration_error(np.array([0.0, 1.0]), np.array([False, True])), 2) == 0


def test_brier_is_the_squared_distance_and_its_base_that_of_the_mean() -> None:
    happened = np.array([True, False, True, True])
    assert once(brier(np.array([1.0, 0.0, 0.5, 1.0]), happened), 4) == pytest.approx(0.0625)
    assert once(base_brier(happened), 4) == pytest.approx(0.1875)
    assert once(brier(np.full(4, 0.75), happened), 4) == pytest.approx(0.1875)
