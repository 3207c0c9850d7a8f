"""Pairs of a score and whether the answer was good, from ratings and from judges, by what they can teach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from litellm_router_plugin.core.threshold_proposal import ScoreOutcomes
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.shadow import shadow_of

Source = Literal["ratings", "judge"]
GOOD_ABOVE = 0.5
"""A rating with a score (0..1) above it is of a good answer, one below of a poor one; the middle says neither."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What some pairs teach.

    Attributes:
        setting: ``intercepts`` (of a tier), ``judge_threshold`` or ``learned_check``.
        tier: The tier of an intercept; else empty.
        source: Who said whether answers were good.
    """

    route: str
    setting: str
    tier: str
    source: Source


@dataclass(frozen=True, slots=True)
class Rated:
    """A decision and the mean score (0..1) of its ratings."""

    record: DecisionRecord
    score: float


def collect(
    rated: Iterable[Rated], judged: Iterable[DecisionRecord], tunings: Mapping[str, str]
) -> dict[Lesson, ScoreOutcomes]:
    """The pairs of one router by lesson.

    Args:
        rated: Rated decisions.
        judged: Decisions whose answers a judge read whatever the checks said; others are no fair sample.
        tunings: Route -> which settings are in force there now (`DecisionRecord.tuning`). Decisions made under others
            are left out: their scores were other scores.
    """
    found: dict[Lesson, ScoreOutcomes] = {}
    pairs = [pair for one in rated if _is_current(one.record, tunings) for pair in _of_rating(one)]
    pairs += [pair for record in judged if _is_current(record, tunings) for pair in _of_judge(record)]
    for lesson, score, good in pairs:
        found[lesson] = found.get(lesson, ScoreOutcomes()).with_outcome(score, good=good)
    return found


def _is_current(record: DecisionRecord, tunings: Mapping[str, str]) -> bool:
    return record.tuning == tunings.get(record.route, "")


def _of_rating(one: Rated) -> Iterator[tuple[Lesson, float, bool]]:
    record, served = one.record, one.record.served
    if served is None or one.score == GOOD_ABOVE:
        return
    good, route = one.score > GOOD_ABOVE, record.route
    if record.tier in record.p_success:
        yield Lesson(route, "intercepts", record.tier, "ratings"), float(record.p_success[record.tier]), good
    if served.quality is not None and served.verdict_by == "judge":
        yield Lesson(route, "judge_threshold", "", "ratings"), served.quality, good
    if served.quality is not None and served.verdict_by == "checks":
        yield Lesson(route, "learned_check", "", "ratings"), served.quality, good


def _of_judge(record: DecisionRecord) -> Iterator[tuple[Lesson, float, bool]]:
    graded = [(call.tier, call.verdict) for call in record.calls if call.role == "attempt" and call.decider == "judge"]
    run = shadow_of(record)
    graded += [(step.tier, step.verdict) for step in (run.steps if run else ()) if step.by == "judge"]
    for tier, verdict in graded:
        if tier in record.p_success:
            yield Lesson(record.route, "intercepts", tier, "judge"), float(record.p_success[tier]), verdict == "accept"
