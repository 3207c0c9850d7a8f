"""What the offline models can reckon: expressions, percentages, equations of one unknown, factors, days."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Final

MAX_EXPRESSION_CHARS = 200
MAX_EXPONENT = 64
MAX_BITS = 2_000
"""Numbers beyond this many bits are not reckoned with: an answer must take no noticeable time."""
MAX_FACTORED = 10**10
DECIMALS = 6
SIMPLE_LIMIT = 1_000
"""The small model reckons with whole numbers up to this one."""

_WORDS: Final = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/", "over": "/"}
_EXPRESSION = re.compile(r"[-(]*\d[\d\s.+\-*/^()]*[\d)]")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent) of (\d+(?:\.\d+)?)")
_EQUATION = re.compile(r"(-?\d*)\s*\*?\s*x\s*(?:([+-])\s*(\d+))?\s*=\s*(-?\d+)")
_FACTORS = re.compile(r"(?:prime factors of|factori[sz]e|is) (\d+)(?: (?:a )?prime)?")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BINARY: Final[dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class CannotReckon(ValueError):
    """The expression is malformed, too large, or divides by zero."""


def shown(value: Fraction) -> str:
    """A number for people: whole where it is whole, else rounded to six decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.{DECIMALS}f}".rstrip("0").rstrip(".")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT or (not base and exponent < 0):
        raise CannotReckon("this power is not reckoned")
    return Fraction(base ** int(exponent))


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            value = _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _BINARY:
            value = _BINARY[type(kind)](_value(left), _value(right))
        case _:
            raise CannotReckon("not an expression of numbers")
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise CannotReckon("the number is too large")
    return value


def evaluate(expression: str) -> Fraction:
    """The exact value of an expression of numbers, ``+ - * / ^`` and brackets.

    Raises:
        CannotReckon: It is malformed, too long, too large, or divides by zero.
    """
    if len(expression) > MAX_EXPRESSION_CHARS:
        raise CannotReckon("the expression is too long")
    try:
        return _value(ast.parse(expression.strip().replace("^", "**"), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError) as error:
        raise CannotReckon(str(error)) from error


def find_expression(prompt: str) -> str | None:
    """The first expression with an operator that stands in a prompt; number words like "plus" are understood."""
    text = prompt.lower()
    for word, sign in _WORDS.items():
        text = re.sub(rf"(?<=\d) {word} (?=[\d(-])", f" {sign} ", text)
    candidates = (found.group().strip() for found in _EXPRESSION.finditer(text))
    return next((text for text in candidates if re.search(r"[\d)]\s*[+\-*/^]\s*[\d(-]", text)), None)


def sum_of_two(prompt: str) -> str | None:
    """One operation on two small whole numbers."""
    expression = find_expression(prompt)
    parts = re.fullmatch(r"(\d+)\s*([+\-*/])\s*(\d+)", expression) if expression else None
    if parts is None or max(int(parts[1]), int(parts[3])) > SIMPLE_LIMIT:
        return None
    return expression_value(prompt)


def expression_value(prompt: str) -> str | None:
    """The value of the expression in a prompt."""
    expression = find_expression(prompt)
    if expression is None or _DATE.search(expression):
        return None
    try:
        return f"{expression} = {shown(evaluate(expression))}"
    except CannotReckon:
        return None


def percentage(prompt: str) -> str | None:
    """``15% of 80``."""
    found = _PERCENT.search(prompt.lower())
    if found is None:
        return None
    value = Fraction(found[1]) * Fraction(found[2]) / 100
    return f"{found[1]}% of {found[2]} = {shown(value)}"


def equation(prompt: str) -> str | None:
    """``3x + 5 = 20``: the unknown of a linear equation."""
    found = _EQUATION.search(prompt.lower()) if len(prompt) <= MAX_EXPRESSION_CHARS else None
    if found is None:
        return None
    factor = Fraction(int(found[1] + "1") if found[1] in {"", "-"} else int(found[1]))
    if not factor:
        return None
    added = Fraction(int(found[3] or 0)) * (-1 if found[2] == "-" else 1)
    steps = f"{found[0].strip()} gives {shown(factor)}x = {shown(Fraction(found[4]) - added)}"
    return f"{steps}, so x = {shown((Fraction(found[4]) - added) / factor)}"


def _prime_factors(number: int) -> list[int]:
    factors, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return [*factors, number] if number > 1 else factors


def factors(prompt: str) -> str | None:
    """Prime factors of a whole number, and whether it is a prime."""
    found = _FACTORS.search(prompt.lower())
    if found is None or not ("prime" in prompt.lower() or "factor" in prompt.lower()):
        return None
    number = int(found[1]) if len(found[1]) <= len(str(MAX_FACTORED)) else MAX_FACTORED + 1
    if not 1 < number <= MAX_FACTORED:
        return None
    parts = _prime_factors(number)
    product = " * ".join(map(str, parts))
    return f"{number} is a prime" if len(parts) == 1 else f"{number} = {product}, so it is not a prime"


def days_between(prompt: str) -> str | None:
    """Days between two ISO dates."""
    found = _DATE.findall(prompt)
    if len(found) < 2 or "day" not in prompt.lower():  # noqa: PLR2004  two dates
        return None
    try:
        first, second = (date(int(year), int(month), int(day)) for year, month, day in found[:2])
    except ValueError:
        return None
    return f"From {first} to {second} it is {(second - first).days} days"
