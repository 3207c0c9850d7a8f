"""Monitors and steps at the real router: kept in the store, applied within bounds, reversible."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from routers import Make, asked, told
from upstream import Upstream

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.host.tuning import StepRefused, steps_from_json
from litellm_router_plugin.ledger.quality_monitor import MonitorKey
from litellm_router_plugin.store.store import Store

JUDGED: dict[str, Any] = {
    "cascade": {"checks": "default", "judge": {"model": "judge", "ask": "always", "threshold": 0.7}},
    "default_tier": "cheap",
}
BOUNDED = {"apply": "within_bounds", "max_threshold_step": 0.03, "max_threshold": 0.05, "every_h": 0.001}


async def rated_traffic(routing: TierRouting, upstream: Upstream, count: int = 60) -> None:
    """Answers that the judge lets pass at .72 and people do not like, and some at .9 that they do."""
    replies: list[dict[str, object]] = [{"text": "0.72" if number % 3 else "0.9"} for number in range(count)]
    upstream.script("gpt-4.1-nano", *replies)
    for number in range(count):
        response = await routing.router.acompletion(model="smart", messages=asked(f"Question {number}"))
        score = 0.0 if number % 3 else 1.0
        await asyncio.to_thread(routing.feedback, told(response)["decision_id"], score=score)
    await routing.flush()


async def tier_at_072(routing: TierRouting, upstream: Upstream) -> str:
    """The tier that answers where the judge says .72 of the cheap answer, and .9 of any other."""
    upstream.script("gpt-4.1-nano", {"text": "0.72"}, {"text": "0.9"})
    response = await routing.router.acompletion(model="smart", messages=asked("One more question"))
    return str(told(response)["tier"])


def proposals(routing: TierRouting) -> list[Any]:
    routers: Any = routing.quality.report("smart")["routers"]
    return list(routers[0]["proposals"])


async def until(routing: TierRouting, value: float) -> None:
    """Wait until a threshold is in force, which the thread of its router sees to."""
    async with asyncio.timeout(15):
        while threshold(routing) != value:  # noqa: ASYNC110  a thread sets it
            await asyncio.sleep(0.02)


def threshold(routing: TierRouting) -> float | None:
    routes = routing.markers.find("smart").policy.config.routes  # type: ignore[union-attr]  # it is there
    return routes["default"].judge_threshold if "default" in routes else None


async def test_nothing_is_applied_unless_the_settings_say_so(make: Make, upstream: Upstream) -> None:
    routing = make(JUDGED)
    await rated_traffic(routing, upstream)
    (proposal,) = proposals(routing)
    assert (proposal["setting"], proposal["after"]) == ("judge_threshold", 0.73)
    assert proposal["diff"] == "+routes:\n+  default:\n+    judge_threshold: 0.73"
    assert routing.quality.apply_due() == []
    assert threshold(routing) is None


async def test_an_operator_applies_a_proposal_and_takes_it_back(
    make: Make, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    routing = make(JUDGED)
    await rated_traffic(routing, upstream)
    change = proposals(routing)[0]["id"]
    with caplog.at_level(logging.WARNING):
        step = routing.quality.apply("smart", change, by="ops")
    assert threshold(routing) == 0.73
    assert await tier_at_072(routing, upstream) == "standard", "what the judge lets pass at .7 is now sent up"
    assert "judge_threshold on route 'default' set from None to 0.73 by ops" in caplog.text
    with pytest.raises(StepRefused, match="no such proposal"):
        routing.quality.apply("smart", change, by="ops")
    assert routing.quality.revert("smart", str(step["id"]), by="ops")["reverted_at"]
    assert threshold(routing) is None
    assert await tier_at_072(routing, upstream) == "cheap"
    with pytest.raises(StepRefused, match="reverted before"):
        routing.quality.revert("smart", str(step["id"]), by="ops")
    with pytest.raises(StepRefused, match="no step"):
        routing.quality.revert("smart", "nonsense", by="ops")


async def test_steps_stay_in_bounds_hold_after_a_restart_and_are_not_redone_once_taken_back(
    make: Make, upstream: Upstream, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'd.sqlite'}", interval_s=0.01)
    settings = {**JUDGED, "monitoring": BOUNDED}
    routing = make(settings)
    connect(routing, store)
    await rated_traffic(routing, upstream)
    await asyncio.to_thread(store.flush)
    (step,) = routing.quality.apply_due()
    assert (step.after, step.by, threshold(routing)) == (0.73, "monitoring", 0.73)
    assert routing.quality.apply_due() == [], "pairs made under the former threshold no longer count"

    later = make(settings)
    connect(later, store)
    await until(later, 0.73)
    written_by_hand = make({**settings, "routes": {"default": {"judge_threshold": 0.6}}})
    connect(written_by_hand, store)
    async with asyncio.timeout(15):
        while not written_by_hand.quality.tuning.steps("smart"):  # noqa: ASYNC110  a thread takes them over
            await asyncio.sleep(0.02)
    assert threshold(written_by_hand) == 0.6, "who writes the value himself has the last word"

    later.quality.revert("smart", step.id, by="ops")
    assert threshold(later) is None
    assert later.quality.apply_due() == [], "a step that somebody took back is not made again"
    store.close()


async def test_monitors_are_taken_over_by_the_next_process(make: Make, upstream: Upstream, tmp_path: Path) -> None:
    upstream.script("gpt-4o-mini", {"text": "A fine answer, word by word."})
    url = f"sqlite:///{tmp_path / 'd.sqlite'}"
    settings = {"cascade": {"checks": "default"}}
    for expected in (5, 10):
        routing, store = make(settings), Store(url, interval_s=0.01)
        connect(routing, store)
        routing.quality.tick()
        for _ in range(5):
            await routing.router.acompletion(model="smart", messages=asked())
        await routing.flush()
        monitors: Any = routing.quality.report("smart")["monitors"]
        assert [(one["tier"], one["stream"], one["seen"]) for one in monitors] == [("cheap", "acceptance", expected)]
        routing.detach()
        store.close()


async def test_a_reset_starts_one_monitor_afresh(make: Make) -> None:
    routing = make({"cascade": {"checks": "default"}})
    await routing.router.acompletion(model="smart", messages=asked("Tell me something nice."))
    await routing.flush()
    assert routing.quality.report()["monitors"]
    assert routing.quality.reset(MonitorKey("smart", "default", "cheap", "acceptance"))
    assert routing.quality.report()["monitors"] == []


def test_damaged_steps_are_refused() -> None:
    for damaged in ({}, {"steps": [{"unheard": 1}]}, {"steps": [3]}):
        with pytest.raises(DataError):
            steps_from_json(damaged)


def connect(routing: TierRouting, store: Store) -> None:
    from litellm_router_plugin.host.attach import give_store  # noqa: PLC0415  it loads the host

    give_store(routing, store)
