"""A decision on a prompt under a proxy config, without a proxy and without calling a tier."""

from __future__ import annotations

from collections.abc import Mapping

import litellm

from litellm_router_plugin.build import Policy
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.attach import attach
from litellm_router_plugin.host.marker import register
from litellm_router_plugin.host.proxy_file import deployments
from litellm_router_plugin.host.scope import RequestScope


def router_named(config: Mapping[str, object], name: str | None) -> str:
    """The name of a tier router of a config; without a name, of its only one.

    Raises:
        ConfigError: There is none of that name, none at all, or several to choose from.
    """
    names = list(dict.fromkeys(one.name for one in deployments(config) if one.is_marker))
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in names:
        problem = "the config holds no tier router" if not names else f"tier routers of the config: {', '.join(names)}"
        raise ConfigError("--router", problem, "Name one of them" if names else "Add one")
    return name


def policy_of(config: Mapping[str, object], router: str) -> Policy:
    """What a tier router of a config was built into, for commands that use its classifier alone.

    Raises:
        ConfigError: The settings of a tier router of the config are wrong.
    """
    register()
    routing = attach(litellm.Router(model_list=config["model_list"]))
    try:
        return next(one.policy for one in routing.markers.all() if one.name == router)
    finally:
        routing.detach()


def dry_run(config: Mapping[str, object], router: str, prompt: str) -> RequestScope:
    """What a tier router would decide for a prompt; a classifier that asks a model makes its call.

    Raises:
        ConfigError: The settings of a tier router of the config are wrong.
    """
    register()
    host_router = litellm.Router(model_list=config["model_list"])
    routing = attach(host_router)
    try:
        return routing.dry_scope(router, [{"role": "user", "content": prompt}], {})
    finally:
        routing.detach()
