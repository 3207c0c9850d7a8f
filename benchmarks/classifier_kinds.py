"""Measures the time of one forecast of the classifiers that make no call.

    python benchmarks/classifier_kinds.py

Prints microseconds (the median of many forecasts) with the shipped settings for texts of 30, 560 and 20,000
characters, for plain prose in which next to nothing fires and for text made of the rules' own words. Building
(reading the data files and compiling the patterns) is measured once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Coroutine
from typing import cast

from litellm_router_plugin.classifiers.context import ContextClassifier
from litellm_router_plugin.classifiers.domain import DomainClassifier
from litellm_router_plugin.classifiers.rules import RulesClassifier
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCalls
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier

SIZES = (30, 560, 20_000)
FORECASTS = 2_000
PROSE = "Tell me some more about the thing which we saw in the garden last week, would you? "
LOADED = "Prove the theorem; explain the code step by step, compare trade-offs of a contract and a diagnosis. "
KINDS: dict[str, Callable[[Ladder], Classifier]] = {
    "rules": RulesClassifier,
    "domain": DomainClassifier,
    "context": ContextClassifier,
}


NO_CALLS = cast("ModelCalls", None)
"""None of these kinds calls a model."""


def forecast_once(classifier: Classifier, request: RequestView) -> Forecast:
    """Run a forecast to its end without an event loop."""
    coroutine = cast("Coroutine[object, None, Forecast]", classifier.forecast(request, NO_CALLS))
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return cast("Forecast", finished.value)
    raise AssertionError("the forecast waited for something")


def median_us(classifier: Classifier, request: RequestView) -> float:
    times = []
    for _ in range(FORECASTS):
        start = time.perf_counter_ns()
        forecast_once(classifier, request)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1_000


def request_of(unit: str, size: int) -> RequestView:
    return read_request([{"role": "user", "content": (unit * (size // len(unit) + 1))[:size]}])


def main() -> None:
    ladder = Ladder(tuple(Tier(name, name) for name in ("cheap", "standard", "premium")))
    print(f"{'kind':8} {'build ms':>8}  {'text':6} " + " ".join(f"{size:>8,}" for size in SIZES) + "  characters")
    for name, make in KINDS.items():
        start = time.perf_counter()
        classifier = make(ladder)
        build_ms = (time.perf_counter() - start) * 1_000
        for label, unit in (("prose", PROSE), ("loaded", LOADED)):
            row = " ".join(f"{median_us(classifier, request_of(unit, size)):8.1f}" for size in SIZES)
            print(f"{name:8} {build_ms:8.1f}  {label:6} {row}  us")


if __name__ == "__main__":
    main()
