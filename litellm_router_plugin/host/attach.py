"""Attaching the plugin to a `litellm.Router`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import litellm

from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.errors import ConfigError, StoreError
from litellm_router_plugin.host.deployments import MARKER_PROVIDER, deployments_of, is_marker
from litellm_router_plugin.host.desks import connect_store
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.marker import register
from litellm_router_plugin.host.markers import SETTINGS_KEY
from litellm_router_plugin.host.private import keep_savings_off_the_proxy
from litellm_router_plugin.host.routing import TierRouting, check_markers
from litellm_router_plugin.host.store_wiring import watch_store, wire_metrics, wire_store
from litellm_router_plugin.host.versions import check_host
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.metrics import metrics

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

_ATTACHED: WeakSet[TierRouting] = WeakSet()
_LOCK = threading.RLock()


def attach(
    router: litellm.Router,
    routers: Mapping[str, TierRouterConfig | Mapping[str, Any]] | None = None,
    *,
    checker: object = None,
    store: Store | str | None = None,
) -> TierRouting:
    """Attach the plugin to a router; a second call on the same router returns the same object.

    Args:
        router: The host's router, with the tiers' model groups.
        routers: Tier routers to add: name -> settings. Markers that stand in the router's ``model_list`` (see
            `register`) need not be named here.
        checker: ``(query, answer) -> bool | float``, sync or async, or an object with such a method; it reads the
            drafts of every tier router that has a cascade.
        store: Where decisions are kept: a `Store`, ``sqlite:///PATH`` or ``postgresql://…``. Absent: in memory only.

    Raises:
        ConfigError: The settings of a tier router are wrong.
        StoreError: The store's URL cannot be used, or the extra ``store`` is not installed.
        UnsupportedHost: The installed LiteLLM is not one that this package works with.
    """
    check_host()
    register()
    keep_savings_off_the_proxy()
    with _LOCK:
        routing = routing_of(router) or _new_routing(router, checker)
        for name, settings in (routers or {}).items():
            _add_marker(router, name, settings)
        check_markers(router, routing)
        if store is not None:
            give_store(routing, store)
        _listen()
    return routing


def routing_of(router: litellm.Router) -> TierRouting | None:
    """The plugin attached to a router, if one is."""
    return next((routing for routing in attached() if routing.router is router and routing.is_attached), None)


def attached() -> list[TierRouting]:
    """Every attached router of this process."""
    return list(_ATTACHED)


def _new_routing(router: litellm.Router, checker: object) -> TierRouting:
    faults = Faults()
    routing = TierRouting(router, Ledger(on_fault=faults.note), faults, checker)
    wire_metrics(routing)
    _ATTACHED.add(routing)
    return routing


def give_store(routing: TierRouting, store: Store | str) -> Store:
    """Have a router's decisions kept in a store; raises `StoreError` as `attach` does."""
    opened = opened_store(store) if isinstance(store, str) else store
    if routing.store is not opened:
        wire_store(routing, opened)
        connect_store(routing, opened)
        counts = metrics()
        if counts is not None:
            watch_store(opened, counts)
    return opened


def opened_store(url: str) -> Store:
    """A store at a URL."""
    try:
        from litellm_router_plugin.store.store import Store  # noqa: PLC0415  SQLAlchemy, only where used
    except ImportError as error:
        raise StoreError("store: SQLAlchemy is missing. Install litellm-router-plugin[store]") from error
    return Store(url)


def _add_marker(router: litellm.Router, name: str, settings: TierRouterConfig | Mapping[str, Any]) -> None:
    config = parse_tier_router(name, settings)
    existing = deployments_of(router, name)
    if any(not is_marker(one) for one in existing):
        raise ConfigError(name, "a model group of that name exists already", "Give the tier router another name")
    missing = [tier.model_group for tier in config.tiers if not deployments_of(router, tier.model_group)]
    if missing:
        raise ConfigError(
            f"{name}.tiers", f"no deployment of {', '.join(missing)}", "Add it to the router's model_list first"
        )
    marker = litellm.types.router.Deployment(
        model_name=name,
        litellm_params=litellm.types.router.LiteLLM_Params(model=f"{MARKER_PROVIDER}/{name}"),
        model_info={
            SETTINGS_KEY: config.model_dump(mode="json", exclude_unset=True, by_alias=True),
            "id": f"{MARKER_PROVIDER}/{name}",
        },
    )
    router.upsert_deployment(marker)


def _listen() -> None:
    """Have LiteLLM report finished calls to the ledger."""
    from litellm_router_plugin.host.callback import handler  # noqa: PLC0415  the callback imports this module

    if handler not in litellm.callbacks:
        litellm.logging_callback_manager.add_litellm_callback(handler)
