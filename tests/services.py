"""Services that some tests need: absent, such a test is skipped with its reason; on CI it fails."""

from __future__ import annotations

import os
import socket

import pytest

REQUIRED = "TIER_ROUTER_REQUIRE_SERVICES"
REDIS_PORT = 6379


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


def redis_address() -> tuple[str, int]:
    """Host and port of a Redis server on loopback; skips, or fails, the test where there is none."""
    need("Redis", available=listens(REDIS_PORT), how=f"start redis-server on port {REDIS_PORT}")
    return "127.0.0.1", REDIS_PORT
