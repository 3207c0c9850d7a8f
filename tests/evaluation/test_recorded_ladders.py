"""Ladders and prices: written forms, files, and what is said when they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.ladders import choose_ladder, parse_ladder, read_ladders
from litellm_router_plugin.evaluation.prices import price_of, read_prices, recorded_cost
from litellm_router_plugin.evaluation.rows import Outcome, OutcomeRow, Prompt


def row(source: str, *models: str) -> OutcomeRow:
    return OutcomeRow("r", source, "", Prompt("text"), {model: Outcome(1, 10, 10) for model in models})


def test_a_written_ladder_takes_the_first_model_that_a_row_has() -> None:
    ladder = parse_ladder("cheap=a, standard=b|c,premium=d")
    assert ladder.tier_names == ("cheap", "standard", "premium")
    assert ladder.models_for(row("s", "a", "b", "c", "d")) == ("a", "b", "d")
    assert ladder.models_for(row("s", "a", "c", "d")) == ("a", "c", "d")
    assert ladder.models_for(row("s", "a", "d")) is None


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("cheap", "is not tier=model"),
        ("cheap=,premium=b", "is not tier=model"),
        ("=a,premium=b", "is not tier=model"),
        ("cheap=a", "names one tier"),
        ("cheap=a,cheap=b", "'cheap' stands there twice"),
    ],
)
def test_a_wrong_written_ladder_is_refused(spec: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        parse_ladder(spec)


def tiers_file(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_ladders_of_a_file_are_found_by_name(tmp_path: Path) -> None:
    triple = {"cheap": "a", "premium": ["b", "c"]}
    known = read_ladders(tiers_file(tmp_path / "t.json", {"ladders": {"two": triple}, "monotone": {"s": triple}}))
    assert choose_ladder("two", known).models_for(row("any", "a", "c")) == ("a", "c")
    assert choose_ladder("monotone", known).models_for(row("s", "a", "b")) == ("a", "b")
    assert choose_ladder("monotone", known).models_for(row("other", "a", "b")) is None
    with pytest.raises(DataError, match="there is no ladder 'three'; known: monotone, two"):
        choose_ladder("three", known)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], 'an object with "ladders" is wanted'),
        ({"ladders": {"x": {"cheap": "a"}}}, "x: at least two tiers"),
        ({"ladders": {"x": {"cheap": "a", "premium": 5}}}, r"x\.premium: a model or a list of models"),
        ({"monotone": {"s": {"a": "m", "b": "n"}, "t": {"b": "m", "a": "n"}}}, "the same tiers in the same order"),
    ],
)
def test_a_wrong_tiers_file_is_refused(tmp_path: Path, content: object, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_ladders(tiers_file(tmp_path / "t.json", content))


def test_prices_are_read_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    path = tiers_file(tmp_path / "p.json", {"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}})
    prices = read_prices(path)
    assert recorded_cost(price_of(prices, "m"), Outcome(1, 100, 10)) == pytest.approx(0.00012)
    with pytest.raises(DataError, match="there is no price for 'n'"):
        price_of(prices, "n")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([1], "an object from model to prices"),
        ({"m": 1}, "m: an object with both prices"),
        ({"m": {"input_cost_per_token": 1}}, "m: output_cost_per_token must be a number"),
        ({"m": {"input_cost_per_token": -1, "output_cost_per_token": 1}}, "m: input_cost_per_token must be"),
    ],
)
def test_a_wrong_price_file_is_refused(tmp_path: Path, content: object, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_prices(tiers_file(tmp_path / "p.json", content))


def test_a_price_file_that_is_no_json_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{\n"m": ')
    with pytest.raises(DataError, match=r"p\.json:\d+: no valid JSON"):
        read_prices(path)
