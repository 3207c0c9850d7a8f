"""The arguments of a tool call against the tool's JSON schema: its top level, which is where models go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litellm_router_plugin.core.written_calls import UNREADABLE, ReadCall

NO_ARGUMENT = "a required argument is missing"
EXTRA_ARGUMENT = "an argument that the tool does not have"
BAD_ENUM = "a value outside the argument's enumeration"
WRONG_TYPE = "an argument of the wrong JSON type"

MAX_REQUIRED = 256
"""Required arguments that are looked for."""

JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


def argument_reasons(call: ReadCall, schema: Mapping[str, object]) -> Sequence[str]:
    """What is wrong with a call's arguments; nothing of a schema that is none.

    A schema that lists properties and does not speak of others is taken to have no others: models invent arguments,
    and tool servers refuse them.
    """
    arguments = call.arguments or {}
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    is_short = any(name not in arguments for name in _required(schema))
    reasons = [NO_ARGUMENT] if is_short and not call.is_partial else []
    is_closed = bool(known) and not schema.get("additionalProperties") and "patternProperties" not in schema
    for name, value in arguments.items():
        if name in known:
            reasons.extend(_value_reasons(value, known[name]))
        elif is_closed:
            reasons.append(EXTRA_ARGUMENT)
    return reasons


def _required(schema: Mapping[str, object]) -> Sequence[str]:
    names = schema.get("required")
    if not isinstance(names, Sequence) or isinstance(names, str):
        return ()
    return [name for name in names[:MAX_REQUIRED] if isinstance(name, str)]


def _value_reasons(value: object, schema: object) -> Sequence[str]:
    if value is UNREADABLE or not isinstance(schema, Mapping):
        return ()
    allowed = schema.get("enum")
    if isinstance(allowed, Sequence) and not isinstance(allowed, str) and allowed and value not in allowed:
        return [BAD_ENUM]
    return [] if _has_type(value, schema.get("type")) else [WRONG_TYPE]


def _has_type(value: object, wanted: object) -> bool:
    """Whether a value has the JSON type (or one of the types); True for a type that is not known."""
    names = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, Sequence) else ()
    types = [JSON_TYPES.get(name) if isinstance(name, str) else None for name in names]
    if not types or None in types:
        return True
    return any(_is_instance(value, kinds) for kinds in types if kinds)


def _is_instance(value: object, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool) and bool not in kinds:
        return False
    if isinstance(value, float) and value.is_integer() and int in kinds:
        return True  # JSON schema: 1.0 is an integer
    return isinstance(value, kinds)
