"""A small made-up world: prompts whose difficulty shows in their counts, and models of three strengths."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from litellm_router_plugin.learning.boosting import BoostingSettings
from litellm_router_plugin.learning.outcome_model import LearnedModel
from litellm_router_plugin.learning.training import train_outcomes

STRENGTHS = {"weak-1": 0.25, "middling-1": 0.55, "strong-1": 0.9}
SMALL = BoostingSettings(latents=2, trees=30, depth=3)


def made_up_rows(
    count: int, seed: int, strengths: Mapping[str, float] | None = None, source: str | None = None
) -> list[dict[str, Any]]:
    """Rows in which long sums are harder; a model of strength s solves what is easier than s, nine times in ten."""
    draw = random.Random(seed)  # noqa: S311  no secret
    rows: list[dict[str, Any]] = []
    for number in range(count):
        difficulty = draw.random()
        numbers = [str(draw.randint(1, 99)) for _ in range(2 + int(12 * difficulty))]
        outcomes = {
            name: {
                "score": float((difficulty < strength) == (draw.random() < 0.9)),
                "prompt_tokens": 10 + 2 * len(numbers),
                "completion_tokens": int(50 + 400 * difficulty),
            }
            for name, strength in (STRENGTHS if strengths is None else strengths).items()
        }
        prompt = f"Please add {' + '.join(numbers)} for case {number}."
        rows.append(
            {"id": str(number), "source": source or f"made-up-{number % 2}", "prompt": prompt, "outcomes": outcomes}
        )
    return rows


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    return made_up_rows(300, seed=1)


@pytest.fixture(scope="session")
def model(rows: list[dict[str, Any]]) -> LearnedModel:
    return train_outcomes(rows, random_state=3, settings=SMALL)


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., list[dict[str, Any]]]:
    return made_up_rows


@pytest.fixture(scope="session")
def small() -> BoostingSettings:
    return SMALL
