"""Patterns and keywords for tiers: the highest tier that fires wins. Tens of microseconds, no call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from litellm_router_plugin.classifiers.pattern_set import PatternSet, check_pattern
from litellm_router_plugin.classifiers.shipped import default_rules
from litellm_router_plugin.classifiers.words import whole_word_pattern
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError

Scope: TypeAlias = Literal["last_user", "all"]
TierPatterns: TypeAlias = Mapping[str, Sequence[str]]
Rule: TypeAlias = tuple[int, str, str]
"""Rung, signal, RE2 pattern."""

MAX_SIGNALS = 8
"""Signals told of one request; the rest adds nothing to a log."""
MAX_SIGNAL_CHARS = 80


class RulesClassifier:
    """Proposes the highest tier of which a pattern or keyword occurs in the text.

    Args:
        ladder: The tiers.
        patterns: Tier -> RE2 patterns, case ignored. None: the shipped ones.
        keywords: Tier -> words or phrases, matched whole, case ignored. None: the shipped ones.
        scope: ``last_user`` reads the last user message; ``all`` the system prompt and every turn.
        where: Path of these settings, for errors.

    Raises:
        ConfigError: A pattern that cannot be used, or patterns too large together.
        UnknownTier: A tier that the ladder does not have.
    """

    def __init__(
        self,
        ladder: Ladder,
        *,
        patterns: TierPatterns | None = None,
        keywords: TierPatterns | None = None,
        scope: Scope = "last_user",
        where: str = "classifier",
    ) -> None:
        rules: list[Rule] = []
        rules += _shipped_patterns(ladder) if patterns is None else _patterns(patterns, ladder, f"{where}.patterns")
        rules += _shipped_keywords(ladder) if keywords is None else _keywords(keywords, ladder, f"{where}.keywords")
        rules.sort(key=lambda rule: -rule[0])
        self._ladder = ladder
        self._scope = scope
        self._rules = tuple((rung, signal[:MAX_SIGNAL_CHARS]) for rung, signal, _ in rules)
        self._set = PatternSet([pattern for _, _, pattern in rules], where)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The highest tier that fired, with what fired as signals; nothing fired: the default tier."""
        del calls
        text = request.text if self._scope == "last_user" else whole_text(request)
        fired = self._set.matches(text)
        if not fired:
            return NOTHING_FIRED
        signals = tuple(self._rules[index][1] for index in fired[:MAX_SIGNALS])
        return Forecast(tier=self._ladder[self._rules[fired[0]][0]].name, cause="rule", signals=signals)


def whole_text(request: RequestView) -> str:
    """The system prompt and every kept turn of a conversation, one after another."""
    turns = [turn.text for turn in request.turns] or [request.text]
    return "\n".join([request.system, *turns])


def _patterns(given: TierPatterns, ladder: Ladder, where: str) -> Iterator[Rule]:
    for tier, patterns in given.items():
        rung = ladder.rung(tier, f"{where}.{tier}")
        for index, pattern in enumerate(patterns):
            check_pattern(pattern, f"{where}.{tier}[{index}]")
            yield rung, f"{tier}:/{pattern}/", pattern


def _keywords(given: TierPatterns, ladder: Ladder, where: str) -> Iterator[Rule]:
    for tier, keywords in given.items():
        rung = ladder.rung(tier, f"{where}.{tier}")
        for index, keyword in enumerate(keywords):
            pattern = whole_word_pattern(keyword)
            if not pattern:
                raise ConfigError(f"{where}.{tier}[{index}]", "the keyword is empty", "Remove it or give a word")
            yield rung, f"{tier}:{keyword}", pattern


def _shipped_patterns(ladder: Ladder) -> Iterator[Rule]:
    for tier, entries in default_rules(ladder).items():
        for entry in entries:
            for name, pattern in entry["patterns"].items():
                yield ladder.rung(tier), f"{tier}:{name}", pattern


def _shipped_keywords(ladder: Ladder) -> Iterator[Rule]:
    for tier, entries in default_rules(ladder).items():
        for entry in entries:
            for keyword in entry["keywords"]:
                yield ladder.rung(tier), f"{tier}:{keyword}", whole_word_pattern(keyword)
