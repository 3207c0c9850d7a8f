"""LiteLLM's heuristics as yardsticks: read from the installed LiteLLM, loaded only when asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from litellm_router_plugin.errors import UnsupportedHost
from litellm_router_plugin.host import heuristics
from litellm_router_plugin.host.heuristics import heuristic_v1_scores, heuristic_v2_scores

EASY = "Hello, what is the capital of France?"
HARD = (
    "Think step by step and analyze the tradeoffs: first design a distributed consensus algorithm in Python, then prove"
    " its correctness, debug the function below and optimize the database architecture.\n```python\ndef f(): pass```"
)


@pytest.fixture(autouse=True)
def local_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM must not fetch its price list when it is imported."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def test_the_first_heuristic_puts_the_harder_text_higher() -> None:
    easy, hard = heuristic_v1_scores([EASY, HARD])
    assert easy < hard
    assert 0 <= easy[0] <= hard[0] <= 3


def test_the_second_heuristic_gives_a_level_and_a_probability_for_each_text() -> None:
    found = heuristic_v2_scores([EASY, HARD, ""])
    assert len(found) == 3
    assert all(0 <= level <= 3 and 0 <= score <= 1 for level, score in found)


def test_no_texts_give_no_scores() -> None:
    assert heuristic_v1_scores([]) == heuristic_v2_scores([]) == []


def test_a_litellm_without_the_heuristic_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    heuristics._complexity_router.cache_clear()
    monkeypatch.setitem(sys.modules, "litellm.router_strategy.complexity_router.complexity_router", None)
    with pytest.raises(UnsupportedHost, match="has no complexity router"):
        heuristic_v1_scores([EASY])


def test_importing_the_adapter_does_not_import_litellm() -> None:
    code = "import sys, litellm_router_plugin.host.heuristics; sys.exit('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  our own interpreter
