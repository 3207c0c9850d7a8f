"""Everything that would go wrong with a proxy config, as findings. No network; the price map that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litellm_router_plugin.cli.findings import Finding
from litellm_router_plugin.cli.router_diagnosis import router_findings
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.offline import is_offline
from litellm_router_plugin.host.offline_config import missing_keys
from litellm_router_plugin.host.proxy_command import implicit_keys, mode_of
from litellm_router_plugin.host.proxy_file import (
    HANDLER,
    Config,
    callbacks,
    deployments,
    known_variables,
    section,
)


def diagnose(config: Config, environment: Mapping[str, str]) -> list[Finding]:
    """All findings on a config, in the order in which one would mend them."""
    try:
        return [
            *_callback_findings(config),
            *router_findings(config, environment),
            *_key_findings(config, environment),
            *_master_key_findings(config, environment),
        ]
    except ConfigError as error:
        return [Finding.of(error)]


def _callback_findings(config: Config) -> Iterator[Finding]:
    if not any(deployment.is_marker for deployment in deployments(config)):
        fix = "Add an entry with litellm_params.model tier_router/<name> and its settings in model_info.tier_router"
        yield Finding("error", "model_list", "holds no tier router", fix)
    elif HANDLER not in callbacks(config):
        fix = f"Add {HANDLER} to the list: without it LiteLLM drops the tier routers and answers 400"
        yield Finding("error", "litellm_settings.callbacks", "the plugin is not among them", fix)


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
