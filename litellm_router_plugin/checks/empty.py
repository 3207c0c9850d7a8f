"""Nothing was answered."""

from __future__ import annotations

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

NO_CHOICE = "no choice"
NO_TEXT = "no text and no tool call"
NO_TEXT_AT_LIMIT = "no text before the client's own token limit"
NO_TEXT_IN_TOOL_LOOP = "no text after a tool's result"

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00"
"""Characters that show nothing and that `str.strip` leaves: zero-width ones, soft hyphen, NUL."""
WINDOW_CHARS = 20_000
"""Characters looked at; text that shows nothing for this long is taken to be empty."""


def shows_nothing(text: str) -> bool:
    """Whether a text has no visible character."""
    head = text[:WINDOW_CHARS]
    return not head.strip() or not head.strip(INVISIBLE + " \t\r\n\v\f")


class EmptyCheck:
    """Rejects an answer without text, tool call and refusal.

    It is only unsure where a dearer model would likely say no more: the client's own token limit was hit (hidden
    reasoning used it up), or the answer follows a tool's result, where some models end their turn in silence.
    """

    name = "empty"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when nothing was answered; of a stream's first part only once it has ended."""
        if answer.is_prefix and answer.finish_reason is None:
            return None
        if answer.choices < 1:
            return Finding(self.name, Outcome.REJECT, NO_CHOICE)
        is_refusal = bool(answer.refusal) or answer.finish_reason == "content_filter"
        if answer.tool_calls or is_refusal or not shows_nothing(answer.text):
            return None
        if answer.finish_reason == "length" and request.max_tokens is not None:
            return Finding(self.name, Outcome.UNSURE, NO_TEXT_AT_LIMIT)
        if request.in_tool_loop:
            return Finding(self.name, Outcome.UNSURE, NO_TEXT_IN_TOOL_LOOP)
        return Finding(self.name, Outcome.REJECT, NO_TEXT)
