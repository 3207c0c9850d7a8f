"""Names of routes that clients do not name."""

from __future__ import annotations

import hashlib
from typing import Final

from litellm_router_plugin.core.requests import RequestView

NAMING_CHARS: Final = 2_000
"""Characters of the system prompt that a route is known by."""
DIGEST_BYTES: Final = 8


def route_named(router: str, view: RequestView) -> str:
    """A route known by the request's system prompt and tools; ``default`` where there are none."""
    system = view.system[:NAMING_CHARS]
    tools = sorted(tool.name for tool in view.tools)
    if not system and not tools:
        return "default"
    content = "\x00".join([router, system, *tools])
    return hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=DIGEST_BYTES).hexdigest()
