"""The learned check: P(the answer is good enough), read off the answer and what is usual on its route."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.checks.answer_features import answer_features
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome
from litellm_router_plugin.learning.answer_check import AnswerCheckModel, route_values_of
from litellm_router_plugin.learning.features import request_features

UNSURE: Final = (0.35, 0.75)
"""Estimates from and up to which an answer is in doubt, where nobody set another range."""
REMEMBERED: Final = 8
"""Answers whose numbers are kept for a moment: the check and the route's statistics both need them."""


class LearnedCheck:
    """Estimates P(good enough) and doubts answers whose estimate is low.

    Until the route is calibrated it never rejects: the level of its estimates is then only that of the training
    answers. Calibrated, the range comes from labels of the route: below it an answer is rejected, from its upper end on
    vouched for. A certified threshold (`learning.certificates`) is the range from it to itself.

    Args:
        model: What estimates.
        unsure: The range of doubt, from the lower end on, below the upper.
        calibrated: The range was set from labels of this route, so it may decide.

    Raises:
        ValueError: The range is none.
    """

    name = "learned"
    reads_prefix = False

    def __init__(
        self, model: AnswerCheckModel, unsure: tuple[float, float] = UNSURE, *, calibrated: bool = False
    ) -> None:
        if not 0.0 <= unsure[0] <= unsure[1] <= 1.0:
            raise ValueError(f"unsure: {unsure} is no range in 0..1. Give the lower number first")
        self.model = model
        self.unsure = unsure
        self.calibrated = calibrated

    def calibrated_to(self, unsure: tuple[float, float]) -> LearnedCheck:
        """The same check for a route that this range was set on from labels; raises `ValueError` where it is none."""
        return LearnedCheck(self.model, unsure, calibrated=True)

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        """What it says of a whole answer; None where it has no doubt and is not calibrated, and of a part of one."""
        p_ok = self.p_ok(answer, request, route)
        if p_ok is None:
            return None
        low, high = self.unsure
        if p_ok >= high:
            return (
                Finding(self.name, Outcome.ACCEPT, "like the route's good answers", p_ok) if self.calibrated else None
            )
        if p_ok < low and self.calibrated:
            return Finding(self.name, Outcome.REJECT, f"estimate {p_ok:.2f}, limit {low:.2f}", p_ok)
        return Finding(self.name, Outcome.UNSURE, f"estimate {p_ok:.2f}", p_ok)

    def p_ok(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> float | None:
        """P(the answer is good enough); None where only a part of it is known."""
        if answer.is_prefix or answer.choices < 1:
            return None
        features, prompt = _numbers(answer, request)
        return self.model.p_ok(features, prompt, route)


def learned_route_values(answer: AnswerView, request: RequestView) -> Mapping[str, float]:
    """The route features that the learned check compares with; add them after the answer was checked.

    As with `route_features.route_values`, an answer known only in part, or cut by a limit, has none.
    """
    if answer.is_prefix or answer.choices < 1 or answer.finish_reason == "length":
        return {}
    return route_values_of(_numbers(answer, request)[0])


@lru_cache(maxsize=REMEMBERED)
def _numbers(answer: AnswerView, request: RequestView) -> tuple[Mapping[str, float], NDArray[np.float64]]:
    return answer_features(answer, request), request_features(request)
