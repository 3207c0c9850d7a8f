"""How large the conversation is: over a tier's limits, the request goes at least to that tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from litellm_router_plugin.classifiers.positions import Position, tier_at
from litellm_router_plugin.classifiers.words import count_words
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import HEAD_CHARS, MAX_SYSTEM_CHARS, MAX_TURNS, TAIL_CHARS, RequestView
from litellm_router_plugin.core.tiers import Ladder

Measure: TypeAlias = Literal["words", "code_blocks", "turns", "tools"]
Limits: TypeAlias = Mapping[Measure, int]

DEFAULT_LIMITS: Mapping[Position, Limits] = {
    "middle": {"words": 300, "code_blocks": 0},
    "highest": {"words": 1_000, "code_blocks": 3},
}
"""What a conversation may hold below the middle and below the top of a ladder (a guess, not tuned)."""
FENCE = "```"


class ContextClassifier:
    """Proposes the highest tier of which any limit is exceeded by the whole conversation.

    Args:
        ladder: The tiers.
        limits: Tier -> measure -> the most that stays below this tier. None or empty: the shipped ones.
        where: Path of these settings, for errors.

    Raises:
        UnknownTier: A tier that the ladder does not have.
    """

    def __init__(
        self, ladder: Ladder, *, limits: Mapping[str, Limits] | None = None, where: str = "classifier"
    ) -> None:
        given = limits or shipped_limits(ladder)
        self._ladder = ladder
        self._limits = sorted(
            ((ladder.rung(tier, f"{where}.{tier}"), dict(of)) for tier, of in given.items()), reverse=True, key=_rung
        )
        self._measures = tuple(measure for measure in MEASURES if any(measure in of for _, of in self._limits))

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The highest tier of which a limit is exceeded, with the limits as signals; none: the default tier."""
        del calls
        sizes = {measure: MEASURES[measure](request) for measure in self._measures}
        for rung, limits in self._limits:
            tier = self._ladder[rung].name
            over = tuple(f"{tier}:{name}>{limit}" for name, limit in limits.items() if sizes[name] > limit)
            if over:
                return Forecast(tier=tier, cause="context", signals=over)
        return NOTHING_FIRED


def shipped_limits(ladder: Ladder) -> dict[str, Limits]:
    """The shipped limits with the tiers of a ladder; where both positions are one tier, the lower limits hold."""
    limits: dict[str, Limits] = {}
    for position, of in DEFAULT_LIMITS.items():
        limits.setdefault(tier_at(position, ladder), of)
    return limits


def words_in(request: RequestView) -> int:
    """Words of all turns; where turns were cut, scaled up by the characters that are missing. No system prompt."""
    texts = _texts(request)
    seen = sum(len(text) for text in texts)
    words = sum(count_words(text) for text in texts)
    uncut = _uncut_chars(request, seen)
    return words if uncut <= seen else round(words * uncut / max(seen, 1))


def code_blocks_in(request: RequestView) -> int:
    """Fenced code blocks of all turns as far as they are kept; one that is left open counts."""
    return sum((text.count(FENCE) + 1) // 2 for text in _texts(request))


MEASURES: Mapping[Measure, Callable[[RequestView], int]] = {
    "words": words_in,
    "code_blocks": code_blocks_in,
    "turns": lambda request: len(request.turns),
    "tools": lambda request: len(request.tools),
}


def _texts(request: RequestView) -> list[str]:
    return [turn.text for turn in request.turns] or [request.text]


def _uncut_chars(request: RequestView, seen: int) -> int:
    """Characters of all turns. The system prompt's are taken off the request's total where they are known."""
    if seen < HEAD_CHARS + TAIL_CHARS and len(request.turns) < MAX_TURNS:
        return seen  # too little is kept for anything to have been cut
    if len(request.system) < MAX_SYSTEM_CHARS:
        return max(seen, request.chars - len(request.system))
    return seen + max(0, request.text_chars - len(request.text))


def _rung(entry: tuple[int, object]) -> int:
    return entry[0]
