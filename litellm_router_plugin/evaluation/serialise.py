"""A report as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

import orjson

from litellm_router_plugin.errors import DataError


def as_json_value(value: object) -> object:
    """Records as objects, sequences as lists; a figure that does not exist is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json_value(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_json_value(each) for each in value]
    return value


def write_json(report: object, path: Path) -> None:
    """Write a report, such as an `EvaluationReport`, as indented JSON.

    Raises:
        DataError: The file cannot be written.
    """
    text = orjson.dumps(as_json_value(report), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        path.write_bytes(text)
    except OSError as error:
        raise DataError(str(path), 0, f"cannot be written: {error}") from error
