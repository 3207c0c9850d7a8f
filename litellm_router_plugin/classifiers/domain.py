"""Which domain a request is from, told by patterns and keywords; each domain has its tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litellm_router_plugin.classifiers.pattern_set import PatternSet, check_pattern
from litellm_router_plugin.classifiers.positions import tier_at
from litellm_router_plugin.classifiers.shipped import default_domains
from litellm_router_plugin.classifiers.words import whole_word_pattern
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError

GENERAL = "general"
"""The domain of what belongs to no other, unless the settings name another one."""


@dataclass(frozen=True, slots=True)
class Domain:
    """What tells a domain, and the tier of its requests.

    Attributes:
        patterns: RE2 patterns, case ignored.
        keywords: Words or phrases, matched whole, case ignored.
        tier: The tier's name; None: the default tier.
    """

    patterns: Sequence[str] = ()
    keywords: Sequence[str] = ()
    tier: str | None = None


class DomainClassifier:
    """Proposes the tier of the domain of which the most different patterns and keywords occur.

    Args:
        ladder: The tiers.
        domains: Domain name -> domain. None: the shipped ones.
        fallback: The domain of a request in which nothing matches; without an entry in ``domains`` it is a name only.
        where: Path of these settings, for errors.

    Raises:
        ConfigError: A pattern that cannot be used, or patterns too large together.
        UnknownTier: A tier that the ladder does not have.
    """

    def __init__(
        self,
        ladder: Ladder,
        *,
        domains: Mapping[str, Domain] | None = None,
        fallback: str = GENERAL,
        where: str = "classifier",
    ) -> None:
        known = shipped_domains(ladder) if domains is None else domains
        rungs = {
            name: -1 if domain.tier is None else ladder.rung(domain.tier, f"{where}.domains.{name}.tier")
            for name, domain in known.items()
        }
        marks = [(name, mark) for name, domain in known.items() for mark in _marks(name, domain, where)]
        self._rungs = rungs
        self._tiers = {name: domain.tier for name, domain in known.items()}
        self._fallback = fallback
        self._domain_of = tuple(name for name, _ in marks)
        self._set = PatternSet([mark for _, mark in marks], where)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        """The tier of the domain with the most matches; of equal ones the higher tier, then the one named first."""
        del calls
        matches = Counter(self._domain_of[index] for index in self._set.matches(request.text))
        name = max(matches, key=lambda domain: (matches[domain], self._rungs[domain]), default=self._fallback)
        tier = self._tiers.get(name)
        return Forecast(tier=tier, cause="default" if tier is None else "domain", signals=(f"domain:{name}",))


def shipped_domains(ladder: Ladder) -> dict[str, Domain]:
    """The shipped domains with the tiers of a ladder."""
    return {
        name: Domain(
            data["patterns"], data["keywords"], None if data["position"] is None else tier_at(data["position"], ladder)
        )
        for name, data in default_domains().items()
    }


def _marks(name: str, domain: Domain, where: str) -> list[str]:
    """The patterns of one domain, its keywords among them."""
    for index, pattern in enumerate(domain.patterns):
        check_pattern(pattern, f"{where}.domains.{name}.patterns[{index}]")
    words = [whole_word_pattern(keyword) for keyword in domain.keywords]
    if "" in words:
        path = f"{where}.domains.{name}.keywords[{words.index('')}]"
        raise ConfigError(path, "the keyword is empty", "Remove it or give a word")
    return [*domain.patterns, *words]
