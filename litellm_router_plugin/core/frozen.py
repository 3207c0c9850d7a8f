"""Shared empty values for frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[Any, Any] = MappingProxyType({})


def empty() -> Mapping[Any, Any]:
    """The one empty mapping: a default factory, since dataclasses refuse a mapping as a default before Python 3.12."""
    return EMPTY
