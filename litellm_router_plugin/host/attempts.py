"""The arguments of one tier call.

The first attempt keeps the proxy's own logging object and call id, so that the limits and the budget that the proxy
reserved for the request are settled once and by the right call. Every further attempt is a call of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.model_calls import metadata_for_another_call
from litellm_router_plugin.host.private import new_logging_object
from litellm_router_plugin.host.scope import RequestScope

LENGTH_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""Names of the one limit on an answer's tokens; a client that sets any of them has set it."""
LENGTH_NAME: Mapping[str, str] = {"responses": "max_output_tokens", "messages": "max_tokens", "text": "max_tokens"}


def first_attempt(scope: RequestScope, entry: EntryPoint, request: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the first tier call: the request itself, with the tier's defaults."""
    arguments = {**request, **tier_defaults(scope, entry, request)}
    if "litellm_call_id" not in arguments:
        arguments["litellm_call_id"] = str(uuid4())
    scope.call_id = arguments["litellm_call_id"]
    scope.trace_id = trace_id(arguments)
    arguments.setdefault("litellm_trace_id", scope.trace_id)
    if scope.view.stream and "litellm_logging_obj" not in arguments and entry.kind == "async" and scope.graders:
        give_logging_object(scope, entry, arguments)
    return arguments


def give_logging_object(scope: RequestScope, entry: EntryPoint, arguments: dict[str, Any]) -> None:
    """A logging object for a call of our own: a streamed draft that is thrown away is settled through it, and an
    Anthropic message, which carries no cost, is priced by it.
    """
    content = arguments.get("messages", arguments.get("input"))
    arguments["litellm_logging_obj"] = new_logging_object(
        entry.call_type, scope.tier.model_group, arguments, content, stream=scope.view.stream
    )


def further_attempt(
    scope: RequestScope, entry: EntryPoint, request: Mapping[str, Any], bucket: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a tier call after the first: a call id, a logging object and metadata of its own."""
    arguments = {**request, **tier_defaults(scope, entry, request)}
    arguments.pop("litellm_logging_obj", None)
    arguments[entry.bucket] = metadata_for_another_call(bucket, scope.row_metadata())
    scope.call_id = arguments["litellm_call_id"] = str(uuid4())
    arguments["litellm_trace_id"] = scope.trace_id
    if scope.view.stream or entry.endpoint == "messages":
        give_logging_object(scope, entry, arguments)
    return arguments


def trace_id(arguments: Mapping[str, Any]) -> str:
    """One trace id for all calls of a request: the client's, else the proxy's, else a fresh one."""
    for found in (
        arguments.get("litellm_trace_id"),
        arguments.get("litellm_session_id"),
        getattr(arguments.get("litellm_logging_obj"), "litellm_trace_id", None),
    ):
        if isinstance(found, str) and found:
            return found
    return str(uuid4())


def tier_defaults(scope: RequestScope, entry: EntryPoint, request: Mapping[str, Any]) -> dict[str, Any]:
    """The tier's own sampling and length settings, where the client has none."""
    defaults: dict[str, Any] = {}
    if not scope.tier.params:
        return defaults
    limited = any(request.get(name) is not None for name in LENGTH_NAMES)
    for name, value in scope.tier.params.items():
        if name in LENGTH_NAMES:
            if not limited:
                defaults[LENGTH_NAME.get(entry.endpoint, name)] = value
        elif name == "reasoning_effort" and entry.endpoint == "responses":
            if request.get("reasoning") is None:
                defaults["reasoning"] = {"effort": value}
        elif request.get(name) is None:
            defaults[name] = value
    return defaults
