"""What stands in for a verdict when nobody could give one."""

from __future__ import annotations

from typing import Literal

from litellm_router_plugin.core.verdicts import Outcome, Verdict

FailurePolicy = Literal["accept", "escalate"]
"""``accept`` serves the answer unjudged (fails open); ``escalate`` moves up a tier (fails closed, costs more)."""


def failure_verdict(policy: FailurePolicy, reason: str) -> Verdict:
    """The verdict of a failure policy; ``reason`` says what failed, in words fit for a log."""
    outcome = Outcome.REJECT if policy == "escalate" else Outcome.ACCEPT
    return Verdict(outcome=outcome, by="policy", reason=reason)
