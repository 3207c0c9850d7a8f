"""Mistakes in settings are refused with the path of the key, what is wrong, and how to fix it."""

from __future__ import annotations

from typing import Any

import pytest
from core_strategies import json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.config.mistakes import keys_of, shown
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.config.tiers import ALLOWED_PARAMS
from litellm_router_plugin.errors import ConfigError, ConfigErrors

CHEAP = {"name": "cheap", "model_group": "mini"}
PREMIUM = {"name": "premium", "model_group": "large"}
TIERS = "The tiers are: cheap, premium"
HERE = ", ".join(keys_of(TierRouterConfig))


def settings(**changes: object) -> dict[str, object]:
    return {"tiers": [CHEAP, PREMIUM], **changes}


def rules(**keywords: object) -> dict[str, object]:
    return {"type": "rules", "keywords": keywords}


def experiment(**arm: object) -> dict[str, object]:
    return {"name": "e", "share": 0.1, "set": arm}


def problems(raw: object, *, trusted: bool = True) -> list[tuple[str, str, str]]:
    """Path, problem and fix of everything that is wrong."""
    with pytest.raises(ConfigError) as caught:
        parse_tier_router("smart", raw, trusted=trusted)
    error = caught.value
    errors = error.errors if isinstance(error, ConfigErrors) else (error,)
    return [(one.path, one.problem, one.fix) for one in errors]


UNKNOWN_KEYS: list[tuple[dict[str, object], str, str]] = [
    ({"clasifier": {}}, "smart.clasifier", "Did you mean 'classifier'?"),
    ({"tier": 1}, "smart.tier", "Did you mean 'tiers'?"),
    ({"zzz": 1}, "smart.zzz", f"Remove it. The keys here are: {HERE}"),
    ({"classifier": {"type": "rules", "keyword": {}}}, "smart.classifier.keyword", "Did you mean 'keywords'?"),
    (
        {"classifier": {"type": "highest", "of": [{"type": "llm", "model": "m", "timeout": 3}]}},
        "smart.classifier.of[0].timeout",
        "Did you mean 'timeout_s'?",
    ),
    ({"classifier": {"type": "context", "cheap": {"word": 3}}}, "smart.classifier.cheap.word", "Did you mean 'words'?"),
    (
        {"classifier": {"type": "domain", "domains": {"code": {"patern": []}}}},
        "smart.classifier.domains.code.patern",
        "Did you mean 'patterns'?",
    ),
    (
        {"cascade": {"judge": {"model": "m", "treshold": 1}}},
        "smart.cascade.judge.treshold",
        "Did you mean 'threshold'?",
    ),
    (
        {"cascade": {"checks": {"agreement": {"model_group": "g", "when": 1}}}},
        "smart.cascade.checks.agreement.when",
        "Remove it. The keys here are: model_group, on",
    ),
    ({"conversation": {"ttl": 3}}, "smart.conversation.ttl", "Did you mean 'ttl_s'?"),
    ({"store": {"prompt": "none"}}, "smart.store.prompt", "Did you mean 'prompts'?"),
    ({"experiments": [experiment(tear="cheap")]}, "smart.experiments[0].set.tear", "Did you mean 'tier'?"),
    (
        {"experiments": [experiment(cascade={"max_escalation": 1})]},
        "smart.experiments[0].set.cascade.max_escalation",
        "Did you mean 'max_escalations'?",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fix"), UNKNOWN_KEYS)
def test_an_unknown_key_is_told_with_the_key_that_was_probably_meant(
    changes: dict[str, object], path: str, fix: str
) -> None:
    assert problems(settings(**changes)) == [(path, "unknown key", fix)]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({}, "smart.tiers"),
        (settings(classifier={"type": "llm"}), "smart.classifier.model"),
        (settings(classifier={"type": "hybrid", "local": {"type": "rules"}}), "smart.classifier.llm"),
        (settings(cascade={"judge": {}}), "smart.cascade.judge.model"),
        (settings(cascade={"checks": {"python": {}}}), "smart.cascade.checks.python.path"),
        (settings(experiments=[{"name": "e", "share": 0.1}]), "smart.experiments[0].set"),
        ({"tiers": [{"name": "cheap"}, PREMIUM]}, "smart.tiers[0].model_group"),
    ],
)
def test_a_missing_key_is_named(raw: dict[str, object], path: str) -> None:
    assert problems(raw) == [(path, "this key is required", "Add it")]


@pytest.mark.parametrize(
    ("changes", "path", "problem", "fix"),
    [
        ({"tiers": "cheap"}, "smart.tiers", "expected a list, found 'cheap'", "Write it in [ ]"),
        ({"tiers": [CHEAP]}, "smart.tiers", "expected at least 2 entries, found 1", "Add the missing ones"),
        ({"default_tier": 3}, "smart.default_tier", "expected a text, found 3", "Put it in quotes"),
        ({"cascade": True}, "smart.cascade", "expected a mapping, found true", "Write its keys below it"),
        ({"cascade": {"checks": 3}}, "smart.cascade.checks", "expected a mapping, found 3", "Write its keys below it"),
        ({"mode": "watch"}, "smart.mode", "expected 'route' or 'observe', found 'watch'", "Write one of these"),
        (
            {"cascade": {"max_escalations": "two"}},
            "smart.cascade.max_escalations",
            "expected a whole number, found 'two'",
            "Write a whole number",
        ),
        (
            {"cascade": {"max_escalations": -1}},
            "smart.cascade.max_escalations",
            "-1 is out of range",
            "It must be greater than or equal to 0",
        ),
        (
            {"cascade": {"max_extra_cost_usd": "five cents"}},
            "smart.cascade.max_extra_cost_usd",
            "expected a number, found 'five cents'",
            "Write a number",
        ),
        (
            {"conversation": {"sticky": "maybe"}},
            "smart.conversation.sticky",
            "expected true or false, found 'maybe'",
            "Write true or false",
        ),
        (
            {"classifier": rules(cheap="word")},
            "smart.classifier.keywords.cheap",
            "expected a list, found 'word'",
            "Write it in [ ]",
        ),
        (
            {"classifier": "rules"},
            "smart.classifier",
            "expected a classifier such as {type: rules}, found str",
            "",
        ),
    ],
)
def test_a_wrong_kind_of_value_is_told_with_what_was_expected_and_found(
    changes: dict[str, object], path: str, problem: str, fix: str
) -> None:
    assert problems(settings(**changes)) == [(path, problem, fix)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"default_tier": "gold"}, "smart.default_tier"),
        ({"classifier": rules(gold=["x"])}, "smart.classifier.keywords.gold"),
        ({"classifier": {"type": "context", "gold": {"words": 3}}}, "smart.classifier.gold"),
        (
            {"classifier": {"type": "domain", "domains": {"code": {"tier": "gold"}}}},
            "smart.classifier.domains.code.tier",
        ),
        ({"classifier": {"type": "llm", "model": "m", "on_failure": "gold"}}, "smart.classifier.on_failure"),
        ({"classifier": {"type": "first", "of": [rules(gold=["x"])]}}, "smart.classifier.of[0].keywords.gold"),
        (
            {"classifier": {"type": "hybrid", "local": {"type": "rules"}, "llm": rules(gold=["x"])}},
            "smart.classifier.llm.keywords.gold",
        ),
        ({"experiments": [experiment(tier="gold")]}, "smart.experiments[0].set.tier"),
        ({"experiments": [experiment(max_tier="gold")]}, "smart.experiments[0].set.max_tier"),
        (
            {"experiments": [experiment(classifier=rules(gold=["x"]))]},
            "smart.experiments[0].set.classifier.keywords.gold",
        ),
    ],
)
def test_a_tier_that_is_not_on_the_ladder_is_told_wherever_it_is_named(changes: dict[str, object], path: str) -> None:
    assert problems(settings(**changes)) == [(path, "there is no tier 'gold'", TIERS)]


def test_a_baseline_may_be_any_model() -> None:
    assert parse_tier_router("smart", settings(savings_baseline="gpt-4")).baseline == "gpt-4"


@pytest.mark.parametrize("kind", ["ruls", 3, None])
def test_an_unknown_kind_of_classifier_is_told_with_the_kinds_there_are(kind: object) -> None:
    ((path, problem, _),) = problems(settings(classifier={"type": kind}))
    assert path == "smart.classifier.type"
    assert "rules, domain, context, llm, learned, embedding, python, highest, first, hybrid" in problem


def test_two_tiers_of_one_name_are_refused() -> None:
    raw = {"tiers": [CHEAP, {**PREMIUM, "name": "cheap"}]}
    assert problems(raw) == [("smart.tiers", "two tiers are named cheap; give each its own name", "")]


def test_two_experiments_of_one_name_are_refused() -> None:
    raw = settings(experiments=[experiment(tier="cheap"), experiment(tier="premium")])
    assert problems(raw) == [("smart.experiments[1].name", "'e' is the name of an earlier experiment", "Rename one")]


def test_a_tier_that_leads_back_to_its_router_is_refused() -> None:
    raw = {"tiers": [CHEAP, {**PREMIUM, "model_group": "smart"}]}
    found = ("smart.tiers[1].model_group", "a tier cannot lead back to its own router", "Name another group")
    assert problems(raw) == [found]


@pytest.mark.parametrize("name", ["two words", "-x", "", "x" * 65, "é", "a:b"])
def test_a_tiers_name_must_fit_into_a_header(name: str) -> None:
    ((path, problem, fix),) = problems({"tiers": [{**CHEAP, "name": name}, PREMIUM]})
    assert path == "smart.tiers[0].name"
    assert problem.endswith("cannot be a name")
    assert fix.startswith("Use letters, digits")


@pytest.mark.parametrize("param", ["api_base", "api_key", "base_url", "extra_headers", "model", "headers"])
def test_a_tiers_params_may_not_decide_where_a_request_goes_or_on_whose_credentials(param: str) -> None:
    ((path, problem, _),) = problems({"tiers": [{**CHEAP, "params": {param: "x", "max_tokens": 3}}, PREMIUM]})
    assert path == "smart.tiers[0].params"
    assert problem.startswith(f"{param}: not allowed here; set it on the deployment instead. Allowed: ")


def test_sampling_and_length_params_are_allowed() -> None:
    params = dict.fromkeys(ALLOWED_PARAMS, 1)
    config = parse_tier_router("smart", {"tiers": [{**CHEAP, "params": params}, PREMIUM]})
    assert config.ladder.tier("cheap").params == params


@pytest.mark.parametrize("raw", [None, 3, "tiers", [CHEAP, PREMIUM]])
def test_what_is_no_mapping_is_refused(raw: object) -> None:
    ((path, problem, fix),) = problems(raw)
    assert path == "smart.model_info.tier_router"
    assert problem.startswith("expected the settings of a tier router, found ")
    assert fix == "Give `tiers:`"


def test_a_key_that_yaml_took_for_something_else_is_told() -> None:
    ((path, problem, fix),) = problems(settings(cascade={7: "x"}))
    assert (path, problem) == ("smart.cascade.7", "a key must be a text, found 7")
    assert fix.startswith("Put the key in quotes")


def test_several_mistakes_are_told_together_and_each_once() -> None:
    raw = settings(colour=1, mode="watch", conversation={"ttl_s": -1})
    assert [path for path, _, _ in problems(raw)] == ["smart.mode", "smart.conversation.ttl_s", "smart.colour"]
    with pytest.raises(ConfigErrors) as caught:
        parse_tier_router("smart", raw)
    assert str(caught.value).splitlines() == [str(error) for error in caught.value.errors]


def test_tiers_refused_for_what_is_in_them_are_not_told_as_missing_too() -> None:
    raw = {"tiers": [{"name": "cheap", "model_grp": "g"}, PREMIUM]}
    assert [path for path, _, _ in problems(raw)] == ["smart.tiers[0].model_group", "smart.tiers[0].model_grp"]


def test_an_error_says_where_what_and_how_to_fix_it_in_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tier_router("smart", settings(default_tier="gold"))
    assert str(caught.value) == f"smart.default_tier: there is no tier 'gold'. {TIERS}"


FROM_FILES: list[tuple[dict[str, object], str, str]] = [
    ({"classifier": {"type": "python", "path": "pkg.Class"}}, "classifier.path", "dotted path"),
    ({"classifier": {"type": "llm", "model": "m", "prompt_file": "f"}}, "classifier.prompt_file", "file path"),
    ({"classifier": {"type": "embedding", "model": "m", "examples": "f"}}, "classifier.examples", "file path"),
    ({"classifier": {"type": "learned", "artefact": "folder"}}, "classifier.artefact", "file path"),
    (
        {"classifier": {"type": "highest", "of": [{"type": "rules"}, {"type": "python", "path": "pkg.Class"}]}},
        "classifier.of[1].path",
        "dotted path",
    ),
    ({"cascade": {"checks": {"python": {"path": "pkg.fn"}}}}, "cascade.checks.python.path", "dotted path"),
    ({"cascade": {"judge": {"model": "m", "prompt": "my.txt"}}}, "cascade.judge.prompt.path", "file path"),
    (
        {"experiments": [experiment(classifier={"type": "python", "path": "pkg.Class"})]},
        "experiments[0].set.classifier.path",
        "dotted path",
    ),
]


@pytest.mark.parametrize(("changes", "path", "kind"), FROM_FILES)
def test_code_and_files_are_refused_in_settings_that_are_not_the_operators_own(
    changes: dict[str, object], path: str, kind: str
) -> None:
    assert parse_tier_router("smart", settings(**changes)).mode == "route"
    problem = f"a {kind} is not allowed in settings that come from a database or a request"
    fix = "Put the tier router in the proxy's own config file"
    assert problems(settings(**changes), trusted=False) == [(f"smart.{path}", problem, fix)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"classifier": {"type": "learned"}}, {"cascade": {"judge": {"model": "m", "prompt": "structured"}}}],
)
def test_settings_without_code_or_files_may_come_from_anywhere(changes: dict[str, object]) -> None:
    assert parse_tier_router("smart", settings(**changes), trusted=False) == parse_tier_router(
        "smart", settings(**changes)
    )


top_keys = st.sampled_from(keys_of(TierRouterConfig)) | st.text(max_size=5)


@given(st.dictionaries(top_keys, json_values, max_size=6), st.booleans())
def test_any_settings_are_taken_or_refused_with_a_path(raw: dict[str, Any], with_tiers: bool) -> None:  # noqa: FBT001 - drawn
    try:
        config = parse_tier_router("smart", {**raw, **(settings() if with_tiers else {})})
    except ConfigError as error:
        for one in error.errors if isinstance(error, ConfigErrors) else (error,):
            assert one.path.startswith("smart.")
            assert one.problem
            assert "Settings" not in str(one)
    else:
        assert len(config.tiers) >= 2


def test_values_are_shown_short() -> None:
    found = [shown(value) for value in (None, True, {"key": "secret"}, ["secret"], "x" * 100, 1.5, object())]
    assert found == ["nothing", "true", "a mapping", "a list", repr("x" * 40), "1.5", "object"]
