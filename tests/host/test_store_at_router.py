"""A store, ratings and metrics at a router in code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import litellm
import pytest
from routers import MODELS, TIERS, Make, asked, deployment, told
from upstream import Upstream

import litellm_router_plugin
from litellm_router_plugin.errors import StoreError


async def test_decisions_go_to_the_store_that_attach_was_given(tmp_path: Path, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    router = litellm.Router(model_list=[deployment(group, name, upstream) for group, name in MODELS.items()])
    settings = {"tiers": TIERS, "default_tier": "cheap", "cascade": {}, "store": {"prompts": "full"}}
    routing = litellm_router_plugin.attach(router, {"smart": settings}, store=str(tmp_path / "kept.sqlite"))
    answer = await router.acompletion(model="smart", messages=asked("hello store"))
    await routing.flush()
    assert routing.store is not None
    await asyncio.to_thread(routing.store.flush)
    found: Any = routing.store.reader.decision(told(answer)["decision_id"])
    assert found["tier"] == "standard"
    assert [attempt["tier"] for attempt in found["attempts"]] == ["cheap", "standard"]
    routing.store.close()
    routing.detach()


def test_a_store_url_that_cannot_be_used_is_refused(upstream: Upstream) -> None:
    router = litellm.Router(model_list=[deployment(group, name, upstream) for group, name in MODELS.items()])
    with pytest.raises(StoreError, match="mysql is not supported"):
        litellm_router_plugin.attach(router, {"smart": {"tiers": TIERS}}, store="mysql://somewhere/x")


async def test_an_answer_can_be_rated_without_a_store(make: Make) -> None:
    routing = make()
    facts = told(await routing.router.acompletion(model="smart", messages=asked()))
    await routing.flush()
    rated = routing.feedback(facts["decision_id"], rating=5)
    assert (rated["tier"], rated["score"]) == ("cheap", 1.0)


async def test_metrics_count_decisions_and_faults(make: Make) -> None:
    prometheus_client = pytest.importorskip("prometheus_client")
    routing = make()
    await routing.router.acompletion(model="smart", messages=asked())
    await routing.flush()
    text = prometheus_client.generate_latest().decode()
    assert 'tier_router_decisions_total{cause="rule",router="smart",tier="cheap"}' in text
    assert "tier_router_deciding_seconds_count" in text
