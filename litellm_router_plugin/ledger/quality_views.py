"""Ratings and verdicts over time, by tier, route or model, in the form users see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from litellm_router_plugin.core.sequential import BernoulliRate
from litellm_router_plugin.ledger.observed import rate_view
from litellm_router_plugin.ledger.ratings import quality

By = Literal["tier", "route", "model"]
BY: tuple[str, ...] = get_args(By)
HOURS = {"hour": 1, "day": 24}
HOUR_S = 3_600
MAX_GROUPS = 50
"""Groups shown, those with the most verdicts and ratings."""


@dataclass(slots=True)
class Cell:
    """What was said in one hour of the answers of one tier, route or model.

    Attributes:
        hour: Hours since 1970, UTC.
        graded: Verdicts of checks, judges and others.
        accepted: Those that did not reject.
        score_sum: Sum of the ratings' scores, 0..1 each.
    """

    hour: int
    name: str
    graded: int = 0
    accepted: int = 0
    ratings: int = 0
    score_sum: float = 0.0

    def add(self, other: Cell) -> None:
        """Add another cell's counts."""
        self.graded += other.graded
        self.accepted += other.accepted
        self.ratings += other.ratings
        self.score_sum += other.score_sum

    def view(self) -> dict[str, object]:
        """The counts with their intervals."""
        return {
            "acceptance": rate_view(BernoulliRate(self.graded, self.accepted)),
            "rating": quality(self.ratings, self.score_sum),
        }


def quality_view(by: str, bucket: str, cells: Iterable[Cell]) -> dict[str, object]:
    """The groups, those of which most is known first, each with its points in the order of time."""
    hours = HOURS[bucket]
    groups: dict[str, dict[int, Cell]] = {}
    for cell in cells:
        start = cell.hour // hours * hours
        groups.setdefault(cell.name, {}).setdefault(start, Cell(start, cell.name)).add(cell)
    views = [(_total(name, points), points) for name, points in groups.items()]
    views.sort(key=lambda view: (-view[0].graded - view[0].ratings, view[0].name))
    shown = [
        {"name": total.name, **total.view(), "points": [_point(points[start]) for start in sorted(points)]}
        for total, points in views[:MAX_GROUPS]
    ]
    return {"by": by, "bucket": bucket, "groups": shown, "groups_left_out": max(0, len(views) - MAX_GROUPS)}


def _total(name: str, points: dict[int, Cell]) -> Cell:
    total = Cell(0, name)
    for cell in points.values():
        total.add(cell)
    return total


def _point(cell: Cell) -> dict[str, object]:
    start = datetime.fromtimestamp(cell.hour * HOUR_S, UTC).isoformat().replace("+00:00", "Z")
    return {"start": start, **cell.view()}
