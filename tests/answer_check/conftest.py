"""A small trained model: enough to serve, not to be good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from litellm_router_plugin.learning.answer_check import AnswerCheckModel
from litellm_router_plugin.learning.answer_check_rows import CountedAnswers, count_answers
from litellm_router_plugin.learning.answer_check_training import EnsembleSettings, train_answer_check

SMALL = EnsembleSettings(8, 3, 0.2, 0.8, 0.5, 5)


def recorded(prompts: int = 120) -> list[Mapping[str, object]]:
    """Prompts of two kinds with answers of two models; longer answers than usual are poor."""
    random = np.random.default_rng(0)
    rows: list[Mapping[str, object]] = []
    for number in range(prompts):
        answers = {}
        for model, usual in (("small", 20), ("large", 60)):
            words = int(random.integers(1, 2 * usual))
            text = " ".join(["boat", "pier", "harbour", "tide"][word % 4] for word in range(words))
            answers[model] = {"text": f"{text}\nThe answer is {number}.", "score": float(words < usual)}
        source = "sums" if number % 2 else "tales"
        rows.append(
            {"id": str(number), "source": source, "prompt": f"How many are {number} boats?", "answers": answers}
        )
    return rows


@pytest.fixture(scope="session")
def rows() -> Sequence[Mapping[str, object]]:
    return recorded()


@pytest.fixture(scope="session")
def counted(rows: Sequence[Mapping[str, object]]) -> CountedAnswers:
    return count_answers(rows)


@pytest.fixture(scope="session")
def model(counted: CountedAnswers) -> AnswerCheckModel:
    return train_answer_check(counted, random_state=0, settings=(SMALL, SMALL), about={"answers": len(counted)})
