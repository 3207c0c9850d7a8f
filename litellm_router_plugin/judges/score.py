"""The score that a judge's reply gives.

In this order, and the first that applies decides:

1. The whole reply, out of its code fence where it has one, is JSON: a number, or an object whose ``score`` (else
   ``rating`` or ``grade``) is a number or a text that is one.
2. The reply is, or starts with, a number that no letter follows.
3. The last number behind the word score, rating or grade.
4. The only number in the reply.

``a/b`` and ``a out of b`` are divided, ``a%`` is a hundredth, a decimal comma is a point. A score that is then outside
0..1 is refused and not rescaled: whether 8 means .8 cannot be known.
"""

from __future__ import annotations

import json
import math
import re

from litellm_router_plugin.errors import JudgeFailed

MAX_REPLY_CHARS = 8_000
"""Characters of a reply that are read, from its start."""
KEYS = ("score", "rating", "grade")
_NUMBER = r"[-+]?(?:\d{1,9}(?:[.,]\d{1,18})?|\.\d{1,18})(?:[eE][-+]?\d{1,3})?"
NUMBER = re.compile(rf"(?<![\w.,/])({_NUMBER})\s*(?:(?:/|out of)\s*({_NUMBER})|(%))?(?![\w/])")
LABELLED = re.compile(rf"\b(?:{'|'.join(KEYS)})\b[\"'*_\s]*(?:[:=]|is|of)?[\"'*_\s]*(?={_NUMBER})", re.IGNORECASE)
FENCED = re.compile(r"\A```\w*\s*\n(.*?)\n?\s*```\Z", re.DOTALL)


def read_score(reply: str) -> float:
    """The score, 0..1, that a reply gives by the rules of this module.

    Raises:
        JudgeFailed: It gives none, more than one, or one outside 0..1.
    """
    text = reply[:MAX_REPLY_CHARS].strip()
    fenced = FENCED.match(text)
    score = _from_json(fenced[1] if fenced else text)
    if score is None:
        score = _from_words(text)
    if score is None:
        raise JudgeFailed("judge: its reply holds no single score. Ask it for a number from 0 to 1 and nothing else")
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise JudgeFailed("judge: its score is outside 0..1. Ask it for a number from 0 to 1")
    return score


def _from_json(text: str) -> float | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = next((value[key] for key in KEYS if key in value), None)
    if isinstance(value, str):
        return _from_words(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond every float
        return math.inf


def _from_words(text: str) -> float | None:
    bare = text.strip("*_`\"' \t\n")
    at_start = NUMBER.match(bare)
    if at_start:
        return _value(at_start)
    labels = list(LABELLED.finditer(text))
    if labels:
        labelled = NUMBER.match(text, labels[-1].end())
        return _value(labelled) if labelled else None
    found = list(NUMBER.finditer(text))
    return _value(found[0]) if len(found) == 1 else None


def _value(found: re.Match[str]) -> float:
    number, divisor, percent = found.groups()
    value = float(number.replace(",", "."))
    if divisor is not None:
        below = float(divisor.replace(",", "."))
        return value / below if below > 0 else math.nan
    return value / 100 if percent else value
