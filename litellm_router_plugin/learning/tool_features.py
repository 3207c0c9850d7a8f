"""Counts of the tools on offer: how many, how large their schemas are, how well they fit the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from litellm_router_plugin.core.requests import ToolSpec

TOOL_FEATURES: Final = (
    "tools",
    "tool_parameters",
    "tool_required",
    "tool_most_parameters",
    "tool_choices",
    "tool_lists",
    "tool_objects",
    "tool_untyped",
    "tool_dotted",
    "tool_described",
    "tool_words_shared",
    "tool_words_missing",
)
"""Names of the counts, in order."""
MAX_TOOLS_READ: Final = 8
"""Tools whose schemas are read; the rest are only counted."""
MAX_PARAMETERS_READ: Final = 24
"""Parameters of one tool that are looked at."""
MAX_CHARS_READ: Final = 2_000
"""Characters of the prompt, and of the tools' texts, that are compared."""
MEANINGFUL: Final = 4
"""Characters of the shortest word that is compared."""


class _Counter:
    """Adds up what the tools' schemas hold."""

    def __init__(self) -> None:
        self.parameters = self.required = self.most = 0
        self.choices = self.lists = self.objects = self.untyped = self.dotted = 0
        self.texts: list[str] = []

    def add_tool(self, tool: ToolSpec) -> None:
        self.texts.append(tool.name[:MAX_CHARS_READ])
        self.dotted += "." in tool.name
        required = tool.schema.get("required")
        if isinstance(required, list | tuple):
            self.required += len(required)
        properties = tool.schema.get("properties")
        if isinstance(properties, Mapping):
            self.parameters += len(properties)
            self.most = max(self.most, len(properties))
            for name, schema in _first(properties):
                self.add_parameter(name, schema)

    def add_parameter(self, name: object, schema: object) -> None:
        self.texts.append(str(name)[:MAX_CHARS_READ])
        if not isinstance(schema, Mapping):
            return
        kind = schema.get("type")
        self.choices += "enum" in schema
        self.lists += kind == "array"
        self.objects += kind == "object"
        self.untyped += kind not in _PLAIN_TYPES
        description = schema.get("description")
        if isinstance(description, str):
            self.texts.append(description[:MAX_CHARS_READ])


_PLAIN_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object")


def _first(properties: Mapping[object, object]) -> Iterator[tuple[object, object]]:
    for (name, schema), _ in zip(properties.items(), range(MAX_PARAMETERS_READ), strict=False):
        yield name, schema


def tool_counts(tools: Sequence[ToolSpec], text: str) -> tuple[float, ...]:
    """The counts of `TOOL_FEATURES` for the tools on offer and the prompt."""
    counter = _Counter()
    for tool in tools[:MAX_TOOLS_READ]:
        counter.add_tool(tool)
    described = " ".join(counter.texts)[:MAX_CHARS_READ].lower()
    words = {word for word in text[:MAX_CHARS_READ].lower().split() if len(word) >= MEANINGFUL}
    shared = sum(word in described for word in words)
    return (
        len(tools),
        counter.parameters,
        counter.required,
        counter.most,
        counter.choices,
        counter.lists,
        counter.objects,
        counter.untyped,
        counter.dotted,
        len(described),
        shared,
        len(words) - shared,
    )
