"""What the API answers with: decisions, and what a rating became. Amounts are USD; null is unknown, never 0."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from litellm_router_plugin.web.answers import Answer


class AttemptAnswer(Answer):
    """One tier call."""

    tier: str
    model: str | None = None
    cost_usd: float | None = None
    verdict: str | None = Field(None, description="`accept`, `reject`, `unsure`; null where nobody looked.")
    failed_checks: list[str] = Field(default_factory=list)
    status: str = ""
    cache_hit: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


class OtherCallAnswer(Answer):
    """A call to a judge, a classifier or for a second opinion."""

    role: str
    model: str | None = None
    cost_usd: float | None = None
    status: str = ""


class OwnerAnswer(Answer):
    """Whose request it was; empty where LiteLLM knew none."""

    key: str = Field("", description="The key's hash.")
    user: str = ""
    team: str = ""
    end_user: str = ""


class DecisionAnswer(Answer):
    """Why a request went where it went, every call that was made for it, and what they cost."""

    decision_id: str
    router: str
    tier: str = Field(description="The tier that answered.")
    cause: str
    signals: list[str] = Field(default_factory=list)
    escalated: bool
    cost_usd: float | None = None
    savings_usd: float | None = Field(None, description="Against the baseline; negative where routing cost more.")
    cost_state: Literal["pending", "final", "unknown"]
    attempts: list[AttemptAnswer]
    other_calls: list[OtherCallAnswer]
    start_tier: str = Field("", description="The tier it started on; empty where that was not kept.")
    cascade: str | None = Field(None, description="`on`, or `off` and why; null where that was not kept.")
    route: str = "default"
    experiment: str | None = None
    confidence: float | None = None
    difficulty: float | None = None
    p_success: dict[str, float] = Field(default_factory=dict)
    expected_cost: dict[str, float] = Field(default_factory=dict)
    created_at: float = Field(0.0, description="Seconds since 1970, UTC.")
    owner: OwnerAnswer = OwnerAnswer()


class RatingAnswer(Answer):
    """A rating that was given."""

    rater: str
    kind: str
    value: float
    score: float
    comment: str = ""


class DecisionDetail(DecisionAnswer):
    """A decision with its reasons in words, and what was kept beside its numbers."""

    why: str = Field(description="Why this tier.")
    why_not_cheaper: str | None = Field(None, description="Why not the next cheaper tier; null at the cheapest.")
    prompt: str | None = Field(None, description="Only where the settings have prompts stored.")
    features: dict[str, float] | None = Field(None, description="Only where the settings have features stored.")
    ratings: list[RatingAnswer] | None = Field(None, description="Null where they are not known yet.")


class DecisionList(Answer):
    """A page of decisions, the latest first."""

    decisions: list[DecisionAnswer]
    next: str | None = Field(None, description="Send it as `before` for the next page; null on the last one.")


class RatingTaken(Answer):
    """A rating as it was understood; the same rater's next one replaces it."""

    decision_id: str
    tier: str
    rater: str
    score: float = Field(description="From 0 (bad) to 1 (good).")


class Done(Answer):
    """Something was done."""

    status: str


class Problem(Answer):
    """What is wrong, and how to mend it."""

    detail: str
