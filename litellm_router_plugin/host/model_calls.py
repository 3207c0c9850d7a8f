"""Calls that classifiers and judges make: on the caller's account, each a row of its own with its own price."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.ports import CallRole, ModelCall
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.host.responses import seen_cost
from litellm_router_plugin.ledger.records import CallRecord

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.host.scope import RequestScope

RESERVATIONS = ("user_api_key_budget_reservation", "user_api_key_rate_limit_reservation")
"""What the proxy reserved for the client's own call; a further call must not settle it again."""
OF_ANOTHER_CALL = frozenset(
    {
        *RESERVATIONS,
        "_autorouter_baseline_route",
        "attempted_fallbacks",
        "attempted_retries",
        "caching_groups",
        "deployment",
        "fallback_depth",
        "model_group",
        "model_info",
        "original_model_group",
        "pre_routing_selected_model",
        "previous_models",
        "routing_decision",
    }
)
"""What the host notes about one call, and what must not be carried into the next."""

CALL_ORIGINS: Mapping[str, str] = {"judge": "llm_as_a_judge_guardrail", "classifier": "autorouter_classifier"}
"""LiteLLM's own names for calls that a client did not ask for. Such a row costs the key as any other, but its tokens do
not count against the key's tokens a minute, and LiteLLM claims no savings for it. A second opinion is an answer to the
client's own request by another model: it counts in full."""
MakeCall = Callable[[dict[str, Any]], Awaitable[Any]]


def metadata_for_another_call(bucket: Mapping[str, Any], row: Mapping[str, object]) -> dict[str, Any]:
    """The caller's metadata for a further call of the same request: same key, team, user and tags, its own row."""
    metadata = {key: value for key, value in bucket.items() if key not in OF_ANOTHER_CALL}
    auth = metadata.get("user_api_key_auth")
    if auth is not None and getattr(auth, "budget_reservation", None) is not None:
        metadata["user_api_key_auth"] = auth.model_copy(update={"budget_reservation": None})
    notes = metadata.get("spend_logs_metadata")
    metadata["spend_logs_metadata"] = {**(notes if isinstance(notes, dict) else {}), "tier_router": dict(row)}
    return metadata


class RouterCalls:
    """Makes the calls of one request through the host's router.

    Args:
        routing: Whose router and ledger.
        scope: The request.
        bucket: The caller's metadata, as the host keeps it.
    """

    def __init__(self, routing: TierRouting, scope: RequestScope, bucket: Mapping[str, Any]) -> None:
        self.routing = routing
        self.scope = scope
        self.bucket = bucket

    async def complete(self, call: ModelCall) -> AnswerView:
        """Make a chat call; raises what the provider raised, or `TimeoutError`."""
        messages = [dict(message) for message in call.messages]
        arguments = {"model": call.model_group, "messages": messages, **call.params}
        return read_answer(await self.perform(self._chat, call.role, call.timeout_s, arguments))

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        """Make an embedding call; raises as `complete` does."""
        arguments = {"model": model_group, "input": [text]}
        answer = await self.perform(self._embedding, "classifier", timeout_s, arguments)
        first = answer.data[0]
        return list(first["embedding"] if isinstance(first, Mapping) else first.embedding)

    async def _chat(self, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  the host's answer
        return await self.routing.originals.acompletion(**arguments)

    async def _embedding(self, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  the host's answer
        return await self.routing.router.aembedding(**arguments)

    async def perform(
        self,
        call: Callable[[dict[str, Any]], Awaitable[Any]],
        role: CallRole,
        timeout_s: float,
        arguments: dict[str, Any],
    ) -> Any:  # noqa: ANN401  the host's answer
        """Make a call with a row, a call id and a time limit of its own."""
        own = self._arguments(role, timeout_s)
        call_id = own["litellm_call_id"]
        try:
            async with asyncio.timeout(timeout_s):
                answer = await call({**arguments, **own})
        except BaseException as error:
            self._not_answered(call_id, error)
            raise
        self.scope.seen_costs[call_id] = seen_cost(answer)
        return answer

    def _arguments(self, role: CallRole, timeout_s: float) -> dict[str, Any]:
        call_id = str(uuid4())
        self.routing.ledger.start_call(self.scope.decision_id, CallRecord(call_id, role))
        row = {"decision_id": self.scope.decision_id, "role": role, "tier": "", "attempt": 0, "cause": ""}
        metadata = metadata_for_another_call(self.bucket, row)
        if role in CALL_ORIGINS:
            metadata["internal_call_origin"] = CALL_ORIGINS[role]
        return {
            "metadata": metadata,
            "litellm_call_id": call_id,
            "litellm_trace_id": self.scope.trace_id,
            "timeout": timeout_s,
            "num_retries": 0,
            "drop_params": True,  # a model that does not take a temperature can still grade
        }

    def _not_answered(self, call_id: str, error: BaseException) -> None:
        """A call given up may have been billed by the provider: its cost is unknown, unless the provider refused it."""
        if isinstance(error, TimeoutError | asyncio.CancelledError):
            self.routing.ledger.lose_call(call_id)
        else:
            self.routing.ledger.fail_call(call_id)


class BlockingRouterCalls(RouterCalls):
    """Same as `RouterCalls` for the synchronous path: the router's synchronous methods, in threads of their own."""

    async def _chat(self, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  the host's answer
        return await asyncio.to_thread(self.routing.originals.completion, **arguments)

    async def _embedding(self, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  the host's answer
        return await asyncio.to_thread(self.routing.router.embedding, **arguments)
