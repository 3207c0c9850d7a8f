"""What a cascade does next: one pure function, used by the live driver, by evaluation and by replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from litellm_router_plugin.core.verdicts import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tier call and what is known of it.

    Attributes:
        rung: The tier's position on the ladder.
        verdict: What checks and judge said; None when nobody was asked.
        failed: The provider failed after the host's own retries and fallbacks; there is no answer.
        cost_usd: Everything spent on this attempt so far, its checks included; None when unknown.
    """

    rung: int
    verdict: Verdict | None = None
    failed: bool = False
    cost_usd: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class CascadePolicy:
    """The limits of a cascade.

    Attributes:
        max_escalations: Moves up allowed in one request.
        max_extra_cost_usd: Spending on answers that are not served and on graders, above which no further move up
            is made; None for no limit.
        deadline_s: Seconds after which the answer at hand is released; None for no limit.
        top_rung: The highest rung that this request may use.
        skip: Rungs that are not called (dominated, incapable, or cooling down).
    """

    max_escalations: int = 2
    max_extra_cost_usd: Decimal | None = None
    deadline_s: float | None = None
    top_rung: int = 0
    skip: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CallTier:
    """Call this rung next. ``is_final``: its answer is served whatever it is, so nobody need grade it."""

    rung: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class Serve:
    """Serve the answer of this attempt. ``because`` says why no further tier was called."""

    attempt: int
    because: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Every attempt failed: the last provider error goes to the client."""


Step = CallTier | Serve | GiveUp


def next_step(policy: CascadePolicy, start_rung: int, attempts: Sequence[Attempt], elapsed_s: float = 0.0) -> Step:
    """Accept the last answer, call the next tier, or serve the best answer so far.

    An answer nobody doubts is served. A rejected one, or a failed call, moves up while the budget of escalations,
    of extra cost and of time allows; otherwise the best answer so far is served. An answer that is only *unsure*
    is accepted: whoever could have been asked has been asked.

    Args:
        policy: The limits.
        start_rung: The rung that the decision named.
        attempts: What happened so far, in order.
        elapsed_s: Seconds since the request began.

    Returns:
        The step; `GiveUp` only when no attempt produced an answer and none may follow.
    """
    if not attempts:
        return CallTier(start_rung, is_final=_is_final(policy, start_rung, 0))
    last = attempts[-1]
    if not last.failed and not _is_rejected(last):
        return Serve(len(attempts) - 1, "accepted" if last.verdict else "unchecked")
    following = next_rung(policy, last.rung)
    stopped = _why_stop(policy, attempts, following, elapsed_s)
    if stopped is None and following is not None:
        return CallTier(following, is_final=_is_final(policy, following, len(attempts)))
    best = best_answer(attempts)
    return GiveUp() if best is None else Serve(best, stopped or "top")


def next_rung(policy: CascadePolicy, rung: int) -> int | None:
    """The next rung up that may be called, or None."""
    return next((up for up in range(rung + 1, policy.top_rung + 1) if up not in policy.skip), None)


def best_answer(attempts: Sequence[Attempt]) -> int | None:
    """The attempt to serve when none was accepted: of the answers graded, the best; of equals, the highest tier.

    An answer without an estimate of its own counts as half good unless it was rejected.
    """
    answered = [index for index, attempt in enumerate(attempts) if not attempt.failed]
    return max(answered, key=lambda index: (*_standing(attempts[index]), attempts[index].rung), default=None)


def extra_cost(attempts: Sequence[Attempt]) -> Decimal | None:
    """What all attempts cost that will not be served if the cascade moves on; None when one is unknown."""
    costs = [attempt.cost_usd for attempt in attempts]
    return None if any(cost is None for cost in costs) else sum((c for c in costs if c is not None), Decimal(0))


def _standing(attempt: Attempt) -> tuple[int, float]:
    verdict = attempt.verdict
    if verdict is None:
        return 1, 0.5
    quality = 0.5 if verdict.quality is None else verdict.quality
    return (0 if verdict.outcome is Outcome.REJECT else 1), quality


def _is_rejected(attempt: Attempt) -> bool:
    return attempt.verdict is not None and attempt.verdict.outcome is Outcome.REJECT


def _is_final(policy: CascadePolicy, rung: int, escalations: int) -> bool:
    return escalations >= policy.max_escalations or next_rung(policy, rung) is None


def _why_stop(
    policy: CascadePolicy, attempts: Sequence[Attempt], following: int | None, elapsed_s: float
) -> str | None:
    if following is None:
        return "top"
    if len(attempts) > policy.max_escalations:
        return "max_escalations"
    if policy.deadline_s is not None and elapsed_s >= policy.deadline_s:
        return "deadline"
    if policy.max_extra_cost_usd is not None:
        spent = extra_cost(attempts)
        if spent is None or spent > policy.max_extra_cost_usd:
            return "max_extra_cost"
    return None
