"""The real LiteLLM proxy in a process of its own, for tests.

A start takes several seconds: give it a session-scoped fixture.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import yaml

MASTER_KEY = "sk-test-master"
START_TIMEOUT_S = 300.0
"""Several workers that import LiteLLM on a busy machine take minutes."""
STOP_TIMEOUT_S = 15.0
ROWS_TIMEOUT_S = 10.0
_HERE = Path(__file__).parent
_KEPT_OUT = ("API_KEY", "DATABASE_URL", "REDIS_", "LITELLM_", "LANGFUSE", "AWS_", "AZURE_", "GOOGLE_", "TIER_ROUTER_")

Json = dict[str, object]


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without keys and host settings, which would make a test depend on the machine."""
    kept = {name: value for name, value in os.environ.items() if not any(part in name for part in _KEPT_OUT)}
    known = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": MASTER_KEY, "NO_PROXY": "127.0.0.1"}
    return {**kept, **known, "PYTHONUNBUFFERED": "1", **(extra or {})}


def _section(config: Json, name: str) -> Json:
    found = config.setdefault(name, {})
    assert isinstance(found, dict)
    return found


class ProxyProcess:
    """A LiteLLM proxy that serves one config.

    Args:
        config: The proxy's config, as a dict or as YAML text.
        keys: Key -> fields of LiteLLM's ``UserAPIKeyAuth`` (``user_id``, ``team_id``, ``metadata``, ``team_metadata``,
            ``models``, ``user_role``, ``rpm_limit``, …). Given, it switches custom auth on; the master key must then
            be among them to be let in.
        rows: Write spend rows, to be read with `rows`.
        num_workers: Processes that share the port.
        env: Further environment variables.
        files: Further files to write beside the config, name -> text.
        command: What to run before ``--config``; default: the ``litellm`` command.
        cwd: Where to run; default: the folder of the config.
    """

    def __init__(
        self,
        config: Mapping[str, object] | str,
        *,
        keys: Mapping[str, Mapping[str, object]] | None = None,
        rows: bool = False,
        num_workers: int = 1,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = clean_environment({"XDG_STATE_HOME": str(self.folder / "state"), **(env or {})})
        self._command = list(command) if command else [str(Path(sys.executable).parent / "litellm")]
        self._workers = num_workers
        self._cwd = cwd or self.folder
        self._process: subprocess.Popen[bytes] | None = None
        for name, text in (files or {}).items():
            (self.folder / name).write_text(text)
        loaded: Json = yaml.safe_load(config) if isinstance(config, str) else copy.deepcopy(dict(config))
        self._write(loaded, keys, rows=rows)

    def _write(self, config: Json, keys: Mapping[str, Mapping[str, object]] | None, *, rows: bool) -> None:
        if keys is not None:
            shutil.copy(_HERE / "proxy_custom_auth.py", self.folder)
            (self.folder / "keys.json").write_text(json.dumps(keys))
            _section(config, "general_settings")["custom_auth"] = "proxy_custom_auth.user_api_key_auth"
        if rows:
            shutil.copy(_HERE / "proxy_row_writer.py", self.folder)
            settings = _section(config, "litellm_settings")
            present = settings.get("callbacks") or []
            assert isinstance(present, list)
            settings["callbacks"] = [*present, "proxy_row_writer.handler"]
        self.config_path.write_text(yaml.safe_dump(config, sort_keys=False))

    @property
    def config_path(self) -> Path:
        """The config file; rewrite it and `restart` to try another one."""
        return self.folder / "config.yaml"

    @property
    def log(self) -> str:
        """What the proxy has printed so far, standard error included."""
        path = self.folder / "proxy.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, *, ready: bool = True) -> Self:
        """Start; returns when the proxy answers (at once where ``ready`` is False)."""
        where = ["--config", str(self.config_path), "--port", str(self.port), "--host", "127.0.0.1"]
        workers = ["--num_workers", str(self._workers)] if self._workers > 1 else []
        with (self.folder / "proxy.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the test's own
                [*self._command, *where, *workers],
                env=self._env,
                cwd=self._cwd,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if ready:
            self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            if self.exit_code() is not None:
                break
            try:
                if httpx.get(self.url + "/health/liveliness", timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        code, log = self.exit_code(), self.log[-4000:]
        self.stop()
        raise RuntimeError(f"the proxy did not start (exit code {code}). Its log ends:\n{log}")

    def exit_code(self) -> int | None:
        """The exit code; None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Wait for the process to end by itself, and its exit code."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def stop(self) -> int | None:
        """Ask the proxy to end as an operator would (SIGTERM), make it end if it does not, and its exit code."""
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_TIMEOUT_S)
        return process.returncode

    def restart(self) -> Self:
        """Stop, then start with the config file as it is now."""
        self.stop()
        return self.start()

    def client(self, key: str = MASTER_KEY, timeout_s: float = 60.0) -> httpx.Client:
        """A client of the proxy that sends a key."""
        headers = {"authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)

    def rows(
        self,
        until: Callable[[list[Json]], bool] | int = 0,
        *,
        event: str = "success",
        timeout_s: float = ROWS_TIMEOUT_S,
    ) -> list[Json]:
        """Rows written so far; waits for a number of them, or until a condition on them holds.

        Raises:
            TimeoutError: They did not come in time.
        """
        enough = until if callable(until) else lambda found: len(found) >= until
        end = time.monotonic() + timeout_s
        while not enough(found := self._read_rows(event)):
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} rows after {timeout_s} s; the log ends:\n{self.log[-2000:]}")
            time.sleep(0.05)
        return found

    def _read_rows(self, event: str) -> list[Json]:
        path = self.folder / "rows.jsonl"
        *whole, _ = path.read_text().split("\n") if path.exists() else [""]  # the last line may be half written
        entries = [json.loads(line) for line in whole]
        return [entry["row"] for entry in entries if entry["event"] == event]

    def forget_rows(self) -> None:
        """Drop the rows written so far."""
        (self.folder / "rows.jsonl").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
