"""How a proxy starts with the plugin, without it, with wrong settings, and with several workers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from litellm.proxy.types_utils.utils import get_instance_fn
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import HANDLER, KEYS, models, tier_router
from proxy_talk import PATHS, Talk, body
from upstream import Upstream

import litellm_router_plugin.proxy
from litellm_router_plugin.host import callback

pytestmark = pytest.mark.proxy

PLUGIN_FILE = Path(litellm_router_plugin.proxy.__file__)


def beside_the_config(folder: Path) -> None:
    """Put the module that YAML names where LiteLLM looks first: in a file beside the config."""
    target = folder / "litellm_router_plugin"
    target.mkdir()
    shutil.copy(PLUGIN_FILE, target)


def small_config(upstream: Upstream, *, callbacks: bool = True, **settings: Any) -> dict[str, Any]:
    """One tier router."""
    return {
        "model_list": [tier_router("smart", **settings), *models(upstream)],
        "litellm_settings": {"callbacks": [HANDLER]} if callbacks else {},
        "general_settings": {"master_key": MASTER_KEY},
    }


@pytest.mark.parametrize("from_file", [False, True], ids=["imported", "beside the config"])
def test_the_dotted_path_gives_the_one_handler(tmp_path: Path, *, from_file: bool) -> None:
    if from_file:
        beside_the_config(tmp_path)
    found = get_instance_fn(HANDLER, config_file_path=str(tmp_path / "config.yaml"))
    assert found is callback.handler


class TestWithoutTheCallback:
    @pytest.fixture(scope="class")
    @staticmethod
    def bare(proxy_upstream: Upstream) -> Iterator[Talk]:
        proxy_upstream.reset()
        with ProxyProcess(small_config(proxy_upstream, callbacks=False), keys=KEYS) as proxy:
            yield Talk(proxy, proxy_upstream)

    @pytest.mark.parametrize("endpoint", PATHS)
    def test_a_tier_router_is_litellms_400(self, bare: Talk, endpoint: str) -> None:
        answer = bare.ask(endpoint, body(endpoint))
        assert (answer.status, "smart" in answer.error) == (400, True), answer.error

    def test_the_other_models_work(self, bare: Talk) -> None:
        assert bare.ask("chat", body("chat", model="mini")).text == "hi"


def test_wrong_settings_stop_the_start_and_say_where_what_and_how(proxy_upstream: Upstream) -> None:
    proxy = ProxyProcess(small_config(proxy_upstream, default_tier="gold"))
    try:
        proxy.start(ready=False)
        assert proxy.wait() != 0
        for part in ("tier router: the proxy cannot start", "smart.default_tier", "cheap, standard, premium"):
            assert part in proxy.log
    finally:
        proxy.stop()
        shutil.rmtree(proxy.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def crowd(proxy_upstream: Upstream) -> Iterator[Talk]:
    config = small_config(proxy_upstream, cascade={"checks": "default"})
    # On a busy machine workers take longer to import LiteLLM than the server waits for a sign of life by default.
    command = [str(Path(sys.executable).parent / "litellm"), "--timeout_worker_healthcheck", "60"]
    proxy = ProxyProcess(config, num_workers=2, rows=True, command=command)
    beside_the_config(proxy.folder)
    with proxy:
        yield Talk(proxy, proxy_upstream)


def test_two_workers_serve_every_request_by_tier(crowd: Talk, proxy_upstream: Upstream) -> None:
    proxy_upstream.reset()
    proxy_upstream.script("gpt-4o", {"text": "The second answer is a good one."})
    proxy_upstream.script("gpt-4o-mini", {"text": ""})
    kinds = [(endpoint, stream) for endpoint in ("chat", "messages", "responses") for stream in (False, True)]

    def send(number: int) -> tuple[int, str | None, str | None]:
        endpoint, stream = kinds[number % len(kinds)]
        answer = crowd.ask(endpoint, body(endpoint, f"number {number}", stream=stream))
        return answer.status, answer.told("tier"), answer.told("attempts")

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(60))) == {(200, "standard", "2")}
    rows = crowd.proxy.rows(120)
    assert len(rows) == 120
    assert sum(row["spend"] for row in rows if isinstance(row["spend"], float)) == pytest.approx(
        60 * 7.95e-04, abs=1e-9
    )


def test_health_lists_tier_routers_as_healthy_and_quietly(talk: Talk) -> None:
    before = len(talk.proxy.log)
    with talk.proxy.client() as client:
        found = client.get("/health").raise_for_status().json()
    assert not [one for one in found["unhealthy_endpoints"] if one["model"].startswith("tier_router/")]
    assert "tier_router/smart" in {endpoint["model"] for endpoint in found["healthy_endpoints"]}
    assert "tier_router" not in talk.proxy.log[before:]
    groups = [call.model for call in talk.upstream.calls()]
    assert groups.count("gpt-4o-mini") == 1, "the tiers' own deployments are checked, by themselves"
