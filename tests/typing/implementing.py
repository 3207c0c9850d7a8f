"""How a user writes a classifier, a check and a judge of their own. Only type-checked, never run."""

from __future__ import annotations

from litellm_router_plugin import AnswerCheck, Classifier, Forecast, Judge
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.ports import ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome, Verdict


class ByLength:
    """A classifier that calls no model."""

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        del calls
        return Forecast("premium", "python", confidence=0.9) if request.chars > 1_000 else Forecast()


class NoShouting:
    """A check."""

    name = "no_shouting"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        del request, route
        return Finding(self.name, Outcome.REJECT, "all capitals") if answer.text.isupper() else None


class ByAnotherModel:
    """A judge that calls a model on the caller's account."""

    async def grade(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> Verdict:
        messages = [{"role": "user", "content": f"{request.text}\n{answer.text}"}]
        reply = await calls.complete(ModelCall("judge", "mini", messages, timeout_s=5, params={"max_tokens": 1}))
        return Verdict(Outcome.ACCEPT if reply.text == "yes" else Outcome.REJECT, by="judge")


classifier: Classifier = ByLength()
check: AnswerCheck = NoShouting()
judge: Judge = ByAnotherModel()


def what_a_view_tells(request: RequestView) -> list[str]:
    turns: list[str] = [turn.text for turn in request.turns]
    tools: list[str] = [tool.name for tool in request.tools]
    modalities: list[str] = sorted(request.modalities)
    return [request.text, request.system, *turns, *tools, *modalities]
