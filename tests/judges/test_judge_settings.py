from __future__ import annotations

import pytest
from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.judge import JudgeSettings, PromptFileSettings
from litellm_router_plugin.judges.prompt import SHIPPED, load_prompt


def test_defaults() -> None:
    settings = JudgeSettings(model="mini")
    assert settings.model_dump() == {
        "model": "mini",
        "threshold": 0.7,
        "ask": "when_unsure",
        "prompt": "number",
        "timeout_s": 5.0,
        "on_failure": "accept",
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_prompts_are_no_files_and_can_be_loaded(name: str) -> None:
    settings = JudgeSettings.model_validate({"model": "mini", "prompt": name})
    assert list(references(settings, "judge")) == []
    assert load_prompt(name).name == name


def test_any_other_prompt_is_a_file() -> None:
    settings = JudgeSettings.model_validate({"model": "mini", "prompt": "./mine.txt"})
    assert settings.prompt == PromptFileSettings(path="./mine.txt")
    assert list(references(settings, "judge")) == [("judge.prompt.path", "file path")]
    assert JudgeSettings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [("threshold", 1.1), ("threshold", float("nan")), ("timeout_s", 0), ("ask", "never"), ("on_failure", "raise"),
     ("prompt", 3), ("model", ""), ("thresold", 0.5)],
)  # fmt: skip
def test_mistakes_are_refused_under_their_key(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        JudgeSettings.model_validate({"model": "mini", key: value})
    assert refused.value.errors()[0]["loc"][0] == key
