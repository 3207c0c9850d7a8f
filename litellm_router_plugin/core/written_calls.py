"""Tool calls as data: structured ones, and those that a model wrote into its text.

A model that gets its tools through the prompt writes its calls as text: ``[name(argument=value), ...]`` in Python
syntax, ``[{"name": {...}}]``, or ``{"name": ..., "arguments": {...}}``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litellm_router_plugin.core.answers import ToolCall

MAX_CALLS_CHARS = 6_000
"""Characters of text that are read as calls; longer texts are prose."""
MAX_CALL_NESTING = 50
MAX_ARGUMENTS_CHARS = 50_000
CALL_START = re.compile(r"\A\[?\s*[A-Za-z_][\w.]*\(|\A\[?\s*\{\s*\"")


class Unreadable:
    """Stands for an argument that is no literal, such as a variable's name; nothing is known of its value."""


UNREADABLE: Final = Unreadable()


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A call whose arguments were read.

    Attributes:
        name: The tool's name as the model wrote it.
        arguments: Argument -> value; None when the arguments could not be parsed or are no object.
        is_partial: Some arguments have no name (positional or unpacked), so the mapping is not all there is.
    """

    name: str
    arguments: Mapping[str, object] | None
    is_partial: bool = False


def structured_call(call: ToolCall) -> ReadCall:
    """A structured call with its JSON arguments read; no arguments at all count as an empty object."""
    if not call.arguments.strip():
        return ReadCall(call.name, {})
    if len(call.arguments) > MAX_ARGUMENTS_CHARS:
        return ReadCall(call.name, {}, is_partial=True)
    try:
        value = json.loads(call.arguments)
    except RecursionError:
        return ReadCall(call.name, {}, is_partial=True)
    except ValueError:
        return ReadCall(call.name, None)
    return ReadCall(call.name, value if isinstance(value, dict) else None)


def looks_like_calls(text: str) -> bool:
    """Whether a text starts as written calls do."""
    return CALL_START.match(text.lstrip()[:200]) is not None


def written_calls(text: str) -> Sequence[ReadCall] | None:
    """The calls that a text consists of; empty for ``[]``; None when it is no list of calls or does not parse."""
    trimmed = text.strip()
    if not trimmed or len(trimmed) > MAX_CALLS_CHARS or trimmed.count("(") + trimmed.count("[") > MAX_CALL_NESTING * 8:
        return None
    if trimmed.startswith(("[{", "{")):
        return _json_calls(trimmed)
    return _python_calls(trimmed)


def _json_calls(text: str) -> Sequence[ReadCall] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    entries = value if isinstance(value, list) else [value]
    calls = [call for entry in entries for call in _entry_calls(entry)]
    return calls if calls and len(calls) >= len(entries) else None


def _entry_calls(entry: object) -> Sequence[ReadCall]:
    if not isinstance(entry, dict):
        return ()
    name = entry.get("name")
    if isinstance(name, str) and entry.keys() <= {"name", "arguments", "parameters", "type", "id"}:
        return [_json_call(name, entry.get("arguments", entry.get("parameters")))]
    return [_json_call(str(key), value) for key, value in entry.items()]


def _json_call(name: str, arguments: object) -> ReadCall:
    if isinstance(arguments, str):
        return structured_call(ToolCall(name, arguments))
    return ReadCall(name, arguments if isinstance(arguments, dict) else None)


def _python_calls(text: str) -> Sequence[ReadCall] | None:
    try:
        tree = ast.parse(text, mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        calls = [_python_call(node) for node in nodes]
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None
    return None if None in calls else [call for call in calls if call is not None]


def _python_call(node: ast.expr) -> ReadCall | None:
    name = _dotted_name(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(node, ast.Call) or name is None:
        return None
    arguments = {keyword.arg: _literal(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    is_partial = bool(node.args) or len(arguments) < len(node.keywords)
    return ReadCall(name, arguments, is_partial=is_partial)


def _dotted_name(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _literal(node: ast.expr) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return UNREADABLE
