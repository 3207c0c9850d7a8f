"""Finds tier routers among a router's deployments; parses their settings when first needed and when they change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import litellm

from litellm_router_plugin.build import build_policy
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.deployments import deployments_of, facts_of, group_price, is_marker, model_behind
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.refusals import misconfigured
from litellm_router_plugin.host.tier_router import TierRouter

logger = logging.getLogger("litellm_router_plugin")

SETTINGS_KEY = "tier_router"


class Markers:
    """The tier routers of one router, kept as long as the host keeps the deployment they were read from.

    Args:
        router: The host's router.
        faults: Where wrong settings and failing checks are counted.
        checker: A checker given in code; it reads the drafts of every tier router that has a cascade.
    """

    def __init__(self, router: litellm.Router, faults: Faults, checker: object = None) -> None:
        self.router = router
        self.checker = checker
        self.faults = faults
        self.overlay: Callable[[str, TierRouterConfig], TierRouterConfig] | None = None
        self._known: dict[str, tuple[object, TierRouter | ConfigError]] = {}

    def find(self, model: str) -> TierRouter | None:
        """The tier router of that name or alias; None for any other group.

        Raises:
            ServiceUnavailableError: Its settings are wrong; the client gets a 503 that says what is.
        """
        marker = self._marker(model)
        if marker is None:
            alias = self.router.get_model_from_alias(model)
            marker = self._marker(alias) if alias else None
        if marker is None:
            return None
        found = self._read(marker)
        if isinstance(found, ConfigError):
            raise misconfigured(found, model)
        return found

    def load(self, marker: Mapping[str, Any]) -> TierRouter:
        """The tier router of a marker; raises `ConfigError` where its settings are wrong."""
        found = self._read(marker)
        if isinstance(found, ConfigError):
            raise found
        return found

    def all(self) -> Iterator[TierRouter]:
        """Every tier router whose settings are right, in the order of the model list."""
        for deployment in self.router.model_list:
            if is_marker(deployment):
                found = self._read(deployment)
                if isinstance(found, TierRouter):
                    yield found

    def _marker(self, group: str) -> Mapping[str, Any] | None:
        for index in self.router.model_name_to_deployment_indices.get(group, ()):
            deployment: Mapping[str, Any] = self.router.model_list[index]
            if is_marker(deployment):
                return deployment
        return None

    def _read(self, marker: Mapping[str, Any]) -> TierRouter | ConfigError:
        name = str(marker["model_name"])
        info = marker.get("model_info") or {}
        known = self._known.get(name)
        if known is not None and known[0] is info:
            return known[1]
        found = self._parsed(name, marker, info)
        self._known[name] = (info, found)
        if isinstance(found, ConfigError):
            self.faults.count("config")
            logger.error("tier router %r is left out: %s", name, found)
        return found

    def rebuild(self, name: str) -> None:
        """Build a tier router anew, since what is laid over its written settings has changed."""
        for deployment in self.router.model_list:
            if is_marker(deployment) and deployment["model_name"] == name:
                info = deployment.get("model_info") or {}
                self._known[name] = (info, self._parsed(name, deployment, info))

    def _in_force(self, name: str, written: TierRouterConfig) -> TierRouterConfig:
        """The written settings with what was changed while the proxy runs; alone where that cannot be used."""
        if self.overlay is None:
            return written
        try:
            return self.overlay(name, written)
        except Exception as fault:  # noqa: BLE001  whatever was kept, the written settings hold
            self.faults.note("overlay", fault)
            return written

    def _parsed(self, name: str, marker: Mapping[str, Any], info: Mapping[str, Any]) -> TierRouter | ConfigError:
        trusted = not info.get("db_model") and info.get("team_id") is None
        try:
            written = parse_tier_router(name, info.get(SETTINGS_KEY), trusted=trusted)
            config = self._in_force(name, written)
            self._check_team(name, config, info)
            prices = self._prices(config)
            policy = build_policy(
                name, config, prices, on_fault=self.faults.note, checker=self.checker, models=self._models(config)
            )
            return TierRouter(policy, self.router, marker, written)
        except ConfigError as error:
            return error

    def _check_team(self, name: str, config: TierRouterConfig, info: Mapping[str, Any]) -> None:
        """A marker that a team made may lead only to groups that the team may call."""
        team = info.get("team_id")
        if team is None:
            return
        for index, tier in enumerate(config.tiers):
            owners = {
                (one.get("model_info") or {}).get("team_id") for one in deployments_of(self.router, tier.model_group)
            }
            if owners - {team, None} or not owners:
                raise ConfigError(
                    f"{name}.tiers[{index}].model_group",
                    f"team {team!r} may not call the group {tier.model_group!r}",
                    "Name a group of the team's own, or a public one",
                )

    def _prices(self, config: TierRouterConfig) -> dict[str, Price | None]:
        """The prices of the tiers, by name, and of the judge, by its group."""
        return {
            name: group_price([facts_of(one) for one in deployments_of(self.router, group)])
            for name, group in config.priced_groups.items()
        }

    def _models(self, config: TierRouterConfig) -> dict[str, str]:
        """Tier -> the model behind its first deployment."""
        return {
            tier.name: model_behind(deployment["litellm_params"], deployment["model_info"])
            for tier in config.tiers
            for deployment in deployments_of(self.router, tier.model_group)[:1]
        }
