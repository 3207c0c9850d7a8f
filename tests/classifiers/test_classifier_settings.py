"""How classifiers are written, and what is said of mistakes."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from litellm_router_plugin.config.base import Settings, references
from litellm_router_plugin.config.classifiers import KINDS, ClassifierSettings, may_suspend, tier_names

SETTINGS: TypeAdapter[Settings] = TypeAdapter(ClassifierSettings)
RULES = {"type": "rules", "patterns": {"premium": ["x"]}, "keywords": {"cheap": ["hi"]}}
DOMAIN = {
    "type": "domain",
    "domains": {"code": {"patterns": ["x"], "tier": "standard"}, "chat": {}},
    "fallback": "chat",
}
CONTEXT = {"type": "context", "standard": {"words": 300, "code_blocks": 0}, "premium": {"turns": 9}}
LLM = {"type": "llm", "model": "mini", "on_failure": "standard"}
EMBEDDING = {"type": "embedding", "model": "embed", "examples": "labels.jsonl", "on_failure": "cheap"}
PYTHON = {"type": "python", "path": "pkg.mod.Class", "settings": {"a": 1}}
LEARNED = {"type": "learned", "quality_target": 0.9}
NESTED = {"type": "first", "of": [RULES, {"type": "hybrid", "local": CONTEXT, "llm": LLM}]}


def problems(raw: object) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as error:
        SETTINGS.validate_python(raw)
    return [(details["loc"], details["msg"]) for details in error.value.errors()]


@pytest.mark.parametrize("raw", [RULES, DOMAIN, CONTEXT, LLM, EMBEDDING, PYTHON, LEARNED, NESTED])
def test_every_kind_is_told_by_its_type_and_survives_being_written_again(raw: dict[str, object]) -> None:
    settings = SETTINGS.validate_python(raw)
    assert type(settings) is KINDS[str(raw["type"])]
    assert SETTINGS.validate_python(SETTINGS.dump_python(settings)) == settings
    assert SETTINGS.validate_python(settings) is settings


def test_a_path_holds_the_keys_that_the_user_wrote_and_nothing_else() -> None:
    raw = {"type": "highest", "of": [RULES, {"type": "rules", "patterns": {"premium": [3]}}]}
    assert problems(raw) == [(("of", 1, "patterns", "premium", 0), "Input should be a valid string")]
    hybrid = {"type": "hybrid", "local": RULES, "llm": {"type": "llm"}}
    assert problems(hybrid) == [(("llm", "model"), "Field required")]


def test_an_unknown_kind_is_told_with_the_kinds_there_are() -> None:
    ((loc, message),) = problems({"type": "first", "of": [{"type": "rulez"}]})
    assert loc == ("of", 0, "type")
    assert message.startswith("there is no classifier 'rulez'. The kinds are: rules, domain, ")
    assert message.endswith("Did you mean rules?")


@pytest.mark.parametrize(("raw", "found"), [(None, "NoneType"), ("rules", "str"), ([], "list")])
def test_what_is_no_mapping_is_refused(raw: object, found: str) -> None:
    assert problems(raw) == [((), f"expected a classifier such as {{type: rules}}, found {found}")]


def test_a_missing_type_is_told() -> None:
    ((loc, message),) = problems({"patterns": {}})
    assert (loc, message[:20]) == (("type",), "this key is required")


@pytest.mark.parametrize(
    ("raw", "loc"),
    [
        ({**RULES, "pattern": {}}, ("pattern",)),
        ({**DOMAIN, "domains": {"code": {"pattern": []}}, "fallback": "code"}, ("domains", "code", "pattern")),
        ({**CONTEXT, "standard": {"wrds": 1}}, ("standard", "wrds")),
        ({**LLM, "ttl": 1}, ("ttl",)),
        ({"type": "hybrid", "local": RULES, "llm": LLM, "ask": 1}, ("ask",)),
    ],
)
def test_unknown_keys_are_refused_with_their_path(raw: object, loc: tuple[str, ...]) -> None:
    assert problems(raw) == [(loc, "Extra inputs are not permitted")]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"type": "context", "standard": {}},
            "no limit is given; set at least one of words, code_blocks, turns, tools",
        ),
        ({"type": "context", "standard": {"words": -1}}, "greater than or equal to 0"),
        ({**DOMAIN, "fallback": "law"}, "fallback 'law' is not one of the domains; name one of code, chat, or general"),
        ({"type": "first", "of": []}, "expected 1 to 16 classifiers, found 0"),
        ({**LLM, "timeout_s": 0}, "greater than 0"),
        ({**EMBEDDING, "k": 0}, "greater than or equal to 1"),
        ({"type": "hybrid", "local": RULES, "llm": LLM, "ask_below": 1.5}, "less than or equal to 1"),
    ],
)
def test_senseless_values_are_refused(raw: object, message: str) -> None:
    ((_, told),) = problems(raw)
    assert message in told


def test_every_tier_that_is_mentioned_is_found_with_its_path() -> None:
    raw = {"type": "highest", "of": [RULES, DOMAIN, {"type": "hybrid", "local": CONTEXT, "llm": LLM}, EMBEDDING]}
    assert list(tier_names(SETTINGS.validate_python(raw))) == [
        ("of[0].patterns.premium", "premium"),
        ("of[0].keywords.cheap", "cheap"),
        ("of[1].domains.code.tier", "standard"),
        ("of[2].local.standard", "standard"),
        ("of[2].local.premium", "premium"),
        ("of[2].llm.on_failure", "standard"),
        ("of[3].on_failure", "cheap"),
    ]
    assert list(tier_names(SETTINGS.validate_python({"type": "rules"}))) == []


def test_code_and_files_that_settings_refer_to_are_found_in_nested_ones_too() -> None:
    raw = {"type": "first", "of": [PYTHON, EMBEDDING, {**LLM, "prompt_file": "ask.txt"}, LLM]}
    assert list(references(SETTINGS.validate_python(raw), "classifier")) == [
        ("classifier.of[0].path", "dotted path"),
        ("classifier.of[1].examples", "file path"),
        ("classifier.of[2].prompt_file", "file path"),
    ]


@pytest.mark.parametrize(
    ("raw", "suspends"),
    [(RULES, False), (DOMAIN, False), (CONTEXT, False), (LEARNED, False), (LLM, True), (PYTHON, True), (NESTED, True)],
)
def test_what_may_wait_for_a_call_is_known_from_the_settings(raw: object, *, suspends: bool) -> None:
    assert may_suspend(SETTINGS.validate_python(raw)) is suspends
