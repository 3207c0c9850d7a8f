"""A cascade that loses money: a draft and a judge that together cost more than the drafts that pass are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.replay.figures import always
from benchmarks.replay.recordings import Ladder
from benchmarks.replay.setups import TIER_NAMES, Policies, cascade, router_name
from benchmarks.replay.traffic import Served, guard_of

LOSING_LADDER = Ladder("zeroeval_math_l5", ("gpt-4o-2024-08-06", "claude-3-5-sonnet-20241022"))
LOSING_PRICE = "gpt-4o-mini-2024-07-18"
"""The model whose price the judge has."""
STEP = 25
"""Requests between two lines of the table."""
GUARDED, UNGUARDED = "guard on", "guard off"


def losing_policies(accuracy: float) -> Policies:
    """The same cascade with and without the guard."""
    return {
        name: {"cascade": cascade(judge=accuracy, break_even=guarded)}
        for name, guarded in ((UNGUARDED, False), (GUARDED, True))
    }


def losing_tables(requests: Mapping[str, Sequence[Served]], summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the cascade cost against going straight up, as the requests went by."""
    direct = requests[always(TIER_NAMES[1])]
    lines = [
        f"| requests | saved so far, {UNGUARDED} | saved so far, {GUARDED} | of these {STEP} bypassed |",
        "| --- | --- | --- | --- |",
    ]
    for start in range(0, len(direct), STEP):
        end = min(start + STEP, len(direct))
        unguarded, guarded = (_saved(requests[policy][:end], direct[:end]) for policy in (UNGUARDED, GUARDED))
        bypassed = sum(one.cause == "break_even" for one in requests[GUARDED][start:end])
        lines.append(f"| {end} | {unguarded:+.1%} | {guarded:+.1%} | {bypassed} |")
    fixed = [_fixed(tier, requests[always(tier)]) for tier in TIER_NAMES[: len(LOSING_LADDER.models)]]
    return [*lines, "", *fixed, *[_sentence(policy, requests, summaries) for policy in (UNGUARDED, GUARDED)]]


def _fixed(tier: str, served: Sequence[Served]) -> str:
    model = LOSING_LADDER.models[TIER_NAMES.index(tier)]
    cost = 1_000 * math.fsum(one.cost_usd for one in served) / len(served)
    return f"- {always(tier)}, `{model}`: quality {_quality(served):.3f}, USD {cost:.2f} per 1,000 requests."


def _quality(served: Sequence[Served]) -> float:
    return math.fsum(one.score for one in served) / len(served)


def _saved(spent: Sequence[Served], direct: Sequence[Served]) -> float:
    """Share of the cost of going straight up that was saved."""
    return 1 - math.fsum(one.cost_usd for one in spent) / math.fsum(one.cost_usd for one in direct)


def _sentence(policy: str, requests: Mapping[str, Sequence[Served]], summaries: Mapping[str, Mapping[str, Any]]) -> str:
    served = requests[policy]
    standing = guard_of(summaries[policy], router_name(LOSING_LADDER.source, policy)) or {
        "bypassed": False,
        "standing": "nothing",
    }
    bypassed = [place for place, one in enumerate(served, start=1) if one.cause == "break_even"]
    first = f"bypassed from request {bypassed[0]} on, {len(bypassed)} in all" if bypassed else "never bypassed"
    phase = "bypassed" if standing["bypassed"] else "running"
    said = f"at the end the guard says {standing['standing']} ({phase})"
    return f"- {policy}: {first}; quality {_quality(served):.3f}; {said}."
