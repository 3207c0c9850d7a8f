"""What all settings share: frozen, unknown keys refused, and code or file references that can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a setting that makes the process import code or read a file; refused where the settings are not trusted."""

    kind: str


CODE = "dotted path"
"""The kind of reference that makes the process import code."""

DottedPath = Annotated[str, Reference(CODE)]
LocalPath = Annotated[str, Reference("file path")]


class Settings(BaseModel):
    """Base of all settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


def _reference_kind(field: FieldInfo) -> str | None:
    """What a field refers to; the mark of an optional field sits inside its union."""
    marks = list(field.metadata)
    for member in get_args(field.annotation):
        marks.extend(getattr(member, "__metadata__", ()))
    return next((mark.kind for mark in marks if isinstance(mark, Reference)), None)


def references(settings: object, path: str = "") -> list[tuple[str, str]]:
    """Every set code or file reference below some settings, as (path of the key, kind)."""
    return [(where, kind) for where, kind, _ in _marked(settings, path)]


def named_code(settings: object) -> list[tuple[str, str]]:
    """Every dotted path below some settings, as (path of the key, dotted path)."""
    return [(where, value) for where, kind, value in _marked(settings, "") if kind == CODE]


def _marked(settings: object, path: str) -> Iterator[tuple[str, str, str]]:
    """Every set reference, as (path of the key, kind, what it names)."""
    if isinstance(settings, Settings):
        for name, field in type(settings).model_fields.items():
            value = getattr(settings, name)
            where = f"{path}.{field.alias or name}" if path else field.alias or name
            kind = _reference_kind(field)
            if kind and value is not None:
                yield where, kind, str(value)
            else:
                yield from _marked(value, where)
    elif isinstance(settings, Mapping):
        for key, value in settings.items():
            yield from _marked(value, f"{path}.{key}")
    elif isinstance(settings, list | tuple):
        for index, value in enumerate(settings):
            yield from _marked(value, f"{path}[{index}]")
