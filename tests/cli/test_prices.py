"""Prices of deployments, as LiteLLM would book them."""

from decimal import Decimal

import litellm
import pytest

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.host.prices import price_of

EXPLICIT = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "gpt-4o", "anthropic/claude-opus-4-5"])
def test_a_listed_model_has_the_price_that_litellm_books(model: str) -> None:
    price = price_of({"model": model})
    assert price is not None
    prompt, completion = litellm.cost_per_token(model=model, prompt_tokens=1000, completion_tokens=1000)
    assert float(1000 * price.input) == pytest.approx(prompt)
    assert float(1000 * price.output) == pytest.approx(completion)


def test_small_prices_lose_no_digits() -> None:
    assert price_of({"model": "x", "input_cost_per_token": 3.75e-08, "output_cost_per_token": 0}) == Price(
        Decimal("3.75E-8"), Decimal(0)
    )


def test_prices_of_the_deployment_win_over_the_list() -> None:
    explicit = Price(Decimal("0.000001"), Decimal("0.000002"))
    listed = price_of({"model": "openai/gpt-4o"})
    assert listed is not None
    cached = listed.cached_input
    assert price_of({"model": "openai/gpt-4o", **EXPLICIT}) == Price(explicit.input, explicit.output, cached)
    assert price_of({"model": "private/x"}, EXPLICIT) == explicit
    assert price_of({"model": "private/x", "input_cost_per_token": "1e-6", "output_cost_per_token": "2e-6"}) == explicit


def test_an_unlisted_model_has_no_price_unless_its_base_model_has_one() -> None:
    assert price_of({"model": "openai/private-name"}) is None
    assert price_of({"model": "openai/private-name"}, {"base_model": "gpt-4o"}) == price_of({"model": "openai/gpt-4o"})


def test_half_a_price_is_none() -> None:
    assert price_of({"model": "openai/private-name", "input_cost_per_token": 1e-6}) is None


@pytest.mark.parametrize("wrong", [True, "much", float("nan"), -1, None, [1]])
def test_what_is_no_price_is_not_taken_for_one(wrong: object) -> None:
    assert price_of({"model": "private/x", "input_cost_per_token": wrong, "output_cost_per_token": 1}) is None


def test_an_offline_model_is_priced_by_its_deployment_alone() -> None:
    assert price_of({"model": "offline/small"}, {"base_model": "gpt-4o"}) is None
