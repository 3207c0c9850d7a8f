"""Unit conversion of the offline models. Factors are the units' definitions, to the base unit of their dimension."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from litellm_router_plugin.host.offline_arithmetic import shown

_DEFINITIONS: Final = {
    "length (m)": "m 1, meter 1, metre 1, km 1000, kilometer 1000, kilometre 1000, cm 0.01, centimeter 0.01, mm 0.001, "
    "inch 0.0254, foot 0.3048, feet 0.3048, ft 0.3048, yard 0.9144, mile 1609.344, mi 1609.344",
    "mass (kg)": "kg 1, kilogram 1, kilo 1, g 0.001, gram 0.001, mg 0.000001, tonne 1000, lb 0.45359237, "
    "pound 0.45359237, ounce 0.028349523125, oz 0.028349523125",
    "volume (l)": "l 1, liter 1, litre 1, ml 0.001, gallon 3.785411784, pint 0.473176473, cup 0.2365882365",
    "time (s)": "s 1, second 1, sec 1, minute 60, min 60, hour 3600, h 3600, day 86400, week 604800",
    "data (byte)": "byte 1, kb 1000, mb 1000000, gb 1000000000, tb 1000000000000, kib 1024, mib 1048576, "
    "gib 1073741824",
}
_TEMPERATURES: Final = {
    "c": (Fraction(1), Fraction(0)),
    "f": (Fraction(5, 9), Fraction(-160, 9)),
    "k": (Fraction(1), Fraction("-273.15")),
}
"""Degrees Celsius = slope * value + offset."""
_LONG_NAMES: Final = {"celsius": "c", "fahrenheit": "f", "kelvin": "k"}
_QUESTION = re.compile(
    r"(?P<value>-?\d{1,15}(?:\.\d{1,9})?)\s*(?:°|degrees? )?\s*(?P<source>[a-z]{1,12})\s+(?:to|in|into|as)\s+"
    r"(?:°|degrees? )?(?P<target>[a-z]{1,12})"
)


def _table() -> dict[str, tuple[str, Fraction]]:
    units = {}
    for dimension, listed in _DEFINITIONS.items():
        for entry in listed.split(", "):
            name, factor = entry.split()
            units[name] = (dimension, Fraction(factor))
    return units


_UNITS: Final = _table()


def _unit(word: str) -> tuple[str, Fraction] | None:
    singular = word.removesuffix("es") if word == "inches" else word.removesuffix("s")
    return _UNITS.get(word) or _UNITS.get(singular)


def _temperature(value: Fraction, source: str, target: str) -> Fraction | None:
    given, wanted = (_TEMPERATURES.get(_LONG_NAMES.get(word, word)) for word in (source, target))
    if given is None or wanted is None:
        return None
    celsius = given[0] * value + given[1]
    return (celsius - wanted[1]) / wanted[0]


def conversion(prompt: str) -> str | None:
    """``5 km in miles``, ``20 celsius to fahrenheit``."""
    found = _QUESTION.search(prompt.lower())
    if found is None:
        return None
    value, source, target = Fraction(found["value"]), found["source"], found["target"]
    given, wanted = _unit(source), _unit(target)
    if given and wanted and given[0] == wanted[0]:
        converted: Fraction | None = value * given[1] / wanted[1]
    else:
        converted = _temperature(value, source, target)
    return None if converted is None else f"{found['value']} {source} = {shown(converted)} {target}"
