"""Runs a classifier on a file's requests without a host: no event loop, no model calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCall
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import ClassifierFailed
from litellm_router_plugin.evaluation.scoring import RoutedForecaster

REFUSAL = "this classifier calls a model, and there is none here: score with one that works on its own"


class NoModelCalls:
    """Refuses every call, and remembers that one was wanted."""

    def __init__(self) -> None:
        self.was_asked = False

    async def complete(self, call: ModelCall) -> AnswerView:
        """Raises `ClassifierFailed`."""
        self.was_asked = True
        raise ClassifierFailed(f"{REFUSAL} (it wanted {call.model_group!r})")

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        """Raises `ClassifierFailed`."""
        del text, timeout_s
        self.was_asked = True
        raise ClassifierFailed(f"{REFUSAL} (it wanted {model_group!r})")


def local_forecaster(classifier: Classifier, route_of: Callable[[RequestView], str] | None = None) -> RoutedForecaster:
    """A classifier as a plain function of a request and its route.

    ``route_of`` names the route where none is given; without it the request then belongs to none.

    The function raises `ClassifierFailed` where the classifier wants a model called, whatever its failure policy: a
    file of answers by a failure policy would pass for forecasts.
    """

    def forecast(request: RequestView, route: str | None) -> Forecast:
        calls = NoModelCalls()
        named = route or (route_of(request) if route_of else "")
        found = _finished(classifier, replace(request, route=named), calls)
        if calls.was_asked:
            raise ClassifierFailed(REFUSAL)
        return found

    return forecast


def _finished(classifier: Classifier, request: RequestView, calls: NoModelCalls) -> Forecast:
    """The result of a coroutine that never suspends."""
    running = classifier.forecast(request, calls)
    try:
        running.send(None)
    except StopIteration as stopped:
        found: Forecast = stopped.value
        return found
    running.close()
    raise ClassifierFailed("this classifier waits for something, which cannot be had here")
