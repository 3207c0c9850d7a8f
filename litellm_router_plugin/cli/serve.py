"""``serve``: the LiteLLM proxy with the plugin, with offline models where they are asked for."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
import yaml

from litellm_router_plugin.cli.doctor import COST_MAP
from litellm_router_plugin.cli.own_modules import let_modules_be_found

if TYPE_CHECKING:
    from litellm_router_plugin.host.offline_config import MissingKeys
    from litellm_router_plugin.host.proxy_file import Config

WRONG_SETTINGS: Final = 1
WRONG_USE: Final = 2
MASTER_KEY: Final = "LITELLM_MASTER_KEY"
KEY_BYTES: Final = 24
ANNOUNCE_POLL_S: Final = 0.2
ANNOUNCE_PATIENCE_S: Final = 900.0  # a busy machine is slow to start, and without the key nobody gets in
_REFERENCE: Final = "os.environ/"


def bundled_config() -> Path:
    """The config that comes with the package."""
    return Path(str(files("litellm_router_plugin"))) / "data" / "proxy_config.yaml"


def serve(
    *,
    config: Annotated[Path | None, typer.Option("--config", help="A proxy config. Default: the bundled one.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Offline models only, whatever keys are set.")] = False,
    offline_if_no_keys: Annotated[
        bool, typer.Option("--offline-if-no-keys", help="Offline models where a provider's key is not set.")
    ] = False,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 4000,
    num_workers: Annotated[int, typer.Option("--num-workers", "--num_workers", help="Processes.", min=1)] = 1,
) -> None:
    """Start the LiteLLM proxy with the plugin. Without a flag, a missing provider key is an error.

    Exit code: 0 stopped by a signal, 1 settings of the plugin are wrong, 2 wrong use or missing keys.

    Example: tier-router serve --config proxy_config.yaml --offline-if-no-keys
    """
    if offline and offline_if_no_keys:
        _refuse("--offline and --offline-if-no-keys: give one of them")
    path = config or bundled_config()
    if not path.is_file():
        _refuse(f"--config: there is no file {path}")
    if not _is_free(host, port):
        _refuse(f"--port: {port} is in use on {host}; give another one")
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    with _prepared(path, offline=offline, offline_if_no_keys=offline_if_no_keys) as (ready, loaded):
        key = _ensure_master_key(loaded)
        _announce_when_ready(host, port, key, _first_router(loaded))
        _run(ready, host, port, num_workers)


def _refuse(message: str, code: int = WRONG_USE) -> None:
    typer.echo(f"tier-router serve: {message}", err=True)
    raise typer.Exit(code)


def _is_free(host: str, port: int) -> bool:
    """LiteLLM moves to a random port when 4000 is in use; a user would look for it in vain."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        return False
    return True


@contextmanager
def _prepared(path: Path, *, offline: bool, offline_if_no_keys: bool) -> Iterator[tuple[Path, Config]]:
    """The config to start with: the given one, or a temporary copy with offline models; removed at the end."""
    from litellm_router_plugin.host.offline_config import (  # noqa: PLC0415  imports litellm: seconds
        missing_keys,
        text_models,
        with_offline_models,
    )
    from litellm_router_plugin.host.prices import price_of  # noqa: PLC0415  same
    from litellm_router_plugin.host.proxy_command import implicit_keys, mode_of  # noqa: PLC0415  same
    from litellm_router_plugin.host.proxy_file import load  # noqa: PLC0415  same

    let_modules_be_found(path)
    loaded = load(path)
    _check_settings(path, loaded)
    missing = missing_keys(loaded, os.environ, implicit_keys, mode_of)
    if not offline and not offline_if_no_keys:
        _check_keys(loaded, missing)
        yield path, loaded
        return
    replaced = text_models(loaded, mode_of) if offline else [found.deployment for found in missing]
    rewritten, notes = with_offline_models(loaded, replaced, price_of)
    for note in notes:
        typer.echo(f"tier-router: {note}", err=True)
    if rewritten == loaded:
        yield path, loaded
        return
    folder = Path(tempfile.mkdtemp(prefix="tier-router-"))
    try:
        yield _write(folder / "proxy_config.yaml", rewritten), rewritten
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_settings(path: Path, config: Config) -> None:
    """Tell wrong settings before LiteLLM's proxy starts: later its own traces would bury what is told."""
    from litellm_router_plugin.cli.router_diagnosis import settings_errors  # noqa: PLC0415  imports litellm: seconds

    wrong = settings_errors(config, os.environ)
    if wrong:
        lines = [f"  {finding.in_words(indent=4)}" for finding in wrong]
        _refuse("\n".join([f"the settings in {path} are wrong:", *lines]), WRONG_SETTINGS)


def _check_keys(config: Config, missing: Sequence[MissingKeys]) -> None:
    """Never offline by accident: without a flag, tiers need their keys and offline models are refused."""
    from litellm_router_plugin.host.offline import is_offline  # noqa: PLC0415  imports litellm: seconds
    from litellm_router_plugin.host.proxy_file import deployments  # noqa: PLC0415  same

    lines = [f"  {found.deployment.path} wants {', '.join(found.variables)}" for found in missing if found.is_tier]
    if lines:
        _refuse("\n".join(["keys of tiers are not set:", *lines, "Set them, or add --offline-if-no-keys."]))
    stand_ins = [f"  {one.path} is {one.model}" for one in deployments(config) if is_offline(one.model)]
    if stand_ins:
        _refuse("\n".join(["the config names offline models:", *stand_ins, "Add --offline-if-no-keys to allow them."]))
    for found in missing:
        typer.echo(f"tier-router: {found.deployment.path}: not set: {', '.join(found.variables)}", err=True)


def _write(path: Path, config: Config) -> Path:
    path.touch(mode=0o600)  # it may hold keys that stand in the given file
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def _ensure_master_key(config: Config) -> str | None:
    """Make a key for this run where the config wants one that is not set, and give it back; else None."""
    general = config.get("general_settings")
    settings = general if isinstance(general, Mapping) else {}
    written = settings.get("master_key")
    if written is None and "custom_auth" in settings:
        return None
    name = str(written or _REFERENCE + MASTER_KEY)
    variable = name.removeprefix(_REFERENCE)
    if not name.startswith(_REFERENCE) or os.environ.get(variable):
        return None
    os.environ[variable] = f"sk-{secrets.token_urlsafe(KEY_BYTES)}"
    return os.environ[variable]


def _first_router(config: Config) -> str:
    from litellm_router_plugin.host.proxy_file import deployments  # noqa: PLC0415  imports litellm: seconds

    found = deployments(config)
    return next((one.name for one in found if one.is_marker), found[0].name if found else "smart")


def _announce_when_ready(host: str, port: int, key: str | None, model: str) -> None:
    """Print where the proxy is and how to try it once it answers, so that its own start-up lines come before."""
    text = announcement(host, port, key, model)
    threading.Thread(target=_announce, args=(host, port, text), daemon=True).start()


def announcement(host: str, port: int, key: str | None, model: str) -> str:
    """What a newcomer needs to send the first request. A key that the user set is not printed."""
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  shown, not bound
    made = f"key of this run: {key}\n" if key else ""
    shown = key or f"${MASTER_KEY}"
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "What is 12 + 30?"}}]}}'
    return (
        f"\ntier-router: ready on http://{reachable}:{port}\n{made}try:\n"
        f"  curl -i http://{reachable}:{port}/v1/chat/completions \\\n"
        f'    -H "Authorization: Bearer {shown}" -H "Content-Type: application/json" \\\n'
        f"    -d '{body}'\n"
    )


def _announce(host: str, port: int, text: str) -> None:
    until = time.monotonic() + ANNOUNCE_PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(ANNOUNCE_POLL_S)
        else:
            typer.echo(text)
            return


def _run(config: Path, host: str, port: int, workers: int) -> None:
    """Serve; a stop by signal is a normal end, and lets the temporary files be removed."""
    from litellm_router_plugin.host.proxy_command import run_proxy  # noqa: PLC0415  imports litellm: seconds

    def leave(number: int, frame: object) -> None:
        del number, frame
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)  # the server puts this back and raises the signal again when it is done
    try:
        run_proxy(config, host=host, port=port, workers=workers)
    except KeyboardInterrupt:
        return
