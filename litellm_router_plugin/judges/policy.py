"""A judge that always has a verdict: its own, or that of its failure policy."""

from __future__ import annotations

from collections.abc import Callable

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.failure_policy import FailurePolicy, failure_verdict
from litellm_router_plugin.core.ports import Judge, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Verdict


class JudgeWithPolicy:
    """A `Judge` that never raises: its failure policy stands in for a verdict that could not be had.

    Args:
        judge: Who grades.
        on_failure: Accept or escalate what could not be graded.
        on_error: Told of each failure, so that it is counted.
    """

    def __init__(self, judge: Judge, on_failure: FailurePolicy, on_error: Callable[[Exception], None]) -> None:
        self.judge = judge
        self.on_failure = on_failure
        self._on_error = on_error

    def with_judge(self, judge: Judge) -> JudgeWithPolicy:
        """The same policy for another judge."""
        return JudgeWithPolicy(judge, self.on_failure, self._on_error)

    async def grade(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> Verdict:
        """The judge's verdict, or the failure policy's when it raised anything; cancellation passes through."""
        try:
            return await self.judge.grade(answer, request, calls)
        except Exception as error:  # noqa: BLE001  a judge of any make; its failure must not cost the client the answer
            self._on_error(error)
            return failure_verdict(self.on_failure, f"the judge failed ({type(error).__name__}): {self.on_failure}")
