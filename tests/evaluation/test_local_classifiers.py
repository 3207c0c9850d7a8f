"""Classifiers run on files without a host: plain ones work, those that want a model are refused."""

from __future__ import annotations

import asyncio

import pytest

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import ClassifierFailed
from litellm_router_plugin.evaluation.local_classifier import local_forecaster

REQUEST = RequestView(text="Hello")


class Plain:
    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        del calls
        return Forecast(request.text.lower())


class AsksAModel:
    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        try:
            await calls.complete(ModelCall("classifier", "judge-group", [{"content": request.text}], 1.0))
        except ClassifierFailed:
            return Forecast("premium", failed=True)
        return Forecast("cheap")


class Embeds:
    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        await calls.embed("embedding-group", request.text, 1.0)
        return Forecast("cheap")


class Waits:
    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        del request, calls
        await asyncio.sleep(0)
        return Forecast("cheap")


def test_a_plain_classifier_needs_no_event_loop() -> None:
    assert local_forecaster(Plain())(REQUEST, "route").tier == "hello"


def test_the_answer_of_a_failure_policy_does_not_pass_for_a_forecast() -> None:
    with pytest.raises(ClassifierFailed, match="calls a model, and there is none here"):
        local_forecaster(AsksAModel())(REQUEST, None)


def test_a_classifier_that_embeds_is_refused_with_the_group_it_wanted() -> None:
    with pytest.raises(ClassifierFailed, match="embedding-group"):
        local_forecaster(Embeds())(REQUEST, None)


def test_a_classifier_that_waits_is_refused() -> None:
    with pytest.raises(ClassifierFailed, match="waits for something"):
        local_forecaster(Waits())(REQUEST, None)
