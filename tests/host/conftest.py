"""Fixtures for tests of the plugin inside the real `litellm.Router`, against the repo's own upstream."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import litellm
from routers import MODELS, TIERS, Make, deployment
from upstream import Upstream

import litellm_router_plugin
from litellm_router_plugin.host.routing import TierRouting


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def upstream(upstream_server: Upstream) -> Upstream:
    upstream_server.reset()
    return upstream_server


@pytest.fixture
async def make(upstream: Upstream) -> AsyncIterator[Make]:
    """Makes a router with the plugin attached; ``settings`` are the tier router's, ``router`` the host's."""
    made: list[TierRouting] = []

    def build(settings: dict[str, Any] | None = None, checker: object = None, **router: Any) -> TierRouting:
        models = router.pop("model_list", [deployment(group, name, upstream) for group, name in MODELS.items()])
        arguments = {"num_retries": 0, "disable_cooldowns": True, **router}
        host = litellm.Router(model_list=models, **arguments)
        smart = {"tiers": TIERS, "default_tier": "cheap", "classifier": {"type": "rules"}, **(settings or {})}
        routing = litellm_router_plugin.attach(host, {"smart": smart}, checker=checker)
        made.append(routing)
        return routing

    yield build
    for routing in made:
        await routing.flush()
        routing.detach()
