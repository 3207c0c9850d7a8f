"""Settings of single routes."""

from __future__ import annotations

import pytest

from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.errors import ConfigError

TIERS = [{"name": "cheap", "model_group": "small"}, {"name": "premium", "model_group": "large"}]
GRADED = {"checks": ["default", "learned"], "judge": {"model": "nano"}}
CALIBRATED = {"intercepts": {"cheap": -0.4}, "learned_check": {"unsure": [0.6, 0.6]}, "judge_threshold": 0.8}


def parse(routes: object, **settings: object) -> TierRouterConfig:
    return parse_tier_router("smart", {"tiers": TIERS, "routes": routes, **settings})


def test_what_was_learned_of_a_route_is_taken() -> None:
    settings = parse({"support": CALIBRATED}, cascade=GRADED).routes["support"]
    assert settings.intercepts == {"cheap": -0.4}
    assert settings.learned_check is not None
    assert settings.learned_check.unsure == (0.6, 0.6)
    assert settings.judge_threshold == 0.8


def test_a_judge_that_only_an_arm_asks_may_have_a_threshold() -> None:
    arm = {"name": "judged", "share": 0.5, "set": {"cascade": GRADED}}
    assert parse({"support": CALIBRATED}, experiments=[arm]).routes["support"].judge_threshold == 0.8


@pytest.mark.parametrize(
    ("routes", "path", "problem"),
    [
        ({"support": {"intercepts": {"gold": 1.0}}}, "smart.routes.support.intercepts", "there is no tier 'gold'"),
        ({"support": {"intercepts": {"cheap": 99}}}, "smart.routes.support.intercepts.cheap", "99 is out of range"),
        ({"support": {"intercept": {"cheap": 1}}}, "smart.routes.support.intercept", "Did you mean 'intercepts'?"),
        ({"support": {}}, "smart.routes.support", "a route without settings"),
        ({"support": {"judge_threshold": 1.5}}, "smart.routes.support.judge_threshold", "1.5 is out of range"),
        ({"support": {"judge_threshold": 0.5}}, "smart.routes.support.judge_threshold", "no judge is asked"),
        ({"support": {"learned_check": {"unsure": [0.5, 0.5]}}}, "smart.routes.support.learned_check", "is off"),
        ({"support": {"learned_check": {"unsure": [0.7, 0.5]}}}, "smart.routes.support.learned_check", "no range"),
        ({"": CALIBRATED}, "smart.routes", "string should have at least 1 character"),
        ([CALIBRATED], "smart.routes", "expected a mapping, found a list"),
    ],
)
def test_mistakes_are_told_with_their_place(routes: object, path: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(routes)
    assert str(caught.value).startswith(path)
    assert problem in str(caught.value)
