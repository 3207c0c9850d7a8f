"""Groups rows whose prompts are nearly the same text, so that no copy of a held-out prompt is learned from.

Bottom-k sketches (Broder 1997): the smallest hashes of a text's word shingles; how many two sketches share estimates
how many shingles the texts share.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

SHINGLE_WORDS: Final = 4
SKETCH_SIZE: Final = 16
SHARED: Final = 15
"""Hashes of `SKETCH_SIZE` that near-duplicates share: about 0.9 of their shingles."""
KEYS: Final = 3
"""Smallest hashes under which candidates are looked up."""
MOST_CANDIDATES: Final = 50
"""Candidates compared under one hash; templated prompts share many."""
MOST_CHARS: Final = 4_000


def near_duplicate_groups(texts: Sequence[str]) -> list[int]:
    """For each text the position of the first text of its group."""
    leader = list(range(len(texts)))
    seen: dict[int, list[int]] = {}
    sketches: list[frozenset[int]] = []
    for index, text in enumerate(texts):
        hashes = _sketch(text)
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


def _sketch(text: str) -> list[int]:
    words = text[:MOST_CHARS].lower().split()
    shingles = {
        " ".join(words[start : start + SHINGLE_WORDS]) for start in range(max(1, len(words) - SHINGLE_WORDS + 1))
    }
    return sorted({zlib.crc32(shingle.encode("utf-8", "replace")) for shingle in shingles})[:SKETCH_SIZE]


def _root(leader: list[int], index: int) -> int:
    while leader[index] != index:
        leader[index] = leader[leader[index]]
        index = leader[index]
    return index
