"""Settings of experiments."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.experiments import ExperimentSettings
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.core.experiment_analysis import Goal, Metric
from litellm_router_plugin.errors import ConfigError

PREMIUM = {"name": "premium-10", "unit": "user", "share": 0.1, "set": {"tier": "premium"}}


def parse(**changes: object) -> ExperimentSettings:
    return ExperimentSettings.model_validate({**PREMIUM, **changes})


def test_the_example_of_the_docs_becomes_an_experiment() -> None:
    settings = parse()
    experiment = settings.to_experiment()
    assert settings.pinned_tier == "premium"
    assert dict(experiment.overrides) == {"tier": "premium"}
    assert experiment.definition == '{"tier":"premium"}'
    assert (experiment.name, experiment.unit, experiment.share, experiment.salt) == ("premium-10", "user", 0.1, "")


@pytest.mark.parametrize(("written", "meant"), [("off", False), (False, False), ("on", True), (True, True)])
def test_the_cascade_can_be_switched(written: object, meant: bool) -> None:  # noqa: FBT001 - an expectation
    assert parse(set={"cascade": written}).to_experiment().overrides["cascade"] is meant


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"share": 1.5}, "less than or equal to 1"),
        ({"share": -0.1}, "greater than or equal to 0"),
        ({"unit": "team"}, "'user', 'key', 'conversation' or 'request'"),
        ({"name": "two words"}, "String should match pattern"),
        ({"set": {}}, "changes nothing"),
        ({"set": {"tiers": []}}, "Extra inputs are not permitted"),
        ({"set": {"cascade": {"max_escalations": 99}}}, "less than or equal to 8"),
        ({"colour": 1}, "Extra inputs are not permitted"),
    ],
)
def test_mistakes_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        parse(**changes)


def test_other_settings_have_another_fingerprint() -> None:
    fingerprints = {
        parse(**changes).to_experiment().fingerprint
        for changes in (
            {},
            {"share": 0.2},
            {"salt": "b"},
            {"set": {"tier": "cheap"}},
            {"set": {"cascade": {"max_escalations": 1}}},
            {"set": {"cascade": {"max_escalations": 2}}},
        )
    }
    assert len(fingerprints) == 6


def test_tiers_and_code_that_an_arm_names_can_be_found() -> None:
    settings = parse(
        set={
            "min_tier": "standard",
            "classifier": {"type": "python", "path": "pkg.mod.Class", "on_failure": "cheap"},
        }
    )
    assert list(settings.arm.named_tiers()) == [("min_tier", "standard"), ("classifier.on_failure", "cheap")]
    assert [path for path, _ in references(settings)] == ["set.classifier.path"]


def test_without_a_goal_ratings_decide() -> None:
    assert parse().to_experiment().goal == Goal(Metric.RATING, 0.05, 0.95, 100_000)


def test_a_goal_is_taken_as_written_and_leaves_the_fingerprint_alone() -> None:
    written = {"metric": "cost_usd", "effect": 0.002, "confidence": 0.9, "patience": None}
    experiment = parse(goal=written).to_experiment()
    assert experiment.goal == Goal(Metric.COST, 0.002, 0.9, None)
    assert experiment.fingerprint == parse().to_experiment().fingerprint


@pytest.mark.parametrize(
    ("goal", "path", "problem"),
    [
        ({"metric": "cost_usd"}, "goal", "give the smallest difference in USD per request that matters"),
        ({"metric": "rating", "effect": 1.5}, "goal", "effect 1.5 of a rating, which lies in 0..1; give less"),
        ({"effect": 0}, "goal.effect", "greater than 0"),
        ({"effect": float("nan")}, "goal.effect", "finite number"),
        ({"metric": "speed"}, "goal.metric", "'rating', 'escalation' or 'cost_usd'"),
        ({"confidence": 95}, "goal.confidence", "less than 1"),
        ({"patience": 0}, "goal.patience", "greater than or equal to 1"),
        ({"metrics": "rating"}, "goal.metrics", "Extra inputs"),
    ],
)
def test_a_goal_that_decides_nothing_is_refused(goal: dict[str, object], path: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(problem)) as refused:
        parse(goal=goal)
    assert ".".join(map(str, refused.value.errors()[0]["loc"])) == path


LADDER = [{"name": name, "model_group": name} for name in ("a-cheap", "b-dear")]
CASCADE = {"checks": "default"}


@pytest.mark.parametrize(
    ("arm", "others", "path", "problem"),
    [
        ({"min_tier": "b-dear", "max_tier": "a-cheap"}, {}, "min_tier", "'b-dear' is above max_tier, 'a-cheap'"),
        ({"cascade": "off"}, {}, "cascade", "this router has no cascade to switch off"),
        ({"cascade": "on"}, {}, "cascade", "this router's cascade is not there: the arm changes nothing"),
        ({"cascade": "on"}, {"cascade": CASCADE}, "cascade", "cascade is on already: the arm changes nothing"),
        ({"tier": "gold"}, {}, "tier", "there is no tier 'gold'"),
    ],
)
def test_an_arm_that_cannot_differ_is_refused_with_its_path(
    arm: dict[str, object], others: dict[str, object], path: str, problem: str
) -> None:
    raw = {"tiers": LADDER, "experiments": [{**PREMIUM, "set": arm}], **others}
    with pytest.raises(ConfigError, match=re.escape(problem)) as refused:
        parse_tier_router("smart", raw)
    assert refused.value.path == f"smart.experiments[0].set.{path}"


@pytest.mark.parametrize(
    ("arm", "others"),
    [
        ({"cascade": "off"}, {"cascade": CASCADE}),
        ({"cascade": CASCADE}, {}),
        ({"cascade": "on", "tier": "b-dear"}, {"cascade": CASCADE}),
        ({"min_tier": "a-cheap", "max_tier": "b-dear"}, {}),
    ],
)
def test_an_arm_that_differs_is_taken(arm: dict[str, object], others: dict[str, object]) -> None:
    raw = {"tiers": LADDER, "experiments": [{**PREMIUM, "set": arm}], **others}
    assert parse_tier_router("smart", raw).experiments[0].arm.changed


def test_two_experiments_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="'premium-10' is the name of an earlier experiment") as refused:
        parse_tier_router("smart", {"tiers": LADDER, "experiments": [{**PREMIUM, "set": {"tier": "b-dear"}}] * 2})
    assert refused.value.path == "smart.experiments[1].name"
