"""A store at a router: decisions of real calls end up in the database, and a shutdown leaves none behind."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import litellm
import pytest
from decision_traffic import Traffic
from upstream import Upstream

from litellm_router_plugin.host.attach import attach
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.host.store_wiring import close_with_proxy, watch_store, wire_metrics, wire_store
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.store import Store, store_from_environment

from .conftest import MakeStore


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def router(upstream: Upstream) -> litellm.Router:
    def deployment(name: str, model: str) -> dict[str, Any]:
        params = {"model": model, "api_key": "x", "api_base": upstream.base_url}
        return {"model_name": name, "litellm_params": params}

    return litellm.Router(model_list=[deployment("mini", "openai/gpt-4o-mini"), deployment("full", "openai/gpt-4o")])


@pytest.fixture
def routing(router: litellm.Router) -> Iterator[TierRouting]:
    tiers = [{"name": "cheap", "model_group": "mini"}, {"name": "standard", "model_group": "full"}]
    attached = attach(router, {"smart": {"tiers": tiers, "default_tier": "cheap"}})
    yield attached
    attached.detach()


async def ask(router: litellm.Router, text: str) -> str:
    answer = await router.acompletion(model="smart", messages=[{"role": "user", "content": text}])
    return str(answer._hidden_params["tier_router"]["decision_id"])


async def test_decisions_of_real_calls_are_stored_with_the_costs_of_the_ledger(
    routing: TierRouting, sqlite_url: str, make_store: MakeStore
) -> None:
    store = make_store(sqlite_url)
    handle = wire_store(routing, store)
    ids = [await ask(routing.router, text) for text in ("hi", "Prove that the square root of 2 is irrational.")]
    await routing.flush()
    handle.flush()
    kept, live = store.reader.summary(), routing.summary()
    for name in ("total_requests", "total_cost", "savings", "cost_without_routing", "overhead_cost"):
        assert kept[name] == pytest.approx(live[name], abs=1e-9), name
    for decision_id in ids:
        found, view = store.reader.decision(decision_id), routing.decision(decision_id)
        assert found is not None
        assert view is not None
        assert {name: found[name] for name in view} == view


async def test_after_closing_a_handle_its_router_is_stored_no_more(
    routing: TierRouting, sqlite_url: str, make_store: MakeStore
) -> None:
    store = make_store(sqlite_url)
    handle = wire_store(routing, store)
    await ask(routing.router, "hi")
    await routing.flush()
    handle.close()
    await ask(routing.router, "hi")
    await routing.flush()
    store.flush()
    assert store.reader.summary()["total_requests"] == 1


class _Routing:
    """What the wiring needs of an attached router, with made-up traffic."""

    def __init__(self, traffic: Traffic) -> None:
        self.ledger = traffic.ledger
        self.faults = Faults()
        self.flushed = 0

    async def flush(self, timeout_s: float = 1.0) -> None:
        self.flushed += 1
        assert timeout_s > 0


async def test_a_proxy_that_shuts_down_leaves_nothing_in_the_queue(sqlite_url: str, make_store: MakeStore) -> None:
    ended: list[object] = []

    async def proxy_shutdown_event(worker_heartbeat: object = None) -> None:
        ended.append(worker_heartbeat)

    proxy = types.ModuleType("proxy")
    proxy.proxy_shutdown_event = proxy_shutdown_event  # type: ignore[attr-defined]  # a module made up here
    store, traffic = make_store(sqlite_url, interval_s=60.0), Traffic()
    routing = _Routing(traffic)
    wire_store(routing, store)
    close_with_proxy(proxy, lambda: [routing], store)
    traffic.run(30)
    assert store.counts().queued == 30
    await proxy.proxy_shutdown_event(worker_heartbeat="beat")
    assert ended == ["beat"]
    assert routing.flushed == 1
    assert store.counts().written == 30


def test_what_a_store_drops_is_in_the_metrics(sqlite_url: str, make_store: MakeStore) -> None:
    prometheus_client = pytest.importorskip("prometheus_client")

    def dropped() -> float:
        value = prometheus_client.REGISTRY.get_sample_value("tier_router_dropped_writes_total", {"reason": "full"})
        return float(value or 0)

    traffic, store = Traffic(), make_store(sqlite_url, queue_size=5, interval_s=60.0)
    routing = _Routing(traffic)
    counts = wire_metrics(routing)
    assert counts is not None
    wire_store(routing, store)
    watch_store(store, counts)
    watch_store(store, counts)
    before = dropped()
    traffic.run(8)
    assert dropped() - before == 3


def test_a_listener_that_fails_is_counted_and_costs_nothing(sqlite_url: str) -> None:
    class Broken(Store):
        def add_decision(self, record: DecisionRecord) -> bool:
            raise OSError("no space left")

    traffic = Traffic()
    routing = _Routing(traffic)
    wire_store(routing, Broken(sqlite_url))
    traffic.run(4)
    assert traffic.ledger.totals().requests == 4
    assert routing.faults.counts() == {"store": 4}


def test_a_store_that_cannot_be_made_is_none_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert store_from_environment({"TIER_ROUTER_DATABASE_URL": "mysql://u@h/d"}) is None
    assert "nothing is stored; figures are kept in memory only" in caplog.text
    assert store_from_environment({"TIER_ROUTER_RETENTION_DAYS": "-3"}) is None
    assert "TIER_ROUTER_RETENTION_DAYS: '-3' is not a positive number of days" in caplog.text
    assert store_from_environment({"TIER_ROUTER_DATABASE_URL": "none"}) is None
    made = store_from_environment({"XDG_STATE_HOME": "/state", "TIER_ROUTER_RETENTION_DAYS": "7"})
    assert isinstance(made, Store)
    assert made.retention_days == 7
    assert made.name.endswith("/state/litellm_router_plugin/decisions.sqlite")
