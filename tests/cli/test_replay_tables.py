"""What a replay says in words."""

from __future__ import annotations

from litellm_router_plugin.cli.replay_tables import tables_of
from litellm_router_plugin.evaluation.intervals import Estimate
from litellm_router_plugin.evaluation.traffic_figures import PolicyCost, TrafficFigures

FIGURES = TrafficFigures(
    requests=200,
    tiers={"cheap": 150, "premium": 50},
    causes={"rule": 200},
    moved={"premium": {"cheap": 150, "premium": 50}},
    drafts=40,
    rejected={"empty": 4},
    doubted=2,
    policies=(
        PolicyCost("as recorded", Estimate(2.0, 1.8, 2.2), Estimate(0.0, 0.0, 0.0), 0),
        PolicyCost("tier router, no cascade", Estimate(0.5, 0.4, 0.6), Estimate(0.75, 0.7, 0.8), 150),
        PolicyCost("always premium", Estimate(2.5), Estimate(-0.25), 0),
    ),
    notes=("The tier router has no cascade.",),
)


def test_costs_savings_and_what_is_estimated_are_told() -> None:
    costs, starts, moves, drafts, left_out = tables_of(FIGURES, {"failed": 3})
    assert costs.rows == (
        ("as recorded", "$2.00", "+0.0 % [+0.0, +0.0]", "0 of 200"),
        ("tier router, no cascade", "$0.500000", "+75.0 % [+70.0, +80.0]", "150 of 200"),
        ("always premium", "$2.50", "-25.0 %", "0 of 200"),
    )
    assert costs.note.endswith("at another tier's price. The tier router has no cascade.")
    assert starts.rows == (("cheap", "150", "75.0 %"), ("premium", "50", "25.0 %"))
    assert moves.rows == (("premium", "150", "50"),)
    assert drafts.rows == (("empty", "4", "10.0 %"), ("unsure", "2", "5.0 %"))
    assert left_out.rows == (("failed", "3"),)
