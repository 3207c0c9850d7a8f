"""The ``routes`` section of a tier router from labelled rows: where each tier's forecasts stand too high or too low."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.table import Table

from litellm_router_plugin.config.routes import MAX_SHIFT
from litellm_router_plugin.evaluation.rows import OutcomeRow

if TYPE_CHECKING:
    from litellm_router_plugin.learning.adaptation import RouteShift
    from litellm_router_plugin.learning.outcome_model import LearnedModel

FEWEST_LABELS: Final = 10
"""Labels of a tier on a route below which its level is not mended."""
SHOWN_DIGITS: Final = 3

RouteShifts: TypeAlias = "Mapping[str, Mapping[str, RouteShift]]"
"""Route -> tier -> shift."""


def routes_of(rows: Sequence[OutcomeRow]) -> dict[str, list[OutcomeRow]]:
    """The rows of each route that some row names, routes sorted."""
    found: dict[str, list[OutcomeRow]] = {}
    for row in rows:
        if row.route:
            found.setdefault(row.route, []).append(row)
    return dict(sorted(found.items()))


def shifts_of(model: LearnedModel, rows: Sequence[OutcomeRow], ladder: Mapping[str, str]) -> RouteShifts:
    """What the rows of each route say of each tier's level; ``ladder`` is tier -> model."""
    from litellm_router_plugin.learning.adaptation import route_shifts  # noqa: PLC0415  numpy, only if used

    names = list(dict.fromkeys(ladder.values()))
    found = {}
    for route, own in routes_of(rows).items():
        by_model = route_shifts(model, [row.as_mapping() for row in own], names)
        found[route] = {tier: by_model[name] for tier, name in ladder.items()}
    return found


def as_settings(shifts: RouteShifts) -> dict[str, dict[str, dict[str, float]]]:
    """The ``routes`` section: routes and tiers with labels enough."""
    section = {}
    for route, by_tier in shifts.items():
        intercepts = {
            tier: round(max(-MAX_SHIFT, min(MAX_SHIFT, shift.intercept)), SHOWN_DIGITS)
            for tier, shift in by_tier.items()
            if shift.labels >= FEWEST_LABELS
        }
        if intercepts:
            section[route] = {"intercepts": intercepts}
    return section


def shifts_table(shifts: RouteShifts) -> Table:
    """For people: labels, what was forecast, what came, and the shift."""
    table = Table(title="levels on the routes")
    for heading in ("route", "tier", "labels", "forecast", "scored", "shift of the log odds"):
        table.add_column(heading, justify="left" if heading in ("route", "tier") else "right")
    for route, by_tier in shifts.items():
        for tier, shift in by_tier.items():
            table.add_row(route, tier, str(shift.labels), *_told(shift))
    return table


def _told(shift: RouteShift) -> tuple[str, str, str]:
    if shift.labels < FEWEST_LABELS:
        return "", "", f"left out: fewer than {FEWEST_LABELS} labels"
    return f"{shift.mean_forecast:.3f}", f"{shift.mean_score:.3f}", f"{shift.intercept:+.3f}"
