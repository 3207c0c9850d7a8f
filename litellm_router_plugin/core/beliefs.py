"""What is believed on a route of which no labels are known: how much estimates are worth, how readily graders accept.

An estimate made elsewhere ranks answers at best; its level is a guess. It is taken as shifted by an unknown amount, in
log odds, normal around 0 with `LEVEL_DEVIATION`: what is expected of it lies nearer to one half (MacKay 1992). Verdicts
of graders do not mend that, since a grader that accepts much may be lenient or may have read good answers.

How readily a grader accepts is learned from its verdicts alone. Both of its rates, on good and on poor answers, are
shifted by one amount in log odds, so that it tells them apart as well as before; each verdict was to be expected with a
probability that the shift moves. Only the sums of score and information are kept (one step of Fisher scoring from 0):
they add up over processes as counts do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from litellm_router_plugin.core.expected_cost import GraderOutlook
from litellm_router_plugin.core.route_statistics import RouteStatistics

LEVEL_DEVIATION: Final = 1.0
"""Of the shift between routes, in log odds: forecasts of sources that were left out of training are off by as much."""
FORECAST_SHARE: Final = 0.5
"""Weight, in log odds, of the forecast beside the estimate of the learned check. Both know the prompt; on the train
split their mean serves better than either."""
READINESS_DEVIATION: Final = 0.5
"""Of a grader's shift, in log odds; a guess. Rates of the recorded second models differ by less."""
LARGEST_SHIFT: Final = 2.0
"""One step of scoring says little beyond it."""
LEAST_P: Final = 0.01
SCORE, INFORMATION = "grader_score", "grader_information"
"""Names under which the sums stand in the statistics of a route and a grader's model group."""


def expected_p(estimate: float, deviation: float = LEVEL_DEVIATION) -> float:
    """The mean of an estimate (0..1) whose log odds are shifted by an unknown amount of that deviation."""
    return _sigmoid(_log_odds(estimate) / math.sqrt(1.0 + math.pi / 8.0 * deviation**2))


def blended(forecast: float, estimate: float | None) -> float:
    """P(an answer is good) from the forecast before the call and the estimate after it, where there is one."""
    if estimate is None:
        return forecast
    return _sigmoid(FORECAST_SHARE * _log_odds(forecast) + (1.0 - FORECAST_SHARE) * _log_odds(estimate))


@dataclass(frozen=True, slots=True)
class Readiness:
    """How much more readily than usual a grader accepts on a route.

    Attributes:
        score: Sum of the derivatives of its verdicts' log likelihoods at a shift of 0.
        information: Sum of their Fisher information there.
    """

    score: float = 0.0
    information: float = 0.0

    @classmethod
    def of(cls, statistics: RouteStatistics) -> Self:
        """What the statistics of a route and a grader hold of it."""
        score, information = statistics.moments(SCORE), statistics.moments(INFORMATION)
        return cls(score.count * score.mean, max(information.count * information.mean, 0.0))

    @property
    def shift(self) -> float:
        """The expected shift of its rates, in log odds."""
        shift = self.score / (self.information + READINESS_DEVIATION**-2)
        return min(max(shift, -LARGEST_SHIFT), LARGEST_SHIFT)

    def of_grader(self, usual: GraderOutlook) -> GraderOutlook:
        """The grader as it is expected to be on this route."""
        rates = (_sigmoid(_log_odds(rate) + self.shift) for rate in (usual.accepts_good, usual.accepts_poor))
        good, poor = rates
        return replace(usual, accepts_good=good, accepts_poor=poor)


def readiness_values(usual: GraderOutlook, p_ok: float, *, accepted: bool) -> Mapping[str, float]:
    """What one verdict adds to the statistics of its route and grader.

    Args:
        usual: The grader's usual rates.
        p_ok: P(the answer is good) before it spoke.
        accepted: What it said.
    """
    good, poor = usual.accepts_good, usual.accepts_poor
    expected = min(max(p_ok * good + (1.0 - p_ok) * poor, LEAST_P), 1.0 - LEAST_P)
    slope = (p_ok * good * (1.0 - good) + (1.0 - p_ok) * poor * (1.0 - poor)) / (expected * (1.0 - expected))
    return {SCORE: slope * (accepted - expected), INFORMATION: slope * slope * expected * (1.0 - expected)}


def _log_odds(p: float) -> float:
    bounded = min(max(p, LEAST_P), 1.0 - LEAST_P)
    return math.log(bounded / (1.0 - bounded))


def _sigmoid(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * x)
