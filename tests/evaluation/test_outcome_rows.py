"""Rows of outcomes and labels: nonsense is refused in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.datasets import (
    by_source,
    holds_labels,
    models_of,
    read_labels,
    read_outcomes,
    shared_prompts,
)


def outcome(score: object = 1.0, prompt_tokens: object = 10, completion_tokens: object = 5) -> dict[str, object]:
    return {"score": score, "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}


def line(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "id": "a",
        "source": "s",
        "prompt": "What is 2 + 2?",
        "outcomes": {"small": outcome(0), "large": outcome(1)},
    }
    return base | changes


def written(path: Path, *lines: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


def test_a_row_is_read_with_its_models_tools_and_tokens(tmp_path: Path) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {}}}]
    data = read_outcomes(written(tmp_path / "d.jsonl", line(tools=tools)))
    row = data.rows[0]
    assert models_of(data.rows) == ["large", "small"]
    assert row.prompt.view().tools[0].name == "add"
    assert row.outcomes["small"].completion_tokens == 5
    assert row.as_mapping()["outcomes"] == {"small": outcome(0.0), "large": outcome(1.0)}


def test_messages_may_stand_for_the_prompt(tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    row = line(messages=messages)
    del row["prompt"]
    view = read_outcomes(written(tmp_path / "d.jsonl", row)).rows[0].prompt.view()
    assert (view.text, view.system) == ("Hello", "Be brief.")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outcomes": {}}, '"outcomes" must name at least one model'),
        ({"outcomes": None}, '"outcomes" must name at least one model'),
        ({"outcomes": {"m": outcome(1.5)}}, "outcomes['m']: \"score\" must be between 0 and 1, found 1.5"),
        ({"outcomes": {"m": outcome("1")}}, "outcomes['m']: \"score\" must be a number"),
        ({"outcomes": {"m": outcome(score=True)}}, "outcomes['m']: \"score\" must be a number"),
        ({"outcomes": {"m": outcome(None)}}, "outcomes['m']: \"score\" must be a number, found None"),
        ({"outcomes": {"m": outcome(1, -1)}}, '"prompt_tokens" must be 0 or more, found -1'),
        ({"outcomes": {"m": {"score": 1, "prompt_tokens": 1}}}, '"completion_tokens" must be a number, found None'),
        ({"outcomes": {"m": 1}}, "an object with score and tokens is wanted"),
        ({"prompt": "  "}, '"prompt" is empty'),
        ({"prompt": None}, 'neither "prompt" nor "messages"'),
        ({"prompt": 5}, '"prompt" must be a text'),
        ({"tools": "add"}, '"tools" must be a list'),
        ({"source": ["s"]}, '"source" must be a text'),
        ({"id": "b"}, "the id 'b' was used on line 1 already"),
    ],
)
def test_nonsense_is_refused_with_line_and_reason(tmp_path: Path, changes: dict[str, object], problem: str) -> None:
    path = written(tmp_path / "d.jsonl", line(id="b"), line(**changes), line(id="c"))
    data = read_outcomes(path)
    assert [row.id for row in data.rows] == ["b", "c"]
    assert [error.line for error in data.bad_lines] == [2]
    assert problem in str(data.bad_lines[0])
    with pytest.raises(DataError) as refused:
        read_outcomes(path, strict=True)
    assert refused.value.line == 2


def test_an_infinite_score_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = json.dumps(line(id="good"))
    path.write_text(good + "\n" + good.replace('"score": 0', '"score": 1e999') + "\n")
    assert [error.line for error in read_outcomes(path).bad_lines] == [2]


def test_a_file_without_a_usable_row_is_refused_with_its_first_problem(tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl", line(outcomes={}))
    with pytest.raises(DataError, match=r"holds no usable row; the first of 1 bad lines: .*d\.jsonl:1: "):
        read_outcomes(path)


def test_outcomes_of_one_model_only_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl", line(outcomes={"m": outcome(1)}), line(id="b", outcomes={"m": outcome(0)}))
    with pytest.raises(DataError, match="only m has outcomes; 2 models are needed"):
        read_outcomes(path)
    assert len(read_outcomes(path, min_models=1).rows) == 2


def test_scores_that_never_differ_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl", line(outcomes={"m": outcome(1), "n": outcome(1)}))
    with pytest.raises(DataError, match="every score is the same"):
        read_outcomes(path)


def test_labels_need_two_tiers(tmp_path: Path) -> None:
    one = written(tmp_path / "one.jsonl", {"prompt": "a", "tier": "cheap"}, {"prompt": "b", "tier": "cheap"})
    two = written(tmp_path / "two.jsonl", {"prompt": "a", "tier": "cheap"}, {"prompt": "b", "tier": "premium"})
    with pytest.raises(DataError, match="every row has the tier 'cheap'"):
        read_labels(one)
    assert [row.tier for row in read_labels(two).rows] == ["cheap", "premium"]


def test_a_label_without_a_tier_is_a_bad_line(tmp_path: Path) -> None:
    lines = ({"prompt": "a", "tier": "cheap"}, {"prompt": "b", "tier": 1}, {"prompt": "c", "tier": "premium"})
    assert [error.line for error in read_labels(written(tmp_path / "l.jsonl", *lines)).bad_lines] == [2]


def test_labels_and_outcomes_are_told_apart_by_the_first_object(tmp_path: Path) -> None:
    assert holds_labels(written(tmp_path / "l.jsonl", {"prompt": "a", "tier": "cheap"}))
    assert not holds_labels(written(tmp_path / "o.jsonl", line()))


def test_rows_are_grouped_by_source_and_shared_prompts_are_counted(tmp_path: Path) -> None:
    rows = read_outcomes(
        written(tmp_path / "d.jsonl", line(), line(id="b", source="t"), line(id="c", prompt="Something else"))
    ).rows
    assert {source: len(group) for source, group in by_source(rows).items()} == {"s": 2, "t": 1}
    assert shared_prompts(rows[:1], rows[1:]) == 1
