"""Recorded answers with scores, as the numbers that the answer check learns from.

Answers are gone through in file order, and each is compared with those of its (source, model) that came before it, as
live traffic is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.checks.answer_features import answer_features
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.answer_check import (
    STANDARDISED,
    FloatArray,
    Prior,
    as_they_are,
    compared,
    prior_of,
    route_values_of,
)
from litellm_router_plugin.learning.features import request_features


@dataclass(frozen=True, slots=True)
class CountedAnswers:
    """Answers as numbers, in file order.

    Attributes:
        features: For each answer its named features.
        prompts: For each answer the features of its request.
        scores: 0..1.
        prompt_ids: The prompt's position; answers to one prompt share it.
        sources: Where it comes from.
        models: Who wrote it.
    """

    features: tuple[Mapping[str, float], ...]
    prompts: tuple[FloatArray, ...]
    scores: FloatArray
    prompt_ids: NDArray[np.int64]
    sources: NDArray[np.str_]
    models: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.features)

    def taken(self, keep: Sequence[int] | NDArray[np.int64]) -> CountedAnswers:
        """Some of the answers, by position."""
        chosen = [int(index) for index in keep]
        return CountedAnswers(
            tuple(self.features[index] for index in chosen),
            tuple(self.prompts[index] for index in chosen),
            self.scores[chosen],
            self.prompt_ids[chosen],
            self.sources[chosen],
            self.models[chosen],
        )

    @property
    def routes(self) -> NDArray[np.int64]:
        """A number for each (source, model)."""
        names = np.char.add(np.char.add(self.sources, "\n"), self.models)
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def raw(self) -> FloatArray:
        """The rows that the second ensemble reads."""
        return np.stack([as_they_are(one, prompt) for one, prompt in zip(self.features, self.prompts, strict=True)])

    def prior(self) -> Prior:
        """The prior of these answers."""
        rows = np.array([[one[name] for name in STANDARDISED] for one in self.features])
        return prior_of(rows, self.routes.tolist())

    def compared(self, prior: Prior) -> FloatArray:
        """The rows that the first ensemble reads, each route's statistics growing in file order."""
        known: dict[int, RouteStatistics] = defaultdict(lambda: NO_STATISTICS)
        rows = []
        for one, route in zip(self.features, self.routes.tolist(), strict=True):
            rows.append(compared(one, known[route], prior))
            known[route] = known[route].with_values(route_values_of(one))
        return np.stack(rows).astype(np.float64)


def count_answers(rows: Iterable[Mapping[str, object]]) -> CountedAnswers:
    """The answers of rows as in ``cascade_answers``.

    Raises:
        DataError: There is no answer with a score.
    """
    features, prompts, scores, ids, sources, models = [], [], [], [], [], []
    for place, row in enumerate(rows):
        request = read_request(row.get("prompt"), params={"tools": row.get("tools")})
        prompt = request_features(request)
        answers = row.get("answers")
        for model, record in answers.items() if isinstance(answers, Mapping) else ():
            features.append(answer_features(read_answer(record["text"]), request))
            prompts.append(prompt)
            scores.append(float(record["score"]))
            ids.append(place)
            sources.append(str(row.get("source")))
            models.append(str(model))
    if not features:
        raise DataError("answers", 0, 'no row has "answers" with a text and a score')
    return CountedAnswers(
        tuple(features),
        tuple(prompts),
        np.array(scores),
        np.array(ids, np.int64),
        np.array(sources, np.str_),
        np.array(models, np.str_),
    )
