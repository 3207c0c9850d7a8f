"""A whole answer as one text, for whoever grades by reading."""

from __future__ import annotations

from litellm_router_plugin.core.answers import AnswerView, ToolCall


def written_call(call: ToolCall) -> str:
    """A tool call as a line of text: its name and its raw arguments."""
    return f"{call.name}({call.arguments})"


def whole_answer(answer: AnswerView) -> str:
    """The visible text, the provider's refusal where there is one, and each tool call on a line of its own."""
    calls = "\n".join(written_call(call) for call in answer.tool_calls)
    return "\n".join(part for part in (answer.text, answer.refusal, calls) if part)
