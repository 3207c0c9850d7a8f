"""A fault of the plugin's own costs a request the default tier, or leaves it the answer at hand; never more."""

from __future__ import annotations

from typing import Any

import pytest
from routers import Make, asked, told
from upstream import Upstream

from litellm_router_plugin.host import attempts, deciding, driver, telling
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.host.tier_router import TierRouter


def broken(*_args: object, **_kwargs: object) -> Any:
    raise RuntimeError("injected")


class BrokenClassifier:
    """A user's class that always raises."""

    def classify(self, request: object) -> str:
        raise RuntimeError("broken")


async def ask(routing: TierRouting, text: str = "Prove it.") -> dict[str, Any]:
    return told(await routing.router.acompletion(model="smart", messages=asked(text)))


async def test_a_fault_in_deciding_costs_the_default_tier(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "route_of", broken)
    routing = make()
    facts = await ask(routing)
    assert (facts["tier"], facts["cause"]) == ("cheap", "plugin_error")
    assert routing.faults.counts() == {"deciding": 1}


async def test_a_classifier_that_raises_costs_the_default_tier(make: Make) -> None:
    routing = make({"classifier": {"type": "python", "path": f"{__name__}.BrokenClassifier"}})
    facts = await ask(routing)
    assert (facts["tier"], facts["cause"]) == ("cheap", "classifier_failed")
    assert routing.faults.counts()["classifier"] == 1


async def test_unknown_prices_make_a_request_unpriced_and_nothing_else(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    routing = make()
    monkeypatch.setattr(TierRouter, "prices", broken)
    facts = await ask(routing)
    assert facts["tier"] == "premium"
    assert facts["savings_usd"] is None


async def test_a_fault_while_grading_serves_the_answer(
    make: Make, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    monkeypatch.setattr(driver, "route_values", broken)
    routing = make({"cascade": {}})
    assert (await ask(routing, "hi"))["tier"] == "cheap"
    assert routing.faults.counts() == {"grading": 1}


async def test_a_fault_before_the_second_attempt_serves_the_first(
    make: Make, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    monkeypatch.setattr(attempts, "metadata_for_another_call", broken)
    routing = make({"cascade": {}})
    facts = await ask(routing, "hi")
    assert facts["tier"] == "cheap"
    assert routing.faults.counts()["attempt"] >= 1


async def test_a_fault_while_telling_costs_the_headers_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "answer_cost", broken)
    routing = make()
    response = await routing.router.acompletion(model="smart", messages=asked())
    assert "tier_router" not in response._hidden_params
    assert routing.faults.counts() == {"telling": 1}
    await routing.flush()
    assert routing.summary()["total_requests"] == 1


async def test_logs_hold_no_prompt_text(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def tells(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("my secret prompt")

    monkeypatch.setattr(deciding, "route_of", tells)
    routing = make()
    await ask(routing, "my secret prompt")
    await ask(routing, "my secret prompt")
    lines = [record.getMessage() for record in caplog.records if record.name == "litellm_router_plugin"]
    assert len([line for line in lines if "deciding failed" in line]) == 1
    assert not any("secret" in line for line in lines)
