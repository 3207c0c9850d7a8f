"""Set-ups whose prices cannot pay are refused or warned about at load, with the arithmetic."""

from __future__ import annotations

from decimal import Decimal

import pytest

from litellm_router_plugin.build_checks import check_cascade_pays
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import ConfigError

LADDER = Ladder((Tier("cheap", "small"), Tier("premium", "large")))


def price(usd: str) -> Price:
    return Price(Decimal(usd), Decimal(usd) * 4)


def prices(cheap: str, premium: str, judge: str | None = None) -> dict[str, Price | None]:
    return {"cheap": price(cheap), "premium": price(premium), "judge": None if judge is None else price(judge)}


def settings(ask: str = "always") -> CascadeSettings:
    return CascadeSettings.model_validate({"judge": {"model": "judge", "ask": ask}})


def test_a_judge_that_can_never_pay_is_refused_with_the_arithmetic() -> None:
    with pytest.raises(ConfigError, match=r"smart\.cascade\.judge\.model: .*never pay.*draft .*asking .*cheaper judge"):
        check_cascade_pays(settings(), "smart.cascade", LADDER, prices("1e-7", "2e-6", "5e-6"))


def test_a_cheap_judge_passes_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    check_cascade_pays(settings(), "smart.cascade", LADDER, prices("1e-7", "5e-6", "1e-7"))
    assert not caplog.records


def test_a_dear_judge_asked_only_in_doubt_is_not_refused() -> None:
    check_cascade_pays(settings("when_unsure"), "smart.cascade", LADDER, prices("1e-7", "2e-6", "5e-6"))


def test_tiers_of_nearly_one_price_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    check_cascade_pays(CascadeSettings(), "smart.cascade", LADDER, prices("3e-6", "4e-6"))
    assert "drafting on 'cheap' pays only if over 75%" in caplog.text


def test_unknown_prices_say_nothing(caplog: pytest.LogCaptureFixture) -> None:
    check_cascade_pays(settings(), "smart.cascade", LADDER, prices("1e-7", "2e-6"))
    assert not caplog.records
