"""The dashboard's page and its files. They hold no data and need no key; the page asks for one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from litellm_router_plugin.web.api import PATH

POLICY: Final = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "connect-src 'self'; "
    "img-src 'self' data:; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline."""
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
INDEX: Final = "index.html"

pages = APIRouter(prefix=PATH, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the dashboard."""

    content: bytes
    media_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Name -> file: everything that is ever served, so that no path reaches anything else."""
    folder = files("litellm_router_plugin.web") / "assets"
    found = {}
    for entry in folder.iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in TYPES:
            content = entry.read_bytes()
            digest = hashlib.blake2b(content, digest_size=12).hexdigest()
            found[entry.name] = Asset(content, TYPES[suffix], f'"{digest}"')
    return found


def respond(name: str, request: Request) -> Response:
    """A file, or 304 where the browser has it."""
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404, "no such file")
    headers = {**HEADERS, "etag": asset.etag}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


@pages.get("")
async def to_page() -> Response:
    """Lead to the page; relative, so that it holds behind any prefix."""
    return Response(status_code=307, headers={"location": PATH.rpartition("/")[2] + "/"})


@pages.get("/")
async def get_page(request: Request) -> Response:
    """The dashboard."""
    return respond(INDEX, request)


@pages.get("/assets/{name}")
async def get_asset(name: str, request: Request) -> Response:
    """A file of the dashboard."""
    return respond(name, request)
