"""Decisions and their calls as rows, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import RowMapping

from litellm_router_plugin.core.money import Price, Usage
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner
from litellm_router_plugin.ledger.savings import contribution
from litellm_router_plugin.store.amounts import split
from litellm_router_plugin.store.schema import HOUR_S

Row = dict[str, Any]
"""Column -> value, of a type that the database takes."""
AnyRow = Row | RowMapping
"""A row of ours, or one that was read."""

NAME_CHARS: Final = 200
"""Characters kept of a name; clients choose some of them."""
TEXT_CHARS: Final = 16_000
"""Characters kept of a prompt; the window of a request view is smaller."""
_HAVE_COLUMNS: Final = frozenset(
    {
        "decision_id",
        "router",
        "tier",
        "cause",
        "owner",
        "route",
        "pinned",
        "escalated",
        "experiment",
        "mode",
        "prices",
        "baseline",
        "tiers",
        "created_at",
        "closed_at",
        "served_call",
        "calls",
    }
)
_NOT_STORED_HERE: Final = frozenset({"prompt", "prompt_chars", "keep_prompt", "assignment"})
"""They go to a table of their own, if anywhere."""
_DETAILS: Final = tuple(one for one in fields(DecisionRecord) if one.name not in _HAVE_COLUMNS | _NOT_STORED_HERE)
_WITHOUT_NUL = {0: "\N{REPLACEMENT CHARACTER}"}


def clean(text: str, limit: int = NAME_CHARS) -> str:
    """A text that every database takes: cut, valid UTF-8, no NUL."""
    cut = text[:limit]
    if cut.isascii() and "\0" not in cut:
        return cut
    return cut.translate(_WITHOUT_NUL).encode("utf-8", "replace").decode()


def price_list_row(record: DecisionRecord) -> Row:
    """The ladder and the prices that a decision was made with."""
    prices = {clean(name): _price_out(price) for name, price in record.prices.items()}
    tiers = [clean(name) for name in record.tiers or record.prices]
    content: Row = {
        "router": clean(record.router),
        "baseline": clean(record.baseline),
        "tiers": orjson.dumps(tiers).decode(),
        "prices": orjson.dumps(prices).decode(),
    }
    digest = hashlib.blake2b(orjson.dumps(content), digest_size=12).hexdigest()
    return {"id": digest, **content, "created_at": record.created_at}


def _price_out(price: Price | None) -> list[str | None] | None:
    if price is None:
        return None
    cached = None if price.cached_input is None else str(price.cached_input)
    return [str(price.input), str(price.output), cached]


def prices_in(text: str) -> dict[str, Price | None]:
    """The prices that `price_list_row` wrote."""
    written: dict[str, list[str | None] | None] = orjson.loads(text)
    return {name: None if parts is None else _price_in(parts) for name, parts in written.items()}


def _price_in(parts: list[str | None]) -> Price:
    cached = parts[2]
    return Price(Decimal(parts[0] or 0), Decimal(parts[1] or 0), None if cached is None else Decimal(cached))


def decision_row(record: DecisionRecord, price_list: str) -> Row:
    """A finished decision as a row of ``decisions``."""
    return {
        "decision_id": clean(record.decision_id),
        "created_at": record.created_at,
        "closed_at": record.closed_at,
        "hour": int(record.created_at // HOUR_S),
        "router": clean(record.router),
        "tier": clean(record.tier),
        "cause": clean(record.cause),
        "route": clean(record.route),
        "owner_key": clean(record.owner.key),
        "owner_user": clean(record.owner.user),
        "owner_team": clean(record.owner.team),
        "end_user": clean(record.owner.end_user),
        "experiment": clean(record.experiment),
        "mode": clean(record.mode),
        "cost_state": record.cost_state,
        "served_call": clean(record.served_call or ""),
        "price_list": price_list,
        "pinned": int(record.pinned),
        "details": _details(record),
        **_sums(record),
    }


def _sums(record: DecisionRecord) -> Row:
    """What a decision adds to the hourly sums."""
    part, served = contribution(record), record.served
    answer, overhead = split(part.answer_cost), split(part.overhead)
    usage = served.usage if served is not None else Usage()
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    return {
        "counterfactual": _counterfactual(record, is_priced=part.priced),
        "failed": int(not part.tier),
        "unpriced": int(not part.priced),
        "escalated": int(part.escalated),
        "fresh_tokens": usage.prompt_tokens - cached,
        "cached_tokens": cached,
        "completion_tokens": usage.completion_tokens,
        "answer_nano": answer[0],
        "answer_rest": answer[1],
        "overhead_nano": overhead[0],
        "overhead_rest": overhead[1],
    }


def _counterfactual(record: DecisionRecord, *, is_priced: bool) -> str:
    served = record.served
    if served is None or not is_priced:
        return "none"
    return "own" if served.cache_hit or record.pinned else "tokens"


def _details(record: DecisionRecord) -> str:
    """Every fact of a decision that has no column of its own, where it differs from its default."""
    found = {
        one.name: _plain(value)
        for one in _DETAILS
        if (value := getattr(record, one.name)) != one.default and value != {}
    }
    return orjson.dumps(found, default=float, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _plain(value: object) -> object:
    """A value without text that databases refuse."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def _details_in(text: str) -> Row:
    """Fields of a `DecisionRecord` that `_details` wrote; those of another version of it are passed over."""
    written: Row = orjson.loads(text)
    found = {one.name: written[one.name] for one in _DETAILS if one.name in written}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def call_rows(record: DecisionRecord) -> list[Row]:
    """The calls of a decision as rows of ``calls``."""
    return [_call_row(record, position, call) for position, call in enumerate(record.calls)]


def _call_row(record: DecisionRecord, position: int, call: CallRecord) -> Row:
    decider = clean(call.decider)
    return {
        "decision_id": clean(record.decision_id),
        "position": position,
        "call_id": clean(call.call_id),
        "role": call.role,
        "call_tier": clean(call.tier),
        "attempt": call.attempt,
        "model": clean(call.model),
        "status": call.status,
        "cost": None if call.cost is None else str(call.cost),
        "cache_hit": int(call.cache_hit),
        "prompt_tokens": call.usage.prompt_tokens,
        "completion_tokens": call.usage.completion_tokens,
        "cached_tokens": call.usage.cached_tokens,
        "decider": decider,
        "outcome": clean(call.verdict),
        "failed_checks": orjson.dumps([clean(name) for name in call.failed_checks]).decode()
        if call.failed_checks
        else "",
        "quality": call.quality,
    }


def record_of(row: AnyRow, price_list: AnyRow | None, calls: Iterable[AnyRow]) -> DecisionRecord:
    """The decision that rows tell of."""
    return DecisionRecord(
        decision_id=row["decision_id"],
        router=row["router"],
        tier=row["tier"],
        cause=row["cause"],
        owner=Owner(row["owner_key"], row["owner_user"], row["owner_team"], row["end_user"]),
        route=row["route"],
        pinned=bool(row["pinned"]),
        escalated=bool(row["escalated"]),
        experiment=row["experiment"],
        mode=row["mode"],
        prices=prices_in(price_list["prices"]) if price_list else {},
        baseline=price_list["baseline"] if price_list else "",
        tiers=tuple(orjson.loads(price_list["tiers"])) if price_list else (),
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        served_call=row["served_call"] or None,
        calls=[_call_of(call) for call in calls],
        **_details_in(row["details"]),
    )


def _call_of(row: AnyRow) -> CallRecord:
    return CallRecord(
        call_id=row["call_id"],
        role=row["role"],
        tier=row["call_tier"],
        attempt=row["attempt"],
        model=row["model"],
        usage=Usage(row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"]),
        cost=None if row["cost"] is None else Decimal(row["cost"]),
        cache_hit=bool(row["cache_hit"]),
        status=row["status"],
        verdict=row["outcome"],
        verdict_by=row["decider"],
        quality=row["quality"],
        failed_checks=tuple(orjson.loads(row["failed_checks"])) if row["failed_checks"] else (),
    )
