"""Labelled examples: prompts and the tier that suffices for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import DataError

MAX_EXAMPLES = 2_000
"""Each is embedded once, for money; beyond that many a trained classifier is the better tool."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt, and the rung of the tier that suffices for it."""

    text: str
    rung: int


def read_examples(path: str | Path, ladder: Ladder) -> tuple[Example, ...]:
    """The examples of a JSONL file; empty lines are passed over.

    Raises:
        DataError: The file cannot be read or holds none or too many, or a line is wrong; with its number.
    """
    source = str(path)
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise DataError(source, 0, f"cannot be read: {error}") from error
    examples = tuple(_examples(source, lines, ladder))
    if not 1 <= len(examples) <= MAX_EXAMPLES:
        raise DataError(source, 0, f"expected 1 to {MAX_EXAMPLES} examples, found {len(examples)}")
    return examples


def _examples(source: str, lines: list[str], ladder: Ladder) -> Iterator[Example]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _example(source, number, line, ladder)


def _example(source: str, number: int, line: str, ladder: Ladder) -> Example:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(source, number, f"is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(source, number, 'expected an object such as {"text": "…", "tier": "…"}')
    text, tier = row.get("text", row.get("prompt")), row.get("tier")
    if not isinstance(text, str) or not text.strip():
        raise DataError(source, number, 'there is no "text" or "prompt" with words in it')
    if tier not in ladder.names:
        raise DataError(
            source, number, f"there is no tier {str(tier)[:64]!r}. The tiers are: {', '.join(ladder.names)}"
        )
    return Example(text, ladder.rung(tier))
