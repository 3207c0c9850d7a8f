"""Sums over stored decisions: by day, by hour, and at the ends of a period over the decisions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, select

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.ledger.totals import Totals
from litellm_router_plugin.store.amounts import join
from litellm_router_plugin.store.filters import Filters, Span
from litellm_router_plugin.store.rows import prices_in
from litellm_router_plugin.store.schema import (
    AMOUNT_COLUMNS,
    SUM_COLUMNS,
    calls,
    daily,
    daily_verdicts,
    decisions,
    hourly,
    hourly_verdicts,
    price_lists,
)

_AMOUNTS = len(SUM_COLUMNS) - len(AMOUNT_COLUMNS)
"""Where the amounts begin among the sums."""
_VERDICT_KEYS = ("call_tier", "decider", "outcome", "failed_checks")

Split = Literal["nothing", "day", "hour"]
"""What sums are told apart by."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """A ladder and its prices, as decisions were made with them."""

    router: str
    baseline: str
    tiers: tuple[str, ...]
    prices: dict[str, Price | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Decisions of one hour or day (0 where these do not matter), tier, price list and counterfactual, summed."""

    hour: int
    tier: str
    price_list: str
    counterfactual: str
    requests: int
    failed: int
    unpriced: int
    escalated: int
    fresh_tokens: int
    cached_tokens: int
    completion_tokens: int
    answer: Decimal
    overhead: Decimal


@dataclass(frozen=True, slots=True)
class VerdictGroup:
    """Verdicts of one hour or day (0 where these do not matter), tier, decider and outcome."""

    hour: int
    tier: str
    decider: str
    outcome: str
    failed_checks: tuple[str, ...]
    count: int


def price_lists_of(connection: Connection, groups: Iterable[Group]) -> dict[str, PriceList]:
    """The price lists that some groups were made with, the latest last."""
    wanted = {group.price_list for group in groups}
    rows = connection.execute(
        select(price_lists).where(price_lists.c.id.in_(wanted)).order_by(price_lists.c.created_at, price_lists.c.id)
    )
    return {
        row["id"]: PriceList(
            row["router"], row["baseline"], tuple(orjson.loads(row["tiers"])), prices_in(row["prices"])
        )
        for row in rows.mappings()
    }


def decision_groups(connection: Connection, filters: Filters, by: Split = "nothing") -> list[Group]:
    """The sums of the decisions that are meant; by day, a day's decisions may be in several groups."""
    pieces = filters.pieces(with_days=by != "hour")
    parts: list[tuple[FromClause, list[ColumnElement[bool]]]] = [
        *((hourly, hours.on(hourly.c.hour)) for hours in pieces.hours),
        *((decisions, end.on(decisions.c.created_at)) for end in pieces.ends),
    ]
    if pieces.days is not None:
        parts.append((daily, pieces.days.on(daily.c.hour)))
    return [group for table, period in parts for group in _sum(connection, table, period, filters, by)]


def _sum(
    connection: Connection, table: FromClause, period: list[ColumnElement[bool]], filters: Filters, by: Split
) -> list[Group]:
    keys = [table.c[name] for name in ("tier", "price_list", "counterfactual")]
    has_hour = by != "nothing"
    if has_hour:
        keys.insert(0, table.c.hour)
    requests = func.count() if table is decisions else func.sum(table.c.requests)
    sums = [func.sum(table.c[name]) for name in SUM_COLUMNS]
    query = select(*keys, requests, *sums).where(*period, *filters.on(table)).group_by(*keys)
    return [_group(tuple(row), has_hour=has_hour) for row in connection.execute(query)]


def _group(row: Sequence[Any], *, has_hour: bool) -> Group:
    hour = int(row[0]) if has_hour else 0
    tier, price_list, counterfactual, requests, *sums = row[1:] if has_hour else row
    flags_and_tokens, amounts = map(int, sums[:_AMOUNTS]), list(sums[_AMOUNTS:])
    failed, unpriced, escalated, fresh, cached, completion = flags_and_tokens
    return Group(
        hour=hour,
        tier=tier,
        price_list=price_list,
        counterfactual=counterfactual,
        requests=int(requests),
        failed=failed,
        unpriced=unpriced,
        escalated=escalated,
        fresh_tokens=fresh,
        cached_tokens=cached,
        completion_tokens=completion,
        answer=join(amounts[0], amounts[1]),
        overhead=join(amounts[2], amounts[3]),
    )


def verdict_groups(connection: Connection, filters: Filters, by: Split = "nothing") -> list[VerdictGroup]:
    """The verdicts on the attempts of the decisions that are meant."""
    pieces = filters.pieces(with_days=by != "hour")
    parts = [(hourly_verdicts, hours) for hours in pieces.hours]
    if pieces.days is not None:
        parts.append((daily_verdicts, pieces.days))
    rows = [group for table, span in parts for group in _count_summed(connection, table, span, filters, by)]
    return rows + [group for end in pieces.ends for group in _count_calls(connection, end, filters, by)]


def _count_summed(connection: Connection, table: Table, span: Span, filters: Filters, by: Split) -> list[VerdictGroup]:
    keys = [table.c[name] for name in _VERDICT_KEYS]
    has_hour = by != "nothing"
    if has_hour:
        keys.insert(0, table.c.hour)
    conditions = [*span.on(table.c.hour), *filters.on(table)]
    query = select(*keys, func.sum(table.c.verdicts)).where(*conditions).group_by(*keys)
    return [_verdict_group(tuple(row), has_hour=has_hour) for row in connection.execute(query)]


def _count_calls(connection: Connection, end: Span, filters: Filters, by: Split) -> list[VerdictGroup]:
    keys = [calls.c[name] for name in _VERDICT_KEYS]
    has_hour = by != "nothing"
    if has_hour:
        keys.insert(0, decisions.c.hour)
    joined = decisions.join(calls, decisions.c.decision_id == calls.c.decision_id)
    conditions = [*end.on(decisions.c.created_at), *filters.on(decisions), calls.c.decider != ""]
    query = select(*keys, func.count()).select_from(joined).where(*conditions).group_by(*keys)
    return [_verdict_group(tuple(row), has_hour=has_hour) for row in connection.execute(query)]


def _verdict_group(row: Sequence[Any], *, has_hour: bool) -> VerdictGroup:
    hour = int(row[0]) if has_hour else 0
    tier, decider, outcome, failed, count = row[1:] if has_hour else row
    return VerdictGroup(hour, tier, decider, outcome, tuple(orjson.loads(failed)) if failed else (), int(count))


def totals_of(groups: Iterable[Group], verdicts: Iterable[VerdictGroup], lists: Mapping[str, PriceList]) -> Totals:
    """The totals that the ledger would have reached over the same decisions."""
    totals = Totals()
    for group in groups:
        _add_group(totals, group)
        price_list = lists.get(group.price_list)
        _add_counterfactuals(totals, group, price_list.prices if price_list else {})
    for verdict in verdicts:
        totals.checked_by_tier[verdict.tier] += verdict.count
        totals.accepted_by_tier[verdict.tier] += verdict.count * (verdict.outcome != "reject")
    return totals


def _add_group(totals: Totals, group: Group) -> None:
    answered = group.requests - group.failed
    totals.requests += group.requests
    totals.failed += group.failed
    totals.unpriced += group.unpriced
    totals.escalated += group.escalated
    totals.overhead += group.overhead
    if answered:
        totals.requests_by_tier[group.tier] += answered
        totals.tokens_by_tier[group.tier] += group.fresh_tokens + group.cached_tokens + group.completion_tokens
        totals.costs_by_tier[group.tier] = totals.costs_by_tier.get(group.tier, Decimal(0)) + group.answer


def _add_counterfactuals(totals: Totals, group: Group, prices: dict[str, Price | None]) -> None:
    if group.counterfactual == "none":
        return
    totals.comparable += group.requests
    for name, price in prices.items():
        cost = group.answer + group.overhead if group.counterfactual == "own" else cost_of_tokens(group, price)
        if cost is not None:
            totals.known_if_always[name] += group.requests
            totals.cost_if_always[name] = totals.cost_if_always.get(name, Decimal(0)) + cost


def cost_of_tokens(group: Group, price: Price | None) -> Decimal | None:
    """What the served answers' tokens would have cost at a price, in USD; None where it is unknown."""
    if price is None:
        return None
    cached_price = price.input if price.cached_input is None else price.cached_input
    return (
        group.fresh_tokens * price.input + group.cached_tokens * cached_price + group.completion_tokens * price.output
    )
