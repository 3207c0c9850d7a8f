"""Confidence sequences: intervals that hold at all times at once, so that they may be watched continuously.

What holds after merging the states of several processes:

- `BernoulliRate` depends on counts only. Merged counts give the very interval that one process would have had;
  the guarantee holds whatever the order, as long as no observation is counted twice.
- `BoundedMean` weighs each value by what its own process had seen before. Merged sums give a valid interval when the
  processes' values are independent of each other, though not the one that a single process would have had.
- `normal_mixture_radius` needs a count and a variance only, and holds asymptotically: say so where it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.state_fields import JsonState

JEFFREYS = 0.5
"""Both parameters of the mixing beta distribution: narrow intervals for rates near 0 and 1 too."""
BISECTIONS = 60
"""Halvings when an interval's end is sought; leaves an error below 1e-17."""
MAX_WEIGHT = 0.5
"""Cap of one value's weight in `BoundedMean`, as Waudby-Smith and Ramdas (2024) advise."""
TUNED_FOR = 0.05
"""Error rate for which weights and mixtures are the narrowest; any other rate is as valid with them."""
TUNED_UNITS = 1_000
"""Number of observations at which `normal_mixture_radius` is about as narrow as it can be."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def half_width(self) -> float:
        """Half the distance of its ends."""
        return (self.high - self.low) / 2


def _check_confidence(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence!r} does not lie between 0 and 1; 0.95 is usual")
    return 1.0 - confidence


def _log_beta(first: float, second: float) -> float:
    return math.lgamma(first) + math.lgamma(second) - math.lgamma(first + second)


@dataclass(frozen=True, slots=True)
class BernoulliRate:
    """A rate from counts: how many trials, how many of them successes. Exact at all times, mergeable in any order."""

    trials: int = 0
    successes: int = 0

    def with_value(self, success: bool) -> BernoulliRate:  # noqa: FBT001 - the value itself is the observation
        """These counts after one more trial."""
        return BernoulliRate(self.trials + 1, self.successes + bool(success))

    def merged(self, other: BernoulliRate) -> BernoulliRate:
        """Both counts together."""
        return BernoulliRate(self.trials + other.trials, self.successes + other.successes)

    @property
    def rate(self) -> float | None:
        """The observed share of successes; None before the first trial."""
        return self.successes / self.trials if self.trials else None

    def log_evidence(self, rate: float, successes: float = JEFFREYS, failures: float = JEFFREYS) -> float:
        """Log evidence against a true rate: the likelihood ratio of a beta mixture to it.

        A martingale under that rate (Robbins 1970, "Statistical methods related to the law of the iterated
        logarithm"), so it ever exceeds ``log(1 / a)`` with probability at most ``a``.

        Args:
            rate: The rate in question, 0..1.
            successes: First parameter of the mixing beta distribution.
            failures: Its second parameter.
        """
        failed = self.trials - self.successes
        mixture = _log_beta(successes + self.successes, failures + failed) - _log_beta(successes, failures)
        return mixture - _times_log(self.successes, rate) - _times_log(failed, 1.0 - rate)

    def interval(self, confidence: float = 0.95) -> Interval:
        """All rates that the evidence has not ruled out. Covers the true rate at all times with that confidence."""
        limit = -math.log(_check_confidence(confidence))
        if not self.trials:
            return Interval(0.0, 1.0)
        middle = self.successes / self.trials
        return Interval(self._end(middle, 0.0, limit), self._end(middle, 1.0, limit))

    def _end(self, inside: float, outside: float, limit: float) -> float:
        """Where the evidence passes the limit between a rate inside the interval and 0 or 1."""
        if self.log_evidence(outside) <= limit:
            return outside
        for _ in range(BISECTIONS):
            middle = (inside + outside) / 2
            if self.log_evidence(middle) > limit:
                outside = middle
            else:
                inside = middle
        return outside

    def to_json(self) -> JsonState:
        """These counts as plain values."""
        return {"trials": self.trials, "successes": self.successes}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> BernoulliRate:
        """The counts that `to_json` wrote; raises `DataError` when they are damaged."""
        trials = state_fields.integer(data, "trials")
        return BernoulliRate(trials, state_fields.integer(data, "successes", highest=trials))


def _times_log(count: int, rate: float) -> float:
    """``count * log(rate)`` with 0 log 0 = 0 and log 0 = minus infinity."""
    if not count:
        return 0.0
    return count * math.log(rate) if rate > 0.0 else -math.inf


@dataclass(frozen=True, slots=True)
class BoundedMean:
    """The mean of values in 0..1, such as ratings. Exact at all times for values with one conditional mean.

    The predictable plug-in empirical-Bernstein sequence of Waudby-Smith and Ramdas (2024), Theorem 2. If the mean
    moves, the interval covers the mean weighted as the values were.

    Attributes:
        count: Values seen.
        total: Their sum.
        spread: Sum of squared distances from the running mean.
        weight: Sum of the values' weights.
        weighted: Sum of the weighted values.
        penalty: What the variance adds to the interval's numerator.
    """

    count: int = 0
    total: float = 0.0
    spread: float = 0.0
    weight: float = 0.0
    weighted: float = 0.0
    penalty: float = 0.0

    def with_value(self, value: float) -> BoundedMean:
        """This mean after one more value, which must lie in 0..1."""
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"a value of 0..1 is needed, not {value!r}: scale it first")
        weight = self._next_weight()
        expected = (0.5 + self.total) / (self.count + 1)
        surprise = (value - expected) ** 2
        total = self.total + value
        return BoundedMean(
            count=self.count + 1,
            total=total,
            spread=self.spread + (value - (0.5 + total) / (self.count + 2)) ** 2,
            weight=self.weight + weight,
            weighted=self.weighted + weight * value,
            penalty=self.penalty + surprise * (-math.log1p(-weight) - weight),
        )

    def _next_weight(self) -> float:
        """The next value's weight: a function of earlier values only, which is what makes the sequence valid."""
        variance = (0.25 + self.spread) / (self.count + 1)
        step = self.count + 1
        best = math.sqrt(2 * math.log(2 / TUNED_FOR) / (variance * step * math.log1p(step)))
        return min(best, MAX_WEIGHT)

    def merged(self, other: BoundedMean) -> BoundedMean:
        """The sums of two independent streams."""
        return BoundedMean(
            self.count + other.count,
            self.total + other.total,
            self.spread + other.spread,
            self.weight + other.weight,
            self.weighted + other.weighted,
            self.penalty + other.penalty,
        )

    @property
    def mean(self) -> float | None:
        """The plain mean; None before the first value."""
        return self.total / self.count if self.count else None

    def interval(self, confidence: float = 0.95) -> Interval:
        """Covers the true mean at all times with that confidence."""
        error = _check_confidence(confidence)
        if not self.count:
            return Interval(0.0, 1.0)
        centre = self.weighted / self.weight
        radius = (math.log(2 / error) + self.penalty) / self.weight
        return Interval(max(0.0, centre - radius), min(1.0, centre + radius))

    def to_json(self) -> JsonState:
        """This state as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> BoundedMean:
        """The state that `to_json` wrote; raises `DataError` when it is damaged."""
        names = ("total", "spread", "weight", "weighted", "penalty")
        return BoundedMean(state_fields.integer(data, "count"), *(state_fields.amount(data, name) for name in names))


def difference(first: BernoulliRate | BoundedMean, second: BernoulliRate | BoundedMean, confidence: float) -> Interval:
    """First minus second, at all times with that confidence, however the two depend on each other.

    Each side gets half of the error (union bound): exact, and wider than it need be for independent sides.
    """
    each = 1.0 - _check_confidence(confidence) / 2
    one, other = first.interval(each), second.interval(each)
    return Interval(one.low - other.high, one.high - other.low)


def normal_mixture_radius(count: float, confidence: float = 0.95, tuned: float = TUNED_UNITS) -> float:
    """By how many standard errors an estimate may be off at any time: the asymptotic confidence sequence.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), "Time-uniform central limit theory and asymptotic
    confidence sequences", Theorem 2.2 and its advice on tuning. It needs no bound on the values, and holds in the
    limit of many of them; how well it holds for the counts at hand has to be shown by simulation.

    Args:
        count: Observations so far; above 0.
        confidence: Of covering at all times.
        tuned: Count at which the sequence is about as narrow as it can be; fixed before looking at data.
    """
    log_error = -2 * math.log(_check_confidence(confidence))
    tuned_error = -2 * math.log(TUNED_FOR)
    growth = count * (tuned_error + math.log(tuned_error) + 1) / tuned
    return math.sqrt((1 + 1 / growth) * (math.log1p(growth) + log_error))
