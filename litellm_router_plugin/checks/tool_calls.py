"""Tool calls must be ones that can be made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from litellm_router_plugin.checks.tool_arguments import WRONG_TYPE, argument_reasons
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.reading import MAX_TOOLS
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome
from litellm_router_plugin.core.written_calls import (
    ReadCall,
    looks_like_calls,
    structured_call,
    written_calls,
)

FORBIDDEN = "a call although tool_choice is none"
MISSING = "no call although tool_choice requires one"
ONLY_WRITTEN = "the required call is written into the text"
OTHER_TOOL = "another tool than the one that tool_choice names"
UNKNOWN_TOOL = "a tool that is not on offer"
UNPARSABLE = "arguments that do not parse"
UNPARSABLE_TEXT = "calls in the text that do not parse"
REPEATED_CALL = "the same call twice"
UNKNOWN_WRITTEN = "a call in the text of a tool that is not on offer"

SOFT = frozenset({ONLY_WRITTEN, WRONG_TYPE, REPEATED_CALL, UNPARSABLE_TEXT, UNKNOWN_WRITTEN})
"""Reasons that only make unsure: measured too imprecise, or not measured and no violation of the schema."""

HAS_CALL = "has_call"
"""Name of the route feature: 1 where an answer calls a tool, else 0."""
MAX_CALLS = 64
HOSTED_TOOLS = frozenset({"mcp"})
"""Entries that stand for tools the request does not list; with one of them no name is unknown."""


def calls_of(answer: AnswerView, request: RequestView) -> Sequence[ReadCall]:
    """The calls of an answer: the structured ones, else those written into its text where tools are on offer."""
    if answer.tool_calls:
        return [structured_call(call) for call in answer.tool_calls[:MAX_CALLS]]
    if not request.tools:
        return ()
    return (written_calls(answer.text) or ())[:MAX_CALLS]


class ToolCallsCheck:
    """Rejects calls that cannot be made and a missing call that was required."""

    name = "tool_calls"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """The gravest finding on the answer's calls; of a stream's first part only what later parts cannot mend."""
        reasons = list(_prefix_reasons(answer, request) if answer.is_prefix else _reasons(answer, request))
        hard = next((reason for reason in reasons if reason not in SOFT), None)
        if hard is not None:
            return Finding(self.name, Outcome.REJECT, hard)
        return Finding(self.name, Outcome.UNSURE, reasons[0]) if reasons else None


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a request allows: its tools by plain name, and its tool choice."""

    tools: Mapping[str, ToolSpec]
    choice: str
    lists_all: bool

    @classmethod
    def of(cls, request: RequestView) -> _Offer:
        names = [tool.name for tool in request.tools]
        return cls(
            tools={_plain(tool.name): tool for tool in request.tools},
            choice=request.tool_choice,
            lists_all=len(names) < MAX_TOOLS and HOSTED_TOOLS.isdisjoint(names),
        )

    @property
    def requires_call(self) -> bool:
        return bool(self.tools) and self.choice not in ("auto", "none")

    def name_reason(self, name: str) -> str | None:
        """What is wrong with calling a tool of this name."""
        if self.choice == "none":
            return FORBIDDEN
        plain, chosen = _plain(name), _plain(self.choice)
        if self.choice not in ("auto", "required") and plain != chosen and chosen in self.tools:
            return OTHER_TOOL
        return UNKNOWN_TOOL if self.lists_all and plain not in self.tools else None


def _plain(name: str) -> str:
    """A name as every provider writes it: some allow no dots and put underscores."""
    return name.replace(".", "_").replace("-", "_")


def _prefix_reasons(answer: AnswerView, request: RequestView) -> Iterator[str]:
    """Names arrive whole with a call's first part; its arguments and further calls are still to come."""
    offer = _Offer.of(request)
    for call in answer.tool_calls[:MAX_CALLS]:
        reason = offer.name_reason(call.name) if call.name else None
        if reason:
            yield reason


def _reasons(answer: AnswerView, request: RequestView) -> Iterator[str]:
    calls = calls_of(answer, request)
    if answer.finish_reason == "length" or not (calls or request.tools):
        return  # cut off: the truncated check speaks of it
    offer = _Offer.of(request)
    if not calls:
        yield from _no_call_reasons(answer, offer)
        return
    is_written = not answer.tool_calls
    if is_written and offer.requires_call:
        yield ONLY_WRITTEN
    for call in calls:
        yield from _call_reasons(call, offer, is_written=is_written)
    if len(calls) > 1 and len({repr((call.name, call.arguments)) for call in calls}) < len(calls):
        yield REPEATED_CALL


def _no_call_reasons(answer: AnswerView, offer: _Offer) -> Iterator[str]:
    if offer.choice == "none" or answer.finish_reason == "content_filter" or answer.refusal:
        return
    if offer.requires_call:
        yield MISSING
    elif looks_like_calls(answer.text) and _starts_with_a_tool(answer.text, offer):
        yield UNPARSABLE_TEXT


def _starts_with_a_tool(text: str, offer: _Offer) -> bool:
    first = re.match(r"[\[\s{\"']*([\w.]+)", text.lstrip()[:200])
    return first is not None and _plain(first[1]) in offer.tools


def _call_reasons(call: ReadCall, offer: _Offer, *, is_written: bool) -> Sequence[str]:
    reason = offer.name_reason(call.name)
    if is_written and reason == FORBIDDEN:
        return ()  # text that only looks like a call was not forbidden
    if reason:
        return [UNKNOWN_WRITTEN if is_written and reason == UNKNOWN_TOOL else reason]
    if call.arguments is None:
        return [UNPARSABLE]
    tool = offer.tools.get(_plain(call.name))
    return argument_reasons(call, tool.schema) if tool else ()
