"""Observe mode, quality and drift alarms in ``report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.cli.report_tables import UNKNOWN, Table, share, usd

if TYPE_CHECKING:
    from litellm_router_plugin.store.filters import Filters
    from litellm_router_plugin.store.reading import StoreReader

Figures = Mapping[str, Any]
BASES = {
    "known": "known",
    "sampled": "estimates corrected by {} sampled requests",
    "estimated": "estimated ({} sampled)",
}


def observed_section(reader: StoreReader, filters: Filters) -> dict[str, Any]:
    """What routing would have done with requests in observe mode."""
    return reader.observed_figures(filters, ())


def observed_tables(found: Figures) -> list[Table]:
    """Costs and tiers, where anything was observed."""
    return [_would_be(found), _tiers(found)] if found["requests"] else []


def no_problems(_found: object) -> list[str]:
    """Nothing here is a problem by itself."""
    return []


def _would_be(found: Figures) -> Table:
    rows: list[tuple[str, ...]] = [("what really happened", usd(found["actual_usd"]), "", "known")]
    for name, key in (("routing", "routing"), ("routing with the cascade", "cascade")):
        one = found[key]
        cost = _range(one["cost_usd"], one["cost_low_usd"], one["cost_high_usd"])
        saved = _range(one["saved_usd"], one["saved_low_usd"], one["saved_high_usd"])
        rows.append((name, cost, saved, BASES[one["basis"]].format(f"{one['sampled']:,}")))
    moved = found["cascade"]["escalation_rate"]
    notes = [
        f"{found['requests']:,} requests were observed, {found['sampled']:,} of them sampled.",
        f"Shadow calls cost {usd(found['shadow_spend_usd'])}.",
        f"The cascade would have moved up on {_rate(moved)} of the sampled requests.",
        "Estimates take the served answer's tokens at the price of the tier that would have been chosen.",
    ]
    if found["without_price"]:
        notes.append(f"{found['without_price']:,} requests have no price and are in no figure.")
    return Table("Observe mode", ("", "cost", "saved", "rests on"), tuple(rows), " ".join(notes))


def _tiers(found: Figures) -> Table:
    rows = tuple(
        (tier, f"{count:,}", _rate(found["served_by_tier"].get(tier)))
        for tier, count in found["chosen_by_tier"].items()
    )
    note = "Served: share of the sampled requests, the cascade's moves up included, with 95 % intervals."
    return Table("Tiers that would have answered", ("tier", "chosen", "served"), rows, note)


def quality_section(reader: StoreReader, filters: Filters) -> dict[str, Any]:
    """Ratings and verdicts by tier, route and model, by day."""
    return {by: reader.quality(by, "day", filters) for by in ("tier", "route", "model")}


def quality_tables(found: Figures) -> list[Table]:
    """The groups with their first and latest day, so that a change is seen."""
    rows = [row for by, view in found.items() for row in _groups(by, view)]
    note = "Accepted: share of the graded answers that nobody rejected. With 95 % intervals."
    columns = ("", "graded", "accepted", "first day", "latest day", "ratings", "mean rating")
    return [Table("Quality", columns, tuple(rows), note)] if rows else []


def _groups(by: str, view: Figures) -> list[tuple[str, ...]]:
    return [
        (
            f"{by} {group['name'] or '(none)'}",
            f"{group['acceptance']['of']:,}",
            _rate(group["acceptance"]),
            share(group["points"][0]["acceptance"]["share"]),
            share(group["points"][-1]["acceptance"]["share"]),
            f"{group['rating']['ratings']:,}",
            UNKNOWN if group["rating"]["mean_score"] is None else f"{group['rating']['mean_score']:.2f}",
        )
        for group in view["groups"]
    ]


def monitoring_section(reader: StoreReader, filters: Filters) -> dict[str, Any]:
    """Drift monitors and applied steps, as the proxy's processes last kept them."""
    return reader.monitoring(filters.router)


def monitoring_tables(found: Figures) -> list[Table]:
    """Alarms, then the steps that hold."""
    alarms = [(_stream(one), f"{one['seen']:,}", one["alarm"]) for one in found["monitors"] if one["alarm"]]
    steps = [
        (f"{one['router']}: {one['setting']} {one['tier'] or ''} on {one['route']}", _moved(one), one["by"], one["id"])
        for one in found["steps"]
        if one["reverted_at"] is None
    ]
    tables = [
        Table("Drift alarms", ("stream", "seen", "what changed"), tuple(alarms)),
        Table("Settings changed while running", ("setting", "from, to", "by", "step"), tuple(steps)),
    ]
    return [table for table in tables if table.rows]


def monitoring_problems(found: Figures) -> list[str]:
    """The alarms."""
    return [f"drift: {_stream(one)} has {one['alarm']}" for one in found["monitors"] if one["alarm"]]


def _stream(one: Figures) -> str:
    return f"{one['router']}: {one['stream']} of {one['tier']} on route {one['route']}"


def _moved(one: Figures) -> str:
    return f"{'none' if one['before'] is None else one['before']}, {one['after']}"


def _range(value: float, low: float | None, high: float | None) -> str:
    return usd(value) if low is None or high is None else f"{usd(value)} ({usd(low)} to {usd(high)})"


def _rate(rate: Figures | None) -> str:
    if rate is None or rate["share"] is None:
        return UNKNOWN
    return f"{share(rate['share'])} ({share(rate['low'])} to {share(rate['high'])})"


def proposal_tables(routers: Sequence[Figures]) -> list[Table]:
    """The proposals of ``monitor``."""
    return [_proposal(one) for router in routers for one in router["proposals"]]


def _proposal(one: Figures) -> Table:
    rows = tuple((line,) for line in one["diff"].splitlines())
    evidence = one["evidence"]
    note = f"{evidence['reason']}, by {evidence['outcomes']:,} {evidence['source']}. Proposal {one['id']}."
    return Table(f"{one['router']}: {one['setting']} on route {one['route']}", ("config",), rows, note)
