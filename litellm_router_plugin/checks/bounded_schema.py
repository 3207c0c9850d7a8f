"""JSON schema validation that a hostile schema can neither slow down nor send to the network.

The keywords are jsonschema's. Each application of one is counted and the validation is given up beyond a limit; user
patterns run in RE2, in linear time; no reference is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import re2
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

MAX_STEPS = 5_000
"""Keyword applications of one validation, the lengths of their values added (about 10 ms)."""
MAX_UNIQUE_ITEMS = 200
"""Longer arrays are not checked for doubles, which takes quadratic time."""

MAX_PATTERNS = 256
"""Compiled patterns kept."""
FIRST_ITEMS, LAST_ITEMS = 14, 6
"""Items of a longer array that are validated: rows are alike, and one costs about 30 us."""

Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]

_steps_left: ContextVar[int] = ContextVar("steps_left", default=0)


class TooMuchWork(Exception):
    """The validation would take too long."""


class _NoPattern:
    """Stands for a pattern that RE2 does not know: it says nothing of any text."""

    def search(self, _text: str) -> bool:
        return True


@lru_cache(maxsize=MAX_PATTERNS)
def _compiled(pattern: str) -> Any:  # noqa: ANN401  re2 has no types
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except (re2.error, UnicodeError):
        return _NoPattern()


def _found(pattern: str, text: str) -> bool:
    try:
        return bool(_compiled(pattern).search(text))
    except UnicodeError:
        return True


def _pattern(validator: Any, pattern: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401  jsonschema's signature
    if validator.is_type(instance, "string") and not _found(pattern, instance):
        yield ValidationError("does not match the pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401  jsonschema's signature
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name in instance:
            if _found(pattern, name):
                yield from validator.descend(instance[name], subschema, path=name)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401  jsonschema's signature
    if not validator.is_type(instance, "object"):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in instance:
        if name in named or any(_found(pattern, name) for pattern in patterns):
            continue
        if allowed is False:
            yield ValidationError("has a property that the schema does not allow")
        else:
            yield from validator.descend(instance[name], allowed, path=name)


def _items(validator: Any, items: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401  jsonschema's signature
    if not validator.is_type(instance, "array"):
        return
    indices: Sequence[int] = range(len(schema.get("prefixItems", ())), len(instance))
    if len(indices) > FIRST_ITEMS + LAST_ITEMS:
        indices = (*indices[:FIRST_ITEMS], *indices[-LAST_ITEMS:])
    for index in indices:
        yield from validator.descend(instance[index], items, path=index)


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ANN401  jsonschema's signature
    if validator.is_type(instance, "array") and len(instance) <= MAX_UNIQUE_ITEMS:
        yield from Draft202012Validator.VALIDATORS["uniqueItems"](validator, wanted, instance, schema) or ()


def _nothing(*_: object) -> None:
    """A keyword that is not applied."""


OWN_KEYWORDS: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "uniqueItems": _unique_items,
    "unevaluatedProperties": _nothing,
    "unevaluatedItems": _nothing,
}


def _counted(keyword: Keyword) -> Keyword:
    def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError] | None:  # noqa: ANN401  jsonschema's signature
        left = _steps_left.get() - 1 - (len(value) if isinstance(value, list | dict) else 0)
        if left < 0:
            raise TooMuchWork
        _steps_left.set(left)
        return keyword(validator, value, instance, schema)

    return apply


BoundedValidator = extend(  # type: ignore[no-untyped-call]  # jsonschema gives it no types
    Draft202012Validator,
    {name: _counted(keyword) for name, keyword in {**Draft202012Validator.VALIDATORS, **OWN_KEYWORDS}.items()},
)
"""Draft 2020-12 with counted steps; ``unevaluated*`` and ``format`` are not applied."""


def violates(instance: object, schema: Mapping[str, object]) -> bool | None:
    """Whether a JSON value violates a schema; None when that cannot be told (a broken or too costly schema)."""
    _steps_left.set(MAX_STEPS)
    try:
        validator = BoundedValidator(dict(schema), registry=Registry())
        return next(iter(validator.iter_errors(instance)), None) is not None
    except Exception:  # noqa: BLE001  a client's broken schema raises many kinds of error and says nothing of the answer
        return None
