"""A store at the real proxy: a stop as operators do it leaves nothing behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from proxy_process import MASTER_KEY, ProxyProcess
from upstream import Upstream


def config(upstream: Upstream) -> dict[str, Any]:
    def deployment(name: str, model: str) -> dict[str, Any]:
        params = {"model": model, "api_key": "x", "api_base": upstream.base_url}
        return {"model_name": name, "litellm_params": params}

    tiers = [{"name": "cheap", "model_group": "mini"}, {"name": "standard", "model_group": "full"}]
    marker = {
        "model_name": "smart",
        "litellm_params": {"model": "tier_router/smart"},
        "model_info": {"tier_router": {"tiers": tiers, "default_tier": "cheap"}},
    }
    return {
        "model_list": [marker, deployment("mini", "openai/gpt-4o-mini"), deployment("full", "openai/gpt-4o")],
        "litellm_settings": {"callbacks": ["litellm_router_plugin.proxy.handler", "prometheus"]},
        "general_settings": {"master_key": MASTER_KEY},
    }


@pytest.mark.proxy
def test_a_stopped_proxy_has_stored_what_it_answered_a_moment_before(tmp_path: Path) -> None:
    question = {"model": "smart", "messages": [{"role": "user", "content": "hi"}]}
    with (
        Upstream() as upstream,
        ProxyProcess(config(upstream), env={"XDG_STATE_HOME": str(tmp_path)}) as proxy,
    ):
        with proxy.client() as client:
            for number in range(10):
                asked = {**question, "stream": number % 2 == 0}
                assert client.post("/v1/chat/completions", json=asked).is_success
            shown = client.get("/metrics/").text
            assert client.post("/v1/chat/completions", json=question).is_success
        proxy.stop()
    connection = sqlite3.connect(tmp_path / "litellm_router_plugin" / "decisions.sqlite")
    assert connection.execute("SELECT count(*), count(closed_at) FROM decisions").fetchall() == [(11, 11)]
    connection.close()
    assert 'tier_router_decisions_total{cause="rule",router="smart",tier="cheap"}' in shown
