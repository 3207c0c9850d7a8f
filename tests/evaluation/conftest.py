"""Small recorded worlds with known answers, and models for them that need no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from litellm_router_plugin.core.money import Price, usd
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.evaluation.ladders import RecordedLadder, parse_ladder
from litellm_router_plugin.evaluation.rows import Outcome, OutcomeRow, Prompt

MakeRows = Callable[..., list[OutcomeRow]]

LADDER_SPEC = "cheap=small,standard=middle,premium=large"
WORLD_PRICES = {
    name: Price(usd(price), usd(price)) for name, price in (("small", 1e-6), ("middle", 5e-6), ("large", 2e-5))
}


def hardness_of(text: str) -> float:
    """The difficulty written at the start of a prompt of the world."""
    return float(text.split(maxsplit=1)[0])


@dataclass(frozen=True)
class SeesHardness:
    """Knows each prompt's difficulty: the small model solves those below 0.4, the middle below 0.7, the large all."""

    solves: Mapping[str, float] = field(default_factory=lambda: {"small": 0.4, "middle": 0.7, "large": 1.1})

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        hardness = hardness_of(request.text)
        return {name: 0.95 if hardness < self.solves[name] else 0.05 for name in model_names}

    def predict_completion_tokens(self, _: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(model_names, 100.0)


@dataclass(frozen=True)
class SeesNothing:
    """Forecasts noise that has nothing to do with the prompt's difficulty."""

    seed: int = 0

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        noise = np.random.default_rng((self.seed, int(hardness_of(request.text) * 1e6)))
        return {name: float(noise.random()) for name in model_names}

    def predict_completion_tokens(self, _: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(model_names, 100.0)


@pytest.fixture
def sees_hardness() -> SeesHardness:
    return SeesHardness()


@pytest.fixture
def sees_nothing() -> SeesNothing:
    return SeesNothing()


@pytest.fixture
def ladder() -> RecordedLadder:
    return parse_ladder(LADDER_SPEC)


@pytest.fixture
def prices() -> dict[str, Price]:
    return dict(WORLD_PRICES)


@pytest.fixture
def make_rows() -> MakeRows:
    """Rows whose difficulty is uniform; a share of the outcomes is turned over at random."""

    def rows(count: int, *, seed: int = 0, source: str = "s", noise: float = 0.0) -> list[OutcomeRow]:
        random = np.random.default_rng(seed)
        made = []
        for index, hardness in enumerate(random.random(count)):
            solved = {name: hardness < limit for name, limit in SeesHardness().solves.items()}
            outcomes = {
                name: Outcome(float(right != (random.random() < noise)), 50, 100) for name, right in solved.items()
            }
            prompt = Prompt(f"{hardness:.6f} {source} {seed}")
            made.append(OutcomeRow(f"{source}/{seed}/{index}", source, "", prompt, outcomes))
        return made

    return rows
