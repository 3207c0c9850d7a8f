"""``tier-router replay`` on rows that the real proxy wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import ALICE, HANDLER, KEYS, models, tier_router
from proxy_talk import Talk, body
from upstream import Upstream

pytestmark = pytest.mark.proxy


@pytest.fixture(scope="module")
def keeping_proxy(proxy_upstream: Upstream) -> Iterator[ProxyProcess]:
    """A proxy that keeps prompts and answers in its rows."""
    config = {
        "model_list": [tier_router("checked", cascade={"checks": "default"}), *models(proxy_upstream)],
        "litellm_settings": {"callbacks": [HANDLER]},
        "general_settings": {"master_key": MASTER_KEY, "store_prompts_in_spend_logs": True},
    }
    with ProxyProcess(config, keys=KEYS, rows=True) as proxy:
        yield proxy


@pytest.fixture
def keeping(keeping_proxy: ProxyProcess, proxy_upstream: Upstream) -> Talk:
    proxy_upstream.reset()
    return Talk(keeping_proxy, proxy_upstream)


def replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "litellm_router_plugin.cli.main", "replay", *arguments]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, check=False, text=True, env=environment)  # noqa: S603 - ours


def test_the_log_of_the_proxy_is_replayed_through_its_own_config(keeping: Talk, tmp_path: Path) -> None:
    keeping.upstream.script("gpt-4o-mini", {"text": ""}, {"text": "A good answer."}, {"text": "Another good answer."})
    endpoints = ("chat", "messages", "responses")
    made = [
        keeping.ask(endpoint, body(endpoint, f"hello {endpoint}", model="checked"), ALICE) for endpoint in endpoints
    ]
    rows = [row for answer, calls in zip(made, (2, 1, 1), strict=True) for row in keeping.books(answer, calls)[1]]
    log = tmp_path / "spend.jsonl"
    log.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
    output, config = tmp_path / "replayed.jsonl", str(keeping.proxy.config_path)
    ran = replay("--data", str(log), "--config", config, "--router", "checked", "--output", str(output), "--json")
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    decisions = [keeping.decision(answer.decision_id, ALICE) for answer in made]
    assert [line["id"] for line in lines] == [decision["decision_id"] for decision in decisions]
    assert [line["recorded_tier"] for line in lines] == [decision["tier"] for decision in decisions]
    assert [line["recorded_usd"] for line in lines] == pytest.approx([one["cost_usd"] for one in decisions], abs=1e-9)
    assert [line["cascade_usd"] for line in lines] == pytest.approx([one["cost_usd"] for one in decisions], abs=1e-9)
    assert [line["moves_up"] for line in lines] == [True, False, False]
    assert json.loads(ran.stdout)["tiers"] == {"cheap": 3}


def test_a_log_without_prompts_says_how_to_keep_them(keeping: Talk, tmp_path: Path) -> None:
    answer = keeping.ask("chat", body("chat", "hello", model="checked"), ALICE)
    _, (row,) = keeping.books(answer)
    log = tmp_path / "spend.jsonl"
    log.write_text(json.dumps({**row, "proxy_server_request": "{}"}, default=str) + "\nnonsense\n")
    ran = replay("--data", str(log), "--config", str(keeping.proxy.config_path), "--router", "checked")
    assert ran.returncode == 1
    assert "store_prompts_in_spend_logs: true" in ran.stderr
    assert f"{log}:2: no valid JSON" in ran.stderr
    assert ran.stdout == ""
