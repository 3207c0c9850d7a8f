"""The answer breaks off."""

from __future__ import annotations

import re

from litellm_router_plugin.checks.fences import has_unclosed_block
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

CUT_BY_PROVIDER = "cut at the model's or the tier's token limit"
CUT_BY_CLIENT = "cut at the client's own token limit"
OPEN_FENCE = "unclosed code fence"
MID_SENTENCE = "ends in the middle of a sentence"

MIN_SENTENCE_CHARS = 200
"""Shorter texts are labels, titles and fragments on purpose (unvalidated)."""
TAIL_CHARS = 200
OPEN_END = re.compile(r"(?:[a-z]{2}|[,;(\[{]|\b(?:the|a|an|of|to|and|or|with|is|are|in|for|by|that|which)\s?)\Z")
"""A tail that no sentence ends with: a lower-case word without a full stop, a comma, an opening bracket."""
LIST_OR_TABLE_LINE = re.compile(r"\s*(?:[-*+•#>|]|\d+[.)]|\w[\w ]{0,40}:)")
"""A last line that starts like this is a bullet, heading, table row or labelled value and needs no full stop."""
SENTENCE_END = re.compile(r"[.!?:](?:\s|\Z)")


def ends_mid_sentence(text: str) -> bool:
    """Whether a prose text stops in the middle of a sentence."""
    trimmed = text.rstrip()
    if len(trimmed) < MIN_SENTENCE_CHARS or not OPEN_END.search(trimmed[-TAIL_CHARS:]):
        return False
    last_line = trimmed[-TAIL_CHARS:].rpartition("\n")[2]
    return not LIST_OR_TABLE_LINE.match(last_line) and bool(SENTENCE_END.search(trimmed))


def odd_end(text: str) -> str | None:
    """What about the end of a whole text looks cut off; None when nothing does."""
    if has_unclosed_block(text):
        return OPEN_FENCE
    return MID_SENTENCE if ends_mid_sentence(text) else None


class TruncatedCheck:
    """Rejects what the provider says was cut; unsure where a dearer model would be cut too, or the end is odd."""

    name = "truncated"
    reads_prefix = False

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when the answer breaks off; nothing of an answer whose end is not known."""
        if answer.is_prefix:
            return None
        if answer.finish_reason == "length":
            is_own_limit = request.max_tokens is not None
            outcome = Outcome.UNSURE if is_own_limit else Outcome.REJECT
            return Finding(self.name, outcome, CUT_BY_CLIENT if is_own_limit else CUT_BY_PROVIDER)
        reason = None if answer.cut or answer.tool_calls else odd_end(answer.text)
        return Finding(self.name, Outcome.UNSURE, reason) if reason else None
