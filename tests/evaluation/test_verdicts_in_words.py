"""When routing is said to pay, and in which words it is not."""

from __future__ import annotations

import pytest

from litellm_router_plugin.evaluation.comparison import PolicyFigures, target_state
from litellm_router_plugin.evaluation.intervals import UNDEFINED, Estimate
from litellm_router_plugin.evaluation.verdicts import judge_routing


def figures(kept: float, saving: float, over_mix: Estimate) -> PolicyFigures:
    return PolicyFigures("p", (1.0,), UNDEFINED, UNDEFINED, Estimate(kept), Estimate(saving), over_mix)


@pytest.mark.parametrize(
    ("kept", "saving", "over_mix", "pays", "reason"),
    [
        (0.98, 0.4, Estimate(0.02, 0.01, 0.03), "pays", "+0.020 over a coin flip at equal cost"),
        (0.98, 0.4, Estimate(0.02, -0.01, 0.05), "not shown to pay", "chance"),
        (0.90, 0.4, Estimate(-0.02, -0.03, -0.01), "does not pay", "a coin flip at equal cost is better by 0.020"),
        (0.99, -0.1, Estimate(0.02, 0.01, 0.03), "does not pay", "always best is at least as good and costs no more"),
        (1.0, 0.0, Estimate(0.0, 0.0, 0.0), "does not pay", "it serves everything as always best does"),
        (1.0 - 1e-16, 1e-16, Estimate(1e-17, 1e-18, 1e-16), "does not pay", "it serves everything as always best"),
        (1.02, -0.1, Estimate(0.02, 0.01, 0.03), "pays", "+0.020"),
    ],
)
def test_the_verdict_follows_the_interval(
    kept: float, saving: float, over_mix: Estimate, pays: str, reason: str
) -> None:
    said, why = judge_routing(figures(kept, saving, over_mix), "best")
    assert said == pays
    assert reason in why


@pytest.mark.parametrize(
    ("kept", "state"),
    [
        (Estimate(0.97, 0.95, 0.99), "kept"),
        (Estimate(0.97, 0.93, 0.99), "probably kept"),
        (Estimate(0.94, 0.92, 0.96), "probably missed"),
        (Estimate(0.90, 0.88, 0.94), "missed"),
        (UNDEFINED, None),
    ],
)
def test_a_target_is_kept_or_missed_by_the_interval(kept: Estimate, state: str | None) -> None:
    assert target_state(kept, 0.95) == state
    assert target_state(kept, None) is None
