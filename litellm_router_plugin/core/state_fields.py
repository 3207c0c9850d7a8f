"""Reading numbers back from stored state: counts that another process, or an older one, wrote down."""

from __future__ import annotations

import math
from collections.abc import Mapping

from litellm_router_plugin.errors import DataError

JsonState = dict[str, object]
"""What a state is stored as: names to integers, finite floats, strings, or lists and dicts of these."""

SOURCE = "stored state"


def _bad(key: str, problem: str) -> DataError:
    return DataError(SOURCE, 0, f"field {key!r} {problem}; delete the stored state to start counting afresh")


def integer(data: Mapping[str, object], key: str, highest: int | None = None) -> int:
    """A count; raises `DataError` unless the field holds an integer from 0 to ``highest`` (None: any)."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _bad(key, "must be an integer of at least 0")
    if highest is not None and value > highest:
        raise _bad(key, f"must be at most {highest}")
    return value


def number(data: Mapping[str, object], key: str) -> float:
    """A finite number; raises `DataError` for anything else."""
    return _finite(data.get(key), key)


def amount(data: Mapping[str, object], key: str) -> float:
    """A finite number of at least 0; raises `DataError` for anything else."""
    value = number(data, key)
    if value < 0:
        raise _bad(key, "must not be negative")
    return value


def amounts(data: Mapping[str, object], key: str, length: int) -> tuple[float, ...]:
    """A list of ``length`` finite numbers of at least 0; raises `DataError` for anything else."""
    values = data.get(key)
    if not isinstance(values, list | tuple) or len(values) != length:
        raise _bad(key, f"must be a list of {length} numbers")
    read = tuple(_finite(value, key) for value in values)
    if min(read, default=0.0) < 0:
        raise _bad(key, "must not hold negative numbers")
    return read


def counts(data: Mapping[str, object], key: str, length: int) -> tuple[int, ...]:
    """A list of ``length`` integers of at least 0; raises `DataError` for anything else."""
    return tuple(int(value) for value in amounts(data, key, length))


def part(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    """A nested state; raises `DataError` unless the field holds one."""
    value = data.get(key)
    if not isinstance(value, Mapping):
        raise _bad(key, "must be an object")
    return value


def _finite(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(key, "must be a finite number")
    return float(value)
