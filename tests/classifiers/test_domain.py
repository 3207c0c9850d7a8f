"""Which domain a request is taken for, and whose tier it gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.domain import Domain, DomainClassifier, shipped_domains
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import ConfigError, UnknownTier

AtOnce = Callable[[Classifier, RequestView], Forecast]

DOMAINS = {
    "code": Domain(patterns=["pyth.n", "```"], keywords=["bug"], tier="standard"),
    "law": Domain(keywords=["contract", "court"], tier="premium"),
    "chat": Domain(keywords=["weather"], tier="cheap"),
    "odd": Domain(keywords=["zebra"]),
}


@pytest.mark.parametrize(
    ("prompt", "domain", "tier"),
    [
        ("Write a Python function that sorts a list.", "code", "standard"),
        ("Solve the equation x^2 + 3x = 0.", "math", "premium"),
        ("My landlord broke the lease, can I sue in court?", "law", "premium"),
        ("A 54-year-old patient takes 20 mg; which symptoms matter for the diagnosis?", "medicine", "premium"),
        ("Write a poem with a sad tone.", "writing", "standard"),
    ],
)
def test_the_shipped_domains_place_plain_cases(
    ladder: Ladder, at_once: AtOnce, prompt: str, domain: str, tier: str
) -> None:
    forecast = at_once(DomainClassifier(ladder), RequestView(text=prompt))
    assert forecast == Forecast(tier, "domain", (f"domain:{domain}",))


@pytest.mark.parametrize("prompt", ["", "Hi there", "\ud800"])
def test_what_fits_no_shipped_domain_is_general_and_takes_the_default_tier(
    ladder: Ladder, at_once: AtOnce, prompt: str
) -> None:
    forecast = at_once(DomainClassifier(ladder), RequestView(text=prompt))
    assert forecast == Forecast(None, "default", ("domain:general",))


def test_the_shipped_domains_fit_a_ladder_of_two() -> None:
    ladder = Ladder((Tier("s", "s"), Tier("l", "l")))
    assert {domain.tier for domain in shipped_domains(ladder).values()} == {"l", None}


def test_the_domain_with_more_different_matches_wins(ladder: Ladder, at_once: AtOnce) -> None:
    classifier = DomainClassifier(ladder, domains=DOMAINS)
    assert at_once(classifier, RequestView(text="a python bug in court")).signals == ("domain:code",)
    assert at_once(classifier, RequestView(text="bug bug bug: contract, court")).signals == ("domain:law",)


def test_a_tie_goes_to_the_higher_tier(ladder: Ladder, at_once: AtOnce) -> None:
    classifier = DomainClassifier(ladder, domains=DOMAINS)
    assert at_once(classifier, RequestView(text="weather bug court")).tier == "premium"
    assert at_once(classifier, RequestView(text="zebra weather")).tier == "cheap"


def test_a_domain_without_a_tier_takes_the_default_tier_and_is_still_told(ladder: Ladder, at_once: AtOnce) -> None:
    classifier = DomainClassifier(ladder, domains=DOMAINS)
    assert at_once(classifier, RequestView(text="zebra")) == Forecast(None, "default", ("domain:odd",))


def test_the_fallback_gives_its_tier_where_nothing_matches(ladder: Ladder, at_once: AtOnce) -> None:
    classifier = DomainClassifier(ladder, domains=DOMAINS, fallback="chat")
    assert at_once(classifier, RequestView(text="?")) == Forecast("cheap", "domain", ("domain:chat",))


def test_bad_patterns_keywords_and_tiers_are_told_with_their_path(ladder: Ladder) -> None:
    with pytest.raises(ConfigError, match=r"^x\.classifier\.domains\.a\.patterns\[1\]: '\(' is no pattern"):
        DomainClassifier(ladder, domains={"a": Domain(patterns=["b", "("])}, where="x.classifier")
    with pytest.raises(ConfigError, match=r"domains\.a\.keywords\[0\]: the keyword is empty"):
        DomainClassifier(ladder, domains={"a": Domain(keywords=["  "])})
    with pytest.raises(UnknownTier, match=r"classifier\.domains\.a\.tier: there is no tier 'gold'"):
        DomainClassifier(ladder, domains={"a": Domain(tier="gold")})


@given(text=st.text(st.characters(), max_size=300))
def test_any_request_gets_one_domain_and_its_tier(ladder: Ladder, at_once: AtOnce, text: str) -> None:
    domains = shipped_domains(ladder)
    forecast = at_once(DomainClassifier(ladder), RequestView(text=text))
    (signal,) = forecast.signals
    assert forecast.tier == domains[signal.removeprefix("domain:")].tier
