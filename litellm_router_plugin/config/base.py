"""What all settings share: frozen, unknown keys refused, and code or file references that can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a setting that makes the process import code or read a file; refused where the settings are not trusted."""

    kind: str


DottedPath = Annotated[str, Reference("dotted path")]
LocalPath = Annotated[str, Reference("file path")]


class Settings(BaseModel):
    """Base of all settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


def references(settings: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every set code or file reference below some settings, as (path of the key, kind)."""
    if isinstance(settings, Settings):
        for name, field in type(settings).model_fields.items():
            value = getattr(settings, name)
            where = f"{path}.{name}" if path else name
            kind = next((m.kind for m in field.metadata if isinstance(m, Reference)), None)
            if kind and value is not None:
                yield where, kind
            else:
                yield from references(value, where)
    elif isinstance(settings, Mapping):
        for key, value in settings.items():
            yield from references(value, f"{path}.{key}")
    elif isinstance(settings, list | tuple):
        for index, value in enumerate(settings):
            yield from references(value, f"{path}[{index}]")
