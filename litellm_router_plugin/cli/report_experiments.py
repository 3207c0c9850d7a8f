"""The experiments in ``report``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.cli.report_tables import Table
from litellm_router_plugin.core.experiment_analysis import Metric
from litellm_router_plugin.ledger.experiment_views import amount, experiments_view

if TYPE_CHECKING:
    from litellm_router_plugin.store.filters import Filters
    from litellm_router_plugin.store.reading import StoreReader

ROWS = {"cost per request": Metric.COST, "moved up": Metric.ESCALATION, "rating (0 to 1)": Metric.RATING}
COLUMNS = ("", "control", "arm", "arm minus control")


def experiment_figures(reader: StoreReader, filters: Filters) -> list[dict[str, Any]]:
    """The experiments over their whole run, whatever the report's period: that is what intervals hold for."""
    found = experiments_view(reader.experiments(replace(filters, since=None, until=None)), None, scope="store")
    runs = found["experiments"]
    return runs if isinstance(runs, list) else []


def experiment_problems(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Experiments whose data must not be used."""
    return [
        f"experiment {run['experiment']}: {run['words']}"
        for run in runs
        if run["current"] and run["sample_ratio_mismatch"]
    ]


def experiment_tables(runs: Sequence[Mapping[str, Any]]) -> list[Table]:
    """One table for each definition, the current one of each experiment first."""
    return [_table(run) for run in runs]


def _table(run: Mapping[str, Any]) -> Table:
    control, arm = run["control"], run["arm"]
    rows: list[tuple[str, ...]] = [
        (name, f"{control[key]:,}", f"{arm[key]:,}", "")
        for name, key in ((f"units ({run['unit']})", "units"), ("requests", "requests"), ("ratings", "ratings"))
    ]
    rows += [
        (
            name,
            *(_figure(part[metric.value], metric) for part in (control, arm)),
            _figure(run["difference"][metric.value], metric, is_difference=True),
        )
        for name, metric in ROWS.items()
    ]
    return Table(_title(run), COLUMNS, tuple(rows), _note(run))


def _title(run: Mapping[str, Any]) -> str:
    title = f"Experiment {run['experiment']} on {run['router']}"
    return title if run["current"] else f"{title}: an earlier definition, with another {' and '.join(run['changed'])}"


def _figure(figure: Mapping[str, Any], metric: Metric, *, is_difference: bool = False) -> str:
    value, low, high = (amount(figure[key], metric, is_difference=is_difference) for key in ("value", "low", "high"))
    return value if figure["low"] is None else f"{value} ({low} to {high})"


def _note(run: Mapping[str, Any]) -> str:
    goal = run["goal"]
    metric = Metric(goal["metric"])
    settings = ", ".join(f"{key}: {value}" for key, value in run["set"].items())
    about = (
        f"The arm ({settings}) gets {100 * run['share']:g} % of the units. The goal is {goal['metric']}, with "
        f"{amount(goal['effect'], metric, is_difference=True)} as the smallest difference that matters; the "
        f"{100 * goal['confidence']:g} % intervals may be watched all the time."
    )
    found = [run["words"], about]
    if run["requests_without_unit"]:
        found.append(f"{run['requests_without_unit']:,} requests had no {run['unit']} and take no part.")
    if not run["current"]:
        found.append("These data are not mixed with those of the current definition.")
    return " ".join(found)
