"""The one rule: where to start, whether to have the answer graded and by whom, and when to stop.

A good answer is worth ``value_usd``. Of all plans for a request the one with the largest expected net value, that is
value times P(the served answer is good) minus the expected cost of every call, is followed. Serving a tier's answer
ungraded is a plan like any other, so the rule is never worse in expectation, under the forecasts that it was given,
than the best fixed tier; what the forecasts are worth is another matter.

What is assumed of graders: their errors on good and on poor answers are known rates, and do not depend on the prompt.
What is assumed of tiers: where a draft is poor, every further tier's P(success) is ``1 - shared_failure`` of what it
was; where the draft is good it is so much higher that the tier's forecast holds on average.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from litellm_router_plugin.core.verdicts import Outcome, Verdict

SHARED_FAILURE: Final = 0.2
"""Share by which a tier is less often right where the draft below it was poor: the mean over the pairs of tiers on the
recorded train prompts, where it runs from 0 to .55."""


@dataclass(frozen=True, slots=True)
class TierOutlook:
    """What is expected of one tier on one request.

    Attributes:
        p_success: P(its answer is good enough), 0..1.
        cost_usd: Expected cost of one answer.
    """

    p_success: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class GraderOutlook:
    """What is expected of a grader: the local checks, a second opinion, a judge.

    Attributes:
        name: What it is called in plans.
        cost_usd: Of grading one answer; 0 for local checks.
        accepts_good: P(it accepts | the answer is good), 0..1.
        accepts_poor: P(it accepts | the answer is poor), 0..1.
    """

    name: str
    cost_usd: float
    accepts_good: float
    accepts_poor: float

    @classmethod
    def of_accuracy(cls, name: str, cost_usd: float, accuracy: float) -> GraderOutlook:
        """A grader that is right equally often (0..1) on good and on poor answers."""
        return cls(name, cost_usd, accuracy, 1.0 - accuracy)

    def at(self, cost_usd: float) -> GraderOutlook:
        """The same grader at another cost."""
        return replace(self, cost_usd=cost_usd)


REJECTS_ALL: Final = GraderOutlook("", 0.0, 0.0, 0.0)
"""Going up whatever the draft is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a request, and what is expected of that.

    Attributes:
        rung: The tier to call.
        grader: Who grades its answer; None: it is served ungraded.
        then: What follows on a rejection; None: the answer is served ungraded.
        p_success: P(the served answer is good).
        cost_usd: Expected cost of all calls.
    """

    rung: int
    grader: str | None
    then: Plan | None
    p_success: float
    cost_usd: float

    def net_value(self, value_usd: float) -> float:
        """Value of the expected quality minus the expected cost."""
        return value_usd * self.p_success - self.cost_usd

    @property
    def rungs(self) -> tuple[int, ...]:
        """The rungs that are called if every answer is rejected, in order."""
        return (self.rung, *(self.then.rungs if self.then else ()))

    def skipped(self, top_rung: int) -> frozenset[int]:
        """Rungs up to the top that this plan never calls: what `CascadePolicy.skip` needs for it to be followed."""
        return frozenset(range(top_rung + 1)) - set(self.rungs)


@dataclass(frozen=True, slots=True)
class Ask:
    """Have the draft graded by this grader."""

    grader: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Nobody else is asked: serve the draft, or go up. `verdict` is what `cascade.next_step` is told."""

    verdict: Verdict


def best_plan(
    tiers: Sequence[TierOutlook],
    graders: Sequence[GraderOutlook],
    value_usd: float,
    *,
    rungs: Sequence[int] | None = None,
    shared_failure: float = SHARED_FAILURE,
) -> Plan:
    """The plan with the largest expected net value; of equals the cheaper one.

    Args:
        tiers: By rung, cheapest first.
        graders: Who may be asked, each about any draft.
        value_usd: What a good answer is worth.
        rungs: The rungs that may be called; default all.
        shared_failure: See the module.

    Raises:
        ValueError: An input is no probability or no cost, or there is no rung.
    """
    return max(
        _plans(tiers, graders, rungs, shared_failure, value_usd),
        key=lambda plan: (plan.net_value(value_usd), -plan.cost_usd, -plan.rung),
    )


def cheapest_plan(
    tiers: Sequence[TierOutlook],
    graders: Sequence[GraderOutlook],
    quality_target: float,
    *,
    rungs: Sequence[int] | None = None,
    shared_failure: float = SHARED_FAILURE,
) -> Plan:
    """The cheapest plan expected to keep a share (0..1) of the best single tier's P(success) on this very request.

    Rejected answers go to the best of the plans above by P(success). Raises as `best_plan` does.
    """
    plans = list(_plans(tiers, graders, rungs, shared_failure, math.inf))
    needed = quality_target * max(plan.p_success for plan in plans if plan.grader is None)
    meeting = [plan for plan in plans if plan.p_success >= needed]
    return min(meeting, key=lambda plan: (plan.cost_usd, -plan.p_success, plan.rung))


def after_verdict(
    p_ok: float,
    rung: int,
    tiers: Sequence[TierOutlook],
    graders: Sequence[GraderOutlook],
    value_usd: float,
    *,
    rungs: Sequence[int] | None = None,
    shared_failure: float = SHARED_FAILURE,
) -> Ask | Settle:
    """What to do with a draft once something is known of it.

    Args:
        p_ok: P(the draft is good) after all that was found so far.
        rung: The draft's tier. Its cost is spent and does not count any more.
        tiers: By rung.
        graders: Who has not been asked yet.
        value_usd: What a good answer is worth.
        rungs: The rungs that may be called; default all. Those at or below the draft's are not.
        shared_failure: See the module.

    Returns:
        `Ask`, or `Settle` with an accepting or a rejecting verdict by ``policy``.
    """
    allowed = range(len(tiers)) if rungs is None else rungs
    above = [up for up in allowed if up > rung]
    serve = Plan(rung, None, None, _probability("p_ok", p_ok), 0.0)
    if not above:
        return _settled(Outcome.ACCEPT, p_ok)
    then = best_plan(tiers, graders, value_usd, rungs=above, shared_failure=shared_failure)
    following = _next_success(tiers[rung].p_success, then.p_success, shared_failure)
    draft = TierOutlook(p_ok, 0.0)
    options = {"": serve, "up": _graded(draft, rung, REJECTS_ALL, then, following)}
    for grader in graders:
        options[f"ask {grader.name}"] = _graded(draft, rung, grader, then, following)
    chosen = max(options, key=lambda name: options[name].net_value(value_usd))  # of equals the first: serve
    if chosen.startswith("ask "):
        return Ask(chosen.removeprefix("ask "))
    return _settled(Outcome.REJECT if chosen else Outcome.ACCEPT, p_ok)


def updated(p_ok: float, grader: GraderOutlook, *, accepted: bool) -> float:
    """P(the draft is good) after a grader has spoken (Bayes' rule); unchanged where it could not have said so."""
    good = grader.accepts_good if accepted else 1.0 - grader.accepts_good
    poor = grader.accepts_poor if accepted else 1.0 - grader.accepts_poor
    total = p_ok * good + (1.0 - p_ok) * poor
    return p_ok * good / total if total > 0 else p_ok


def _plans(
    tiers: Sequence[TierOutlook],
    graders: Sequence[GraderOutlook],
    rungs: Sequence[int] | None,
    shared_failure: float,
    value_usd: float,
) -> Iterator[Plan]:
    """Every plan whose continuation is the best one above; from the top down."""
    allowed = sorted(set(range(len(tiers)) if rungs is None else rungs))
    if not allowed or allowed[0] < 0 or allowed[-1] >= len(tiers):
        raise ValueError(f"rungs: {allowed} of {len(tiers)} tiers. Name at least one rung, counted from 0")
    _check(tiers, graders, shared_failure)
    best: Plan | None = None
    for rung in reversed(allowed):
        own = [Plan(rung, None, None, tiers[rung].p_success, tiers[rung].cost_usd)]
        if best is not None:
            following = _next_success(tiers[rung].p_success, best.p_success, shared_failure)
            own += [_graded(tiers[rung], rung, grader, best, following) for grader in graders]
        yield from own
        best = max([plan for plan in (best, *own) if plan is not None], key=lambda plan: _rank(plan, value_usd))


def _rank(plan: Plan, value_usd: float) -> tuple[float, float]:
    if math.isinf(value_usd):
        return plan.p_success, -plan.cost_usd
    return plan.net_value(value_usd), -plan.cost_usd


def _graded(draft: TierOutlook, rung: int, grader: GraderOutlook, then: Plan, following: tuple[float, float]) -> Plan:
    """The plan to draft, grade, and follow ``then`` on a rejection; ``following`` is what `_next_success` says."""
    p = draft.p_success
    after_poor, after_good = following
    rejected_good, rejected_poor = p * (1 - grader.accepts_good), (1 - p) * (1 - grader.accepts_poor)
    quality = p * grader.accepts_good + rejected_good * after_good + rejected_poor * after_poor
    cost = draft.cost_usd + grader.cost_usd + (rejected_good + rejected_poor) * then.cost_usd
    return Plan(rung, grader.name, then, min(max(quality, 0.0), 1.0), cost)


def _next_success(p: float, following: float, shared_failure: float) -> tuple[float, float]:
    """P(what follows is good) where the draft is poor and where it is good; ``following`` on average."""
    after_poor = following * (1.0 - shared_failure)
    after_good = (following - (1.0 - p) * after_poor) / p if p > 0 else following
    if after_good <= 1.0:
        return after_poor, after_good
    return ((following - p) / (1.0 - p) if p < 1.0 else following), 1.0


def _settled(outcome: Outcome, p_ok: float) -> Settle:
    reason = "expected to be worth its cost to go up" if outcome is Outcome.REJECT else "going up is not worth its cost"
    return Settle(Verdict(outcome, by="policy", quality=p_ok, reason=reason))


def _check(tiers: Sequence[TierOutlook], graders: Sequence[GraderOutlook], shared_failure: float) -> None:
    _probability("shared_failure", shared_failure)
    for rung, tier in enumerate(tiers):
        _probability(f"tiers[{rung}].p_success", tier.p_success)
        _cost(f"tiers[{rung}].cost_usd", tier.cost_usd)
    for grader in graders:
        _probability(f"{grader.name}.accepts_good", grader.accepts_good)
        _probability(f"{grader.name}.accepts_poor", grader.accepts_poor)
        _cost(f"{grader.name}.cost_usd", grader.cost_usd)


def _probability(name: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: {value!r} is no probability. Give a number from 0 to 1")
    return value


def _cost(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0.0):
        raise ValueError(f"{name}: {value!r} is no cost. Give a finite amount of USD that is not negative")
