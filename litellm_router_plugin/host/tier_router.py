"""A tier router in force: its settings, what was built from them, and what is known of its tiers' deployments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import litellm

from litellm_router_plugin.build import Policy
from litellm_router_plugin.core.decisions import Lack
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.host.deployments import (
    OFFLINE_PREFIX,
    DeploymentFacts,
    deployments_of,
    facts_of,
    group_price,
    lack_of,
)
from litellm_router_plugin.host.prices import price_of


class TierRouter:
    """One tier router of one `litellm.Router`.

    Args:
        policy: What was built from its settings.
        router: The host's router, which holds the tiers' deployments.
        marker: The deployment that carries the settings.
    """

    def __init__(self, policy: Policy, router: litellm.Router, marker: Mapping[str, Any]) -> None:
        self.policy = policy
        self.router = router
        self.marker = marker
        self._facts: dict[str, tuple[tuple[int, ...], list[Mapping[str, Any]], list[DeploymentFacts]]] = {}

    @property
    def name(self) -> str:
        """The model name that clients call."""
        return self.policy.name

    @property
    def ladder(self) -> Ladder:
        """Its tiers, cheapest first."""
        return self.policy.ladder

    def facts(self, group: str) -> Sequence[DeploymentFacts]:
        """What is known of a group's deployments; read anew when the host replaced one."""
        deployments = deployments_of(self.router, group)
        signature = tuple(map(id, deployments))
        known = self._facts.get(group)
        if known is None or known[0] != signature:
            # The deployments are kept with their facts, so that no other object can take their identity.
            known = self._facts[group] = (signature, deployments, [facts_of(one) for one in deployments])
        return known[2]

    def lacks(self, request: RequestView) -> dict[str, Lack]:
        """Tier name -> what the tier lacks for a request."""
        found = ((tier.name, lack_of(self.facts(tier.model_group), request)) for tier in self.ladder)
        return {name: lack for name, lack in found if lack is not None}

    def prices(self) -> dict[str, Price | None]:
        """Tier name -> its price, and the baseline's where that is a model of its own."""
        prices = {tier.name: group_price(self.facts(tier.model_group)) for tier in self.ladder}
        baseline = self.policy.config.baseline
        if baseline not in prices:
            prices[baseline] = group_price(self.facts(baseline)) or price_of({"model": baseline}, {})
        return prices

    def is_offline(self, tier: Tier) -> bool:
        """Whether the offline provider answers for a tier."""
        deployments = deployments_of(self.router, tier.model_group)
        return any(str(one["litellm_params"].get("model", "")).startswith(OFFLINE_PREFIX) for one in deployments)

    def tier_of_deployment(self, model_id: str | None) -> Tier | None:
        """The tier that a deployment serves; None where it serves none."""
        if model_id is None:
            return None
        for tier in self.ladder:
            for deployment in deployments_of(self.router, tier.model_group):
                if deployment["model_info"].get("id") == model_id:
                    return tier
        return None

    def baseline_model(self) -> str | None:
        """The model that savings are measured against, by the name that LiteLLM prices it under."""
        baseline = self.policy.config.baseline
        tier = next((tier for tier in self.ladder if tier.name == baseline), None)
        if tier is None:
            return baseline
        deployments = deployments_of(self.router, tier.model_group)
        return str(deployments[0]["litellm_params"]["model"]) if deployments else None
