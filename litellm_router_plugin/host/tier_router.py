"""A tier router in force: its settings, what was built from them, and what is known of its tiers' deployments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import litellm

from litellm_router_plugin.build import Policy
from litellm_router_plugin.config.routes import RouteSettings
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.decisions import Lack
from litellm_router_plugin.core.frozen import EMPTY
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.host.deployments import (
    CHARS_PER_TOKEN,
    OFFLINE_PREFIX,
    DeploymentFacts,
    deployments_of,
    facts_of,
    group_price,
    lack_of,
)
from litellm_router_plugin.host.prices import price_of
from litellm_router_plugin.host.savings_baseline import HostBaseline, baseline_deployment, baseline_model


@dataclass(frozen=True, slots=True)
class LadderFacts:
    """What is known of a ladder's deployments, for as long as the host keeps them.

    Attributes:
        deployments: The deployments that these facts are of, group after group.
        by_group: Model group -> the facts of its deployments.
        prices: Tier name -> its price, and the baseline's where that is a model of its own.
        tier_of: Deployment id -> the cheapest tier that it serves.
        offline: Names of the tiers that the offline provider answers for.
        baseline: What savings are measured against, for LiteLLM; None where LiteLLM could not price it.
        smallest_window: Tokens of the smallest context window among the tiers; None where none is known.
    """

    deployments: list[Mapping[str, Any]]
    by_group: Mapping[str, Sequence[DeploymentFacts]]
    prices: Mapping[str, Price | None]
    tier_of: Mapping[str, Tier]
    offline: frozenset[str]
    baseline: HostBaseline | None
    smallest_window: int | None

    def lacks(self, ladder: Ladder, request: RequestView) -> Mapping[str, Lack]:
        """Tier name -> what the tier lacks for a request."""
        fits = self.smallest_window is None or request.chars / CHARS_PER_TOKEN <= self.smallest_window
        if fits and not request.tools and not request.modalities:
            return EMPTY
        found = ((tier.name, lack_of(self.by_group[tier.model_group], request)) for tier in ladder)
        return {name: lack for name, lack in found if lack is not None}


class TierRouter:
    """One tier router of one `litellm.Router`.

    Args:
        policy: What was built from its settings.
        router: The host's router, which holds the tiers' deployments.
        marker: The deployment that carries the settings.
        written: The settings as they are written, where something was laid over them since.

    Attributes:
        name: The model name that clients call.
        ladder: Its tiers, cheapest first.
    """

    def __init__(
        self,
        policy: Policy,
        router: litellm.Router,
        marker: Mapping[str, Any],
        written: TierRouterConfig | None = None,
    ) -> None:
        self.policy = policy
        self.written = written or policy.config
        self._tunings = {route: tuning_name(settings) for route, settings in policy.config.routes.items()}
        self.router = router
        self.marker = marker
        self.name = policy.name
        self.ladder = policy.ladder
        config = policy.config
        self._groups = [tier.model_group for tier in policy.ladder]
        if config.baseline not in policy.ladder.names:
            self._groups.append(config.baseline)
        self._groups += [group for group in policy.grader_groups if group not in self._groups]
        self._known: LadderFacts | None = None
        self._beside: dict[str, tuple[list[Mapping[str, Any]], list[DeploymentFacts]]] = {}

    @property
    def known(self) -> LadderFacts:
        """What is known of the tiers' deployments; read anew when the host replaced one."""
        held, indices = self.router.model_list, self.router.model_name_to_deployment_indices
        deployments = [held[index] for group in self._groups for index in indices.get(group, ())]
        if self._known is None or self._known.deployments != deployments:  # quick: they are the same objects
            self._known = self._read(deployments)
        return self._known

    def _read(self, deployments: list[Mapping[str, Any]]) -> LadderFacts:
        by_group = {group: [facts_of(one) for one in deployments_of(self.router, group)] for group in self._groups}
        prices = {tier.name: group_price(by_group[tier.model_group]) for tier in self.ladder}
        baseline = self.policy.config.baseline
        if baseline not in prices:
            prices[baseline] = group_price(by_group[baseline]) or price_of({"model": baseline}, {})
        tiers = [(tier, deployments_of(self.router, tier.model_group)) for tier in self.ladder]
        windows = [facts.max_input_tokens for tier in self.ladder for facts in by_group[tier.model_group]]
        return LadderFacts(
            deployments,
            by_group,
            prices,
            tier_of={one["model_info"].get("id"): tier for tier, found in reversed(tiers) for one in found},
            offline=frozenset(tier.name for tier, found in tiers if any(_is_offline(one) for one in found)),
            baseline=self._baseline(tiers),
            smallest_window=min((window for window in windows if window is not None), default=None),
        )

    def _baseline(self, tiers: Sequence[tuple[Tier, Sequence[Mapping[str, Any]]]]) -> HostBaseline | None:
        baseline = self.policy.config.baseline
        found = next((found for tier, found in tiers if tier.name == baseline), None)
        if found is None:
            return baseline_model(baseline)
        return baseline_deployment(found[0]) if found else None

    def facts(self, group: str) -> Sequence[DeploymentFacts]:
        """What is known of a group's deployments, a tier's or any other's; read anew when the host replaced one."""
        found = self.known.by_group.get(group)
        return self._facts_beside(group) if found is None else found

    def _facts_beside(self, group: str) -> Sequence[DeploymentFacts]:
        deployments = deployments_of(self.router, group)
        read = self._beside.get(group)
        if read is None or read[0] != deployments:
            read = self._beside[group] = (deployments, [facts_of(one) for one in deployments])
        return read[1]

    def lacks(self, request: RequestView) -> Mapping[str, Lack]:
        """Tier name -> what the tier lacks for a request."""
        return self.known.lacks(self.ladder, request)

    def tuning_of(self, route: str) -> str:
        """Names the settings in force on a route; empty where it has none of its own."""
        return self._tunings.get(route, "")

    def prices(self) -> Mapping[str, Price | None]:
        """Tier name -> its price, and the baseline's where that is a model of its own."""
        return self.known.prices

    def tier_of_deployment(self, model_id: str | None) -> Tier | None:
        """The tier that a deployment serves; None where it serves none."""
        return None if model_id is None else self.known.tier_of.get(model_id)


def tuning_name(settings: RouteSettings) -> str:
    """Names the settings of a route, the same in every process."""
    return hashlib.blake2b(settings.model_dump_json().encode(), digest_size=6).hexdigest()


def _is_offline(deployment: Mapping[str, Any]) -> bool:
    return str(deployment["litellm_params"].get("model", "")).startswith(OFFLINE_PREFIX)
