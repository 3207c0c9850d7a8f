"""What is wrong with experiments only in view of their tier router's other settings."""

from __future__ import annotations

from collections.abc import Iterator

from litellm_router_plugin.config.experiments import ArmSettings
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.errors import ConfigError

SWITCH = "cascade"


def experiment_problems(name: str, config: TierRouterConfig) -> list[ConfigError]:
    """Names given twice, arms whose floor is above their cap, and arms that change nothing here."""
    names = [experiment.name for experiment in config.experiments]
    problems = [
        ConfigError(f"{name}.experiments[{index}].name", f"{e!r} is the name of an earlier experiment", "Rename one")
        for index, e in enumerate(names)
        if e in names[:index]
    ]
    for index, experiment in enumerate(config.experiments):
        where = f"{name}.experiments[{index}].set"
        problems += [*_crossed_bounds(where, experiment.arm, config), *_idle(where, experiment.arm, config)]
    return problems


def _crossed_bounds(where: str, arm: ArmSettings, config: TierRouterConfig) -> Iterator[ConfigError]:
    rungs = {tier.name: rung for rung, tier in enumerate(config.tiers)}
    low, high = arm.min_tier, arm.max_tier
    if low in rungs and high in rungs and rungs[low] > rungs[high]:
        yield ConfigError(f"{where}.min_tier", f"{low!r} is above max_tier, {high!r}", "Exchange them")


def _idle(where: str, arm: ArmSettings, config: TierRouterConfig) -> Iterator[ConfigError]:
    """A switch that finds things as it wants them changes nothing, and arm and control would be the same."""
    if set(arm.changed) != {SWITCH} or not isinstance(arm.cascade, bool):
        return
    if not arm.cascade and config.cascade is None:
        yield ConfigError(f"{where}.{SWITCH}", "this router has no cascade to switch off", "Give it one, or an arm")
    elif arm.cascade:
        state = "is on already" if config.cascade else "is not there"
        fix = "Write off, or a cascade's settings" if config.cascade else "Write a cascade's settings"
        yield ConfigError(f"{where}.{SWITCH}", f"this router's cascade {state}: the arm changes nothing", fix)
