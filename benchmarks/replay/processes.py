"""The replay upstream and the real proxy, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx

from benchmarks.replay.recordings import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from proxy_process import MASTER_KEY, ProxyProcess, clean_environment, free_port

__all__ = ["MASTER_KEY", "ProxyProcess", "Replay", "free_port", "replay_script"]

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0


def replay_script(data: Path, given: Path | None) -> Path:
    """The replay upstream: as given, else ``tools/replay_upstream.py`` beside the data.

    Raises:
        SystemExit: It is not there.
    """
    path = given or data.parent / "tools/replay_upstream.py"
    if not path.exists():
        raise SystemExit(f"{path}: no replay upstream. Name it with --replay")
    return path


class Replay:
    """An upstream that answers with recorded answers; its ``judge-sim`` is right with a given probability."""

    def __init__(self, script: Path, data: Path, judge_accuracy: float) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        outcomes = [str(data / f"routing_outcomes/{split}.jsonl.gz") for split in ("train", "dev")]
        self._command = [
            *(sys.executable, str(script), "--port", str(self.port), "--judge-accuracy", str(judge_accuracy)),
            *("--answers", str(data / "cascade_answers/dev.jsonl.gz"), "--outcomes", *outcomes),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, env=clean_environment(), stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def wait(self) -> None:
        """Return once it answers; loading the recording takes some seconds."""
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                httpx.get(f"{self.base_url}/models", timeout=5, trust_env=False).raise_for_status()
            except httpx.TransportError:
                if time.monotonic() > end or (self._process is not None and self._process.poll() is not None):
                    raise
                time.sleep(0.2)
            else:
                return
