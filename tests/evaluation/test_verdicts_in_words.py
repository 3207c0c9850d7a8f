"""When routing is said to pay, and in which words it is not."""

from __future__ import annotations

import pytest

from litellm_router_plugin.evaluation.comparison import PolicyFigures
from litellm_router_plugin.evaluation.intervals import UNDEFINED, Estimate
from litellm_router_plugin.evaluation.verdicts import judge_routing


def figures(kept: float, saving: float, over_mix: Estimate) -> PolicyFigures:
    return PolicyFigures("p", (1.0,), UNDEFINED, UNDEFINED, Estimate(kept), Estimate(saving), over_mix)


@pytest.mark.parametrize(
    ("kept", "saving", "over_mix", "pays", "reason"),
    [
        (0.98, 0.4, Estimate(0.02, 0.01, 0.03), "pays", "+0.020 over a coin flip between fixed tiers at equal cost"),
        (0.98, 0.4, Estimate(0.02, -0.01, 0.05), "not shown to pay", "chance"),
        (0.90, 0.4, Estimate(-0.02, -0.03, -0.01), "does not pay", "a coin flip between fixed tiers at equal cost is"),
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
