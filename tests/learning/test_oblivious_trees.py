"""Oblivious trees: what growing finds, and that serving gives the same as growing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.oblivious_growing import BINS, FeatureBins, Questions, grow_questions
from litellm_router_plugin.learning.oblivious_trees import MAX_DEPTH, ObliviousTrees

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(400, 7)).astype(np.float32)
BINNED = FeatureBins.of(ROWS)
TARGETS = np.column_stack([np.where(ROWS[:, 2] > 0.3, 2.0, -1.0), np.where(ROWS[:, 5] > -0.4, 1.0, 0.0)])


def grown(depth: int = 2, share: float = 1.0, weights: NDArray[np.float64] | None = None) -> Questions:
    counted = np.ones(len(ROWS)) if weights is None else weights
    random = np.random.default_rng(0)
    return grow_questions(BINNED.codes, TARGETS, counted, depth=depth, feature_share=share, ridge=1.0, random=random)


def ensemble(depth: int, trees: int = 9, outputs: int = 3) -> tuple[ObliviousTrees, list[Questions]]:
    random = np.random.default_rng(depth)
    asked = [
        Questions(
            tuple(random.integers(0, ROWS.shape[1], depth).tolist()), tuple(random.integers(0, BINS, depth).tolist())
        )
        for _ in range(trees)
    ]
    features, cuts = (np.array([getattr(one, name) for one in asked]) for name in ("features", "cuts"))
    leaves = random.normal(size=(trees, 2**depth, outputs)).astype(np.float32)
    return ObliviousTrees(features, BINNED.threshold(features, cuts), leaves), asked


def test_growing_asks_what_tells_the_targets_apart() -> None:
    questions = grown()
    assert set(questions.features) == {2, 5}
    edge = {
        feature: BINNED.edges[feature, cut] for feature, cut in zip(questions.features, questions.cuts, strict=True)
    }
    assert edge[2] == pytest.approx(0.3, abs=0.15)
    assert edge[5] == pytest.approx(-0.4, abs=0.15)


def test_rows_without_weight_do_not_count() -> None:
    first_half = np.where(np.arange(len(ROWS)) < 200, 1.0, 0.0)
    questions = grown(weights=first_half)
    random = np.random.default_rng(0)
    alone = grow_questions(
        BINNED.codes[:200], TARGETS[:200], np.ones(200), depth=2, feature_share=1.0, ridge=1.0, random=random
    )
    assert questions == alone


def test_a_share_of_the_features_is_tried() -> None:
    asked = {grown(1, 0.3).features[0] for _ in range(3)}
    assert len(asked) == 1  # the same seed draws the same
    tried = np.random.default_rng(0).choice(ROWS.shape[1], 2, replace=False)
    assert asked <= set(tried.tolist())


def test_constant_features_split_nothing() -> None:
    rows = np.ones((30, 2), np.float32)
    bins = FeatureBins.of(rows)
    assert np.isinf(bins.edges).all()
    questions = grow_questions(
        bins.codes, np.ones((30, 1)), np.ones(30), depth=3, feature_share=1.0, ridge=1.0, random=RANDOM
    )
    assert (questions.leaves(bins.codes) == 0).all()


@settings(max_examples=60)
@given(arrays(np.float32, st.integers(1, 90), elements=st.floats(-1e6, 1e6, width=32)))
def test_codes_stand_for_the_edges_exactly(column: NDArray[np.float32]) -> None:
    bins = FeatureBins.of(column[:, None])
    for cut in range(BINS):
        np.testing.assert_array_equal(bins.codes[:, 0] > cut, column > bins.edges[0, cut])


@pytest.mark.parametrize("depth", [1, 3, 6, MAX_DEPTH])
def test_serving_equals_what_was_grown(depth: int) -> None:
    trees, asked = ensemble(depth)
    wanted = sum(
        leaves[one.leaves(BINNED.codes)].astype(np.float64) for one, leaves in zip(asked, trees.leaves, strict=True)
    )
    np.testing.assert_allclose(trees.totals(ROWS), wanted, rtol=0, atol=1e-9)
    np.testing.assert_allclose([trees.total(row) for row in ROWS], wanted, rtol=0, atol=1e-9)


def test_turned_leaves_give_turned_totals() -> None:
    trees, _ = ensemble(4)
    matrix = np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.25]])
    np.testing.assert_allclose(trees.turned(matrix).totals(ROWS), trees.totals(ROWS) @ matrix, rtol=0, atol=1e-9)


def test_arrays_come_back_as_the_same_trees() -> None:
    trees, _ = ensemble(6)
    again = ObliviousTrees.from_arrays(trees.to_arrays("t_"), "t_", ROWS.shape[1])
    np.testing.assert_array_equal(again.totals(ROWS), trees.totals(ROWS))


def test_a_feature_that_there_is_not_is_refused() -> None:
    with pytest.raises(ArtefactError, match="must name features below 2"):
        ObliviousTrees.from_arrays(ensemble(6)[0].to_arrays("t_"), "t_", 2)


def test_a_missing_array_is_named() -> None:
    arrays_left = {name: array for name, array in ensemble(2)[0].to_arrays("t_").items() if name != "t_leaves"}
    with pytest.raises(ArtefactError, match="t_leaves"):
        ObliviousTrees.from_arrays(arrays_left, "t_", ROWS.shape[1])


@pytest.mark.parametrize(
    ("features", "thresholds", "leaves"),
    [
        ((2, 3), (2, 3), (2, 7, 1)),
        ((2, 3), (2, 2), (2, 8, 1)),
        ((2, 63), (2, 63), (2, 64, 4)),
        ((2, 0), (2, 0), (2, 1, 1)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    features: tuple[int, ...], thresholds: tuple[int, ...], leaves: tuple[int, ...]
) -> None:
    with pytest.raises(ArtefactError, match="trees"):
        ObliviousTrees(np.zeros(features, np.int64), np.zeros(thresholds), np.zeros(leaves))
