"""Whether the cascade runs on a request, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from litellm_router_plugin.build_checks import Graders
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.core.cascade import CascadePolicy, next_rung
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.outlook import Outlook
from litellm_router_plugin.host.scope import RequestScope


@dataclass(frozen=True, slots=True)
class CascadePlan:
    """What the driver follows.

    Attributes:
        policy: The limits.
        graders: Who reads drafts; None where the cascade is off.
        streaming: How streams are checked.
        target: The rung that a rejected draft goes up to; None where there is none.
        outlook: What is expected of tiers and graders; None where the classifier does not forecast it.
        state: ``on``, or ``off: `` and the reason.
    """

    policy: CascadePolicy
    graders: Graders | None = None
    streaming: str = "off"
    state: str = "off"
    target: int | None = None
    outlook: Outlook | None = None

    @property
    def is_on(self) -> bool:
        """Whether drafts are graded."""
        return self.graders is not None


def plan_cascade(scope: RequestScope, entry: EntryPoint) -> CascadePlan:
    """The plan for a request that was decided."""
    settings, graders = scope.cascade, scope.graders
    reason = "not configured" if settings is None else why_off(scope, entry)
    if reason is not None or settings is None or graders is None:
        return off_plan(scope.rung, f"off: {reason}")
    limits = CascadePolicy(
        max_escalations=settings.max_escalations,
        max_extra_cost_usd=settings.max_extra_cost_usd,
        deadline_s=settings.deadline_s,
        top_rung=top_rung(scope),
        skip=frozenset(scope.tier_router.ladder.rung(name) for name in scope.inputs.lacks),
    )
    return CascadePlan(limits, graders, settings.streaming, "on", next_rung(limits, scope.rung))


@lru_cache(maxsize=256)
def off_plan(rung: int, state: str) -> CascadePlan:
    """The plan of a request that makes one call, ungraded; there are few different ones."""
    return CascadePlan(CascadePolicy(max_escalations=0, top_rung=rung), state=state)


def why_off(scope: RequestScope, entry: EntryPoint) -> str | None:
    """Why drafts of this request are not graded; None when they are."""
    asked = scope.overrides.cascade
    reasons = (
        (scope.cascade is None, "not configured"),
        (asked is False, "switched off by the request"),
        (scope.inputs.has_state, "provider-bound state"),
        (scope.overrides.tier is not None and asked is not True, "pinned tier"),
        (scope.is_observed, "observing only"),
        (scope.choice.cause == "break_even", "it loses money"),
        (scope.choice.cause == "plugin_error", "plugin error"),
        (scope.view.n > 1, "more than one answer asked for"),
        (entry.cascades == "none", "not on this endpoint"),
        (entry.cascades == "plain" and scope.view.stream, "not on synchronous streams"),
        (scope.view.stream and _streaming(scope.cascade) == "off", "streams are left alone"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def top_rung(scope: RequestScope) -> int:
    """The highest rung that a request may be moved up to: client and owner caps hold for the cascade too."""
    cap = scope.inputs.client.narrowed(scope.inputs.owner).cap
    highest = len(scope.tier_router.ladder) - 1
    return highest if cap is None else min(cap, highest)


def _streaming(settings: CascadeSettings | None) -> str:
    return "off" if settings is None else settings.streaming
