"""A model reads the request and names a tier in one word."""

from __future__ import annotations

import asyncio
import re
import secrets
import string
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from litellm_router_plugin.classifiers.failures import failed_forecast
from litellm_router_plugin.classifiers.single_flight import SingleFlight
from litellm_router_plugin.classifiers.verdict_cache import VerdictCache
from litellm_router_plugin.classifiers.window import prompt_window
from litellm_router_plugin.core.circuit_breaker import CircuitBreaker
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ClassifierFailed, ConfigError

TIMEOUT_S = 2.0
CACHE_TTL_S = 300.0
GRACE_S = 0.1
"""Seconds beyond the time-out that the call itself gets to give up, so that the host can log it as what it is."""
PARAMS: Mapping[str, object] = {"max_tokens": 16, "temperature": 0}
"""A tier's name is a few tokens long; 16 leave room for quotes and a full stop."""
PLACEHOLDERS = frozenset({"tiers", "boundary"})
MAX_PROMPT_FILE_CHARS = 20_000


class LlmClassifier:
    """Asks a model for the cheapest tier that would do.

    Args:
        ladder: The tiers.
        model: The model group that is asked.
        prompt_file: Instructions that hold ``$tiers`` and ``$boundary``. None: the shipped ones.
        timeout_s: Seconds after which it counts as failed.
        on_failure: The tier when it fails; None: the default tier.
        cache_ttl_s: Seconds that a verdict on the same text is reused; 0: never.
        breaker: Stops asking a model that keeps failing. None: one of its own.
        clock: Seconds on a clock that never goes back.
        where: Path of these settings, for errors.

    Raises:
        ConfigError: The prompt file cannot be used.
        UnknownTier: ``on_failure`` is no tier of the ladder.
    """

    def __init__(
        self,
        ladder: Ladder,
        *,
        model: str,
        prompt_file: str | Path | None = None,
        timeout_s: float = TIMEOUT_S,
        on_failure: str | None = None,
        cache_ttl_s: float = CACHE_TTL_S,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        where: str = "classifier",
    ) -> None:
        if on_failure is not None:
            ladder.rung(on_failure, f"{where}.on_failure")
        self._names = ladder.names
        self._model = model
        self._template = read_prompt(prompt_file, f"{where}.prompt_file")
        self._timeout_s = timeout_s
        self._on_failure = on_failure
        self._breaker = breaker or CircuitBreaker(clock=clock)
        self._cache = VerdictCache(cache_ttl_s, clock=clock)
        self._flights: SingleFlight[str] = SingleFlight()

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The tier that the model names; a failure gives the tier of the policy. No text: nothing is asked."""
        text = prompt_window(request.text)
        if not text.strip():
            return NOTHING_FIRED
        key = VerdictCache.key(text)
        if (known := self._cache.get(key)) is not None:
            return Forecast(tier=known, cause="llm", signals=(f"llm:{known}", "llm:cached"))
        try:
            tier = await self._flights.run(key, lambda: self._ask(text, calls))
        except ClassifierFailed as failure:
            return failed_forecast("llm", self._on_failure, str(failure))
        self._cache.put(key, tier)
        return Forecast(tier=tier, cause="llm", signals=(f"llm:{tier}",))

    async def _ask(self, text: str, calls: ModelCalls) -> str:
        if not self._breaker.allows():
            raise ClassifierFailed("circuit_open")
        call = ModelCall("classifier", self._model, self._messages(text), self._timeout_s, PARAMS)
        try:
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                answer = await calls.complete(call)
        except Exception as error:
            self._breaker.failed()
            raise ClassifierFailed(type(error).__name__) from error
        tier = read_tier(answer.text, self._names)
        if tier is None:
            self._breaker.failed()
            raise ClassifierFailed("unparsable")
        self._breaker.succeeded()
        return tier

    def _messages(self, text: str) -> Sequence[Mapping[str, object]]:
        """The instructions, and the request between lines that its author could not foresee."""
        boundary = f"=== request {secrets.token_hex(8)} ==="
        tiers = "\n".join(f"{place}. {name}" for place, name in enumerate(self._names, 1))
        system = self._template.substitute(tiers=tiers, boundary=boundary)
        question = f"Which tier? One word: {', '.join(self._names)}."
        user = f"{boundary}\n{text}\n{boundary}\n\n{question}"
        return ({"role": "system", "content": system}, {"role": "user", "content": user})


def read_prompt(prompt_file: str | Path | None, where: str) -> string.Template:
    """The instructions of a file, or the shipped ones.

    Raises:
        ConfigError: The file cannot be read, or does not hold exactly the placeholders ``$tiers`` and ``$boundary``.
    """
    if prompt_file is None:
        shipped = files("litellm_router_plugin.classifiers").joinpath("prompts/llm.txt")
        return string.Template(shipped.read_text(encoding="utf-8"))
    try:
        text = Path(prompt_file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(where, f"{str(prompt_file)!r} cannot be read: {error}", "Name a UTF-8 text file") from error
    template = string.Template(text)
    if len(text) > MAX_PROMPT_FILE_CHARS:
        raise ConfigError(where, f"{str(prompt_file)!r} has {len(text)} characters", f"Keep to {MAX_PROMPT_FILE_CHARS}")
    if not template.is_valid() or set(template.get_identifiers()) != PLACEHOLDERS:
        fix = (
            "Write $tiers where the tiers are listed, $boundary where the lines around the request are named, $$ for $"
        )
        raise ConfigError(where, f"{str(prompt_file)!r} must hold the placeholders $tiers and $boundary, no other", fix)
    return template


def read_tier(answer: str, names: Sequence[str]) -> str | None:
    """The one tier that an answer names; None when it names none or several.

    Case, quotes, punctuation and words around the name are ignored; a name inside a longer one does not count.
    """
    bare = answer.strip(string.punctuation + string.whitespace)
    if bare in names:
        return bare
    by_folded: dict[str, list[str]] = {}
    for name in names:
        by_folded.setdefault(name.casefold(), []).append(name)
    longest_first = sorted(by_folded, key=len, reverse=True)
    alternatives = "|".join(re.escape(name) for name in longest_first)
    named = set(re.findall(rf"(?<![^\W_])(?<!\w[-.])(?:{alternatives})(?![^\W_]|[-.]\w)", answer.casefold()))
    candidates = [name for folded in named for name in by_folded[folded]]
    return candidates[0] if len(candidates) == 1 else None
