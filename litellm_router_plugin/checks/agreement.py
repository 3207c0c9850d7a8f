"""A second opinion: another cheap model answers too, and the two final answers are compared.

Two models that come to the same checkable answer are right more often than either alone; of open text their agreement
says nothing, so it is not asked for there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from litellm_router_plugin.checks.tool_calls import HAS_CALL, calls_of
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.cascade_prices import second_opinion_pays
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.expected_cost import GraderOutlook
from litellm_router_plugin.core.final_answers import agree, comparable
from litellm_router_plugin.core.ports import ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict

TIMEOUT_S: Final = 30.0
"""An opinion is a whole answer, not one word; the client waits for both."""
MAX_OPINION_TOKENS: Final = 4_096
"""Bound on an opinion's length where the client set none; a guess, far above the final answers that are compared."""
AGREE_SHARE: Final = Decimal("0.35")
"""Share of drafts that an opinion is taken to agree with before any is known: below it none of the recorded pairs of
models saved anything."""
ALWAYS_CALLS: Final = 0.99
"""Share of calling answers from which a route is taken to need a call on every request."""
MIN_ROUTE_ANSWERS: Final = 30
"""Answers that a route and model must have given before that share is believed."""
MEANINGFUL: Final = 3
"""Letters of the shortest part of a tool's name that is looked for in the request."""
SHARED_WORDS: Final = 1
"""Words that a request may share with a tool's parameters and yet not speak of the tool. On the train split, agreed
calls beyond both limits are right less often than the dearer model, others more often."""
STEM: Final = 5
MAX_PARAMETERS: Final = 24
MAX_DESCRIPTION_CHARS: Final = 300
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_COMMON: Final = frozenset(["the", "and", "for", "with", "what", "how", "from", "that", "this", "are", "you", "can"])
NOT_PASSED_ON: Final = frozenset({"stream", "stream_options", "n", "user", "metadata", "logprobs", "top_logprobs"})
"""Parameters of the client's call that say nothing of what is to be answered."""

OPINION: Final = GraderOutlook("second_opinion", 0.0, accepts_good=0.65, accepts_poor=0.27)
"""How often a second opinion agrees with good drafts and with poor ones: means over the recorded pairs of models on the
train split whose opinions pay."""

AGREED = "a second model came to the same answer"
DISAGREED = "a second model came to another answer"
NOT_COMPARABLE = "a second model gave no answer that could be compared"
NEEDLESS = "both models call a tool that the request does not speak of"


class SecondOpinion:
    """Asks another model group for an answer to the same request, and compares.

    Args:
        model_group: Who is asked.
        timeout_s: Seconds for the whole call.
        breaker: Leaves a model that keeps failing alone; one of its own by default.

    Attributes:
        failures: Calls that gave no answer: errors, time-outs, and calls not made because of too many of these.
    """

    def __init__(
        self, model_group: str, *, timeout_s: float = TIMEOUT_S, breaker: CircuitBreaker | None = None
    ) -> None:
        self.model_group = model_group
        self.timeout_s = timeout_s
        self.breaker = breaker or CircuitBreaker()
        self.failures = 0

    def can_compare(self, answer: AnswerView, request: RequestView) -> bool:
        """Whether an opinion could settle a draft: it has an answer that can be compared."""
        return comparable(answer, request) is not None

    def pays(self, opinion_usd: Decimal | None, target_usd: Decimal | None, agree_share: Decimal = AGREE_SHARE) -> bool:
        """Whether asking is cheaper than going up at once; not where a cost is unknown.

        Args:
            opinion_usd: Expected cost of one opinion.
            target_usd: Expected cost of the next tier's answer.
            agree_share: Share (0..1) of the drafts asked about with which the opinion agrees, as far as known.
        """
        return (
            opinion_usd is not None
            and target_usd is not None
            and second_opinion_pays(opinion_usd, target_usd, agree_share)
        )

    async def opinion(
        self,
        messages: Sequence[Mapping[str, object]],
        params: Mapping[str, object],
        answer: AnswerView,
        request: RequestView,
        calls: ModelCalls,
        *,
        route: RouteStatistics = NO_STATISTICS,
    ) -> Verdict | None:
        """Ask, and compare.

        Args:
            messages: The client's own, whole.
            params: The client's own parameters; tools and the response format go along.
            answer: The draft.
            request: The view of the same request.
            calls: Makes the call on the caller's account.
            route: Of the draft's route and model: tells whether a needless call is possible there.

        Returns:
            Accepted on agreement, rejected on disagreement or where the opinion cannot be compared; None where nothing
            was found out, because the draft is not comparable or the call failed (`failures` counts it).
        """
        if comparable(answer, request) is None:
            return None
        second = await self._second(messages, params, calls)
        return None if second is None else opinion_verdict(answer, second, request, route)

    async def _second(
        self, messages: Sequence[Mapping[str, object]], params: Mapping[str, object], calls: ModelCalls
    ) -> AnswerView | None:
        """The other model's answer; None, and counted, where it gave none in time."""
        if not self.breaker.allows():
            self.failures += 1
            return None
        try:
            async with asyncio.timeout(self.timeout_s):
                second = await calls.complete(self.call(messages, params))
        except Exception:  # noqa: BLE001  any provider error: the draft is judged without an opinion, and it is counted
            self.failures += 1
            self.breaker.failed()
            return None
        self.breaker.succeeded()
        return second

    def call(self, messages: Sequence[Mapping[str, object]], params: Mapping[str, object]) -> ModelCall:
        """The call that gets the opinion."""
        kept = {name: value for name, value in params.items() if name not in NOT_PASSED_ON}
        if not kept.keys() & {"max_tokens", "max_completion_tokens"}:
            kept["max_tokens"] = MAX_OPINION_TOKENS
        return ModelCall("second_opinion", self.model_group, messages, self.timeout_s, kept)


def opinion_verdict(
    answer: AnswerView, second: AnswerView, request: RequestView, route: RouteStatistics = NO_STATISTICS
) -> Verdict | None:
    """What a second answer says of the draft; None where the draft has nothing to compare."""
    if comparable(answer, request) is None:
        return None
    same = agree(answer, second, request)
    if same is None:
        return Verdict(Outcome.REJECT, by="second_opinion", reason=NOT_COMPARABLE)
    if not same:
        return Verdict(Outcome.REJECT, by="second_opinion", reason=DISAGREED)
    if may_be_needless(answer, request, route):
        return Verdict(Outcome.REJECT, by="second_opinion", reason=NEEDLESS)
    return Verdict(Outcome.ACCEPT, by="second_opinion", reason=AGREED)


def may_be_needless(answer: AnswerView, request: RequestView, route: RouteStatistics) -> bool:
    """Whether a call may be one that was not called for, a mistake that models share.

    So it is where the request speaks of no called tool: no part of its name stands there, and at most `SHARED_WORDS`
    of the words about its parameters. Not on a route whose answers always call.
    """
    calls = calls_of(answer, request)
    if not calls or request.tool_choice not in ("auto", "none"):
        return False
    known = route.moments(HAS_CALL)
    if known.count >= MIN_ROUTE_ANSWERS and known.mean >= ALWAYS_CALLS:
        return False
    asked = request.text.casefold()
    tools = {_plain(tool.name): tool for tool in request.tools}
    return not any(_speaks_of(asked, call.name, tools.get(_plain(call.name))) for call in calls)


def _plain(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def _speaks_of(asked: str, name: str, tool: ToolSpec | None) -> bool:
    if any(part in asked for part in _parts(name)):
        return True
    about = _parameter_words(tool) if tool is not None else frozenset()
    return len(about & _stems(asked)) > SHARED_WORDS


def _parameter_words(tool: ToolSpec) -> frozenset[str]:
    properties = tool.schema.get("properties")
    if not isinstance(properties, Mapping):
        return frozenset()
    texts = []
    for name, schema in list(properties.items())[:MAX_PARAMETERS]:
        texts.append(str(name).replace("_", " "))
        described = schema.get("description") if isinstance(schema, Mapping) else None
        texts.append(described[:MAX_DESCRIPTION_CHARS] if isinstance(described, str) else "")
    return _stems(" ".join(texts).casefold())


def _stems(text: str) -> frozenset[str]:
    """The first letters of a text's words, so that forms of a word are the same."""
    return frozenset(word[:STEM] for word in _WORD.findall(text)) - _COMMON


def _parts(name: str) -> Sequence[str]:
    """The words of a tool's name: between dots, dashes and underscores, and at capitals inside it."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter if letter.isalnum() else " " for letter in name)
    return [part for part in spaced.casefold().split() if len(part) >= MEANINGFUL]
