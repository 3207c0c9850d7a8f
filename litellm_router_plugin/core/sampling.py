"""Which requests are in a sample: by a hash of their ids, the same in every process and after every restart."""

from __future__ import annotations

import hashlib

_RESOLUTION = 1 << 53
"""Positions between 0 and 1 that a float tells apart."""


def position(purpose: str, item: str) -> float:
    """Where an item stands between 0 and 1, evenly spread; another purpose spreads the same items anew."""
    digest = hashlib.blake2b(item.encode("utf-8", "replace"), digest_size=8, key=purpose.encode()[:64]).digest()
    return (int.from_bytes(digest, "big") >> 11) / _RESOLUTION


def is_sampled(purpose: str, item: str, share: float) -> bool:
    """Whether an item is in a sample of that share (0..1)."""
    return position(purpose, item) < share
