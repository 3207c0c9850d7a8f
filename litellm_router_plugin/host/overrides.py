"""What a client asks of the router for one request, by header or by metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_router_plugin.core.decisions import Bounds, Overrides, check_bounds
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import RequestRefused
from litellm_router_plugin.host.identity import METADATA_KEY, NO_BOUNDS

HEADERS: Mapping[str, str] = {
    "x-tier-router-tier": "tier",
    "x-tier-router-min-tier": "min_tier",
    "x-tier-router-max-tier": "max_tier",
    "x-tier-router-cascade": "cascade",
    "x-tier-router-conversation": "conversation",
    "x-tier-router-route": "route",
}
TIER_KEYS = ("tier", "min_tier", "max_tier")
KEYS = tuple(HEADERS.values())
NO_OVERRIDES = Overrides()
MAX_NAME_CHARS = 256
"""Length of a conversation or route name; more is refused."""
SWITCH = {"on": True, "off": False, "true": True, "false": False, "1": True, "0": False}


def read_overrides(request: Mapping[str, Any], asked: object, ladder: Ladder) -> Overrides:
    """What the client asked for; a header wins over metadata.

    Args:
        request: The call's arguments; the proxy keeps the client's headers in them, in lower case.
        asked: What stood under ``tier_router`` in the client's metadata.
        ladder: The tiers there are.

    Raises:
        RequestRefused: An unknown tier, an unknown key, contradictory bounds, or a value of the wrong kind.
    """
    values = {**_from_metadata(asked), **_from_headers(request)}
    if not values:
        return NO_OVERRIDES
    for key in TIER_KEYS:
        if key in values:
            ladder.rung(_text(values[key], key), key)
    overrides = Overrides(
        tier=values.get("tier"),
        min_tier=values.get("min_tier"),
        max_tier=values.get("max_tier"),
        cascade=_switch(values["cascade"]) if "cascade" in values else None,
        conversation=_text(values["conversation"], "conversation") if "conversation" in values else None,
        route=_text(values["route"], "route") if "route" in values else None,
    )
    check_bounds(ladder, client_bounds(overrides, ladder))
    return overrides


def client_bounds(overrides: Overrides, ladder: Ladder) -> Bounds:
    """The client's own floor and cap."""
    if overrides.min_tier is None and overrides.max_tier is None:
        return NO_BOUNDS
    return Bounds(
        None if overrides.min_tier is None else ladder.rung(overrides.min_tier),
        None if overrides.max_tier is None else ladder.rung(overrides.max_tier),
    )


def _from_metadata(asked: object) -> dict[str, Any]:
    if asked is None:
        return {}
    if not isinstance(asked, Mapping):
        raise RequestRefused(f"metadata.{METADATA_KEY}: expected an object with the keys {', '.join(KEYS)}")
    if unknown := sorted(str(key)[:64] for key in asked if key not in KEYS):
        raise RequestRefused(f"metadata.{METADATA_KEY}: unknown key {', '.join(unknown)}. Known: {', '.join(KEYS)}")
    return {key: value for key, value in asked.items() if value is not None}


def _from_headers(request: Mapping[str, Any]) -> dict[str, Any]:
    received = request.get("proxy_server_request")
    headers = received.get("headers") if isinstance(received, Mapping) else None
    if not isinstance(headers, Mapping):
        return {}
    return {key: headers[header] for header, key in HEADERS.items() if headers.get(header)}


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_NAME_CHARS:
        raise RequestRefused(f"{key}: expected a text of 1 to {MAX_NAME_CHARS} characters")
    return value


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    known = SWITCH.get(value.lower()) if isinstance(value, str) else None
    if known is None:
        raise RequestRefused("cascade: expected on or off")
    return known
