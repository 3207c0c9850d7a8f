"""Asks everybody who may say whether a draft is good enough, the cheapest first, and nobody in vain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from time import perf_counter

from litellm_router_plugin.build_checks import Graders
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.expected_cost import Ask, after_verdict
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import JudgeFailed
from litellm_router_plugin.host.outlook import Outlook
from litellm_router_plugin.ledger.metrics import observe_checking, observe_judging


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft and everything that its graders may want to know.

    Attributes:
        rung: The tier that wrote it.
        messages: The client's own; None where a second model cannot be given them as they are.
        params: The client's own parameters.
        opinion_usd: Expected cost of a second opinion; None where it is not known.
        target_usd: Expected cost of the next tier's answer; None where it is not known.
        outlook: What is expected of tiers and graders; None where the classifier does not forecast it.
    """

    answer: AnswerView
    request: RequestView
    route: RouteStatistics
    rung: int
    messages: Sequence[Mapping[str, object]] | None = None
    params: Mapping[str, object] = field(default_factory=empty)
    opinion_usd: Decimal | None = None
    target_usd: Decimal | None = None
    outlook: Outlook | None = None


async def grade(graders: Graders, draft: Drafted, calls: ModelCalls) -> Verdict:
    """The verdict on a draft.

    Local checks come first; what they reject is rejected, at no cost. Then the user's own checkers. A draft that is
    still in doubt goes to whom the expected-cost rule names; without forecasts to a second model, where its answer
    can be compared and asking pays, else to the judge. Of the start of a stream only the checks that can read one
    speak.
    """
    verdict = checked(graders, draft)
    if draft.answer.is_prefix:
        return verdict
    for grader in graders.own:
        if verdict.outcome is Outcome.REJECT:
            return verdict
        verdict = _worse(verdict, await grader.grade(draft.answer, draft.request, calls))
    if verdict.outcome is Outcome.REJECT:
        return verdict
    if graders.asks_always:
        return await _judged(graders, draft, verdict, calls)
    return verdict if verdict.outcome is Outcome.ACCEPT else await _settled(graders, draft, verdict, calls)


def checked(graders: Graders, draft: Drafted) -> Verdict:
    """What the local checks say."""
    began = perf_counter()
    examine = graders.panel.examine_prefix if draft.answer.is_prefix else graders.panel.examine
    verdict = examine(draft.answer, draft.request, draft.route)
    observe_checking(perf_counter() - began)
    return verdict


async def _settled(graders: Graders, draft: Drafted, verdict: Verdict, calls: ModelCalls) -> Verdict:
    """A doubt settled by those who cost something, in the order of their cost, as far as asking is worth it."""
    for name in ("second_opinion", "judge"):
        if not _can_ask(graders, draft, verdict, name) or not _is_worth_asking(draft, verdict, name):
            continue
        if name == "judge":
            return await _judged(graders, draft, verdict, calls)
        opinion = await _opinion(graders, draft, calls)
        if opinion is not None:
            return _with_reasons(verdict, opinion)
    return verdict


def _can_ask(graders: Graders, draft: Drafted, verdict: Verdict, name: str) -> bool:
    if name == "judge":
        return graders.judge is not None
    second = graders.second
    if second is None or draft.messages is None or not second.wanted(draft.answer, draft.request, verdict):
        return False
    return second.pays(draft.opinion_usd, draft.target_usd)


def _is_worth_asking(draft: Drafted, verdict: Verdict, name: str) -> bool:
    """Whether the rule would rather ask this grader than serve the draft as it is.

    Where it would go up unasked the grader is asked first if that is cheaper than the answer above: going up is left
    to checks of proven precision, an estimate alone is no reason to reject.
    """
    outlook = draft.outlook
    if outlook is None or name not in outlook.graders:
        return True
    p_ok = outlook.tiers[draft.rung].p_success if verdict.quality is None else verdict.quality
    step = after_verdict(
        p_ok, draft.rung, outlook.tiers, [outlook.graders[name]], outlook.value_usd, rungs=outlook.rungs
    )
    if isinstance(step, Ask) or step.verdict.outcome is not Outcome.REJECT:
        return isinstance(step, Ask)
    above = [outlook.tiers[rung].cost_usd for rung in outlook.rungs if rung > draft.rung]
    return bool(above) and outlook.graders[name].cost_usd < above[0]


async def _opinion(graders: Graders, draft: Drafted, calls: ModelCalls) -> Verdict | None:
    if graders.second is None or draft.messages is None:
        return None
    opinion = await graders.second.opinion(
        draft.messages, draft.params, draft.answer, draft.request, calls, route=draft.route
    )
    if opinion is None and graders.on_fault is not None:
        graders.on_fault("second_opinion", JudgeFailed(f"{graders.second.model_group} gave no second opinion"))
    return opinion


async def _judged(graders: Graders, draft: Drafted, verdict: Verdict, calls: ModelCalls) -> Verdict:
    if graders.judge is None:
        return verdict
    began = perf_counter()
    judged = await graders.judge.grade(draft.answer, draft.request, calls)
    observe_judging(perf_counter() - began)
    return _with_reasons(verdict, judged)


def _with_reasons(earlier: Verdict, later: Verdict) -> Verdict:
    return replace(later, reason="; ".join(filter(None, (earlier.reason, later.reason))))


def _worse(one: Verdict, other: Verdict) -> Verdict:
    """The verdict that asks for more: a rejection before a doubt before an acceptance."""
    order = (Outcome.ACCEPT, Outcome.UNSURE, Outcome.REJECT)
    return other if order.index(other.outcome) >= order.index(one.outcome) else one
