"""The model groups of a proxy config, and the other ways in which LiteLLM may find one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from litellm_router_plugin.host.proxy_file import Config, Deployment, section

DATABASE_VARIABLES: Final = ("DATABASE_URL", "DATABASE_HOST", "STORE_MODEL_IN_DB")


class Groups:
    """What stands behind each name in a config.

    Args:
        found: The entries of ``model_list``.
        config: The proxy's config.
        environment: The process's environment.

    Raises:
        ConfigError: A section of the config is malformed.
    """

    def __init__(self, found: Sequence[Deployment], config: Config, environment: Mapping[str, str]) -> None:
        self._members: dict[str, list[Deployment]] = {}
        for deployment in found:
            self._members.setdefault(deployment.name, []).append(deployment)
        aliases = section(config, "router_settings").get("model_group_alias")
        self._aliases = aliases if isinstance(aliases, Mapping) else {}
        settings = section(config, "general_settings")
        written = any(settings.get(name) for name in ("database_url", "store_model_in_db"))
        self._has_database = written or any(environment.get(name) for name in DATABASE_VARIABLES)

    @property
    def names(self) -> list[str]:
        """The model groups that stand in the file."""
        return list(self._members)

    def of(self, group: str) -> list[Deployment]:
        """The deployments of a group; none where the file has no such group."""
        return self._members.get(group, [])

    def other_way_to(self, group: str) -> str | None:
        """How LiteLLM may find a group that the file does not have; None: in no way."""
        if group in self._aliases:
            return "router_settings.model_group_alias"
        wildcard = next((name for name in self._members if "*" in name and _matches(name, group)), None)
        if wildcard is not None:
            return f"the wildcard {wildcard!r}"
        return "LiteLLM's database" if self._has_database else None


def _matches(wildcard: str, group: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wildcard.split("*"))), group) is not None
