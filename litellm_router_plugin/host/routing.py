"""`TierRouting`: the plugin attached to one `litellm.Router`. Users hold it in code; on the proxy the callback does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import litellm

from litellm_router_plugin.core.experiments import NO_EXPERIMENTS
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host import private
from litellm_router_plugin.host.conversations import Conversations, state_key
from litellm_router_plugin.host.deciding import decide, new_scope, owner_scope
from litellm_router_plugin.host.deployments import is_marker
from litellm_router_plugin.host.driving import run_with_loop
from litellm_router_plugin.host.exchange import Exchange
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.guard import Guard
from litellm_router_plugin.host.markers import Markers
from litellm_router_plugin.host.model_calls import BlockingRouterCalls
from litellm_router_plugin.host.quality import Quality
from litellm_router_plugin.host.route_book import RouteBook, RouteKey
from litellm_router_plugin.host.scope import RequestScope
from litellm_router_plugin.host.shadow import Shadow
from litellm_router_plugin.host.spend_cap import SpendCap
from litellm_router_plugin.host.state import StateMakers, is_plain_text, made_calls, made_state
from litellm_router_plugin.host.strategy import TierRoutingStrategy
from litellm_router_plugin.host.tier_router import TierRouter
from litellm_router_plugin.host.wraps import Originals, unwrap, wrap
from litellm_router_plugin.ledger.feedback import FeedbackDesk
from litellm_router_plugin.ledger.kept_prompts import prompt_facts
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.ratings import ratings_by_tier
from litellm_router_plugin.ledger.records import DecisionRecord, Owner
from litellm_router_plugin.ledger.totals import summary
from litellm_router_plugin.ledger.views import decision_view

if TYPE_CHECKING:
    from litellm_router_plugin.core.tiers import Tier
    from litellm_router_plugin.host.cascade_plan import CascadePlan
    from litellm_router_plugin.store.store import Store

logger = logging.getLogger("litellm_router_plugin")

FLUSH_TIMEOUT_S = 30.0
"""Longest wait of `TierRouting.flush` for calls whose logging event is still to come."""
FLUSH_POLL_S = 0.02
DRAIN_LIMIT_S = 3.0
"""Longest wait at a time for the host's queue of logging events, which holds those of other routers too."""


class TierRouting:
    """The plugin attached to one router.

    Args:
        router: The host's router.
        ledger: Where its calls are entered.
        faults: Where its own faults are counted.

    Attributes:
        router: The host's router.
        ledger: Decisions and what they cost.
        faults: The plugin's own faults, by kind.
        originals: The router's own methods, as they were before.
    """

    def __init__(self, router: litellm.Router, ledger: Ledger, faults: Faults, checker: object = None) -> None:
        self.router = router
        self.ledger = ledger
        self.faults = faults
        self.markers = Markers(router, faults, checker)
        self.makers = StateMakers()
        self.desk = FeedbackDesk(ledger)
        self.store: Store | None = None
        self.routes = RouteBook()
        self.conversations = Conversations(router, faults)
        self.guard = Guard()
        shared = private.shared_hash(router)
        self.exchange = Exchange(shared, (self.guard, self.routes), faults)
        self.shadow = Shadow(self, SpendCap(shared, faults))
        ledger.add_listener(self.guard.note)
        self.quality = Quality(self)
        self.markers.overlay = self.quality.tuning.overlaid
        ledger.add_listener(self.quality.note)
        self.strategy = TierRoutingStrategy(self)
        self.originals: Originals = wrap(self)
        self._detached = False
        self._scopes: WeakValueDictionary[str, RequestScope] = WeakValueDictionary()
        self.router.set_custom_routing_strategy(self.strategy)

    # For users.

    def decide(self, router: str, messages: object, **params: Any) -> Forecast:  # noqa: ANN401  any call parameter
        """What the tier router ``router`` would decide for some messages, without calling a tier.

        The classifier is asked (an LLM classifier makes its call). Raises `KeyError` for an unknown tier router.
        """
        scope = self.dry_scope(router, messages, params)
        return scope.forecast

    def dry_scope(self, router: str, messages: object, params: Mapping[str, Any]) -> RequestScope:
        """The decision for some messages, with everything it was made from; no tier is called."""
        tier_router = self.find(router)
        if tier_router is None:
            raise KeyError(f"there is no tier router {router!r}")
        request = {**params, "messages": messages}
        bucket: dict[str, Any] = dict(request.get("metadata") or {})
        scope = new_scope(tier_router, "chat", request, bucket)
        run_with_loop(decide(self, scope, request, bucket, BlockingRouterCalls(self, scope, bucket)))
        return scope

    def decision(self, decision_id: str) -> dict[str, object] | None:
        """What is known of a decision: why this tier, every call, what they cost. None when unknown."""
        self.ledger.sweep()
        record = self.ledger.decision(decision_id)
        return None if record is None else decision_view(record)

    def summary(self, router: str | None = None) -> dict[str, object]:
        """Requests, tokens, costs and savings so far, of one tier router or, with one attached, of that one.

        Amounts are in USD; exact for every request whose calls have reported (see `flush`).
        """
        return self.summary_for(router, owner_key=None)

    def summary_for(self, router: str | None, owner_key: str | None, scope: str = "worker") -> dict[str, object]:
        """Same as `summary`, for one key."""
        self.ledger.sweep()
        chosen = [one for one in self.markers.all() if router in (None, one.name)]
        tiers = list(dict.fromkeys(tier.name for one in chosen for tier in one.ladder))
        baselines = list(dict.fromkeys(one.policy.config.baseline for one in chosen))
        result = summary(
            self.ledger.totals(router, owner_key),
            baseline=baselines[0] if len(baselines) == 1 else "",
            tiers=tiers,
            scope=scope,
            pending=self.ledger.pending(router, owner_key),
        )
        result["ratings_by_tier"] = ratings_by_tier(self.desk.book.groups(router, owner_key), tiers)
        result["cascades"] = {one.name: self.guard.report(one.name) for one in chosen}
        result["routers"] = [one.name for one in chosen]
        result["faults"] = self.faults.counts()
        return result

    def experiments(self, router: str | None = None) -> dict[str, object]:
        """The arms of each experiment compared, as ``GET /tier-router/experiments`` has it; ``router``: of that one.

        Reads the store where there is one, so call it in a thread where an event loop runs; else this process's memory.
        """
        from litellm_router_plugin.host.ladders import ladders_of  # noqa: PLC0415  needed for reports only
        from litellm_router_plugin.host.readers import reader_of  # noqa: PLC0415  same
        from litellm_router_plugin.web.reading import Selection  # noqa: PLC0415  same

        running = [one for ladder in ladders_of(self) if router in (None, ladder.router) for one in ladder.experiments]
        return reader_of(self).experiments(Selection(router=router), running)

    async def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Wait until every finished call has been entered; the summary is exact after it.

        Raises:
            TimeoutError: A call had still not reported after ``timeout_s`` seconds.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled()
        except TimeoutError:
            if self.ledger.open_calls():  # else the loop was held up by other work, and nothing is missing
                raise

    async def _settled(self) -> None:
        while True:
            with suppress(TimeoutError):  # events of other work may hang; what counts is whether ours have come
                await asyncio.wait_for(private.drain_logging(), DRAIN_LIMIT_S)
            if not self.ledger.open_calls():
                return
            await asyncio.sleep(FLUSH_POLL_S)

    async def reset_conversation(self, conversation: str, *, key: str = "", end_user: str = "") -> None:
        """Forget the tier of a conversation, so that its next request is decided afresh.

        Args:
            conversation: Its id, as the client names it, or LiteLLM's session id.
            key: The hash of the key that holds the conversation; empty in code.
            end_user: The ``user`` of its requests; empty where they have none.
        """
        for tier_router in self.markers.all():
            owner = Owner(key=key, end_user=end_user)
            for name in (f"named:{conversation}", f"session:{conversation}"):
                await self.conversations.forget(state_key(tier_router.name, owner, name))

    def feedback(self, decision_id: str | None = None, **rating: object) -> dict[str, object]:
        """Rate an answer: ``rating`` 1 to 5, ``thumb`` up or down, or ``score`` 0 to 1; ``comment`` and ``rater`` too.

        A rater's second rating of an answer replaces the first. ``call_id`` may name a LiteLLM call instead of the
        decision. Reads the store where there is one, so call it in a thread where an event loop runs.

        Raises:
            InvalidRating: What was given is not a rating.
            UnknownDecision: There is no such decision, or it has left memory and store.
        """
        return self.desk.give(decision_id=decision_id, **rating)  # type: ignore[arg-type]  # it checks what it is given

    def detach(self) -> None:
        """Give the router its own methods back. Markers then answer 503."""
        unwrap(self)
        self.shadow.stop()
        self.quality.close()
        self._detached = True
        if private.strategy_of(self.router) is self.strategy:
            private.remove_strategy(self.router)

    # For the host layer.

    def stop_shadow(self) -> None:
        """Make no more calls for shadow mode; what is under way is given up."""
        self.shadow.stop()

    def find(self, model: object) -> TierRouter | None:
        """The tier router of that name or alias; None for any other group."""
        return self.markers.find(model) if isinstance(model, str) else None

    def ensure_strategy(self) -> None:
        """Set the strategy again where the host dropped it (it does when its routing strategy is changed)."""
        if private.strategy_of(self.router) is not self.strategy:
            self.router.set_custom_routing_strategy(self.strategy)

    def open(self, scope: RequestScope) -> None:
        """Start the books of a request; before the classifier is asked, since that may cost."""
        tier_router = scope.tier_router
        try:
            scope.prices = tier_router.prices()
        except Exception as fault:  # noqa: BLE001  without prices the request goes on and is reported as unpriced
            self.faults.note("prices", fault)
        self.ledger.open(
            DecisionRecord(
                decision_id=scope.decision_id,
                router=tier_router.name,
                tier=scope.tier.name,
                cause=scope.choice.cause,
                owner=scope.owner,
                prices=scope.prices,
                tiers=tier_router.ladder.names,
                baseline=tier_router.policy.config.baseline,
                mode=tier_router.policy.config.mode,
            )
        )

    def note_decision(self, scope: RequestScope, plan: CascadePlan) -> None:
        """Enter what was decided, and whether drafts are graded."""
        forecast, ladder = scope.forecast, scope.tier_router.ladder
        self.ledger.describe(
            scope.decision_id,
            tier=scope.tier.name,
            start_tier=scope.tier.name,
            cause=scope.choice.cause,
            target_tier="" if plan.target is None else ladder[plan.target].name,
            cascade=plan.state,
            signals=() if scope.redacted else forecast.signals,
            route=scope.route,
            tuning=scope.tier_router.tuning_of(scope.route),
            pinned=scope.pinned,
            experiment=scope.experiment,
            assignment=NO_EXPERIMENTS if scope.is_observed else scope.assignment,
            observed_tier="" if scope.observed is None else ladder[scope.observed.rung].name,
            observed_cause="" if scope.observed is None else scope.observed.cause,
            p_success=forecast.p_success,
            confidence=forecast.confidence,
            difficulty=forecast.difficulty,
            expected_cost=forecast.expected_cost,
            **prompt_facts(scope.tier_router.policy.config.store.prompts, scope.view, redacted=scope.redacted),
        )

    def note_call(self, scope: RequestScope) -> None:
        """Remember which request a tier call belongs to, for picks that the host makes outside its context."""
        self._scopes[scope.call_id] = scope

    def scope_of_call(self, request: Mapping[str, Any]) -> RequestScope | None:
        """The request that a pick belongs to, by its call id."""
        call_id = request.get("litellm_call_id")
        return self._scopes.get(call_id) if isinstance(call_id, str) else None

    def close(self, scope: RequestScope, *, served_call: str | None, tier: str) -> None:
        """The answer, or the error, is handed to the host."""
        self.ledger.close(
            scope.decision_id, served_call=served_call, tier=tier, cause=scope.choice.cause, escalated=scope.escalated
        )

    async def keep_conversation(self, scope: RequestScope, tier: Tier) -> None:
        """Remember the tier that answered for the conversation; a pinned tier leaves no trace."""
        settings = scope.conversation_settings
        if settings is None or not scope.conversation or scope.pinned or scope.inputs.has_state:
            return
        ladder = scope.tier_router.ladder
        if settings.sticky:
            await self.conversations.raise_to(
                scope.conversation, tier.name, ladder, settings.ttl_s, blocking=scope.blocking
            )
        else:
            await self.conversations.note(scope.conversation, tier.name, settings.ttl_s, blocking=scope.blocking)

    def route_key(self, scope: RequestScope, tier: Tier) -> RouteKey:
        """Under which key the statistics of a route and a tier's model are kept; teams do not share them."""
        return RouteKey(scope.owner.team, scope.tier_router.name, scope.route, tier.model_group)

    def grader_key(self, scope: RequestScope, model_group: str) -> RouteKey:
        """Under which key the statistics of a route and of a model that grades there are kept."""
        return RouteKey(scope.owner.team, scope.tier_router.name, scope.route, model_group)

    def spent_beside(self, scope: RequestScope, served: str) -> Decimal | None:
        """USD of every call of a request but the served one; None when one is unfinished or has no price."""
        return self.ledger.spent_beside(scope.decision_id, served, scope.seen_costs)

    def state_maker(self, scope: RequestScope, keys: list[str]) -> str | None:
        """The tier that made some provider-bound state, where that is known."""
        for key in keys:
            tier = scope.tier_router.tier_of_deployment(private.deployment_in_response_id(key))
            if tier is not None:
                return tier.name
        return self.makers.maker(owner_scope(scope.owner, scope.tier_router.name), keys)

    def remember_answer(self, decision_id: str, deployment: str | None, answer: object) -> None:
        """Note which tier made the provider-bound state in an answer."""
        if is_plain_text(answer):
            return
        record = self.ledger.decision(decision_id)
        tier_router = self.find(record.router) if record is not None else None
        tier = tier_router.tier_of_deployment(deployment) if tier_router is not None else None
        keys = [*made_state(answer), *made_calls(answer)]
        if record is not None and tier is not None and keys:
            self.makers.remember(owner_scope(record.owner, record.router), keys, tier.name)

    @property
    def is_attached(self) -> bool:
        """Whether the router's methods are still wrapped by this object."""
        return not self._detached


def check_markers(router: litellm.Router, routing: TierRouting) -> None:
    """Check the settings of every marker on a router.

    Raises:
        ConfigError: One of the operator's own is wrong. One that came from the database is left out and logged.
    """
    for deployment in router.model_list:
        if not is_marker(deployment):
            continue
        try:
            tier_router = routing.markers.load(deployment)
        except ConfigError as error:
            if not (deployment.get("model_info") or {}).get("db_model"):
                raise
            logger.error("tier router %r is left out: %s", deployment["model_name"], error)  # noqa: TRY400  says it all
        else:
            warn_about(tier_router)


def warn_about(tier_router: TierRouter) -> None:
    """Say at start what is likely to disappoint: tiers that have no deployment or no price."""
    for tier in tier_router.ladder:
        if not tier_router.facts(tier.model_group):
            logger.warning(
                "%s: tier %r names the group %r, which has no deployment", tier_router.name, tier.name, tier.model_group
            )
    for name, price in tier_router.prices().items():
        if price is None:
            logger.warning(
                "%s: the price of %r is unknown; its requests are reported as unpriced. Set input_cost_per_token and "
                "output_cost_per_token on its deployments",
                tier_router.name,
                name,
            )
