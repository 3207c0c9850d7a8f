"""The plugin in the LiteLLM proxy: routes and attachment at start, and again whenever the router was replaced."""

from __future__ import annotations

import asyncio
import logging
import sys
import weakref
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.host.attach import attach, attached, give_store, routing_of
from litellm_router_plugin.host.marker import register
from litellm_router_plugin.host.private import PROXY_MODULE, let_keys_reach_our_routes
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.host.store_wiring import close_with_proxy

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

logger = logging.getLogger("litellm_router_plugin")

START_POLL_S = 0.05
START_PATIENCE_S = 120.0
EXIT_WRONG_CONFIG = 1

_prepared: weakref.WeakSet[ModuleType] = weakref.WeakSet()
_tasks: set[asyncio.Task[None]] = set()


def proxy_module() -> ModuleType | None:
    """The running proxy; None where LiteLLM is used in code."""
    return sys.modules.get(PROXY_MODULE)


def prepare_proxy() -> None:
    """On the proxy: make the marker known before the router is made, add the routes, attach as soon as it stands."""
    proxy = proxy_module()
    if proxy is None or proxy in _prepared:
        return
    _prepared.add(proxy)
    register()
    let_keys_reach_our_routes()
    from litellm_router_plugin.host.web_routes import add_routes  # noqa: PLC0415  FastAPI comes with the proxy only

    add_routes(proxy)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # imported before the proxy's loop runs: the first request attaches
        return
    task = loop.create_task(_attach_at_start(proxy))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def attach_to_proxy() -> TierRouting | None:
    """The plugin on the proxy's current router, attached now if it is not; None while there is no router."""
    proxy = proxy_module()
    router = getattr(proxy, "llm_router", None)
    if router is None:
        return None
    routing = routing_of(router)
    if routing is None:
        routing = attach(router)
        store = proxy_store()
        if store is not None:
            give_store(routing, store)
    routing.ensure_strategy()
    return routing


@cache
def proxy_store() -> Store | None:
    """The store of this process, shared by every router it ever has; None where it is switched off or not installed."""
    try:
        from litellm_router_plugin.store.store import store_from_environment  # noqa: PLC0415  SQLAlchemy
    except ImportError:
        logger.warning("tier router: SQLAlchemy is not installed, so decisions are kept in memory only")
        return None
    store = store_from_environment()
    if store is not None:
        close_with_proxy(sys.modules[PROXY_MODULE], ending, store)
    return store


def ending() -> list[TierRouting]:
    """Every attached router, none of which makes calls for shadow mode any more: the proxy is shutting down."""
    routings = attached()
    for routing in routings:
        routing.stop_shadow()
        routing.quality.close()
    return routings


async def _attach_at_start(proxy: ModuleType) -> None:
    """Attach once the proxy has made its router. Wrong settings stop the start, with where, what and how to fix it."""
    waited = 0.0
    while getattr(proxy, "llm_router", None) is None and waited < START_PATIENCE_S:
        await asyncio.sleep(START_POLL_S)
        waited += START_POLL_S
    try:
        attach_to_proxy()
    except TierRouterError as error:
        logger.critical("tier router: the proxy cannot start. %s", error)
        sys.stderr.write(f"tier router: the proxy cannot start.\n{error}\n")
        raise SystemExit(EXIT_WRONG_CONFIG) from error
