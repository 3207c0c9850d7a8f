"""The proxies of the end-to-end tests: one start takes several seconds, so each config is started once."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import pytest
from proxy_process import ProxyProcess, free_port
from proxy_setups import KEYS, busy_config, main_config
from proxy_talk import Talk
from upstream import Upstream


@pytest.fixture(scope="session")
def proxy_upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="session")
def recorded_port() -> int:
    """Where the models of recorded answers are; nobody serves there unless a test starts the server."""
    return free_port()


@pytest.fixture(scope="session")
def main_proxy(proxy_upstream: Upstream, recorded_port: int) -> Iterator[ProxyProcess]:
    with ProxyProcess(main_config(proxy_upstream, recorded_port), keys=KEYS, rows=True) as proxy:
        yield proxy


@pytest.fixture
def talk(main_proxy: ProxyProcess, proxy_upstream: Upstream) -> Talk:
    """The proxy with tier routers of every kind; its upstream forgets its scripts before each test."""
    proxy_upstream.reset()
    return Talk(main_proxy, proxy_upstream)


@pytest.fixture(scope="session")
def busy_proxy(proxy_upstream: Upstream) -> Iterator[ProxyProcess]:
    with ProxyProcess(busy_config(proxy_upstream), keys=KEYS, rows=True) as proxy:
        yield proxy


@pytest.fixture
def busy(busy_proxy: ProxyProcess, proxy_upstream: Upstream) -> Talk:
    """The proxy with cooldowns, a response cache, and requests that are cancelled when their client leaves."""
    proxy_upstream.reset()
    return Talk(busy_proxy, proxy_upstream)
