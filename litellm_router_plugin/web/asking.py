"""What callers may ask for: which decisions, which page, which rating."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from litellm_router_plugin.ledger.ratings import HIGHEST, LOWEST, MAX_COMMENT_CHARS, MAX_RATER_CHARS
from litellm_router_plugin.web.reading import MAX_PAGE_SIZE, PAGE_SIZE, Page, Selection
from litellm_router_plugin.web.session import Signed

NAME_CHARS = 200
"""Longest name or id that is looked up."""
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _is_storable(text: str) -> str:
    """Refuse what no database takes: NUL, and halves of surrogate pairs."""
    if "\0" in text or (not text.isascii() and text != text.encode("utf-8", "ignore").decode()):
        raise ValueError("holds characters that are no text")
    return text


def _is_iso(text: object) -> object:
    """Refuse bare numbers: nobody could tell seconds from milliseconds."""
    if not isinstance(text, str) or not ISO_DAY.match(text):
        raise ValueError("expected ISO 8601, such as 2026-01-31T12:00:00Z")
    return text


Name = Annotated[str, Field(max_length=NAME_CHARS), AfterValidator(_is_storable)]
Words = Annotated[str, Field(max_length=MAX_COMMENT_CHARS), AfterValidator(_is_storable)]
Moment = Annotated[
    Annotated[datetime, BeforeValidator(_is_iso)] | None, Query(description="ISO 8601; without a zone: UTC.")
]
MaybeName = Annotated[Name | None, Query()]


def selection(  # noqa: PLR0917  FastAPI fills them by name
    session: Signed,
    since: Moment = None,
    until: Moment = None,
    router: MaybeName = None,
    team: MaybeName = None,
    tier: MaybeName = None,
    route: MaybeName = None,
    key: Annotated[Name | None, Query(description="Hash of a key; for admins. Others see their own key's.")] = None,
) -> Selection:
    """The decisions that a caller asks for, and may see."""
    owner = key if session.caller.sees_all else session.caller.key
    return Selection(
        since=seconds(since),
        until=seconds(until),
        router=router,
        owner_key=owner,
        team=team,
        tier=tier,
        route=route,
    )


def seconds(moment: datetime | None) -> float | None:
    """A moment as wall time."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def page(
    before: Annotated[Name | None, Query(description="`next` of the page before.")] = None,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE,
    cause: MaybeName = None,
    escalated: Annotated[bool | None, Query(description="Only those that moved up, or that did not.")] = None,
) -> Page:
    """The page that a caller asks for."""
    return Page(before=before, size=size, cause=cause, escalated=escalated)


Chosen = Annotated[Selection, Depends(selection)]
OnPage = Annotated[Page, Depends(page)]


class Feedback(BaseModel):
    """A rating of an answer: one of ``decision_id`` and ``call_id``, and one of ``rating``, ``thumb`` and ``score``."""

    model_config = ConfigDict(extra="forbid")

    decision_id: Name | None = Field(None, description="From the header `x-tier-router-decision-id`.")
    call_id: Name | None = Field(None, description="Instead of it: LiteLLM's call id.")
    rating: Annotated[int, Field(strict=True, ge=LOWEST, le=HIGHEST)] | None = Field(None, description="1 to 5.")
    thumb: Literal["up", "down"] | None = Field(None, validation_alias=AliasChoices("thumb", "thumbs"))
    score: Annotated[float, Field(strict=True, ge=0, le=1)] | None = Field(None, description="0 (bad) to 1 (good).")
    comment: Words | None = None
    rater: Annotated[Name, Field(min_length=1, max_length=MAX_RATER_CHARS)] | None = Field(
        None, description="Who rates; the same rater's next rating of an answer replaces it."
    )
