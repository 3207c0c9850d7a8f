"""Runs one request through the cascade: a short loop around `core.cascade.next_step`.

With the cascade off the loop makes one call. Provider errors reach it only after the host's own retries and fallbacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.cascade import Attempt, CallTier, Serve, next_rung, next_step
from litellm_router_plugin.core.decisions import Choice
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.core.verdicts import Verdict
from litellm_router_plugin.host.attempts import first_attempt, further_attempt
from litellm_router_plugin.host.call_keys import key_in_books
from litellm_router_plugin.host.cascade_plan import CascadePlan
from litellm_router_plugin.host.draft_costs import cost_so_far, estimated_cost
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.grading import Drafted, grade
from litellm_router_plugin.host.model_calls import RouterCalls
from litellm_router_plugin.host.planning import opinion_cost, plan_request
from litellm_router_plugin.host.private import settle_partial
from litellm_router_plugin.host.refusals import is_clients_mistake
from litellm_router_plugin.host.replay import ReplayedStream
from litellm_router_plugin.host.responses import add_headers, is_stream, model_id_of, writable_hidden_params
from litellm_router_plugin.host.scope import RequestScope
from litellm_router_plugin.host.shadow import ClientCall, Served
from litellm_router_plugin.host.stream_checks import HeldStream, hold
from litellm_router_plugin.host.stream_usage import WithoutUsageChunk, ask_for_usage
from litellm_router_plugin.host.telling import answer_cost, told
from litellm_router_plugin.ledger.records import CallRecord

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting

PASSED_ON = (
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "response_format",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
)
"""Parameters of the client's that a second model gets as well."""
Original = Callable[..., Awaitable[Any]]
RunGrading = Callable[[Coroutine[Any, Any, Verdict]], Awaitable[Verdict]]


async def on_this_loop(grading: Coroutine[Any, Any, Verdict]) -> Verdict:
    """Grade where the request runs: the asynchronous path."""
    return await grading


@dataclass(slots=True)
class Draft:
    """What came of one tier call.

    Attributes:
        attempt: As `next_step` sees it.
        tier: The tier that answered.
        response: The host's answer; of a stream, a replay of what was read.
        held: What was read of a stream.
        logging_object: The host's logging object of the call, where it is known.
    """

    attempt: Attempt
    call_id: str
    tier: Tier
    response: Any = None
    held: HeldStream | None = None
    logging_object: object = None
    error: Exception | None = None


@dataclass(slots=True)
class Driver:
    """The cascade of one request.

    Args:
        routing: The attached router.
        scope: The request, decided.
        entry: The method that was called.
        request: Its arguments.
        bucket: LiteLLM's own metadata of the request, a copy from before any call wrote into it.
        calls: Makes the judge's calls.
        run_grading: How to wait for a verdict; the synchronous path needs a loop of its own for that.
    """

    routing: TierRouting
    scope: RequestScope
    entry: EntryPoint
    request: dict[str, Any]
    bucket: dict[str, Any]
    calls: RouterCalls
    run_grading: RunGrading = on_this_loop
    drafts: list[Draft] = field(default_factory=list)

    async def run(self, original: Original) -> Any:  # noqa: ANN401  the host's answer, of whichever type it is
        """The answer for the client; raises the host's own error when no tier answered."""
        plan = plan_request(self.routing, self.scope, self.entry)
        self.scope.claims_savings = not plan.is_on
        if self.entry.kind == "async":
            self.routing.exchange.tick()
        while True:
            attempts = [draft.attempt for draft in self.drafts]
            match next_step(plan.policy, self.scope.start_rung, attempts, self.scope.elapsed_s):
                case CallTier(rung=rung, is_final=is_final):
                    draft = await self._draft(original, plan, rung, is_final=is_final)
                    self.drafts.append(draft)
                    if is_clients_mistake(draft.error):  # no other tier would take it either
                        plan = replace(plan, policy=replace(plan.policy, top_rung=rung))
                case Serve(attempt=index, because=because):
                    return await self._serve(self.drafts[index], because)
                case _:
                    raise self._give_up()

    async def _draft(self, original: Original, plan: CascadePlan, rung: int, *, is_final: bool) -> Draft:
        """Call a tier and have its answer graded, unless it is served whatever it is."""
        try:
            draft = await self._call(original, rung)
        except Exception as fault:
            if not self.drafts:
                raise
            return Draft(Attempt(rung, failed=True), "", self.scope.tier_router.ladder[rung], error=fault)
        if draft.error is not None:
            return draft
        if not plan.is_on:
            self._observe(draft)
            return draft
        self.scope.seen_costs[draft.call_id] = self._seen_cost(draft)
        try:
            return await self._graded(plan, draft, is_final=is_final)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(draft))
            raise

    def _observe(self, draft: Draft) -> None:
        """In observe mode enter what the local checks say of an answer that is served all the same."""
        graders = self.scope.graders
        if not self.scope.is_observed or graders is None or is_stream(draft.response):
            return
        try:
            answer = read_answer(draft.response)
            verdict = graders.panel.examine(answer, self.scope.view, self._noted(draft, answer))
            self.routing.ledger.note_verdict(draft.call_id, verdict)
        except Exception as fault:  # noqa: BLE001  observing must not cost the client the answer
            self.routing.faults.note("observing", fault)

    async def _call(self, original: Original, rung: int) -> Draft:
        scope = self.scope
        scope.rung, scope.lowest_rung = rung, rung if scope.attempt else 0
        scope.attempt += 1
        arguments, hides_usage = self._arguments()
        self.routing.note_call(scope)
        scope.call_id = key_in_books(self.routing.ledger, scope.call_id, scope.decision_id)
        record = CallRecord(scope.call_id, "attempt", scope.tier.name, scope.attempt)
        self.routing.ledger.start_call(scope.decision_id, record)
        try:
            response = await original(**arguments)
        except Exception as error:  # noqa: BLE001  whatever the provider or the host raised is kept and handed on
            self.routing.ledger.fail_call(scope.call_id)
            return Draft(Attempt(scope.rung, failed=True), scope.call_id, scope.tier, error=error)
        if hides_usage and is_stream(response):
            response = WithoutUsageChunk(response)
        answered = scope.tier_of_deployment(model_id_of(response)) or scope.tier
        if answered.name != record.tier:
            self.routing.ledger.note_tier(scope.call_id, answered.name)
        logging_object = arguments.get("litellm_logging_obj")
        if logging_object is None and is_stream(response):
            logging_object = getattr(response, "logging_obj", None)
        return Draft(Attempt(scope.rung), scope.call_id, answered, response, logging_object=logging_object)

    def _seen_cost(self, draft: Draft) -> Decimal | None:
        """What an answer at hand cost; None for a stream and where it is not known."""
        try:
            return answer_cost(self.scope, draft.tier, draft.response, draft.logging_object)
        except Exception as fault:  # noqa: BLE001  the host's own calculation failed: the cost is told later
            self.routing.faults.note("pricing", fault)
            return None

    def _arguments(self) -> tuple[dict[str, Any], bool]:
        """The arguments of the call, and whether its usage chunk is to be hidden from the client."""
        try:
            if self.scope.attempt == 1:
                arguments = first_attempt(self.scope, self.entry, self.request)
            else:
                arguments = further_attempt(self.scope, self.entry, self.request, self.bucket)
            return arguments, ask_for_usage(self.scope, self.entry, arguments)
        except Exception as fault:
            self.routing.faults.note("attempt", fault)
            if self.drafts:  # the answer at hand is served; the request as it came would reuse its call id
                raise
            self.scope.call_id = str(self.request.get("litellm_call_id") or uuid4())
            return {**self.request, "litellm_call_id": self.scope.call_id}, False

    async def _graded(self, plan: CascadePlan, draft: Draft, *, is_final: bool) -> Draft:
        scope = self.scope
        if self.entry.kind == "async" and is_stream(draft.response):
            if is_final:
                return draft
            try:
                whole = plan.streaming == "buffer"
                draft.held = await hold(draft.response, scope.endpoint, whole=whole, time_left_s=self._time_left(plan))
            except Exception as error:  # noqa: BLE001  the provider failed in the stream; the host logged the failure
                return replace(draft, attempt=replace(draft.attempt, failed=True), error=error)
            answer = draft.held.answer
            draft.response = ReplayedStream(draft.response, draft.held.items, is_exhausted=draft.held.is_exhausted)
        else:
            answer = read_answer(draft.response)
        try:
            verdict = await self._verdict(plan, draft, answer, is_final=is_final)
        except Exception as fault:  # noqa: BLE001  a fault of ours after the call: the answer is served ungraded
            self.routing.faults.note("grading", fault)
            verdict = None
        if verdict is not None:
            self.routing.ledger.note_verdict(draft.call_id, verdict)
        cost = cost_so_far(scope, draft.tier, answer)
        draft.attempt = Attempt(draft.attempt.rung, verdict, cost_usd=cost)
        return draft

    def _time_left(self, plan: CascadePlan) -> float | None:
        """Seconds until the answer at hand is released; None without a deadline."""
        deadline = plan.policy.deadline_s
        return None if deadline is None else deadline - self.scope.elapsed_s

    async def _verdict(self, plan: CascadePlan, draft: Draft, answer: AnswerView, *, is_final: bool) -> Verdict | None:
        """What the graders say; None when the answer is served whatever it is, or the deadline has passed."""
        scope = self.scope
        statistics = self._noted(draft, answer)
        time_left = self._time_left(plan)
        if time_left is not None and time_left <= 0:
            scope.choice = Choice(scope.choice.rung, "deadline")
            return None
        if is_final or plan.graders is None:
            return None
        drafted = self._drafted(plan, answer, statistics)
        return await self.run_grading(grade(plan.graders, drafted, self.calls))

    def _noted(self, draft: Draft, answer: AnswerView) -> RouteStatistics:
        """What was known of the route before this answer, which is entered for the next ones."""
        key = self.routing.route_key(self.scope, draft.tier)
        statistics = self.routing.routes.statistics(key)
        self.routing.routes.add(key, route_values(answer, self.scope.view))
        if self.scope.graders is not None and self.scope.graders.learned:
            from litellm_router_plugin.checks.learned import learned_route_values  # noqa: PLC0415  numpy, where used

            self.routing.routes.add(key, learned_route_values(answer, self.scope.view))
        return statistics

    def _drafted(self, plan: CascadePlan, answer: AnswerView, statistics: RouteStatistics) -> Drafted:
        scope, request = self.scope, self.request
        messages = request.get("messages")
        is_chat = scope.endpoint == "chat" and isinstance(messages, list)
        target = next_rung(plan.policy, scope.rung)
        second = plan.graders.second if plan.graders is not None else None
        return Drafted(
            answer=answer,
            request=scope.view,
            route=statistics,
            rung=scope.rung,
            messages=messages if is_chat else None,
            params=self._params(),
            opinion_usd=None if second is None else opinion_cost(scope, second.model_group, answer),
            target_usd=None if target is None else estimated_cost(scope, scope.tier_router.ladder[target], answer),
            outlook=plan.outlook,
            is_first=not self.drafts,
            note_grader=self._note_grader,
        )

    def _note_grader(self, model_group: str, values: Mapping[str, float]) -> None:
        """Enter what a grader's verdict says of how readily it accepts on this route."""
        self.routing.routes.add(self.routing.grader_key(self.scope, model_group), values)

    async def _serve(self, draft: Draft, because: str) -> Any:  # noqa: ANN401  as in run
        if because == "deadline":
            self.scope.choice = Choice(self.scope.choice.rung, "deadline")
        for other in self.drafts:
            if other is not draft:
                await self._settle(other)
        await self.routing.keep_conversation(self.scope, draft.tier)
        self._repoint(draft)
        is_shadowed = self._is_shadowed()
        tell(self.routing, self.scope, draft)
        if is_shadowed:
            self._shadow(draft)
        return draft.response

    def _is_shadowed(self) -> bool:
        """Whether shadow mode makes further calls for this request, which is then not final yet."""
        try:
            return self.routing.shadow.wants(self.scope, self.entry)
        except Exception as fault:  # noqa: BLE001  the shadow must not cost the client the answer
            self.routing.faults.note("shadow", fault)
            return False

    def _shadow(self, draft: Draft) -> None:
        try:
            client = ClientCall(self.request, self._params())
            served = Served(draft.tier.name, draft.call_id, draft.response)
            self.routing.shadow.offer(self.scope, self.entry, client, served)
        except Exception as fault:  # noqa: BLE001  same
            self.routing.faults.note("shadow", fault)
            self.routing.ledger.release(self.scope.decision_id, {})

    def _params(self) -> dict[str, Any]:
        return {name: self.request[name] for name in PASSED_ON if self.request.get(name) is not None}

    def _repoint(self, draft: Draft) -> None:
        """The proxy settles a stream whose client leaves through this object: it must be the served call's."""
        if self.entry.kind == "async" and is_stream(draft.response) and draft.logging_object is not None:
            self.scope.repoint(draft.logging_object)

    async def _settle(self, draft: Draft) -> None:
        """Have a stream that will not be read on logged and priced, and close it."""
        if draft.error is not None or not is_stream(draft.response):
            return
        try:
            if draft.held is None or not draft.held.is_exhausted:
                settled = await settle_partial(draft.response, draft.logging_object, self.request.get("messages"))
                if not settled:
                    self.routing.ledger.lose_call(draft.call_id)
            await draft.response.aclose()
        except Exception as fault:  # noqa: BLE001  a draft nobody reads must not cost the client the answer
            self.routing.ledger.lose_call(draft.call_id)
            self.routing.faults.note("settling", fault)

    def _give_up(self) -> Exception:
        self.routing.close(self.scope, served_call=None, tier=self.scope.tier.name)
        errors = [draft.error for draft in self.drafts if draft.error is not None]
        return errors[-1]


def tell(routing: TierRouting, scope: RequestScope, draft: Draft) -> None:
    """Write onto an answer what its client is told, and close the books of the request."""
    try:
        facts = told(
            scope, draft.tier, draft.response, draft.logging_object, routing.spent_beside(scope, draft.call_id)
        )
        add_headers(draft.response, facts.headers())
        hidden = writable_hidden_params(draft.response)
        if hidden is not None:
            hidden["tier_router"] = facts.hidden()
    except Exception as fault:  # noqa: BLE001  telling must not cost the client the answer
        routing.faults.note("telling", fault)
    routing.close(scope, served_call=draft.call_id, tier=draft.tier.name)
