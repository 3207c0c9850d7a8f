"""Everything that would go wrong with a proxy config, as findings. No network; the price map that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from litellm_router_plugin.build import build_policy
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.errors import ConfigError, ConfigErrors, TierRouterError
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.offline import is_offline
from litellm_router_plugin.host.offline_config import missing_keys
from litellm_router_plugin.host.prices import price_of
from litellm_router_plugin.host.proxy_command import implicit_keys, mode_of
from litellm_router_plugin.host.proxy_file import (
    HANDLER,
    Config,
    Deployment,
    callbacks,
    deployments,
    known_variables,
    section,
)

Level = Literal["error", "warning"]

PROMPT_SHARE = 3
"""Prompt tokens for each token of the answer when prices are compared: a guess, unvalidated."""
_GROUP_KEYS = ("model", "model_group")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        level: ``error``: something will not work; ``warning``: it works, but costs or figures suffer.
        path: Where.
        problem: What.
        fix: How to mend it.
    """

    level: Level
    path: str
    problem: str
    fix: str

    @classmethod
    def of(cls, error: ConfigError) -> Finding:
        """The finding that an error of a setting stands for."""
        return cls("error", error.path, error.problem, error.fix)


def diagnose(config: Config, environment: Mapping[str, str]) -> list[Finding]:
    """All findings on a config, in the order in which one would mend them."""
    try:
        found = deployments(config)
        markers = [deployment for deployment in found if deployment.is_marker]
        return [
            *_callback_findings(config, markers),
            *_router_findings(markers, found),
            *_key_findings(config, environment),
            *_master_key_findings(config, environment),
        ]
    except ConfigError as error:
        return [Finding.of(error)]


def _callback_findings(config: Config, markers: list[Deployment]) -> Iterator[Finding]:
    if not markers:
        fix = "Add an entry with litellm_params.model tier_router/<name> and its settings in model_info.tier_router"
        yield Finding("error", "model_list", "holds no tier router", fix)
    elif HANDLER not in callbacks(config):
        fix = f"Add {HANDLER} to the list: without it LiteLLM drops the tier routers and answers 400"
        yield Finding("error", "litellm_settings.callbacks", "the plugin is not among them", fix)


def _router_findings(markers: list[Deployment], found: list[Deployment]) -> Iterator[Finding]:
    names = [marker.name for marker in markers]
    for marker in markers:
        if names.index(marker.name) != markers.index(marker):
            yield Finding("error", marker.path, "another tier router has this model_name", "Rename one of them")
        try:
            router = parse_tier_router(marker.name, marker.info.get("tier_router"))
        except ConfigErrors as errors:
            yield from map(Finding.of, errors.errors)
        except ConfigError as error:
            yield Finding.of(error)
        else:
            yield from _ladder_findings(marker.name, router, found)


def _ladder_findings(name: str, router: TierRouterConfig, found: list[Deployment]) -> Iterator[Finding]:
    groups: dict[str, list[Deployment]] = {}
    for deployment in found:
        groups.setdefault(deployment.name, []).append(deployment)
    yield from _group_findings(name, router, groups)
    prices = {tier.name: _group_price(groups.get(tier.model_group, [])) for tier in router.tiers}
    yield from _price_findings(name, router, groups)
    yield from _order_findings(name, router, prices)
    yield from _baseline_findings(name, router, groups)
    try:
        build_policy(name, router, prices, on_fault=Faults().note)
    except ConfigErrors as errors:
        yield from map(Finding.of, errors.errors)
    except ConfigError as error:
        yield Finding.of(error)
    except TierRouterError as error:
        yield Finding("error", name, str(error), "")


def _mentioned_groups(name: str, router: TierRouterConfig) -> Iterator[tuple[str, str]]:
    """Every model group that the settings name, with the key's path."""
    for index, tier in enumerate(router.tiers):
        yield f"{name}.tiers[{index}].model_group", tier.model_group
    for part in ("classifier", "cascade"):
        settings = getattr(router, part)
        if settings is not None:
            yield from _groups_below(settings.model_dump(), f"{name}.{part}")


def _groups_below(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in _GROUP_KEYS and isinstance(part, str):
                yield f"{path}.{key}", part
            else:
                yield from _groups_below(part, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _groups_below(part, f"{path}[{index}]")


def _group_findings(name: str, router: TierRouterConfig, groups: Mapping[str, list[Deployment]]) -> Iterator[Finding]:
    for path, group in _mentioned_groups(name, router):
        members = groups.get(group)
        if not members:
            fix = f"Add a deployment with that model_name, or name one of: {', '.join(groups)}"
            yield Finding("error", path, f"no deployment has the model_name {group!r}", fix)
        elif any(member.is_marker for member in members):
            yield Finding("error", path, f"{group!r} is a tier router itself", "Name a group of models")


def _group_price(members: list[Deployment]) -> Price | None:
    """The price of the dearest deployment; None when one of them has none."""
    prices = [price_of(member.params, member.info) for member in members if not member.is_marker]
    known = [price for price in prices if price is not None]
    return max(known, key=_typical) if known and len(known) == len(prices) else None


def _typical(price: Price) -> float:
    return float(PROMPT_SHARE * price.input + price.output)


def _price_findings(name: str, router: TierRouterConfig, groups: Mapping[str, list[Deployment]]) -> Iterator[Finding]:
    wanted = dict.fromkeys(group for _, group in _mentioned_groups(name, router))
    for member in (member for group in wanted for member in groups.get(group, ())):
        if not member.is_marker and price_of(member.params, member.info) is None:
            fix = "Set input_cost_per_token and output_cost_per_token in its litellm_params, or model_info.base_model"
            problem = f"LiteLLM knows no price of {member.model}; its cost is logged as 0 and savings are unknown"
            yield Finding("warning", member.path, problem, fix)


def _order_findings(name: str, router: TierRouterConfig, prices: Mapping[str, Price | None]) -> Iterator[Finding]:
    """Tiers that a higher one undercuts on both prices (dominated), or on a typical call only (unordered)."""
    for index, lower in enumerate(router.tiers):
        for higher in router.tiers[index + 1 :]:
            below, above = prices[lower.name], prices[higher.name]
            where = f"{name}.tiers[{index}]"
            if lower.model_group == higher.model_group:
                if lower.params == higher.params:
                    problem = f"{lower.name} and {higher.name} are the same group with the same params"
                    yield Finding("warning", where, problem, "Remove one, or give them different params")
                continue
            if below is None or above is None:
                continue
            if above.input <= below.input and above.output <= below.output:
                problem = f"{lower.name} is dominated: {higher.name}, further up, costs no more on input and output"
                yield Finding("warning", where, problem, f"Remove {lower.name}, or order the tiers cheapest first")
            elif _typical(above) < _typical(below):
                problem = (
                    f"{lower.name} costs more than {higher.name} at {PROMPT_SHARE} input tokens to one output token"
                )
                yield Finding("warning", where, problem, "Order the tiers cheapest first")


def _baseline_findings(
    name: str, router: TierRouterConfig, groups: Mapping[str, list[Deployment]]
) -> Iterator[Finding]:
    """A baseline that is no tier must be a group, or a model, of known price."""
    baseline = router.baseline
    if baseline in {tier.name for tier in router.tiers}:
        return
    if _group_price(groups.get(baseline, [])) is None and price_of({"model": baseline}, {}) is None:
        problem = f"{baseline!r} is no tier, and no model group or model of known price: savings would be unknown"
        yield Finding("warning", f"{name}.savings_baseline", problem, f"Name one of the tiers: {_names(router)}")


def _names(router: TierRouterConfig) -> str:
    return ", ".join(tier.name for tier in router.tiers)


def _key_findings(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    for missing in missing_keys(config, environment, implicit_keys, mode_of):
        problem = f"not set: {', '.join(missing.variables)}"
        fix = "Set it, or try the config without keys: tier-router serve --offline-if-no-keys"
        yield Finding("error" if missing.is_tier else "warning", missing.deployment.path, problem, fix)
    for deployment in deployments(config):
        if is_offline(deployment.model):
            fix = "Name a real model; tier-router serve --offline puts offline models in by itself"
            yield Finding("warning", deployment.path, f"{deployment.model} is no model, only a stand-in", fix)


def _master_key_findings(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    settings = section(config, "general_settings")
    key = settings.get("master_key") or ("" if "custom_auth" in settings else "os.environ/LITELLM_MASTER_KEY")
    variable = str(key).removeprefix("os.environ/")
    if str(key).startswith("os.environ/") and variable not in known_variables(config, environment):
        fix = f"Set {variable}, or start with tier-router serve, which makes a key for one run"
        yield Finding("warning", "general_settings.master_key", "no key is set: the proxy would be open to all", fix)
