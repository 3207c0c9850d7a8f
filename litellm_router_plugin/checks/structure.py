"""The answer is not the JSON that the client's ``response_format`` asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from litellm_router_plugin.checks.bounded_schema import violates
from litellm_router_plugin.checks.fences import code_blocks
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

NOT_JSON = "not JSON although response_format asked for it"
NOT_OBJECT = "JSON, but no object"
FENCED = "JSON wrapped in a code fence"
OFF_SCHEMA = "JSON that violates the asked schema"

MAX_JSON_CHARS = 50_000
"""Longer answers are not parsed."""
_UNKNOWN = object()
_BROKEN = object()


def asked_schema(request: RequestView) -> Mapping[str, object] | None:
    """The schema that the request asked for; an empty one for plain JSON mode; None when no JSON was asked for."""
    wanted = request.response_format
    if wanted is None or wanted.get("type") not in ("json_object", "json_schema"):
        return None
    inner = wanted.get("json_schema")
    holders = (inner.get("schema") if isinstance(inner, Mapping) else None, wanted.get("response_schema"))
    return next((schema for schema in holders if isinstance(schema, Mapping)), {})


def wants_object(request: RequestView, schema: Mapping[str, object]) -> bool:
    """Whether the JSON must be an object: in plain JSON mode, or because its schema says so."""
    wanted = request.response_format or {}
    return (wanted.get("type") == "json_object" and not schema) or schema.get("type") == "object"


def parsed(text: str) -> object:
    """The JSON value of a text; a mark of its own when it is broken, another when it is too deep to tell."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        return _UNKNOWN
    except ValueError:
        return _BROKEN


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259, section 6)


class StructureCheck:
    """Rejects what breaks the asked format; JSON in a code fence only makes unsure, since many clients unwrap it."""

    name = "structure"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when JSON was asked for and the answer is none, or one that violates the schema."""
        schema = asked_schema(request)
        text = answer.text.strip()
        if schema is None or not text or answer.tool_calls or answer.refusal:
            return None
        if answer.is_prefix:
            return self._prefix_finding(text, is_object=wants_object(request, schema))
        if answer.finish_reason in ("length", "content_filter") or answer.cut or len(text) > MAX_JSON_CHARS:
            return None
        reason = _format_reason(text, schema, is_object=wants_object(request, schema))
        if reason is None:
            return None
        return Finding(self.name, Outcome.UNSURE if reason == FENCED else Outcome.REJECT, reason)

    def _prefix_finding(self, text: str, *, is_object: bool) -> Finding | None:
        is_hopeless = is_object and not text.startswith(("{", "`"))
        return Finding(self.name, Outcome.REJECT, NOT_JSON) if is_hopeless else None


def _format_reason(text: str, schema: Mapping[str, object], *, is_object: bool) -> str | None:
    value, is_fenced = parsed(text), False
    if value is _BROKEN:
        blocks = code_blocks(text)
        if len(blocks) != 1 or not text.startswith("```"):
            return NOT_JSON
        value, is_fenced = parsed(blocks[0].code), True
    if value is _BROKEN:
        return NOT_JSON
    if value is _UNKNOWN:
        return None
    if is_object and not isinstance(value, dict):
        return NOT_OBJECT
    if schema and violates(value, schema):
        return OFF_SCHEMA
    return FENCED if is_fenced else None
