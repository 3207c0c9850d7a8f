"""A ladder, and a way to run a forecast that must not wait for anything."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import cast

import pytest

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCall
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier


class NoCalls:
    """For classifiers that have no business calling a model."""

    async def complete(self, call: ModelCall) -> AnswerView:
        raise AssertionError(f"called {call.model_group}")

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        raise AssertionError(f"called {model_group} with {len(text)} characters, {timeout_s} s")


@pytest.fixture(scope="session")
def ladder() -> Ladder:
    return Ladder(tuple(Tier(name, f"{name}-group") for name in ("cheap", "standard", "premium")))


@pytest.fixture(scope="session")
def at_once() -> Callable[[Classifier, RequestView], Forecast]:
    """Runs a forecast without an event loop, as the synchronous path does; fails if it waits or calls a model."""

    def run(classifier: Classifier, request: RequestView) -> Forecast:
        coroutine = cast("Coroutine[object, None, Forecast]", classifier.forecast(request, NoCalls()))
        with pytest.raises(StopIteration) as finished:
            coroutine.send(None)
        forecast = finished.value.value
        assert isinstance(forecast, Forecast)
        return forecast

    return run
