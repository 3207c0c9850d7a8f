"""Alarms when scores or acceptance are no longer what they were.

A conformal test martingale (Vovk, Nouretdinov, Fedorova, Petej and Gammerman 2021, "Retrain or not retrain: conformal
test martingales for change-point detection") over counts in fixed bins: each value's rank among all values seen,
ties broken at random, is uniform as long as values are exchangeable, and bets against uniform ranks gather evidence.

- The false-alarm rate holds for any distribution and over any horizon: while nothing changes, a monitor ever raises an
  alarm with probability at most that rate. With m monitors give each the rate divided by m (`rate_for_each`).
- The state is bounded: `BINS` counts and a few numbers. It knows no clock, only the order of arrival, so a clock that
  goes back cannot disturb it.
- Evidence comes while new values differ from the whole past. What came before the alarm becomes the past too, so an
  alarm is latched; start a new monitor once it has been dealt with.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.evidence import Evidence
from litellm_router_plugin.core.state_fields import JsonState

BINS = 64
"""Bins of 0..1, of equal width in ``asin(sqrt(value))``: finer towards 0 and 1, where forecasts crowd."""
REFERENCE = 200
"""First values, which only fill the counts. Without a past no rank means anything; a choice, see the benchmark."""
LEVEL_STAKES = (-1.6, -0.8, -0.4, 0.4, 0.8, 1.6)
"""Bets on ranks being higher or lower than before; 2 in size would risk everything on one rank."""
SPREAD_STAKES = (-0.4, 0.7)
"""Bets on ranks crowding in the middle or at the ends; -0.5 and 1 would risk everything."""
BETS = len(LEVEL_STAKES) + len(SPREAD_STAKES)
RECENT = 100
"""Values that the recent mean stands for (an exponential average with weight 1 / RECENT)."""
NO_COUNTS = (0,) * BINS
NO_EVIDENCE = Evidence.of(BETS)


def rate_for_each(false_alarm_rate: float, monitors: int) -> float:
    """The rate for each of several monitors so that all together raise a false alarm at most that often."""
    return false_alarm_rate / max(1, monitors)


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """Something changed.

    Attributes:
        seen: Values seen when the alarm was raised.
        reference_mean: Mean of all values seen so far.
        recent_mean: Mean of about the last `RECENT`.
        evidence: The highest evidence so far: 1 / evidence bounds the probability of a false alarm.
    """

    seen: int
    reference_mean: float
    recent_mean: float
    evidence: float

    def __str__(self) -> str:
        return (
            f"changed after {self.seen} values: mean {self.reference_mean:.3f}, lately {self.recent_mean:.3f}"
            f" (a false alarm has probability {1 / self.evidence:.2g} or less)"
        )


@dataclass(frozen=True, slots=True)
class DriftMonitor:
    """Watches one stream of values in 0..1: a score, or acceptance as 0 and 1.

    Attributes:
        name: Tells streams apart; seeds the random breaking of ties, so that a replay gives the same alarms.
        counts: Values seen, per bin.
        total: Their sum.
        recent: Their exponential average.
        evidence: Against "nothing changed".
        peak: The highest evidence so far.
        peak_at: Values seen then.
    """

    name: str
    counts: tuple[int, ...] = NO_COUNTS
    total: float = 0.0
    recent: float = 0.0
    evidence: Evidence = NO_EVIDENCE
    peak: float = 1.0
    peak_at: int = 0

    @property
    def seen(self) -> int:
        """Values seen."""
        return sum(self.counts)

    def with_value(self, value: float) -> DriftMonitor:
        """This monitor after one more value; one outside 0..1, or not finite, is left out."""
        if not 0.0 <= value <= 1.0:
            return self
        place = min(int(BINS * math.asin(math.sqrt(value)) / (math.pi / 2)), BINS - 1)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        seen = self.seen + 1
        evidence = self.evidence
        if seen > REFERENCE:
            evidence = evidence.with_factors(_factors(_rank(counts, place, seen, self.name)))
        level = evidence.value
        is_peak = level > self.peak
        return DriftMonitor(
            name=self.name,
            counts=counts,
            total=self.total + value,
            recent=self.recent + (value - self.recent) * max(1 / RECENT, 1 / seen),
            evidence=evidence,
            peak=level if is_peak else self.peak,
            peak_at=seen if is_peak else self.peak_at,
        )

    def alarm(self, false_alarm_rate: float = 0.01) -> DriftAlarm | None:
        """The alarm, if there is one. Once raised it stays."""
        if not 0.0 < false_alarm_rate < 1.0:
            raise ValueError(f"false_alarm_rate: {false_alarm_rate!r} does not lie between 0 and 1")
        if self.peak < 1.0 / false_alarm_rate:
            return None
        return DriftAlarm(self.peak_at, self.total / self.seen, self.recent, self.peak)

    def to_json(self) -> JsonState:
        """This state as plain values."""
        return {
            "name": self.name,
            "counts": list(self.counts),
            "total": self.total,
            "recent": self.recent,
            "evidence": self.evidence.to_json(),
            "peak": self.peak,
            "peak_at": self.peak_at,
        }

    @staticmethod
    def from_json(data: Mapping[str, object]) -> DriftMonitor:
        """The monitor that `to_json` wrote; raises `DataError` when it is damaged."""
        return DriftMonitor(
            name=str(data.get("name", "")),
            counts=state_fields.counts(data, "counts", BINS),
            total=state_fields.amount(data, "total"),
            recent=state_fields.amount(data, "recent"),
            evidence=Evidence.from_json(state_fields.part(data, "evidence"), BETS),
            peak=state_fields.amount(data, "peak"),
            peak_at=state_fields.integer(data, "peak_at"),
        )


def joint_evidence(monitors: Sequence[DriftMonitor]) -> float:
    """Evidence of several processes' monitors of the same thing; compare it with 1 / false-alarm rate.

    Half of it is bet on the processes changing together (the product, which needs independent streams), half on any
    one of them (the mean). It is the evidence now, not its peak as in `DriftMonitor.alarm`.
    """
    if not monitors:
        return 1.0
    together = reduce(Evidence.merged, (monitor.evidence for monitor in monitors)).value
    mean = sum(monitor.evidence.value for monitor in monitors) / len(monitors)
    return (together + mean) / 2


def _rank(counts: tuple[int, ...], place: int, seen: int, name: str) -> float:
    """The share of values above the last one, itself and its ties counted by a random part: uniform in 0..1."""
    digest = hashlib.blake2b(f"{seen}:{name}".encode(), digest_size=8, person=b"drift-ties").digest()
    tie = (int.from_bytes(digest, "big") >> 11) / (1 << 53)
    return (sum(counts[place + 1 :]) + tie * counts[place]) / seen


def _factors(rank: float) -> list[float]:
    """What each bet multiplies its wealth by; each has mean 1 when ranks are uniform."""
    level = rank - 0.5
    spread = 12 * level * level - 1
    return [1 + stake * level for stake in LEVEL_STAKES] + [1 + stake * spread for stake in SPREAD_STAKES]
