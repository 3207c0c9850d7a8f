"""Every private or undocumented part of LiteLLM that this package touches, in one place.

Known to work with the versions that `host.versions` names. Each function says which part it touches and what follows
if that part goes.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from decimal import Decimal
from functools import partial
from typing import Any, cast

import litellm
from litellm.litellm_core_utils.redact_messages import should_redact_message_logging

from litellm_router_plugin.core.money import usd

OUR_ROUTES = "/tier-router/*"
PROXY_MODULE = "litellm.proxy.proxy_server"

Pick = Callable[..., Awaitable[dict[str, Any]]]


async def is_cooling_down(router: litellm.Router, group: str) -> bool:
    """Whether every deployment of a group is cooling down (``Router._async_get_healthy_deployments``).

    False for a group without deployments: the host's own error about that says more.
    """
    healthy, everything = await router._async_get_healthy_deployments(model=group, parent_otel_span=None)  # noqa: SLF001
    return bool(everything) and not healthy


def is_cooling_down_sync(router: litellm.Router, group: str) -> bool:
    """Same as `is_cooling_down` for the synchronous path (``Router._get_healthy_deployments``)."""
    healthy, everything = router._get_healthy_deployments(model=group, parent_otel_span=None)  # noqa: SLF001
    return bool(everything) and not healthy


def own_pick(router: litellm.Router) -> Pick:
    """LiteLLM's own selection inside a model group, past any strategy set on the instance."""
    return partial(type(router).async_get_available_deployment, router)


def own_pick_sync(router: litellm.Router) -> Callable[..., dict[str, Any]]:
    """Same as `own_pick` for the synchronous path."""
    return partial(type(router).get_available_deployment, router)


def redacts(request: Mapping[str, object]) -> bool:
    """Whether the operator or the caller turned message logging off for this request."""
    details = {
        "litellm_params": request,
        "standard_callback_dynamic_params": request.get("standard_callback_dynamic_params"),
    }
    return bool(should_redact_message_logging(details))


def redacted_decision(request: dict[str, object], decision: dict[str, object]) -> dict[str, object]:
    """A routing decision without what quotes the prompt, where logging is redacted.

    Uses ``Router._redact_prompt_text_if_needed``; it knows which fields quote.
    """
    redact = litellm.Router._redact_prompt_text_if_needed  # noqa: SLF001
    return dict(redact(request_kwargs=request, routing_decision=decision))


def strategy_of(router: litellm.Router) -> object:
    """The object whose method picks deployments on this router now; None where it is LiteLLM's own."""
    method = router.__dict__.get("async_get_available_deployment")
    return getattr(method, "__self__", None)


def remove_strategy(router: litellm.Router) -> None:
    """Give a router LiteLLM's own selection back (``Router._reset_custom_routing_strategy``)."""
    router._reset_custom_routing_strategy()  # noqa: SLF001


def deployment_in_response_id(response_id: str) -> str | None:
    """The deployment that made a response, which LiteLLM writes into the response's id; None for other ids."""
    from litellm.responses.utils import ResponsesAPIRequestUtils  # noqa: PLC0415  heavy, and seldom needed

    found = ResponsesAPIRequestUtils.get_model_id_from_response_id(response_id)
    return found if isinstance(found, str) else None


def runs_in_proxy() -> bool:
    """Whether this process runs LiteLLM's proxy."""
    return PROXY_MODULE in sys.modules


def keep_savings_off_the_proxy() -> None:
    """Have LiteLLM work out savings in code without importing its proxy server for that.

    Its savings ask ``proxy_server`` for the proxy's router (``savings._proxy_llm_router``). In code that import takes
    seconds, on the event loop, after the first request, and leaves the proxy's callbacks behind for all later ones;
    there is no router to be had from it. If that part goes, LiteLLM does as it likes.
    """
    try:
        from litellm.proxy.spend_tracking import savings  # noqa: PLC0415  LiteLLM's logging imports it late as well
    except ImportError:  # without the extra `proxy` LiteLLM works out no savings
        return
    if hasattr(savings, "_proxy_llm_router"):
        savings._proxy_llm_router = _router_of_proxy  # noqa: SLF001


def _router_of_proxy() -> litellm.Router | None:
    return getattr(sys.modules.get(PROXY_MODULE), "llm_router", None)


def let_keys_reach_our_routes() -> None:
    """Let keys of every role through LiteLLM's route check to our routes; each handler checks ownership itself.

    Appends to ``LiteLLMRoutes.self_managed_routes``; if that part goes, only admins reach the routes.
    """
    from litellm.proxy._types import LiteLLMRoutes  # noqa: PLC0415  only on the proxy

    routes = LiteLLMRoutes.self_managed_routes.value
    if OUR_ROUTES not in routes:
        routes.append(OUR_ROUTES)


def new_logging_object(
    call_type: str, group: str, request: MutableMapping[str, Any], messages: object, *, stream: bool
) -> object:
    """A logging object of its own for a call inside a request (``litellm.utils.function_setup``)."""
    from datetime import datetime  # noqa: PLC0415  only when a cascade goes on in a stream

    rules = litellm.utils.Rules()
    arguments = {key: value for key, value in request.items() if key not in {"model", "messages", "stream"}}
    started = datetime.now()  # noqa: DTZ005  the host subtracts naive times
    logging_object, _ = litellm.utils.function_setup(
        call_type, rules, started, model=group, messages=messages, stream=stream, **arguments
    )
    return cast("object", logging_object)


async def settle_partial(stream: object, logging_object: object, messages: object) -> bool:
    """Have the host log, and so price, what came of a stream that will not be read on. Returns whether it could.

    The host does the same when a client leaves: ``partial_response_on_disconnect`` for responses,
    ``stream_chunk_builder`` over ``.chunks`` for the others, then ``Logging.dispatch_success_handlers``, which logs a
    stream once however often it is asked.
    """
    dispatch = getattr(logging_object, "dispatch_success_handlers", None)
    if dispatch is None:
        return False
    partial = _partial_answer(stream, logging_object, messages)
    if partial is None:
        return False
    await dispatch(partial, cache_hit=False, start_time=None, end_time=None, prefer_async_handlers=True)
    return True


def _partial_answer(stream: object, logging_object: object, messages: object) -> object:
    build = getattr(stream, "partial_response_on_disconnect", None)
    partial = build() if callable(build) else None
    if partial is not None:
        return cast("object", partial)
    chunks = getattr(stream, "chunks", None)
    if not isinstance(chunks, list) or not chunks:
        return None
    known = messages if isinstance(messages, list) else None
    built = litellm.stream_chunk_builder(chunks=chunks, messages=known, logging_obj=logging_object)
    model = getattr(stream, "model", None)
    if built is not None and isinstance(model, str) and model:
        built.model = model
    return cast("object", built)


def cost_on(logging_object: object, response: object) -> Decimal | None:
    """What the host's logging object works out for an answer that carries no cost (Anthropic messages).

    Uses ``Logging.response_cost_calculator``; None where it cannot tell. What stands in ``Logging.model_call_details``
    may be the 0 of a try that failed before this answer came.
    """
    if logging_object is None:
        return None
    cost = logging_object.response_cost_calculator(result=response)  # type: ignore[attr-defined]  # host's Logging
    return usd(float(cost)) if isinstance(cost, int | float) and not isinstance(cost, bool) else None


def served_from_cache(logging_object: object) -> bool:
    """Whether the host's response cache served a call whose answer does not say so (``Logging.caching_details``)."""
    details = getattr(logging_object, "caching_details", None)
    return isinstance(details, Mapping) and details.get("cache_hit") is True


class SharedHash:
    """Hashes in LiteLLM's Redis, which its cache classes do not offer (``RedisCache.init_async_client``).

    The client is asked for each time: the host keeps one for each event loop.
    """

    def __init__(self, redis_cache: Any) -> None:  # noqa: ANN401  LiteLLM's own class
        self._cache = redis_cache

    async def swap(self, key: str, field: str, value: str, ttl_s: int) -> dict[str, str]:
        """Set one field, let the whole hash expire ``ttl_s`` seconds from now, and return every field."""
        pipeline = self._cache.init_async_client().pipeline(transaction=False)
        pipeline.hset(key, field, value)
        pipeline.expire(key, ttl_s)
        pipeline.hgetall(key)
        found = (await pipeline.execute())[-1]
        return {_text(name): _text(written) for name, written in found.items()}

    async def drop(self, key: str, fields: Iterable[str]) -> None:
        """Remove some fields."""
        await self._cache.init_async_client().hdel(key, *fields)

    async def add(self, key: str, field: str, amount: int, ttl_s: int) -> int:
        """Add to a field that counts, and return it; the key is forgotten so many seconds after the last addition."""
        client = self._cache.init_async_client()
        total = await client.hincrby(key, field, amount)
        await client.expire(key, ttl_s)
        return int(total)


def shared_hash(router: litellm.Router) -> SharedHash | None:
    """Hashes that all proxies share; None where the router has no Redis."""
    redis_cache = getattr(router.cache, "redis_cache", None)
    return None if redis_cache is None else SharedHash(redis_cache)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


async def drain_logging() -> None:
    """Wait until LiteLLM's logging worker has run every callback that is queued (``GLOBAL_LOGGING_WORKER``)."""
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER  # noqa: PLC0415  started lazily

    await GLOBAL_LOGGING_WORKER.flush()
