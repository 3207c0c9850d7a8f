"""Several classifiers as one: the highest tier any proposes, the first that speaks, or a second where one is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ClassifierFailed

ASK_BELOW = 0.6
"""Confidence below which a second classifier is asked (a guess, not tuned)."""
MAX_SIGNALS = 16
"""Signals that all parts together tell of one request."""


class HighestClassifier:
    """The highest tier that any part proposes. Parts after one that proposes the top tier are not asked.

    Args:
        ladder: The tiers.
        parts: The classifiers, asked in this order.
    """

    def __init__(self, ladder: Ladder, parts: Sequence[Classifier]) -> None:
        self._ladder = ladder
        self._parts = tuple(parts)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The forecast of the part that proposes the highest tier, of equal ones the first that did not fail."""
        said: list[Forecast] = []
        for part in self._parts:
            forecast = await ask(part, request, calls)
            said.append(forecast)
            if forecast.tier == self._ladder.top.name and not forecast.failed:
                break
        return merged(max(said, key=self._height), said)

    def _height(self, forecast: Forecast) -> tuple[int, bool]:
        rung = -1 if forecast.tier is None else self._ladder.rung(forecast.tier)
        return rung, not forecast.failed if rung >= 0 else forecast.failed


class FirstClassifier:
    """The first part that proposes a tier. One that failed or abstained is heard only if no other proposes any.

    Args:
        parts: The classifiers, asked in this order until one speaks.
    """

    def __init__(self, parts: Sequence[Classifier]) -> None:
        self._parts = tuple(parts)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The forecast of the first part that speaks, else the first cautious or failure tier, else the default."""
        said: list[Forecast] = []
        for part in self._parts:
            forecast = await ask(part, request, calls)
            said.append(forecast)
            if is_sure(forecast):
                return merged(forecast, said)
        proposed = [forecast for forecast in said if forecast.tier is not None]
        failed = [forecast for forecast in said if forecast.failed]
        return merged((proposed or failed or said)[0], said)


class HybridClassifier:
    """A local classifier, and a second one where the first proposes nothing, abstains, fails or is not confident.

    A local classifier that has no notion of confidence (rules) is believed when it proposes a tier.

    Args:
        local: Asked first.
        llm: Asked when the first does not know.
        ask_below: The confidence below which the second is asked.
    """

    def __init__(self, local: Classifier, llm: Classifier, *, ask_below: float = ASK_BELOW) -> None:
        self._local = local
        self._llm = llm
        self._ask_below = ask_below

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The local forecast if it is sure; else the second one's if it proposes a tier; else the local one again."""
        local = await ask(self._local, request, calls)
        confidence = 1.0 if local.confidence is None else local.confidence
        if is_sure(local) and confidence >= self._ask_below:
            return local
        second = await ask(self._llm, request, calls)
        if second.tier is None:
            return replace(merged(local, [local, second]), failed=local.failed or second.failed)
        return merged(second, [second, local])


async def ask(part: Classifier, request: RequestView, calls: ModelCalls) -> Forecast:
    """What a part says; one that has no failure policy of its own and fails proposes nothing."""
    try:
        return await part.forecast(request, calls)
    except ClassifierFailed as failure:
        return Forecast(signals=(f"{type(part).__name__}:failed:{type(failure).__name__}",), failed=True)


def is_sure(forecast: Forecast) -> bool:
    """Whether it proposes a tier of its own knowledge, neither out of caution nor by a failure policy."""
    return forecast.tier is not None and not forecast.failed and not forecast.abstained


def merged(chosen: Forecast, said: Sequence[Forecast]) -> Forecast:
    """The chosen forecast with everybody's signals, and with estimates that only another one made."""
    signals = list(chosen.signals)
    for other in said:
        signals += [signal for signal in other.signals if signal not in signals]
    p_success = next((f.p_success for f in (chosen, *said) if f.p_success), chosen.p_success)
    expected_cost = next((f.expected_cost for f in (chosen, *said) if f.expected_cost), chosen.expected_cost)
    difficulty = next((f.difficulty for f in (chosen, *said) if f.difficulty is not None), None)
    return replace(
        chosen,
        signals=tuple(signals[:MAX_SIGNALS]),
        p_success=p_success,
        expected_cost=expected_cost,
        difficulty=difficulty,
    )
