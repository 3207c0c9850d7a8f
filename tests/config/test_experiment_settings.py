"""Settings of experiments."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.experiments import ExperimentSettings

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
