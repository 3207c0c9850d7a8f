"""The roles that implementations fill. Each gets frozen objects and returns one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Verdict

CallRole = Literal["attempt", "judge", "second_opinion", "classifier"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call that a classifier or a judge wants made on the caller's account.

    Attributes:
        role: Why; it becomes the row's role.
        model_group: The group to call.
        messages: OpenAI chat messages.
        timeout_s: Seconds after which the call is given up.
        params: Further parameters (``max_tokens``, ``response_format``, …).
    """

    role: CallRole
    model_group: str
    messages: Sequence[Mapping[str, object]]
    timeout_s: float
    params: Mapping[str, object] = field(default_factory=empty, hash=False)


class ModelCalls(Protocol):
    """Lets a classifier or a judge call a model; each call is a row of the caller with its own price."""

    async def complete(self, call: ModelCall) -> AnswerView:
        """Make the call. Raises whatever the provider raised, or `TimeoutError`."""
        ...

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        """The embedding of a text. Raises as `complete` does."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """Predicts, before the call, which tier suffices.

    An implementation that calls no model must not await anything that suspends: the same coroutine is then run to
    its end without an event loop on the synchronous path.
    """

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """What this classifier says of a request. Raises `ClassifierFailed` only if it has no failure policy."""
        ...


@runtime_checkable
class AnswerCheck(Protocol):
    """Reads a produced answer, locally and fast."""

    name: str
    reads_prefix: bool
    """Whether it can say something of the first part of a stream."""

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        """What this check says of the answer; None when it has nothing to say. Must not do I/O."""
        ...


@runtime_checkable
class Judge(Protocol):
    """Grades a produced answer by asking a model."""

    async def grade(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> Verdict:
        """The verdict. Raises `JudgeFailed` when it could not tell; ``on_failure`` then decides."""
        ...
