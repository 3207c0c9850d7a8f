"""Copied beside a test proxy's config: keys with users, teams, metadata and limits, read from ``keys.json``."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import HTTPException, Request
from litellm.proxy._types import UserAPIKeyAuth

_KEYS: dict[str, dict[str, object]] = json.loads((Path(__file__).parent / "keys.json").read_text())


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    """The identity of a key; 401 for one that is not in the file."""
    del request
    known = _KEYS.get(api_key)
    if known is None:
        raise HTTPException(status_code=401, detail="unknown test key")
    return UserAPIKeyAuth(api_key=api_key, **known)
