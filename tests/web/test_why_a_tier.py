"""The reasons of a decision in words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from litellm_router_plugin.core.decisions import CAUSES
from litellm_router_plugin.core.ports import CallRole
from litellm_router_plugin.web.why import CAUSE_WORDS, CLASSIFIERS, start_tier, why_not_cheaper, why_tier

TIERS = ("cheap", "standard", "premium")


def view(**facts: Any) -> dict[str, Any]:
    return {
        "tier": "standard",
        "start_tier": "standard",
        "cause": "learned",
        "signals": [],
        "escalated": False,
        "attempts": [],
        "p_success": {},
        **facts,
    }


def test_every_cause_has_its_words() -> None:
    assert {*CAUSE_WORDS, *CLASSIFIERS} == {*CAUSES}
    assert "attempt" in get_args(CallRole)


@pytest.mark.parametrize("cause", CAUSES)
def test_the_reason_is_a_sentence_without_holes(cause: str) -> None:
    told = why_tier(view(cause=cause, experiment="premium-10"))
    assert told[0].isupper()
    assert told.endswith(".")
    assert "{" not in told
    assert "None" not in told


def test_a_classifier_says_what_fired() -> None:
    assert why_tier(view(cause="rule", signals=["keyword: proof"])) == (
        "The rule classifier proposes standard (keyword: proof)."
    )


def test_an_escalation_says_which_check_rejected_the_draft() -> None:
    drafted = view(
        start_tier="cheap",
        escalated=True,
        attempts=[
            {"tier": "cheap", "verdict": "reject", "failed_checks": ["refusal"]},
            {"tier": "standard"},
        ],
    )
    assert why_tier(drafted) == (
        "The learned classifier proposes cheap; cheap's answer was rejected by refusal, so it moved up to standard."
    )
    assert why_not_cheaper(drafted, TIERS) == "Not cheap: it was tried, and its answer was rejected by refusal."


def test_a_cheaper_tier_whose_provider_failed_is_said_to_have_failed() -> None:
    failed = view(start_tier="cheap", attempts=[{"tier": "cheap", "status": "failed"}, {"tier": "standard"}])
    assert why_not_cheaper(failed, TIERS) == "Not cheap: it was tried, and its provider failed."


def test_a_forecast_is_compared_with_that_of_the_cheaper_tier() -> None:
    told = why_not_cheaper(view(p_success={"cheap": 0.42, "standard": 0.91}), TIERS)
    assert told == "Not cheap: it was expected to succeed with P = 0.42, against 0.91 for standard."


def test_a_cause_that_overrides_the_classifier_does_not_quote_the_forecast() -> None:
    told = why_not_cheaper(view(cause="pinned", p_success={"cheap": 0.42, "standard": 0.91}), TIERS)
    assert told is not None
    assert "0.42" not in told


def test_nothing_is_cheaper_than_the_cheapest_and_nothing_is_known_of_a_tier_that_is_gone() -> None:
    assert why_not_cheaper(view(tier="cheap"), TIERS) is None
    assert why_not_cheaper(view(tier="gone"), TIERS) is None


def test_the_first_call_stands_for_a_start_tier_that_was_not_kept() -> None:
    assert start_tier(view(start_tier="", attempts=[{"tier": "cheap"}])) == "cheap"
    assert start_tier(view(start_tier="")) == "standard"
