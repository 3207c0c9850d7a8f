"""The commands that read files of rows: what they write, what they say, and how they leave."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from litellm_router_plugin.cli.evaluate import evaluate
from litellm_router_plugin.cli.score import score
from litellm_router_plugin.cli.train import train
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.evaluation.shipped import SHIPPED_TARGET
from litellm_router_plugin.learning.ladder_footing import DEFAULT_QUALITY_TARGET
from litellm_router_plugin.learning.outcome_artefact import save_model
from litellm_router_plugin.learning.training import train_outcomes

Run = Callable[..., Result]
LADDER = "cheap=small,premium=large"
WORDS = ["river", "stone", "cloud", "paper", "engine", "garden", "window", "market", "silver", "forest", "letter"]
PRICES = {
    "small": {"input_cost_per_token": 1e-7, "output_cost_per_token": 4e-7},
    "large": {"input_cost_per_token": 1e-5, "output_cost_per_token": 4e-5},
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    for command in (evaluate, score, train):
        app.command(command.__name__)(command)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


def outcome_line(index: int, rng: np.random.Generator, source: str) -> dict[str, object]:
    """Prompts with numbers are hard for the small model."""
    is_hard = bool(rng.random() < 0.5)
    words = " ".join(rng.choice(WORDS, size=int(rng.integers(3, 40))))
    text = f"Multiply {index} by {index + 7}, then: {words}?" if is_hard else f"Say hello to {words}."
    scores = {"small": float(rng.random() < (0.2 if is_hard else 0.95)), "large": float(rng.random() < 0.95)}
    outcomes = {name: {"score": each, "prompt_tokens": 20, "completion_tokens": 50} for name, each in scores.items()}
    return {"id": f"{source}-{index}", "source": source, "prompt": text, "outcomes": outcomes}


def outcome_lines() -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    return [outcome_line(index, rng, "ab"[index % 2]) for index in range(160)]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the models ``small`` and ``large``."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    save_model(train_outcomes(outcome_lines()), folder)
    return folder


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, outcome_lines())).encode()))
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    return path


def prompts(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def written(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_score_with_the_shipped_model_forecasts_every_tier_of_the_default_ladder(run: Run, tmp_path: Path) -> None:
    source = prompts(
        tmp_path / "in.jsonl", '{"id": 1, "prompt": "Hi"}', '{"messages": [{"role": "user", "content": "Prove it"}]}'
    )
    found = run("score", "--input", source, "--output", tmp_path / "out.jsonl")
    assert found.exit_code == 0, found.output
    first, second = written(tmp_path / "out.jsonl")
    assert (first["id"], second["id"]) == (1, "line-2")
    chances = first["p_success"]
    assert isinstance(chances, dict)
    assert set(chances) == {"cheap", "standard", "premium"}
    assert all(0 <= chance <= 1 for chance in chances.values())
    assert first["tier"] in chances
    assert first["cause"] == "learned"
    assert isinstance(first["difficulty"], float)


def test_score_names_bad_lines_and_leaves_with_1(run: Run, tmp_path: Path, trained: Path) -> None:
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Hi"}', "{", '{"id": 2}')
    arguments = ("--artefact", trained, "--ladder", LADDER)
    found = run("score", "--input", source, "--output", tmp_path / "out.jsonl", *arguments)
    assert found.exit_code == 1
    assert "in.jsonl:2: no valid JSON" in found.output
    assert 'in.jsonl:3: neither "prompt" nor "messages"' in found.output
    assert len(written(tmp_path / "out.jsonl")) == 1


def test_score_when_strict_writes_nothing(run: Run, tmp_path: Path, trained: Path) -> None:
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Hi"}', "{")
    arguments = ("--artefact", trained, "--ladder", LADDER, "--strict")
    found = run("score", "--input", source, "--output", tmp_path / "out.jsonl", *arguments)
    assert found.exit_code == 1
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("ladder", "problem"),
    [("cheap", "is not tier=model"), ("a=m|n,b=o", "the tier 'a' names 2 models"), ("a=m", "names one tier")],
)
def test_score_refuses_a_wrong_ladder_as_wrong_use(run: Run, tmp_path: Path, ladder: str, problem: str) -> None:
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Hi"}')
    found = run("score", "--input", source, "--output", tmp_path / "out.jsonl", "--ladder", ladder)
    assert found.exit_code == 2
    assert problem in found.output


def test_score_of_a_missing_file_is_wrong_use(run: Run, tmp_path: Path) -> None:
    assert run("score", "--input", tmp_path / "absent.jsonl", "--output", tmp_path / "out.jsonl").exit_code == 2


def test_score_says_which_models_it_does_not_know(run: Run, tmp_path: Path, trained: Path) -> None:
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Hi"}')
    arguments = ("--artefact", trained, "--ladder", "a=small,b=my-own")
    found = run("score", "--input", source, "--output", tmp_path / "out.jsonl", *arguments)
    assert found.exit_code == 0
    assert "'my-own' is not known" in found.output


def test_train_saves_a_model_that_score_can_use(run: Run, tmp_path: Path, outcomes: Path) -> None:
    made = run("train", "--data", outcomes, "--out", tmp_path / "model", "--folds", 0)
    assert made.exit_code == 0, made.output
    assert "learned from 160 rows of 2 models" in made.output
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Say hello to the river."}')
    arguments = ("--artefact", tmp_path / "model", "--ladder", LADDER, "--prices", tmp_path / "prices.json")
    assert run("score", "--input", source, "--output", tmp_path / "out.jsonl", *arguments).exit_code == 0
    assert set(written(tmp_path / "out.jsonl")[0]["p_success"] or {}) == {"cheap", "premium"}  # type: ignore[call-overload]  # a mapping


def test_evaluate_reports_in_the_terminal_as_json_and_as_a_picture(
    run: Run, tmp_path: Path, outcomes: Path, trained: Path
) -> None:
    report, picture = tmp_path / "report.json", tmp_path / "frontier.png"
    outputs = ("--json", report, "--plot", picture, "--no-heuristics", "--draws", 50)
    ladder = ("--artefact", trained, "--ladder", LADDER)
    found = run("evaluate", "--data", outcomes, "--dev", outcomes, *ladder, *outputs)
    assert found.exit_code == 0, found.output
    assert "160 of the scored prompts also stand among those" in found.output
    assert "learned, as shipped" in found.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    (ladder_report,) = json.loads(report.read_text())["ladders"]
    assert ladder_report["tiers"] == ["cheap", "premium"]


def test_adapting_teaches_one_more_model(run: Run, tmp_path: Path, trained: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    text = "".join(json.dumps(line) + "\n" for line in outcome_lines()[:80])
    labels.write_text(text.replace('"small"', '"newcomer"'))
    adapted = ("--adapt", trained, "--out", tmp_path / "adapted", "--folds", 2)
    found = run("train", "--data", labels, *adapted, "--model", "newcomer")
    assert found.exit_code == 0, found.output
    assert "80 rows of newcomer" in found.output
    assert "other rows of known sources" in found.output
    assert "sources not seen" in found.output
    source = prompts(tmp_path / "in.jsonl", '{"prompt": "Say hello to guest 4."}')
    arguments = ("--artefact", tmp_path / "adapted", "--ladder", "cheap=newcomer,premium=large")
    scored = run("score", "--input", source, "--output", tmp_path / "out.jsonl", *arguments)
    assert scored.exit_code == 0
    assert "not known" not in scored.output
    unknown = run("train", "--data", labels, *adapted, "--model", "nobody")
    assert unknown.exit_code == 1
    assert "there is no outcome of 'nobody'; the models are: large, newcomer" in unknown.output


def test_labels_train_too_and_are_reported_against_the_commonest_tier(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "labels.jsonl"
    hard, easy = ("Prove the theorem number {}", "premium"), ("Say hello to guest {}", "cheap")
    lines = [{"prompt": text.format(index), "tier": tier} for index in range(40) for text, tier in (hard, easy)]
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run("train", "--data", data, "--out", tmp_path / "model")
    assert found.exit_code == 0, found.output
    assert "commonest tier" in found.output
    assert "one source only" in found.output
    refused = run("score", "--input", data, "--output", tmp_path / "out.jsonl", "--artefact", tmp_path / "model")
    assert refused.exit_code == 2
    assert "it holds a 'tier-labels'" in refused.output


def test_train_refuses_nonsense_with_the_line_number(run: Run, tmp_path: Path, outcomes: Path) -> None:
    text = gzip.decompress(outcomes.read_bytes()).decode().replace('"score": 1.0', '"score": 7', 1)
    data = tmp_path / "bad.jsonl"
    data.write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), start=1) if '"score": 7' in each)
    found = run("train", "--data", data, "--out", tmp_path / "model", "--strict")
    assert found.exit_code == 1
    assert f"bad.jsonl:{line}: outcomes[" in found.output
    assert '"score" must be between 0 and 1, found 7' in found.output
    assert not (tmp_path / "model").exists()


def test_train_skips_bad_lines_by_number_and_leaves_with_1(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "labels.jsonl"
    lines = [
        json.dumps({"prompt": f"question {tier * 3} {index}", "tier": tier})
        for index in range(5)
        for tier in ("a", "b")
    ]
    data.write_text("\n".join([*lines, '{"prompt": "x"}', "nonsense"]))
    found = run("train", "--data", data, "--out", tmp_path / "model")
    assert found.exit_code == 1
    assert 'labels.jsonl:11: "tier" must be a tier\'s name' in found.output
    assert "labels.jsonl:12: no valid JSON" in found.output
    assert "learned from 10 tier labels" in found.output


def test_the_shipped_policy_is_reported_against_the_target_it_ships_with() -> None:
    assert SHIPPED_TARGET == DEFAULT_QUALITY_TARGET


@pytest.mark.parametrize(
    ("arguments", "problem"), [(["--model", "m"], "only of use with --adapt"), (["--folds", "1"], "one part cannot")]
)
def test_train_refuses_options_that_make_no_sense(
    run: Run, tmp_path: Path, outcomes: Path, arguments: list[str], problem: str
) -> None:
    found = run("train", "--data", outcomes, "--out", tmp_path / "model", *arguments)
    assert found.exit_code == 2
    assert problem in found.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["--folds", "1"], "--folds: one part cannot"), (["--folds", "3", "--artefact", "."], "--artefact: would not be")],
)
def test_evaluate_refuses_options_that_make_no_sense(
    run: Run, outcomes: Path, arguments: list[str], problem: str
) -> None:
    found = run("evaluate", "--data", outcomes, "--ladder", LADDER, *arguments)
    assert found.exit_code == 2
    assert problem in found.output


def test_evaluate_needs_prices_and_a_ladder_that_fits(run: Run, tmp_path: Path, outcomes: Path) -> None:
    base = ("evaluate", "--data", outcomes, "--baselines-only", "--no-heuristics", "--draws", 50)
    assert "needed, since no ladder of --tiers fits" in run(*base).output
    assert run(*base, "--ladder", LADDER).exit_code == 0
    unpriced = run(*base, "--ladder", "cheap=small,premium=other")
    assert unpriced.exit_code == 2
    assert "no row has an outcome for every tier" in unpriced.output
    (tmp_path / "prices.json").unlink()
    found = run(*base, "--ladder", LADDER)
    assert found.exit_code == 2
    assert "--prices: needed, since there is no prices.json beside --data" in found.output


@pytest.mark.parametrize("command", ["evaluate", "score", "train"])
def test_help_shows_an_example(run: Run, command: str) -> None:
    found = run(command, "--help")
    assert found.exit_code == 0
    assert f"Example: tier-router {command}" in found.output


def test_labels_of_routes_give_the_routes_section_that_a_config_takes(run: Run, tmp_path: Path, trained: Path) -> None:
    lines = [{**line, "route": f"route-{number % 2}"} for number, line in enumerate(outcome_lines()[:80])]
    for line in lines[::2]:
        line["outcomes"]["small"]["score"] = 0.0  # type: ignore[index]  # a mapping of mappings
    data, out = tmp_path / "routed.jsonl", tmp_path / "adapted"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run("train", "--data", data, "--adapt", trained, "--ladder", LADDER, "--out", out)
    assert found.exit_code == 0, found.output
    section = yaml.safe_load((out / "routes.yaml").read_text())
    assert f"in {out / 'routes.yaml'}" in found.output
    shifts = {route: settings["intercepts"] for route, settings in section["routes"].items()}
    assert set(shifts) == {"route-0", "route-1"}
    assert shifts["route-0"]["cheap"] < -1 < shifts["route-1"]["cheap"]
    tiers = [{"name": "cheap", "model_group": "small"}, {"name": "premium", "model_group": "large"}]
    assert parse_tier_router("smart", {"tiers": tiers, **section}).routes["route-0"].intercepts == shifts["route-0"]
    plain = outcomes_without_routes(tmp_path)
    unnamed = run("train", "--data", plain, "--adapt", trained, "--ladder", LADDER, "--out", out)
    assert unnamed.exit_code == 1
    assert 'no row names a "route"' in unnamed.output


def outcomes_without_routes(folder: Path) -> Path:
    path = folder / "unrouted.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in outcome_lines()[:20]))
    return path
