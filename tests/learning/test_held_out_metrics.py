import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from litellm_router_plugin.learning.held_out_metrics import auc, calibration_error, fail_auc


def test_the_area_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    values, positive = random.integers(0, 6, 200).astype(float), random.random(200) < 0.4
    assert auc(values, positive) == pytest.approx(roc_auc_score(positive, values))


def test_honest_forecasts_have_no_calibration_error() -> None:
    chance = np.repeat([0.25, 0.75], 100)
    scores = np.concatenate([np.repeat([1.0, 0.0], [25, 75]), np.repeat([1.0, 0.0], [75, 25])])
    assert calibration_error(chance, scores) == pytest.approx(0.0)
    assert calibration_error(1 - chance, scores) == pytest.approx(0.5)


def test_a_model_that_never_fails_has_no_area() -> None:
    assert fail_auc(np.full((40, 1), 0.5), np.ones((40, 1)), np.full((40, 1), fill_value=True)) is None
