"""What the ledger holds of one decision and of each call made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from litellm_router_plugin.core.experiments import NO_EXPERIMENTS, Assignment
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import ZERO, Price, Usage
from litellm_router_plugin.core.ports import CallRole

CallStatus = Literal["pending", "settled", "failed", "unknown"]
CostState = Literal["pending", "final", "unknown"]
KeptPrompt = Literal["none", "features", "full"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose request it is; the key's hash decides who may see it. Empty strings where LiteLLM knows none."""

    key: str = ""
    user: str = ""
    team: str = ""
    end_user: str = ""


NOBODY = Owner()
NO_USAGE = Usage()


@dataclass(slots=True)
class CallRecord:
    """One provider call.

    Attributes:
        call_id: LiteLLM's call id.
        role: Why it was made.
        tier: The tier that it was made for; empty for a judge or a classifier.
        attempt: Its number among the tier calls of the request, from 1; 0 for other calls.
        model: The model that answered, as LiteLLM's row names it.
        usage: Its tokens.
        cost: USD as LiteLLM's row has it; None while pending and where the price is unknown.
        cache_hit: LiteLLM's response cache served it, so it cost nothing.
        verdict: What became of an attempt's answer; empty when nobody looked at it.
        verdict_by: Who decided so (``Verdict.by``); empty or ``nobody`` when nobody looked at it.
        failed_checks: Checks that rejected the answer.
        quality: The graders' estimate of the answer, 0..1; None where there is none.
    """

    call_id: str
    role: CallRole
    tier: str = ""
    attempt: int = 0
    model: str = ""
    usage: Usage = NO_USAGE
    cost: Decimal | None = None
    cache_hit: bool = False
    status: CallStatus = "pending"
    verdict: str = ""
    verdict_by: str = ""
    failed_checks: tuple[str, ...] = ()
    quality: float | None = None

    @property
    def decider(self) -> str:
        """Who graded the answer; empty when nobody did."""
        if self.verdict_by not in ("", "nobody"):
            return self.verdict_by
        return "checks" if self.verdict in ("accept", "reject") else ""


@dataclass(frozen=True, slots=True)
class SettledCall:
    """What LiteLLM's logging event says of a finished call. ``cost`` is None where its price is unknown."""

    model: str
    usage: Usage
    cost: Decimal | None
    cache_hit: bool = False


@dataclass(slots=True)
class DecisionRecord:
    """One request: the decision, its calls, and what they cost.

    Attributes:
        tier: The tier that answered (the one decided on until then).
        cascade: ``on``, or ``off`` and the reason.
        start_tier: The tier that was decided on, before any move up.
        target_tier: The tier that a rejected draft goes up to; empty where there is none.
        observed_tier: In observe mode the tier that would have been called; empty otherwise.
        observed_cause: The cause of that.
        prices: Tier name -> its price when the decision was made; None where unknown.
        baseline: The tier or model that savings are measured against, a key of ``prices``.
        served_call: The call whose answer went to the client; None while there is none, or if all failed.
        tiers: Names of the ladder's tiers, cheapest first; empty where they are just the keys of ``prices``.
        closed_at: Clock time at which the answer, or the error, was handed to the host; None before.
        keep_prompt: What of the prompt the settings let be stored.
        prompt: Its last user message, cut to the window; only where it is to be stored, and only until it was.
        prompt_chars: Characters of that message, uncut.
        redacted: Message logging is off for this request: nothing of the prompt is stored.
        assignment: Where the request stands in each experiment of its router; empty in observe mode, where arms
            change nothing.
        held: Calls are still to be made for it after its answer was served.
        tuning: Which settings of its route were in force (`tuning_of`); empty where the route has none.
        shadow: What became of it in shadow mode (`ledger.shadow.ShadowRun.to_json`); empty where it was not sampled.
    """

    decision_id: str
    router: str
    tier: str
    cause: str
    owner: Owner = NOBODY
    signals: tuple[str, ...] = ()
    route: str = "default"
    pinned: bool = False
    escalated: bool = False
    experiment: str = ""
    mode: str = "route"
    cascade: str = "off"
    start_tier: str = ""
    target_tier: str = ""
    observed_tier: str = ""
    observed_cause: str = ""
    p_success: Mapping[str, float] = field(default_factory=empty)
    confidence: float | None = None
    difficulty: float | None = None
    expected_cost: Mapping[str, float] = field(default_factory=empty)
    prices: Mapping[str, Price | None] = field(default_factory=empty)
    baseline: str = ""
    created_at: float = 0.0
    closed_at: float | None = None
    served_call: str | None = None
    calls: list[CallRecord] = field(default_factory=list)
    tiers: tuple[str, ...] = ()
    keep_prompt: KeptPrompt = "none"
    prompt: str = ""
    prompt_chars: int = 0
    redacted: bool = False
    assignment: Assignment = NO_EXPERIMENTS
    held: bool = False
    tuning: str = ""
    shadow: Mapping[str, object] = field(default_factory=dict)

    def call(self, call_id: str) -> CallRecord | None:
        """The record of a call of this request."""
        for call in self.calls:
            if call.call_id == call_id:
                return call
        return None

    @property
    def served(self) -> CallRecord | None:
        """The call whose answer went to the client."""
        return self.call(self.served_call) if self.served_call else None

    @property
    def cost_state(self) -> CostState:
        """``pending`` until the request is closed and every call has reported; ``unknown`` where one has no price."""
        if self.closed_at is None or self.held:
            return "pending"
        state: CostState = "final"
        for call in self.calls:
            if call.status == "pending":
                return "pending"
            if call.cost is None:
                state = "unknown"
        return state

    @property
    def spent(self) -> Decimal:
        """What the calls with a known cost came to, in USD."""
        total = ZERO
        for call in self.calls:
            if call.cost is not None:
                total += call.cost
        return total

    @property
    def cost(self) -> Decimal | None:
        """Everything that this request cost, in USD; None unless it is final."""
        if self.cost_state != "final":
            return None
        return self.spent
