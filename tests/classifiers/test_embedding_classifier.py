"""Votes of the nearest examples, and how examples come to be embedded."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.embedding import EmbeddingClassifier, unit_vector, vote
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import ModelCall
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ClassifierFailed, DataError, UnknownTier

ROWS = [
    {"text": "hello", "tier": "cheap"},
    {"prompt": "hi there", "tier": "cheap"},
    {"text": "write code", "tier": "standard"},
    {"text": "prove it", "tier": "premium"},
    {"text": "prove that", "tier": "premium"},
]


class LetterCounts:
    """Embeds a text as the counts of its letters; may fail, wait, or answer with something odd."""

    def __init__(self, *, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.error: Exception | None = None
        self.odd: Sequence[float] | None = None
        self.asked: Counter[str] = Counter()

    async def complete(self, call: ModelCall) -> AnswerView:
        raise AssertionError(f"no completion was asked for: {call.model_group}")

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        assert model_group == "embed"
        assert timeout_s > 0
        self.asked[text] += 1
        await asyncio.sleep(self.delay_s)
        if self.error:
            raise self.error
        return self.odd if self.odd is not None else [text.count(chr(code)) for code in range(97, 123)]


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("\n\n".join(json.dumps(row) for row in ROWS) + "\n", encoding="utf-8")
    return path


def failed(reason: str, tier: str | None = None) -> Forecast:
    return Forecast(tier, "embedding" if tier else "default", (f"embedding:failed:{reason}",), failed=True)


async def test_the_nearest_examples_vote_and_their_share_is_the_confidence(ladder: Ladder, examples: Path) -> None:
    classifier = EmbeddingClassifier(ladder, model="embed", examples=examples, k=3)
    forecast = await classifier.forecast(RequestView(text="prove this"), LetterCounts())
    assert forecast == Forecast("premium", "embedding", ("embedding:premium 2/3",), confidence=2 / 3)


async def test_examples_are_embedded_once_however_many_come_at_once(ladder: Ladder, examples: Path) -> None:
    model = LetterCounts(delay_s=0.002)
    classifier = EmbeddingClassifier(ladder, model="embed", examples=examples, k=1)
    forecasts = await asyncio.gather(*[classifier.forecast(RequestView(text="a query"), model) for _ in range(10)])
    assert len({forecast.tier for forecast in forecasts}) == 1
    assert model.asked == {"a query": 10, "hello": 1, "hi there": 1, "write code": 1, "prove it": 1, "prove that": 1}


async def test_work_that_one_request_has_no_time_for_is_finished_by_later_ones(ladder: Ladder, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    rows = [{"text": f"text {n}", "tier": "cheap"} for n in range(60)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    model = LetterCounts(delay_s=0.03)
    classifier = EmbeddingClassifier(ladder, model="embed", examples=path, timeout_s=0.01, breaker=CircuitBreaker(1))
    forecasts = [await classifier.forecast(RequestView(text="x"), model) for _ in range(6)]
    assert forecasts[0] == failed("TimeoutError")
    assert forecasts[-1].tier == "cheap"
    assert sum(model.asked[row["text"]] for row in rows) < 2 * len(rows)


@pytest.mark.parametrize("text", ["", " \n"])
async def test_without_text_nothing_is_asked(ladder: Ladder, examples: Path, text: str) -> None:
    model = LetterCounts()
    classifier = EmbeddingClassifier(ladder, model="embed", examples=examples)
    assert await classifier.forecast(RequestView(text=text), model) == Forecast()
    assert not model.asked


@pytest.mark.parametrize("on_failure", [None, "standard"])
async def test_a_failure_gives_the_stated_tier_and_opens_the_breaker(
    ladder: Ladder, examples: Path, on_failure: str | None
) -> None:
    model = LetterCounts()
    model.error = OSError("secret prompt")
    classifier = EmbeddingClassifier(
        ladder, model="embed", examples=examples, on_failure=on_failure, breaker=CircuitBreaker(2)
    )
    forecasts = [await classifier.forecast(RequestView(text="x"), model) for _ in range(3)]
    assert forecasts == [failed("OSError", on_failure)] * 2 + [failed("circuit_open", on_failure)]


@pytest.mark.parametrize("odd", [[], [0.0, 0.0], [math.nan, 1.0], [math.inf], [1.0, 2.0]])
async def test_an_odd_embedding_is_a_failure_and_not_a_vote(
    ladder: Ladder, examples: Path, odd: Sequence[float]
) -> None:
    model = LetterCounts()
    classifier = EmbeddingClassifier(ladder, model="embed", examples=examples)
    assert not (await classifier.forecast(RequestView(text="x"), model)).failed
    model.odd = odd
    assert await classifier.forecast(RequestView(text="y"), model) == failed("ClassifierFailed")


async def test_a_model_that_takes_too_long_is_given_up(ladder: Ladder, examples: Path) -> None:
    classifier = EmbeddingClassifier(ladder, model="embed", examples=examples, timeout_s=0.01)
    assert await classifier.forecast(RequestView(text="x"), LetterCounts(delay_s=5)) == failed("TimeoutError")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", r"labels\.jsonl:2: is no JSON"),
        ("[1]", r"labels\.jsonl:2: expected an object"),
        ('{"tier": "cheap"}', r'labels\.jsonl:2: there is no "text" or "prompt"'),
        ('{"text": " ", "tier": "cheap"}', r'labels\.jsonl:2: there is no "text" or "prompt"'),
        ('{"text": "x", "tier": "gold"}', r"labels\.jsonl:2: there is no tier 'gold'. The tiers are: cheap, standard"),
        ('{"text": "x", "tier": ["cheap"]}', r"labels\.jsonl:2: there is no tier"),
        ("[" * 100_000, r"labels\.jsonl:2: is no JSON"),
    ],
)
def test_a_bad_line_is_told_with_its_number(ladder: Ladder, tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"text": "x", "tier": "cheap"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError, match=problem):
        EmbeddingClassifier(ladder, model="embed", examples=path)


def test_a_missing_an_empty_and_a_binary_file_are_refused(ladder: Ladder, tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n")
    binary.write_bytes(b"\x80\x81")
    for path, problem in ((tmp_path / "no", "cannot be read"), (binary, "cannot be read"), (empty, "found 0")):
        with pytest.raises(DataError, match=problem):
            EmbeddingClassifier(ladder, model="embed", examples=path)


def test_an_unknown_failure_tier_is_refused(ladder: Ladder, examples: Path) -> None:
    with pytest.raises(UnknownTier, match=r"classifier\.on_failure: there is no tier 'gold'"):
        EmbeddingClassifier(ladder, model="embed", examples=examples, on_failure="gold")


components = st.lists(st.floats(-10, 10), min_size=3, max_size=3).filter(lambda row: any(abs(x) > 1e-3 for x in row))


@given(
    rows=st.lists(st.tuples(components, st.integers(0, 2)), min_size=1, max_size=12), query=components, data=st.data()
)
def test_a_vote_is_won_by_no_fewer_of_the_nearest_than_any_other_rung_has(
    rows: list[tuple[list[float], int]], query: list[float], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(rows)))
    matrix = np.stack([unit_vector(row) for row, _ in rows])
    rungs = np.array([rung for _, rung in rows])
    winner, share = vote(matrix, rungs, unit_vector(query), k)
    order = sorted(range(len(rows)), key=lambda index: -float((matrix @ unit_vector(query))[index]))
    votes = Counter(rows[index][1] for index in order[:k])
    assert votes[winner] == max(votes.values())
    assert share == votes[winner] / k


def test_equal_votes_go_to_the_nearer_side_and_then_up() -> None:
    near, far = unit_vector([1, 0]), unit_vector([1, 1])
    assert vote(np.stack([near, far]), np.array([0, 2]), near, 2) == (0, 0.5)
    assert vote(np.stack([near, near]), np.array([0, 2]), near, 2) == (2, 0.5)


def test_vectors_of_different_lengths_are_refused() -> None:
    with pytest.raises(ClassifierFailed, match="different lengths"):
        vote(np.stack([unit_vector([1, 0])]), np.array([0]), unit_vector([1]), 1)
