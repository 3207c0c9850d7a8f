"""The numbers of an answer that a route's running statistics are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping

from litellm_router_plugin.checks.answer_marks import MARKS, marks_in
from litellm_router_plugin.checks.final_answer import MARK_FEATURE
from litellm_router_plugin.checks.repetition import REPEATED_LINE_SHARE, repeated_line_share
from litellm_router_plugin.checks.tool_calls import HAS_CALL, calls_of
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView

LOG_CHARS = "log_chars"
"""Name of the route feature: natural logarithm of 1 + the characters of text."""
HAS_CODE_BLOCK = "has_code_block"
"""Name of the route feature: 1 where the answer holds a fenced block, else 0."""


def route_values(answer: AnswerView, request: RequestView) -> Mapping[str, float]:
    """The route features of a whole answer, to be added to the statistics of its (route, model).

    Add those of every answer that a tier gave on the route, accepted or not, after it was checked: statistics of the
    accepted answers alone would drift towards whatever the checks let through. An answer known only in part, or one
    that the client's own limit cut, has none.
    """
    if answer.is_prefix or answer.choices < 1 or answer.finish_reason == "length":
        return {}
    marks = marks_in(answer.text)
    return {
        LOG_CHARS: math.log1p(len(answer.text)),
        HAS_CODE_BLOCK: float("```" in answer.text),
        REPEATED_LINE_SHARE: repeated_line_share(answer.text),
        HAS_CALL: float(bool(calls_of(answer, request))),
        **{MARK_FEATURE + form: float(form in marks) for form in MARKS},
    }
