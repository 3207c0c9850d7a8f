"""From what users write to a classifier that runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import TypeAdapter

from litellm_router_plugin.build_classifiers import build_classifier
from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.classifiers import ClassifierSettings
from litellm_router_plugin.config.learned import LearnedSettings
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError, UnknownTier

AtOnce = Callable[[Classifier, RequestView], Forecast]
SETTINGS: TypeAdapter[Settings] = TypeAdapter(ClassifierSettings)


class AlwaysPremium:
    def __init__(self, *, word: str = "") -> None:
        self.word = word

    def classify(self, request: RequestView) -> str | None:
        return "premium" if self.word in request.text else None


def no_learned(settings: LearnedSettings, ladder: Ladder, where: str) -> Classifier:
    raise AssertionError((settings, ladder, where))


def build(raw: object, ladder: Ladder) -> Classifier:
    return build_classifier(SETTINGS.validate_python(raw), ladder, learned=no_learned, where="smart.classifier")


@pytest.mark.parametrize(
    ("raw", "text", "tier"),
    [
        ({"type": "rules"}, "Prove that it halts", "premium"),
        ({"type": "rules", "patterns": {"standard": ["inv.ice"]}}, "an invoice", "standard"),
        ({"type": "domain"}, "Solve the equation", "premium"),
        ({"type": "domain", "domains": {"tax": {"keywords": ["vat"], "tier": "standard"}}}, "VAT?", "standard"),
        ({"type": "context"}, "word " * 400, "standard"),
        ({"type": "context", "premium": {"words": 2}}, "a b c", "premium"),
        ({"type": "highest", "of": [{"type": "rules"}, {"type": "context"}]}, "hello", "cheap"),
        ({"type": "first", "of": [{"type": "context"}, {"type": "rules"}]}, "Prove that it halts", "premium"),
        ({"type": "hybrid", "local": {"type": "rules"}, "llm": {"type": "domain"}}, "hello", "cheap"),
    ],
)
def test_what_is_written_is_what_runs(ladder: Ladder, at_once: AtOnce, raw: object, text: str, tier: str) -> None:
    assert at_once(build(raw, ladder), RequestView(text=text)).tier == tier


def test_a_class_of_the_user_is_made_with_its_settings(
    ladder: Ladder, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("users_classifiers")
    module.AlwaysPremium = AlwaysPremium  # type: ignore[attr-defined]  # a module made for this test
    monkeypatch.setitem(sys.modules, "users_classifiers", module)
    raw = {"type": "python", "path": "users_classifiers.AlwaysPremium", "settings": {"word": "x"}}
    classifier = build(raw, ladder)
    assert at_once(classifier, RequestView(text="x")) == Forecast("premium", "python")
    assert at_once(classifier, RequestView(text="y")) == Forecast()


def test_the_learned_kind_is_built_by_the_caller_wherever_it_stands(ladder: Ladder, at_once: AtOnce) -> None:
    built: list[tuple[LearnedSettings, str]] = []

    def learned(settings: LearnedSettings, ladder: Ladder, where: str) -> Classifier:
        built.append((settings, where))
        return build_classifier(SETTINGS.validate_python({"type": "rules"}), ladder, learned=no_learned)

    raw = {"type": "first", "of": [{"type": "context"}, {"type": "learned", "quality_target": 0.9}]}
    classifier = build_classifier(SETTINGS.validate_python(raw), ladder, learned=learned)
    assert built == [(LearnedSettings(type="learned", quality_target=0.9), "classifier.of[1]")]
    assert at_once(classifier, RequestView(text="hello")).tier == "cheap"


def test_kinds_that_call_models_take_their_settings(ladder: Ladder, tmp_path: Path) -> None:
    examples = tmp_path / "labels.jsonl"
    examples.write_text(json.dumps({"text": "x", "tier": "cheap"}))
    prompt = tmp_path / "ask.txt"
    prompt.write_text("$tiers $boundary")
    for raw in (
        {"type": "llm", "model": "mini", "prompt_file": str(prompt), "timeout_s": 1.5, "on_failure": "standard"},
        {"type": "embedding", "model": "embed", "examples": str(examples), "timeout_s": 1.5, "on_failure": "standard"},
    ):
        settings = vars(build(raw, ladder))
        assert (settings["_model"], settings["_timeout_s"]) == (raw["model"], 1.5)
        assert settings["_on_failure"] == "standard"


@pytest.mark.parametrize(
    ("raw", "error", "path"),
    [
        (
            {"type": "first", "of": [{"type": "rules"}, {"type": "rules", "patterns": {"premium": ["("]}}]},
            ConfigError,
            "smart.classifier.of[1].patterns.premium[0]: ",
        ),
        (
            {"type": "hybrid", "local": {"type": "context", "gold": {"words": 1}}, "llm": {"type": "rules"}},
            UnknownTier,
            "smart.classifier.local.gold: ",
        ),
        ({"type": "llm", "model": "m", "prompt_file": "none.txt"}, ConfigError, "smart.classifier.prompt_file: "),
        ({"type": "python", "path": "nowhere.Class"}, ConfigError, "smart.classifier.path: "),
        (
            {"type": "python", "path": "builtins.int", "settings": {"x": 1}},
            ConfigError,
            "smart.classifier.settings: ",
        ),
    ],
)
def test_mistakes_that_show_only_when_building_have_their_path(
    ladder: Ladder, raw: object, error: type[Exception], path: str
) -> None:
    with pytest.raises(error) as raised:
        build(raw, ladder)
    assert str(raised.value).startswith(path)
