"""The nearest labelled examples vote; an embedding model says what is near."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.classifiers.examples import Example, read_examples
from litellm_router_plugin.classifiers.failures import failed_forecast, reason_of
from litellm_router_plugin.classifiers.single_flight import SingleFlight
from litellm_router_plugin.classifiers.window import prompt_window
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ClassifierFailed

Vector: TypeAlias = NDArray[np.float64]

TIMEOUT_S = 2.0
NEIGHBOURS = 5
GRACE_S = 0.1
"""Seconds beyond the time-out that a call itself gets to give up, so that the host can log it as what it is."""
CALLS_AT_ONCE = 8
"""Examples that are embedded at the same time."""


class EmbeddingClassifier:
    """Proposes the tier that most of the nearest examples have, by cosine of their embeddings.

    The examples are embedded by the first requests, once. What is embedded when a request runs out of time is kept,
    so that later requests finish the work.

    Args:
        ladder: The tiers.
        model: The embedding model group.
        examples: JSONL file of ``{"text" or "prompt", "tier"}``.
        k: How many examples vote.
        timeout_s: Seconds for everything that one request waits for.
        on_failure: The tier when it fails; None: the default tier.
        breaker: Stops asking a model that keeps failing. None: one of its own.
        clock: Seconds on a clock that never goes back.
        where: Path of these settings, for errors.

    Raises:
        DataError: The file is missing, or one of its lines is wrong.
        UnknownTier: ``on_failure`` is no tier of the ladder.
    """

    def __init__(
        self,
        ladder: Ladder,
        *,
        model: str,
        examples: str | Path,
        k: int = NEIGHBOURS,
        timeout_s: float = TIMEOUT_S,
        on_failure: str | None = None,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        where: str = "classifier",
    ) -> None:
        if on_failure is not None:
            ladder.rung(on_failure, f"{where}.on_failure")
        self._names = ladder.names
        self._model = model
        self._examples = read_examples(examples, ladder)
        self._rungs = np.array([example.rung for example in self._examples])
        self._vectors: dict[int, Vector] = {}
        self._matrix: Vector | None = None
        self._k = min(k, len(self._examples))
        self._timeout_s = timeout_s
        self._on_failure = on_failure
        self._breaker = breaker or CircuitBreaker(clock=clock)
        self._flights: SingleFlight[Vector] = SingleFlight()

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The tier that the nearest examples vote for, with their share as confidence. No text: nothing is asked."""
        text = prompt_window(request.text)
        if not text.strip():
            return NOTHING_FIRED
        if not self._breaker.allows():
            return failed_forecast("embedding", self._on_failure, "circuit_open")
        embedded_before = len(self._vectors)
        try:
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                matrix = await self._example_matrix(calls)
                rung, share = vote(matrix, self._rungs, await self._embed(text, calls), self._k)
        except Exception as error:  # noqa: BLE001  whatever a provider raises, the policy decides and tells it
            # while examples come in the model is well, it only needs more time than one request has
            (self._breaker.succeeded if len(self._vectors) > embedded_before else self._breaker.failed)()
            return failed_forecast("embedding", self._on_failure, reason_of(error))
        self._breaker.succeeded()
        tier = self._names[rung]
        signals = (f"embedding:{tier} {round(share * self._k)}/{self._k}",)
        return Forecast(tier=tier, cause="embedding", signals=signals, confidence=share)

    async def _embed(self, text: str, calls: ModelCalls) -> Vector:
        return unit_vector(await calls.embed(self._model, text, self._timeout_s))

    async def _example_matrix(self, calls: ModelCalls) -> Vector:
        """The examples' vectors, one a row; embedded by whoever comes first."""
        if self._matrix is None:
            self._matrix = await self._flights.run("examples", lambda: self._embed_examples(calls))
        return self._matrix

    async def _embed_examples(self, calls: ModelCalls) -> Vector:
        missing = [index for index in range(len(self._examples)) if index not in self._vectors]
        async with asyncio.TaskGroup() as workers:
            for start in range(min(CALLS_AT_ONCE, len(missing))):
                workers.create_task(self._embed_some(missing[start::CALLS_AT_ONCE], calls))
        rows = [self._vectors[index] for index in range(len(self._examples))]
        if len({row.shape for row in rows}) != 1:
            self._vectors.clear()
            raise ClassifierFailed("embeddings of different lengths")
        self._vectors = {}
        return np.stack(rows)

    async def _embed_some(self, indices: Sequence[int], calls: ModelCalls) -> None:
        for index in indices:
            example: Example = self._examples[index]
            self._vectors[index] = await self._embed(prompt_window(example.text), calls)


def unit_vector(numbers: Sequence[float]) -> Vector:
    """A vector of length 1 in the direction of an embedding.

    Raises:
        ClassifierFailed: It is empty, all zeros, or holds something that is no finite number.
    """
    vector = np.asarray(numbers, dtype=np.float64)
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 and vector.size else 0.0
    if not 0 < length < np.inf:
        raise ClassifierFailed("an embedding without direction")
    direction: Vector = vector / length
    return direction


def vote(matrix: Vector, rungs: NDArray[np.int_], query: Vector, k: int) -> tuple[int, float]:
    """The rung that most of the ``k`` nearest examples have, and their share of the vote.

    Nearest by cosine. Of equal votes the one with more similarity in all wins, then the higher rung.

    Raises:
        ClassifierFailed: The query's embedding is not as long as the examples'.
    """
    if matrix.shape[1:] != query.shape:
        raise ClassifierFailed("embeddings of different lengths")
    cosines = matrix @ query
    nearest = np.argsort(-cosines, kind="stable")[:k]
    tally = {
        int(rung): (
            int((rungs[nearest] == rung).sum()),
            float(cosines[nearest][rungs[nearest] == rung].sum()),
            int(rung),
        )
        for rung in np.unique(rungs[nearest])
    }
    winner = max(tally, key=lambda rung: tally[rung])
    return winner, tally[winner][0] / k
