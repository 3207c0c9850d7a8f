"""Wraps the router's text methods on the instance, and takes the wraps off again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.core.verdicts import Verdict
from litellm_router_plugin.errors import RequestRefused
from litellm_router_plugin.host.deciding import decide, new_scope
from litellm_router_plugin.host.driver import Driver
from litellm_router_plugin.host.driving import drive, run_with_loop
from litellm_router_plugin.host.entry_points import ENTRY_POINTS, EntryPoint
from litellm_router_plugin.host.identity import bucket_of
from litellm_router_plugin.host.model_calls import BlockingRouterCalls, RouterCalls
from litellm_router_plugin.host.refusals import as_bad_request
from litellm_router_plugin.host.scope import PROXY_DATA, SCOPE, RequestScope
from litellm_router_plugin.host.tier_router import TierRouter
from litellm_router_plugin.ledger.metrics import observe_deciding

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting

Method = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Originals:
    """The router's own methods, for calls that must not be routed again."""

    methods: dict[str, Method]

    @property
    def acompletion(self) -> Method:
        """Chat completions, asynchronous."""
        return self.methods["acompletion"]

    @property
    def completion(self) -> Method:
        """Chat completions, synchronous."""
        return self.methods["completion"]


def wrap(routing: TierRouting) -> Originals:
    """Put the wraps on a router; instance attributes win over the class's methods, and the host keeps them."""
    originals = {}
    for entry in ENTRY_POINTS:
        original = getattr(routing.router, entry.attribute, None)
        if original is None:  # an older host without this method has nothing to wrap
            continue
        originals[entry.attribute] = original
        make = _async_wrap if entry.kind == "async" else _sync_wrap
        setattr(routing.router, entry.attribute, make(routing, entry, original))
    return Originals(originals)


def unwrap(routing: TierRouting) -> None:
    """Take the wraps off."""
    for name, original in routing.originals.methods.items():
        setattr(routing.router, name, original)


def _async_wrap(routing: TierRouting, entry: EntryPoint, original: Method) -> Method:
    @wraps(original)
    async def routed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the host's own signature
        tier_router = routing.find(_model_of(entry, args, kwargs))
        if tier_router is None:
            return await original(*args, **kwargs)
        request = {**dict(zip(entry.positional, args, strict=False)), **kwargs}
        scope, bucket = _begin(routing, entry, tier_router, request)
        token = SCOPE.set(scope)
        try:
            calls = RouterCalls(routing, scope, dict(bucket))
            await _decided(routing, scope, request, bucket, calls)
            return await Driver(routing, scope, entry, request, dict(bucket), calls).run(original)
        except BaseException:
            routing.close(scope, served_call=None, tier=scope.tier.name)  # no effect where the driver closed it
            raise
        finally:
            SCOPE.reset(token)

    return routed


def _sync_wrap(routing: TierRouting, entry: EntryPoint, original: Method) -> Method:
    async def called(**arguments: Any) -> Any:  # noqa: ANN401  the host's own answer
        return original(**arguments)

    @wraps(original)
    def routed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  the host's own signature
        tier_router = routing.find(_model_of(entry, args, kwargs))
        if tier_router is None:
            return original(*args, **kwargs)
        request = {**dict(zip(entry.positional, args, strict=False)), **kwargs}
        scope, bucket = _begin(routing, entry, tier_router, request)
        token = SCOPE.set(scope)
        try:
            calls = BlockingRouterCalls(routing, scope, dict(bucket))
            run = run_with_loop if tier_router.policy.asks_models else drive
            run(_decided(routing, scope, request, bucket, calls))
            return drive(Driver(routing, scope, entry, request, dict(bucket), calls, graded_elsewhere).run(called))
        except BaseException:
            routing.close(scope, served_call=None, tier=scope.tier.name)  # no effect where the driver closed it
            raise
        finally:
            SCOPE.reset(token)

    return routed


async def graded_elsewhere(grading: Coroutine[Any, Any, Verdict]) -> Verdict:
    """Grade on a loop of its own, since the synchronous path has none; nothing here suspends."""
    return run_with_loop(grading)


def _model_of(entry: EntryPoint, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if "model" in kwargs:
        return kwargs["model"]
    return args[0] if args and entry.positional[:1] == ("model",) else None


def _begin(
    routing: TierRouting, entry: EntryPoint, tier_router: TierRouter, request: dict[str, Any]
) -> tuple[RequestScope, dict[str, Any]]:
    routing.ensure_strategy()
    data = PROXY_DATA.get()
    name = entry.bucket
    if data is None and isinstance(request.get(name), dict):
        request[name] = dict(request[name])  # the caller's own dict stays as it was
    bucket = bucket_of(request, default=name)
    scope = new_scope(tier_router, entry.endpoint, request, bucket)
    scope.proxy_data = data
    scope.blocking = entry.kind == "sync"
    scope.conversation_settings = tier_router.policy.config.conversation
    scope.cascade = tier_router.policy.config.cascade
    scope.graders = tier_router.policy.graders
    routing.open(scope)
    return scope, bucket


async def _decided(
    routing: TierRouting, scope: RequestScope, request: dict[str, Any], bucket: dict[str, Any], calls: RouterCalls
) -> None:
    began = perf_counter()
    try:
        await decide(routing, scope, request, bucket, calls)
    except RequestRefused as refusal:
        routing.ledger.discard(scope.decision_id)
        raise as_bad_request(refusal, scope.tier_router.name) from refusal
    observe_deciding(perf_counter() - began)
    scope.start_rung = scope.rung
