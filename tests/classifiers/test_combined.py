"""What several classifiers say together, and which of them are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.combined import FirstClassifier, HighestClassifier, HybridClassifier
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ClassifierFailed

AtOnce = Callable[[Classifier, RequestView], Forecast]

NOTHING = Forecast()
CHEAP = Forecast("cheap", "rule", ("cheap:hi",))
STANDARD = Forecast("standard", "context", ("standard:words>300",))
PREMIUM = Forecast("premium", "rule", ("premium:prove",))
LEARNED = Forecast("standard", "learned", p_success={"cheap": 0.4}, confidence=0.7, difficulty=0.5)
LOST = Forecast("premium", "learned", confidence=0.2, abstained=True)
FAILED = Forecast(signals=("llm:failed:OSError",), failed=True)
FAILED_UP = Forecast("premium", "llm", ("llm:failed:OSError",), failed=True)

forecasts = st.sampled_from([NOTHING, CHEAP, STANDARD, PREMIUM, LEARNED, LOST, FAILED, FAILED_UP])


class Says:
    """Forecasts the same every time; counts how often it is asked."""

    def __init__(self, forecast: Forecast) -> None:
        self.said = forecast
        self.asked = 0

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        del request, calls
        self.asked += 1
        return self.said


class Fails:
    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:
        del request, calls
        raise ClassifierFailed("no artefact")


@pytest.mark.parametrize(
    ("said", "tier", "cause"),
    [
        ([NOTHING, NOTHING], None, "default"),
        ([CHEAP, STANDARD, NOTHING], "standard", "context"),
        ([PREMIUM, STANDARD], "premium", "rule"),
        ([STANDARD, LEARNED], "standard", "context"),
        ([FAILED, CHEAP], "cheap", "rule"),
        ([FAILED_UP, CHEAP], "premium", "llm"),
        ([FAILED_UP, PREMIUM], "premium", "rule"),
    ],
)
def test_the_highest_tier_that_any_proposes_wins(
    ladder: Ladder, at_once: AtOnce, said: list[Forecast], tier: str | None, cause: str
) -> None:
    forecast = at_once(HighestClassifier(ladder, [Says(one) for one in said]), RequestView())
    assert (forecast.tier, forecast.cause) == (tier, cause)


def test_once_the_top_tier_is_proposed_no_more_are_asked(ladder: Ladder, at_once: AtOnce) -> None:
    last = Says(CHEAP)
    at_once(HighestClassifier(ladder, [Says(PREMIUM), last]), RequestView())
    assert last.asked == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([NOTHING, CHEAP, PREMIUM], CHEAP),
        ([NOTHING, NOTHING], NOTHING),
        ([FAILED_UP, CHEAP], replace(CHEAP, signals=("cheap:hi", "llm:failed:OSError"))),
        ([LOST, CHEAP], replace(CHEAP)),
        ([LOST, NOTHING], LOST),
        ([NOTHING, FAILED_UP], FAILED_UP),
        ([NOTHING, FAILED], FAILED),
    ],
)
def test_the_first_that_knows_a_tier_is_heard(at_once: AtOnce, said: list[Forecast], expected: Forecast) -> None:
    assert at_once(FirstClassifier([Says(one) for one in said]), RequestView()) == expected


def test_after_the_first_that_knows_no_more_are_asked(at_once: AtOnce) -> None:
    last = Says(PREMIUM)
    at_once(FirstClassifier([Says(CHEAP), last]), RequestView())
    assert last.asked == 0


@pytest.mark.parametrize(
    ("local", "asks"),
    [
        (replace(LEARNED, confidence=0.59), True),
        (replace(LEARNED, confidence=0.6), False),
        (CHEAP, False),
        (NOTHING, True),
        (replace(LOST, confidence=0.9), True),
        (FAILED_UP, True),
    ],
)
def test_the_second_is_asked_exactly_where_the_local_one_does_not_know(
    at_once: AtOnce, local: Forecast, *, asks: bool
) -> None:
    second = Says(Forecast("premium", "llm", ("llm:premium",)))
    forecast = at_once(HybridClassifier(Says(local), second, ask_below=0.6), RequestView())
    assert second.asked == int(asks)
    assert forecast.tier == ("premium" if asks else local.tier)


def test_when_the_second_proposes_nothing_the_local_tier_stands_and_the_failure_is_told(at_once: AtOnce) -> None:
    unsure = replace(LEARNED, confidence=0.1)
    forecast = at_once(HybridClassifier(Says(unsure), Says(FAILED)), RequestView())
    assert forecast == replace(unsure, signals=("llm:failed:OSError",), failed=True)


def test_the_failure_tier_of_the_second_stands_above_an_unsure_local_tier(at_once: AtOnce) -> None:
    forecast = at_once(HybridClassifier(Says(replace(LEARNED, confidence=0.1)), Says(FAILED_UP)), RequestView())
    assert (forecast.tier, forecast.cause, forecast.failed) == ("premium", "llm", True)


def test_estimates_of_one_part_are_kept_when_another_decides(ladder: Ladder, at_once: AtOnce) -> None:
    forecast = at_once(HighestClassifier(ladder, [Says(LEARNED), Says(PREMIUM)]), RequestView())
    assert (forecast.tier, forecast.p_success, forecast.difficulty) == ("premium", {"cheap": 0.4}, 0.5)
    assert forecast.confidence is None


def test_a_part_without_a_failure_policy_leaves_the_others_to_speak(ladder: Ladder, at_once: AtOnce) -> None:
    assert at_once(HighestClassifier(ladder, [Fails(), Says(CHEAP)]), RequestView()).tier == "cheap"
    assert at_once(FirstClassifier([Fails(), Says(CHEAP)]), RequestView()).tier == "cheap"
    assert at_once(HybridClassifier(Fails(), Says(CHEAP)), RequestView()).tier == "cheap"
    alone = at_once(FirstClassifier([Fails()]), RequestView())
    assert alone == Forecast(signals=("Fails:failed:ClassifierFailed",), failed=True)


@given(st.lists(forecasts, min_size=1, max_size=5))
def test_highest_is_never_below_any_tier_that_was_proposed_and_first_is_one_of_them(
    ladder: Ladder, at_once: AtOnce, said: list[Forecast]
) -> None:
    proposed = [one.tier for one in said if one.tier is not None]
    parts = [Says(one) for one in said]
    assert at_once(HighestClassifier(ladder, parts), RequestView()).tier == ladder.highest(proposed)
    first = at_once(FirstClassifier(parts), RequestView()).tier
    assert (first in proposed) if proposed else (first is None)
