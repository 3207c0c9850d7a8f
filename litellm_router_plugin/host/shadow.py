"""Shadow mode: after the answer is served, makes the calls that routing would have made, for a sample of requests.

Off the request's path: one worker a process walks one request after the other. Whatever goes wrong costs a counter.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.sampling import is_sampled
from litellm_router_plugin.host.responses import is_stream
from litellm_router_plugin.host.shadow_calls import ShadowCalls, ShadowRefused
from litellm_router_plugin.host.shadow_walk import Observed, as_routed, walk
from litellm_router_plugin.host.spend_cap import SpendCap
from litellm_router_plugin.ledger.shadow import ShadowRun, ShadowState

if TYPE_CHECKING:
    from litellm_router_plugin.host.entry_points import EntryPoint
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.host.scope import RequestScope

MAX_WAITING: Final = 64
"""Requests that wait, with their messages; further ones are left out, state ``late``."""
PATIENCE_S: Final = 20.0
"""Longest wait; with `WALK_TIMEOUT_S` it ends before a decision's cost has to be final (60 s)."""
WALK_TIMEOUT_S: Final = 25.0


@dataclass(frozen=True, slots=True)
class ClientCall:
    """What the client asked: the arguments of its call, and those that a second model gets as well."""

    request: Mapping[str, Any]
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Served:
    """What it got: which tier's answer, made by which call."""

    tier: str
    call_id: str
    response: object


class Shadow:
    """The shadow of one attached router.

    Args:
        routing: Whose requests.
        cap: What may be spent.
    """

    def __init__(self, routing: TierRouting, cap: SpendCap) -> None:
        self._routing = routing
        self.cap = cap
        self._waiting: deque[tuple[float, Observed]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def wants(self, scope: RequestScope, entry: EntryPoint) -> bool:
        """Whether a request is in the sample. It is then held open in the books until `offer` is done with it."""
        settings = scope.tier_router.policy.config.observe
        if settings is None or not scope.is_observed or scope.observed is None or entry.kind != "async":
            return False
        if scope.inputs.has_state or scope.pinned or scope.redacted or scope.choice.cause == "plugin_error":
            return False  # nothing to compare, or nothing that may be sent again
        if not is_sampled(f"shadow:{scope.tier_router.name}", scope.decision_id, float(settings.share)):
            return False
        self._routing.ledger.hold(scope.decision_id)
        return True

    def offer(self, scope: RequestScope, entry: EntryPoint, client: ClientCall, served: Served) -> None:
        """Have the path of a request walked soon; its answer has been handed to the host."""
        settings = scope.tier_router.policy.config.observe
        if settings is None:
            return
        observed = Observed(
            scope=as_routed(scope),
            entry=entry,
            request=client.request,
            served_rung=scope.tier_router.ladder.rung(served.tier),
            served_call=served.call_id,
            answer=None if is_stream(served.response) else read_answer(served.response),
            params=client.params,
            with_judge=settings.judge,
        )
        if len(self._waiting) >= MAX_WAITING:
            self._release(observed, ShadowRun("late"))
            return
        self._waiting.append((time.monotonic(), observed))
        self._start()

    def stop(self) -> None:
        """Drop what waits and give up what is under way; what was spent stays in the books."""
        if self._worker is not None and not self._worker.done() and not self._worker.get_loop().is_closed():
            self._worker.get_loop().call_soon_threadsafe(self._worker.cancel)
        while self._waiting:
            self._release(self._waiting.popleft()[1], ShadowRun("stopped"))

    def _start(self) -> None:
        """Have a worker on the loop that runs now; it ends when nothing waits, and holds no request's context."""
        loop, worker = asyncio.get_running_loop(), self._worker
        if worker is None or worker.done() or worker.get_loop() is not loop:
            self._worker = loop.create_task(self._work(), context=Context())

    async def _work(self) -> None:
        while self._waiting:
            since, observed = self._waiting.popleft()
            if time.monotonic() - since > PATIENCE_S:
                self._release(observed, ShadowRun("late"))
            else:
                await self._walk(observed)

    async def _walk(self, observed: Observed) -> None:
        settings = observed.scope.tier_router.policy.config.observe
        if settings is None:
            return
        calls = ShadowCalls(self._routing, observed.scope, self.cap, settings.max_usd_per_day)
        state: ShadowState = "stopped"  # what a cancelled walk leaves behind
        run: ShadowRun | None = None
        try:
            async with asyncio.timeout(WALK_TIMEOUT_S):
                run = await walk(self._routing, observed, calls)
        except ShadowRefused as refusal:
            state = refusal.state
        except TimeoutError:
            state = "late"
        except Exception as fault:  # noqa: BLE001  a provider's error or a fault of ours: the client has its answer
            self._routing.faults.note("shadow", fault)
            state = "failed"
        finally:
            self._release(observed, run or ShadowRun(state, calls=tuple(calls.made)))

    def _release(self, observed: Observed, run: ShadowRun) -> None:
        self._routing.ledger.release(observed.scope.decision_id, run.to_json())
