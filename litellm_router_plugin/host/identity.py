"""Who a request belongs to, as LiteLLM's own authentication says; never from what the client wrote."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from litellm_router_plugin.core.decisions import Bounds
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import RequestRefused
from litellm_router_plugin.ledger.records import NOBODY, Owner

METADATA_KEY = "tier_router"
NO_BOUNDS = Bounds()


def bucket_name(request: Mapping[str, Any]) -> str:
    """The key of the dict that holds LiteLLM's own facts of a request."""
    return "litellm_metadata" if "litellm_metadata" in request else "metadata"


def bucket_of(request: MutableMapping[str, Any], default: str | None = None) -> dict[str, Any]:
    """LiteLLM's own dict of a request, made where there is none or the client wrote something else there."""
    name = default if default and default not in request else bucket_name(request)
    bucket = request.get(name)
    if not isinstance(bucket, dict):
        bucket = request[name] = {}
    return bucket


def owner_of(bucket: Mapping[str, Any], request: Mapping[str, Any]) -> Owner:
    """The owner of a request; in code, without a proxy, its ``user`` stands for the end user."""
    key = _text(bucket.get("user_api_key_hash")) or _text(bucket.get("user_api_key"))
    user, team = _text(bucket.get("user_api_key_user_id")), _text(bucket.get("user_api_key_team_id"))
    end_user = _text(bucket.get("user_api_key_end_user_id")) or _text(request.get("user"))
    return Owner(key, user, team, end_user) if key or user or team or end_user else NOBODY


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def owner_bounds(bucket: Mapping[str, Any], router: str, ladder: Ladder) -> Bounds:
    """The floor and the cap that the key's and the team's metadata set; the lowest cap and the highest floor win.

    Raises:
        UnknownTier: One of them names a tier that there is not; a cap that cannot be read must not be passed.
        RequestRefused: The setting has a shape that cannot be read.
    """
    bounds = NO_BOUNDS
    for source, name in (("key", "user_api_key_metadata"), ("team", "user_api_key_team_metadata")):
        metadata = bucket.get(name)
        settings = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
        if settings is None:
            continue
        where = f"{source} metadata {METADATA_KEY}"
        if not isinstance(settings, Mapping):
            raise RequestRefused(f"{where}: expected {{max_tier, min_tier}}, found {type(settings).__name__}")
        for part in (settings, settings.get(router)):
            if isinstance(part, Mapping):
                bounds = bounds.narrowed(_bounds(part, ladder, where))
    return bounds


def _bounds(settings: Mapping[str, Any], ladder: Ladder, where: str) -> Bounds:
    floor, cap = settings.get("min_tier"), settings.get("max_tier")
    return Bounds(
        None if floor is None else ladder.rung(floor, f"{where}.min_tier"),
        None if cap is None else ladder.rung(cap, f"{where}.max_tier"),
    )
