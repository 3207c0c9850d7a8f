"""Groups rows whose prompts are nearly the same text, so that no copy of a held-out prompt is learned from.

Bottom-k sketches (Broder 1997): the smallest hashes of a text's word shingles; how many two sketches share estimates
how many shingles the texts share. Shingles that many texts share belong to a template and are left out: prompts of one
template are no copies of each other unless what is their own is nearly the same too.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Final

SHINGLE_WORDS: Final = 4
SKETCH_SIZE: Final = 16
SHARED: Final = 15
"""Hashes of `SKETCH_SIZE` that near-duplicates share: about 0.9 of their shingles."""
KEYS: Final = 3
"""Smallest hashes under which candidates are looked up."""
TEMPLATE_TEXTS: Final = 20
"""Texts that share a shingle of a template; copies of one prompt are fewer, but for whole texts that are the same."""
MOST_CANDIDATES: Final = 50
"""Candidates compared under one hash."""
MOST_CHARS: Final = 4_000
"""Characters of a text that are looked at, half of them at its end: templates differ there."""


def near_duplicate_groups(texts: Sequence[str]) -> list[int]:
    """For each text the position of the first text of its group."""
    words = [_words(text) for text in texts]
    shingles = [_shingles(one) for one in words]
    shared_by = Counter(shingle for one in shingles for shingle in one)
    leader = _leaders_of_equals(words)
    seen: dict[int, list[int]] = {}
    sketches: list[frozenset[int]] = []
    for index, one in enumerate(shingles):
        hashes = sorted(shingle for shingle in one if shared_by[shingle] <= TEMPLATE_TEXTS)[:SKETCH_SIZE]
        own = frozenset(hashes)
        sketches.append(own)
        needed = min(SHARED, len(own))
        for key in hashes[:KEYS]:
            candidates = seen.setdefault(key, [])
            for other in candidates[:MOST_CANDIDATES]:
                if len(own & sketches[other]) >= needed and len(own) == len(sketches[other]):
                    leader[_root(leader, index)] = _root(leader, other)
            candidates.append(index)
    return [_root(leader, index) for index in range(len(texts))]


def _words(text: str) -> list[str]:
    half = MOST_CHARS // 2
    return (text if len(text) <= MOST_CHARS else f"{text[:half]} {text[-half:]}").lower().split()


def _shingles(words: Sequence[str]) -> frozenset[int]:
    starts = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return frozenset(
        zlib.crc32(" ".join(words[start : start + SHINGLE_WORDS]).encode("utf-8", "replace")) for start in starts
    )


def _leaders_of_equals(words: Sequence[Sequence[str]]) -> list[int]:
    """For each text the first one of the same words."""
    first: dict[tuple[str, ...], int] = {}
    return [first.setdefault(tuple(one), index) for index, one in enumerate(words)]


def _root(leader: list[int], index: int) -> int:
    while leader[index] != index:
        leader[index] = leader[leader[index]]
        index = leader[index]
    return index
