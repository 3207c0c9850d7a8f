"""Sends recorded prompts through the proxy, and gathers what came back and what it cost, from three books at once."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.replay.processes import MASTER_KEY, ProxyProcess
from benchmarks.replay.recordings import Ladder, Prompt
from benchmarks.replay.setups import TIER_NAMES

CONCURRENCY = 8
REQUEST_TIMEOUT_S = 600.0
BOOKS_TIMEOUT_S = 90.0
EXACT_USD = 1e-9
"""How far a sum of costs may differ between the header, the rows and the summary."""
PREFIX = "x-tier-router-"


@dataclass(frozen=True, slots=True)
class Served:
    """One request, as its client saw it.

    Attributes:
        score: Of the recorded answer that was served.
        cost_usd: Everything that the request cost, from its header.
    """

    decision_id: str
    tier: str
    cause: str
    score: float
    cost_usd: float
    escalated: bool


async def send_all(
    proxy: ProxyProcess, router: str, ladder: Ladder, prompts: Sequence[Prompt], tier: str | None = None
) -> list[Served]:
    """Send every prompt to a tier router, some at a time; with ``tier`` pinned to that one."""
    headers = {"authorization": f"Bearer {MASTER_KEY}", f"{PREFIX}route": ladder.source}
    if tier is not None:
        headers[f"{PREFIX}tier"] = tier
    at_once = asyncio.Semaphore(CONCURRENCY)
    async with httpx.AsyncClient(
        base_url=proxy.url, headers=headers, timeout=REQUEST_TIMEOUT_S, trust_env=False
    ) as client:

        async def send(prompt: Prompt) -> Served:
            async with at_once:
                body = {"model": router, **prompt.body}
                return served(await client.post("/v1/chat/completions", json=body), ladder, prompt)

        return await asyncio.gather(*(send(prompt) for prompt in prompts))


def served(response: httpx.Response, ladder: Ladder, prompt: Prompt) -> Served:
    """What a response says; its text must be the recorded answer of the tier that it names.

    Raises:
        RuntimeError: The proxy answered with an error, or with another answer.
    """
    if not response.is_success:
        raise RuntimeError(f"{prompt.row_id}: {response.status_code} {response.text[:500]}")
    told = {name: response.headers[f"{PREFIX}{name}"] for name in ("tier", "cause", "cost-usd", "escalated")}
    model = ladder.models[TIER_NAMES.index(told["tier"])]
    text = response.json()["choices"][0]["message"]["content"] or ""
    if text != prompt.answers[model]:
        raise RuntimeError(f"{prompt.row_id}: the answer is not the one recorded of {model}")
    return Served(
        decision_id=response.headers[f"{PREFIX}decision-id"],
        tier=told["tier"],
        cause=told["cause"],
        score=prompt.scores[model],
        cost_usd=float(told["cost-usd"]),
        escalated=told["escalated"] == "true",
    )


def summary_of(proxy: ProxyProcess, router: str) -> dict[str, Any]:
    """The plugin's summary of one tier router, once every call has reported."""
    end = time.monotonic() + BOOKS_TIMEOUT_S
    with proxy.client() as client:
        while True:
            found: dict[str, Any] = (
                client.get("/tier-router/summary", params={"router": router}).raise_for_status().json()
            )
            if not found["pending_requests"]:
                return found
            if time.monotonic() > end:
                raise TimeoutError(f"{router}: {found['pending_requests']} requests still pending")
            time.sleep(0.2)


def row_costs(proxy: ProxyProcess) -> dict[str, float]:
    """Decision id -> the sum of what LiteLLM's spend rows say of it."""
    spent: dict[str, list[float]] = defaultdict(list)
    for row in proxy.rows():
        raw: Any = row["metadata"]
        metadata = json.loads(raw) if isinstance(raw, str) else raw
        note = (metadata.get("spend_logs_metadata") or {}).get("tier_router") or {}
        spend: Any = row["spend"]
        spent[note.get("decision_id", "")].append(float(spend))
    return {decision_id: math.fsum(costs) for decision_id, costs in spent.items()}


def guard_of(summary: Mapping[str, Any], router: str) -> Mapping[str, Any] | None:
    """How the cascade of a router stands on its cheapest tier; None where none ran."""
    standing: Mapping[str, Any] | None = summary["cascades"].get(router, {}).get(TIER_NAMES[0])
    return standing


def check_books(proxy: ProxyProcess, routers: Mapping[str, Sequence[Served]]) -> dict[str, dict[str, Any]]:
    """The summary of each router, after checking that headers, LiteLLM's rows and summaries tell the same costs.

    Args:
        proxy: The proxy.
        routers: Router -> every request that it had.

    Raises:
        RuntimeError: They tell different ones.
    """
    summaries = {router: summary_of(proxy, router) for router in routers}
    end = time.monotonic() + BOOKS_TIMEOUT_S
    while wrong := _disagreements(routers, summaries, row_costs(proxy)):
        if time.monotonic() > end:
            raise RuntimeError(f"the books disagree: {wrong}")
        time.sleep(2.0)  # rows are written after the answer
    return summaries


def _disagreements(
    routers: Mapping[str, Sequence[Served]], summaries: Mapping[str, Mapping[str, Any]], rows: Mapping[str, float]
) -> list[str]:
    wrong = []
    for router, requests in routers.items():
        books = {
            "headers": math.fsum(one.cost_usd for one in requests),
            "rows": math.fsum(rows.get(one.decision_id, 0.0) for one in requests),
            "summary": float(summaries[router]["total_cost"]),
        }
        if max(books.values()) - min(books.values()) > EXACT_USD:
            wrong.append(f"{router}: {books}")
        if summaries[router]["total_requests"] != len(requests):
            wrong.append(f"{router}: {summaries[router]['total_requests']} of {len(requests)} requests in the summary")
    return wrong
