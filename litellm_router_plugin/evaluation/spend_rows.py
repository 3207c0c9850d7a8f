"""Rows of LiteLLM's spend log, as its API and its database give them, grouped into the requests that caused them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.requests import Endpoint, RequestView
from litellm_router_plugin.evaluation.jsonl import WrongLineError
from litellm_router_plugin.evaluation.rows import shown

ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "completion": "chat",
    "acompletion": "chat",
    "text_completion": "text",
    "atext_completion": "text",
    "responses": "responses",
    "aresponses": "responses",
    "anthropic_messages": "messages",
}
"""LiteLLM's ``call_type`` -> the kind of call; other calls are none that a tier router takes."""
ATTEMPT: Final = "attempt"


@dataclass(frozen=True, slots=True)
class SpendRow:
    """One provider call as LiteLLM logged it.

    Attributes:
        request_id: What tells requests apart: the plugin's decision id where the row has one, else its own.
        role: Why the plugin made the call; ``attempt`` for calls that it did not make.
        attempt: The how-manieth tier call of its request; 1 for calls that the plugin did not make.
        model_group: The ``model_name`` that was called.
        model: The provider's model.
        model_id: The deployment's id.
        spend_usd: What LiteLLM logged; None where the row has none.
        usage: Its tokens.
        is_success: The provider answered.
        is_cache_hit: LiteLLM's response cache answered.
        view: The request; None where the log holds no prompt, or the call is none that a tier router takes.
        answer: The answer; None where the log holds none.
    """

    request_id: str
    role: str
    attempt: int
    model_group: str
    model: str
    model_id: str
    spend_usd: Decimal | None
    usage: Usage
    is_success: bool
    is_cache_hit: bool
    view: RequestView | None = field(default=None, repr=False)
    answer: AnswerView | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """All rows of one request.

    Attributes:
        rows: In the order of the log.
    """

    id: str
    rows: tuple[SpendRow, ...]

    @property
    def attempts(self) -> list[SpendRow]:
        """The tier calls that were answered, in order."""
        tried = [row for row in self.rows if row.role == ATTEMPT and row.is_success]
        return sorted(tried, key=lambda row: row.attempt)

    @property
    def view(self) -> RequestView | None:
        """What was asked; None where the log does not hold it."""
        return next((row.view for row in self.rows if row.role == ATTEMPT and row.view is not None), None)

    @property
    def spend_usd(self) -> Decimal | None:
        """USD of all its calls; None where one has no amount."""
        amounts = [row.spend_usd for row in self.rows]
        return None if None in amounts else sum((usd for usd in amounts if usd is not None), Decimal(0))


def read_spend_row(line: Mapping[str, object], number: int) -> SpendRow:
    """A row of the log. Raises `WrongLineError` saying what is wrong with it."""
    note = _note(line)
    kind = ENDPOINTS.get(_text(line, "call_type") or "acompletion")
    body = _stored(line, "proxy_server_request") or {"messages": _stored(line, "messages")}
    answer = _stored(line, "response")
    return SpendRow(
        request_id=str(note.get("decision_id") or _text(line, "request_id") or f"line-{number}"),
        role=str(note.get("role") or ATTEMPT),
        attempt=_count(note, "attempt") or 1,
        model_group=_text(line, "model_group"),
        model=_required(line, "model"),
        model_id=_text(line, "model_id"),
        spend_usd=_amount(line, "spend"),
        usage=_usage(line),
        is_success=(_text(line, "status") or "success") == "success",
        is_cache_hit=str(line.get("cache_hit")).lower() == "true",
        view=None if kind is None else _view(body, kind),
        answer=read_answer(answer) if answer else None,
    )


def grouped(rows: Iterable[SpendRow]) -> list[RecordedRequest]:
    """The rows by request, in the order in which each request first appears."""
    found: dict[str, list[SpendRow]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return [RecordedRequest(name, tuple(held)) for name, held in found.items()]


def _view(body: object, endpoint: Endpoint) -> RequestView | None:
    """The request that a stored body holds; LiteLLM stores an empty one unless it was told to keep prompts."""
    if not isinstance(body, Mapping):
        return None
    asked = body.get("messages") or body.get("input") or body.get("prompt")
    return read_request(asked, params=body, endpoint=endpoint) if asked else None


def _note(line: Mapping[str, object]) -> Mapping[str, Any]:
    """What the plugin noted on its row; empty where it is none of its calls."""
    metadata = _stored(line, "metadata")
    notes = metadata.get("spend_logs_metadata") if isinstance(metadata, Mapping) else None
    found = notes.get("tier_router") if isinstance(notes, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _stored(line: Mapping[str, object], key: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """A column that holds JSON, as text (the database) or as it is (the API); None where it is empty."""
    value = line.get(key)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return value or None
    return value or None


def _usage(line: Mapping[str, object]) -> Usage:
    metadata = _stored(line, "metadata")
    told = metadata.get("usage_object") if isinstance(metadata, Mapping) else None
    details = told.get("prompt_tokens_details") if isinstance(told, Mapping) else None
    cached = _count(details, "cached_tokens") if isinstance(details, Mapping) else 0
    return Usage(_count(line, "prompt_tokens"), _count(line, "completion_tokens"), cached)


def _count(line: Mapping[str, Any], key: str) -> int:
    value = line.get(key) or 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise WrongLineError(f'"{key}" must be a number of at least 0, found {shown(value)}')
    return int(value)


def _amount(line: Mapping[str, object], key: str) -> Decimal | None:
    value = line.get(key)
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not isinstance(value, str | int | float) or isinstance(value, bool) or not amount.is_finite():
        raise WrongLineError(f'"{key}" must be an amount in USD, found {shown(value)}')
    return amount


def _text(line: Mapping[str, object], key: str) -> str:
    value = line.get(key)
    if value is not None and not isinstance(value, str):
        raise WrongLineError(f'"{key}" must be a text, found {shown(value)}')
    return value or ""


def _required(line: Mapping[str, object], key: str) -> str:
    value = _text(line, key)
    if not value:
        raise WrongLineError(f'"{key}" is missing: is this a spend log of LiteLLM?')
    return value
