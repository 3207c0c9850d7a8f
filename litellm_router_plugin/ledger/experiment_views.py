"""What experiments show, in the form users see: figures as plain values, the advice as a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from litellm_router_plugin.core.experiment_analysis import (
    MIN_UNITS,
    Advice,
    ArmTotals,
    Estimate,
    ExperimentReport,
    Goal,
    Metric,
)
from litellm_router_plugin.core.experiment_runs import Run, RunDefinition, RunFigures, figures_of

METRIC_WORDS = {
    Metric.COST: "cost per request",
    Metric.ESCALATION: "share of requests that moved up",
    Metric.RATING: "mean rating",
}


def experiments_view(
    runs: Iterable[Run], running: Sequence[RunDefinition] | None, *, scope: str, pending: int = 0
) -> dict[str, object]:
    """All experiments: the current definition of each first, earlier ones apart, after it.

    Args:
        runs: One for each definition that has traffic.
        running: The definitions in force; None where the settings are not at hand.
        scope: Whose figures these are: ``store`` or ``worker``.
        pending: Requests that are not in the figures yet.
    """
    return {
        "experiments": [run_view(one) for one in figures_of(runs, running)],
        "scope": scope,
        "pending_requests": pending,
    }


def run_view(figures: RunFigures) -> dict[str, object]:
    """One run as JSON; what is not known is null."""
    run, report, definition = figures.run, figures.report, figures.run.definition
    return {
        "router": definition.router,
        "experiment": definition.experiment,
        "fingerprint": definition.fingerprint,
        "unit": definition.unit,
        "share": definition.share,
        "set": json.loads(definition.settings),
        "goal": _goal(definition.goal),
        "current": figures.is_current,
        "running": figures.is_running,
        "changed": list(figures.changed),
        "first_request_at": run.first_at,
        "last_request_at": run.last_at,
        "control": _arm(run.control, report.control),
        "arm": _arm(run.arm, report.arm),
        "difference": {metric.value: _estimate(report.differences[metric]) for metric in Metric},
        "requests_without_unit": run.outside,
        "sample_ratio_mismatch": report.mismatch,
        "share_seen": _share_seen(run),
        "more_requests": report.more_requests,
        "advice": report.advice.value,
        "words": advice_in_words(run, report),
    }


def _goal(goal: Goal) -> dict[str, object]:
    return {
        "metric": goal.metric.value,
        "effect": goal.effect,
        "confidence": goal.confidence,
        "patience_requests": goal.patience_requests,
    }


def _arm(totals: ArmTotals, estimates: dict[Metric, Estimate]) -> dict[str, object]:
    return {
        "units": totals.units,
        "requests": totals.requests,
        "priced_requests": int(totals.cost.b),
        "ratings": int(totals.rating.b),
        **{metric.value: _estimate(estimates[metric]) for metric in Metric},
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    interval = estimate.interval
    return {
        "value": estimate.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "units": estimate.units,
    }


def _share_seen(run: Run) -> float | None:
    units = run.control.units + run.arm.units
    return run.arm.units / units if units else None


def advice_in_words(run: Run, report: ExperimentReport) -> str:
    """What to do, and why, in one or two sentences."""
    definition = run.definition
    if not 0.0 < definition.share < 1.0:
        return f"Nothing to compare: with a share of {definition.share:g} all units are on one side."
    match report.advice:
        case Advice.SAMPLE_RATIO_MISMATCH:
            return _mismatch(run)
        case Advice.NOT_ENOUGH_TRAFFIC:
            return _not_enough(run, report)
        case Advice.CONTINUE:
            return f"Continue. {_needed(definition.goal, report)}"
        case Advice.STOP_NO_DIFFERENCE:
            return _no_difference(definition.goal, report)
        case Advice.STOP_ARM_BETTER | Advice.STOP_ARM_WORSE:
            return _decided(definition.goal, report)


def _no_difference(goal: Goal, report: ExperimentReport) -> str:
    return (
        f"Stop: {METRIC_WORDS[goal.metric]} differs by less than "
        f"{amount(goal.effect, goal.metric, is_difference=True)}, the smallest difference that matters "
        f"({_interval(report.differences[goal.metric], goal.metric)})."
    )


def _decided(goal: Goal, report: ExperimentReport) -> str:
    difference = report.differences[goal.metric]
    is_higher = (difference.value or 0.0) > 0
    gap = amount(abs(difference.value or 0.0), goal.metric, is_difference=True)
    verdict = "better" if report.advice is Advice.STOP_ARM_BETTER else "worse"
    return (
        f"Stop: the arm is {verdict}. Its {METRIC_WORDS[goal.metric]} is {'higher' if is_higher else 'lower'} by "
        f"{gap} ({_interval(difference, goal.metric)})."
    )


def _mismatch(run: Run) -> str:
    return (
        f"Do not use these data: {100 * (_share_seen(run) or 0.0):.1f} % of the units are in the arm, where "
        f"{100 * run.definition.share:g} % should be. Something loses or adds units on one side."
    )


def _not_enough(run: Run, report: ExperimentReport) -> str:
    goal = run.definition.goal
    units = {"control": report.control[goal.metric].units, "arm": report.arm[goal.metric].units}
    fewest = min(units, key=lambda name: units[name])
    if units[fewest] < MIN_UNITS:
        kind = {Metric.RATING: "units with a rating", Metric.COST: "units with a known cost"}.get(goal.metric, "units")
        return (
            f"Not enough traffic: the {fewest} has {units[fewest]} {kind}, and nothing can be said below {MIN_UNITS} "
            "on each side."
        )
    patience = "" if goal.patience_requests is None else f" The goal allows {goal.patience_requests:,}."
    return f"Not enough traffic. {_needed(goal, report)}{patience}"


def _needed(goal: Goal, report: ExperimentReport) -> str:
    effect = f"a difference of {amount(goal.effect, goal.metric, is_difference=True)} in {METRIC_WORDS[goal.metric]}"
    if report.more_requests is None:
        return f"No number of requests that could be told would be enough to find {effect}."
    if not report.more_requests:
        return f"There is traffic enough to find {effect}, and none has been found yet."
    return f"About {report.more_requests:,} more requests are needed to find {effect}."


def _interval(estimate: Estimate, metric: Metric) -> str:
    if estimate.interval is None:
        return "interval unknown"
    low, high = (amount(end, metric, is_difference=True) for end in (estimate.interval.low, estimate.interval.high))
    return f"{low} to {high}"


def amount(value: float | None, metric: Metric, *, is_difference: bool = False) -> str:
    """A figure of a metric as text: USD, percent (of a difference: points), or a rating; ``unknown`` for none."""
    if value is None:
        return "unknown"
    if metric is Metric.ESCALATION:
        return f"{100 * value:.1f} {'points' if is_difference else '%'}"
    if metric is Metric.RATING:
        return f"{value:.3f}"
    digits = f"{abs(value):.{2 if abs(value) >= 1 else 6}f}"
    sign = "-" if value < 0 and float(digits) else ""
    return f"{sign}${digits}"
