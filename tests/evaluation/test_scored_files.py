"""Files of prompts become files of forecasts, line by line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.scoring import score_file


def by_length(request: RequestView, route: str | None) -> Forecast:
    if request.tools:
        return NOTHING_FIRED
    tier = "premium" if request.chars > 10 else "cheap"
    signals = (f"route {route}",) if route else ()
    return Forecast(tier, "learned", signals, {"cheap": 0.25, "premium": 0.75}, confidence=0.5, difficulty=0.5)


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_good_line_gives_one_line_in_order(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    prompts = [
        {"id": 7, "prompt": "short"},
        {"id": "b", "messages": [{"role": "user", "content": "a longer question"}], "route": "support"},
        {"prompt": "short", "tools": [{"type": "function", "function": {"name": "f"}}]},
        {"id": 7, "prompt": "short"},
    ]
    source.write_text("".join(json.dumps(each) + "\n" for each in prompts))
    scored = score_file(source, target, by_length, default_tier="cheap")
    assert (scored.lines, scored.bad_lines) == (4, ())
    written = lines_of(target)
    assert [each["id"] for each in written] == [7, "b", "line-3", 7]
    assert [each["tier"] for each in written] == ["cheap", "premium", "cheap", "cheap"]
    assert [each["cause"] for each in written] == ["learned", "learned", "default", "learned"]
    assert written[1] == {
        "id": "b",
        "tier": "premium",
        "cause": "learned",
        "p_success": {"cheap": 0.25, "premium": 0.75},
        "difficulty": 0.5,
        "confidence": 0.5,
        "signals": ["route support"],
    }
    assert written[2]["p_success"] == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": 1}', 'neither "prompt" nor "messages"'),
        ('{"id": [1], "prompt": "a"}', '"id" must be a text or a number'),
        ('{"id": 1, "prompt": "a", "route": 5}', '"route" must be a text'),
        ("{", "no valid JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_scored(tmp_path: Path, line: str, problem: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(f'{{"prompt": "a"}}\n{line}\n{{"prompt": "b"}}\n')
    scored = score_file(source, target, by_length, default_tier="cheap")
    assert scored.lines == 2
    assert [each["id"] for each in lines_of(target)] == ["line-1", "line-3"]
    assert [error.line for error in scored.bad_lines] == [2]
    assert problem in str(scored.bad_lines[0])


def test_strict_writes_nothing_when_a_line_is_bad(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"prompt": "a"}\n{\n')
    with pytest.raises(DataError, match=r"in\.jsonl:2"):
        score_file(source, target, by_length, default_tier="cheap", strict=True)
    assert not target.exists()


def test_both_sides_may_be_gzipped(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl.gz"
    source.write_bytes(gzip.compress(b'{"prompt": "a"}\n'))
    score_file(source, target, by_length, default_tier="cheap")
    assert json.loads(gzip.decompress(target.read_bytes()))["tier"] == "cheap"


def test_a_file_may_be_scored_onto_itself(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": 1, "prompt": "a"}\n{"id": 2, "prompt": "b"}\n')
    assert score_file(path, path, by_length, default_tier="cheap").lines == 2
    assert [each["id"] for each in lines_of(path)] == [1, 2]
