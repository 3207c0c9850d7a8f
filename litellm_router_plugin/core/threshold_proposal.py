"""Proposals for a route's threshold or intercept, from scores whose answers were found good or not.

Nothing here changes a setting: a proposal carries its evidence, moves by a bounded step, and is refused where too
little was seen. Pairs must be a fair sample of the requests at their scores: ratings of served answers say nothing of
scores at which no answer was served, so going *down* needs sampled answers below the present threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.sequential import BernoulliRate, Interval
from litellm_router_plugin.core.state_fields import JsonState

BINS = 100
"""Hundredths of the score: thresholds are proposed at their edges."""
MIN_OUTCOMES = 50
"""Pairs that a proposal needs: about what brings a new route's calibration error to .05, as measured on routes left out
of training."""
MAX_THRESHOLD_STEP = 0.1
"""Farthest move of a threshold in one proposal. A choice: small enough to watch the effect before the next."""
MAX_INTERCEPT_STEP = 1.0
"""Farthest move of an intercept in one proposal, in log odds. A choice, as above."""
EXTREME_LOG_ODDS = 12.0
"""Where the search for an intercept ends; beyond it a probability is 0 or 1 to five digits."""
BISECTIONS = 50


@dataclass(frozen=True, slots=True)
class ScoreOutcomes:
    """How many answers were seen, and how many were good, per hundredth of the score. Adds up in any order."""

    seen: tuple[int, ...] = (0,) * BINS
    good: tuple[int, ...] = (0,) * BINS

    def with_outcome(self, score: float, *, good: bool) -> ScoreOutcomes:
        """These outcomes with one more; a score outside 0..1 is left out."""
        if not 0.0 <= score <= 1.0:
            return self
        place = min(int(score * BINS + 1e-9), BINS - 1)
        return ScoreOutcomes(_raised(self.seen, place, 1), _raised(self.good, place, int(good)))

    def merged(self, other: ScoreOutcomes) -> ScoreOutcomes:
        """The outcomes of two processes."""
        return ScoreOutcomes(
            tuple(map(sum, zip(self.seen, other.seen, strict=True))),
            tuple(map(sum, zip(self.good, other.good, strict=True))),
        )

    def between(self, low: int, high: int) -> BernoulliRate:
        """The rate of good answers in the bins from ``low`` up to, not including, ``high``."""
        return BernoulliRate(sum(self.seen[low:high]), sum(self.good[low:high]))

    def to_json(self) -> JsonState:
        """These outcomes as plain values."""
        return {"seen": list(self.seen), "good": list(self.good)}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> ScoreOutcomes:
        """The outcomes that `to_json` wrote; raises `DataError` when they are damaged."""
        return ScoreOutcomes(state_fields.counts(data, "seen", BINS), state_fields.counts(data, "good", BINS))


def _raised(counts: tuple[int, ...], place: int, by: int) -> tuple[int, ...]:
    return (*counts[:place], counts[place] + by, *counts[place + 1 :])


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change to one setting of a route, with its evidence.

    Attributes:
        setting: ``threshold`` or ``intercept``.
        current: Its value now.
        proposed: The value proposed.
        outcomes: Pairs that the proposal rests on.
        interval: For a threshold: the share of good answers at or above the proposed one. For an intercept: the shift
            that the pairs allow. Holds at all times.
        is_bounded: The evidence would carry further than one step may go.
        reason: Why, in words fit for a log.
    """

    setting: str
    current: float
    proposed: float
    outcomes: int
    interval: Interval
    is_bounded: bool
    reason: str


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Nothing is proposed.

    Attributes:
        reason: Why, in words fit for a log.
        more_outcomes: Pairs still missing before anything could be proposed; 0 when enough were seen.
    """

    reason: str
    more_outcomes: int = 0


def propose_intercept(
    outcomes: ScoreOutcomes, current: float = 0.0, *, max_step: float = MAX_INTERCEPT_STEP, confidence: float = 0.95
) -> Proposal | NoProposal:
    """A shift of the log odds of all scores so that they agree with what was seen.

    Args:
        outcomes: Scores as they were with the ``current`` intercept, and whether the answers were good.
        current: The route's intercept now, in log odds.
        max_step: Farthest move in log odds.
        confidence: Of the interval of the shift; nothing is proposed while it holds 0.
    """
    observed = outcomes.between(0, BINS)
    if observed.trials < MIN_OUTCOMES:
        return _too_few(observed.trials)
    rates = observed.interval(confidence)
    interval = Interval(_shift_to(outcomes, rates.low), _shift_to(outcomes, rates.high))
    if 0.0 in interval:
        return NoProposal(f"the scores agree with the {observed.trials} outcomes seen")
    shift = _shift_to(outcomes, observed.successes / observed.trials)
    step = max(-max_step, min(max_step, shift))
    announced = _expected(outcomes, 0.0)
    reason = f"{observed.successes} of {observed.trials} answers were good where the scores announced {announced:.0f}"
    return Proposal("intercept", current, current + step, observed.trials, interval, step != shift, reason)


def propose_threshold(
    outcomes: ScoreOutcomes,
    current: float,
    *,
    target: float,
    max_step: float = MAX_THRESHOLD_STEP,
    confidence: float = 0.95,
) -> Proposal | NoProposal:
    """Another threshold for serving an answer, so that the target share of the served ones is good.

    It is raised when the share at the present threshold is shown to lie below the target: to the lowest one in reach
    whose observed share meets it. It is lowered only when the present share is shown to meet the target, and only by
    bands whose own answers are shown to meet it.

    Args:
        outcomes: Scores and whether the answers were good.
        current: The threshold now; answers at or above it are served.
        target: Share of served answers that should be good, 0..1.
        max_step: Farthest move.
        confidence: Of what is shown.
    """
    question = _Question(outcomes, current, target, confidence)
    here, reach = round(current * BINS), round(max_step * BINS)
    served = outcomes.between(here, BINS)
    if served.trials < MIN_OUTCOMES:
        return _too_few(served.trials)
    interval = served.interval(confidence)
    if interval.high < target:
        return question.raised(here, min(BINS - 1, here + reach))
    if interval.low >= target:
        return question.lowered(here, max(0, here - reach))
    return NoProposal(f"{served.trials} outcomes do not tell whether {target:.0%} of the served answers are good")


@dataclass(frozen=True, slots=True)
class _Question:
    """What `propose_threshold` was asked; places are hundredths."""

    outcomes: ScoreOutcomes
    current: float
    target: float
    confidence: float

    def raised(self, here: int, highest: int) -> Proposal | NoProposal:
        """The lowest threshold above the present one that meets the target, or the highest in reach."""
        if highest <= here:
            return NoProposal("too few answers are good, and the threshold is as high as it can be")
        found = next((place for place in range(here + 1, highest + 1) if self._meets(place)), None)
        reason = f"fewer than {self.target:.0%} of the answers at or above {self.current:.2f} are good"
        return self._proposal(highest if found is None else found, reason, is_bounded=found is None)

    def _meets(self, place: int) -> bool:
        rate = self.outcomes.between(place, BINS).rate
        return rate is not None and rate >= self.target

    def lowered(self, here: int, lowest: int) -> Proposal | NoProposal:
        """The lowest threshold in reach that lets in only what is shown to be good enough.

        Tested from the present threshold downwards up to the first failure, so all tests together keep the
        confidence of one (a fixed sequence).
        """
        place = here
        for candidate in range(here - 1, lowest - 1, -1):
            added = self.outcomes.between(candidate, here)
            if added.trials < MIN_OUTCOMES:
                continue
            if added.interval(self.confidence).low < self.target:
                break
            place = candidate
        if place == here:
            return NoProposal("no lower threshold is shown to be good enough; answers below this one must be sampled")
        reason = f"at least {self.target:.0%} of the answers between {place / BINS:.2f} and {self.current:.2f} are good"
        return self._proposal(place, reason, is_bounded=place == lowest > 0)

    def _proposal(self, place: int, reason: str, *, is_bounded: bool) -> Proposal:
        rate = self.outcomes.between(place, BINS)
        interval = rate.interval(self.confidence)
        return Proposal("threshold", self.current, place / BINS, rate.trials, interval, is_bounded, reason)


def _too_few(seen: int) -> NoProposal:
    return NoProposal(f"{seen} outcomes seen, {MIN_OUTCOMES} are needed", MIN_OUTCOMES - seen)


def _expected(outcomes: ScoreOutcomes, shift: float) -> float:
    """Good answers that the scores announce once their log odds are shifted."""
    total = 0.0
    for place, seen in enumerate(outcomes.seen):
        if seen:
            score = (place + 0.5) / BINS
            total += seen / (1 + math.exp(-(math.log(score / (1 - score)) + shift)))
    return total


def _shift_to(outcomes: ScoreOutcomes, rate: float) -> float:
    """The shift at which the scores announce that rate; at most `EXTREME_LOG_ODDS` either way."""
    wanted = rate * sum(outcomes.seen)
    return _root(lambda shift: _expected(outcomes, shift) - wanted, -EXTREME_LOG_ODDS, EXTREME_LOG_ODDS)


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
