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
"""Share of a route's answers that must have a form for it to be expected. On the train split the precision is
about the same from .5 to .9, and .7 finds twice the errors that .8 does."""
USUAL_WORDED_SHARE = 0.85
"""The same for the phrase, which answers without a fixed form hold by chance too."""


def usual_mark(route: RouteStatistics) -> str | None:
    """The form in which a route and model usually mark a final answer; None when none is usual, or little is known."""
    known = [(route.moments(MARK_FEATURE + form), form) for form in MARKS]
    shares = [(moments.mean, form) for moments, form in known if moments.count >= MIN_ROUTE_ANSWERS]
    usual = [(share, form) for share, form in shares if share >= needed_share(form)]
    return max(usual)[1] if usual else None


def needed_share(form: str) -> float:
    """The share (0..1) of a route's answers from which a form is the expected one."""
    return USUAL_WORDED_SHARE if form == WORDED_FORM else USUAL_SHARE


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
