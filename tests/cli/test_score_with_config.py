"""``score --config``: a file of prompts through the classifier of a tier router."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from typer.testing import CliRunner

from litellm_router_plugin.cli.main import build_app
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.host.route_names import route_named

SMART = {
    "tiers": [{"name": "cheap", "model_group": "mini"}, {"name": "premium", "model_group": "full"}],
    "default_tier": "cheap",
    "classifier": {"type": "rules", "keywords": {"premium": ["zebra"]}, "patterns": {}},
}


def config_in(folder: Path, **settings: object) -> Path:
    path = folder / "config.yaml"
    models = [
        {
            "model_name": "smart",
            "litellm_params": {"model": "tier_router/smart"},
            "model_info": {"tier_router": {**SMART, **settings}},
        },
        {"model_name": "mini", "litellm_params": {"model": "openai/gpt-4o-mini"}},
        {"model_name": "full", "litellm_params": {"model": "openai/gpt-4o"}},
    ]
    path.write_text(yaml.safe_dump({"model_list": models}))
    return path


def prompts_in(folder: Path, *prompts: str) -> Path:
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "prompt": text}) + "\n" for n, text in enumerate(prompts)))
    return path


def test_each_prompt_gets_the_tier_of_the_configured_classifier(tmp_path: Path) -> None:
    source, target = prompts_in(tmp_path, "hello", "a zebra"), tmp_path / "out.jsonl"
    arguments = ["score", "--input", str(source), "--output", str(target), "--config", str(config_in(tmp_path))]
    result = CliRunner().invoke(build_app("score"), arguments)
    assert result.exit_code == 0, result.output
    scored = [json.loads(line) for line in target.read_text().splitlines()]
    assert [(row["id"], row["tier"], row["cause"]) for row in scored] == [
        ("0", "cheap", "default"),
        ("1", "premium", "rule"),
    ]


def test_an_unknown_router_is_told_with_the_ones_there_are(tmp_path: Path) -> None:
    source, target = prompts_in(tmp_path, "hello"), tmp_path / "out.jsonl"
    arguments = ["score", "--input", str(source), "--output", str(target), "--config", str(config_in(tmp_path))]
    result = CliRunner().invoke(build_app("score"), [*arguments, "--router", "other"])
    assert result.exit_code != 0
    assert "tier routers of the config: smart" in result.output + str(result.stderr)
    assert not target.exists()


def test_wrong_settings_are_told_with_their_path(tmp_path: Path) -> None:
    source, target = prompts_in(tmp_path, "hello"), tmp_path / "out.jsonl"
    config = config_in(tmp_path, default_tier="gold")
    arguments = ["score", "--input", str(source), "--output", str(target), "--config", str(config)]
    result = CliRunner().invoke(build_app("score"), arguments)
    assert result.exit_code != 0
    assert "smart.default_tier: there is no tier 'gold'" in result.output + str(result.stderr)


def test_intercepts_of_a_route_count_on_its_lines_and_no_others(tmp_path: Path) -> None:
    target, source = tmp_path / "out.jsonl", tmp_path / "prompts.jsonl"
    messages = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "What is the capital?"}]
    by_prompt = route_named("smart", read_request(messages))
    lines: list[dict[str, object]] = [
        {"prompt": "What is the capital?"},
        {"prompt": "What is the capital?", "route": "support"},
        {"messages": messages},
    ]
    source.write_text("".join(json.dumps({"id": str(n), **line}) + "\n" for n, line in enumerate(lines)))
    routes = {name: {"intercepts": {"cheap": -3.0}} for name in ("support", by_prompt)}
    config = config_in(tmp_path, classifier={"type": "learned"}, routes=routes)
    arguments = ["score", "--input", str(source), "--output", str(target), "--config", str(config)]
    result = CliRunner().invoke(build_app("score"), arguments)
    assert result.exit_code == 0, result.output
    plain, named, known = (json.loads(line)["p_success"] for line in target.read_text().splitlines())
    assert named["cheap"] == known["cheap"] < plain["cheap"]
    assert named["premium"] == known["premium"] == plain["premium"]
