"""A class of the user's own decides."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import cast

from litellm_router_plugin.classifiers.failures import failed_forecast
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError

TIMEOUT_S = 2.0
MAX_SIGNALS = 8
MAX_SIGNAL_CHARS = 80
"""Signals end in logs; a user's class is not relied on to be brief."""


class PythonClassifier:
    """Asks an object that has ``classify(request)`` or ``forecast(request, calls)``, either of them async or not.

    It may answer with a tier's name, ``(tier, confidence)``, a `Forecast`, or None for the default tier.

    Args:
        ladder: The tiers.
        judge: The object.
        timeout_s: Seconds after which an asynchronous method counts as failed; an ordinary one cannot be stopped.
        on_failure: The tier when it raises, runs out of time or answers something else. None: the default tier.
        where: Path of these settings, for errors.

    Raises:
        ConfigError: The object has neither method.
        UnknownTier: ``on_failure`` is no tier of the ladder.
    """

    def __init__(
        self,
        ladder: Ladder,
        judge: object,
        *,
        timeout_s: float = TIMEOUT_S,
        on_failure: str | None = None,
        where: str = "classifier",
    ) -> None:
        if on_failure is not None:
            ladder.rung(on_failure, f"{where}.on_failure")
        self._names = ladder.names
        self._timeout_s = timeout_s
        self._on_failure = on_failure
        self._ask = _asker(judge, where)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """What the object says of a request; a failure gives the tier of the policy."""
        try:
            answer = self._ask(request, calls)
            if inspect.isawaitable(answer):
                answer = await self._in_time(answer)
            return read_forecast(answer, self._names)
        except Exception as error:  # noqa: BLE001  whatever a user's class raises, the policy decides and tells it
            return failed_forecast("python", self._on_failure, type(error).__name__)

    async def _in_time(self, answer: Awaitable[object]) -> object:
        """Without a running loop nothing can be waited for, so there is nothing to stop either."""
        has_loop = asyncio._get_running_loop() is not None  # noqa: SLF001  the public one raises instead of telling
        async with asyncio.timeout(self._timeout_s) if has_loop else nullcontext():
            return await answer


def load_class(path: str, where: str) -> Callable[..., object]:
    """What a dotted path names: a class, or something else that can be called.

    Raises:
        ConfigError: Its module is missing or fails on import, it has no such name, or it cannot be called.
    """
    module_name, _, name = path.rpartition(".")
    if not module_name or not name:
        raise ConfigError(where, f"{path!r} is no dotted path", "Write package.module.Class")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise _module_missing(path, module_name, str(error.name), where) from error
    except Exception as error:
        problem = f"importing {module_name!r} raised {type(error).__name__}: {error}"
        raise ConfigError(where, problem, "Mend the module") from error
    if not hasattr(module, name):
        raise ConfigError(where, f"the module {module_name!r} has no {name!r}", "Check the spelling")
    found: object = getattr(module, name)
    if not callable(found):
        raise ConfigError(where, f"{path!r} is a {type(found).__name__} and cannot be called", "Name a class")
    return found


def construct(path: str, settings: Mapping[str, object], where: str) -> object:
    """An object of the class that ``path`` names, made with ``**settings``.

    Args:
        path: The dotted path.
        settings: Keyword arguments.
        where: Path of the classifier's settings; ``path`` and ``settings`` stand below it.

    Raises:
        ConfigError: As `load_class`, or the class does not take the settings.
    """
    load = load_class(path, f"{where}.path")
    try:
        return load(**settings)
    except Exception as error:
        problem = f"{path} cannot be made with these settings: {type(error).__name__}: {error}"
        raise ConfigError(f"{where}.settings", problem, "They are its keyword arguments") from error


def read_forecast(answer: object, names: tuple[str, ...]) -> Forecast:
    """The forecast that a user's answer stands for.

    Raises:
        TypeError: The answer is of no known form.
        ValueError: It names no tier of the ladder, or a number in it is out of range.
    """
    match answer:
        case None:
            return NOTHING_FIRED
        case str():
            return _checked(Forecast(tier=answer), names)
        case Forecast():
            return _checked(answer, names)
        case (str() as tier, float() | int() as confidence) if not isinstance(confidence, bool):
            return _checked(Forecast(tier=tier, confidence=float(confidence)), names)
    raise TypeError(f"expected a tier's name, (tier, confidence), a Forecast or None, got {type(answer).__name__}")


def _checked(forecast: Forecast, names: tuple[str, ...]) -> Forecast:
    tiers = {*forecast.p_success, *forecast.expected_cost, *([] if forecast.tier is None else [forecast.tier])}
    if unknown := tiers.difference(names):
        raise ValueError(f"there is no tier {min(map(repr, unknown))}")
    numbers = [*forecast.p_success.values(), forecast.confidence, forecast.difficulty]
    if any(number is not None and not 0 <= number <= 1 for number in numbers):
        raise ValueError("a probability is outside 0..1")
    if any(not 0 <= cost < math.inf for cost in forecast.expected_cost.values()):
        raise ValueError("a cost is negative or not finite")
    if not all(isinstance(signal, str) for signal in forecast.signals):
        raise TypeError("a signal is not a string")
    signals = tuple(signal[:MAX_SIGNAL_CHARS] for signal in forecast.signals[:MAX_SIGNALS])
    return replace(forecast, cause="default" if forecast.tier is None else "python", signals=signals)


def _module_missing(path: str, module_name: str, missing: str, where: str) -> ConfigError:
    if module_name == missing or module_name.startswith(f"{missing}."):
        problem = f"{path!r}: there is no module {missing!r}"
    else:
        problem = f"importing {module_name!r} failed: there is no module {missing!r}"
    return ConfigError(where, problem, "Install it, or put its folder on PYTHONPATH")


def _asker(judge: object, where: str) -> Callable[[RequestView, ModelCalls], object]:
    forecast, classify = getattr(judge, "forecast", None), getattr(judge, "classify", None)
    if callable(forecast):
        return cast("Callable[[RequestView, ModelCalls], object]", forecast)
    if callable(classify):
        return lambda request, _: classify(request)
    problem = f"a {type(judge).__name__} has neither classify(request) nor forecast(request, calls)"
    raise ConfigError(f"{where}.path", problem, "Add one of the two methods")
