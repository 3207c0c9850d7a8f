"""Numbers about tool calls: how they fit the prompt and the tools on offer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from litellm_router_plugin.checks.tool_arguments import argument_reasons
from litellm_router_plugin.checks.tool_calls import calls_of
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.written_calls import ReadCall

CALL_FEATURES: Final = (
    "tools",
    "calls",
    "arguments",
    "optional_left_out",
    "values_in_prompt",
    "text_values_in_prompt",
    "unknown_tools",
    "faulty_arguments",
    "tool_words_in_prompt",
    "best_tool_words_in_prompt",
    "distinct_tools_share",
)
MAX_CALLS_READ: Final = 8
MAX_ARGUMENTS_READ: Final = 12
MAX_TOOLS_READ: Final = 8
MEANINGFUL: Final = 3
MAX_NAME_WORDS: Final = 12


def call_counts(answer: AnswerView, request: RequestView, prompt: str) -> tuple[float, ...]:
    """The counts of `CALL_FEATURES`; ``prompt`` is the part of the prompt that is looked at."""
    if not request.tools and not answer.tool_calls:
        return (0.0,) * len(CALL_FEATURES)
    calls = calls_of(answer, request)[:MAX_CALLS_READ]
    tools = {_plain(tool.name): tool for tool in request.tools}
    lowered = prompt.lower()
    fits = {name: _name_fit(tool.name, lowered) for name, tool in list(tools.items())[:MAX_TOOLS_READ]}
    values = [value for call in calls for value in list((call.arguments or {}).values())[:MAX_ARGUMENTS_READ]]
    texts = [value for value in values if isinstance(value, str)]
    named = [fits.get(_plain(call.name), 0.0) for call in calls]
    return (
        math.log1p(len(request.tools)),
        math.log1p(len(calls)),
        math.log1p(len(values)),
        _optional_left_out(calls, tools),
        _share([_stands_in(value, lowered) for value in values]),
        _share([value.lower() in lowered for value in texts]),
        _share([_plain(call.name) not in tools for call in calls]),
        _share([bool(_faults(call, tools)) for call in calls]),
        sum(named) / len(named) if named else 0.0,
        max(fits.values(), default=0.0),
        len({call.name for call in calls}) / max(len(calls), 1),
    )


def _plain(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def _name_fit(name: str, prompt: str) -> float:
    words = [word for word in _plain(name).lower().split("_") if len(word) >= MEANINGFUL][:MAX_NAME_WORDS]
    return sum(word in prompt for word in words) / len(words) if words else 0.0


def _stands_in(value: object, prompt: str) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) < 2**53 else value
    if isinstance(value, str | int | float):
        try:
            return str(value).lower() in prompt
        except ValueError:  # more digits than Python writes out
            return False
    if isinstance(value, Sequence):
        return bool(value) and all(
            _stands_in(item, prompt) for item in list(value)[:MAX_ARGUMENTS_READ] if not isinstance(item, list | tuple)
        )
    return False


def _optional_left_out(calls: Sequence[ReadCall], tools: Mapping[str, ToolSpec]) -> float:
    left = offered = 0
    for call in calls:
        tool = tools.get(_plain(call.name))
        properties = tool.schema.get("properties") if tool else None
        if isinstance(properties, Mapping):
            offered += len(properties)
            left += sum(name not in (call.arguments or {}) for name in properties)
    return left / offered if offered else 0.0


def _faults(call: ReadCall, tools: Mapping[str, ToolSpec]) -> Sequence[str]:
    tool = tools.get(_plain(call.name))
    return argument_reasons(call, tool.schema) if tool else ()


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
