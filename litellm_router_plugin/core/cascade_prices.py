"""What prices alone say of a cascade: which steps of a ladder can never pay, and which hardly can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

from litellm_router_plugin.core.judge_economics import judge_can_pay

HARDLY: Final = Decimal("0.5")
"""Break-even acceptance from which a step is warned about. On the recorded answers cascades whose draft, with all who
grade it, costs over half of the target's answer lose money."""
SECOND_OPINION_SHARE: Final = Decimal("0.25")
"""Share of the target's price above which a second opinion is warned about; on the recorded answers those that paid
lay below it."""


@dataclass(frozen=True, slots=True)
class StepFinding:
    """What is wrong with drafting on one tier and going up to another.

    Attributes:
        severity: ``refuse``: no acceptance rate makes it pay; ``warn``: more than `HARDLY` of the drafts must pass.
        draft: Name of the tier that drafts.
        target: Name of the tier above it.
        break_even_acceptance: Share of the drafts that must be served for the step to cost no more than the target at
            once; None where the target costs nothing.
        message: The arithmetic in words.
    """

    severity: Literal["refuse", "warn"]
    draft: str
    target: str
    break_even_acceptance: Decimal | None
    message: str


def cascade_can_pay(
    names: Sequence[str],
    answer_usd: Sequence[Decimal],
    *,
    judge_usd: Decimal = Decimal(0),
    second_opinion_usd: Decimal = Decimal(0),
    asked_share: Decimal = Decimal(1),
) -> tuple[StepFinding, ...]:
    """Every step of a ladder that cannot pay, or hardly can, at these costs.

    Args:
        names: Of the tiers, cheapest first.
        answer_usd: Cost of one typical answer of each tier, same prompt.
        judge_usd: Of one call of the judge; 0 without one.
        second_opinion_usd: Of one second opinion; 0 without one.
        asked_share: Share (0..1) of the drafts that these are asked about; 1 unless it is known.

    Raises:
        ValueError: A cost is no cost, or names and costs differ in number.
    """
    if len(names) != len(answer_usd):
        raise ValueError(f"{len(names)} tiers and {len(answer_usd)} costs: give one cost for each tier")
    asked_usd = judge_usd + second_opinion_usd
    steps = zip(pairwise(names), pairwise(answer_usd), strict=True)
    found = [_step(tiers, costs, asked_usd, asked_share) for tiers, costs in steps]
    return tuple(finding for finding in found if finding is not None)


def _step(
    tiers: tuple[str, str], answers_usd: tuple[Decimal, Decimal], asked_usd: Decimal, asked_share: Decimal
) -> StepFinding | None:
    (draft, target), (cheap, dear) = tiers, answers_usd
    economics = judge_can_pay(cheap, asked_usd, dear, judged_share=asked_share)
    needed = economics.break_even_acceptance
    if economics.can_pay and needed is not None and needed <= HARDLY:
        return None
    arithmetic = (
        f"draft {cheap:.3g} + {asked_share:.0%} x asking {asked_usd:.3g} USD against {dear:.3g} USD of {target!r}"
    )
    if not economics.can_pay or needed is None:
        message = f"drafting on {draft!r} never pays: {arithmetic}. Start on {target!r}, or ask a cheaper model"
        return StepFinding("refuse", draft, target, needed, message)
    message = f"drafting on {draft!r} pays only if over {needed:.0%} of its answers are served: {arithmetic}"
    return StepFinding("warn", draft, target, needed, message)


def second_opinion_pays(opinion_usd: Decimal, target_usd: Decimal, agree_share: Decimal) -> bool:
    """Whether a second opinion is cheaper than what it saves: the target's answer wherever it agrees with the draft.

    Args:
        opinion_usd: Of one second opinion.
        target_usd: Of the answer of the tier that the draft would go up to.
        agree_share: Share (0..1) of the drafts, among those it is asked about, with which it agrees.
    """
    return opinion_usd < agree_share * target_usd
