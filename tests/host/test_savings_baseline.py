"""What a routing decision names for LiteLLM's own savings, and what that costs a process without a proxy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from routers import MODELS, TIERS, deployment
from upstream import Upstream

from litellm_router_plugin.host.savings_baseline import HostBaseline, baseline_deployment, baseline_model

OWN_PRICE = {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
IN_CODE = """
import asyncio, json, sys
import litellm
from litellm_router_plugin import attach

class Rows(litellm.integrations.custom_logger.CustomLogger):
    payloads = []
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self.payloads.append(kwargs["standard_logging_object"])

async def main(model_list, settings):
    litellm.callbacks.append(Rows())
    router = litellm.Router(model_list=model_list, num_retries=0)
    routing = attach(router, {"smart": settings})
    await router.acompletion(model="smart", messages=[{"role": "user", "content": "hi"}])
    await routing.flush()
    (payload,) = Rows.payloads
    print("TOLD", json.dumps({
        "named": payload["metadata"]["routing_decision"]["savings_baseline_model"],
        "savings": payload["autorouter_savings"],
        "has_proxy": "litellm.proxy.proxy_server" in sys.modules,
    }))

asyncio.run(main(*json.loads(sys.argv[1])))
"""


def test_in_code_litellm_works_out_its_savings_without_importing_the_proxy(upstream: Upstream) -> None:
    groups = [deployment(group, model, upstream) for group, model in MODELS.items()]
    settings = {"tiers": TIERS, "default_tier": "cheap"}
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", IN_CODE, json.dumps([groups, settings])],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("TOLD "))
    told = json.loads(line.removeprefix("TOLD "))
    assert told["named"] == "openai/gpt-4.1"
    assert told["savings"] > 0
    assert told["has_proxy"] is False


@pytest.mark.parametrize(
    ("params", "baseline"),
    [
        ({"model": "openai/gpt-4.1"}, HostBaseline("openai/gpt-4.1")),
        ({"model": "openai/our-own"}, None),
        ({"model": "openai/our-own", **OWN_PRICE}, None),
        ({"model": "openai/gpt-4.1", **OWN_PRICE}, HostBaseline("openai/gpt-4.1")),
    ],
)
def test_in_code_only_a_model_that_litellm_prices_by_name_is_named(
    params: dict[str, Any], baseline: HostBaseline | None
) -> None:
    assert baseline_deployment({"litellm_params": params, "model_info": {"id": "one"}}) == baseline


def test_a_baseline_without_a_deployment_is_named_where_it_has_a_price() -> None:
    assert baseline_model("gpt-4.1") == HostBaseline("gpt-4.1")
    assert baseline_model("nobody-knows-it") is None
