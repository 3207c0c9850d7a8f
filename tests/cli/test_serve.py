"""``tier-router serve``: never offline by accident, and a first request that works."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from proxy_process import ProxyProcess
from typer.testing import CliRunner

from litellm_router_plugin.cli.main import build_app
from litellm_router_plugin.cli.serve import _ensure_master_key, _prepared, announcement, bundled_config
from litellm_router_plugin.errors import ConfigError

REPOSITORY = Path(__file__).parents[2]
PROVIDER_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs serve where it must refuse to start, and gives what it says."""

    def run(*arguments: str, **environment: str) -> str:
        for name in PROVIDER_KEYS:
            monkeypatch.setenv(name, environment.get(name, ""))
        monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        shown = CliRunner().invoke(build_app("serve"), ["serve", *arguments])
        assert isinstance(shown.exception, SystemExit | ConfigError), shown.exception
        return f"{shown.output}{shown.exception}"

    return run


def ask(proxy: ProxyProcess, key: str, model: str, prompt: str) -> tuple[str, str]:
    """The answer of a model and the name of the model that gave it."""
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    with proxy.client(key) as client:
        answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"], answer.headers["x-litellm-model-name"]


def test_the_bundled_config_is_the_one_in_the_repository() -> None:
    assert bundled_config().read_text() == (REPOSITORY / "proxy_config.yaml").read_text()


def test_missing_keys_are_refused_and_named(refused: Callable[..., str]) -> None:
    said = refused(OPENAI_API_KEY="sk-x")
    assert "model_list[3] (claude-opus) wants ANTHROPIC_API_KEY" in said
    assert "OPENAI_API_KEY" not in said
    assert "--offline-if-no-keys" in said


def test_offline_models_in_a_config_need_a_flag(tmp_path: Path, refused: Callable[..., str]) -> None:
    config = {"model_list": [{"model_name": "m", "litellm_params": {"model": "offline/small"}}]}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    assert "model_list[0] (m) is offline/small" in refused("--config", str(tmp_path / "c.yaml"))


def test_wrong_use_is_refused(refused: Callable[..., str]) -> None:
    assert "give one of them" in refused("--offline", "--offline-if-no-keys")
    assert "there is no file" in refused("--config", "/nowhere.yaml")


def test_a_port_in_use_is_refused_rather_than_changed(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"{port} is in use" in refused("--offline", "--port", port)


def test_a_config_that_is_no_yaml_is_refused_with_its_place(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "c.yaml").write_text("model_list: [")
    assert "c.yaml:1:14" in refused("--offline", "--config", str(tmp_path / "c.yaml"))


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown key": (lambda smart: smart.update(tears=[]), "smart.tears"),
    "wrong type": (lambda smart: smart.update(conversation="no"), "smart.conversation"),
    "unknown tier": (lambda smart: smart.update(default_tier="medium"), "smart.default_tier"),
    "missing group": (lambda smart: smart["tiers"][0].update(model_group="gone"), "smart.tiers[0].model_group"),
    "missing artefact": (
        lambda smart: smart.update(classifier={"type": "learned", "artefact": "/no/such/folder"}),
        "/no/such/folder",
    ),
    "missing class": (
        lambda smart: smart.update(classifier={"type": "python", "path": "no_such_module.Class"}),
        "smart.classifier.path",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_are_the_last_thing_told(tmp_path: Path, wrong: str) -> None:
    break_it, told = WRONG[wrong]
    config = yaml.safe_load(bundled_config().read_text())
    break_it(config["model_list"][0]["model_info"]["tier_router"])
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "litellm_router_plugin.cli.main", "serve", "--offline", "--config", "c.yaml"]
    run = subprocess.run(  # noqa: S603  our own command
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    _, told_last = run.stderr.split("tier-router serve: the settings in c.yaml are wrong:\n")
    assert told in told_last
    assert not run.stdout


@pytest.mark.parametrize(
    ("where", "settings"),
    [("router_settings", {"model_group_alias": {"gone": "gpt-4o"}}), ("general_settings", {"store_model_in_db": True})],
)
def test_a_group_that_can_come_from_elsewhere_is_no_reason_to_stop(
    where: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    config = yaml.safe_load(bundled_config().read_text())
    config["model_list"][0]["model_info"]["tier_router"]["tiers"][0]["model_group"] = "gone"
    config[where] = {**config.get(where, {}), **settings}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    with _prepared(tmp_path / "c.yaml", offline=True, offline_if_no_keys=False) as (path, _):
        assert path.exists()


@pytest.mark.proxy
def test_without_any_key_every_tier_answers_offline_and_the_log_says_so(proxy: ProxyProcess, made_key: str) -> None:
    for group, model in (("gpt-4o-mini", "small"), ("gpt-4o", "medium"), ("claude-opus", "large")):
        text, name = ask(proxy, made_key, group, "What is 2 + 3?")
        assert "2 + 3 = 5" in text
        assert name == f"offline/{model}"
        assert f"tier group {group} answers offline: offline/{model}" in proxy.log


@pytest.mark.proxy
def test_the_curl_that_is_printed_works_as_it_stands(proxy: ProxyProcess) -> None:
    lines = proxy.log.splitlines()
    start = next(index for index, line in enumerate(lines) if "curl -i" in line)
    script = "\n".join(lines[start : start + 3])
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603, S607  printed by the program under test
    assert "200 OK" in ran.stdout
    assert "12 + 30 = 42" in ran.stdout


@pytest.mark.proxy
def test_offline_answers_cost_what_the_real_model_would(proxy: ProxyProcess, made_key: str) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is 2 + 3?"}]}
    with proxy.client(made_key) as client:
        answer = client.post("/v1/chat/completions", json=body)
    usage = answer.json()["usage"]
    cost = 2.5e-6 * usage["prompt_tokens"] + 1e-5 * usage["completion_tokens"]
    assert float(answer.headers["x-litellm-response-cost"]) == pytest.approx(cost)


@pytest.mark.proxy
def test_explain_tells_a_decision_of_the_running_proxy(proxy: ProxyProcess, made_key: str) -> None:
    body = {"model": "smart", "messages": [{"role": "user", "content": "Hello there"}]}
    with proxy.client(made_key) as client:
        answer = client.post("/v1/chat/completions", json=body)
    arguments = [answer.headers["x-tier-router-decision-id"], "--url", proxy.url, "--key", made_key]
    shown = CliRunner().invoke(build_app("explain"), ["explain", *arguments])
    assert shown.exit_code == 0, shown.output
    assert (
        f"smart: {answer.headers['x-tier-router-tier']} (cause {answer.headers['x-tier-router-cause']})" in shown.output
    )
    assert "attempt: cheap by offline/small" in shown.output


def test_a_rewritten_config_is_private_holds_what_changed_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    with _prepared(bundled_config(), offline=False, offline_if_no_keys=True) as (path, config):
        assert yaml.safe_load(path.read_text()) == config
        assert path.stat().st_mode & 0o777 == 0o600
        models = [entry["litellm_params"]["model"] for entry in yaml.safe_load(path.read_text())["model_list"]]
        assert models == ["tier_router/smart", "openai/gpt-4o-mini", "openai/gpt-4o", "offline/large"]
        assert str(bundled_config().parent) in sys.path
    assert not path.parent.exists()


def test_with_all_keys_the_given_file_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in PROVIDER_KEYS:
        monkeypatch.setenv(name, "x")
    with _prepared(bundled_config(), offline=False, offline_if_no_keys=True) as (path, _):
        assert path == bundled_config()


def test_offline_means_every_text_model_whatever_keys_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROVIDER_KEYS:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "path", [*sys.path])
    with _prepared(bundled_config(), offline=True, offline_if_no_keys=False) as (path, _):
        models = [entry["litellm_params"]["model"] for entry in yaml.safe_load(path.read_text())["model_list"]]
    assert models[1:] == ["offline/small", "offline/medium", "offline/large"]


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"master_key": "os.environ/LITELLM_MASTER_KEY"}, "LITELLM_MASTER_KEY"),
        ({"master_key": "os.environ/OUR_KEY"}, "OUR_KEY"),
        ({}, "LITELLM_MASTER_KEY"),
        ({"master_key": "sk-literal"}, None),
        ({"custom_auth": "auth.check"}, None),
    ],
)
def test_a_master_key_is_made_only_where_one_is_wanted_and_not_set(
    settings: dict[str, str], variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LITELLM_MASTER_KEY", "OUR_KEY"):
        monkeypatch.setenv(name, "")
    made = _ensure_master_key({"general_settings": settings})
    assert (made is None) == (variable is None)
    if variable is not None:
        assert made == os.environ[variable]
        assert _ensure_master_key({"general_settings": settings}) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  shown, not bound
def test_the_announcement_shows_a_made_key_and_hides_one_that_was_set(host: str) -> None:
    assert "sk-made" in announcement(host, 4000, "sk-made", "smart")
    own = announcement(host, 4000, None, "smart")
    assert "Bearer $LITELLM_MASTER_KEY" in own
    assert "http://127.0.0.1:4000" in own
