"""Starts LiteLLM's own proxy in this process, and asks LiteLLM what a deployment would need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import litellm

from litellm_router_plugin.host.offline import is_offline
from litellm_router_plugin.host.prices import entry_of
from litellm_router_plugin.host.proxy_file import Deployment, holds_credentials

_KEY_SUFFIX = "_API_KEY"


def implicit_keys(deployment: Deployment) -> Sequence[str]:
    """The key variables that LiteLLM would look for, none of them set, for a deployment that names no credentials.

    Only variables that end in ``_API_KEY`` count: clouds and local servers have other ways to log in.
    """
    if is_offline(deployment.model) or holds_credentials(deployment):
        return ()
    litellm.suppress_debug_info = True  # it prints a list of providers for a name that it does not know
    names: Sequence[str] = litellm.validate_environment(deployment.model)["missing_keys"]
    return [name for name in names if name.endswith(_KEY_SUFFIX)]


def mode_of(deployment: Deployment) -> object:
    """The kind of a deployment's model: what the config says, else LiteLLM's list; None where neither knows."""
    written = deployment.info.get("mode")
    if written is not None:
        return written
    listed = entry_of(deployment.params, deployment.info)
    return listed.get("mode")


def run_proxy(config: Path, *, host: str, port: int, workers: int) -> None:
    """Serve until the process is told to stop, as the ``litellm`` command does."""
    from litellm.proxy.proxy_cli import run_server  # noqa: PLC0415  loads the whole proxy

    arguments = ["--config", str(config), "--host", host, "--port", str(port), "--num_workers", str(workers)]
    run_server.main(args=arguments, prog_name="litellm", standalone_mode=False)
