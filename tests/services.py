"""Services that some tests need: absent, such a test is skipped with its reason; on CI it fails."""

from __future__ import annotations

import os
import socket

import pytest

REQUIRED = "TIER_ROUTER_REQUIRE_SERVICES"


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def need(service: str, *, available: bool, how: str) -> None:
    """Go on when a service is there; else skip the test, or fail it where services are required.

    Args:
        service: Its name, for the reason.
        available: Whether it is there.
        how: How to have it.
    """
    if available:
        return
    reason = f"{service} is not there: {how}"
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason} ({REQUIRED} is set)")
    pytest.skip(reason)
