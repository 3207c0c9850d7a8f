"""Final answers in one written form, so that two of them can be compared: numbers, letters, short texts, JSON values.

The normal forms are tuples whose first item names the kind of value; two values are equal where their forms are, but
for numbers, which `same_value` compares with a tolerance.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

MAX_VALUE_CHARS: Final = 1_000
"""Longest written value that is compared; longer ones are texts, and texts are not compared."""
MAX_NESTING: Final = 20
"""Deepest value that is read."""
NUMBER_TOLERANCE: Final = 1e-6
"""Relative difference up to which two numbers are the same; rounding further than that is another answer."""
EXACT_INTEGERS: Final = 2**53
"""Integers below it are exact as floats."""

Form: TypeAlias = tuple[object, ...]
"""A value in its normal form: hashable, made of tuples, texts and numbers."""

_LATEX_WRAPPER = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|operatorname|boxed|mathit)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SHORT_FRACTION = re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)")
_LATEX_NOISE = re.compile(r"\\left|\\right|\\displaystyle|\\[!,;: ()\[\]]|\\quad|~")
_DEGREES = re.compile(r"\^?\{?\\circ\}?|°")
_POWER = re.compile(r"\s*(?:\\times|\\cdot|×|\*)\s*10\s*(?:\^|\*\*)\s*\{?([+-]?\d{1,4})\}?")  # noqa: RUF001  the sign itself
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?)")
_RATIO = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)")
_NAME = re.compile(r"[A-Za-z]\w{0,3}\s*(?:=|\\approx|≈)\s*")
_POWERS = r"(?:\^?\{?-?[1-4]\}?|[\u00b2\u00b3])?"
_UNIT = re.compile(rf"[€£¥%$]\.?|[^\W\d_]+{_POWERS}(?:[/ *·-]+[^\W\d_]+{_POWERS}){{0,3}}\.?")
_PLAIN_WORD = re.compile(r"[^\W\d_]?[^\WA-Z]*")


def value_form(raw: object) -> Form | None:
    """The normal form of a JSON value or of a written one; None where it is too long, too deep or empty."""
    return text_form(raw) if isinstance(raw, str) else json_form(raw)


def text_form(text: str) -> Form | None:
    """The normal form of a written value: a number, a literal (list, mapping), else a short text."""
    if len(text) > MAX_VALUE_CHARS:
        return None
    bare = _bare(text)
    if not bare:
        return None
    number = read_number(bare)
    if number is not None:
        return ("number", number)
    if bare[0] in "[({" and bare[-1] in "])}":
        literal = _literal(bare)
        if literal is not None:
            return literal
    return ("text", _words(bare))


def json_form(value: object, depth: int = 0, *, fold: bool = True) -> Form | None:
    """The normal form of a parsed value; None where it is too deep or of no known type.

    ``fold``: letters' case does not count in texts.
    """
    if depth > MAX_NESTING:
        return None
    if isinstance(value, str):
        return ("text", " ".join((value.casefold() if fold else value).split()))
    if isinstance(value, Mapping):
        return _mapping_form(value, depth, fold=fold)
    if isinstance(value, list | tuple):
        items = [json_form(item, depth + 1, fold=fold) for item in value]
        return None if None in items else ("list", *items)
    return _scalar_form(value)


def same_value(one: Form, other: Form) -> bool:
    """Whether two forms are the same value; numbers within `NUMBER_TOLERANCE` of the larger one."""
    if one[0] == other[0] == "number":
        first, second = one[1], other[1]
        if isinstance(first, float) and isinstance(second, float):
            return math.isclose(first, second, rel_tol=NUMBER_TOLERANCE, abs_tol=NUMBER_TOLERANCE**2)
        return first == second
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(
        same_value(a, b) if isinstance(a, tuple) and isinstance(b, tuple) and a and b else a == b for a, b in pairs
    )


def read_number(text: str) -> float | None:
    r"""The number that a text consists of; currency signs, units, LaTeX and thousands separators are dropped.

    Fractions are divided; ``2 \times 10^3`` is read. None for anything else, and for what is not finite.
    """
    plain = _plain_latex(text).replace("$", " ").strip().rstrip(".").strip()
    plain = _THOUSANDS.sub("", _NAME.sub("", plain, count=1))
    plain = plain.lstrip("€£¥≈~ ").replace("\N{MINUS SIGN}", "-")
    ratio = _RATIO.match(plain)
    if ratio is not None:
        return _divided(ratio[1], ratio[2]) if _is_unit(plain[ratio.end() :]) else None
    found = _NUMBER.match(plain)
    if found is None:
        return None
    power = _POWER.match(plain, found.end())
    rest = plain[power.end() if power else found.end() :]
    if not _is_unit(rest):
        return None
    return _finite(f"{found[1]}e{power[1]}" if power and "e" not in found[1].lower() else found[1])


def _is_unit(rest: str) -> bool:
    unit = rest.strip()
    return not unit or _UNIT.fullmatch(unit) is not None


def _plain_latex(text: str) -> str:
    plain = _LATEX_NOISE.sub("", text)
    plain = _DEGREES.sub("", _LATEX_WRAPPER.sub(r" \1", plain))
    plain = _SHORT_FRACTION.sub(r"\1/\2", _FRACTION.sub(r"\1/\2", plain))
    return plain.replace("\\%", "%").replace("\\$", "$")


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None


def _divided(above: str, below: str) -> float | None:
    bottom = float(below)
    quotient = float(above) / bottom if bottom else math.inf
    return quotient if math.isfinite(quotient) else None


def _scalar_form(value: object) -> Form | None:
    if value is None or isinstance(value, bool):
        return ("constant", str(value))
    if not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= EXACT_INTEGERS:
        return ("number", hex(value))
    return ("number", float(value)) if math.isfinite(value) else None


def _mapping_form(value: Mapping[object, object], depth: int, *, fold: bool) -> Form | None:
    items = [(str(key), json_form(item, depth + 1, fold=fold)) for key, item in value.items()]
    if any(form is None for _, form in items):
        return None
    return ("mapping", *sorted(items, key=repr))


def _literal(text: str) -> Form | None:
    """The form of a written JSON or Python literal; None where it is none."""
    try:
        return json_form(json.loads(text), fold=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json_form(ast.literal_eval(text), fold=False)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _bare(text: str) -> str:
    """A value without what only dresses it: spaces, emphasis, quotes, dollar signs, a closing full stop."""
    bare = text.strip()
    for _ in range(MAX_NESTING):
        dressed = bare
        bare = bare.strip("*_ \t\r\n").removesuffix(".").rstrip(",;:").strip()
        if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'`$":
            bare = bare[1:-1].strip()
        if bare.startswith("\\(") and bare.endswith("\\)"):
            bare = bare[2:-2]
        if bare == dressed:
            break
    return bare


def _words(text: str) -> str:
    """A text's words; those written small or with a capital first are case-folded, others keep their letters.

    Where capitals stand inside words the case may be the answer, as in the output of a program.
    """
    words = _plain_latex(text).split()
    return " ".join(word.casefold() if _PLAIN_WORD.fullmatch(word.strip(".,;:!?()'\"")) else word for word in words)
