"""``/experiments``: the arms of each experiment compared, of one key's requests for that key, of all for an admin."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.web.answers import Answer
from litellm_router_plugin.web.asking import MaybeName, Moment, Name, seconds
from litellm_router_plugin.web.reading import Selection
from litellm_router_plugin.web.session import Session, Signed
from litellm_router_plugin.web.threads import in_thread


class Figure(Answer):
    """A figure with its interval, which may be watched all the time; null where there are too few units."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    units: int = Field(description="Units that have such a figure at all: a priced request, a rating.")


class Comparison(Answer):
    """The three metrics."""

    cost_usd: Figure = Field(description="USD per request.")
    escalation: Figure = Field(description="Share of requests that moved up.")
    rating: Figure = Field(description="Mean rating, 0 (bad) to 1 (good).")


class ArmFigures(Comparison):
    """One arm."""

    units: int
    requests: int
    priced_requests: int
    ratings: int


class GoalAnswer(Answer):
    """What the experiment is to decide."""

    metric: str = Field(description="`rating`, `escalation` or `cost_usd`.")
    effect: float = Field(description="The smallest difference that matters, in the metric's unit.")
    confidence: float
    patience_requests: int | None = None


class ExperimentAnswer(Answer):
    """One definition of an experiment, with the requests that it placed and no others."""

    router: str
    experiment: str
    fingerprint: str = Field(description="Another unit, share, salt or setting gives another one.")
    unit: str
    share: float
    set: dict[str, object] = Field(description="What the arm sets.")
    goal: GoalAnswer
    current: bool = Field(description="False: an earlier definition; its data are not in those of the current one.")
    running: bool | None = Field(None, description="Requests are placed by it now; null where that is not known.")
    changed: list[str] = Field(description="What an earlier definition had otherwise than the current one.")
    first_request_at: float | None = None
    last_request_at: float | None = None
    control: ArmFigures
    arm: ArmFigures
    difference: Comparison = Field(description="Arm minus control.")
    requests_without_unit: int = Field(description="They take no part, and are in neither arm.")
    sample_ratio_mismatch: bool = Field(description="The units are not split as the share says.")
    share_seen: float | None = Field(None, description="Share of the units in the arm.")
    more_requests: int | None = Field(None, description="Still needed, in both arms; null where that cannot be told.")
    advice: str
    words: str = Field(description="The advice and its reason, in a sentence.")


class Experiments(Answer):
    """The experiments, each with its current definition first."""

    experiments: list[ExperimentAnswer]
    scope: str = Field(description="`store`: all workers and proxies; `worker`: this process since its start.")
    pending_requests: int = Field(description="Not in these figures yet.")


def chosen_traffic(  # noqa: PLR0917  FastAPI fills them by name
    session: Signed,
    since: Moment = None,
    until: Moment = None,
    router: MaybeName = None,
    team: MaybeName = None,
    key: Annotated[Name | None, Query(description="Hash of a key; for admins. Others see their own key's.")] = None,
) -> Selection:
    """The decisions that count. Not by tier or route: arms choose the tier, so that would compare unlike requests."""
    owner = key if session.caller.sees_all else session.caller.key
    return Selection(since=seconds(since), until=seconds(until), router=router, owner_key=owner, team=team)


async def get_experiments(session: Signed, chosen: Annotated[Selection, Depends(chosen_traffic)]) -> dict[str, object]:
    """The arms compared, with intervals that may be watched and the advice when to stop.

    A key sees its own requests only, compared among themselves. Without `since` the whole run counts, which is what
    the intervals are made for: a period that moves with the clock is another sample each time.
    """
    running = running_experiments(session, chosen.router)
    return await in_thread(partial(session.services.reader.experiments, chosen, running))


def running_experiments(session: Session, router: str | None) -> list[RunDefinition]:
    """The experiments in force on the tier routers that a caller may know of."""
    return [one for ladder in session.ladders() if router in (None, ladder.router) for one in ladder.experiments]
