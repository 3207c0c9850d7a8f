"""Asks everybody who may say whether a draft is good enough, the cheapest first."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from litellm_router_plugin.build_checks import Graders
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.metrics import observe_checking, observe_judging


async def grade(
    graders: Graders, answer: AnswerView, request: RequestView, route: RouteStatistics, calls: ModelCalls
) -> Verdict:
    """The verdict on a draft.

    Local checks come first; what they reject is rejected, at no cost. Then the user's own checkers, then, if the
    draft is still in doubt or it is always asked, the judge. Of the start of a stream only the checks that can read
    one speak.
    """
    began = perf_counter()
    panel = graders.panel
    verdict = (panel.examine_prefix if answer.is_prefix else panel.examine)(answer, request, route)
    observe_checking(perf_counter() - began)
    if answer.is_prefix:
        return verdict
    for grader in graders.own:
        if verdict.outcome is Outcome.REJECT:
            return verdict
        verdict = _worse(verdict, await grader.grade(answer, request, calls))
    wanted = graders.asks_always or verdict.outcome is Outcome.UNSURE
    if graders.judge is None or verdict.outcome is Outcome.REJECT or not wanted:
        return verdict
    began = perf_counter()
    judged = await graders.judge.grade(answer, request, calls)
    observe_judging(perf_counter() - began)
    return replace(judged, reason="; ".join(filter(None, (verdict.reason, judged.reason))))


def _worse(one: Verdict, other: Verdict) -> Verdict:
    """The verdict that asks for more: a rejection before a doubt before an acceptance."""
    order = (Outcome.ACCEPT, Outcome.UNSURE, Outcome.REJECT)
    return other if order.index(other.outcome) >= order.index(one.outcome) else one
