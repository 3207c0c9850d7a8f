"""Settings of single routes: what was learned of one stream of traffic and holds for it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.tiers import TierName

MAX_SHIFT = 12.0
"""Log odds; beyond it a probability is 0 or 1 to five digits."""
MAX_ROUTES = 1_000
"""As many as a router keeps statistics of."""
MAX_ROUTE_NAME = 256

RouteName = Annotated[str, Field(min_length=1, max_length=MAX_ROUTE_NAME)]
"""As the client names it (header or metadata ``route``), or as decisions show it."""
Shift = Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT)]
Share = Annotated[float, Field(ge=0, le=1)]


class CalibratedRange(Settings):
    """The learned check on a route whose answers were labelled: it may decide there.

    Attributes:
        unsure: P(good enough) below which it rejects and from which on it vouches. Both may be the same number.
    """

    unsure: tuple[Share, Share]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.unsure[0] > self.unsure[1]:
            raise ValueError(f"unsure: {list(self.unsure)} is no range. Give the lower number first")
        return self


class RouteSettings(Settings):
    """What holds on one route.

    Attributes:
        intercepts: Tier -> shift of the log odds of its forecast success.
        learned_check: The learned check's range, calibrated on the route.
        judge_threshold: The judge's score from which an answer is accepted on the route.
    """

    intercepts: Mapping[TierName, Shift] = Field(default_factory=dict)
    learned_check: CalibratedRange | None = None
    judge_threshold: Share | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.intercepts and self.learned_check is None and self.judge_threshold is None:
            raise ValueError("a route without settings. Give intercepts, learned_check or judge_threshold")
        return self


RouteTable = Annotated[Mapping[RouteName, RouteSettings], Field(max_length=MAX_ROUTES)]


def route_tiers(routes: Mapping[str, RouteSettings]) -> Iterator[tuple[str, str]]:
    """Every tier that routes name, as (path of the key, tier)."""
    for route, settings in routes.items():
        for tier in settings.intercepts:
            yield f"routes.{route}.intercepts", tier
