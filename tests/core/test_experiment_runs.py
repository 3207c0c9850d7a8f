"""Runs of experiments: which is current, what changed, and that nothing is added up over two of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from litellm_router_plugin.core.experiment_analysis import Advice, ArmTotals, Goal, Metric, UnitTotals
from litellm_router_plugin.core.experiment_runs import Run, RunBuilder, RunDefinition, figures_of
from litellm_router_plugin.core.experiments import Experiment, assign

PREMIUM = Experiment("premium-10", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
NOW = RunDefinition.of("smart", PREMIUM)
WIDER = RunDefinition.of("smart", replace(PREMIUM, share=0.6))


def run(definition: RunDefinition, last_at: float, units: int = 3) -> Run:
    arm = ArmTotals()
    for _ in range(units):
        arm = arm.with_unit(UnitTotals(2, 1, 2, 0.5, 1, 0.75))
    return Run(definition, arm, arm, first_at=0.0, last_at=last_at)


def test_the_running_definition_comes_first_and_earlier_ones_stand_apart() -> None:
    """The clock may say otherwise: an earlier definition's requests may carry later times."""
    found = figures_of([run(WIDER, 900.0, units=5), run(NOW, 100.0)], [NOW])
    assert [one.run.definition.share for one in found] == [0.5, 0.6]
    assert [(one.is_current, one.is_running) for one in found] == [(True, True), (False, False)]
    assert [one.run.arm.units for one in found] == [3, 5]


def test_without_settings_at_hand_the_latest_requests_tell_which_is_current() -> None:
    found = figures_of([run(NOW, 100.0), run(WIDER, 900.0)])
    assert [(one.run.definition.share, one.is_current, one.is_running) for one in found] == [
        (0.6, True, None),
        (0.5, False, None),
    ]


def test_a_running_experiment_without_traffic_is_shown_and_says_so() -> None:
    (found,) = figures_of([], [NOW])
    assert found.run.first_at is None
    assert found.report.advice is Advice.NOT_ENOUGH_TRAFFIC


def test_the_goal_in_force_is_that_of_the_settings() -> None:
    stored = replace(NOW, goal=Goal(Metric.COST, 1.0))
    (found,) = figures_of([run(stored, 1.0)], [NOW])
    assert found.run.definition.goal == NOW.goal
    assert found.run.arm.units == 3


def test_experiments_follow_the_settings_and_ended_ones_come_last() -> None:
    first, ended = replace(NOW, experiment="a", fingerprint="f"), replace(NOW, experiment="z", fingerprint="g")
    found = figures_of([run(ended, 900.0), run(NOW, 5.0), run(first, 1.0)], [first, NOW])
    assert [one.run.definition.experiment for one in found] == ["a", "premium-10", "z"]
    assert [one.is_running for one in found] == [True, True, False]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"share": 0.6}, ("share",)),
        ({"unit": "key"}, ("unit",)),
        ({"definition": '{"tier":"cheap"}'}, ("settings",)),
        ({"salt": "other"}, ("salt",)),
        ({"share": 0.6, "unit": "key"}, ("unit", "share")),
    ],
)
def test_what_an_earlier_definition_had_otherwise_is_told(change: dict[str, object], told: tuple[str, ...]) -> None:
    earlier = RunDefinition.of("smart", replace(PREMIUM, **change))  # type: ignore[arg-type]  # fields of a test
    _, found = figures_of([run(earlier, 1.0), run(NOW, 2.0)], [NOW])
    assert found.changed == told


def test_a_unit_is_counted_once_however_its_requests_come() -> None:
    builder = RunBuilder(NOW)
    for moment, unit in ((3.0, "a"), (1.0, "b"), (2.0, "a")):
        builder.add("arm", unit, UnitTotals(1, 1, 1, 0.5), moment)
    builder.add("none", "", UnitTotals(1), 9.0)
    found = builder.run()
    assert (found.arm.units, found.arm.requests, found.control.units, found.outside) == (2, 3, 0, 1)
    assert (found.first_at, found.last_at) == (1.0, 9.0)
    assert found.arm.cost.ratio == 0.5


def test_every_experiment_that_was_asked_is_told_with_the_placement_or_none() -> None:
    other = replace(PREMIUM, name="by-key", unit="key")
    placed = assign([PREMIUM, other], {"user": "u"})
    told = {experiment.name: placement is None for experiment, placement in placed.with_placements()}
    assert told == {"premium-10": False, "by-key": True}
