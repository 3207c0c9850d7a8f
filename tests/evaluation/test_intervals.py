"""Bootstrap intervals: seeded, paired, and about as wide as theory says."""

from __future__ import annotations

import numpy as np
import pytest

from litellm_router_plugin.evaluation import intervals
from litellm_router_plugin.evaluation.intervals import (
    UNDEFINED,
    Estimate,
    Resamples,
    mean_over,
    summarise,
    weighted_mean,
)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(0).random(50)
    assert Resamples(50, 200, 1).estimate(weighted_mean(values)) == Resamples(50, 200, 1).estimate(
        weighted_mean(values)
    )
    assert Resamples(50, 200, 1).estimate(weighted_mean(values)) != Resamples(50, 200, 2).estimate(
        weighted_mean(values)
    )


def test_every_resample_draws_as_many_rows_as_there_are() -> None:
    counts = np.concatenate(list(Resamples(30, 77, 0).chunks()))
    assert counts.shape == (77, 30)
    assert (counts.sum(axis=1) == 30).all()


def test_drawing_in_chunks_and_again_gives_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "CHUNK_CELLS", 100)
    monkeypatch.setattr(intervals, "KEPT_CELLS", 0)
    resamples = Resamples(30, 10, 0)
    chunks = list(resamples.chunks())
    assert [len(chunk) for chunk in chunks] == [3, 3, 3, 1]
    assert all((one == other).all() for one, other in zip(chunks, resamples.chunks(), strict=True))


def test_the_interval_of_a_mean_is_about_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(0).random(400)
    found = Resamples(400, 2000, 0).estimate(weighted_mean(values))
    assert found.value == pytest.approx(values.mean())
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_a_figure_that_does_not_exist_has_no_interval() -> None:
    assert summarise(np.array([np.nan, 1.0, 2.0])) == UNDEFINED


def test_no_interval_is_shown_where_too_many_resamples_lack_the_figure() -> None:
    assert summarise(np.array([1.0, np.nan, 1.0, 2.0])) == Estimate(1.0)


def test_the_mean_over_groups_leaves_out_those_without_the_figure() -> None:
    defined, undefined = np.array([1.0, 0.5, 1.5]), np.array([np.nan, 0.0, 0.0])
    assert mean_over([defined, defined, undefined]).value == 1.0
    assert mean_over([undefined]) == UNDEFINED


def test_an_estimate_knows_on_which_side_of_zero_it_lies() -> None:
    assert Estimate(2, 1, 3).is_above_zero
    assert Estimate(-2, -3, -1).is_below_zero
    assert not Estimate(1, -1, 3).is_above_zero
    assert not UNDEFINED.is_below_zero
