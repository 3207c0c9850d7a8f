"""Asks everybody who may say whether a draft is good enough, the cheapest first, and nobody in vain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from time import perf_counter

from litellm_router_plugin.build_checks import Graders
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.beliefs import readiness_values
from litellm_router_plugin.core.expected_cost import Ask, GraderOutlook, Settle, after_verdict, updated
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import JudgeFailed
from litellm_router_plugin.host.outlook import USUAL_GRADERS, Outlook
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
        is_first: No tier answered before this one. A second model's answer to the same request would be the same again,
            so it is asked about the first draft only.
        note_grader: Told of each verdict of a model: its group, and what is to be remembered on the route.
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
    is_first: bool = True
    note_grader: Callable[[str, Mapping[str, float]], None] | None = None


async def grade(graders: Graders, draft: Drafted, calls: ModelCalls) -> Verdict:
    """The verdict on a draft.

    Local checks come first; what they reject is rejected, at no cost, and what a calibrated one vouches for is served.
    Then the user's own checkers. With forecasts the expected-cost rule says who is asked and what follows; without, a
    draft in doubt goes to a second model, where its answer can be compared and asking pays, else to the judge. Of the
    start of a stream only the checks that can read one speak.
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
    if draft.outlook is not None and not is_vouched_for(graders, verdict):
        return await _settled_by_rule(graders, draft, draft.outlook, verdict, calls)
    return verdict if verdict.outcome is Outcome.ACCEPT else await _settled(graders, draft, verdict, calls)


def is_vouched_for(graders: Graders, verdict: Verdict) -> bool:
    """Whether the learned check, calibrated on the route, accepts."""
    learned = graders.learned
    return learned is not None and learned.calibrated and verdict.outcome is Outcome.ACCEPT


def checked(graders: Graders, draft: Drafted) -> Verdict:
    """What the local checks say."""
    began = perf_counter()
    examine = graders.panel.examine_prefix if draft.answer.is_prefix else graders.panel.examine
    verdict = examine(draft.answer, draft.request, draft.route)
    observe_checking(perf_counter() - began)
    return verdict


async def _settled_by_rule(
    graders: Graders, draft: Drafted, outlook: Outlook, verdict: Verdict, calls: ModelCalls
) -> Verdict:
    """Ask whom the rule names, one after the other, and do what it says then.

    An estimate alone is no reason to go up: where nobody was asked, or nobody answered, the draft is served.
    """
    p_ok = outlook.p_ok(draft.rung, _estimate(graders, draft))
    left = {name: one for name, one in outlook.graders.items() if _can_ask(graders, draft, name)}
    found = verdict
    while True:
        step = after_verdict(
            p_ok, draft.rung, outlook.tiers, list(left.values()), outlook.value_usd, rungs=outlook.rungs
        )
        name = step.grader if isinstance(step, Ask) else None
        if isinstance(step, Settle) and found is verdict:
            name = _first_to_ask(step, left, outlook, draft)
        if name is None:
            break
        asked = left.pop(name)
        said = await _asked(graders, draft, name, found, calls)
        if said is None:
            continue
        if said.by == "policy":  # the judge failed: its failure policy decides
            return said
        accepted = said.outcome is Outcome.ACCEPT
        if draft.note_grader is not None:
            group = graders.judge_group if name == "judge" else _second_group(graders)
            draft.note_grader(group, readiness_values(USUAL_GRADERS[name], p_ok, accepted=accepted))
        p_ok, found = updated(p_ok, asked, accepted=accepted), said
    return verdict if found is verdict or isinstance(step, Ask) else _decided(found, step, p_ok)


def _estimate(graders: Graders, draft: Drafted) -> float | None:
    """The learned check's estimate of a draft; None where there is none."""
    if graders.learned is None:
        return None
    try:
        return graders.learned.p_ok(draft.answer, draft.request, draft.route)
    except Exception as fault:  # noqa: BLE001  as in the panel: a faulty check says nothing, and is counted
        if graders.on_fault is not None:
            graders.on_fault("check.learned", fault)
        return None


def _first_to_ask(step: Settle, left: Mapping[str, GraderOutlook], outlook: Outlook, draft: Drafted) -> str | None:
    """Who is asked before going up on an estimate alone: the cheapest, if that costs less than the answer above."""
    if step.verdict.outcome is not Outcome.REJECT or not left:
        return None
    name = min(left, key=lambda one: left[one].cost_usd)
    above = [outlook.tiers[rung].cost_usd for rung in outlook.rungs if rung > draft.rung]
    return name if above and left[name].cost_usd < above[0] else None


def _decided(said: Verdict, step: Settle, p_ok: float) -> Verdict:
    """What follows from what was said; where that is not what the last one asked said, the rule decided."""
    outcome = step.verdict.outcome
    if outcome is said.outcome:
        return replace(said, quality=p_ok)
    reason = "; ".join(filter(None, (said.reason, step.verdict.reason)))
    return replace(step.verdict, quality=p_ok, reason=reason)


async def _asked(graders: Graders, draft: Drafted, name: str, verdict: Verdict, calls: ModelCalls) -> Verdict | None:
    """What one that costs something says; None where it says nothing."""
    if name == "judge":
        return await _judged(graders, draft, verdict, calls)
    opinion = await _opinion(graders, draft, calls)
    return None if opinion is None else _with_reasons(verdict, opinion)


async def _settled(graders: Graders, draft: Drafted, verdict: Verdict, calls: ModelCalls) -> Verdict:
    """A doubt settled by those who cost something, the second model first."""
    for name in ("second_opinion", "judge"):
        if _can_ask(graders, draft, name):
            said = await _asked(graders, draft, name, verdict, calls)
            if said is not None:
                return said
    return verdict


def _can_ask(graders: Graders, draft: Drafted, name: str) -> bool:
    if name == "judge":
        return graders.judge is not None
    second = graders.second
    if second is None or draft.messages is None or not draft.is_first:
        return False
    return second.can_compare(draft.answer, draft.request) and second.pays(draft.opinion_usd, draft.target_usd)


def _second_group(graders: Graders) -> str:
    return graders.second.model_group if graders.second is not None else ""


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
