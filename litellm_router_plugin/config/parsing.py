"""From what users wrote to checked settings, with errors that say where, what and how to fix it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.checks import enabled_checks
from litellm_router_plugin.config.classifiers import tier_names
from litellm_router_plugin.config.experiment_checks import experiment_problems
from litellm_router_plugin.config.mistakes import mistakes
from litellm_router_plugin.config.routes import route_tiers
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.errors import ConfigError, ConfigErrors


def parse_tier_router(name: str, raw: object, *, trusted: bool = True) -> TierRouterConfig:
    """The settings of the tier router ``name``.

    Args:
        name: The deployment's ``model_name``; errors are told under it.
        raw: What stands in ``model_info.tier_router``; settings that are parsed already are taken as they are.
        trusted: Whether the settings come from the operator's own file or code. Otherwise (a database, a request)
            they may not name code or files.

    Raises:
        ConfigError: One thing is wrong; `ConfigErrors` when several are.
    """
    if isinstance(raw, TierRouterConfig):
        config = raw
    elif isinstance(raw, Mapping):
        config = _validated(name, raw)
    else:
        found = "nothing" if raw is None else type(raw).__name__
        raise ConfigError(
            f"{name}.model_info.tier_router", f"expected the settings of a tier router, found {found}", "Give `tiers:`"
        )
    problems = [*_cross_checks(name, config), *([] if trusted else _untrusted(name, config))]
    _raise_all(problems)
    return config


def _raise_all(problems: list[ConfigError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ConfigErrors(problems)


def _validated(name: str, raw: Mapping[Any, Any]) -> TierRouterConfig:
    try:
        return TierRouterConfig.model_validate(raw)
    except ValidationError as error:
        _raise_all(mistakes(name, raw, TierRouterConfig, error.errors(include_url=False)))
        raise


def _cross_checks(name: str, config: TierRouterConfig) -> list[ConfigError]:
    known = [tier.name for tier in config.tiers]
    fix = f"The tiers are: {', '.join(known)}"
    mentioned = [("default_tier", config.default)]
    mentioned += [
        (f"classifier.{path}" if path else "classifier", tier) for path, tier in tier_names(config.classifier)
    ]
    for index, experiment in enumerate(config.experiments):
        mentioned += [(f"experiments[{index}].set.{path}", tier) for path, tier in experiment.arm.named_tiers()]
    mentioned += route_tiers(config.routes)
    problems = [
        ConfigError(f"{name}.{path}", f"there is no tier {tier!r}", fix)
        for path, tier in mentioned
        if tier not in known
    ]
    problems += [
        ConfigError(
            f"{name}.tiers[{index}].model_group", "a tier cannot lead back to its own router", "Name another group"
        )
        for index, tier_settings in enumerate(config.tiers)
        if tier_settings.model_group == name
    ]
    return [*problems, *experiment_problems(name, config), *_idle_routes(name, config)]


def _idle_routes(name: str, config: TierRouterConfig) -> list[ConfigError]:
    """Settings of routes for a judge or a check that no request ever meets."""
    arms = [experiment.arm.cascade for experiment in config.experiments]
    cascades = [one for one in (config.cascade, *arms) if isinstance(one, CascadeSettings)]
    has_judge = any(one.judge is not None for one in cascades)
    has_learned = any("learned" in enabled_checks(one.checks) for one in cascades)
    problems = []
    for route, settings in config.routes.items():
        where = f"{name}.routes.{route}"
        if settings.judge_threshold is not None and not has_judge:
            problems.append(ConfigError(f"{where}.judge_threshold", "no judge is asked", "Add cascade.judge"))
        if settings.learned_check is not None and not has_learned:
            fix = "Write cascade.checks: [default, learned]"
            problems.append(ConfigError(f"{where}.learned_check", "the learned check is off", fix))
    return problems


def _untrusted(name: str, config: TierRouterConfig) -> list[ConfigError]:
    fix = "Put the tier router in the proxy's own config file"
    return [
        ConfigError(
            f"{name}.{path}", f"a {kind} is not allowed in settings that come from a database or a request", fix
        )
        for path, kind in references(config)
    ]
