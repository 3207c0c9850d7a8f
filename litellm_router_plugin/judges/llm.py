"""The LLM judge: one model call that grades an answer with a number from 0 to 1."""

from __future__ import annotations

import asyncio

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.ports import ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import JudgeFailed
from litellm_router_plugin.judges.prompt import JudgePrompt
from litellm_router_plugin.judges.score import read_score

THRESHOLD = 0.7
"""Score from which an answer passes; the field's usual choice, not tuned."""
TIMEOUT_S = 5.0
MAX_REPLY_TOKENS = 1_024
"""Bound on a judge's reply: room for hidden reasoning; a number or one sentence needs far less."""


class LlmJudge:
    """Asks a model group for a score and compares it with a threshold.

    Args:
        model_group: The group that grades.
        prompt: What it reads.
        threshold: Score (0..1) from which the answer is accepted.
        timeout_s: Seconds for the whole call.
        breaker: Leaves a judge that keeps failing alone; one of its own by default.
    """

    def __init__(
        self,
        model_group: str,
        prompt: JudgePrompt,
        *,
        threshold: float = THRESHOLD,
        timeout_s: float = TIMEOUT_S,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self.model_group = model_group
        self.prompt = prompt
        self.threshold = threshold
        self.timeout_s = timeout_s
        self.breaker = breaker or CircuitBreaker()

    def with_threshold(self, threshold: float) -> LlmJudge:
        """The same judge, its failures counted together with this one's, with another threshold."""
        return LlmJudge(
            self.model_group, self.prompt, threshold=threshold, timeout_s=self.timeout_s, breaker=self.breaker
        )

    async def grade(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> Verdict:
        """The judge's verdict with its score as quality.

        A reply that is no score counts as a failure of the judge for the circuit breaker, as an error and a time-out
        do: it costs as much and helps as little.

        Raises:
            JudgeFailed: The call failed or timed out, the reply is no score, or the circuit breaker is open.
        """
        if not self.breaker.allows():
            raise JudgeFailed(f"judge {self.model_group}: left alone for a while after failing repeatedly")
        try:
            score = read_score((await self._reply(answer, request, calls)).text)
        except JudgeFailed:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        outcome = Outcome.ACCEPT if score >= self.threshold else Outcome.REJECT
        return Verdict(outcome, by="judge", quality=score, reason=f"score {score:.2f}, threshold {self.threshold:.2f}")

    async def _reply(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> AnswerView:
        try:
            async with asyncio.timeout(self.timeout_s):
                return await calls.complete(self.call(answer, request))
        except TimeoutError as error:
            raise JudgeFailed(f"judge {self.model_group}: no reply within {self.timeout_s:g} s") from error
        except Exception as error:
            raise JudgeFailed(f"judge {self.model_group}: the call failed with {type(error).__name__}") from error

    def call(self, answer: AnswerView, request: RequestView) -> ModelCall:
        """The call that grades an answer."""
        params: dict[str, object] = {"temperature": 0, "max_tokens": MAX_REPLY_TOKENS}
        if self.prompt.response_format is not None:
            params["response_format"] = self.prompt.response_format
        return ModelCall(
            role="judge",
            model_group=self.model_group,
            messages=self.prompt.messages(answer, request),
            timeout_s=self.timeout_s,
            params=params,
        )
