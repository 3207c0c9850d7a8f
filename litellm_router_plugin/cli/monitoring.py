"""What ``monitor`` finds: the kept monitors, the steps in force, and what outcomes propose for a config."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.kept_state import STEPS, load_steps, store_steps
from litellm_router_plugin.host.markers import SETTINGS_KEY
from litellm_router_plugin.host.proxy_file import deployments, load
from litellm_router_plugin.host.quality import judge_is_fair, router_values
from litellm_router_plugin.host.tier_router import tuning_name
from litellm_router_plugin.host.tuning import StepRefused, Tuning, reverted
from litellm_router_plugin.ledger.outcome_pairs import collect
from litellm_router_plugin.ledger.proposals import proposals

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

OPERATOR = "tier-router monitor"


def found_by_monitor(store: Store, config: Path, router: str | None) -> dict[str, Any]:
    """Monitors, steps and proposals of the tier routers of a config.

    Raises:
        ConfigError: The config cannot be used, or has no such tier router.
        StoreError: The database cannot be read.
    """
    markers = [one for one in deployments(load(config)) if one.is_marker and router in (None, one.name)]
    if not markers:
        raise ConfigError("--router", "the config holds no such tier router", "Name one of its tier routers")
    routers = [_proposed(store, one.name, one.info.get(SETTINGS_KEY)) for one in markers]
    return {**store.reader.monitoring(router), "routers": routers}


def _proposed(store: Store, name: str, settings: object) -> dict[str, Any]:
    written = parse_tier_router(name, settings)
    tuning = Tuning(lambda _name: None)
    tuning.replace(name, load_steps(store.states, name) or ())
    config = tuning.overlaid(name, written)
    rated, judged = store.reader.outcomes(name)
    tunings = {route: tuning_name(one) for route, one in config.routes.items()}
    outcomes = collect(rated, judged if judge_is_fair(config) else [], tunings)
    return {"router": name, **proposals(router_values(name, config), outcomes).view()}


def revert_in_store(store: Store, step_id: str) -> dict[str, object]:
    """Take a step back in the store, where the proxies that run see it.

    Raises:
        StepRefused: There is no such step, or it cannot be taken back.
    """
    for state in store.states.all(STEPS):
        router = state.name.removeprefix(STEPS)
        steps = load_steps(store.states, router) or ()
        if any(step.id == step_id for step in steps):
            done = store_steps(
                store.states, router, lambda known: reverted(known, step_id, by=OPERATOR, now=time.time())
            )
            return next(step for step in done if step.id == step_id).view()
    raise StepRefused(f"there is no step {step_id[:40]!r}")
