from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.errors import JudgeFailed
from litellm_router_plugin.judges.score import read_score


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("0.85", 0.85),
        (" .5\n", 0.5),
        ("1", 1.0),
        ("0", 0.0),
        ("0,85", 0.85),
        ("**0.85**", 0.85),
        ("0.85.", 0.85),
        ("8.5e-1", 0.85),
        ("Score: 0.85", 0.85),
        ("**Score:** 0.85", 0.85),
        ("My rating is 0.4 because two of 3 steps are wrong", 0.4),
        ("First I thought score: 0.9. But it is wrong. Final score: 0.2", 0.2),
        ("0.7 - one of 3 steps is missing", 0.7),
        ("I would give this 0.3", 0.3),
        ("8/10", 0.8),
        ("8 out of 10", 0.8),
        ("Score: 4/5", 0.8),
        ("85%", 0.85),
        ('{"score": 0.85}', 0.85),
        ('{"reason": "Right but for 2 of 7 steps", "score": 0.6}', 0.6),
        ('{"score": "0.6"}', 0.6),
        ('{"score": "3/5"}', 0.6),
        ('{"rating": 1}', 1.0),
        ('```json\n{"score": 0.25}\n```', 0.25),
        ('Sure: {"score": 0.25}', 0.25),
        ("[[0.5]]", 0.5),
    ],
)
def test_reads_the_score_of_the_usual_replies(reply: str, score: float) -> None:
    assert read_score(reply) == pytest.approx(score)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot rate this.",
        "8",
        "85",
        "-0.2",
        "1.2",
        "11/10",
        "3/0",
        "120%",
        "NaN",
        "Infinity",
        "1e400",
        "true",
        "null",
        '{"score": true}',
        '{"score": NaN}',
        '{"score": null}',
        '{"score": 1' + "0" * 400 + "}",
        '{"verdict": "good"}',
        "between 0.4 and 0.6",
        "version2.0beta",
        "[" * 5_000,
    ],
)
def test_refuses_what_is_no_single_score_in_range(reply: str) -> None:
    with pytest.raises(JudgeFailed, match="Ask it for a number"):
        read_score(reply)


@given(
    st.text()
    | st.lists(st.sampled_from(["0", "1", ".", "/", "%", "score", ":", " ", "-", "e", "{", '"', "}"])).map("".join)
)
def test_gives_a_score_in_range_or_fails(reply: str) -> None:
    try:
        score = read_score(reply)
    except JudgeFailed:
        return
    assert 0 <= score <= 1


@given(st.floats(0, 1))
def test_reads_back_every_score_that_a_model_could_print(score: float) -> None:
    assert read_score(json.dumps({"score": score})) == pytest.approx(score)
    assert read_score(f"Score: {score:.4f}") == pytest.approx(score, abs=1e-4)
