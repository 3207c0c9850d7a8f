"""Recorded traffic through a tier router: what it would have called and cost. No model is called.

Costs of answers that were not produced are estimates: the tokens of the recorded answer at the tier's price. A draft
that was recorded is read by the live checks and `next_step`; where the tier that would have drafted was not the one
that answered, the share that moves up is taken from the drafts that were read. Judges, second models and checkers of
the user's own are not asked, so moves up that only they would cause are missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.cascade import Attempt, CallTier, CascadePolicy, next_rung, next_step
from litellm_router_plugin.core.decisions import Choice, DecisionInputs, Lack, choose_tier
from litellm_router_plugin.core.money import Price, cost_at
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import NoTierFits
from litellm_router_plugin.evaluation.scoring import RoutedForecaster
from litellm_router_plugin.evaluation.spend_rows import RecordedRequest, SpendRow

NO_PROMPT: Final = "no prompt in the log"


@dataclass(frozen=True, slots=True)
class ReplaySetup:
    """A tier router as a replay needs it.

    Attributes:
        forecast: Its classifier; it calls no model.
        lacks: A request -> what tiers lack for it.
        prices: Tier -> price; None where unknown.
        tier_of: The tier that a logged call went to; None where it is no tier's.
        panel: The local checks; None without a cascade.
        limits: How far the cascade may go, its top rung and skipped rungs left open; None without a cascade.
    """

    ladder: Ladder
    default_tier: str
    forecast: RoutedForecaster
    lacks: Callable[[RequestView], Mapping[str, Lack]]
    prices: Mapping[str, Price | None]
    tier_of: Callable[[SpendRow], str | None]
    panel: CheckPanel | None = None
    limits: CascadePolicy | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What would have become of one request.

    Attributes:
        id: The request's id in the log.
        choice: Where it would have started, and why.
        tier: The name of that tier.
        recorded_tier: The tier that answered; None where that was no tier of the ladder.
        recorded_usd: What was spent.
        cost_usd: Tier -> what its answer cost where it was recorded, else is estimated to cost.
        draft: The verdict on the draft; None where the draft was not recorded, or nothing reads drafts.
        cascade_usd: What the calls of the cascade cost, as far as the drafts were recorded; None without a cascade.
        next_usd: What a move up would add; 0 where none is possible.
        is_estimated: Its cost rests on an answer that was not produced.
    """

    id: str
    choice: Choice
    tier: str
    recorded_tier: str | None
    recorded_usd: Decimal
    cost_usd: Mapping[str, Decimal] = field(hash=False)
    draft: Verdict | None = None
    cascade_usd: Decimal | None = None
    next_usd: Decimal = Decimal(0)
    is_estimated: bool = False

    @property
    def moves_up(self) -> bool | None:
        """Whether the checks reject the draft; None where it was not recorded."""
        return None if self.draft is None else self.draft.outcome is Outcome.REJECT

    def as_line(self) -> dict[str, object]:
        """The request as one line of a file."""
        return {
            "id": self.id,
            "tier": self.tier,
            "cause": self.choice.cause,
            "recorded_tier": self.recorded_tier,
            "recorded_usd": float(self.recorded_usd),
            "cost_usd": {tier: float(cost) for tier, cost in self.cost_usd.items()},
            "moves_up": self.moves_up,
            "failed_checks": [] if self.draft is None else list(self.draft.failed_checks),
            "cascade_usd": None if self.cascade_usd is None else float(self.cascade_usd),
            "is_estimated": self.is_estimated,
        }


@dataclass(slots=True)
class TrafficReplay:
    """Replays requests one after the other; route statistics grow with them, as in live traffic.

    Attributes:
        left_out: Why requests could not be replayed -> how many.
    """

    setup: ReplaySetup
    left_out: Counter[str] = field(default_factory=Counter)
    _routes: dict[tuple[str, ...], RouteStatistics] = field(default_factory=lambda: defaultdict(lambda: NO_STATISTICS))

    def run(self, requests: Iterable[RecordedRequest]) -> list[Replayed]:
        """What would have become of the requests that can be replayed; the others are counted."""
        found = []
        for request in requests:
            replayed = self._one(request)
            if isinstance(replayed, str):
                self.left_out[replayed] += 1
            else:
                found.append(replayed)
        return found

    def _one(self, request: RecordedRequest) -> Replayed | str:
        """The request replayed, or why it cannot be."""
        reason, view, attempts = _why_left_out(request), request.view, request.attempts
        if reason is not None or view is None:
            return reason or NO_PROMPT
        costs = self._costs(attempts)
        if costs is None:
            return "a tier without a price"
        lacks = self.setup.lacks(view)
        try:
            choice = self._choice(view, lacks)
        except NoTierFits:
            return "no tier could take it"
        tier = self.setup.ladder[choice.rung].name
        start = Replayed(
            id=request.id,
            choice=choice,
            tier=tier,
            recorded_tier=self.setup.tier_of(attempts[-1]),
            recorded_usd=request.spend_usd or Decimal(0),
            cost_usd=costs,
            is_estimated=tier not in {self.setup.tier_of(row) for row in attempts},
        )
        return self._cascaded(start, view, attempts, lacks)

    def _choice(self, view: RequestView, lacks: Mapping[str, Lack]) -> Choice:
        setup = self.setup
        inputs = DecisionInputs(forecast=setup.forecast(view, None), lacks=lacks)
        return choose_tier(setup.ladder, setup.default_tier, inputs)

    def _costs(self, attempts: list[SpendRow]) -> dict[str, Decimal] | None:
        """Tier -> recorded or estimated cost; None where a tier has no price."""
        usage = attempts[-1].usage
        costs = {}
        for tier in self.setup.ladder:
            price = self.setup.prices.get(tier.name)
            if price is None:
                return None
            costs[tier.name] = cost_at(price, usage)
        for row in attempts:
            tier_name = self.setup.tier_of(row)
            if tier_name is not None and row.spend_usd is not None:
                costs[tier_name] = row.spend_usd
        return costs

    def _cascaded(
        self, start: Replayed, view: RequestView, attempts: list[SpendRow], lacks: Mapping[str, Lack]
    ) -> Replayed:
        setup = self.setup
        if setup.panel is None or setup.limits is None:
            return start
        limits = CascadePolicy(
            max_escalations=setup.limits.max_escalations,
            max_extra_cost_usd=setup.limits.max_extra_cost_usd,
            top_rung=len(setup.ladder) - 1,
            skip=frozenset(setup.ladder.rung(name) for name in lacks),
        )
        recorded = {setup.tier_of(row): row for row in attempts if row.answer is not None}
        made: list[Attempt] = []
        is_estimated = start.is_estimated
        while isinstance(step := next_step(limits, start.choice.rung, made), CallTier):
            tier = setup.ladder[step.rung].name
            row = recorded.get(tier)
            verdict = None if row is None or step.is_final else self._verdict(row, view, tier)
            is_estimated |= row is None
            made.append(Attempt(step.rung, verdict, cost_usd=start.cost_usd[tier]))
        following = next_rung(limits, start.choice.rung)
        return replace(
            start,
            draft=made[0].verdict,
            cascade_usd=sum((attempt.cost_usd or Decimal(0) for attempt in made), Decimal(0)),
            next_usd=Decimal(0) if following is None else start.cost_usd[setup.ladder[following].name],
            is_estimated=is_estimated,
        )

    def _verdict(self, row: SpendRow, view: RequestView, tier: str) -> Verdict | None:
        if self.setup.panel is None or row.answer is None:
            return None
        key = (view.system[:2_000], *sorted(tool.name for tool in view.tools), tier)
        statistics = self._routes[key]
        self._routes[key] = statistics.with_values(route_values(row.answer, view))
        return self.setup.panel.examine(row.answer, view, statistics)


def _why_left_out(request: RecordedRequest) -> str | None:
    """What the log lacks of a request; None where it can be replayed."""
    attempts = request.attempts
    reasons = (
        (not attempts, "failed"),
        (any(row.is_cache_hit for row in attempts), "answered by LiteLLM's cache"),
        (request.view is None, NO_PROMPT),
        (request.spend_usd is None, "no amount in the log"),
    )
    return next((reason for holds, reason in reasons if holds), None)
