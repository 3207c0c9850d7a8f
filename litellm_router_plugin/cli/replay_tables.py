"""What a replay of recorded traffic says, as tables of text."""

from __future__ import annotations

from collections.abc import Mapping

from litellm_router_plugin.cli.report_tables import Table, share, usd
from litellm_router_plugin.evaluation.intervals import Estimate
from litellm_router_plugin.evaluation.traffic_figures import TrafficFigures


def tables_of(figures: TrafficFigures, left_out: Mapping[str, int]) -> list[Table]:
    """The tables of a replay."""
    tables = [_costs(figures), _starts(figures), _moves(figures), _drafts(figures), _left_out(left_out)]
    return [table for table in tables if table.rows]


def _costs(figures: TrafficFigures) -> Table:
    rows = tuple(
        (one.policy, usd(one.cost_usd.value), _interval(one.saving), f"{one.estimated:,} of {figures.requests:,}")
        for one in figures.policies
    )
    note = " ".join(["Estimated: the recorded answer's tokens at another tier's price.", *figures.notes])
    return Table("Cost of the replayed requests", ("", "cost", "saved [95 %]", "estimated"), rows, note)


def _interval(saving: Estimate) -> str:
    if saving.value is None:
        return "unknown"
    ends = "" if saving.low is None or saving.high is None else f" [{100 * saving.low:+.1f}, {100 * saving.high:+.1f}]"
    return f"{100 * saving.value:+.1f} %{ends}"


def _starts(figures: TrafficFigures) -> Table:
    rows = [(tier, f"{count:,}", share(count / figures.requests)) for tier, count in figures.tiers.items()]
    causes = ", ".join(f"{cause} {count:,}" for cause, count in figures.causes.items())
    return Table("Where they would start", ("tier", "requests", "share"), tuple(rows), f"Causes: {causes}.")


def _moves(figures: TrafficFigures) -> Table:
    tiers = tuple(figures.tiers)
    rows = tuple(
        (recorded, *(f"{there.get(tier, 0):,}" for tier in tiers)) for recorded, there in figures.moved.items()
    )
    return Table("From the tier that answered to the one that would start", ("answered", *tiers), rows)


def _drafts(figures: TrafficFigures) -> Table:
    if not figures.drafts:
        return Table("", (), ())
    rows = [(check, f"{count:,}", share(count / figures.drafts)) for check, count in figures.rejected.items()]
    rows.append(("unsure", f"{figures.doubted:,}", share(figures.doubted / figures.drafts)))
    note = f"{figures.drafts:,} recorded answers of the tier that would start."
    return Table("What the checks say of the drafts", ("check", "rejects", "share"), tuple(rows), note)


def _left_out(left_out: Mapping[str, int]) -> Table:
    return Table("Not replayed", ("why", "requests"), tuple((why, f"{count:,}") for why, count in left_out.items()))
