"""The worked examples on the pages about guard, experiments, monitoring and certificates run as they stand."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

from litellm_router_plugin.config.experiments import ExperimentSettings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["break-even.md", "experiments.md", "quality-monitoring.md", "observe.md", "certificates.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall((DOCS / page).read_text()) if kind == language]


@pytest.mark.parametrize("page", PAGES)
def test_each_example_runs(page: str, tmp_path: Path) -> None:
    examples = blocks(page, "python")
    assert examples
    for number, example in enumerate(examples):
        assert "assert" in example
        path = tmp_path / f"example_{number}.py"
        path.write_text(example)
        runpy.run_path(str(path))


def test_the_experiments_of_the_page_are_valid_settings() -> None:
    for text in blocks("experiments.md", "yaml"):
        for written in yaml.safe_load(text)["experiments"]:
            assert ExperimentSettings.model_validate(written).name
