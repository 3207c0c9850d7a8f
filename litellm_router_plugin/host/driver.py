"""Runs one request through the cascade: a short loop around `core.cascade.next_step`.

With the cascade off the loop makes one call. Provider errors reach it only after the host's own retries and fallbacks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.core.cascade import Attempt, CallTier, CascadePolicy, Serve, next_step
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.host.attempts import first_attempt, further_attempt
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.responses import add_headers, model_id_of, writable_hidden_params
from litellm_router_plugin.host.scope import RequestScope
from litellm_router_plugin.host.telling import told
from litellm_router_plugin.ledger.records import CallRecord

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting

Original = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class Draft:
    """What came of one tier call."""

    attempt: Attempt
    call_id: str
    tier: Tier
    response: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Driver:
    """The cascade of one request.

    Args:
        routing: The attached router.
        scope: The request, decided.
        entry: The method that was called.
        request: Its arguments.
        bucket: LiteLLM's own metadata of the request, a copy from before any call wrote into it.
    """

    routing: TierRouting
    scope: RequestScope
    entry: EntryPoint
    request: dict[str, Any]
    bucket: dict[str, Any]
    drafts: list[Draft] = field(default_factory=list)

    async def run(self, original: Original) -> Any:  # noqa: ANN401  the host's answer, of whichever type it is
        """The answer for the client; raises the host's own error when no tier answered."""
        policy = CascadePolicy(max_escalations=0, top_rung=self.scope.rung)
        while True:
            step = next_step(policy, self.scope.rung, [draft.attempt for draft in self.drafts], self.scope.elapsed_s)
            match step:
                case CallTier(rung=rung):
                    self.drafts.append(await self._call(original, rung))
                case Serve(attempt=index):
                    return self._serve(self.drafts[index])
                case _:
                    raise self._give_up()

    async def _call(self, original: Original, rung: int) -> Draft:
        scope = self.scope
        scope.rung = rung
        scope.attempt += 1
        arguments = self._arguments()
        self.routing.note_call(scope)
        tier = scope.tier
        record = CallRecord(scope.call_id, "attempt", tier.name, scope.attempt)
        self.routing.ledger.start_call(scope.decision_id, record)
        try:
            response = await original(**arguments)
        except Exception as error:  # noqa: BLE001  whatever the provider or the host raised is kept and handed on
            self.routing.ledger.fail_call(scope.call_id)
            return Draft(Attempt(scope.rung, failed=True), scope.call_id, scope.tier, error=error)
        answered = scope.tier_router.tier_of_deployment(model_id_of(response)) or scope.tier
        return Draft(Attempt(scope.rung), scope.call_id, answered, response=response)

    def _arguments(self) -> dict[str, Any]:
        if self.scope.attempt == 1:
            return first_attempt(self.scope, self.entry, self.request)
        return further_attempt(self.scope, self.entry, self.request, self.bucket)

    def _serve(self, draft: Draft) -> Any:  # noqa: ANN401  as in run
        logging_object = self.request.get("litellm_logging_obj") if draft is self.drafts[0] else None
        facts = told(
            self.scope, draft.tier, draft.response, logging_object, self.routing.spent_beside(self.scope, draft)
        )
        add_headers(draft.response, facts.headers())
        hidden = writable_hidden_params(draft.response)
        if hidden is not None:
            hidden["tier_router"] = facts.hidden()
        self.routing.close(self.scope, served_call=draft.call_id, tier=draft.tier.name)
        return draft.response

    def _give_up(self) -> Exception:
        self.routing.close(self.scope, served_call=None, tier=self.scope.tier.name)
        errors = [draft.error for draft in self.drafts if draft.error is not None]
        return errors[-1]
