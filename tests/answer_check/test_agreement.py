"""Second opinions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from litellm_router_plugin.checks.agreement import (
    AGREED,
    DISAGREED,
    MAX_OPINION_TOKENS,
    NEEDLESS,
    NOT_COMPARABLE,
    SecondOpinion,
    may_be_needless,
    opinion_verdict,
)
from litellm_router_plugin.checks.tool_calls import HAS_CALL
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.ports import ModelCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, Moments, RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict

ASKED = RequestView(text="How many boats are there?")
TWELVE, ELEVEN = AnswerView(text="The answer is 12."), AnswerView(text="<answer>11</answer>")
OPEN = AnswerView(text="Boats come and go, and nobody counts them. " * 20)
MESSAGES = [{"role": "user", "content": "How many boats are there?"}]
TOOLED = RequestView(text="Reserve something nice for two.", tools=(ToolSpec("reserve_table"), ToolSpec("getWeather")))
RESERVES = AnswerView(tool_calls=(ToolCall("reserve_table", '{"seats": 2}'),))
WEATHER = AnswerView(tool_calls=(ToolCall("getWeather", "{}"),))


class OtherModel:
    """Answers every call with the same answer, error, or not in time."""

    def __init__(self, answer: AnswerView | Exception, delay_s: float = 0.0) -> None:
        self.answer = answer
        self.delay_s = delay_s
        self.made: list[ModelCall] = []

    async def complete(self, call: ModelCall) -> AnswerView:
        self.made.append(call)
        await asyncio.sleep(self.delay_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        raise AssertionError("no embedding is wanted here")


@pytest.mark.parametrize(
    ("second", "outcome", "reason"),
    [
        (AnswerView(text="12"), Outcome.ACCEPT, AGREED),
        (ELEVEN, Outcome.REJECT, DISAGREED),
        (OPEN, Outcome.REJECT, NOT_COMPARABLE),
    ],
)
async def test_agreement_accepts_and_anything_else_goes_up(second: AnswerView, outcome: Outcome, reason: str) -> None:
    verdict = await SecondOpinion("haiku").opinion(MESSAGES, {}, TWELVE, ASKED, OtherModel(second))
    assert verdict == Verdict(outcome, by="second_opinion", reason=reason)


async def test_the_other_model_gets_the_clients_own_request() -> None:
    other = OtherModel(TWELVE)
    params = {"tools": [{"type": "function"}], "temperature": 0.2, "stream": True, "n": 3, "user": "ann"}
    await SecondOpinion("haiku", timeout_s=7).opinion(MESSAGES, params, TWELVE, ASKED, other)
    call = other.made[0]
    assert (call.role, call.model_group, call.timeout_s, call.messages) == ("second_opinion", "haiku", 7, MESSAGES)
    assert call.params == {"tools": [{"type": "function"}], "temperature": 0.2, "max_tokens": MAX_OPINION_TOKENS}


async def test_the_clients_own_limit_is_kept() -> None:
    other = OtherModel(TWELVE)
    await SecondOpinion("haiku").opinion(MESSAGES, {"max_completion_tokens": 9}, TWELVE, ASKED, other)
    assert other.made[0].params == {"max_completion_tokens": 9}


async def test_of_open_text_nobody_is_asked() -> None:
    other, opinions = OtherModel(OPEN), SecondOpinion("haiku")
    assert await opinions.opinion(MESSAGES, {}, OPEN, ASKED, other) is None
    assert not other.made
    assert opinions.failures == 0


@pytest.mark.parametrize("other", [OtherModel(RuntimeError("down")), OtherModel(TWELVE, delay_s=5)])
async def test_a_model_that_is_down_or_slow_says_nothing_and_is_counted(other: OtherModel) -> None:
    opinions = SecondOpinion("haiku", timeout_s=0.01)
    assert await opinions.opinion(MESSAGES, {}, TWELVE, ASKED, other) is None
    assert opinions.failures == 1


async def test_a_model_that_keeps_failing_is_left_alone() -> None:
    other = OtherModel(RuntimeError("down"))
    opinions = SecondOpinion("haiku", breaker=CircuitBreaker(failures=2))
    for _ in range(5):
        await opinions.opinion(MESSAGES, {}, TWELVE, ASKED, other)
    assert len(other.made) == 2
    assert opinions.failures == 5


async def test_a_client_that_leaves_is_not_held() -> None:
    opinions = SecondOpinion("haiku")
    waiting = asyncio.ensure_future(opinions.opinion(MESSAGES, {}, TWELVE, ASKED, OtherModel(TWELVE, delay_s=30)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert opinions.failures == 0


def test_only_answers_with_a_final_answer_can_be_compared() -> None:
    opinions = SecondOpinion("haiku")
    assert opinions.can_compare(TWELVE, ASKED)
    assert not opinions.can_compare(OPEN, ASKED)


def test_it_pays_only_below_what_it_saves_and_where_prices_are_known() -> None:
    opinions = SecondOpinion("haiku")
    assert opinions.pays(Decimal("0.1"), Decimal(1))
    assert not opinions.pays(Decimal("0.4"), Decimal(1))
    assert opinions.pays(Decimal("0.4"), Decimal(1), agree_share=Decimal("0.6"))
    assert not opinions.pays(Decimal(2), Decimal(1), agree_share=Decimal(1))
    assert not opinions.pays(None, Decimal(1))
    assert not opinions.pays(Decimal("0.1"), None)


def test_two_needless_calls_are_no_agreement() -> None:
    verdict = opinion_verdict(WEATHER, WEATHER, TOOLED)
    assert verdict == Verdict(Outcome.REJECT, by="second_opinion", reason=NEEDLESS)


def test_two_fitting_calls_and_two_refusals_to_call_agree() -> None:
    for answer in (RESERVES, AnswerView(text="None of these tools can do that.")):
        verdict = opinion_verdict(answer, answer, TOOLED)
        assert verdict is not None
        assert verdict.outcome is Outcome.ACCEPT


def route(calling: float, answers: int) -> RouteStatistics:
    return RouteStatistics({HAS_CALL: Moments(answers, calling, 0.0)})


def test_where_every_answer_calls_no_call_is_needless() -> None:
    assert may_be_needless(WEATHER, TOOLED, NO_STATISTICS)
    assert may_be_needless(WEATHER, TOOLED, route(0.9, 500))
    assert may_be_needless(WEATHER, TOOLED, route(1.0, 3))
    assert not may_be_needless(WEATHER, TOOLED, route(1.0, 500))
    required = RequestView(text=TOOLED.text, tools=TOOLED.tools, tool_choice="required")
    assert not may_be_needless(WEATHER, required, NO_STATISTICS)


def test_a_draft_without_a_final_answer_gets_no_verdict() -> None:
    assert opinion_verdict(OPEN, TWELVE, ASKED) is None
