"""The forms in which an answer marks its final result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

MARKS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "tag": re.compile(r"</(?:final_?)?answer>", re.IGNORECASE),
        "boxed": re.compile(r"\\boxed\s*\{"),
        "json": re.compile(r"\"(?:final_?)?answer\"\s*:", re.IGNORECASE),
        "hashes": re.compile(r"^####\s*\S+\s*\Z", re.MULTILINE),
        "phrase": re.compile(r"\b(?:final answer|answer is|answer\s?\**:)", re.IGNORECASE),
    }
)
"""Form of a final answer -> the pattern that shows it."""

HEAD_CHARS = 2_000
TAIL_CHARS = 2_000
"""Characters looked at: a final answer stands at the end, or at the start of a short answer."""


def marks_in(text: str) -> frozenset[str]:
    """The forms of final answer that a text holds."""
    window = text if len(text) <= HEAD_CHARS + TAIL_CHARS else f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    return frozenset(form for form, pattern in MARKS.items() if pattern.search(window))
