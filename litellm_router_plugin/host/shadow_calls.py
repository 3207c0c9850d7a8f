"""The calls of shadow mode: on the operator's account, under the cap, each a row and in the books of its decision.

Their rows carry no key, team, end user or tag of the caller's, whose budgets and limits they must not touch: they are
the proxy admin's. LiteLLM's own names for such calls (``internal_call_origin``) keep them out of its savings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from litellm_router_plugin.build_checks import TYPICAL_ANSWER_TOKENS
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.ports import CallRole
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.host.attempts import LENGTH_NAMES, give_logging_object, tier_defaults
from litellm_router_plugin.host.draft_costs import CHARS_PER_TOKEN
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.model_calls import RouterCalls
from litellm_router_plugin.host.planning import price_of_group
from litellm_router_plugin.host.spend_cap import Reservation, SpendCap
from litellm_router_plugin.host.telling import answer_cost
from litellm_router_plugin.ledger.records import CallRecord
from litellm_router_plugin.ledger.shadow import ShadowState

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.host.scope import RequestScope

OPERATOR: Final = "default_user_id"
"""The user that LiteLLM books the proxy admin's own requests on."""
ORIGINS: Final[Mapping[str, str]] = {"judge": "shadow_eval_judge", "second_opinion": "shadow_eval_router"}
CALLERS_OWN: Final = frozenset(
    {
        "litellm_call_id",
        "litellm_logging_obj",
        "litellm_metadata",
        "litellm_session_id",
        "metadata",
        "proxy_server_request",
        "secret_fields",
        "standard_callback_dynamic_params",
        "stream_options",
        "user",
    }
)
"""Arguments of the client's call that a call for the shadow must not have."""


class ShadowRefused(TierRouterError):
    """A call for the shadow is not made.

    Args:
        state: Why.
    """

    def __init__(self, state: ShadowState) -> None:
        self.state = state
        super().__init__(f"shadow: no call is made ({state})")


class ShadowCalls(RouterCalls):
    """Same as `RouterCalls`, but under the cap and on the operator's account.

    Args:
        routing: Whose router and ledger.
        scope: The request as routing would have seen it.
        cap: What may be spent.
        cap_usd: On this tier router and day.

    Attributes:
        made: Ids of the calls made so far.
    """

    def __init__(self, routing: TierRouting, scope: RequestScope, cap: SpendCap, cap_usd: Decimal) -> None:
        super().__init__(routing, scope, {})
        self._cap = cap
        self._cap_usd = cap_usd
        self.made: list[str] = []

    async def answer(self, entry: EntryPoint, request: Mapping[str, Any], tier: Tier) -> tuple[str, AnswerView]:
        """A tier's answer to the client's request: the id of the call, and what it says.

        Raises:
            ShadowRefused: It is not made: no price, or no money left.
        """
        scope = self.scope
        arguments = {name: value for name, value in request.items() if name not in CALLERS_OWN}
        arguments |= tier_defaults(scope, entry, request) | {"model": tier.model_group, "stream": False}
        if entry.endpoint == "responses":
            arguments["store"] = False
        reserved = await self._reserve(tier.model_group, self._expected_usage(request))
        call_id, own = self._own_arguments("second_opinion", tier.name)
        arguments |= {entry.bucket: own.pop("metadata"), **own}
        if entry.endpoint == "messages":
            give_logging_object(scope, entry, arguments)
        try:
            response = await self.routing.originals.methods[entry.attribute](**arguments)
        except BaseException as error:
            self._not_answered(call_id, error)
            raise
        cost = answer_cost(scope, tier, response, arguments.get("litellm_logging_obj"))
        scope.seen_costs[call_id] = cost
        await self._cap.settle(reserved, cost)
        return call_id, read_answer(response)

    async def perform(
        self,
        call: Callable[[dict[str, Any]], Awaitable[Any]],
        role: CallRole,
        timeout_s: float,
        arguments: dict[str, Any],
    ) -> Any:  # noqa: ANN401  the host's answer
        """Make a grader's call under the cap; raises `ShadowRefused` where it is not made."""
        written = sum(len(str(message.get("content") or "")) for message in arguments.get("messages", ()))
        usage = Usage(written // CHARS_PER_TOKEN, _length_limit(arguments) or TYPICAL_ANSWER_TOKENS)
        reserved = await self._reserve(arguments["model"], usage)
        answer = await super().perform(call, role, timeout_s, arguments)
        await self._cap.settle(reserved, self.scope.seen_costs.get(self.made[-1]))
        return answer

    def _arguments(self, role: CallRole, timeout_s: float) -> dict[str, Any]:
        _, own = self._own_arguments(role, "")
        return own | {"timeout": timeout_s}

    def _own_arguments(self, role: CallRole, tier: str) -> tuple[str, dict[str, Any]]:
        """A new call in the books of the decision, and the arguments that make it one of the operator's."""
        scope, call_id = self.scope, str(uuid4())
        self.routing.ledger.start_call(scope.decision_id, CallRecord(call_id, role, tier))
        self.made.append(call_id)
        note = {"decision_id": scope.decision_id, "role": role, "tier": tier, "attempt": 0, "cause": "", "shadow": True}
        metadata = {
            "user_api_key_user_id": OPERATOR,
            "internal_call_origin": ORIGINS.get(role, ORIGINS["second_opinion"]),
            "spend_logs_metadata": {"tier_router": note},
        }
        return call_id, {
            "metadata": metadata,
            "litellm_call_id": call_id,
            "litellm_trace_id": scope.trace_id,
            "num_retries": 0,
            "drop_params": True,
        }

    async def _reserve(self, group: str, usage: Usage) -> Reservation:
        price: Price | None = price_of_group(self.scope, group)
        if price is None:
            raise ShadowRefused("unpriced")
        reserved = await self._cap.reserve(self.scope.tier_router.name, self._cap_usd, cost_at(price, usage))
        if reserved is None:
            raise ShadowRefused("over_cap")
        return reserved

    def _expected_usage(self, request: Mapping[str, Any]) -> Usage:
        """As many tokens as characters suggest, and an answer as long as it may become, or a typical one."""
        limit = _length_limit(request)
        answer = TYPICAL_ANSWER_TOKENS if limit is None else min(limit, TYPICAL_ANSWER_TOKENS)
        return Usage(self.scope.view.chars // CHARS_PER_TOKEN, answer)


def _length_limit(arguments: Mapping[str, Any]) -> int | None:
    limits = [value for name in LENGTH_NAMES if isinstance(value := arguments.get(name), int)]
    return min(limits, default=None)
