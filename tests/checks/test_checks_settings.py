from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from litellm_router_plugin.checks.defaults import DETERMINISTIC
from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.checks import (
    DEFAULT_CHECKS,
    AgreementCheckSettings,
    CheckSettings,
    LearnedCheckSettings,
    PythonCheckSettings,
    enabled_checks,
)

ADAPTER: TypeAdapter[CheckSettings] = TypeAdapter(CheckSettings)


def names(raw: object) -> tuple[str, ...]:
    return tuple(enabled_checks(ADAPTER.validate_python(raw)))


def test_default_stands_for_the_deterministic_checks() -> None:
    assert names("default") == DEFAULT_CHECKS == tuple(DETERMINISTIC)


def test_a_list_names_checks_and_may_build_on_the_default() -> None:
    assert names(["truncated", "empty"]) == ("empty", "truncated")
    assert names(["default", "learned"]) == (*DEFAULT_CHECKS, "learned")
    assert names([]) == ()


def test_a_mapping_gives_settings() -> None:
    raw = {
        "default": None,
        "agreement": {"model_group": "haiku"},
        "learned": {"unsure": [0.2, 0.8]},
        "python": {"path": "pkg.mod.fn"},
    }
    enabled = enabled_checks(ADAPTER.validate_python(raw))
    assert enabled["agreement"] == AgreementCheckSettings(model_group="haiku", on="verifiable")
    assert enabled["learned"] == LearnedCheckSettings(unsure=(0.2, 0.8))
    assert enabled["python"] == PythonCheckSettings(path="pkg.mod.fn")
    assert names({"empty": None}) == ("empty",)
    assert names([{"python": {"path": "a.b"}}, "empty"]) == ("empty", "python")


def test_the_bare_yaml_key_on_is_understood() -> None:
    enabled = enabled_checks(ADAPTER.validate_python({"agreement": {"model_group": "haiku", True: "verifiable"}}))
    assert enabled["agreement"] == AgreementCheckSettings(model_group="haiku")


def test_what_is_dumped_can_be_read_again() -> None:
    for raw in ("default", ["default", "learned"], {"python": {"path": "a.b", "on_failure": "escalate"}}):
        settings = ADAPTER.validate_python(raw)
        assert ADAPTER.validate_python(ADAPTER.dump_python(settings)) == settings


def test_a_dotted_path_is_found_as_a_reference() -> None:
    settings = ADAPTER.validate_python({"python": {"path": "a.b"}})
    assert list(references(settings, "checks")) == [("checks.python.path", "dotted path")]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (["lenght"], "there is no check 'lenght'. The checks are: default, empty, refusal"),
        ({"lenght": {}}, "there is no check 'lenght'"),
        ([7], "there is no check '7'"),
        (["agreement"], "the check 'agreement' needs settings. Write {agreement: {model_group: GROUP}}"),
        ({"python": None}, "the check 'python' needs settings"),
        ({"learned": {"unsure": [0.8, 0.2]}}, "Give the lower number first"),
        ({"learned": {"unsure": [0.2, 1.2]}}, "less than or equal to 1"),
        ({"agreement": {"model_group": "haiku", "on": "prose"}}, "Input should be 'verifiable'"),
        ({"empty": {"min": 3}}, "Extra inputs are not permitted"),
        ("all", "Input should be 'default'"),
        (3, "Input should be a valid dictionary"),
    ],
)
def test_mistakes_are_refused_with_what_is_known(raw: object, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.validate_python(raw)
    assert message in str(refused.value)
