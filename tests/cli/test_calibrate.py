"""The command ``calibrate``."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from litellm_router_plugin.cli.calibrate import calibrate
from litellm_router_plugin.config.parsing import parse_tier_router

app = typer.Typer()
app.command()(calibrate)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def write(path: Path, rows: list[dict[str, object]]) -> str:
    text = "\n".join(json.dumps(row) for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return str(path)


def rows(count: int, route: str | None = None, cheap: float = 1.0) -> list[dict[str, object]]:
    row: dict[str, object] = {"score": 0.9, "cheap": cheap, "reference": 1.0}
    return [{**row, "route": route} if route else row for _ in range(count)]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_each_route_gets_its_threshold(tmp_path: Path, name: str) -> None:
    data = write(tmp_path / name, rows(300, "a") + rows(300, "b"))
    result = run("--data", data)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        f"{route}: threshold 0.00 serves 100% cheap, mean loss 0.0000 (300 labels)" for route in "ab"
    ]


@pytest.mark.parametrize(
    ("scored_by", "setting"),
    [("learned_check", {"learned_check": {"unsure": [0.0, 0.0]}}), ("judge", {"judge_threshold": 0.0})],
)
def test_what_is_certified_is_printed_as_settings_that_a_router_takes(
    tmp_path: Path, scored_by: str, setting: dict[str, object]
) -> None:
    data = write(tmp_path / "rows.jsonl", rows(300, "no: 1") + rows(5, "refused"))
    printed = run("--data", data, "--scored-by", scored_by).stdout.partition("settings:\n")[2]
    settings = yaml.safe_load(printed)
    assert settings == {"routes": {"no: 1": setting}}
    tiers = [{"name": "cheap", "model_group": "a"}, {"name": "dear", "model_group": "b"}]
    cascade = {"checks": ["learned"], "judge": {"model": "c"}}
    taken = parse_tier_router("smart", {"tiers": tiers, "cascade": cascade, **settings})
    assert taken.routes.keys() == {"no: 1"}


def test_nothing_certified_prints_no_settings(tmp_path: Path) -> None:
    assert "routes:" not in run("--data", write(tmp_path / "rows.jsonl", rows(5))).stdout


def test_a_refusal_is_found_and_says_what_is_missing(tmp_path: Path) -> None:
    data = write(tmp_path / "rows.jsonl", rows(49) + rows(300, "bad", cheap=0.0))
    result = run("--data", data, "--max-loss", "0.02", "--loss", "harm")
    assert result.exit_code == 1
    assert "default: refuses: needs 100 more labels: at least 149 labels are needed" in result.stdout
    assert "bad: refuses: the strictest useful threshold, 0.90, already loses 1.0000 (300 labels)" in result.stdout


def test_json_holds_the_same(tmp_path: Path) -> None:
    data = write(tmp_path / "rows.jsonl", rows(300, "a") + rows(5, "b"))
    found = json.loads(run("--data", data, "--json").stdout)
    assert found["max_loss"] == 0.02
    assert found["bad_lines"] == 0
    assert found["routes"]["a"] == {"certified": True, "threshold": 0.0, "served": 1.0, "loss": 0.0, "labels": 300}
    assert found["routes"]["b"]["certified"] is False
    assert found["routes"]["b"]["more_labels"] > 100


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"score": 2, "cheap": 1, "reference": 1}', '"score": a number in 0..1 is wanted, found 2'),
        ('{"score": 1, "cheap": "1", "reference": 1}', "\"cheap\": a number in 0..1 is wanted, found '1'"),
        ('{"score": 1, "cheap": 1}', '"reference": a number in 0..1 is wanted, found nothing'),
        ('{"score": 1, "cheap": 1, "reference": 1, "route": 3}', '"route": a string is wanted, found int'),
        ("[1]", "a JSON object is wanted"),
        ("{", "no valid JSON"),
    ],
)
def test_bad_lines_are_told_with_their_number(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "rows.jsonl"
    write(path, rows(300))
    path.write_text(path.read_text() + "\n" + line + "\n")
    result = run("--data", str(path))
    assert result.exit_code == 1
    assert f"rows.jsonl:301: {problem}" in result.stderr
    assert "threshold 0.00" in result.stdout
    strict = run("--data", str(path), "--strict")
    assert strict.exit_code == 1
    assert f"rows.jsonl:301: {problem}" in strict.stderr
    assert not strict.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--data", "nowhere.jsonl"], "--data: there is no file nowhere.jsonl"),
        (["--data", "nowhere.jsonl", "--max-loss", "0"], "--max-loss: 0.0 does not lie between 0 and 1"),
        (["--data", "nowhere.jsonl", "--confidence", "95"], "--confidence: 95.0 does not lie between 0 and 1"),
        (["--data", "nowhere.jsonl", "--min-served", "2"], "--min-served: 2.0 does not lie in 0..1"),
    ],
)
def test_wrong_use_ends_with_two(arguments: list[str], problem: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_a_file_without_a_usable_line_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n")
    result = run("--data", str(path))
    assert result.exit_code == 1
    assert "no usable line" in result.stdout
