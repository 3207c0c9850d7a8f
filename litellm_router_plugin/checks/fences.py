"""Fenced code blocks of a Markdown text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FENCE_LINE = re.compile(r"^[ \t>]{0,16}(`{3,}|~{3,})[ \t]*([^\s`]{0,32})([^\n`]*)$", re.MULTILINE)
"""A line that opens or closes a block (CommonMark 4.5), also inside a list or a quotation."""
MAX_FENCES = 400
"""Fence lines that are looked at."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block; ``language`` is the first word of its info string, lower case."""

    language: str
    code: str
    is_closed: bool


def code_blocks(text: str) -> Sequence[CodeBlock]:
    """The fenced blocks of a text, in order; the last one may be unclosed."""
    if "```" not in text and "~~~" not in text:
        return ()
    blocks: list[CodeBlock] = []
    mark, language, start = "", "", 0
    for count, line in enumerate(FENCE_LINE.finditer(text)):
        if count >= MAX_FENCES:
            return blocks
        if not mark:
            mark, language, start = line[1], line[2].lower(), line.end() + 1
        elif line[1].startswith(mark) and not line[2]:
            blocks.append(CodeBlock(language, text[start : line.start()], is_closed=True))
            mark = ""
    if mark:
        blocks.append(CodeBlock(language, text[start:], is_closed=False))
    return blocks


def has_unclosed_block(text: str) -> bool:
    """Whether the text ends inside a fenced block."""
    blocks = code_blocks(text)
    return bool(blocks) and not blocks[-1].is_closed
