"""Words in any script: how to count them, and how to find whole ones."""

from __future__ import annotations

import re

import re2

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Characters of scripts that put no space between words, or glue endings to them: Thai, Lao, Burmese, Khmer, Japanese,
Chinese, Korean (Unicode blocks)."""
CHARS_PER_UNSPACED_WORD = 2
"""Characters that make about one word in those scripts (a rule of thumb for Chinese; not tuned)."""

_EDGE = r"\x00-/:-@\[-^`{-\x{bf}\x{2000}-\x{206f}\x{3000}-\x{303f}\x{ff00}-\x{ff0f}"
"""What may stand beside a whole word: ASCII and Latin-1 signs, general, ideographic and full-width punctuation. A list,
because RE2's ``\\b`` knows ASCII letters only and ``\\pL`` makes programs too large to hold some hundred words."""


def count_words(text: str) -> int:
    """How many words a text has; in scripts without spaces an estimate from its characters."""
    words = len(text.split())
    if text.isascii():
        return words
    return words + len(UNSPACED.findall(text)) // CHARS_PER_UNSPACED_WORD


def whole_word_pattern(phrase: str) -> str:
    """An RE2 pattern for a word or phrase that stands by itself; any white space matches between its words."""
    words = phrase.split()
    body = r"\s+".join(re2.escape(word) for word in words)
    return f"{_before(words[0][0])}{body}{_after(words[-1][-1])}" if words else ""


def _before(first: str) -> str:
    return f"(?:^|[{_EDGE}])" if _needs_edge(first) else ""


def _after(last: str) -> str:
    return f"(?:[{_EDGE}]|$)" if _needs_edge(last) else ""


def _needs_edge(char: str) -> bool:
    """Signs need none (``c++`` before a letter is still ``c++``), nor do scripts without spaces."""
    return (char.isalnum() or char == "_") and not UNSPACED.match(char)
