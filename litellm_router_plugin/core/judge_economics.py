"""When a draft that is judged before it is served can be cheaper than calling the target at once.

With acceptance rate ``a`` a judged cascade costs ``draft + judge + (1 - a) * target`` a request; going straight up
costs ``target``. It pays when ``a > (draft + judge) / target``: the break-even acceptance rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class JudgeEconomics:
    """What prices alone say of a judged cascade.

    Attributes:
        break_even_acceptance: The share of drafts that must be accepted for the cascade to cost no more than the
            target; 1 or more means that it never does. None when the target costs nothing.
    """

    break_even_acceptance: Decimal | None

    @property
    def can_pay(self) -> bool:
        """Whether any acceptance rate makes the cascade cheaper than the target."""
        return self.break_even_acceptance is not None and self.break_even_acceptance < ONE

    def pays_at(self, acceptance: Decimal) -> bool:
        """Whether the cascade is cheaper than the target when this share (0..1) of the drafts is accepted."""
        return self.break_even_acceptance is not None and acceptance > self.break_even_acceptance


def judge_can_pay(
    draft_cost: Decimal, judge_cost: Decimal, target_cost: Decimal, *, judged_share: Decimal = ONE
) -> JudgeEconomics:
    """What prices say of drafting, judging, and going up on rejection.

    Args:
        draft_cost: USD of one answer of the cheap tier.
        judge_cost: USD of one call of the judge; it reads prompt and draft.
        target_cost: USD of one answer of the tier that a rejected draft goes up to.
        judged_share: Share of the drafts that the judge is asked about: 1 when it is always asked.

    Raises:
        ValueError: A cost is negative or not finite, or the share lies outside 0..1.
    """
    costs = {"draft_cost": draft_cost, "judge_cost": judge_cost, "target_cost": target_cost}
    for name, cost in costs.items():
        if not cost.is_finite() or cost < 0:
            raise ValueError(f"{name}: {cost} is no cost. Give a finite amount of USD that is not negative")
    if not (judged_share.is_finite() and 0 <= judged_share <= 1):
        raise ValueError(f"judged_share: {judged_share} is no share. Give a number from 0 to 1")
    if not target_cost:
        return JudgeEconomics(None)
    return JudgeEconomics((draft_cost + judged_share * judge_cost) / target_cost)
