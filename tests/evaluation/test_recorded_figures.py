"""The metrics on the recorded outcomes give the figures that are known of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from litellm_router_plugin.evaluation.datasets import read_outcomes
from litellm_router_plugin.evaluation.experiment import EvaluationReport, Experiment
from litellm_router_plugin.evaluation.ladders import read_ladders
from litellm_router_plugin.evaluation.policies import HeuristicScores
from litellm_router_plugin.evaluation.prices import read_prices
from litellm_router_plugin.evaluation.run import run
from litellm_router_plugin.evaluation.scopes import MEAN, POOLED, Draws
from litellm_router_plugin.host.heuristics import heuristic_v1_scores, heuristic_v2_scores

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TIER_ROUTER_DATA", str(ROOT.parent / "shared" / "data"))) / "routing_outcomes"
HEURISTICS: dict[str, HeuristicScores] = {"v1": heuristic_v1_scores, "v2": heuristic_v2_scores}
TOLERANCE = 0.003

pytestmark = pytest.mark.skipif(
    not (DATA / "dev.jsonl.gz").exists(), reason="the recorded outcomes are not here; set TIER_ROUTER_DATA"
)


@cache
def evaluated() -> EvaluationReport:
    ladders = read_ladders(DATA / "tiers.json")
    fit, scored = (read_outcomes(DATA / f"{name}.jsonl.gz", strict=True).rows for name in ("train", "dev"))
    chosen = [ladders[name] for name in ("monotone", "seed", "llama31")]
    return run(
        Experiment(fit, scored, chosen, read_prices(DATA / "prices.json"), heuristics=HEURISTICS, draws=Draws(20, 0))
    )


@pytest.fixture(autouse=True)
def local_prices() -> Iterator[None]:
    """LiteLLM must not fetch its price list when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        yield


@pytest.mark.parametrize(
    ("ranker", "scope", "figure", "expected"),
    [
        ("prompt length", MEAN, "gain_auc", 0.516),
        ("prompt length", MEAN, "fail_auc", 0.591),
        ("prompt length", MEAN, "apgr", 0.531),
        ("prompt length", POOLED, "apgr", 0.516),
        ("source mean only", MEAN, "gain_auc", 0.5),
        ("source mean only", MEAN, "fail_auc", 0.5),
        ("source mean only", MEAN, "apgr", 0.5),
        ("source mean only", POOLED, "apgr", 0.608),
        ("v1, score", MEAN, "gain_auc", 0.499),
        ("v1, score", MEAN, "fail_auc", 0.561),
        ("v1, level", MEAN, "gain_auc", 0.502),
        ("v1, level", MEAN, "fail_auc", 0.519),
        ("v1, score", POOLED, "apgr", 0.469),
        ("v2, score", MEAN, "gain_auc", 0.532),
        ("v2, score", MEAN, "fail_auc", 0.590),
        ("v2, score", POOLED, "apgr", 0.531),
    ],
)
def test_rankings_of_the_monotone_triples(ranker: str, scope: str, figure: str, expected: float) -> None:
    scopes = next(each.scopes for each in evaluated().ladders[0].rankings if each.ranker == ranker)
    found = next(each for each in scopes if each.scope == scope)[figure].value
    assert found == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize(("index", "quality", "mix"), [(1, 0.696, 0.705), (2, 0.503, 0.484)])
def test_the_first_heuristic_against_the_static_mix(index: int, quality: float, mix: float) -> None:
    figures = next(each for each in evaluated().ladders[index].policies if each.policy == "v1")
    assert figures.quality.value == pytest.approx(quality, abs=0.001)
    assert figures.over_mix.value == pytest.approx(quality - mix, abs=0.0015)


def test_the_dearest_tier_of_the_default_ladder_is_named_as_dominated() -> None:
    seed = evaluated().ladders[1]
    assert seed.best_fixed == "standard"
    assert seed.dominated[0].startswith("premium is dominated by standard")
