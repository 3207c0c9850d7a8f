"""A tier router of a proxy config as a replay of recorded traffic needs it; nothing is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import litellm

from litellm_router_plugin.core.cascade import CascadePolicy
from litellm_router_plugin.evaluation.local_classifier import local_forecaster
from litellm_router_plugin.evaluation.spend_rows import SpendRow
from litellm_router_plugin.evaluation.traffic_replay import ReplaySetup
from litellm_router_plugin.host.attach import attach
from litellm_router_plugin.host.deployments import deployments_of
from litellm_router_plugin.host.marker import register
from litellm_router_plugin.host.tier_router import TierRouter


@contextmanager
def recorded_setup(config: Mapping[str, object], router: str) -> Iterator[ReplaySetup]:
    """The tier router ``router`` of a loaded config, for as long as the block runs.

    Raises:
        ConfigError: The settings of a tier router of the config are wrong.
    """
    register()
    routing = attach(litellm.Router(model_list=config["model_list"]))
    try:
        yield _setup(next(one for one in routing.markers.all() if one.name == router))
    finally:
        routing.detach()


def _setup(tier_router: TierRouter) -> ReplaySetup:
    policy = tier_router.policy
    cascade = policy.config.cascade
    limits = None
    if cascade is not None:
        limits = CascadePolicy(cascade.max_escalations, cascade.max_extra_cost_usd)
    return ReplaySetup(
        ladder=policy.ladder,
        default_tier=policy.config.default,
        forecast=local_forecaster(policy.classifier),
        lacks=tier_router.lacks,
        prices=tier_router.prices(),
        tier_of=tier_of(tier_router),
        panel=None if policy.graders is None else policy.graders.panel,
        limits=limits,
    )


def tier_of(tier_router: TierRouter) -> Callable[[SpendRow], str | None]:
    """Tells the tier of a logged call: by the deployment's id, else the group called, else the provider's model."""
    groups = {tier.model_group: tier.name for tier in reversed(tier_router.ladder.tiers)}
    models: dict[str, str] = {}
    for tier in reversed(tier_router.ladder.tiers):
        for deployment in deployments_of(tier_router.router, tier.model_group):
            models[_bare(str(deployment["litellm_params"].get("model", "")))] = tier.name

    def found(row: SpendRow) -> str | None:
        tier = tier_router.tier_of_deployment(row.model_id)
        if tier is not None:
            return tier.name
        return groups.get(row.model_group) or models.get(_bare(row.model))

    return found


def _bare(model: str) -> str:
    """A model's name without its provider: the log has it with one or without."""
    return model.rsplit("/", 1)[-1]
