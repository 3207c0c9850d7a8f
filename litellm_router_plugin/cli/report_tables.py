"""What a report says, as tables of text; how they are shown is another matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a report. The first column is left-aligned, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables_of(summary: Figures, series: Figures) -> list[Table]:
    """The tables of a report, from the store's summary and its series by day."""
    tables = [_totals(summary), _savings(summary), _tiers(summary), _checks(summary), _ratings(summary), _days(series)]
    return [table for table in tables if table.rows]


def usd(amount: float | None, *, signed: bool = False) -> str:
    """An amount in USD with digits enough to see it; ``unknown`` for none."""
    if amount is None:
        return UNKNOWN
    places = 2 if abs(amount) >= 1 else 6
    sign = "+" if signed and amount > 0 else "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.{places}f}"


def share(value: float | None) -> str:
    """A share as percent."""
    return UNKNOWN if value is None else f"{100 * value:.1f} %"


def _percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:+.1f} %"


def _totals(summary: Figures) -> Table:
    requests = summary["total_requests"]
    rows = [
        ("requests", f"{requests:,}"),
        ("moved up at least once", share(summary["escalation_rate"])),
        ("failed", f"{summary['failed_requests']:,}"),
        ("without a price (outside all figures of cost)", f"{summary['unpriced_requests']:,}"),
        ("spent on served answers", usd(sum(summary["costs_by_tier"].values()))),
        ("spent on everything else", usd(summary["overhead_cost"])),
        ("spent in all", usd(summary["total_cost"])),
    ]
    note = "Everything else: drafts that were thrown away, judges, second opinions, classifiers."
    return Table("Totals", ("", ""), tuple(rows), note)


def _savings(summary: Figures) -> Table:
    fixed = summary["best_fixed_tier"]
    rows = [
        (
            f"everything on {summary['savings_baseline'] or 'one baseline'} (the baseline)",
            usd(summary["cost_without_routing"]),
            usd(summary["savings"], signed=True),
            _percent(summary["savings_percentage"]),
        ),
        (
            f"everything on {fixed or 'one tier'} (the best fixed tier)",
            usd(summary["cost_of_best_fixed_tier"]),
            usd(summary["savings_against_best_fixed_tier"], signed=True),
            _percent(summary["savings_percentage_against_best_fixed_tier"]),
        ),
    ]
    note = (
        "Savings are net of every call. The best fixed tier is the one whose answers are rated best; it is unknown "
        "until two tiers have 20 ratings each."
    )
    return Table("Savings", ("compared with", "would have cost", "saved", ""), tuple(rows), note)


def _tiers(summary: Figures) -> Table:
    rows = []
    for tier, requests in summary["requests_by_tier"].items():
        rows.append(
            (
                tier,
                f"{requests:,}",
                share(requests / summary["total_requests"] if summary["total_requests"] else None),
                f"{summary['tokens_by_tier'][tier]:,}",
                usd(summary["costs_by_tier"][tier]),
                usd(summary["cost_if_always"].get(tier)),
                share(summary["acceptance_by_tier"][tier]),
            )
        )
    columns = ("tier", "answers", "share", "tokens", "cost", "cost if always", "accepted")
    return Table("Tiers", columns, tuple(rows), "Accepted: share of the checked answers of that tier.")


def _checks(summary: Figures) -> Table:
    rows = [
        (name, f"{found['of']:,}", f"{found['rejected']:,}", share(found["acceptance"]))
        for name, found in summary["acceptance_by_check"].items()
    ]
    return Table("Checks", ("check", "answers", "rejected", "let pass"), tuple(rows))


def _ratings(summary: Figures) -> Table:
    found = {tier: one for tier, one in summary["ratings_by_tier"].items() if one["ratings"]}
    rows = [_rating(tier, one) for tier, one in found.items()]
    for route, tiers in summary["ratings_by_route"].items():
        rows += [_rating(f"{tier} on route {route}", one) for tier, one in tiers.items()]
    note = "From 0 (bad) to 1 (good), with 95 % intervals. Who rates is not a random choice."
    return Table("Ratings", ("tier", "ratings", "mean", "95 % interval"), tuple(rows), note)


def _rating(name: str, one: Figures) -> tuple[str, ...]:
    return (name, f"{one['ratings']:,}", f"{one['mean_score']:.2f}", f"{one['low']:.2f} to {one['high']:.2f}")


def _days(series: Figures) -> Table:
    points: Sequence[Figures] = series["points"]
    rows = tuple(
        (
            point["start"][:10],
            f"{point['requests']:,}",
            usd(point["cost_usd"]),
            usd(point["savings_usd"], signed=True),
            usd(point["savings_against_best_fixed_tier_usd"], signed=True),
            share(point["escalated_requests"] / point["requests"]),
        )
        for point in points
    )
    columns = ("day (UTC)", "requests", "cost", "saved", "saved against best fixed tier", "moved up")
    return Table("Days", columns, rows)
