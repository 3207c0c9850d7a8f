"""The bundled config as a newcomer starts it: no provider key, no master key."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from proxy_process import ProxyProcess

from litellm_router_plugin.cli.serve import bundled_config

COMMAND = [str(Path(sys.executable).parent / "tier-router"), "serve", "--offline-if-no-keys"]
KEY_LINE = "key of this run: "


@pytest.fixture(scope="session")
def proxy() -> Iterator[ProxyProcess]:
    config = yaml.safe_load(bundled_config().read_text())
    with ProxyProcess(config, command=COMMAND, env={"LITELLM_MASTER_KEY": ""}) as running:
        yield running
        code = running.stop()
    assert code == 0, "a stop by signal is a normal end"


@pytest.fixture(scope="session")
def made_key(proxy: ProxyProcess) -> str:
    """The key that serve made and printed."""
    lines = [line for line in proxy.log.splitlines() if line.startswith(KEY_LINE)]
    assert len(lines) == 1, proxy.log
    return lines[0].removeprefix(KEY_LINE)
