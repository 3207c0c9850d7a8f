"""What was calibrated for a route holds on it, and on no other: the learned check's range, the judge's threshold."""

from __future__ import annotations

from typing import Any

import pytest
from routers import Make, asked, books, told
from upstream import Upstream

RIGHT = "17 * 23 = 391. The answer is 391."
LEARNED = {"cascade": {"checks": ["learned"], "max_escalations": 1, "break_even": False}}
JUDGED = {"cascade": {"checks": [{"learned": {"unsure": [0.0, 1.0]}}], "judge": {"model": "judge"}}}


async def ask(routing: Any, route: str) -> Any:
    return await routing.router.acompletion(
        model="smart", messages=asked("What is 17 * 23?"), metadata={"tier_router": {"route": route}}
    )


@pytest.mark.parametrize(("route", "tier"), [("sums", "standard"), ("elsewhere", "cheap")])
async def test_a_calibrated_check_rejects_on_its_route_only(
    make: Make, upstream: Upstream, route: str, tier: str
) -> None:
    upstream.script("gpt-4o-mini", {"text": RIGHT})
    routing = make({**LEARNED, "routes": {"sums": {"learned_check": {"unsure": [1.0, 1.0]}}}})
    decision = await books(routing, await ask(routing, route))
    assert decision["attempts"][-1]["tier"] == tier
    assert decision["attempts"][0]["failed_checks"] == (["learned"] if route == "sums" else [])


@pytest.mark.parametrize(("route", "asks"), [("sums", 0), ("elsewhere", 1)])
async def test_a_calibrated_check_vouches_so_that_nobody_is_asked(
    make: Make, upstream: Upstream, route: str, asks: int
) -> None:
    upstream.script("gpt-4o-mini", {"text": RIGHT})
    upstream.script("gpt-4.1-nano", {"text": "0.9"})
    routing = make({**JUDGED, "routes": {"sums": {"learned_check": {"unsure": [0.0, 0.0]}}}})
    response = await ask(routing, route)
    assert told(response)["tier"] == "cheap"
    assert len((await books(routing, response))["other_calls"]) == asks


@pytest.mark.parametrize(("route", "tier"), [("sums", "standard"), ("elsewhere", "cheap")])
async def test_the_judges_threshold_of_a_route_holds_there_only(
    make: Make, upstream: Upstream, route: str, tier: str
) -> None:
    upstream.script("gpt-4o-mini", {"text": RIGHT})
    upstream.script("gpt-4.1-nano", {"text": "0.8"}, {"text": "0.95"})
    judged = {"cascade": {"judge": {"model": "judge", "ask": "always"}, "max_escalations": 1, "break_even": False}}
    routing = make({**judged, "routes": {"sums": {"judge_threshold": 0.9}}})
    assert told(await ask(routing, route))["tier"] == tier


async def test_an_arms_own_cascade_is_calibrated_too(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": RIGHT})
    arm = {"name": "checked", "unit": "request", "share": 1.0, "set": LEARNED}
    routing = make({"experiments": [arm], "routes": {"sums": {"learned_check": {"unsure": [1.0, 1.0]}}}})
    assert told(await ask(routing, "sums"))["tier"] == "standard"
