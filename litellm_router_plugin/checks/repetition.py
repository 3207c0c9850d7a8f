"""The answer goes round in circles."""

from __future__ import annotations

from collections import Counter

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

LOOP = "ends in a loop"
REPEATED_LINES = "more repeated lines than the route normally has"

REPEATED_LINE_SHARE = "repeated_line_share"
"""Name of the route feature: share of the long lines that stand in the answer already."""
MIN_LINE_CHARS = 16
"""Shorter lines (brackets, blank items, ``else:``) repeat in good answers."""
MIN_LINES = 6
MAX_LINES = 400
MIN_ROUTE_ANSWERS = 30
"""Answers that a route and model must have given before its statistics are used."""
MIN_REPEATED_SHARE = 0.3
DEVIATIONS_ABOVE = 3.0
"""How far above the route's mean, in its standard deviations, a share must lie to stand out."""
MIN_DEVIATION = 0.02
"""Floor of the deviation, so that a route without any repetition does not make every second line a sign."""

LOOP_PROBE_CHARS = 60
"""The end of the text that must have come before."""
LOOP_WINDOW_CHARS = 4_000
MIN_LOOP_ROUNDS = 4
MIN_LOOP_LETTERS = 8
"""Distinct characters of a round; rulers, tables of zeros and laughter have fewer."""


def repeated_line_share(text: str) -> float:
    """Share (0..1) of the long lines that repeat an earlier one; 0 with fewer than `MIN_LINES` of them."""
    lines = [line.strip() for line in text[: MAX_LINES * 200].split("\n")[:MAX_LINES]]
    counts = Counter(line for line in lines if len(line) >= MIN_LINE_CHARS)
    total = counts.total()
    return (total - len(counts)) / total if total >= MIN_LINES else 0.0


def loop_at_end(text: str) -> str:
    """The unit that the end of a text repeats at least `MIN_LOOP_ROUNDS` times; empty when it does not loop."""
    tail = text.rstrip()[-LOOP_WINDOW_CHARS:]
    probe = tail[-LOOP_PROBE_CHARS:]
    before = tail.rfind(probe, 0, len(tail) - 1) if len(tail) > LOOP_PROBE_CHARS else -1
    if before < 0:
        return ""
    period = len(tail) - LOOP_PROBE_CHARS - before
    looped = period * MIN_LOOP_ROUNDS
    if looped > len(tail) or tail[-looped:-period] != tail[period - looped :]:
        return ""
    unit = tail[-period:]
    return unit if len(set(unit)) >= MIN_LOOP_LETTERS else ""


class RepetitionCheck:
    """Unsure of an answer whose end loops, or which repeats far more lines than is normal on its route."""

    name = "repetition"
    reads_prefix = False

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        """A finding when the answer repeats itself and was not asked to."""
        if answer.is_prefix or answer.cut:
            return None
        unit = loop_at_end(answer.text)
        if unit and unit.strip() not in request.text:
            return Finding(self.name, Outcome.UNSURE, LOOP)
        if stands_out(repeated_line_share(answer.text), route):
            return Finding(self.name, Outcome.UNSURE, REPEATED_LINES)
        return None


def stands_out(share: float, route: RouteStatistics) -> bool:
    """Whether a share of repeated lines is far above what the route and model normally give."""
    moments = route.moments(REPEATED_LINE_SHARE)
    if share < MIN_REPEATED_SHARE or moments.count < MIN_ROUTE_ANSWERS:
        return False
    return share > moments.mean + DEVIATIONS_ABOVE * max(moments.deviation, MIN_DEVIATION)
