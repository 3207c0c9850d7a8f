"""Evidence that may be looked at after every observation.

The evidence is an e-process: non-negative, starting at 1, and under the null its expectation never exceeds 1 at any
stopping time. By Ville's inequality it ever reaches ``1 / a`` with probability at most ``a``, however often it is
looked at (Ramdas, Grünwald, Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.state_fields import JsonState

MAX_WEALTH = 1e250
"""Wealth is cut here. Cutting only lowers it, so the bound on false alarms stays; it keeps floats finite."""
STAKES = tuple(0.9 / 2**halving for halving in range(7))
"""Share of the wealth put on each bet. Halving steps: a stake within a factor of two of the best one grows at three
quarters of its rate or more. The largest stays under 1 so that no single value can end a bet."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence against a null, gathered by several bets, each of which may have begun at any observation.

    The start of the k-th observation has the prior weight ``1 / (k (k + 1))``, as in Shiryaev's (1963) treatment of an
    unknown change point, so that a long time in which the null held does not bury what comes after: a change after k
    observations costs about ``2 log k`` more log evidence than one at the start. The mean over bets and starts is an
    e-process because each of its terms is one.

    Attributes:
        count: Observations seen by this process since it began.
        running: Wealth of each bet's begun starts.
        settled: Wealth that other, independent streams brought in by `merged`, per bet.
    """

    count: int
    running: tuple[float, ...]
    settled: tuple[float, ...]

    @staticmethod
    def of(bets: int) -> Evidence:
        """No evidence yet, for so many bets."""
        return Evidence(0, (0.0,) * bets, (1.0,) * bets)

    def with_factors(self, factors: Sequence[float]) -> Evidence:
        """This evidence after one observation, given what each bet multiplies its wealth by.

        Under the null every factor must have a conditional expectation of at most 1, and all must be positive.
        """
        count = self.count + 1
        begun = 1.0 / (count * (count + 1))
        running = tuple(
            min((wealth + begun) * factor, MAX_WEALTH) for wealth, factor in zip(self.running, factors, strict=True)
        )
        return Evidence(count, running, self.settled)

    def merged(self, other: Evidence) -> Evidence:
        """The evidence of two streams, multiplied bet by bet.

        Holds its guarantee when the streams are independent of each other and no observation is in both.
        """
        waiting = 1.0 / (other.count + 1)
        settled = tuple(
            min(mine * theirs * (wealth + waiting), MAX_WEALTH)
            for mine, theirs, wealth in zip(self.settled, other.settled, other.running, strict=True)
        )
        return Evidence(self.count, self.running, settled)

    @property
    def value(self) -> float:
        """The evidence now: 1 says nothing, 20 is what ever happens with probability 5 % under the null."""
        waiting = 1.0 / (self.count + 1)
        levels = [
            min(settled * (wealth + waiting), MAX_WEALTH)
            for settled, wealth in zip(self.settled, self.running, strict=True)
        ]
        return sum(levels) / len(levels)

    def to_json(self) -> JsonState:
        """This evidence as plain values."""
        return {"count": self.count, "running": list(self.running), "settled": list(self.settled)}

    @staticmethod
    def from_json(data: Mapping[str, object], bets: int) -> Evidence:
        """The evidence that `to_json` wrote; raises `DataError` when it is damaged or of other bets."""
        return Evidence(
            state_fields.integer(data, "count"),
            state_fields.amounts(data, "running", bets),
            state_fields.amounts(data, "settled", bets),
        )


NO_SIGN_EVIDENCE = Evidence.of(len(STAKES))


@dataclass(frozen=True, slots=True)
class SignEvidence:
    """Evidence on whether the mean of values in -1..1 lies above or below 0.

    Betting on a bounded mean as in Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by
    betting", with fixed stakes instead of adaptive ones.

    Attributes:
        above: Against "every value has a conditional mean of at most 0".
        below: Against "every value has a conditional mean of at least 0".
    """

    above: Evidence = NO_SIGN_EVIDENCE
    below: Evidence = NO_SIGN_EVIDENCE

    def with_value(self, value: float) -> SignEvidence:
        """This evidence after one more value, which must lie in -1..1."""
        if not -1.0 <= value <= 1.0:
            raise ValueError(f"a value of -1..1 is needed, not {value!r}: divide by a bound first")
        return SignEvidence(
            self.above.with_factors([1.0 + stake * value for stake in STAKES]),
            self.below.with_factors([1.0 - stake * value for stake in STAKES]),
        )

    def merged(self, other: SignEvidence) -> SignEvidence:
        """The evidence of two independent streams."""
        return SignEvidence(self.above.merged(other.above), self.below.merged(other.below))

    def to_json(self) -> JsonState:
        """This evidence as plain values."""
        return {"above": self.above.to_json(), "below": self.below.to_json()}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> SignEvidence:
        """The evidence that `to_json` wrote; raises `DataError` when it is damaged."""
        above = Evidence.from_json(state_fields.part(data, "above"), len(STAKES))
        return SignEvidence(above, Evidence.from_json(state_fields.part(data, "below"), len(STAKES)))
