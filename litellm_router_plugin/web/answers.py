"""What the API answers with: figures. Amounts are USD; null is unknown, never 0."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """An answer; newer versions may add fields."""

    model_config = ConfigDict(extra="allow")


class Quality(Answer):
    """What ratings say of a tier's answers, from 0 (bad) to 1 (good)."""

    ratings: int
    mean_score: float | None = None
    low: float | None = Field(None, description="Lower end of the 95 % interval.")
    high: float | None = Field(None, description="Upper end of the 95 % interval.")


class CheckFigures(Answer):
    """How often a check or judge let an answer pass."""

    rejected: int
    of: int = Field(description="Answers that it read.")
    acceptance: float | None = Field(None, description="Share that it let pass.")


class Summary(Answer):
    """Requests, tokens, costs and savings of some period."""

    total_requests: int
    requests_by_tier: dict[str, int]
    tokens_by_tier: dict[str, int]
    costs_by_tier: dict[str, float] = Field(description="The served answers.")
    overhead_cost: float = Field(description="All other calls: classifiers, judges, second opinions, discarded drafts.")
    total_cost: float
    cost_if_always: dict[str, float | None] = Field(description="The same answers' tokens at one tier's price.")
    savings_baseline: str = Field(description="What `savings` is measured against; empty where routers differ.")
    cost_without_routing: float | None = None
    savings: float | None = Field(None, description="Negative where routing cost more.")
    savings_percentage: float | None = Field(None, description="81.3 means percent.")
    best_fixed_tier: str | None = None
    cost_of_best_fixed_tier: float | None = None
    savings_against_best_fixed_tier: float | None = None
    savings_percentage_against_best_fixed_tier: float | None = None
    escalation_rate: float = Field(description="Requests that moved up at least once, of all.")
    acceptance_by_tier: dict[str, float | None]
    acceptance_by_check: dict[str, CheckFigures] = Field(default_factory=dict)
    ratings_by_tier: dict[str, Quality] = Field(default_factory=dict)
    ratings_by_route: dict[str, dict[str, Quality]] = Field(default_factory=dict)
    failed_requests: int
    unpriced_requests: int = Field(description="In no cost figure: a call of theirs has no known price.")
    pending_requests: int = Field(description="Not in these figures yet.")
    scope: str = Field(description="`store`: all workers and proxies; `worker`: this process since its start.")
    routers: list[str] = Field(default_factory=list)


class Point(Answer):
    """One hour or day."""

    start: str = Field(description="ISO 8601, UTC.")
    requests: int
    requests_by_tier: dict[str, int]
    cost_usd: float
    overhead_usd: float
    escalated_requests: int
    failed_requests: int
    unpriced_requests: int
    savings_usd: float | None = None
    savings_against_best_fixed_tier_usd: float | None = None
    acceptance_by_check: dict[str, CheckFigures] = Field(default_factory=dict)


class Series(Answer):
    """Figures over time; hours or days without a request are left out."""

    bucket: str
    savings_baseline: str
    best_fixed_tier: str | None = None
    tiers: list[str]
    points: list[Point]


class TierAnswer(Answer):
    """A tier; prices are USD per million tokens."""

    name: str
    model_group: str
    models: list[str]
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cached_input_usd_per_million: float | None = None
    context_tokens: int | None = None
    capabilities: dict[str, bool] = Field(default_factory=dict)
    dominated_by: str | None = Field(None, description="A tier further up that costs no more.")


class LadderAnswer(Answer):
    """A tier router with its tiers, cheapest first."""

    router: str
    mode: str
    default_tier: str
    savings_baseline: str
    tiers: list[TierAnswer]


class Ladders(Answer):
    """The tier routers of this proxy."""

    routers: list[LadderAnswer]
