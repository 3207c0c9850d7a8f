"""A user's own checker as something that grades: a function, an async one, or an object with ``check`` or ``grade``."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Awaitable, Callable
from functools import partial

from litellm_router_plugin.core.answer_text import whole_answer
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.failure_policy import FailurePolicy, failure_verdict
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import ConfigError

METHODS = ("check", "grade")
NAME = "python"
THRESHOLD = 0.5
TIMEOUT_S = 5.0
ARGUMENTS = 2
"""A checker is called with the query and the answer."""

Checker = Callable[[str, str], object]


class UserChecker:
    """Grades with the user's code, and never raises because of it.

    What it returns decides: True or a number in 0..1 from ``threshold`` up accepts, False or a lower number rejects.
    An exception, a time-out, NaN, a number outside 0..1 or any other type is a failure, and ``on_failure`` decides.
    A sync checker runs in the event loop and must be fast; ``timeout_s`` bounds an async one only.

    Args:
        checker: ``(query, answer) -> bool | float``, sync or async; an object with such a method ``check`` or
            ``grade``; or a class of such objects that needs no arguments.
        threshold: The number from which an answer passes.
        timeout_s: Seconds that an async checker may take.
        on_failure: ``accept`` or ``escalate``.
        on_error: Called with the error of each failure, so that it is counted.

    Raises:
        ConfigError: It is none of these.
    """

    def __init__(
        self,
        checker: object,
        *,
        threshold: float = THRESHOLD,
        timeout_s: float = TIMEOUT_S,
        on_failure: FailurePolicy = "accept",
        on_error: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        self.threshold = threshold
        self.timeout_s = timeout_s
        self.on_failure = on_failure
        self._on_error = on_error
        self._call = _callable_of(checker)
        self.is_async = _is_async(self._call)

    async def grade(self, answer: AnswerView, request: RequestView, calls: ModelCalls) -> Verdict:  # noqa: ARG002  the port's signature
        """The verdict of the user's code, or of the failure policy."""
        try:
            quality, passes = self._graded(await self._result(request.text, whole_answer(answer)))
        except Exception as error:  # noqa: BLE001  the user's code may raise anything; the policy decides
            self._on_error(error)
            return failure_verdict(self.on_failure, f"the checker failed ({type(error).__name__}): {self.on_failure}")
        if passes:
            return Verdict(Outcome.ACCEPT, by="checks", quality=quality)
        return Verdict(Outcome.REJECT, by="checks", quality=quality, failed_checks=(NAME,), reason=f"{NAME}: rejected")

    async def _result(self, query: str, text: str) -> object:
        result = self._call(query, text)
        if not self.is_async:
            return result
        if not isinstance(result, Awaitable):
            raise TypeError(f"the checker is async but returned {type(result).__name__}")
        async with asyncio.timeout(self.timeout_s):
            return await result

    def _graded(self, result: object) -> tuple[float, bool]:
        """The result as a quality (1 and 0 for true and false), and whether the answer passes."""
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError("the checker returned a coroutine. Declare it with `async def`")
        scalar = getattr(result, "item", None)
        value = scalar() if callable(scalar) else result  # numpy's own numbers and truths
        if isinstance(value, bool):
            return float(value), value
        if not isinstance(value, int | float):
            raise TypeError(f"the checker returned {type(result).__name__}. Return True, False or a number in 0..1")
        if math.isnan(value) or not 0 <= value <= 1:
            raise ValueError("the checker returned a number outside 0..1")
        return float(value), value >= self.threshold


def _callable_of(checker: object) -> Checker:
    if inspect.isclass(checker):
        checker = _instance_of(checker)
    methods = (getattr(checker, name, None) for name in METHODS)
    found: object = next((method for method in methods if callable(method)), checker)
    if not callable(found):
        raise ConfigError("python.path", f"{type(checker).__name__} cannot be called", _FIX)
    if not _takes_two(found):
        raise ConfigError("python.path", "the checker cannot be called with two arguments, query and answer", _FIX)
    return found


_FIX = "Give a function (query, answer) -> bool or float, or an object with such a method `check` or `grade`"


def _instance_of(checker: type[object]) -> object:
    try:
        return checker()
    except TypeError as error:
        raise ConfigError("python.path", f"{checker.__name__} cannot be made without arguments", _FIX) from error


def _takes_two(found: Callable[..., object]) -> bool:
    try:
        inspect.signature(found).bind(*("",) * ARGUMENTS)
    except TypeError:
        return False
    except ValueError:
        return True  # a built-in that does not tell its signature
    return True


def _is_async(found: Callable[..., object]) -> bool:
    """Whether calling it gives a coroutine, told from its definition once and for all."""
    while isinstance(found, partial):
        found = found.func
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(getattr(type(found), "__call__", None))  # noqa: B004  the method itself is looked at
