"""``tier-router explain``: why this tier, and why not the next cheaper one."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from litellm_router_plugin.cli.explain import decision_in_words
from litellm_router_plugin.cli.explanation import Decided, explain_decision, in_words
from litellm_router_plugin.cli.main import build_app
from litellm_router_plugin.core.decisions import DecisionInputs, Lack, choose_tier
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import ConfigError

LADDER = Ladder(tuple(Tier(name, f"{name}-group") for name in ("cheap", "standard", "premium")))


def told(forecast: Forecast, default: str = "cheap", lacks: dict[str, Lack] | None = None) -> str:
    inputs = DecisionInputs(forecast=forecast, lacks=lacks or {})
    choice = choose_tier(LADDER, default, inputs)
    decided = Decided("smart", LADDER, default, choice.rung, choice.cause, forecast, inputs.lacks)
    return in_words(explain_decision(decided))


def test_at_the_cheapest_tier_there_is_nothing_cheaper_to_explain() -> None:
    said = told(Forecast())
    assert "cheap (cause default)" in said
    assert "nothing speaks for another tier" in said
    assert "why not cheaper" not in said


def test_a_default_above_the_bottom_is_named_as_the_reason() -> None:
    assert "why not cheaper: cheap: the default is standard" in told(Forecast(), default="standard")


def test_signals_for_the_chosen_tier_are_told() -> None:
    said = told(Forecast(tier="premium", cause="rule", signals=("premium:proof", "standard:step")))
    assert "standard: premium:proof fired; had nothing fired, it would be the default, cheap" in said


def test_estimates_of_both_tiers_are_compared() -> None:
    said = told(
        Forecast(
            tier="standard", cause="learned", p_success={"cheap": 0.4, "standard": 0.9}, difficulty=0.7, confidence=0.8
        )
    )
    assert "its model succeeds with P = 0.40, that of standard with 0.90" in said
    assert "difficulty: 0.70" in said
    assert "confidence: 0.80" in said


def test_what_the_cheaper_tier_lacks_is_told() -> None:
    said = told(Forecast(), lacks={"cheap": "context_window"})
    assert "standard (cause context_window)" in said
    assert said.count("context window is too small") == 2


def test_a_failed_classifier_is_named() -> None:
    assert "the classifier failed" in told(Forecast(tier="premium", failed=True))


def run(*arguments: str) -> tuple[int, str, BaseException | None]:
    shown = CliRunner().invoke(build_app("explain"), ["explain", *arguments])
    return shown.exit_code, shown.output, shown.exception


def test_the_command_explains_a_prompt_under_the_bundled_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    code, output, _ = run("--prompt", "Hello there", "--json")
    explained: dict[str, Any] = json.loads(output)
    assert code == 0
    assert (explained["router"], explained["tier"]) == ("smart", "cheap")


def test_wrong_use_is_told() -> None:
    assert run()[0] == 2
    assert run("abc", "--prompt", "x")[0] == 2
    assert isinstance(run("--prompt", "x", "--router", "other")[2], ConfigError)


def test_a_proxy_that_does_not_answer_is_told() -> None:
    code, output, _ = run("abc", "--url", "http://127.0.0.1:1")
    assert (code, "does not answer" in output) == (1, True)


def test_a_decision_of_the_proxy_is_told_in_words() -> None:
    attempt = {"tier": "cheap", "model": "gpt-4o-mini", "verdict": "reject", "failed_checks": ["empty"]}
    view = {
        "router": "smart",
        "tier": "standard",
        "cause": "rule",
        "signals": ["standard:code"],
        "escalated": True,
        "cost_usd": 0.001,
        "cost_state": "final",
        "savings_usd": 0.002,
        "attempts": [attempt],
    }
    said = decision_in_words(view)
    assert "attempt: cheap by gpt-4o-mini, reject, failed: empty" in said
    assert "cost: 0.001 USD (final)" in said
