"""A LiteLLM proxy config file as `serve`, `doctor` and `explain` read it: included files merged, tier routers found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from litellm_router_plugin.errors import ConfigError

MARKER_PROVIDER: Final = "tier_router"
HANDLER: Final = "litellm_router_plugin.proxy.handler"
_REFERENCE: Final = "os.environ/"
_CREDENTIAL: Final = re.compile(r"key|token|credential|base|secret|project|profile|role|client|host|url")

Config = dict[str, object]


@dataclass(frozen=True)
class Deployment:
    """One entry of ``model_list``.

    Attributes:
        index: Its position in the list.
        name: Its ``model_name``, the model group.
        params: Its ``litellm_params``.
        info: Its ``model_info``.
    """

    index: int
    name: str
    params: Mapping[str, object]
    info: Mapping[str, object]

    @property
    def model(self) -> str:
        """The model it calls, with the provider's name in front."""
        return str(self.params.get("model", ""))

    @property
    def is_marker(self) -> bool:
        """Whether it is a tier router rather than a model."""
        return self.model.startswith(f"{MARKER_PROVIDER}/")

    @property
    def path(self) -> str:
        """Where it stands, for messages."""
        return f"model_list[{self.index}] ({self.name})"


def load(path: Path) -> Config:
    """A proxy config with the files that it includes.

    Raises:
        ConfigError: A file is missing, is no YAML, or is no mapping; the message has the line where that is known.
    """
    return _load(path.resolve(), frozenset())


def _load(path: Path, seen: frozenset[Path]) -> Config:
    config = _parsed(path)
    for entry in _list(config.pop("include", None), f"{path}: include"):
        included = (path.parent / str(entry)).resolve()
        if included not in seen:
            config = _merged(config, _load(included, seen | {path}))
    return config


def _parsed(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8")
        loaded = yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})", "Give the path of a proxy config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "is not UTF-8 text", "Save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(where, f"no valid YAML: {getattr(error, 'problem', error)}", "") from error
    if not isinstance(loaded, dict):
        raise ConfigError(str(path), "is not a proxy config", "It must be a mapping with a model_list")
    return loaded


def _merged(base: Config, included: Config) -> Config:
    """As LiteLLM merges: lists are joined, everything else is replaced by what is included."""
    merged = {**base, **included}
    for key, value in included.items():
        mine = base.get(key)
        if isinstance(value, list) and isinstance(mine, list):
            merged[key] = [*mine, *value]
    return merged


def _list(value: object, where: str) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ConfigError(where, f"must be a list, found {type(value).__name__}", "")
    return value


def section(config: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A section that is a mapping; an empty one where it is absent.

    Raises:
        ConfigError: It is something else.
    """
    found = config.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ConfigError(name, f"must be a mapping, found {type(found).__name__}", "")
    return found


def deployments(config: Mapping[str, object]) -> list[Deployment]:
    """The entries of ``model_list``.

    Raises:
        ConfigError: The list or an entry is malformed.
    """
    found = []
    for index, entry in enumerate(_list(config.get("model_list"), "model_list")):
        where = f"model_list[{index}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("model_name"), str):
            raise ConfigError(where, "must have a model_name and litellm_params", "")
        params = section(entry, "litellm_params")
        if not isinstance(params.get("model"), str):
            raise ConfigError(f"{where} ({entry['model_name']}).litellm_params.model", "is required", "Name a model")
        found.append(Deployment(index, entry["model_name"], params, section(entry, "model_info")))
    return found


def callbacks(config: Mapping[str, object]) -> list[str]:
    """The names in ``litellm_settings.callbacks``."""
    found = section(config, "litellm_settings").get("callbacks")
    return [found] if isinstance(found, str) else [str(name) for name in _list(found, "litellm_settings.callbacks")]


def known_variables(config: Mapping[str, object], environment: Mapping[str, str]) -> frozenset[str]:
    """The environment variables that the proxy will have: the process's and those that the config sets."""
    own = (name for name, value in section(config, "environment_variables").items() if value)
    return frozenset([*(name for name, value in environment.items() if value), *own])


def missing_variables(deployment: Deployment, known: frozenset[str]) -> list[str]:
    """The variables that a deployment refers to by ``os.environ/NAME`` and that are not set."""
    values = (value for value in deployment.params.values() if isinstance(value, str))
    names = (value.removeprefix(_REFERENCE) for value in values if value.startswith(_REFERENCE))
    return sorted({name for name in names if name not in known})


def holds_credentials(deployment: Deployment) -> bool:
    """Whether the deployment says by itself how to log in or where to call; else the provider's own variable counts."""
    return any(_CREDENTIAL.search(key) for key in deployment.params if key != "model")
