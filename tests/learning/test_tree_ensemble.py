from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.trees import TreeEnsemble, from_gradient_boosting, thresholds_to_single

random = np.random.default_rng(0)
ROWS = random.normal(size=(300, 6)).astype(np.float32)
LABELS = (ROWS[:, 0] * ROWS[:, 1] + 0.3 * ROWS[:, 2] > 0).astype(int)


@pytest.fixture(scope="module")
def grown() -> Any:
    return GradientBoostingClassifier(n_estimators=30, max_depth=4, random_state=0).fit(ROWS, LABELS)


def test_serving_equals_scikit_learn(grown: Any) -> None:
    ensemble, start = from_gradient_boosting(grown)
    served = np.array([ensemble.total(row)[0] + start for row in ROWS])
    np.testing.assert_allclose(served, grown.decision_function(ROWS), rtol=0, atol=1e-9)


def test_a_regressor_can_be_served_too() -> None:
    grown = GradientBoostingRegressor(n_estimators=10, max_depth=2, random_state=0).fit(ROWS, ROWS[:, 0])
    ensemble, start = from_gradient_boosting(grown)
    np.testing.assert_allclose(ensemble.totals(ROWS)[:, 0] + start, grown.predict(ROWS), rtol=0, atol=1e-9)


def test_many_rows_and_one_row_agree(grown: Any) -> None:
    ensemble, _ = from_gradient_boosting(grown)
    np.testing.assert_allclose(ensemble.totals(ROWS), [ensemble.total(row) for row in ROWS], rtol=0, atol=1e-12)


def test_rows_on_a_threshold_go_the_way_scikit_learn_sends_them(grown: Any) -> None:
    ensemble, start = from_gradient_boosting(grown)
    edges = np.repeat(ROWS[:1], 40, axis=0)
    finite = ensemble.thresholds[np.isfinite(ensemble.thresholds)][:40]
    edges[: len(finite), 0] = finite
    np.testing.assert_allclose(ensemble.totals(edges)[:, 0] + start, grown.decision_function(edges), atol=1e-9)


@settings(max_examples=50)
@given(
    arrays(np.float64, 5, elements=st.floats(-1e6, 1e6)), arrays(np.float32, 5, elements=st.floats(-1e6, 1e6, width=32))
)
def test_rounding_a_threshold_changes_no_comparison(
    thresholds: NDArray[np.float64], values: NDArray[np.float32]
) -> None:
    np.testing.assert_array_equal(values <= thresholds, values <= thresholds_to_single(thresholds))


def test_arrays_come_back_as_the_same_trees(grown: Any) -> None:
    ensemble, _ = from_gradient_boosting(grown)
    again = TreeEnsemble.from_arrays(ensemble.to_arrays("t_"), "t_", ROWS.shape[1])
    np.testing.assert_array_equal(again.totals(ROWS), ensemble.totals(ROWS))


def test_a_feature_that_there_is_not_is_refused(grown: Any) -> None:
    ensemble, _ = from_gradient_boosting(grown)
    with pytest.raises(ArtefactError, match="must name features below 2"):
        TreeEnsemble.from_arrays(ensemble.to_arrays("t_"), "t_", 2)


@pytest.mark.parametrize(
    ("features", "thresholds", "leaves"),
    [((2, 3), (2, 3), (2, 5, 1)), ((2, 3), (2, 2), (2, 4, 1)), ((2, 4), (2, 4), (2, 5, 1))],
)
def test_shapes_that_do_not_fit_are_refused(
    features: tuple[int, ...], thresholds: tuple[int, ...], leaves: tuple[int, ...]
) -> None:
    with pytest.raises(ArtefactError, match="trees"):
        TreeEnsemble(np.zeros(features, np.int64), np.zeros(thresholds), np.zeros(leaves))
