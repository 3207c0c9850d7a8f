"""Every error of the API as ``{"detail": text}``: where, what, how to fix it; nothing of what was sent is echoed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from litellm_router_plugin.errors import (
    ExpiredDecision,
    FeedbackNotKept,
    FeedbackRefused,
    ForeignDecision,
    InvalidRating,
    StoreError,
    TierRouterError,
    UnknownDecision,
)
from litellm_router_plugin.web.decision_answers import Problem

NOT_FOUND = "no such decision, or not one of this key's, or too old"
"""One text for what is unknown and what is another key's: it must not tell which."""
STATUSES: Mapping[type[TierRouterError], int] = {
    UnknownDecision: 404,
    ForeignDecision: 404,
    ExpiredDecision: 410,
    InvalidRating: 422,
    FeedbackNotKept: 503,
    StoreError: 503,
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body cannot be read."},
    401: {"model": Problem, "description": "The key is not known."},
    403: {"model": Problem, "description": "The caller has no key of its own."},
    422: {"model": Problem, "description": "Something that was sent cannot be used."},
    503: {"model": Problem, "description": "The decisions cannot be read or written now; ask again."},
}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class WordsRoute(APIRoute):
    """A route whose errors are `Problem` records."""

    def get_route_handler(self) -> Handler:
        """FastAPI's own handler, with its errors in our words."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise HTTPException(422, in_words(error.errors())) from error
            except (FeedbackRefused, StoreError) as error:
                raise as_http(error) from error

        return handler


def in_words(problems: Sequence[Mapping[str, Any]]) -> str:
    """The first of some validation errors: where and what."""
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{_printable(where) or 'body'}: {first['msg']}{more}"


def _printable(text: str) -> str:
    """A place in a body is named by keys that the client chose."""
    return text[:80].encode("ascii", "replace").decode()


def as_http(error: FeedbackRefused | StoreError) -> HTTPException:
    """The HTTP error that one of ours stands for."""
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 400)
    return HTTPException(status, NOT_FOUND if status == 404 else str(error))  # noqa: PLR2004  not found
