"""Counts of the tools on offer: how many, how large their schemas are, how well their names fit the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from litellm_router_plugin.core.requests import ToolSpec

TOOL_FEATURES: Final = (
    "tools",
    "tool_parameters",
    "tool_required",
    "tool_choices",
    "tool_nested",
    "tool_most_parameters",
    "tool_names_in_prompt",
)
"""Names of the counts, in order."""
MAX_TOOLS_READ: Final = 8
"""Tools whose schemas are read; the rest are only counted."""
MAX_PARAMETERS_READ: Final = 24
"""Parameters of one tool that are looked at."""
MAX_PROMPT_READ: Final = 2_000
"""Characters of the prompt in which words of the tools' names are looked for."""


def tool_counts(tools: Sequence[ToolSpec], text: str) -> tuple[float, ...]:
    """The counts of `TOOL_FEATURES` for the tools on offer and the prompt."""
    prompt = text[:MAX_PROMPT_READ].lower()
    parameters = required = choices = nested = most = named = 0
    for tool in tools[:MAX_TOOLS_READ]:
        properties, needed = tool.schema.get("properties"), tool.schema.get("required")
        if isinstance(properties, Mapping):
            parameters += len(properties)
            most = max(most, len(properties))
            with_choices, with_nested = _parameter_kinds(properties)
            choices += with_choices
            nested += with_nested
        if isinstance(needed, list | tuple):
            required += len(needed)
        named += any(word in prompt for word in _name_words(tool.name))
    return (len(tools), parameters, required, choices, nested, most, named)


def _parameter_kinds(properties: Mapping[object, object]) -> tuple[int, int]:
    """How many parameters are one of some values, and how many hold others."""
    choices = nested = 0
    for _, schema in zip(range(MAX_PARAMETERS_READ), properties.values(), strict=False):
        if isinstance(schema, Mapping):
            choices += "enum" in schema
            nested += "properties" in schema or "items" in schema
    return choices, nested


def _name_words(name: str) -> list[str]:
    """The words of a tool's name that are long enough to mean something."""
    shortest = 4
    return [word for word in name[:64].lower().replace(".", "_").replace("-", "_").split("_") if len(word) >= shortest]
