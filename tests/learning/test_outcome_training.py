import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.errors import ArtefactError, DataError
from litellm_router_plugin.learning.adaptation import add_models, route_intercepts
from litellm_router_plugin.learning.boosting import BoostingSettings
from litellm_router_plugin.learning.crossfitting import fitted_scale, held_out_latents
from litellm_router_plugin.learning.features import request_features
from litellm_router_plugin.learning.near_duplicates import near_duplicate_groups
from litellm_router_plugin.learning.outcome_artefact import load_model, save_model
from litellm_router_plugin.learning.outcome_model import FAMILIAR, LearnedModel
from litellm_router_plugin.learning.outcome_rows import outcome_table, row_request
from litellm_router_plugin.learning.training import assemble, grow_trees, table_outcomes, train_outcomes

Rows = list[dict[str, Any]]
MakeRows = Callable[..., Rows]
NAMES = ("weak-1", "middling-1", "strong-1")
EASY = read_request("Please add 17 + 24 for case 151.")
HARD = read_request("Please add 17 + 4 + 88 + 31 + 19 + 54 + 62 + 37 + 71 + 45 + 28 + 96 for case 153.")


def test_it_learns_what_is_hard_and_who_is_strong(model: LearnedModel) -> None:
    easy, hard = model.predict_success(EASY, NAMES), model.predict_success(HARD, NAMES)
    assert easy["weak-1"] > hard["weak-1"] + 0.3
    assert hard["weak-1"] < hard["middling-1"] < hard["strong-1"]
    assert model.difficulty(model.read(HARD).latents) > model.difficulty(model.read(EASY).latents)


def test_longer_answers_are_expected_where_they_were_longer(model: LearnedModel) -> None:
    easy, hard = (model.predict_completion_tokens(request, ["weak-1"])["weak-1"] for request in (EASY, HARD))
    assert 20 < easy < hard < 2_000


def test_serving_equals_the_trees_that_were_grown(rows: Rows, small: BoostingSettings) -> None:
    table = outcome_table(rows)
    grown = grow_trees(table, random_state=5, settings=small)
    served = assemble(table, grown, grown.latents(table.features), random_state=5)
    logits = grown.heads[:, 0] + grown.fitted @ grown.heads[:, 1:].T
    compared = 0
    for row, wanted in zip(rows[:50], 1 / (1 + np.exp(-logits[:50])), strict=True):
        if served.read(row_request(row)).distance <= FAMILIAR:
            found = served.predict_success(row_request(row), served.names)
            np.testing.assert_allclose(list(found.values()), wanted, rtol=0, atol=1e-9)
            compared += 1
    assert compared > 40


def test_the_same_rows_and_seed_give_the_same_folder(rows: Rows, small: BoostingSettings, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_model(train_outcomes(rows, random_state=1, settings=small), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_saving_and_loading_changes_no_forecast(model: LearnedModel, rows: Rows, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    for row in rows[:30]:
        request = row_request(row)
        np.testing.assert_allclose(
            list(again.predict_success(request, NAMES).values()),
            list(model.predict_success(request, NAMES).values()),
            rtol=0,
            atol=1e-9,
        )


def test_no_prompt_text_is_saved(model: LearnedModel, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    for path in (tmp_path / "model").iterdir():
        assert b"Please add" not in path.read_bytes()


def test_arrays_that_do_not_fit_are_refused(model: LearnedModel, tmp_path: Path) -> None:
    save_model(replace(model, names=model.names[:-1]), tmp_path / "model")
    with pytest.raises(ArtefactError, match="heads has shape"):
        load_model(tmp_path / "model")


def test_an_unknown_model_is_taken_for_the_typical_one(model: LearnedModel) -> None:
    chance = model.predict_success(EASY, ["never-heard-of", *NAMES])
    assert min(chance[name] for name in NAMES) <= chance["never-heard-of"] <= max(chance[name] for name in NAMES)


def test_a_higher_place_on_the_ladder_stands_for_a_stronger_model(model: LearnedModel) -> None:
    levels = [model.rung_head(rung, 3)[0] for rung in range(3)]
    assert levels == sorted(levels)
    assert levels[0] < levels[2]


def test_fifty_labels_teach_a_new_model(model: LearnedModel, make_rows: MakeRows) -> None:
    extra = make_rows(50, seed=9, strengths={"newcomer": 0.55})
    adapted = add_models(model, extra, ["newcomer"])
    easy, hard = (adapted.predict_success(request, ["newcomer"])["newcomer"] for request in (EASY, HARD))
    assert easy > hard + 0.2
    assert adapted.names == (*model.names, "newcomer")
    assert adapted.predict_success(EASY, NAMES) == model.predict_success(EASY, NAMES)


def test_too_few_labels_are_refused(model: LearnedModel, make_rows: MakeRows) -> None:
    with pytest.raises(DataError, match="3 labels of 'newcomer' are too few; give at least 10"):
        add_models(model, make_rows(3, seed=9, strengths={"newcomer": 0.5}), ["newcomer"])


def test_a_route_on_which_everything_fails_shifts_the_level_down(model: LearnedModel, make_rows: MakeRows) -> None:
    shifts = route_intercepts(model, make_rows(40, seed=4, strengths={"strong-1": 0.0}), ["strong-1", "weak-1"])
    assert shifts["strong-1"] < -1
    assert shifts["weak-1"] == 0.0


def test_held_out_forecasts_are_drawn_in(rows: Rows, small: BoostingSettings) -> None:
    table = outcome_table(rows)
    grown, outcomes = grow_trees(table, settings=small), table_outcomes(table)
    held_out = held_out_latents(table.features, outcomes, table.groups, grown, settings=small, random_state=0)
    assert held_out.shape == grown.latents(table.features).shape
    drawn_in = fitted_scale(held_out, outcomes, grown.heads)
    assert drawn_in < fitted_scale(grown.latents(table.features), outcomes, grown.heads)


def test_prompts_of_a_kind_never_seen_are_unfamiliar(model: LearnedModel, rows: Rows) -> None:
    distances = [model.read(row_request(row)).distance for row in rows]
    assert np.quantile(distances, 0.9) <= FAMILIAR
    assert model.read(read_request("\\begin{align} \\frac{a}{b} \\end{align}" * 40)).distance > FAMILIAR


def test_requests_with_tools_are_told_nothing_where_no_training_prompt_had_any(
    model: LearnedModel, rows: Rows, small: BoostingSettings
) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}]
    short, long = (
        read_request(str(row["prompt"]), params={"tools": tools})
        for row in sorted(rows, key=lambda row: len(str(row["prompt"])))[:: len(rows) - 1]
    )
    assert model.predict_success(short, NAMES) == model.predict_success(long, NAMES)
    assert model.read(long).distance == math.inf
    features = np.stack([request_features(short), request_features(row_request(rows[0]))])
    assert (model.served_latents_of(features) != 0).any(axis=1).tolist() == [False, True]
    half_with_tools = [{**row, "tools": tools} if number % 2 else row for number, row in enumerate(rows)]
    taught = train_outcomes(half_with_tools, random_state=3, settings=small)
    assert taught.predict_success(short, NAMES)["weak-1"] > taught.predict_success(long, NAMES)["weak-1"]


def test_near_copies_share_a_group() -> None:
    text = " ".join(f"word{number}" for number in range(200))
    assert near_duplicate_groups([text, "something else entirely, really", f"{text} more", ""]) == [0, 1, 0, 3]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"prompt": "x", "outcomes": {"m": {"score": math.nan}}}, "score must be a number in 0..1"),
        ({"prompt": "x", "outcomes": {"m": {"score": True}}}, "score must be a number in 0..1"),
        ({"prompt": "x", "outcomes": {"m": {"score": 2}}}, "score must be a number in 0..1"),
        ({"prompt": "x", "outcomes": {"m": {"score": 1, "completion_tokens": -1}}}, "must be a number of 0 or more"),
        ({"prompt": "x", "outcomes": {}}, "must name at least one model"),
        ({"prompt": 3, "outcomes": {"m": {"score": 1}}}, "neither a text"),
        ("a text", "a row must be a mapping"),
    ],
)
def test_a_wrong_row_is_named(rows: Rows, row: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        outcome_table([*rows[:2], row])
    assert caught.value.line == 3


def test_nothing_to_learn_from_is_refused(rows: Rows, make_rows: MakeRows) -> None:
    with pytest.raises(DataError, match="no rows"):
        train_outcomes([])
    with pytest.raises(DataError, match="too few"):
        train_outcomes(rows[:10])
    alike = make_rows(60, seed=1)
    for row in alike:
        row["outcomes"] = {"m": {"score": 1.0}}
    with pytest.raises(DataError, match="every score is 1"):
        train_outcomes(alike)


def test_prompts_of_one_template_are_no_copies_of_each_other() -> None:
    template = " ".join(f"rule{number}" for number in range(300))
    prompts = [
        f"{template} now stack block {number} on block {number + 1} in room {3 * number}" for number in range(30)
    ]
    assert near_duplicate_groups(prompts) == list(range(30))
    assert near_duplicate_groups([*prompts, prompts[7]])[30] == 7
    assert near_duplicate_groups([template] * 30) == [0] * 30
