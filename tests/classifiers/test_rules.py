"""Which tier patterns and keywords propose, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.rules import MAX_SIGNALS, RulesClassifier, Scope
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView, Turn
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import ConfigError, UnknownTier

AtOnce = Callable[[Classifier, RequestView], Forecast]

any_text = st.text(st.characters(), max_size=200)
turns = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant", "tool"]), any_text), max_size=4)
views = st.builds(RequestView, text=any_text, system=any_text, turns=turns.map(tuple))


def ladder_of(*names: str) -> Ladder:
    return Ladder(tuple(Tier(name, name) for name in names))


@pytest.mark.parametrize(
    ("prompt", "tier"),
    [
        ("Hi", "cheap"),
        ("hello there!", "cheap"),
        ("What is the capital of France?", "cheap"),
        ("thanks!", "cheap"),
        ("Summarise this article in three lines.", "standard"),
        ("Translate this to German: the house is red.", "standard"),
        ("Write a Python function that sorts a list.", "standard"),
        ("Explain how TCP works.", "standard"),
        ("Prove that the square root of 2 is irrational.", "premium"),
        ("Design a distributed rate limiter for our API.", "premium"),
        ("There is a race condition in this code, find it.", "premium"),
        ("What are the legal implications of scraping?", "premium"),
        ("Give a differential diagnosis for these symptoms.", "premium"),
    ],
)
def test_the_shipped_rules_place_plain_cases(ladder: Ladder, at_once: AtOnce, prompt: str, tier: str) -> None:
    forecast = at_once(RulesClassifier(ladder), read_request([{"role": "user", "content": prompt}]))
    assert (forecast.tier, forecast.cause) == (tier, "rule")


@pytest.mark.parametrize("prompt", ["", "   ", "the weather has been odd of late, I find", "\ud800\x00"])
def test_nothing_fires_is_the_plain_default(ladder: Ladder, at_once: AtOnce, prompt: str) -> None:
    assert at_once(RulesClassifier(ladder), RequestView(text=prompt)) == Forecast()


def test_the_highest_tier_that_fires_wins_and_its_signals_come_first(ladder: Ladder, at_once: AtOnce) -> None:
    rules = RulesClassifier(ladder, patterns={"standard": ["cod."]}, keywords={"cheap": ["hi"], "premium": ["prove"]})
    forecast = at_once(rules, RequestView(text="hi, PROVE the code"))
    assert forecast == Forecast("premium", "rule", ("premium:prove", "standard:/cod./", "cheap:hi"))


def test_two_tiers_take_the_middle_rules_up(at_once: AtOnce) -> None:
    rules = RulesClassifier(ladder_of("small", "big"))
    assert at_once(rules, RequestView(text="Translate this")).tier == "big"
    assert at_once(rules, RequestView(text="Prove that it holds")).tier == "big"
    assert at_once(rules, RequestView(text="hello")).tier == "small"


def test_longer_ladders_of_any_names_are_served_at_their_ends_and_middle(at_once: AtOnce) -> None:
    rules = RulesClassifier(ladder_of("a", "b", "c", "d", "e"))
    texts = ("hello", "Translate this", "Prove that it holds")
    assert [at_once(rules, RequestView(text=text)).tier for text in texts] == ["a", "c", "e"]


def test_given_lists_replace_the_shipped_ones_each_by_itself(ladder: Ladder, at_once: AtOnce) -> None:
    only_patterns = RulesClassifier(ladder, patterns={"premium": ["invoice"]}, keywords={})
    assert at_once(only_patterns, RequestView(text="Prove this theorem")) == Forecast()
    with_shipped_keywords = RulesClassifier(ladder, patterns={"premium": ["invoice"]})
    assert at_once(with_shipped_keywords, RequestView(text="this theorem")).signals == ("premium:theorem",)


@pytest.mark.parametrize(
    ("keyword", "text", "fires"),
    [
        ("prove", "Prove.", True),
        ("prove", "improved proven", False),
        ("prove", "éprove", False),
        ("prove", "a — prove — b", True),
        ("über", "ist ÜBER uns", True),
        ("über", "rüber", False),
        ("c++", "learn C++ now", True),
        ("c++", "c+", False),
        ("unit test", "a unit\n  test", True),
        ("unit test", "unit tests", False),
        ("証明", "この定理を証明してください", True),
        ("a.b", "axb", False),
    ],
)
def test_keywords_stand_by_themselves_in_any_script(
    ladder: Ladder, at_once: AtOnce, keyword: str, text: str, *, fires: bool
) -> None:
    rules = RulesClassifier(ladder, patterns={}, keywords={"premium": [keyword]})
    assert (at_once(rules, RequestView(text=text)).tier == "premium") is fires


@pytest.mark.parametrize(("scope", "tier"), [("last_user", None), ("all", "premium")])
def test_scope_all_reads_the_system_prompt_and_earlier_turns(
    ladder: Ladder, at_once: AtOnce, scope: Scope, tier: str | None
) -> None:
    rules = RulesClassifier(ladder, patterns={}, keywords={"premium": ["prove"]}, scope=scope)
    earlier = read_request([{"role": "user", "content": "prove it"}, {"role": "user", "content": "go on"}])
    system = read_request([{"role": "system", "content": "you prove"}, {"role": "user", "content": "go on"}])
    assert [at_once(rules, request).tier for request in (earlier, system)] == [tier, tier]


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?=a)b", r"(?<!x)y", "("])
def test_a_pattern_re2_refuses_is_told_with_its_path_and_why(ladder: Ladder, pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"^smart\.classifier\.patterns\.premium\[1\]: .* is no pattern") as error:
        RulesClassifier(ladder, patterns={"premium": ["fine", pattern]}, where="smart.classifier")
    assert repr(pattern) in str(error.value)
    assert "no lookaround, no backreference" in error.value.fix


@pytest.mark.parametrize("pattern", ["", ".*", "a*", "(?:x|)"])
def test_a_pattern_that_fires_on_everything_is_refused(ladder: Ladder, pattern: str) -> None:
    with pytest.raises(ConfigError, match="matches every text"):
        RulesClassifier(ladder, patterns={"premium": [pattern]})


def test_patterns_too_large_together_are_refused(ladder: Ladder) -> None:
    huge = [rf"{n}x\pL{{50}}" for n in range(60)]
    with pytest.raises(ConfigError, match="60 patterns and keywords are too large together"):
        RulesClassifier(ladder, patterns={"premium": huge}, keywords={})


def test_one_pattern_that_is_too_large_is_refused_with_the_way_out(ladder: Ladder) -> None:
    with pytest.raises(ConfigError, match=r"patterns\.premium\[0\]: .*pattern too large.*Use smaller counts"):
        RulesClassifier(ladder, patterns={"premium": [r"\pL{999}"]})


def test_an_empty_keyword_and_an_unknown_tier_are_refused_with_their_path(ladder: Ladder) -> None:
    with pytest.raises(ConfigError, match=r"classifier\.keywords\.cheap\[0\]: the keyword is empty"):
        RulesClassifier(ladder, keywords={"cheap": [" "]})
    with pytest.raises(UnknownTier, match=r"classifier\.patterns\.gold: there is no tier 'gold'"):
        RulesClassifier(ladder, patterns={"gold": ["x"]})


def test_signals_are_few_and_short(ladder: Ladder, at_once: AtOnce) -> None:
    rules = RulesClassifier(ladder, patterns={"premium": [f"a{'b?' * n}" for n in range(1, 90)]}, keywords={})
    signals = at_once(rules, RequestView(text="a")).signals
    assert len(signals) == MAX_SIGNALS
    long = RulesClassifier(ladder, patterns={"premium": ["a" + "b?" * 200]}, keywords={})
    assert len(at_once(long, RequestView(text="a")).signals[0]) <= 80


@given(request=views, scope=st.sampled_from(["last_user", "all"]))
def test_any_request_gets_a_forecast(ladder: Ladder, at_once: AtOnce, request: RequestView, scope: Scope) -> None:
    forecast = at_once(RulesClassifier(ladder, scope=scope), request)
    assert forecast.tier in (None, *ladder.names)
    assert (forecast.tier is None) == (forecast.cause == "default") == (not forecast.signals)


@given(text=any_text)
def test_signals_never_depend_on_more_of_the_text_than_whether_a_rule_fired(
    ladder: Ladder, at_once: AtOnce, text: str
) -> None:
    rules = RulesClassifier(ladder, patterns={"premium": ["[a-z]+"]}, keywords={})
    assert at_once(rules, RequestView(text=text)).signals in ((), ("premium:/[a-z]+/",))
