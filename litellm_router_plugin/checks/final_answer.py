"""The route's answers end in a marked result; this one does not."""

from __future__ import annotations

from litellm_router_plugin.checks.answer_marks import MARKS, marks_in
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

NO_MARK = "no marked final answer where the route has one"
OTHER_MARK = "final answer marked in another form than the route's"

MARK_FEATURE = "mark_"
"""Prefix of the route features: 1 where an answer holds a final answer of that form, else 0."""
WORDED_FORM = "phrase"
"""The one form without a syntax of its own; a route that uses it mixes it with others."""
MIN_ROUTE_ANSWERS = 30
"""Answers that a route and model must have given before its statistics are used."""
USUAL_SHARE = 0.7
"""Share of a route's answers that must have a form for it to be the expected one; chosen on the train split."""


def usual_mark(route: RouteStatistics) -> str | None:
    """The form in which a route and model usually mark a final answer; None when none is usual, or little is known."""
    known = [(route.moments(MARK_FEATURE + form), form) for form in MARKS]
    shares = [(moments.mean, form) for moments, form in known if moments.count >= MIN_ROUTE_ANSWERS]
    share, form = max(shares, default=(0.0, None))
    return form if share >= USUAL_SHARE else None


class FinalAnswerCheck:
    """Rejects an answer without the marked result that the answers of its route and model have.

    Where the usual form is only a phrase, a result marked in another form makes it unsure instead.
    """

    name = "final_answer"
    reads_prefix = False

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when the expected form is missing."""
        if answer.is_prefix or answer.cut or answer.tool_calls:
            return None
        expected = usual_mark(route)
        if expected is None:
            return None
        found = marks_in(answer.text)
        if expected in found:
            return None
        if found and expected == WORDED_FORM:
            return Finding(self.name, Outcome.UNSURE, OTHER_MARK)
        return Finding(self.name, Outcome.REJECT, OTHER_MARK if found else NO_MARK)
