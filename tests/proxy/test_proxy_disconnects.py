"""Clients that leave: what was spent is settled, nothing leaks, and the books come to an end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from proxy_setups import PARALLEL
from proxy_talk import PATHS, Talk, admitted, body, note_of
from upstream import Call

pytestmark = pytest.mark.proxy

WORDS = " ".join(f"Sentence number {n} tells something of its own." for n in range(60))
SLOWLY: dict[str, object] = {"text": WORDS, "chunk_delay_s": 0.01}
PATIENCE_S = 15.0
SLOW_S = 1.0
WHERE = pytest.mark.parametrize("where", ["talk", "busy"], ids=["default", "cancel_on_disconnect"])


def until(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within a while."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def site(where: str, request: pytest.FixtureRequest) -> Talk:
    """One of the two proxies."""
    found = request.getfixturevalue(where)
    assert isinstance(found, Talk)
    return found


def leave(talk: Talk, endpoint: str, given: dict[str, Any], model: str) -> None:
    """Send a request and hang up while its call of a model is under way."""
    asyncio.run(left(talk, endpoint, given, model))


async def left(talk: Talk, endpoint: str, given: dict[str, Any], model: str) -> None:
    """Same as `leave`."""
    seen = len(talk.upstream.calls(model))
    headers = {"authorization": f"Bearer {PARALLEL}"}
    async with httpx.AsyncClient(base_url=talk.proxy.url, headers=headers, timeout=60, trust_env=False) as client:
        request = asyncio.create_task(client.post(PATHS[endpoint], json=given))
        while len(await asyncio.to_thread(talk.upstream.calls, model)) == seen:  # noqa: ASYNC110  asked over HTTP
            await asyncio.sleep(0.02)
        assert not request.done()
        request.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await request


def leave_stream(talk: Talk, endpoint: str, given: dict[str, Any], events: int) -> str:
    """Read some events of a stream and hang up; returns its decision."""
    with talk.proxy.client(PARALLEL) as client, client.stream("POST", PATHS[endpoint], json=given) as response:
        assert response.status_code == 200
        lines = (line for line in response.iter_lines() if line.startswith("data:"))
        for _ in range(events):
            next(lines)
        return response.headers["x-tier-router-decision-id"]


def requests_and_pending(talk: Talk, router: str) -> tuple[int, int]:
    with talk.proxy.client(PARALLEL) as client:
        found = client.get("/tier-router/summary", params={"router": router}).json()
    return found["total_requests"], found["pending_requests"]


@WHERE
@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses"])
def test_a_client_gone_in_the_middle_of_a_draft(site: Talk, endpoint: str) -> None:
    before, _ = requests_and_pending(site, "checked")
    site.upstream.script("gpt-4o-mini", {"text": "", "delay_s": SLOW_S})
    site.upstream.script("gpt-4o", {"text": "The second answer is a good one."})
    leave(site, endpoint, body(endpoint, f"draft {endpoint}", model="checked"), "gpt-4o-mini")
    assert until(lambda: requests_and_pending(site, "checked") == (before + 1, 0))


@WHERE
def test_a_client_gone_while_the_judge_thinks(site: Talk) -> None:
    before, _ = requests_and_pending(site, "judged")
    site.upstream.script("gpt-4o-mini", {"text": "Perhaps it is seven, who knows really."})
    site.upstream.script("gpt-4.1-nano", {"text": "0.9", "delay_s": SLOW_S})
    leave(site, "chat", body("chat", "judge", model="judged"), "gpt-4.1-nano")
    assert until(lambda: requests_and_pending(site, "judged") == (before + 1, 0))
    assert [call.model for call in site.upstream.calls()] == ["gpt-4o-mini", "gpt-4.1-nano"]


@pytest.mark.parametrize("escalated", [False, True], ids=["draft", "second"])
@pytest.mark.parametrize(
    ("where", "endpoint"),
    # With cancel_on_disconnect LiteLLM makes no row of a left /v1/messages stream of any model, so it is not here.
    [("talk", "chat"), ("talk", "messages"), ("talk", "responses"), ("busy", "chat"), ("busy", "responses")],
)
def test_a_client_gone_in_the_middle_of_a_replay_is_billed_once(site: Talk, endpoint: str, *, escalated: bool) -> None:
    site.upstream.script("gpt-4o-mini", {"text": ""} if escalated else SLOWLY)
    site.upstream.script("gpt-4o", SLOWLY)
    given = body(endpoint, f"replay {endpoint} {escalated}", model="checked", stream=True)
    decision_id = leave_stream(site, endpoint, given, 8)
    decision = site.decision(decision_id)
    assert decision["cost_state"] == "final"
    rows = site.rows(decision_id, 1 + escalated)
    assert [note_of(row)["attempt"] for row in rows] == list(range(1, 2 + escalated))
    assert abs(decision["cost_usd"] - sum(row["spend"] for row in rows)) <= 1e-9
    assert until(lambda: is_over(site.upstream.calls()[-1]))


def is_over(call: Call) -> bool:
    """Whether an answer was read to its end, or given up."""
    return call.closed_early or call.finished


@WHERE
def test_clients_that_leave_hold_none_of_their_keys_parallel_requests(site: Talk) -> None:
    before, _ = requests_and_pending(site, "checked")
    site.upstream.script("gpt-4o-mini", {**SLOWLY, "delay_s": 0.5})
    for number in range(6):
        endpoint = ("chat", "responses")[number % 2]
        leave_stream(site, endpoint, body(endpoint, f"leaves {number}", model="checked", stream=True), 2)
        leave(site, endpoint, body(endpoint, f"leaves at once {number}", model="checked"), "gpt-4o-mini")
    assert until(lambda: requests_and_pending(site, "checked") == (before + 12, 0))
    site.upstream.reset()
    assert admitted(site, PARALLEL, 7) == [200] * 5 + [429] * 2
