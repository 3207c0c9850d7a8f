"""Experiments in the form users see: what is advised, and why, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from litellm_router_plugin.core.experiment_analysis import ArmTotals, Goal, Metric, UnitTotals
from litellm_router_plugin.core.experiment_runs import Run, RunDefinition
from litellm_router_plugin.core.experiments import Experiment
from litellm_router_plugin.ledger.experiment_views import amount, experiments_view

PREMIUM = Experiment("premium-10", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
DEFINITION = RunDefinition.of("smart", PREMIUM)


def arm(units: int, good: int, cost: float = 0.001) -> ArmTotals:
    """Units of two requests, one rated: ``good`` of ten like the answer."""
    totals = ArmTotals()
    for number in range(units):
        totals = totals.with_unit(UnitTotals(2, number % 2, 2, 2 * cost, 1, float(number % 10 < good)))
    return totals


def shown(control: ArmTotals, treated: ArmTotals, **changes: object) -> dict[str, Any]:
    definition = replace(DEFINITION, **changes)  # type: ignore[arg-type]  # fields of a test
    view = experiments_view([Run(definition, control, treated, 7, 1.0, 2.0)], [definition], scope="store")
    runs = view["experiments"]
    assert isinstance(runs, list)
    assert len(runs) == 1
    return dict(runs[0])


def test_a_run_is_told_with_figures_intervals_and_the_reason() -> None:
    found = shown(arm(400, 6), arm(400, 8))
    assert found["advice"] == "stop: the arm is better"
    assert found["words"].startswith("Stop: the arm is better. Its mean rating is higher by 0.200 (0.1")
    assert found["control"]["units"] == 400
    assert found["control"]["requests"] == 800
    assert found["control"]["ratings"] == 400
    assert found["control"]["rating"]["value"] == pytest.approx(0.6)
    assert found["difference"]["rating"]["low"] > 0
    assert found["difference"]["cost_usd"]["value"] == pytest.approx(0)
    assert found["requests_without_unit"] == 7
    assert (found["set"], found["goal"]["metric"], found["goal"]["effect"]) == ({"tier": "premium"}, "rating", 0.05)


@pytest.mark.parametrize(
    ("control", "treated", "changes", "words"),
    [
        (arm(400, 8), arm(400, 6), {}, "Stop: the arm is worse. Its mean rating is lower by 0.200 (-0."),
        (
            arm(500, 6),
            arm(40, 6),
            {"share": 0.1},
            "Not enough traffic: the arm has 40 units with a rating, and nothing can be said below 100 on each side.",
        ),
        (
            arm(120, 6),
            arm(130, 6),
            {"goal": Goal(Metric.RATING, 0.02, patience_requests=1_000)},
            "more requests are needed to find a difference of 0.020 in mean rating. The goal allows 1,000.",
        ),
        (arm(120, 6), arm(130, 6), {}, "Continue. About "),
        (
            arm(400, 6),
            arm(400, 6),
            {"goal": Goal(Metric.COST, 0.0005)},
            "Stop: cost per request differs by less than $0.000500, the smallest difference that matters ($0.000000 to",
        ),
        (arm(400, 6), arm(90, 6), {}, "Do not use these data: 18.4 % of the units are in the arm, where 50 %"),
        (arm(400, 6), ArmTotals(), {"share": 0.0}, "Nothing to compare: with a share of 0 all units are on one side."),
        (ArmTotals(), arm(4, 6), {"share": 1.0}, "Nothing to compare: with a share of 1 all units are on one side."),
    ],
)
def test_the_advice_is_given_with_its_reason(
    control: ArmTotals, treated: ArmTotals, changes: dict[str, object], words: str
) -> None:
    assert words in shown(control, treated, **changes)["words"]


def test_what_is_not_known_is_null() -> None:
    found = shown(ArmTotals(), ArmTotals())
    assert found["arm"]["rating"] == {"value": None, "low": None, "high": None, "units": 0}
    assert found["share_seen"] is None
    assert found["more_requests"] is None


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (None, Metric.COST, "unknown"),
        (0.00123, Metric.COST, "$0.001230"),
        (-2.5, Metric.COST, "-$2.50"),
        (-1e-18, Metric.COST, "$0.000000"),
        (0.125, Metric.ESCALATION, "12.5 %"),
        (0.5, Metric.RATING, "0.500"),
    ],
)
def test_figures_have_the_form_of_their_metric(value: float | None, metric: Metric, text: str) -> None:
    assert amount(value, metric) == text
