"""From what users wrote to checked settings, with errors that say where, what and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.classifiers import tier_names
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
        problems = [_problem(name, raw, details) for details in error.errors(include_url=False)]
        _raise_all(problems)
        raise


def _problem(name: str, raw: Mapping[Any, Any], details: Any) -> ConfigError:  # noqa: ANN401  pydantic's ErrorDetails
    path, parent = _path(name, raw, details["loc"])
    kind, message = details["type"], details["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return ConfigError(path, "unknown key", _suggestion(details["loc"], parent, details))
    if kind == "missing":
        return ConfigError(path, "this key is required", "Add it")
    if kind == "union_tag_not_found":
        return ConfigError(f"{path}.type", "this key is required", "Say which kind it is")
    return ConfigError(path, message[0].lower() + message[1:], "")


def _path(name: str, raw: object, loc: tuple[int | str, ...]) -> tuple[str, object]:
    """The path of a key as the user wrote it: pydantic's own names of union members are left out."""
    path, here, parent = name, raw, raw
    for index, key in enumerate(loc):
        is_last = index == len(loc) - 1
        if isinstance(key, int) and isinstance(here, list | tuple):
            path, parent, here = f"{path}[{key}]", here, here[key] if key < len(here) else None
        elif isinstance(here, Mapping) and (key in here or (is_last and not _is_member_name(key))):
            path, parent, here = f"{path}.{key}", here, here.get(key)
    return path, parent


def _is_member_name(key: object) -> bool:
    """Whether pydantic made this part of a path up, as the name of a union's member."""
    return isinstance(key, str) and (key.endswith("Settings") or "[" in key or key in {"literal", "str", "tuple"})


def _suggestion(loc: tuple[int | str, ...], parent: object, details: Any) -> str:  # noqa: ANN401  as above
    del parent, details
    known = [field for model in _settings_models() for field in model.model_fields]
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"Did you mean {close[0]!r}?" if close else "Remove it"


def _settings_models() -> Iterator[type[Any]]:
    from litellm_router_plugin.config.base import Settings  # noqa: PLC0415  only when something is wrong

    pending: list[type[Any]] = [Settings]
    while pending:
        model = pending.pop()
        yield model
        pending.extend(model.__subclasses__())


def _cross_checks(name: str, config: TierRouterConfig) -> list[ConfigError]:
    known = [tier.name for tier in config.tiers]
    fix = f"The tiers are: {', '.join(known)}"
    mentioned = [("default_tier", config.default)]
    mentioned += [
        (f"classifier.{path}" if path else "classifier", tier) for path, tier in tier_names(config.classifier)
    ]
    for index, experiment in enumerate(config.experiments):
        mentioned += [(f"experiments[{index}].set.{path}", tier) for path, tier in experiment.arm.named_tiers()]
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
    names = [experiment.name for experiment in config.experiments]
    problems += [
        ConfigError(f"{name}.experiments[{index}].name", f"{e!r} is the name of an earlier experiment", "Rename one")
        for index, e in enumerate(names)
        if e in names[:index]
    ]
    return problems


def _untrusted(name: str, config: TierRouterConfig) -> list[ConfigError]:
    fix = "Put the tier router in the proxy's own config file"
    return [
        ConfigError(
            f"{name}.{path}", f"a {kind} is not allowed in settings that come from a database or a request", fix
        )
        for path, kind in references(config)
    ]
