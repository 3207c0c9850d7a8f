"""The shipped model: what it holds, and what it says where the recorded outcomes are at hand."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.learned import LearnedSettings
from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.artefacts import load_artefact, save_artefact
from litellm_router_plugin.learning.default_card import SOURCE_LICENCES
from litellm_router_plugin.learning.learned_classifier import DEFAULT_ARTEFACT, LearnedClassifier, default_model
from litellm_router_plugin.learning.outcome_artefact import KIND, load_model
from litellm_router_plugin.learning.outcome_rows import row_request

MOST_BYTES = 1_000_000
DATA = Path(os.environ.get("TIER_ROUTER_DATA", Path(__file__).parents[3] / "shared" / "data")) / "routing_outcomes"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="set TIER_ROUTER_DATA to the folder of routing_outcomes")


def dev_rows() -> list[dict[str, Any]]:
    with gzip.open(DATA / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in DEFAULT_ARTEFACT.iterdir()) <= MOST_BYTES


def test_its_card_names_every_source_with_its_licence() -> None:
    card = (DEFAULT_ARTEFACT / "README.md").read_text()
    named = default_model().about["sources"]
    assert isinstance(named, list)
    assert {entry["source"] for entry in named} == set(SOURCE_LICENCES)
    for source, (_, licence) in SOURCE_LICENCES.items():
        assert f"`{source}`" in card
        assert licence in card


def test_serving_needs_no_scikit_learn() -> None:
    code = (
        "import sys; from litellm_router_plugin.learning.learned_classifier import LearnedClassifier;"
        "LearnedClassifier.default().forecast('hi'); print('sklearn' in sys.modules, 'litellm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603  our own code
    assert done.stdout.split() == ["False", "False"]


def test_models_are_found_under_the_names_people_give_them() -> None:
    model = default_model()
    assert model.known_as("gpt-4o") == "gpt-4o-2024-08-06"
    assert model.known_as("openai/gpt-4o-mini") == "gpt-4o-mini-2024-07-18"
    assert model.known_as("anthropic/claude-3-opus-20240229") == "claude-3-opus-20240229"
    assert model.known_as("gpt-4o-2031-01-01") is None
    assert model.known_as("gpt") is None


def test_it_forecasts_for_the_default_ladder() -> None:
    forecast = LearnedClassifier.default().forecast("How many primes are there below 100?")
    assert set(forecast.p_success) == {"cheap", "standard", "premium"}


@needs_data
def test_within_sources_it_ranks_failures_better_than_a_coin() -> None:
    name, model = "gpt-4o-mini-2024-07-18", default_model()
    found = {}
    for source in ("zeroeval_zebralogic", "zeroeval_mmlu_redux"):
        rows = [row for row in dev_rows() if row["source"] == source and name in row["outcomes"]]
        failed = [row["outcomes"][name]["score"] < 0.5 for row in rows]
        found[source] = roc_auc_score(failed, [-model.predict_success(row_request(row), [name])[name] for row in rows])
    assert found["zeroeval_zebralogic"] > 0.8
    assert found["zeroeval_mmlu_redux"] > 0.5


@needs_data
def test_nearly_all_prompts_of_known_kinds_are_familiar() -> None:
    model = default_model()
    far = [model.read(row_request(row)).distance > 1 for row in dev_rows()]
    assert np.mean(far) < 0.06


def test_settings_take_one_way_to_choose() -> None:
    with pytest.raises(ValidationError, match="exclude each other"):
        LearnedSettings(type="learned", quality_target=0.9, cost_quality=0.5)
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        LearnedSettings(type="learned", quality_target=95)
    assert LearnedSettings(type="learned").quality_target is None


def test_a_folder_in_the_settings_is_found_as_a_file_reference() -> None:
    assert list(references(LearnedSettings(type="learned", artefact="/models/mine"))) == [("artefact", "file path")]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"seen": None}, "'seen' is missing"),
        ({"tree_leaves": None}, "'tree_leaves' is missing"),
        ({"heads": np.zeros((2, 6))}, r"heads has shape \(2, 6\)"),
    ],
)
def test_an_artefact_of_another_version_is_refused_with_what_to_do(
    tmp_path: Path, changed: dict[str, Any], problem: str
) -> None:
    shipped = load_artefact(DEFAULT_ARTEFACT, KIND)
    arrays = {name: array for name, array in {**shipped.arrays, **changed}.items() if array is not None}
    about = {key: value for key, value in shipped.about.items() if key != "schema_version"}
    save_artefact(tmp_path / "older", replace(shipped, about=about, arrays=arrays))
    with pytest.raises(ArtefactError, match=rf"older: its arrays do not fit together: .*{problem}.* train it again"):
        load_model(tmp_path / "older")
