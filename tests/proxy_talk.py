"""Talking to a proxy under test in the forms of its four endpoints, and reading its books."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
from proxy_process import MASTER_KEY, ProxyProcess
from upstream import Upstream

PATHS = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "text": "/v1/completions",
}
CASCADING = ("chat", "messages", "responses")
FINAL_WITHIN_S = 60.0
"""A decision's cost is final within this time."""
PREFIX = "x-tier-router-"
EXACT_USD = 1e-9
SLOW_S = 2.0
"""How long a slow answer takes, so that requests sent at once overlap."""


def body(endpoint: str, text: str = "hi", model: str = "smart", **more: Any) -> dict[str, Any]:
    """A request body."""
    asked: dict[str, Any]
    if endpoint == "text":
        asked = {"prompt": text}
    elif endpoint == "responses":
        asked = {"input": text}
    else:
        asked = {"messages": [{"role": "user", "content": text}]}
    if endpoint == "messages":
        asked["max_tokens"] = 300
    return {"model": model, **asked, **more}


def bucket(endpoint: str) -> str:
    """The field of a body that holds LiteLLM's own metadata."""
    return "litellm_metadata" if endpoint in ("messages", "responses") else "metadata"


def text_of(endpoint: str, answer: Mapping[str, Any]) -> str:
    """The text of a whole answer."""
    if endpoint == "chat":
        return answer["choices"][0]["message"]["content"] or ""
    if endpoint == "text":
        return str(answer["choices"][0]["text"])
    if endpoint == "messages":
        return "".join(part["text"] for part in answer["content"] if part["type"] == "text")
    parts = (part for item in answer["output"] if item["type"] == "message" for part in item["content"])
    return "".join(part["text"] for part in parts if part["type"] == "output_text")


def text_of_events(endpoint: str, events: list[dict[str, Any]]) -> str:
    """The text of a streamed answer."""
    if endpoint == "chat":
        choices = [choice for event in events for choice in event.get("choices", ())]
        return "".join(choice["delta"].get("content") or "" for choice in choices)
    if endpoint == "text":
        return "".join(choice.get("text") or "" for event in events for choice in event["choices"])
    if endpoint == "messages":
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        return "".join(delta.get("text", "") for delta in deltas)
    return "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The data of server-sent events."""
    for line in lines:
        if line.startswith("data:") and (data := line[5:].strip()) != "[DONE]":
            yield json.loads(data)


@dataclass
class Answer:
    """What a client got."""

    endpoint: str
    status: int
    headers: Mapping[str, str]
    json: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the answer, plain or streamed."""
        return text_of_events(self.endpoint, self.events) if self.events else text_of(self.endpoint, self.json)

    @property
    def error(self) -> str:
        """The message of an error."""
        found = self.json.get("error", self.json)
        return str(found.get("message", found)) if isinstance(found, dict) else str(found)

    def told(self, name: str) -> str | None:
        """A header of the plugin's."""
        return self.headers.get(PREFIX + name)

    @property
    def decision_id(self) -> str:
        """Under which the proxy knows the request."""
        found = self.told("decision-id")
        assert found, f"no decision id: {self.status} {self.json}"
        return found


class Talk:
    """A proxy, its upstream, and what tests say to them."""

    def __init__(self, proxy: ProxyProcess, upstream: Upstream) -> None:
        self.proxy = proxy
        self.upstream = upstream

    def post(
        self, path: str, given: Mapping[str, Any] | bytes, key: str = MASTER_KEY, **headers: str
    ) -> httpx.Response:
        """Send a body; header names with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        with self.proxy.client(key) as client:
            return client.post(path, content=content, headers={"content-type": "application/json", **sent})

    def ask(self, endpoint: str, given: Mapping[str, Any], key: str = MASTER_KEY, **headers: str) -> Answer:
        """Send a body to an endpoint and read the answer whole; a stream too."""
        response = self.post(PATHS[endpoint], given, key, **headers)
        if "text/event-stream" in response.headers.get("content-type", ""):
            events = list(events_in(iter(response.text.splitlines())))
            return Answer(endpoint, response.status_code, response.headers, events=events)
        return Answer(endpoint, response.status_code, response.headers, json=response.json())

    def decision(self, decision_id: str, key: str = MASTER_KEY, *, is_stored: bool = False) -> dict[str, Any]:
        """A decision as the proxy tells it, once its cost is no longer pending and, if asked, once it is stored."""
        end = time.monotonic() + FINAL_WITHIN_S
        with self.proxy.client(key) as client:
            while True:
                found: dict[str, Any] = client.get(f"/tier-router/decisions/{decision_id}").raise_for_status().json()
                if found["cost_state"] != "pending" and (found["ratings"] is not None or not is_stored):
                    return found
                assert time.monotonic() < end, f"still pending after {FINAL_WITHIN_S} s: {found}"
                time.sleep(0.05)

    def rows(self, decision_id: str, count: int) -> list[dict[str, Any]]:
        """The rows of a decision, in order; there must be exactly so many, none missing and none twice."""

        def ours(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [row for row in found if note_of(row).get("decision_id") == decision_id]

        found = ours(self.proxy.rows(lambda rows: len(ours(rows)) >= count))
        assert len(found) == count, [(note_of(row), row["model"]) for row in found]
        return sorted(found, key=lambda row: (note_of(row)["role"], note_of(row)["attempt"]))

    def summary(self, key: str = MASTER_KEY, router: str | None = None) -> dict[str, Any]:
        """The proxy's summary, once nothing is pending."""
        end = time.monotonic() + FINAL_WITHIN_S
        asked = {"router": router} if router else {}
        with self.proxy.client(key) as client:
            while True:
                found: dict[str, Any] = client.get("/tier-router/summary", params=asked).raise_for_status().json()
                if not found["pending_requests"]:
                    return found
                assert time.monotonic() < end, f"still pending after {FINAL_WITHIN_S} s: {found}"
                time.sleep(0.05)

    def books(self, answer: Answer, calls: int = 1) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Decision and rows of an answer, after checking that decision, rows and header tell the same cost."""
        decision = self.decision(answer.decision_id)
        rows = self.rows(answer.decision_id, calls)
        assert decision["cost_state"] == "final", decision
        spent = sum(row["spend"] for row in rows)
        assert abs(decision["cost_usd"] - spent) <= EXACT_USD, (decision, rows)
        made = [*decision["attempts"], *decision["other_calls"]]
        assert abs(sum(call["cost_usd"] for call in made) - spent) <= EXACT_USD
        told = answer.told("cost-usd")
        assert told is not None or not tells_cost(answer), answer.headers
        assert told is None or abs(float(told) - spent) <= EXACT_USD, (told, spent)
        assert len({row["session_id"] for row in rows}) == 1, "one trace id"
        return decision, rows


def admitted(talk: Talk, key: str, requests: int) -> list[int]:
    """The statuses of slow requests that a key sends at once."""
    talk.upstream.script("gpt-4.1", {"text": "slow", "delay_s": SLOW_S})

    def send(number: int) -> int:
        return talk.ask("chat", body("chat", f"probe {number} {time.time()}", model="top"), key).status

    with ThreadPoolExecutor(requests) as pool:
        return sorted(pool.map(send, range(requests)))


def tells_cost(answer: Answer) -> bool:
    """Whether an answer must carry the cost: not a live stream, and not a failure."""
    return answer.status == httpx.codes.OK and not answer.events


def metadata_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata column of a row, which LiteLLM writes as JSON text."""
    found = row["metadata"]
    loaded: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return loaded


def note_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the plugin noted in a row; empty where it is none of its calls."""
    notes = metadata_of(row).get("spend_logs_metadata") or {}
    found: dict[str, Any] = notes.get("tier_router") or {} if isinstance(notes, dict) else {}
    return found
