"""Running statistics of one route and model, which route-relative checks compare an answer with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.state_fields import JsonState
from litellm_router_plugin.errors import DataError

MAX_FEATURES = 256
"""Features read back from a stored state; more than any version writes."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sum of squared deviations of one number (Welford 1962)."""

    count: int = 0
    mean: float = 0.0
    squared_deviations: float = 0.0

    def with_value(self, value: float) -> Moments:
        """These moments after one more value; a value that is not finite is left out."""
        if not math.isfinite(value):
            return self
        count = self.count + 1
        delta = value - self.mean
        mean = self.mean + delta / count
        return Moments(count, mean, self.squared_deviations + delta * (value - mean))

    def merged(self, other: Moments) -> Moments:
        """The moments of both samples together (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        if not count:
            return self
        delta = other.mean - self.mean
        mean = self.mean + delta * other.count / count
        spread = self.squared_deviations + other.squared_deviations
        return Moments(count, mean, spread + delta * delta * self.count * other.count / count)

    @property
    def deviation(self) -> float:
        """Population standard deviation; 0 with fewer than two values."""
        return math.sqrt(self.squared_deviations / self.count) if self.count > 1 else 0.0

    def to_json(self) -> JsonState:
        """These moments as plain values."""
        return {"count": self.count, "mean": self.mean, "squared_deviations": self.squared_deviations}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> Moments:
        """The moments that `to_json` wrote; raises `DataError` when they are damaged."""
        return Moments(
            state_fields.integer(data, "count"),
            state_fields.number(data, "mean"),
            state_fields.amount(data, "squared_deviations"),
        )


@dataclass(frozen=True, slots=True)
class RouteStatistics:
    """What is known of one (route, model): moments of named answer features. Nothing is known of a new one."""

    features: Mapping[str, Moments] = field(default_factory=empty, hash=False)

    @property
    def answers(self) -> int:
        """How many answers were seen."""
        return max((moments.count for moments in self.features.values()), default=0)

    def moments(self, name: str) -> Moments:
        """The moments of a feature; empty ones for a feature never seen."""
        return self.features.get(name, Moments())

    def with_values(self, values: Mapping[str, float]) -> RouteStatistics:
        """These statistics after one more answer."""
        merged = dict(self.features)
        for name, value in values.items():
            merged[name] = self.moments(name).with_value(value)
        return RouteStatistics(MappingProxyType(merged))

    def merged(self, other: RouteStatistics) -> RouteStatistics:
        """The statistics of both samples of answers together; no answer may be in both."""
        if not other.features:
            return self
        names = {**self.features, **other.features}
        return RouteStatistics(
            MappingProxyType({name: self.moments(name).merged(other.moments(name)) for name in names})
        )

    def to_json(self) -> JsonState:
        """These statistics as plain values: the moments of each feature."""
        return {name: moments.to_json() for name, moments in self.features.items()}

    @staticmethod
    def from_json(data: Mapping[str, object]) -> RouteStatistics:
        """The statistics that `to_json` wrote; raises `DataError` when they are damaged."""
        if len(data) > MAX_FEATURES:
            raise DataError(state_fields.SOURCE, 0, f"holds {len(data)} features; there are at most {MAX_FEATURES}")
        return RouteStatistics(
            MappingProxyType({name: Moments.from_json(state_fields.part(data, name)) for name in data})
        )


NO_STATISTICS = RouteStatistics()
