"""The examples of the pages are settings that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.classifiers import KINDS, ClassifierSettings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("rules", "domain", "context", "llm", "embedding", "python", "combined")
SETTINGS: TypeAdapter[Settings] = TypeAdapter(ClassifierSettings)


def examples(page: str) -> list[object]:
    text = (DOCS / f"classifier-{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(block)["classifier"] for block in blocks]


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_a_page_is_valid(page: str) -> None:
    kinds = {type(SETTINGS.validate_python(example)) for example in examples(page)}
    assert kinds
    assert kinds <= set(KINDS.values())
    if page in KINDS:
        assert kinds == {KINDS[page]}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_same_parts(page: str) -> None:
    text = (DOCS / f"classifier-{page}.md").read_text(encoding="utf-8")
    headings = [
        heading.replace("they decide", "it decides") for heading in re.findall(r"^## (.*)$", text, re.MULTILINE)
    ]
    assert headings == ["When to use it", "Minimal config", "How it decides", "Failure policy", "Tuning"]
