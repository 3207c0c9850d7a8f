"""Where modules of the user's own are looked for when a command reads a proxy config."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def let_modules_be_found(config: Path) -> None:
    """Look for modules in the folder of a config and in the working directory too, as LiteLLM's proxy does.

    The former goes into ``PYTHONPATH`` as well, for workers: they may start from a copy of the config elsewhere.
    """
    folder = str(config.resolve().parent)
    sys.path += [place for place in (folder, str(Path.cwd())) if place not in sys.path]
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if folder not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([*paths, folder])
