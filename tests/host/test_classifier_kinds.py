"""Every kind of classifier as it is written in YAML, on the real router: where it sends a request, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from routers import MODELS, Make, asked, books, deployment, told
from upstream import Upstream

from litellm_router_plugin.errors import ConfigError

PLAIN = "Tell me about stripes."
MARKED = "Tell me about the zebra: def stripes(count): and what follows from them in the wild."
KINDS = {
    "rules": ("{type: rules, patterns: {}, keywords: {premium: [zebra]}}", "premium", "rule"),
    "domain": (
        r"{type: domain, domains: {code: {patterns: ['\bdef \w+\('], tier: standard}}, fallback: general}",
        "standard",
        "domain",
    ),
    "context": ("{type: context, standard: {words: 8}, premium: {words: 900}}", "standard", "context"),
    "llm": ("{type: llm, model: judge, on_failure: standard}", "premium", "llm"),
    "embedding": (
        "{type: embedding, model: near, examples: EXAMPLES, k: 1, on_failure: standard}",
        "premium",
        "embedding",
    ),
    "python": (f"{{type: python, path: {__name__}.Zebras, settings: {{tier: premium}}}}", "premium", "python"),
    "highest": (
        "{type: highest, of: [{type: context, standard: {words: 8}}, {type: rules, keywords: {premium: [zebra]}}]}",
        "premium",
        "rule",
    ),
    "first": (
        "{type: first, of: [{type: context, standard: {words: 8}}, {type: rules, keywords: {premium: [zebra]}}]}",
        "standard",
        "context",
    ),
    "hybrid": (
        "{type: hybrid, local: {type: rules, patterns: {}, keywords: {}}, llm: {type: llm, model: judge}}",
        "premium",
        "llm",
    ),
}
FAILING: dict[str, tuple[str, dict[str, object]]] = {
    "an error of the model": ("llm", {"status": 500, "text": "no"}),
    "an answer that is no tier": ("llm", {"text": "I would rather not say."}),
    "an answer that names two": ("llm", {"text": "cheap or premium"}),
    "an answer that takes too long": ("llm", {"text": "premium", "delay_s": 1.5}),
    "an embedding that fails": ("embedding", {"status": 500, "text": "no"}),
    "an embedding that takes too long": ("embedding", {"delay_s": 1.5}),
}


class Zebras:
    """A user's class: one tier for zebras, and an error for lions."""

    def __init__(self, tier: str) -> None:
        self.tier = tier

    def classify(self, request: Any) -> str | None:
        if "lion" in request.text:
            raise RuntimeError("lions")
        return self.tier if "zebra" in request.text else None


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    labels = ((MARKED, "premium"), (PLAIN, "cheap"))
    path.write_text("".join(json.dumps({"text": text, "tier": tier}) + "\n" for text, tier in labels))
    return path


def settings_of(kind: str, examples: Path, **changed: Any) -> dict[str, Any]:
    return {"classifier": {**yaml.safe_load(KINDS[kind][0].replace("EXAMPLES", str(examples))), **changed}}


def with_embeddings(upstream: Upstream) -> list[dict[str, Any]]:
    models = {**MODELS, "near": "text-embedding-3-small"}
    return [deployment(group, name, upstream) for group, name in models.items()]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_decides(make: Make, upstream: Upstream, examples: Path, kind: str) -> None:
    upstream.script("gpt-4.1-nano", {"text": "premium"})
    routing = make(settings_of(kind, examples), model_list=with_embeddings(upstream))
    marked = told(await routing.router.acompletion(model="smart", messages=asked(MARKED)))
    _, tier, cause = KINDS[kind]
    assert (marked["tier"], marked["cause"]) == (tier, cause)
    if cause != "llm":
        plain = told(await routing.router.acompletion(model="smart", messages=asked(PLAIN)))
        assert plain["tier"] == "cheap"


@pytest.mark.parametrize("failure", FAILING)
async def test_a_classifier_that_fails_costs_its_stated_tier(
    make: Make, upstream: Upstream, examples: Path, failure: str
) -> None:
    kind, reply = FAILING[failure]
    upstream.script("gpt-4.1-nano" if kind == "llm" else "text-embedding-3-small", dict(reply))
    settings = settings_of(kind, examples, timeout_s=1.0)
    routing = make(settings, model_list=with_embeddings(upstream))
    response = await routing.router.acompletion(model="smart", messages=asked(MARKED))
    assert (told(response)["tier"], told(response)["cause"]) == ("standard", "classifier_failed")
    assert routing.faults.counts() == {"classifier": 1}


async def test_a_users_class_that_fails_costs_the_stated_tier(make: Make, examples: Path) -> None:
    routing = make(settings_of("python", examples, on_failure="standard"))
    facts = told(await routing.router.acompletion(model="smart", messages=asked("a lion")))
    assert (facts["tier"], facts["cause"]) == ("standard", "classifier_failed")


async def test_the_call_of_a_classifier_is_paid_and_its_verdict_is_kept(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4.1-nano", {"text": "premium"})
    routing = make({"classifier": yaml.safe_load(KINDS["llm"][0])})
    first, second = [await routing.router.acompletion(model="smart", messages=asked(MARKED)) for _ in range(2)]
    assert [call["role"] for call in (await books(routing, first))["other_calls"]] == ["classifier"]
    assert (await books(routing, first))["other_calls"][0]["cost_usd"] > 0
    assert (await books(routing, second))["other_calls"] == []


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{type: rules, patterns: {premium: ['(?=x)']}}", "classifier.patterns.premium"),
        ("{type: llm, model: judge, on_failure: gold}", "classifier.on_failure"),
        ("{type: embedding, model: near, examples: /nowhere.jsonl}", "classifier"),
        ("{type: learned, artefact: /nowhere}", "classifier"),
        ("{type: python, path: nowhere.at.All}", "classifier.path"),
        ("{type: lerned}", "classifier"),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_path(make: Make, written: str, path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make({"classifier": yaml.safe_load(written)})
    assert str(refused.value).startswith(f"smart.{path}")
