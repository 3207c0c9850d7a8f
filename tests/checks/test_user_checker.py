from __future__ import annotations

import asyncio
import math
from functools import partial

import numpy as np
import pytest

from litellm_router_plugin.checks.user import UserChecker
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.failure_policy import FailurePolicy
from litellm_router_plugin.core.ports import Judge, ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import ConfigError


class NoCalls:
    async def complete(self, call: ModelCall) -> AnswerView:
        raise AssertionError(call)

    async def embed(self, model_group: str, text: str, timeout_s: float) -> list[float]:
        raise AssertionError(model_group, text, timeout_s)


CALLS: ModelCalls = NoCalls()


async def verdict_of(
    checker: object, text: str = "four", *, threshold: float = 0.5, on_failure: FailurePolicy = "accept"
) -> tuple[Verdict, list[Exception]]:
    errors: list[Exception] = []
    judge: Judge = UserChecker(
        checker, threshold=threshold, timeout_s=0.05, on_failure=on_failure, on_error=errors.append
    )
    return await judge.grade(AnswerView(text=text), RequestView(text="2 + 2?"), CALLS), errors


def says_four(query: str, answer: str) -> bool:
    assert query == "2 + 2?"
    return answer == "four"


async def says_four_later(query: str, answer: str) -> bool:
    await asyncio.sleep(0)
    return says_four(query, answer)


class WithCheck:
    def check(self, query: str, answer: str) -> bool:
        return says_four(query, answer)


class WithGrade:
    async def grade(self, query: str, answer: str) -> float:
        return 1.0 if await says_four_later(query, answer) else 0.0


class WithCall:
    async def __call__(self, query: str, answer: str) -> bool:
        return says_four(query, answer)


@pytest.mark.parametrize(
    "checker",
    [
        says_four,
        says_four_later,
        WithCheck(),
        WithGrade(),
        WithCall(),
        WithCheck,
        partial(says_four_later),
        partial(says_four),
    ],
)
async def test_every_kind_of_checker_decides(checker: object) -> None:
    accepted, errors = await verdict_of(checker)
    assert (accepted.outcome, accepted.by, accepted.quality, errors) == (Outcome.ACCEPT, "checks", 1.0, [])
    rejected, errors = await verdict_of(checker, "five")
    assert (rejected.outcome, rejected.failed_checks, rejected.quality) == (Outcome.REJECT, ("python",), 0.0)
    assert errors == []


@pytest.mark.parametrize(
    ("score", "outcome"),
    [(0.7, Outcome.ACCEPT), (0.69, Outcome.REJECT), (1, Outcome.ACCEPT), (0, Outcome.REJECT),
     (np.float32(0.9), Outcome.ACCEPT), (np.bool_(""), Outcome.REJECT)],
)  # fmt: skip
async def test_a_number_is_compared_with_the_threshold(score: object, outcome: Outcome) -> None:
    verdict, errors = await verdict_of(lambda _query, _answer: score, threshold=0.7)
    assert verdict.outcome is outcome
    assert errors == []


async def test_false_rejects_even_at_threshold_zero() -> None:
    verdict, _ = await verdict_of(lambda _query, _answer: False, threshold=0.0)
    assert verdict.outcome is Outcome.REJECT


@pytest.mark.parametrize("result", [math.nan, math.inf, 1.01, -0.1, 7, "yes", None, [True], np.array([1, 0]), 1j])
@pytest.mark.parametrize(("policy", "outcome"), [("accept", Outcome.ACCEPT), ("escalate", Outcome.REJECT)])
async def test_anything_else_is_a_failure_and_the_policy_decides(
    result: object, policy: FailurePolicy, outcome: Outcome
) -> None:
    verdict, errors = await verdict_of(lambda _query, _answer: result, on_failure=policy)
    assert (verdict.outcome, verdict.by) == (outcome, "policy")
    assert len(errors) == 1


async def test_an_exception_follows_the_policy() -> None:
    def broken(query: str, answer: str) -> bool:
        raise KeyError(query, answer)

    verdict, errors = await verdict_of(broken, on_failure="escalate")
    assert (verdict.outcome, verdict.by) == (Outcome.REJECT, "policy")
    assert "KeyError" in verdict.reason
    assert "four" not in verdict.reason
    assert isinstance(errors[0], KeyError)


async def test_an_async_checker_that_hangs_is_timed_out() -> None:
    async def hangs(_query: str, _answer: str) -> bool:
        await asyncio.sleep(30)
        return True

    verdict, errors = await verdict_of(hangs)
    assert (verdict.outcome, verdict.by) == (Outcome.ACCEPT, "policy")
    assert isinstance(errors[0], TimeoutError)


async def test_cancellation_passes_through() -> None:
    async def hangs(_query: str, _answer: str) -> bool:
        await asyncio.sleep(30)
        return True

    checker = UserChecker(hangs, timeout_s=60)
    task = asyncio.create_task(checker.grade(AnswerView(text="x"), RequestView(), CALLS))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_coroutine_from_a_sync_function_is_refused_without_leaking_it() -> None:
    verdict, errors = await verdict_of(lambda query, answer: says_four_later(query, answer + " "))
    assert verdict.by == "policy"
    assert "async def" in str(errors[0])


async def test_tool_calls_are_part_of_the_answer() -> None:
    seen: list[str] = []
    checker = UserChecker(lambda _query, answer: not seen.append(answer))  # type: ignore[func-returns-value]
    await checker.grade(AnswerView(text="Ok", tool_calls=(ToolCall("f", '{"a": 1}'),)), RequestView(), CALLS)
    assert seen == ['Ok\nf({"a": 1})']


class NeedsArguments:
    def __init__(self, size: int) -> None:
        self.size = size

    def check(self, query: str, answer: str) -> bool:
        return len(query + answer) > self.size


@pytest.mark.parametrize("checker", [3, "text", lambda: True, lambda _a, _b, _c: True, NeedsArguments, object()])
def test_what_cannot_be_called_with_two_texts_is_refused_when_it_is_built(checker: object) -> None:
    with pytest.raises(ConfigError, match=r"python\.path: .*\. Give a function \(query, answer\)"):
        UserChecker(checker)
