from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.failure_policy import FailurePolicy
from litellm_router_plugin.core.ports import Judge, ModelCall
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import JudgeFailed
from litellm_router_plugin.judges.llm import LlmJudge
from litellm_router_plugin.judges.policy import JudgeWithPolicy
from litellm_router_plugin.judges.prompt import load_prompt

ANSWER, REQUEST = AnswerView(text="four"), RequestView(text="2 + 2?")


class Replies:
    """Model calls that give the replies of a script; an error in it is raised, None never comes."""

    def __init__(self, *script: str | Exception | None) -> None:
        self.script = list(script)
        self.calls: list[ModelCall] = []

    async def complete(self, call: ModelCall) -> AnswerView:
        self.calls.append(call)
        reply = self.script.pop(0)
        if reply is None:
            await asyncio.sleep(30)
        if isinstance(reply, Exception):
            raise reply
        return AnswerView(text=reply or "")

    async def embed(self, model_group: str, text: str, timeout_s: float) -> Sequence[float]:
        raise AssertionError(model_group, text, timeout_s)


def judge(**settings: object) -> LlmJudge:
    return LlmJudge("mini", load_prompt("number"), **settings)  # type: ignore[arg-type]  # of the constructor


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("0.7", Outcome.ACCEPT), ("0.69", Outcome.REJECT), ("1", Outcome.ACCEPT), ("0", Outcome.REJECT)],
)
async def test_compares_the_score_with_the_threshold(reply: str, outcome: Outcome) -> None:
    verdict = await judge().grade(ANSWER, REQUEST, Replies(reply))
    assert verdict.outcome is outcome
    assert (verdict.by, verdict.quality) == ("judge", float(reply))


async def test_the_call_is_the_judges_and_bounded() -> None:
    calls = Replies("1")
    await judge(timeout_s=3.0).grade(ANSWER, REQUEST, calls)
    (call,) = calls.calls
    assert (call.role, call.model_group, call.timeout_s) == ("judge", "mini", 3.0)
    assert call.params == {"temperature": 0, "max_tokens": 1_024}
    structured = LlmJudge("mini", load_prompt("structured")).call(ANSWER, REQUEST)
    assert "response_format" in structured.params


@pytest.mark.parametrize("script", [RuntimeError("secret prompt"), TimeoutError(), "I cannot rate this.", "8", ""])
async def test_errors_and_nonsense_are_failures_of_the_judge(script: str | Exception) -> None:
    with pytest.raises(JudgeFailed) as failed:
        await judge().grade(ANSWER, REQUEST, Replies(script))
    assert "secret" not in str(failed.value)


async def test_a_judge_that_hangs_is_timed_out() -> None:
    with pytest.raises(JudgeFailed, match=r"no reply within 0\.02 s"):
        await judge(timeout_s=0.02).grade(ANSWER, REQUEST, Replies(None))


async def test_cancellation_is_no_failure_of_the_judge() -> None:
    breaker = CircuitBreaker(failures=1)
    task = asyncio.create_task(judge(breaker=breaker).grade(ANSWER, REQUEST, Replies(None)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert breaker.allows()


async def test_a_judge_that_keeps_failing_is_left_alone_and_tried_again() -> None:
    now = 0.0
    subject = judge(breaker=CircuitBreaker(failures=2, cooldown_s=30.0, clock=lambda: now))
    calls = Replies("nonsense", RuntimeError(), "0.9", "0.9")
    for _ in range(4):
        with pytest.raises(JudgeFailed):
            await subject.grade(ANSWER, REQUEST, calls)
    assert len(calls.calls) == 2
    now = 31.0
    assert (await subject.grade(ANSWER, REQUEST, calls)).outcome is Outcome.ACCEPT
    assert (await subject.grade(ANSWER, REQUEST, calls)).outcome is Outcome.ACCEPT


@pytest.mark.parametrize(("policy", "outcome"), [("accept", Outcome.ACCEPT), ("escalate", Outcome.REJECT)])
async def test_the_failure_policy_stands_in_for_a_verdict(policy: FailurePolicy, outcome: Outcome) -> None:
    errors: list[Exception] = []
    subject: Judge = JudgeWithPolicy(judge(), policy, errors.append)
    verdict = await subject.grade(ANSWER, REQUEST, Replies("nonsense"))
    assert verdict == Verdict(outcome, by="policy", reason=f"the judge failed (JudgeFailed): {policy}")
    assert len(errors) == 1
    graded = await subject.grade(ANSWER, REQUEST, Replies("0.9"))
    assert (graded.by, len(errors)) == ("judge", 1)
