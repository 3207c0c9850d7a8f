"""The tier routers with their tiers: models, prices, what they can take, and tiers that no request should use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price


@dataclass(frozen=True, slots=True)
class TierFacts:
    """What is known of a tier; None, or a missing capability, where nothing is.

    Attributes:
        models: The models of its group's deployments.
        price: USD per token, of the dearest deployment.
        context_tokens: Its smallest context window.
        capabilities: Such as ``vision`` -> whether all its deployments have it.
    """

    name: str
    model_group: str
    models: tuple[str, ...] = ()
    price: Price | None = None
    context_tokens: int | None = None
    capabilities: Mapping[str, bool] = field(default_factory=empty)


@dataclass(frozen=True, slots=True)
class RouterLadder:
    """One tier router: its tiers, cheapest first, and its settings that figures depend on.

    Attributes:
        team: The team whose own it is; empty for a public one.
        experiments: Those that run.
    """

    router: str
    tiers: tuple[TierFacts, ...]
    default_tier: str
    baseline: str
    mode: str = "route"
    team: str = ""
    experiments: tuple[RunDefinition, ...] = ()

    def is_visible_to(self, team: str) -> bool:
        """Whether keys of a team may know of it: a team's own one is for that team."""
        return self.team in ("", team)


def dominated_by(tiers: Sequence[TierFacts], rung: int) -> str | None:
    """The tier further up that costs no more on input and output, so that nothing speaks for this one.

    None where there is none, and where a price is unknown.
    """
    lower = tiers[rung]
    if lower.price is None:
        return None
    for higher in tiers[rung + 1 :]:
        above = higher.price
        if above is None or higher.model_group == lower.model_group:
            continue
        if above.input <= lower.price.input and above.output <= lower.price.output:
            return higher.name
    return None
