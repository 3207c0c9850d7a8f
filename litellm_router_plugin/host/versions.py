"""Which LiteLLM this package works with."""

from __future__ import annotations

import re
from importlib.metadata import version

from litellm_router_plugin.errors import UnsupportedHost

OLDEST, BELOW = (1, 106, 2), (1, 110)
"""The tests of host and proxy pass on the oldest; on 1.100 streams of responses that a client leaves are not billed."""
MALICIOUS = frozenset({"1.82.7", "1.82.8"})
"""Releases that were taken over; their installation is a security incident, not a matter of compatibility."""
BROKEN_SERIES = (1, 107)


def host_version() -> str:
    """The installed LiteLLM."""
    return version("litellm")


def problem_with(installed: str) -> str | None:
    """Why a LiteLLM version will not do; None when it will."""
    if installed in MALICIOUS:
        return f"LiteLLM {installed} is a malicious release: remove it, and change every key that this machine held"
    numbers = tuple(int(part) for part in re.findall(r"\d+", installed)[:3])
    if numbers[:2] == BROKEN_SERIES or not OLDEST <= numbers < BELOW:
        return f"LiteLLM {installed} is not supported; install litellm>=1.106.2,!=1.107.*,<1.110"
    return None


def check_host() -> None:
    """Refuse a LiteLLM that this package does not work with; raises `UnsupportedHost`."""
    problem = problem_with(host_version())
    if problem:
        raise UnsupportedHost(problem)
