"""``check``: files of answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from litellm_router_plugin.cli.main import build_app

GOOD = {"id": 1, "prompt": "How many boats?", "answer": "The answer is 12.", "model": "small", "route": "boats"}
EMPTY = {"id": "e", "prompt": "How many boats?", "answer": ""}
CALL = {
    "id": "t",
    "messages": [{"role": "user", "content": "Book it."}],
    "tools": [{"type": "function", "function": {"name": "book", "parameters": {"type": "object", "properties": {}}}}],
    "answer": {"role": "assistant", "tool_calls": [{"function": {"name": "cancel", "arguments": "{}"}}]},
}


def run(tmp_path: Path, lines: list[object], *options: str) -> tuple[int, str, list[dict[str, Any]]]:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    result = CliRunner().invoke(
        build_app("check"), ["check", "--input", str(source), "--output", str(target), *options]
    )
    told = [json.loads(line) for line in target.read_text().splitlines()] if target.exists() else []
    return result.exit_code, result.output, told


def test_each_line_gets_a_verdict_in_order(tmp_path: Path) -> None:
    code, output, told = run(tmp_path, [GOOD, EMPTY, CALL])
    assert code == 0, output
    assert [line["id"] for line in told] == [1, "e", "t"]
    assert set(told[0]) == {"id", "p_ok", "verdict", "failed_checks"}
    assert 0 < told[0]["p_ok"] < 1
    assert (told[1]["verdict"], told[1]["failed_checks"]) == ("reject", ["empty"])
    assert (told[2]["verdict"], told[2]["failed_checks"]) == ("reject", ["tool_calls"])


def test_the_finish_reason_is_read(tmp_path: Path) -> None:
    _, _, told = run(tmp_path, [{**GOOD, "finish_reason": "length"}])
    assert told[0]["failed_checks"] == ["truncated"]


def test_a_second_answer_moves_the_estimate_and_is_compared(tmp_path: Path) -> None:
    lines: list[object] = [
        {**GOOD, "second_answer": text} for text in ("Nobody\ncounted.", "12", "<answer>11</answer>")
    ]
    _, _, told = run(tmp_path, lines)
    assert [line["agreement"] for line in told] == [None, True, False]
    assert told[1]["p_ok"] > told[2]["p_ok"]


def test_a_second_answer_settles_a_doubt(tmp_path: Path) -> None:
    unclosed = "```text\nboats\nThe answer is 12."
    lines: list[object] = [{**GOOD, "answer": unclosed, "second_answer": text} for text in ("12", "11")]
    _, _, told = run(tmp_path, [{**GOOD, "answer": unclosed}, *lines])
    assert told.pop(0)["verdict"] == "unsure"
    assert [line["verdict"] for line in told] == ["accept", "reject"]


def test_bad_lines_are_told_with_their_number(tmp_path: Path) -> None:
    lines: list[object] = [GOOD, "no json\n", {"id": 2, "prompt": "Why?"}, {**GOOD, "route": 7}, {**GOOD, "id": None}]
    code, output, told = run(tmp_path, lines)
    assert code == 1
    assert len(told) == 1
    for number in (2, 3, 4, 5):
        assert f"in.jsonl:{number}:" in output


def test_strict_writes_nothing(tmp_path: Path) -> None:
    code, output, told = run(tmp_path, [GOOD, "no json\n"], "--strict")
    assert (code, told) == (1, [])
    assert "in.jsonl:2:" in output


def test_an_answer_is_compared_only_with_those_before_it(tmp_path: Path) -> None:
    longer = [{**GOOD, "id": n, "answer": f"{'A long story of boats. ' * 20}The answer is {n}."} for n in range(30)]
    _, _, alone = run(tmp_path, [GOOD])
    _, _, first = run(tmp_path, [GOOD, *longer])
    _, _, last = run(tmp_path, [*longer, GOOD])
    _, output, both = run(tmp_path, [GOOD, *longer], "--two-pass")
    assert first[0]["p_ok"] == alone[0]["p_ok"]
    assert last[-1]["p_ok"] != alone[0]["p_ok"]
    assert both[0]["p_ok"] != alone[0]["p_ok"]
    assert "transductive" in output


def test_routes_and_models_are_kept_apart(tmp_path: Path) -> None:
    longer = [{**GOOD, "answer": f"{'A long story of boats. ' * 20}The answer is {n}."} for n in range(30)]
    _, _, alone = run(tmp_path, [GOOD])
    for other in ({"route": "ships"}, {"model": "large"}):
        _, _, told = run(tmp_path, [*[{**line, **other} for line in longer], GOOD])
        assert told[-1]["p_ok"] == alone[0]["p_ok"]


def test_gzip_in_and_out(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl.gz"
    source.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    result = CliRunner().invoke(build_app("check"), ["check", "--input", str(source), "--output", str(target)])
    assert result.exit_code == 0
    assert json.loads(gzip.decompress(target.read_bytes()))["id"] == 1


@pytest.mark.parametrize("option", [["--artefact", "."], ["--input", "absent.jsonl"]])
def test_wrong_use_is_told(tmp_path: Path, option: list[str]) -> None:
    code, _, told = run(tmp_path, [GOOD], *option)
    assert (code, told) == (2, [])
