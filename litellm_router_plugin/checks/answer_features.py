"""Cheap numbers of an answer and its request: what the learned check sees.

Counts over a window of the answer and of the last user message. Every number is finite for any input, and the work is
bounded by the windows. None of them is text, and nothing of a text can be read off them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Final

from litellm_router_plugin.checks.answer_features_calls import CALL_FEATURES, call_counts
from litellm_router_plugin.checks.answer_features_final import FINAL_FEATURES, final_counts
from litellm_router_plugin.checks.answer_features_words import (
    ANSWER_WORD_GROUPS,
    Words,
    group_counts,
    shared_with_prompt,
    words_of,
)
from litellm_router_plugin.core.answer_text import whole_answer
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView

FEATURE_VERSION: Final = 1
"""Raised whenever a feature changes its meaning; an artefact of another version is refused."""
HEAD_CHARS: Final = 2_000
TAIL_CHARS: Final = 1_500
"""Characters looked at from both ends of an answer."""
PROMPT_HEAD_CHARS: Final = 1_000
PROMPT_TAIL_CHARS: Final = 1_500
"""The same of the last user message."""

_SHAPE: Final = (
    "log_chars",
    "log_lines",
    "digit_share",
    "upper_share",
    "symbol_share",
    "equals",
    "backslashes",
    "brackets",
    "decimals",
    "long_number",
    "fences",
    "question_marks",
    "compression",
    "repeated_lines",
    "ends_closed",
    "chars_to_prompt",
)
_WORDS: Final = (
    "log_words",
    "distinct_share",
    "word_length",
    "repeated_pairs",
    *(f"words_{name}" for name in ANSWER_WORD_GROUPS),
    "prompt_words_used",
    "words_from_prompt",
    "numbers",
    "prompt_numbers_used",
    "new_numbers",
)
_PROMPT: Final = (
    "prompt_log_chars",
    "prompt_log_lines",
    "prompt_digit_share",
    "prompt_symbol_share",
    "prompt_numbers",
    "prompt_distinct_share",
    "prompt_word_length",
    "prompt_negations",
)
FEATURE_NAMES: Final[tuple[str, ...]] = (*_SHAPE, *_WORDS, *FINAL_FEATURES, *CALL_FEATURES, *_PROMPT)
"""Names of the features, in order."""

_SYMBOLS: Final = bytes(byte for byte in range(33, 127) if not chr(byte).isalnum() and chr(byte) not in ".,;:!?'\"-")
_DIGITS: Final = b"0123456789"
_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLOSING: Final = (".", "!", "?", ")", "]", "}", ">", "`", "*", "$", '"', "'", "\N{RIGHT DOUBLE QUOTATION MARK}")
COMPRESSION_LEVEL: Final = 1


def windowed(text: str, head: int, tail: int) -> str:
    """The text, or its head and tail where it is longer than both."""
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"


def answer_features(answer: AnswerView, request: RequestView) -> Mapping[str, float]:
    """The features of an answer to a request, by the names of `FEATURE_NAMES`, in that order."""
    whole = whole_answer(answer)
    text = windowed(whole, HEAD_CHARS, TAIL_CHARS)
    prompt = windowed(request.text, PROMPT_HEAD_CHARS, PROMPT_TAIL_CHARS)
    words, asked = words_of(text), words_of(prompt)
    values = (
        *_shape(whole, text, request),
        *_word_counts(words, asked),
        *final_counts(answer, request, text),
        *call_counts(answer, request, prompt),
        *_prompt_counts(prompt, request, asked),
    )
    return dict(zip(FEATURE_NAMES, values, strict=True))


def _shape(whole: str, text: str, request: RequestView) -> tuple[float, ...]:
    data = text.encode("utf-8", "replace")
    size = max(len(data), 1)
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return (
        math.log1p(len(whole)),
        math.log1p(len(lines)),
        _count(data, _DIGITS) / size,
        _count(data, _UPPER) / size,
        _count(data, _SYMBOLS) / size,
        math.log1p(data.count(b"=")),
        math.log1p(data.count(b"\\")),
        math.log1p(data.count(b"(") + data.count(b"[")),
        math.log1p(_decimals(text)),
        math.log1p(max(map(len, data.translate(_ONLY_DIGITS).split()), default=0)),
        float(data.count(b"```")),
        math.log1p(data.count(b"?")),
        len(zlib.compress(data, COMPRESSION_LEVEL)) / (size + 8),
        1.0 - len(set(lines)) / max(len(lines), 1),
        float(text.rstrip().endswith(_CLOSING)),
        math.log1p(len(whole)) - math.log1p(max(request.text_chars, len(request.text))),
    )


_ONLY_DIGITS: Final = bytes(byte if byte in _DIGITS else 32 for byte in range(256))


def _count(data: bytes, members: bytes) -> int:
    return len(data) - len(data.translate(None, members))


def _decimals(text: str) -> int:
    return sum(
        1
        for before, after in zip(text.split("."), text.split(".")[1:], strict=False)
        if before[-1:].isdigit() and after[:1].isdigit()
    )


def _word_counts(words: Words, asked: Words) -> tuple[float, ...]:
    total = max(len(words.all), 1)
    pairs = set(zip(words.all, words.all[1:], strict=False))
    used, from_prompt = shared_with_prompt(words, asked)
    known, given = set(words.numbers), set(asked.numbers)
    return (
        math.log1p(len(words.all)),
        len(words.distinct) / total,
        sum(map(len, words.all)) / total,
        1.0 - len(pairs) / max(len(words.all) - 1, 1) if len(words.all) > 1 else 0.0,
        *(math.log1p(count) for count in group_counts(words)),
        used,
        from_prompt,
        math.log1p(len(words.numbers)),
        len(known & given) / max(len(given), 1),
        math.log1p(len(known - given)),
    )


def _prompt_counts(prompt: str, request: RequestView, asked: Words) -> tuple[float, ...]:
    data = prompt.encode("utf-8", "replace")
    size = max(len(data), 1)
    total = max(len(asked.all), 1)
    return (
        math.log1p(max(request.text_chars, len(request.text))),
        math.log1p(data.count(b"\n")),
        _count(data, _DIGITS) / size,
        _count(data, _SYMBOLS) / size,
        math.log1p(len(asked.numbers)),
        len(asked.distinct) / total,
        sum(map(len, asked.all)) / total,
        math.log1p(group_counts(asked)[_NEGATIONS]),
    )


_NEGATIONS: Final = list(ANSWER_WORD_GROUPS).index("negations")
