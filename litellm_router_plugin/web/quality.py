"""``/observed``, ``/quality`` and ``/monitoring``: what observing shows, quality over time, alarms and proposals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.ledger.quality_monitor import MonitorKey
from litellm_router_plugin.ledger.quality_views import By
from litellm_router_plugin.web.answers import Answer, Quality
from litellm_router_plugin.web.asking import Chosen, MaybeName, Name
from litellm_router_plugin.web.decision_answers import Done, Problem
from litellm_router_plugin.web.session import Monitoring, Session, Signed
from litellm_router_plugin.web.threads import in_thread

FOR_ADMINS = "monitors and proposals are the proxy admin's. Send the admin's key"
FOR_WRITERS = "only a proxy admin who may write can change settings. Send such a key"

Result = TypeVar("Result")
_REFUSED: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "It cannot be done now."}}


class Rate(Answer):
    """A share with its 95 % interval, which may be watched all the time."""

    of: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class WouldBe(Answer):
    """What a policy would have cost and saved; USD."""

    basis: Literal["known", "sampled", "estimated"] = Field(description="What the figure rests on.")
    cost_usd: float
    cost_low_usd: float | None = None
    cost_high_usd: float | None = None
    saved_usd: float = Field(description="Against what was really spent; negative where it would have cost more.")
    saved_low_usd: float | None = None
    saved_high_usd: float | None = None
    sampled: int
    needs: int = Field(description="Sampled requests still needed for an interval.")
    escalation_rate: Rate | None = None
    first_answers_accepted: Rate | None = None


class ObservedAnswer(Answer):
    """What routing would have done with requests that were only observed."""

    requests: int
    without_price: int = Field(description="In no figure: a price is unknown.")
    only_latest: bool = Field(description="There are more; these are the latest.")
    sampled: int = Field(description="Requests whose path was walked with real calls.")
    states: dict[str, int] = Field(description="What became of the sampled requests.")
    actual_usd: float
    shadow_spend_usd: float
    confidence: float
    routing: WouldBe
    cascade: WouldBe
    chosen_by_tier: dict[str, int]
    served_by_tier: dict[str, Rate]


class QualityPoint(Answer):
    """Verdicts and ratings of one hour or day."""

    start: str = Field(description="ISO 8601, UTC.")
    acceptance: Rate
    rating: Quality


class QualityGroup(Answer):
    """One tier, route or model."""

    name: str
    acceptance: Rate
    rating: Quality
    points: list[QualityPoint]


class QualityAnswer(Answer):
    """Verdicts and ratings over time."""

    by: str
    bucket: str
    groups: list[QualityGroup]
    groups_left_out: int


class MonitorAnswer(Answer):
    """One drift monitor."""

    router: str
    route: str
    tier: str
    stream: str = Field(description="`acceptance`, `quality` or `forecast`.")
    seen: int
    mean: float | None = None
    recent: float | None = None
    evidence: float
    alarm: str | None = Field(None, description="What changed; null where there is no alarm.")


class ProposalAnswer(Answer):
    """A proposed change of a setting."""

    id: str
    router: str
    route: str
    setting: str
    tier: str | None = None
    before: Any = None
    after: Any
    diff: str = Field(description="The change of the config's `routes` section.")
    evidence: dict[str, Any]


class StepAnswer(Answer):
    """A change that was applied while the proxy runs."""

    id: str
    router: str
    route: str
    setting: str
    tier: str | None = None
    before: Any = None
    after: Any
    at: float
    by: str
    reason: str
    reverted_at: float | None = None


class RouterMonitoring(Answer):
    """What is proposed and what was applied on one tier router."""

    router: str
    apply: str
    proposals: list[ProposalAnswer]
    no_proposal: list[dict[str, Any]]
    steps: list[StepAnswer]


class MonitoringAnswer(Answer):
    """Monitors, alarms, proposals and steps, of this process."""

    monitors: list[MonitorAnswer]
    alarms: int
    unwatched: int = Field(description="Streams without a monitor, since there are too many.")
    routers: list[RouterMonitoring]


class Which(BaseModel):
    """A proposal or a step of a tier router."""

    model_config = ConfigDict(extra="forbid")

    router: Name
    id: Name


class WhichMonitor(BaseModel):
    """A drift monitor."""

    model_config = ConfigDict(extra="forbid")

    router: Name
    route: Name
    tier: Name
    stream: Literal["acceptance", "quality", "forecast"]


def add_quality_routes(api: APIRouter) -> None:
    """Add the routes of this file."""
    api.get("/observed", response_model=ObservedAnswer)(get_observed)
    api.get("/quality", response_model=QualityAnswer)(get_quality)
    api.get("/monitoring", response_model=MonitoringAnswer)(get_monitoring)
    api.post("/monitoring/apply", response_model=StepAnswer, responses=_REFUSED)(apply_proposal)
    api.post("/monitoring/revert", response_model=StepAnswer, responses=_REFUSED)(revert_step)
    api.post("/monitoring/reset", response_model=Done, responses=_REFUSED)(reset_monitor)


async def get_observed(session: Signed, chosen: Chosen) -> dict[str, object]:
    """What routing and the cascade would have cost, saved and served, of requests in observe mode."""
    services = session.services
    tiers = services.yardstick(chosen.router).tiers or ()
    return await in_thread(partial(services.reader.observed, chosen, tiers))


async def get_quality(
    session: Signed,
    chosen: Chosen,
    by: Annotated[By, Query()] = "tier",
    bucket: Annotated[Literal["hour", "day"], Query()] = "day",
) -> dict[str, object]:
    """Ratings and verdicts over time by tier, route or model; of one key for that key, of all for an admin."""
    return await in_thread(partial(session.services.reader.quality, by, bucket, chosen))


async def get_monitoring(session: Signed, router: MaybeName = None) -> dict[str, object]:
    """Drift monitors and alarms, proposed changes with their evidence, and what was applied; for admins."""
    monitoring = _for_admins(session)
    return await in_thread(lambda: _done(lambda: monitoring.report(router)))


async def apply_proposal(session: Signed, which: Which) -> dict[str, object]:
    """Apply a proposal now; it holds until it is reverted or the written value is changed."""
    monitoring, by = _for_writers(session), session.caller.key
    return await in_thread(lambda: _done(lambda: monitoring.apply(which.router, which.id, by)))


async def revert_step(session: Signed, which: Which) -> dict[str, object]:
    """Take an applied step back."""
    monitoring, by = _for_writers(session), session.caller.key
    return await in_thread(lambda: _done(lambda: monitoring.revert(which.router, which.id, by)))


async def reset_monitor(session: Signed, which: WhichMonitor) -> dict[str, str]:
    """Start a drift monitor afresh, once its alarm has been dealt with."""
    key = MonitorKey(which.router, which.route, which.tier, which.stream)
    monitoring = _for_writers(session)
    if not await in_thread(lambda: monitoring.reset(key)):
        raise HTTPException(409, "there is no such monitor")
    return {"status": "reset"}


def _for_admins(session: Session) -> Monitoring:
    if not session.caller.sees_all:
        raise HTTPException(403, FOR_ADMINS)
    return session.services.monitoring


def _for_writers(session: Session) -> Monitoring:
    if not session.caller.rates_all:
        raise HTTPException(403, FOR_WRITERS)
    return session.services.monitoring


def _done(work: Callable[[], Result]) -> Result:
    """The result of some work; what it refuses becomes a 409."""
    try:
        return work()
    except ValueError as error:
        if isinstance(error, TierRouterError):
            raise HTTPException(409, str(error)) from error
        raise
