"""What an experiment shows: arms compared with intervals that may be watched, and when to stop.

The sample is one of units, not of requests: a user's requests resemble each other, so counting each as a fresh draw
would make the intervals too narrow. Every figure is a ratio of two sums over units (cost to requests, escalations to
requests, rating points to ratings) with the linearised variance of a ratio estimator (Cochran 1977, "Sampling
Techniques", chapter 6), inside an asymptotic confidence sequence (`sequential.normal_mixture_radius`). Hence: no
bound on costs is needed, and the coverage is asymptotic; `MIN_UNITS` keeps it away from the smallest samples, and
``benchmarks/sequential_error_rates.py`` shows how well it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from litellm_router_plugin.core.sequential import BernoulliRate, Interval, normal_mixture_radius

MIN_UNITS = 100
"""Units in each arm below which nothing is recommended; simulated, see the module's docstring."""
PRIOR_UNITS = 4
"""Units of the largest variance possible that are added to rates and ratings, after Agresti and Coull's (1998) two
successes and two failures: a rate of 0 in 50 is not known without error."""
LARGEST_VARIANCE = 0.25
"""Of a value in 0..1."""
POWER_QUANTILE = 0.8416
"""Standard normal quantile of 80 %, the usual power."""
MISMATCH_ERROR = 0.001
"""Error rate of the sample-ratio check. Strict, because it throws an experiment away."""
MISMATCH_PRIOR = 100.0
"""Weight of the expected split in the mixture of the sample-ratio check: small deviations are what it looks for."""
MAX_UNITS = 1e12
"""Where the search for the units needed gives up."""


class Metric(StrEnum):
    """What arms are compared by."""

    COST = "cost_usd"
    ESCALATION = "escalation"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """All requests of one unit in one arm, added up.

    Attributes:
        requests: Requests.
        escalated: Those that moved up at least once.
        priced: Those whose cost is known.
        cost_usd: The cost of the priced ones.
        ratings: Ratings given.
        rating_sum: Their sum, each in 0..1.
    """

    requests: int
    escalated: int = 0
    priced: int = 0
    cost_usd: float = 0.0
    ratings: int = 0
    rating_sum: float = 0.0

    def merged(self, other: UnitTotals) -> UnitTotals:
        """These and other requests of the same unit."""
        return UnitTotals(
            self.requests + other.requests,
            self.escalated + other.escalated,
            self.priced + other.priced,
            self.cost_usd + other.cost_usd,
            self.ratings + other.ratings,
            self.rating_sum + other.rating_sum,
        )


@dataclass(frozen=True, slots=True)
class RatioSums:
    """Sums over units of a numerator ``a``, a denominator ``b``, and their products. Add up in any order."""

    units: int = 0
    a: float = 0.0
    b: float = 0.0
    aa: float = 0.0
    ab: float = 0.0
    bb: float = 0.0

    def with_unit(self, numerator: float, denominator: float) -> RatioSums:
        """These sums with one more unit; one without a denominator, or not finite, is left out."""
        if not (denominator > 0 and math.isfinite(numerator) and math.isfinite(denominator)):
            return self
        return self.merged(RatioSums(1, numerator, denominator, numerator**2, numerator * denominator, denominator**2))

    def merged(self, other: RatioSums) -> RatioSums:
        """The sums over the units of both; no unit may be in both."""
        return RatioSums(
            self.units + other.units,
            self.a + other.a,
            self.b + other.b,
            self.aa + other.aa,
            self.ab + other.ab,
            self.bb + other.bb,
        )

    @property
    def ratio(self) -> float | None:
        """Sum of numerators over sum of denominators; None without any."""
        return self.a / self.b if self.units else None

    def standard_error(self, *, is_bounded: bool) -> float:
        """Of the ratio. ``is_bounded``: the ratio lies in 0..1, and gets `PRIOR_UNITS`. Infinite under two units."""
        if self.units < 2:  # noqa: PLR2004 - a variance needs two
            return math.inf
        ratio = self.a / self.b
        squares = max(0.0, self.aa - 2 * ratio * self.ab + ratio * ratio * self.bb)
        squares *= self.units / (self.units - 1)
        if is_bounded:
            squares += PRIOR_UNITS * LARGEST_VARIANCE * self.bb / self.units
        return math.sqrt(squares) / self.b

    @property
    def relative_spread(self) -> float:
        """Standard deviation of a unit's contribution over the ratio; 0 where the ratio is 0 or units are few."""
        if self.units < 2 or not self.a:  # noqa: PLR2004 - a variance needs two
            return 0.0
        return self.standard_error(is_bounded=False) * math.sqrt(self.units) * self.b / self.a


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """One arm: its units, and the sums that each metric needs."""

    units: int = 0
    requests: int = 0
    cost: RatioSums = RatioSums()
    escalation: RatioSums = RatioSums()
    rating: RatioSums = RatioSums()

    def with_unit(self, unit: UnitTotals) -> ArmTotals:
        """This arm with one more unit."""
        return ArmTotals(
            self.units + 1,
            self.requests + unit.requests,
            self.cost.with_unit(unit.cost_usd, unit.priced),
            self.escalation.with_unit(unit.escalated, unit.requests),
            self.rating.with_unit(unit.rating_sum, unit.ratings),
        )

    def merged(self, other: ArmTotals) -> ArmTotals:
        """Two parts of one arm; a unit's requests must all be in the same part."""
        return ArmTotals(
            self.units + other.units,
            self.requests + other.requests,
            self.cost.merged(other.cost),
            self.escalation.merged(other.escalation),
            self.rating.merged(other.rating),
        )

    def sums(self, metric: Metric) -> RatioSums:
        """The sums of one metric."""
        return {Metric.COST: self.cost, Metric.ESCALATION: self.escalation, Metric.RATING: self.rating}[metric]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; both None where there are too few units to say anything."""

    value: float | None
    interval: Interval | None
    units: int


class Advice(StrEnum):
    """What to do with the experiment."""

    STOP_ARM_BETTER = "stop: the arm is better"
    STOP_ARM_WORSE = "stop: the arm is worse"
    STOP_NO_DIFFERENCE = "stop: no difference that matters"
    CONTINUE = "continue"
    NOT_ENOUGH_TRAFFIC = "not enough traffic"
    SAMPLE_RATIO_MISMATCH = "sample ratio mismatch: do not use these data"


@dataclass(frozen=True, slots=True)
class Goal:
    """What the experiment is to decide. Fix it before looking at data: the error rate is the primary metric's.

    Attributes:
        metric: The primary metric.
        effect: The smallest difference that matters, in the metric's unit (USD, or share of 1); above 0.
        confidence: Of the stop recommendation, under any number of looks.
        patience_requests: Further requests in both arms that one is ready to wait for; None: any number.
    """

    metric: Metric
    effect: float
    confidence: float = 0.95
    patience_requests: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.effect) and self.effect > 0):
            raise ValueError(f"effect: {self.effect!r} is not above 0; give the smallest difference that matters")
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"confidence: {self.confidence!r} does not lie between 0 and 1; 0.95 is usual")


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """One experiment as it stands.

    Attributes:
        advice: What to do.
        control: Metric -> figure of the control.
        arm: Metric -> figure of the arm.
        differences: Metric -> arm minus control. Each interval holds by itself; only the goal's metric decides.
        mismatch: The units are not split as the share says.
        more_requests: Requests in both arms still needed for a difference of the goal's effect to be found with
            80 % power; 0 when there are enough, None when it cannot be told.
    """

    advice: Advice
    control: dict[Metric, Estimate] = field(hash=False)
    arm: dict[Metric, Estimate] = field(hash=False)
    differences: dict[Metric, Estimate] = field(hash=False)
    mismatch: bool
    more_requests: int | None


def analyse(control: ArmTotals, arm: ArmTotals, *, share: float, goal: Goal) -> ExperimentReport:
    """Compare the arm with the control. Totals must all be of one fingerprint, one unit counted once."""
    differences = {metric: _difference(control, arm, metric, goal.confidence) for metric in Metric}
    mismatch = has_sample_ratio_mismatch(control.units, arm.units, share)
    more = requests_needed(control, arm, goal)
    return ExperimentReport(
        advice=Advice.SAMPLE_RATIO_MISMATCH if mismatch else _advice(differences[goal.metric], goal, more),
        control={metric: _estimate(control, arm, metric, goal.confidence) for metric in Metric},
        arm={metric: _estimate(arm, control, metric, goal.confidence) for metric in Metric},
        differences=differences,
        mismatch=mismatch,
        more_requests=more,
    )


def has_sample_ratio_mismatch(control_units: int, arm_units: int, share: float) -> bool:
    """Whether the units are split otherwise than by ``share``; ever said in error with `MISMATCH_ERROR` at most.

    The sequential test of Lindon and Malek (2022), "Anytime-valid inference for multinomial count data", for two arms.
    """
    split = BernoulliRate(control_units + arm_units, arm_units)
    if not 0.0 < share < 1.0:
        return split.rate not in (None, share)
    evidence = split.log_evidence(share, MISMATCH_PRIOR * share, MISMATCH_PRIOR * (1 - share))
    return evidence >= -math.log(MISMATCH_ERROR)


def requests_needed(control: ArmTotals, arm: ArmTotals, goal: Goal) -> int | None:
    """Requests in both arms still needed to find a difference of the goal's effect with 80 % power.

    An extrapolation: it takes the variance and the requests a unit that were seen so far. None with too few units.
    """
    one, other = control.sums(goal.metric), arm.sums(goal.metric)
    units = one.units + other.units
    if min(one.units, other.units) < MIN_UNITS:
        return None
    error, effective = _difference_error(one, other, goal.metric), _effective(one, other)

    def is_enough(many: float) -> bool:
        margin = normal_mixture_radius(effective * many / units, goal.confidence) + POWER_QUANTILE
        return margin * error * math.sqrt(units / many) <= goal.effect

    if is_enough(units):
        return 0
    low, high = float(units), 2.0 * units
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MAX_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return math.ceil((high - units) * (control.requests + arm.requests) / units)


def _estimate(arm: ArmTotals, other: ArmTotals, metric: Metric, confidence: float) -> Estimate:
    sums = arm.sums(metric)
    if sums.ratio is None or sums.units < MIN_UNITS:
        return Estimate(sums.ratio, None, sums.units)
    radius = normal_mixture_radius(sums.units, confidence) * _error(sums, other.sums(metric), metric)
    highest = math.inf if metric is Metric.COST else 1.0
    return Estimate(sums.ratio, Interval(max(0.0, sums.ratio - radius), min(highest, sums.ratio + radius)), sums.units)


def _error(sums: RatioSums, other: RatioSums, metric: Metric) -> float:
    """Standard error of one arm's figure.

    Costs take the larger relative spread of both arms: a small arm that has not met the tail yet has too low a mean
    and too small a spread at once, and would be called cheaper on the strength of it.
    """
    if metric is not Metric.COST:
        return sums.standard_error(is_bounded=True)
    spread = max(sums.relative_spread, other.relative_spread)
    return spread * (sums.ratio or 0.0) / math.sqrt(sums.units)


def _effective(control: RatioSums, arm: RatioSums) -> float:
    """Twice the smaller arm: with a heavy tail it is the small arm that decides how normal the difference is.

    Counting all units instead let more than the promised 5 % of null experiments at a share of a tenth stop.
    """
    return 2.0 * min(control.units, arm.units)


def _difference_error(control: RatioSums, arm: RatioSums, metric: Metric) -> float:
    return math.hypot(_error(control, arm, metric), _error(arm, control, metric))


def _difference(control: ArmTotals, arm: ArmTotals, metric: Metric, confidence: float) -> Estimate:
    one, other = control.sums(metric), arm.sums(metric)
    units = one.units + other.units
    if one.ratio is None or other.ratio is None:
        return Estimate(None, None, units)
    value = other.ratio - one.ratio
    if min(one.units, other.units) < MIN_UNITS:
        return Estimate(value, None, units)
    radius = normal_mixture_radius(_effective(one, other), confidence) * _difference_error(one, other, metric)
    return Estimate(value, Interval(value - radius, value + radius), units)


def _advice(difference: Estimate, goal: Goal, more_requests: int | None) -> Advice:
    interval = difference.interval
    if interval is None:
        return Advice.NOT_ENOUGH_TRAFFIC
    if 0.0 not in interval:
        is_higher = interval.low > 0
        return Advice.STOP_ARM_BETTER if is_higher is (goal.metric is Metric.RATING) else Advice.STOP_ARM_WORSE
    if -goal.effect <= interval.low and interval.high <= goal.effect:
        return Advice.STOP_NO_DIFFERENCE
    patience = goal.patience_requests
    if patience is not None and (more_requests is None or more_requests > patience):
        return Advice.NOT_ENOUGH_TRAFFIC
    return Advice.CONTINUE
