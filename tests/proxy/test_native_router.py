"""Our classifier inside LiteLLM's own complexity router, named in its YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import models
from upstream import Upstream

from litellm_router_plugin.host.classifier_plugin import learned

pytestmark = pytest.mark.proxy

NATIVE = """
model_list:
  - model_name: native
    litellm_params:
      model: auto_router/complexity_router
      complexity_router_config:
        tiers: {SIMPLE: mini, MEDIUM: full, COMPLEX: top, REASONING: top}
        classifier_type: custom
        classifier_plugin: litellm_router_plugin.host.classifier_plugin.learned
      complexity_router_default_model: mini
"""

PROMPTS = (
    "Name the capital of France.",
    "Which of the following is a prime?\n\n(A) 4\n(B) 6\n(C) 7\n(D) 9",
    "Write a Python function that parses ISO 8601 dates with time zones, and tests for it.",
    "Find all integers x with x^3 - 3x + 1 divisible by 19, and prove that there are no others. Box your answer.",
    "Design an algorithm that schedules jobs on machines with precedence constraints, and analyse its complexity.",
)
MODEL_OF = {"SIMPLE": "gpt-4o-mini", "MEDIUM": "gpt-4o", "COMPLEX": "gpt-4.1", "REASONING": "gpt-4.1"}


@pytest.fixture(scope="module")
def native(proxy_upstream: Upstream) -> Iterator[ProxyProcess]:
    import yaml  # noqa: PLC0415  comes with LiteLLM

    config = yaml.safe_load(NATIVE)
    config["model_list"] += models(proxy_upstream)
    config["general_settings"] = {"master_key": MASTER_KEY}
    with ProxyProcess(config) as proxy:
        yield proxy


class Context:
    """What LiteLLM hands to a classifier."""

    def __init__(self, prompt: str) -> None:
        self.structured_messages: Sequence[Mapping[str, object]] = [{"role": "user", "content": prompt}]
        self.raw_messages: Sequence[Mapping[str, object]] = self.structured_messages


async def test_each_prompt_goes_where_the_plugin_says(native: ProxyProcess, proxy_upstream: Upstream) -> None:
    proposed = {prompt: await learned.classify(Context(prompt)) for prompt in PROMPTS}
    named = {prompt: tier for prompt, tier in proposed.items() if tier is not None}
    assert len(set(named.values())) > 1, named
    for prompt, tier in named.items():
        proxy_upstream.reset()
        body = {"model": "native", "messages": [{"role": "user", "content": prompt}]}
        with native.client() as client:
            response = client.post("/v1/chat/completions", json=body)
        assert response.status_code == 200, response.text
        assert response.headers["x-litellm-complexity-router-cause"] == "classifier_plugin"
        assert response.headers["x-litellm-complexity-router-tier"] == tier
        assert proxy_upstream.calls()[-1].model == MODEL_OF[tier]


async def test_a_prompt_of_an_unknown_kind_is_left_to_litellm() -> None:
    assert await learned.classify(Context("")) is None
