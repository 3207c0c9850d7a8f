"""Trees as named arrays, and back: the part that is the same for every kind of tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError

PARTS: Final = ("features", "thresholds", "leaves")


def named_arrays(
    prefix: str, features: NDArray[np.int64], thresholds: NDArray[np.float32], leaves: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """The arrays under names that start with ``prefix``."""
    return dict(zip((prefix + part for part in PARTS), (features.astype(np.uint16), thresholds, leaves), strict=True))


def parts_of(arrays: Mapping[str, NDArray[Any]], prefix: str, feature_count: int) -> list[NDArray[Any]]:
    """Features, thresholds and leaves from what `named_arrays` gave.

    Raises:
        ArtefactError: An array is missing, or a node compares a feature that there is not.
    """
    try:
        parts = [arrays[prefix + part] for part in PARTS]
    except KeyError as missing:
        raise ArtefactError(f"trees: the array {missing} is missing") from missing
    features = parts[0]
    if features.ndim != len("tn") or (features.size and int(features.max()) >= feature_count):
        raise ArtefactError(f"trees: {prefix}features must name features below {feature_count}")
    return parts
