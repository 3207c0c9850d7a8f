"""Words for mistakes in settings: the path as the user wrote it, what is wrong, and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_type_hints

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.classifiers import KINDS
from litellm_router_plugin.errors import ConfigError

Details = Mapping[str, Any]
"""One error as pydantic tells it: ``loc``, ``type``, ``msg``, ``input``, ``ctx``."""

MEMBER_NAMES = frozenset({"literal", "str", "bool", "tuple"})
MAX_SHOWN_CHARS = 40
NAME_FIX = "Use letters, digits, '_', '.' and '-' only, at most 64, the first a letter or a digit"
YAML_KEY_FIX = "Put the key in quotes: YAML reads on, off, yes and no as true and false"
WANTED = {
    "tuple_type": ("a list", "Write it in [ ]"),
    "list_type": ("a list", "Write it in [ ]"),
    "model_type": ("a mapping", "Write its keys below it"),
    "dict_type": ("a mapping", "Write its keys below it"),
    "string_type": ("a text", "Put it in quotes"),
    "bool_type": ("true or false", "Write true or false"),
    "bool_parsing": ("true or false", "Write true or false"),
    "int_type": ("a whole number", "Write a whole number"),
    "int_parsing": ("a whole number", "Write a whole number"),
    "int_from_float": ("a whole number", "Write a whole number"),
    "float_type": ("a number", "Write a number"),
    "float_parsing": ("a number", "Write a number"),
    "decimal_type": ("a number", "Write a number"),
    "decimal_parsing": ("a number", "Write a number"),
}
"""Kind of error -> what was expected, and how to write it."""


def mistakes(name: str, raw: object, model: type[Settings], errors: Iterable[Details]) -> list[ConfigError]:
    """What is wrong with some settings, each mistake once.

    Args:
        name: What paths begin with.
        raw: The settings as they were written.
        model: What they should be.
        errors: What pydantic says.
    """
    found: dict[str, ConfigError] = {}
    for details in errors:
        if not _is_echo(details):
            mistake = _mistake(name, raw, model, details)
            found.setdefault(mistake.path, mistake)
    return list(found.values())


def _is_echo(details: Details) -> bool:
    """Whether an error only follows from another: a list is short of the entries that were refused, and a mapping is
    not the switch that could stand in its place.
    """
    given = details["input"]
    if details["type"] == "too_short":
        return isinstance(given, Sequence) and len(given) >= details["ctx"]["min_length"]
    return str(details["type"]).startswith("bool_") and isinstance(given, Mapping)


def _mistake(name: str, raw: object, model: type[Settings], details: Details) -> ConfigError:
    given, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            problem, fix = "unknown key", _suggestion(details["loc"], raw, model)
        case "missing":
            problem, fix = "this key is required", "Add it"
        case "too_short":
            count = f"expected at least {context['min_length']} entries, found {context['actual_length']}"
            problem, fix = count, "Add the missing ones"
        case "literal_error":
            problem, fix = f"expected {context['expected']}, found {shown(given)}", "Write one of these"
        case "string_pattern_mismatch":
            problem, fix = f"{shown(given)} cannot be a name", NAME_FIX
        case "invalid_key":
            problem, fix = f"a key must be a text, found {shown(details['loc'][-1])}", YAML_KEY_FIX
        case kind if kind in WANTED:
            what, fix = WANTED[kind]
            problem = f"expected {what}, found {shown(given)}"
        case _:
            problem, fix = _in_pydantics_words(details)
    return ConfigError(path_of(name, raw, details["loc"]), problem, fix)


def _in_pydantics_words(details: Details) -> tuple[str, str]:
    """Problem and fix; validators of our own say both in one message."""
    message = str(details["msg"]).removeprefix("Value error, ")
    if message.startswith("Input should be "):
        return f"{shown(details['input'])} is out of range", f"It must be {message.removeprefix('Input should be ')}"
    return message[:1].lower() + message[1:], ""


def shown(value: object) -> str:
    """A value as an error may show it: short, and not the whole of a list or a mapping."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str | int | float):
        return repr(value[:MAX_SHOWN_CHARS] if isinstance(value, str) else value)
    return "a list" if isinstance(value, Sequence) else type(value).__name__


def path_of(name: str, raw: object, loc: Sequence[int | str]) -> str:
    """The path of a key as the user wrote it: pydantic's own names of union members are left out."""
    path, here = name, raw
    for index, key in enumerate(loc):
        is_last = index == len(loc) - 1
        if isinstance(key, int) and isinstance(here, list | tuple):
            path, here = f"{path}[{key}]", here[key] if key < len(here) else None
        elif isinstance(here, Mapping) and (key in here or (is_last and not _is_member_name(key))):
            path, here = f"{path}.{key}", here.get(key)
    return path


def _is_member_name(key: object) -> bool:
    """Whether pydantic made this part of a path up, as the name of a union's member."""
    return isinstance(key, str) and (key.endswith("Settings") or "[" in key or key in MEMBER_NAMES)


def _suggestion(loc: Sequence[int | str], raw: object, model: type[Settings]) -> str:
    known = [key for one in models_at(loc[:-1], raw, model) for key in keys_of(one)]
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Remove it. The keys here are: {', '.join(dict.fromkeys(known))}" if known else "Remove it"


def keys_of(model: type[Settings]) -> list[str]:
    """The keys of some settings, as users write them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def models_at(loc: Sequence[int | str], raw: object, model: type[Settings]) -> list[type[Settings]]:
    """The settings that may stand at a place; of classifiers the one that ``type`` names."""
    here, value = [model], raw
    for key in loc:
        below = [found for one in here for found in _below(one, key)]
        here = below or here
        if isinstance(value, Mapping):
            value = value.get(key, value)
        elif isinstance(key, int) and isinstance(value, list | tuple) and key < len(value):
            value = value[key]
        kind = value.get("type") if isinstance(value, Mapping) else None
        if isinstance(kind, str) and KINDS.get(kind) in here:
            here = [KINDS[kind]]
    return here


def _below(model: type[Settings], key: int | str) -> Iterator[type[Settings]]:
    field = next((field for name, field in model.model_fields.items() if (field.alias or name) == key), None)
    if field is not None:
        yield from _settings_in(field.annotation)
    elif model.model_config.get("extra") == "allow" and isinstance(key, str):
        yield from _settings_in(get_type_hints(model, include_extras=True).get("__pydantic_extra__"))


def _settings_in(annotation: object) -> Iterator[type[Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in get_args(annotation):
        yield from _settings_in(part)
