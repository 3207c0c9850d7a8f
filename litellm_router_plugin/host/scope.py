"""One request on its way through the router: what was decided, and which tier is being called now."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.core.decisions import Choice, DecisionInputs, Overrides
from litellm_router_plugin.core.experiments import NO_EXPERIMENTS, Assignment
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import Endpoint, RequestView
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.ledger.records import NOBODY, Owner

if TYPE_CHECKING:
    from litellm_router_plugin.build_checks import Graders
    from litellm_router_plugin.config.cascade import CascadeSettings
    from litellm_router_plugin.config.conversation import ConversationSettings
    from litellm_router_plugin.host.tier_router import LadderFacts, TierRouter


NO_OVERRIDES = Overrides()


@dataclass(slots=True, weakref_slot=True, eq=False)
class RequestScope:
    """Private state of one request; it never stands in anything a client can write to.

    Attributes:
        rung: The tier being called now.
        attempt: Number of the tier call under way, from 1.
        call_id: The tier call under way: LiteLLM's call id, or what `call_keys` makes of it.
        pinned: The client pinned the tier, whatever became of the request later.
        assignment: Where the request stands in each experiment.
        arm: What the experiments' arms set for this request.
        observed: In observe mode the decision that was not acted on.
        conversation: Key of the conversation's state; empty when the request belongs to none.
        blocking: The request came by a synchronous method: nothing may suspend.
        proxy_data: The proxy's own ``data`` of the request; None where it came from code.
        start_rung: The rung that the decision named.
        lowest_rung: The rung below which the call under way may not be moved.
        seen_costs: Call id -> what its answer said that it cost.
        counted_calls: Calls whose cost an attempt has been charged with.
        cascade: The cascade's settings for this request; an experiment may have changed them.
        graders: Who reads drafts.
        claims_savings: The host may work out savings of its own for this call: only where no cascade may discard it.
        observing: The decision is not acted on; only a copy that shadow mode makes of a request says otherwise.
        cache_namespace: The client's own cache namespace; None until it was read.
    """

    decision_id: str
    tier_router: TierRouter
    endpoint: Endpoint
    view: RequestView
    inputs: DecisionInputs
    choice: Choice
    rung: int
    owner: Owner = NOBODY
    overrides: Overrides = NO_OVERRIDES
    forecast: Forecast = NOTHING_FIRED
    route: str = "default"
    conversation: str = ""
    conversation_settings: ConversationSettings | None = None
    blocking: bool = False
    experiment: str = ""
    assignment: Assignment = NO_EXPERIMENTS
    pinned: bool = False
    arm: Mapping[str, object] = field(default_factory=empty)
    observed: Choice | None = None
    redacted: bool = False
    attempt: int = 0
    call_id: str = ""
    trace_id: str = ""
    state_scope: str = ""
    prices: Mapping[str, Price | None] = field(default_factory=dict)
    start_rung: int = 0
    seen_costs: dict[str, Decimal | None] = field(default_factory=dict)
    lowest_rung: int = 0
    counted_calls: set[str] = field(default_factory=set)
    cascade: CascadeSettings | None = None
    graders: Graders | None = None
    proxy_data: MutableMapping[str, Any] | None = None
    claims_savings: bool = True
    cache_namespace: str | None = None
    observing: bool = True
    started_at: float = field(default_factory=time.monotonic)
    _known: LadderFacts | None = None

    @property
    def tier(self) -> Tier:
        """The tier being called now."""
        return self.tier_router.ladder.tiers[self.rung]

    @property
    def known(self) -> LadderFacts:
        """What was known of the tiers' deployments when this request first needed it."""
        if self._known is None:
            self._known = self.tier_router.known
        return self._known

    def tier_of_deployment(self, deployment: str | None) -> Tier | None:
        """The tier that a deployment serves, one that was added since the request began among them."""
        if deployment is None:
            return None
        return self.known.tier_of.get(deployment) or self.tier_router.tier_of_deployment(deployment)

    @property
    def is_observed(self) -> bool:
        """Whether the router only observes."""
        return self.observing and self.tier_router.policy.config.mode == "observe"

    def repoint(self, logging_object: object) -> None:
        """Have the proxy settle the client's leaving through the call that is being served."""
        if self.proxy_data is not None and self.attempt > 1:
            self.proxy_data["litellm_logging_obj"] = logging_object

    @property
    def escalated(self) -> bool:
        """Whether the cascade moved up from the tier it started on."""
        return self.attempt > 1 and self.rung > self.start_rung

    def choice_at(self, rung: int) -> Choice:
        """The decision as it stands for a rung that the cascade has moved to."""
        return Choice(rung, self.choice.cause)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the request began."""
        return time.monotonic() - self.started_at

    def row_metadata(self) -> dict[str, object]:
        """What the row of the tier call under way says of this request."""
        return {
            "decision_id": self.decision_id,
            "role": "attempt",
            "tier": self.tier.name,
            "attempt": self.attempt,
            "cause": self.choice.cause,
        } | ({"experiment": self.experiment} if self.experiment else {})


SCOPE: ContextVar[RequestScope | None] = ContextVar("tier_router_scope", default=None)

PROXY_DATA: ContextVar[MutableMapping[str, Any] | None] = ContextVar("tier_router_proxy_data", default=None)
"""The proxy's own ``data`` of the request under way; None in code."""
