"""Values for JSON schemas: what the offline models put into tool calls and structured answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from litellm_router_plugin.host.offline_text import main_words

MAX_DEPTH = 12
"""Schemas nested deeper (or through themselves) are cut there."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"[\"'\u201c]([^\"'\u201d]{1,200})[\"'\u201d]")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+(?: [A-Z]\w+)*")
_BRANCHES: Final = ("anyOf", "oneOf", "allOf")

Schema = Mapping[str, object]


@dataclass
class Material:
    """What a prompt offers for filling in; each piece is used once, in order."""

    prompt: str
    numbers: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, prompt: str) -> Material:
        """The numbers, quotations and names of a prompt."""
        names = [*_QUOTED.findall(prompt), *_NAME.findall(prompt)]
        return cls(prompt, _NUMBER.findall(prompt), names)

    def next_number(self) -> float | None:
        """The next number; None when there is none left."""
        return float(self.numbers.pop(0)) if self.numbers else None

    def next_string(self) -> str | None:
        """The next quotation or name; None when there is none left."""
        return self.strings.pop(0) if self.strings else None

    def some_string(self) -> str:
        """The next quotation or name, else the main words of the prompt."""
        return self.next_string() or " ".join(main_words(self.prompt, 2)) or self.prompt[:40] or "none"


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        found: object = root
        for part in reference[2:].split("/"):
            found = _mapping(found).get(part)
        return _mapping(found)
    for branch in _BRANCHES:
        choices = schema.get(branch)
        if isinstance(choices, list) and choices:
            return {**schema, branch: None, **_mapping(choices[0])}
    return schema


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    return str(kind or ("object" if "properties" in schema else "string"))


def _chosen(options: Iterable[object], material: Material) -> object:
    listed = list(options)
    prompt = material.prompt.lower()
    return next((option for option in listed if str(option).lower() in prompt), listed[0] if listed else None)


def _number(schema: Schema, material: Material) -> float | int:
    low, high = schema.get("minimum"), schema.get("maximum")
    value = material.next_number() or 0.0
    if isinstance(low, int | float):
        value = max(value, low)
    if isinstance(high, int | float):
        value = min(value, high)
    return int(value) if _kind(schema) == "integer" or value == int(value) else value


def _string(schema: Schema, material: Material) -> str:
    text = material.some_string()
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int):
        text = text.ljust(shortest, ".")
    return text[:longest] if isinstance(longest, int) else text


def _required(schema: Schema) -> set[str]:
    listed = schema.get("required")
    return {str(name) for name in listed} if isinstance(listed, list) else set()


def _object(schema: Schema, material: Material, root: Schema, depth: int) -> dict[str, object]:
    properties, required = _mapping(schema.get("properties")), _required(schema)
    wanted = properties if depth == 0 else {name: properties[name] for name in properties if name in required}
    return {name: value_for(_mapping(part), material, root, depth + 1) for name, part in wanted.items()}


def value_for(schema: Schema, material: Material, root: Schema, depth: int = 0) -> object:
    """A value that a schema allows, filled from a prompt where it offers something.

    Types, ``enum``, ``const``, ``required``, bounds of numbers, lengths and counts, ``$ref`` inside the document and
    the first branch of a union are respected; patterns and formats are not.
    """
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    options = schema.get("enum")
    if isinstance(options, list):
        return _chosen(options, material)
    kind = "null" if depth > MAX_DEPTH else _kind(schema)
    if kind == "object":
        return _object(schema, material, root, depth)
    if kind == "array":
        least = schema.get("minItems")
        number = max(least if isinstance(least, int) else 1, 1)
        return [value_for(_mapping(schema.get("items")), material, root, depth + 1) for _ in range(number)]
    if kind in {"number", "integer"}:
        return _number(schema, material)
    return {"boolean": True, "null": None}.get(kind) if kind in {"boolean", "null"} else _string(schema, material)


def plain_values(schema: Schema, material: Material) -> dict[str, object]:
    """What a weak model fills in: top-level numbers, quotations and names that stand in the prompt, nothing else."""
    filled: dict[str, object] = {}
    for name, part in _mapping(schema.get("properties")).items():
        kind = _kind(_mapping(part))
        found: object = None
        if kind in {"number", "integer"} and material.numbers:
            found = _number({"type": kind}, material)
        elif kind == "string" and "enum" not in _mapping(part):
            found = material.next_string()
        if found is not None:
            filled[name] = found
    return filled
