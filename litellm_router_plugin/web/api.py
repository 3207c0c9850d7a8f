"""The HTTP API. Each handler looks only at what its caller may see; what is foreign is answered like the unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from litellm_router_plugin.errors import InvalidRating
from litellm_router_plugin.web.answers import Ladders, Series, Summary
from litellm_router_plugin.web.asking import Chosen, Feedback, OnPage
from litellm_router_plugin.web.decision_answers import DecisionDetail, DecisionList, Done, Problem, RatingTaken
from litellm_router_plugin.web.errors_in_words import NOT_FOUND, PROBLEMS, WordsRoute
from litellm_router_plugin.web.experiments import Experiments, get_experiments
from litellm_router_plugin.web.ladder_view import ladder_view
from litellm_router_plugin.web.quality import add_quality_routes
from litellm_router_plugin.web.session import Signed
from litellm_router_plugin.web.threads import in_thread
from litellm_router_plugin.web.why import why_not_cheaper, why_tier

PATH = "/tier-router"
ADMIN_RATER = "admin"

_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "Unknown, or another key's."}}
_EXPIRED: dict[int | str, dict[str, Any]] = {410: {"model": Problem, "description": "Too old to be rated."}}

Id = Annotated[str, Path(max_length=200)]


def build_api(sign_in: Callable[..., object]) -> APIRouter:
    """The API's routes.

    Args:
        sign_in: A FastAPI dependency that checks the key and calls `session.enter`; without it every route answers 401.
    """
    api = APIRouter(
        prefix=PATH, tags=["tier router"], dependencies=[Depends(sign_in)], responses=PROBLEMS, route_class=WordsRoute
    )
    api.get("/summary", response_model=Summary)(get_summary)
    api.get("/series", response_model=Series)(get_series)
    api.get("/experiments", response_model=Experiments)(get_experiments)
    api.get("/ladder", response_model=Ladders)(get_ladder)
    api.get("/decisions", response_model=DecisionList)(list_decisions)
    api.get("/decisions/{decision_id}", response_model=DecisionDetail, responses=_MISSING)(get_decision)
    api.post("/feedback", response_model=RatingTaken, responses={**_MISSING, **_EXPIRED})(give_feedback)
    api.post("/conversations/{conversation}/reset", response_model=Done)(reset_conversation)
    add_quality_routes(api)
    return api


async def get_summary(session: Signed, chosen: Chosen) -> dict[str, object]:
    """Requests, tokens, costs, savings and ratings; of one key for that key, of all for an admin."""
    services = session.services
    read = partial(services.reader.summary, chosen, services.yardstick(chosen.router))
    beside = services.beside(chosen.router) if session.caller.sees_all else {}
    return {**beside, **await in_thread(read)}


async def get_series(
    session: Signed, chosen: Chosen, bucket: Annotated[Literal["hour", "day"], Query()] = "day"
) -> dict[str, object]:
    """Costs, savings, tiers and verdicts by hour or day, UTC."""
    services = session.services
    return await in_thread(partial(services.reader.series, bucket, chosen, services.yardstick(chosen.router)))


async def get_ladder(session: Signed) -> dict[str, object]:
    """The tier routers with their tiers: model groups, models, prices, capabilities, dominated tiers."""
    return {"routers": [ladder_view(one) for one in session.ladders()]}


async def list_decisions(session: Signed, chosen: Chosen, page: OnPage) -> dict[str, object]:
    """Decisions, the latest first; of one key for that key, of all for an admin."""
    try:
        return await in_thread(partial(session.services.reader.decisions, chosen, page))
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


async def get_decision(decision_id: Id, session: Signed) -> dict[str, object]:
    """Why a request went where it went, every call that was made for it, and what they cost."""
    services = session.services
    found = await in_thread(partial(services.reader.decision, decision_id)) if "\0" not in decision_id else None
    owner = found.get("owner") if found else None
    if found is None or not isinstance(owner, dict) or not session.caller.may_see(owner.get("key")):
        raise HTTPException(404, NOT_FOUND)
    tiers = next(([tier.name for tier in one.tiers] for one in services.ladders() if one.router == found["router"]), [])
    return {**found, "why": why_tier(found), "why_not_cheaper": why_not_cheaper(found, tiers)}


async def give_feedback(session: Signed, feedback: Feedback) -> dict[str, object]:
    """Rate an answer. A key rates its own answers; sending the same again changes nothing."""
    caller = session.caller
    if (feedback.decision_id is None) == (feedback.call_id is None):
        raise InvalidRating("feedback: expected either decision_id or call_id. Send one of them")
    sent = feedback.model_dump(exclude_none=True)
    if caller.rates_all:
        sent.setdefault("rater", ADMIN_RATER)
    owner_key = None if caller.rates_all else caller.key
    return await in_thread(partial(session.services.feedback.give, **sent, owner_key=owner_key))


async def reset_conversation(
    conversation: Id,
    session: Signed,
    end_user: Annotated[str, Query(max_length=200, description="The `user` of its requests.")] = "",
    key: Annotated[str | None, Query(max_length=200, description="Hash of its key; for admins.")] = None,
) -> dict[str, str]:
    """Forget the tier of one of this key's conversations, so that its next request is decided afresh."""
    caller = session.caller
    owner = key if key is not None and caller.rates_all else caller.key
    await session.services.reset(conversation, key=owner, end_user=end_user)
    return {"status": "reset"}
