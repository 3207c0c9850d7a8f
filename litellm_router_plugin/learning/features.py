"""Cheap counts of a prompt: what the learned models see of it.

One byte histogram, one list of words and a few substring counts over a window of the prompt; no regular expression.
Every number is finite for any input, and the work is bounded by the window whatever the prompt's length.
"""

from __future__ import annotations

import math
import struct
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.learning.lexicon import WORD_GROUPS
from litellm_router_plugin.learning.tool_features import TOOL_FEATURES, tool_counts

FloatArray = NDArray[np.float64]

FEATURE_SPEC_VERSION: Final = 1
"""Raised whenever a feature changes its meaning; an artefact of another version is refused."""
WINDOW_HEAD: Final = 2_000
"""Characters looked at from the start of a prompt."""
WINDOW_TAIL: Final = 1_000
"""Characters looked at from its end."""

_BYTE_CLASSES: Final[dict[str, bytes]] = {
    "lower": b"abcdefghijklmnopqrstuvwxyz",
    "upper": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "digit": b"0123456789",
    "space": b" \t",
    "newline": b"\n\r",
    "full_stop": b".",
    "comma": b",;:",
    "question": b"?",
    "exclamation": b"!",
    "quote": b"'\"`",
    "bracket": b"()",
    "square": b"[]",
    "brace": b"{}",
    "arithmetic": b"+*/=<>^%",
    "hyphen": b"-_",
    "backslash": b"\\",
    "money": b"$#@&|~",
}
_CLASS_NAMES: Final = ("other", *_BYTE_CLASSES)
_SUBSTRINGS: Final[dict[str, bytes]] = {
    "paragraphs": b"\n\n",
    "fences": b"```",
    "dashes": b"\n- ",
    "options": b"\n(",
    "headings": b"\n#",
    "numbered": b"\n1",
    "indents": b"\n    ",
    "deep_indents": b"\n        ",
    "labels": b"): ",
    "assignments": b" = ",
    "equalities": b"==",
    "additions": b" + ",
    "calls": b"(",
    "display_math": b"$$",
    "fractions": b"\\frac",
    "roots": b"\\sqrt",
    "blanks": b"??",
    "links": b"://",
    "definitions": b"def ",
    "articles": b"the ",
    "ellipses": b"...",
    "rules": b"__",
    "possessives": b"'s ",
    "enumerations": b", ",
    "questions": b"? ",
}
_WORD_FEATURES: Final = (
    "words",
    "distinct_words",
    "longest_word",
    "numbers",
    "distinct_numbers",
    "longest_number",
    "capital_runs",
    "longest_capitals",
    "last_line",
    "lines",
    "longest_line",
)
_COUNT_NAMES: Final = (
    "chars",
    *(f"bytes_{name}" for name in _CLASS_NAMES),
    "group_none",
    *(f"group_{name}" for name in WORD_GROUPS),
    *(f"has_{name}" for name in _SUBSTRINGS),
    *_WORD_FEATURES,
    *TOOL_FEATURES,
)
_SHARE_NAMES: Final = (
    *(f"share_{name}" for name in _CLASS_NAMES),
    "density_none",
    *(f"density_{name}" for name in WORD_GROUPS),
)
_SHAPE_NAMES: Final = ("distinct_share", "word_length", "number_length", "line_length", "ends_asking", "small_numbers")
FEATURE_NAMES: Final[tuple[str, ...]] = (*_COUNT_NAMES, *_SHARE_NAMES, *_SHAPE_NAMES)
"""Names of the features, in order."""

_FIRST_CODE: Final = 1
_AFTER_CODES: Final = _FIRST_CODE + len(_CLASS_NAMES) + 1 + len(WORD_GROUPS)
_CODES: Final = _AFTER_CODES - _FIRST_CODE
_COUNTS: Final = len(_COUNT_NAMES)
_FIRST_DENSITY: Final = _COUNTS + len(_CLASS_NAMES)
_AFTER_SHARES: Final = _COUNTS + len(_SHARE_NAMES)
_FEATURES: Final = len(FEATURE_NAMES)


def _table(codes: dict[int, int], otherwise: int) -> bytes:
    """A translation table from some bytes to others; every byte that is not named becomes ``otherwise``."""
    return bytes(codes.get(byte, otherwise) for byte in range(256))


def _itself(kept: bytes) -> dict[int, int]:
    return {byte: byte for byte in kept}


_LOWER, _UPPER, _DIGITS = (_BYTE_CLASSES[name] for name in ("lower", "upper", "digit"))
_SPACE: Final = ord(" ")
_TO_CLASSES: Final = _table(
    {byte: code for code, members in enumerate(_BYTE_CLASSES.values(), start=1) for byte in members}, 0
)
_TO_WORDS: Final = _table(
    _itself(_LOWER + _DIGITS + bytes(range(128, 256))) | dict(zip(_UPPER, _LOWER, strict=True)), _SPACE
)
_TO_NUMBERS: Final = _table(_itself(_DIGITS), _SPACE)
_TO_CAPITALS: Final = _table(_itself(_UPPER), _SPACE)
_NO_GROUP: Final = len(_CLASS_NAMES)
"""Code of a word in no group; the classes of bytes have the codes below it."""


def _code_of_word() -> dict[bytes, int]:
    """Word -> code of its group; a word in several groups belongs to the first."""
    codes: dict[bytes, int] = {}
    for code, words in enumerate(WORD_GROUPS.values(), start=_NO_GROUP + 1):
        for word in words.split():
            codes.setdefault(word.encode(), code)
    return codes


_CODE_OF_WORD: Final = _code_of_word()
_NO_TOOLS: Final = (0.0,) * len(TOOL_FEATURES)


def prompt_window(text: str) -> str:
    """The part of a prompt that features are counted on: its head and its tail."""
    if len(text) <= WINDOW_HEAD + WINDOW_TAIL:
        return text
    return f"{text[:WINDOW_HEAD]}\n{text[-WINDOW_TAIL:]}"


def request_features(request: RequestView) -> FloatArray:
    """The features of a request, in the order of `FEATURE_NAMES`."""
    tools = tool_counts(request.tools, request.text) if request.tools else _NO_TOOLS
    return prompt_features(request.text, max(request.text_chars, len(request.text)), tools)


def prompt_features(text: str, chars: int | None = None, tools: tuple[float, ...] = _NO_TOOLS) -> FloatArray:
    """The features of a prompt; ``chars`` is its full length where ``text`` is already cut.

    Counts are in logarithms; shares are of the window's bytes and densities of its words. Classes of bytes and groups
    of words are counted in one histogram of their codes.
    """
    data = prompt_window(text).encode("utf-8", "replace")
    spelt = data.translate(_TO_WORDS)
    words = spelt.split()
    classes = data.translate(_TO_CLASSES)
    codes = classes + bytes(map(_CODE_OF_WORD.get, words, repeat(_NO_GROUP)))
    buffer = bytearray(_BUFFER_BYTES)
    found = [data.count(pattern) if rarest in data else 0 for pattern, rarest in _PATTERNS]
    counts, shapes = _shapes(data, classes, words, len(data) - spelt.count(_SPACE))
    _PACK_COUNTS(buffer, _COUNTS_AT, *found, *counts, *tools)
    _PACK_SHAPES(buffer, _SHAPES_AT, *shapes)
    features = np.frombuffer(buffer)
    features[0] = len(text) if chars is None else chars
    coded = features[_FIRST_CODE:_AFTER_CODES]
    coded[:] = np.bincount(np.frombuffer(codes, np.uint8), minlength=_CODES)
    np.multiply(coded[:_NO_GROUP], 1.0 / max(len(data), 1), out=features[_COUNTS:_FIRST_DENSITY])
    np.multiply(coded[_NO_GROUP:], 1.0 / max(len(words), 1), out=features[_FIRST_DENSITY:_AFTER_SHARES])
    counted = features[:_COUNTS]
    np.log1p(counted, out=counted)
    return features


_RAREST_FIRST: Final = b"`$\\#?=+_:'\n.1(-f,h t"


def _with_rarest(pattern: bytes) -> tuple[bytes, int]:
    """A substring and its rarest byte: a text that lacks that byte need not be searched for the whole."""
    return pattern, min((byte for byte in pattern if byte in _RAREST_FIRST), key=_RAREST_FIRST.index)


_PATTERNS: Final = tuple(map(_with_rarest, _SUBSTRINGS.values()))
_DOUBLE_BYTES: Final = 8
_BUFFER_BYTES: Final = _FEATURES * _DOUBLE_BYTES
_COUNTS_AT: Final = _AFTER_CODES * _DOUBLE_BYTES
_SHAPES_AT: Final = _AFTER_SHARES * _DOUBLE_BYTES
_PACK_COUNTS: Final = struct.Struct(f"{_COUNTS - _AFTER_CODES}d").pack_into
"""Writes numbers into the features' memory; as a sequence handed to numpy they would take three times as long."""
_PACK_SHAPES: Final = struct.Struct(f"{len(_SHAPE_NAMES)}d").pack_into
_UPPER_CODE, _DIGIT_CODE, _NEWLINE_CODE = (_CLASS_NAMES.index(name) for name in ("upper", "digit", "newline"))


def _shapes(
    data: bytes, classes: bytes, words: list[bytes], letters: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The counts that `_WORD_FEATURES` names, and the features that `_SHAPE_NAMES` names."""
    distinct = set(words)
    numbers = data.translate(_TO_NUMBERS).split() if _DIGIT_CODE in classes else []
    capitals = data.translate(_TO_CAPITALS).split() if _UPPER_CODE in classes else []
    lines = data.split(b"\n") if _NEWLINE_CODE in classes else [data]
    last = data.rstrip()
    each_word, each_number = 1.0 / max(len(words), 1), 1.0 / max(len(numbers), 1)
    counts = (
        len(words),
        len(distinct),
        max(map(len, distinct), default=0),
        len(numbers),
        len(set(numbers)),
        max(map(len, numbers), default=0),
        len(capitals),
        max(map(len, capitals), default=0),
        len(last) - 1 - last.rfind(b"\n"),
        len(lines),
        max(map(len, lines)),
    )
    shapes = (
        len(distinct) * each_word,
        letters * each_word,
        len(b"".join(numbers)) * each_number,
        math.log1p(len(data) / len(lines)),
        1.0 if last.endswith(b"?") else 0.0,
        (numbers.count(b"0") + numbers.count(b"1")) * each_number,
    )
    return counts, shapes
