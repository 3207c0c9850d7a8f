"""``evaluate --answers``: the cascade over recorded answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from litellm_router_plugin.cli.main import build_app

SMALL, LARGE = "small-model", "large-model"


def rows(count: int, offset: int) -> list[dict[str, object]]:
    """Sums: the small model is wrong, and empty, on every fourth."""
    made: list[dict[str, object]] = []
    for number in range(offset, offset + count):
        tokens = {"prompt_tokens": 20, "completion_tokens": 5}
        outcomes = {SMALL: {"score": float(number % 4 != 0), **tokens}, LARGE: {"score": 1.0, **tokens}}
        prompt = f"What is {number} + {number}? Think it through."
        made.append({"id": f"sum/{number}", "source": "sums", "prompt": prompt, "outcomes": outcomes})
    return made


def answers(of: list[dict[str, object]]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row in of:
        number = int(str(row["id"]).split("/")[1])
        small = "" if number % 4 == 0 else f"The answer is {2 * number}."
        texts = {SMALL: {"text": small, "score": float(number % 4 != 0)}, LARGE: {"text": "Yes.", "score": 1.0}}
        found.append({"id": row["id"], "source": "sums", "prompt": row["prompt"], "answers": texts})
    return found


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    fit, scored = rows(80, 0), rows(40, 1000)
    prices = {
        SMALL: {"input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07},
        LARGE: {"input_cost_per_token": 5e-06, "output_cost_per_token": 2e-05},
    }
    (tmp_path / "prices.json").write_text(json.dumps(prices))
    written = {
        "--data": write(tmp_path / "fit.jsonl", fit),
        "--dev": write(tmp_path / "dev.jsonl", scored),
        "--answers": write(tmp_path / "answers.jsonl", [*answers(fit), *answers(scored)]),
    }
    options = [part for option, path in written.items() for part in (option, str(path))]
    return [*options, "--ladder", f"cheap={SMALL},premium={LARGE}", "--draws", "40", "--baselines-only"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app("evaluate"), ["evaluate", *arguments], env={"COLUMNS": "200"})


def cells(output: str, policy: str) -> list[str]:
    line = next(line for line in output.splitlines() if line.startswith(f"| {policy} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_checks_that_catch_every_poor_draft_keep_the_dear_tiers_quality_at_a_saving(files: list[str]) -> None:
    done = run(*files)
    assert done.exit_code == 0, done.output
    assert cells(done.output, "always cheap")[1] == "0.750"
    checked = cells(done.output, "cascade, checks")
    assert checked[1] == "1.000"
    assert checked[2].startswith("+0.000")
    assert 60 < float(checked[3].split("%")[0]) < 75  # a quarter of the requests pay for both
    assert checked[4] == "25%"


def test_two_ladders_are_refused(files: list[str]) -> None:
    done = run(*files, "--ladder", f"cheap={SMALL},standard={SMALL},premium={LARGE}")
    assert done.exit_code != 0
    assert "--answers replays one ladder" in done.output + str(done.stderr)
