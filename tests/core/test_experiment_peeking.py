"""The stop recommendation under peeking, by simulation: users as units, looked at all the time, through the whole way
from requests to advice. ``benchmarks/sequential_error_rates.py`` has more runs and more settings.
"""

from __future__ import annotations

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret
import random
from dataclasses import replace

import pytest

from litellm_router_plugin.core.experiment_analysis import Advice, Goal, Metric, UnitTotals
from litellm_router_plugin.core.experiment_runs import RunBuilder, RunDefinition, figures_of
from litellm_router_plugin.core.experiments import Experiment, assign

HALF = Experiment("half", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
RUNS = 25
REQUESTS = 1_500
USERS = 400
LOOK_EVERY = 100
GOALS = [Goal(Metric.RATING, 0.05), Goal(Metric.COST, 0.2), Goal(Metric.ESCALATION, 0.05)]


def stops(seed: int, goal: Goal, gain: float = 0.0) -> Advice | None:
    """The first stop that is advised of an arm whose users rate a request higher by ``gain``; None for none."""
    rng = random.Random(seed)
    experiment = replace(HALF, salt=str(seed), goal=goal)
    definition = RunDefinition.of("smart", experiment)
    builder = RunBuilder(definition)
    traits = [(rng.lognormvariate(0, 0.5), rng.betavariate(2, 8), rng.betavariate(6, 3)) for _ in range(USERS)]
    for number in range(1, REQUESTS + 1):
        user = int(USERS * rng.random() ** 1.5)
        dear, hard, kind = traits[user]
        (placed,) = assign([experiment], {"user": str(user)}).placements
        likes = rng.random() < min(1.0, kind + gain * placed.treated)
        rated = rng.random() < 0.5
        more = UnitTotals(1, rng.random() < hard, 1, dear * rng.lognormvariate(0, 1), rated, float(likes and rated))
        builder.add("arm" if placed.treated else "control", placed.unit_digest, more, float(number))
        if number % LOOK_EVERY == 0:
            (found,) = figures_of([builder.run()], [definition])
            if found.report.advice in (Advice.STOP_ARM_BETTER, Advice.STOP_ARM_WORSE):
                return found.report.advice
    return None


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: str(goal.metric))
def test_equal_arms_are_rarely_stopped_however_often_one_looks(goal: Goal) -> None:
    stopped = sum(stops(seed, goal) is not None for seed in range(RUNS))
    assert stopped <= 5  # 5 % of 25 is 1; more than 5 has probability 0.1 %


def test_an_arm_that_is_better_is_found_better() -> None:
    found = [stops(seed, GOALS[0], gain=0.25) for seed in range(12)]
    assert found.count(Advice.STOP_ARM_WORSE) == 0
    assert found.count(Advice.STOP_ARM_BETTER) >= 9
