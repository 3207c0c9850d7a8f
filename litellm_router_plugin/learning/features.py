"""Cheap counts of a prompt: what the learned models see of it.

One byte histogram, one list of words and a few substring counts over a window of the prompt; no regular expression.
Every number is finite for any input, and the work is bounded by the window whatever the prompt's length.
"""

from __future__ import annotations

import math
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
_CLASS_NAMES: Final = (*_BYTE_CLASSES, "other")
_SUBSTRINGS: Final = (
    b"\n\n",
    b"```",
    b"\n- ",
    b"\n(",
    b"\n#",
    b"\n1",
    b"\n ",
    b"): ",
    b" = ",
    b" + ",
    b"$$",
    b"\\frac",
    b"??",
    b"://",
    b"def ",
    b"the ",
    b"...",
    b"__",
    b"'s ",
    b", ",
)
_SUBSTRING_NAMES: Final = (
    "paragraphs",
    "fences",
    "dashes",
    "options",
    "headings",
    "numbered",
    "indents",
    "labels",
    "assignments",
    "additions",
    "display_math",
    "fractions",
    "blanks",
    "links",
    "definitions",
    "articles",
    "ellipses",
    "rules",
    "possessives",
    "enumerations",
)
_WORD_FEATURES: Final = (
    "words",
    "distinct_words",
    "longest_word",
    "numbers",
    "distinct_numbers",
    "longest_number",
    "number_digits",
    "capital_runs",
    "longest_capitals",
    "last_line",
    "lines",
    "longest_line",
)
_COUNT_NAMES: Final = (
    "chars",
    *(f"bytes_{name}" for name in _CLASS_NAMES),
    *(f"group_{name}" for name in WORD_GROUPS),
    *(f"has_{name}" for name in _SUBSTRING_NAMES),
    *_WORD_FEATURES,
    *TOOL_FEATURES,
)
_SHARE_NAMES: Final = (
    *(f"share_{name}" for name in _CLASS_NAMES),
    *(f"density_{name}" for name in WORD_GROUPS),
)
_SHAPE_NAMES: Final = ("distinct_share", "word_length", "number_length", "line_length", "ends_asking", "log_number")
FEATURE_NAMES: Final[tuple[str, ...]] = (*_COUNT_NAMES, *_SHARE_NAMES, *_SHAPE_NAMES)
"""Names of the features, in order."""

_FIRST_CLASS: Final = 1
_FIRST_GROUP: Final = _FIRST_CLASS + len(_CLASS_NAMES)
_AFTER_GROUPS: Final = _FIRST_GROUP + len(WORD_GROUPS)
_COUNTS: Final = len(_COUNT_NAMES)
_AFTER_CLASS_SHARES: Final = _COUNTS + len(_CLASS_NAMES)
_AFTER_SHARES: Final = _COUNTS + len(_SHARE_NAMES)


def _class_matrix() -> FloatArray:
    matrix = np.zeros((256, len(_CLASS_NAMES)))
    matrix[:, -1] = 1.0
    for column, members in enumerate(_BYTE_CLASSES.values()):
        for byte in members:
            matrix[byte] = 0.0
            matrix[byte, column] = 1.0
    return matrix


def _keeping(kept: bytes, replaced_by: bytes | None = None) -> bytes:
    """A translation table that turns every byte but some into a space."""
    table = bytearray(b" " * 256)
    for byte, new in zip(kept, replaced_by or kept, strict=True):
        table[byte] = new
    return bytes(table)


_LETTERS: Final = _BYTE_CLASSES["lower"] + _BYTE_CLASSES["upper"]
_HIGH: Final = bytes(range(128, 256))
_CLASS_MATRIX: Final = _class_matrix()
_TO_WORDS: Final = _keeping(
    _LETTERS + _BYTE_CLASSES["digit"] + _HIGH,
    _BYTE_CLASSES["lower"] * 2 + _BYTE_CLASSES["digit"] + _HIGH,
)
_TO_NUMBERS: Final = _keeping(_BYTE_CLASSES["digit"])
_TO_CAPITALS: Final = _keeping(_BYTE_CLASSES["upper"])


def _group_of_word() -> dict[bytes, int]:
    """Word -> 1 + its group; a word in several groups belongs to the first."""
    groups: dict[bytes, int] = {}
    for index, words in enumerate(WORD_GROUPS.values(), start=1):
        for word in words.split():
            groups.setdefault(word.encode(), index)
    return groups


_GROUP_OF_WORD: Final = _group_of_word()
_GROUP_SLOTS: Final = 1 + len(WORD_GROUPS)


def prompt_window(text: str) -> str:
    """The part of a prompt that features are counted on: its head and its tail."""
    if len(text) <= WINDOW_HEAD + WINDOW_TAIL:
        return text
    return f"{text[:WINDOW_HEAD]}\n{text[-WINDOW_TAIL:]}"


def request_features(request: RequestView) -> FloatArray:
    """The features of a request, in the order of `FEATURE_NAMES`."""
    tools = tool_counts(request.tools, request.text) if request.tools else _NO_TOOLS
    return prompt_features(request.text, max(request.text_chars, len(request.text)), tools)


_NO_TOOLS: Final = (0.0,) * len(TOOL_FEATURES)


def prompt_features(text: str, chars: int | None = None, tools: tuple[float, ...] = _NO_TOOLS) -> FloatArray:
    """The features of a prompt; ``chars`` is its full length where ``text`` is already cut."""
    data = prompt_window(text).encode("utf-8", "replace")
    features = np.empty(len(FEATURE_NAMES))
    size = max(len(data), 1)
    histogram = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    features[_FIRST_CLASS:_FIRST_GROUP] = histogram @ _CLASS_MATRIX
    words = data.translate(_TO_WORDS).split()
    groups = bytes(map(_GROUP_OF_WORD.get, words, repeat(0)))
    features[_FIRST_GROUP:_AFTER_GROUPS] = np.bincount(np.frombuffer(groups, np.uint8), minlength=_GROUP_SLOTS)[1:]
    numbers = data.translate(_TO_NUMBERS).split()
    shapes, rest = _shapes(data, words, numbers)
    features[0] = len(text) if chars is None else chars
    features[_AFTER_GROUPS:_COUNTS] = (*map(data.count, _SUBSTRINGS), *rest, *tools)
    features[_COUNTS:_AFTER_CLASS_SHARES] = features[_FIRST_CLASS:_FIRST_GROUP] / size
    features[_AFTER_CLASS_SHARES:_AFTER_SHARES] = features[_FIRST_GROUP:_AFTER_GROUPS] / max(len(words), 1)
    features[_AFTER_SHARES:] = shapes
    np.log1p(features[:_COUNTS], out=features[:_COUNTS])
    return features


def _shapes(data: bytes, words: list[bytes], numbers: list[bytes]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Shape features, and the counts that `_WORD_FEATURES` names."""
    distinct = len(set(words))
    capitals = data.translate(_TO_CAPITALS).split()
    lines = data.split(b"\n")
    digits = sum(map(len, numbers))
    longest_number = max(map(len, numbers), default=0)
    last = data.rstrip()
    counts = (
        len(words),
        distinct,
        max(map(len, words), default=0),
        len(numbers),
        len(set(numbers)),
        longest_number,
        digits,
        len(capitals),
        max(map(len, capitals), default=0),
        len(last) - 1 - last.rfind(b"\n"),
        len(lines),
        max(map(len, lines)),
    )
    shapes = (
        distinct / max(len(words), 1),
        sum(map(len, words)) / max(len(words), 1),
        digits / max(len(numbers), 1),
        math.log1p(len(data) / len(lines)),
        1.0 if last.endswith(b"?") else 0.0,
        float(numbers.count(b"0") + numbers.count(b"1")),
    )
    return shapes, counts
