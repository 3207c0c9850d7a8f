"""Runs of experiments from the decisions in memory, and how a decision counts in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from litellm_router_plugin.core.experiment_analysis import UnitTotals
from litellm_router_plugin.core.experiment_runs import Run, RunBuilder, RunDefinition
from litellm_router_plugin.core.experiments import Placement
from litellm_router_plugin.ledger.rating_book import RatingEntry
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.savings import contribution


@dataclass(frozen=True, slots=True)
class Participation:
    """One decision as it counts in one experiment.

    Attributes:
        definition: Of the experiment.
        arm: ``control``, ``arm``, or ``none`` where it takes no part.
        unit: Digest of its unit; empty where it takes no part.
        cost: USD of every call; 0 where one has no price.
    """

    definition: RunDefinition
    arm: str
    unit: str
    is_escalated: bool
    is_priced: bool
    cost: Decimal


def participations_of(record: DecisionRecord) -> Iterator[Participation]:
    """How a finished decision counts in each experiment of its router."""
    if not record.assignment.experiments:
        return
    part = contribution(record)
    cost = part.answer_cost + part.overhead
    for experiment, placement in record.assignment.with_placements():
        definition = RunDefinition.of(record.router, experiment)
        unit = "" if placement is None else placement.unit_digest
        yield Participation(definition, arm_of(placement), unit, part.escalated, part.priced, cost)


def arm_of(placement: Placement | None) -> str:
    """The arm in one word."""
    if placement is None:
        return "none"
    return "arm" if placement.treated else "control"


def runs_of(records: Iterable[DecisionRecord], ratings: Iterable[RatingEntry]) -> list[Run]:
    """The runs that some finished decisions make, with their ratings; a later definition's goal is the one kept."""
    scores: dict[str, list[float]] = {}
    for entry in ratings:
        scores.setdefault(entry.decision.decision_id, []).append(entry.rating.score)
    builders: dict[tuple[str, str, str], RunBuilder] = {}
    for record in records:
        given = scores.get(record.decision_id, [])
        for one in participations_of(record):
            builder = builders.setdefault(one.definition.key, RunBuilder(one.definition))
            builder.definition = one.definition
            builder.add(one.arm, one.unit, _totals(one, given), record.created_at)
    return [builder.run() for builder in builders.values()]


def _totals(one: Participation, scores: list[float]) -> UnitTotals:
    return UnitTotals(1, one.is_escalated, one.is_priced, float(one.cost), len(scores), sum(scores))
