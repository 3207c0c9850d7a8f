"""What is wrong with the tier routers of a proxy config: their settings, groups and prices."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from litellm_router_plugin.build import build_policy
from litellm_router_plugin.classifiers.python import load_class
from litellm_router_plugin.cli.config_groups import Groups
from litellm_router_plugin.cli.findings import Finding
from litellm_router_plugin.config.base import named_code
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.errors import ConfigError, ConfigErrors, TierRouterError
from litellm_router_plugin.host.deployments import model_behind
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.prices import price_of
from litellm_router_plugin.host.proxy_file import Config, Deployment, deployments

PROMPT_SHARE = 3
"""Prompt tokens for each token of the answer when prices are compared: a guess, unvalidated."""
_GROUP_KEYS = ("model", "model_group")


def settings_errors(config: Config, environment: Mapping[str, str]) -> list[Finding]:
    """What would stop the proxy, or the tier routers in it, for their settings; nothing is logged on the way.

    Objects of the user's own classes are not made, since the proxy makes them; whether there are such classes is told.

    Raises:
        ConfigError: The list of models is malformed.
    """
    with _silent_log():
        found = router_findings(config, environment, makes_objects=False)
        return [finding for finding in found if finding.level == "error"]


@contextmanager
def _silent_log() -> Iterator[None]:
    """Warnings of the build stay out of the log: the proxy builds the same again, and logs them."""
    log = logging.getLogger("litellm_router_plugin")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def router_findings(config: Config, environment: Mapping[str, str], *, makes_objects: bool = True) -> Iterator[Finding]:
    """Findings on each tier router, in the order of the list.

    Args:
        config: The proxy's config.
        environment: The process's environment.
        makes_objects: Whether a router that names the user's own classes is built, which makes objects of them.

    Raises:
        ConfigError: The list of models is malformed.
    """
    found = deployments(config)
    groups = Groups(found, config, environment)
    names: set[str] = set()
    for marker in (deployment for deployment in found if deployment.is_marker):
        if marker.name in names:
            yield Finding("error", marker.path, "another tier router has this model_name", "Rename one of them")
        names.add(marker.name)
        try:
            trusted = marker.info.get("team_id") is None
            router = parse_tier_router(marker.name, marker.info.get("tier_router"), trusted=trusted)
        except ConfigError as error:
            yield from _told(error)
        else:
            yield from _group_findings(marker.name, router, groups)
            yield from _price_findings(marker.name, router, groups)
            yield from _order_findings(marker.name, router, groups)
            yield from _baseline_findings(marker.name, router, groups)
            yield from _build_findings(marker.name, router, groups, makes_objects=makes_objects)


def _told(error: ConfigError) -> Iterator[Finding]:
    yield from map(Finding.of, error.errors if isinstance(error, ConfigErrors) else [error])


def _build_findings(name: str, router: TierRouterConfig, groups: Groups, *, makes_objects: bool) -> Iterator[Finding]:
    """What only building shows: patterns, files, artefacts, classes, a judge that can never pay."""
    code = [] if makes_objects else named_code(router)
    try:
        if code:
            for path, value in code:
                load_class(value, f"{name}.{path}")
            return
        prices = {known: _group_price(groups.of(group)) for known, group in router.priced_groups.items()}
        build_policy(name, router, prices, on_fault=Faults().note, models=_models(router, groups))
    except ConfigError as error:
        yield from _told(error)
    except TierRouterError as error:
        yield Finding("error", name, str(error), "")


def _models(router: TierRouterConfig, groups: Groups) -> dict[str, str]:
    """Tier -> the model behind its first deployment."""
    return {
        tier.name: model_behind(member.params, member.info)
        for tier in router.tiers
        for member in groups.of(tier.model_group)[:1]
    }


def _mentioned_groups(name: str, router: TierRouterConfig) -> Iterator[tuple[str, str]]:
    """Every model group that the settings name, with the key's path."""
    for index, tier in enumerate(router.tiers):
        yield f"{name}.tiers[{index}].model_group", tier.model_group
    for part in ("classifier", "cascade", "experiments"):
        yield from _groups_below(router.model_dump(by_alias=True, include={part})[part], f"{name}.{part}")


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


def _group_findings(name: str, router: TierRouterConfig, groups: Groups) -> Iterator[Finding]:
    for path, group in _mentioned_groups(name, router):
        members = groups.of(group)
        if any(member.is_marker for member in members):
            yield Finding("error", path, f"{group!r} is a tier router itself", "Name a group of models")
        elif not members:
            yield _missing_group(path, group, groups)


def _missing_group(path: str, group: str, groups: Groups) -> Finding:
    """A group that LiteLLM finds in another way works, but the plugin knows no price and no limit of it."""
    problem = f"no deployment has the model_name {group!r}"
    way = groups.other_way_to(group)
    if way is None:
        fix = f"Add a deployment with that model_name, or name one of: {', '.join(groups.names)}"
        return Finding("error", path, problem, fix)
    fix = "Name a group of the file's own, so that prices, windows and savings are known"
    return Finding("warning", path, f"{problem}; it can only come from {way}", fix)


def _group_price(members: list[Deployment]) -> Price | None:
    """The price of the dearest deployment; None when one of them has none."""
    prices = [price_of(member.params, member.info) for member in members if not member.is_marker]
    known = [price for price in prices if price is not None]
    return max(known, key=_typical) if known and len(known) == len(prices) else None


def _typical(price: Price) -> float:
    return float(PROMPT_SHARE * price.input + price.output)


def _price_findings(name: str, router: TierRouterConfig, groups: Groups) -> Iterator[Finding]:
    wanted = dict.fromkeys(group for _, group in _mentioned_groups(name, router))
    for member in (member for group in wanted for member in groups.of(group)):
        if not member.is_marker and price_of(member.params, member.info) is None:
            fix = "Set input_cost_per_token and output_cost_per_token in its litellm_params, or model_info.base_model"
            problem = f"LiteLLM knows no price of {member.model}; its cost is logged as 0 and savings are unknown"
            yield Finding("warning", member.path, problem, fix)


def _order_findings(name: str, router: TierRouterConfig, groups: Groups) -> Iterator[Finding]:
    """Tiers that a higher one undercuts on both prices (dominated), or on a typical call only (unordered)."""
    prices = {tier.name: _group_price(groups.of(tier.model_group)) for tier in router.tiers}
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


def _baseline_findings(name: str, router: TierRouterConfig, groups: Groups) -> Iterator[Finding]:
    """A baseline that is no tier must be a group, or a model, of known price."""
    baseline = router.baseline
    if baseline in {tier.name for tier in router.tiers}:
        return
    if _group_price(groups.of(baseline)) is None and price_of({"model": baseline}, {}) is None:
        problem = f"{baseline!r} is no tier, and no model group or model of known price: savings would be unknown"
        yield Finding("warning", f"{name}.savings_baseline", problem, f"Name one of the tiers: {_names(router)}")


def _names(router: TierRouterConfig) -> str:
    return ", ".join(tier.name for tier in router.tiers)
