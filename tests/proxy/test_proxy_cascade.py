"""The cascade through the proxy: what clients get, which calls are made, and what rows and books hold."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest
from proxy_setups import ALICE, FAULTS, PRICES
from proxy_talk import CASCADING, PREFIX, Answer, Talk, body, metadata_of, note_of

pytestmark = pytest.mark.proxy

DRAFT, SECOND, THIRD, JUDGE = "gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-nano"
GOOD: dict[str, object] = {"text": "The second answer is a good one, word by word."}
DOUBTFUL: dict[str, object] = {"text": "Perhaps it is seven, who knows really."}
EMPTY: dict[str, object] = {"text": ""}
EXACT = 1e-9
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
ENDPOINTS = pytest.mark.parametrize("endpoint", CASCADING)


def cost(*groups: str) -> float:
    """USD of one default answer of each of these groups."""
    return sum(100 * PRICES[group][0] + 50 * PRICES[group][1] for group in groups)


def called(talk: Talk) -> list[str]:
    return [call.model for call in talk.upstream.calls()]


def outcome(answer: Answer) -> tuple[Any, ...]:
    return answer.status, answer.text, *(answer.told(name) for name in ("tier", "attempts", "escalated"))


@STREAMS
@ENDPOINTS
@pytest.mark.parametrize("router", ["checked", "buffered"])
def test_a_rejected_draft_goes_up_and_every_call_is_on_its_owner(
    talk: Talk, router: str, endpoint: str, *, stream: bool
) -> None:
    talk.upstream.script(DRAFT, EMPTY)
    talk.upstream.script(SECOND, GOOD)
    answer = talk.ask(endpoint, body(endpoint, model=router, stream=stream), ALICE)
    assert outcome(answer) == (200, GOOD["text"], "standard", "2", "true")
    decision, rows = talk.books(answer, calls=2)
    assert [(a["tier"], a["verdict"], a["failed_checks"]) for a in decision["attempts"]] == [
        ("cheap", "reject", ["empty"]),
        ("standard", "accept", []),
    ]
    assert decision["cost_usd"] == pytest.approx(cost("mini", "full"), abs=EXACT)
    assert decision["savings_usd"] == pytest.approx(cost("top") - cost("mini", "full"), abs=EXACT)
    key_hash = hashlib.sha256(ALICE.encode()).hexdigest()
    assert {(row["api_key"], row["team_id"], row["user"]) for row in rows} == {(key_hash, "red", "alice")}
    assert [(note_of(r)["attempt"], note_of(r)["tier"], r["model"]) for r in rows] == [
        (1, "cheap", "openai/gpt-4o-mini"),
        (2, "standard", "openai/gpt-4o"),
    ]
    assert [metadata_of(row)["routing_decision"]["routed_model"] for row in rows] == ["mini", "full"]
    assert not any("savings_baseline_model" in metadata_of(row)["routing_decision"] for row in rows)


@STREAMS
@ENDPOINTS
def test_a_good_draft_is_served_alone(talk: Talk, endpoint: str, *, stream: bool) -> None:
    talk.upstream.script(DRAFT, GOOD)
    answer = talk.ask(endpoint, body(endpoint, model="checked", stream=stream), ALICE)
    assert outcome(answer) == (200, GOOD["text"], "cheap", "1", "false")
    talk.books(answer)
    assert called(talk) == [DRAFT]


@STREAMS
@ENDPOINTS
def test_the_judge_decides_and_its_calls_are_rows_of_the_caller(talk: Talk, endpoint: str, *, stream: bool) -> None:
    talk.upstream.script(DRAFT, DOUBTFUL)
    talk.upstream.script(JUDGE, {"text": "0.2"}, {"text": "0.9"})
    talk.upstream.script(SECOND, GOOD)
    given = {**body(endpoint, model="judged", stream=stream), "litellm_metadata": {"tags": ["blue-sky"]}}
    if endpoint == "chat":
        given["metadata"] = given.pop("litellm_metadata")
    answer = talk.ask(endpoint, given, ALICE)
    assert outcome(answer) == (200, GOOD["text"], "standard", "2", "true")
    decision, rows = talk.books(answer, calls=4)
    assert decision["cost_usd"] == pytest.approx(cost("mini", "full", "judge", "judge"), abs=EXACT)
    assert [call["role"] for call in decision["other_calls"]] == ["judge", "judge"]
    assert [note_of(row)["role"] for row in rows] == ["attempt", "attempt", "judge", "judge"]
    assert {(row["user"], row["team_id"], "blue-sky" in row["request_tags"]) for row in rows} == {
        ("alice", "red", True)
    }
    assert not any("savings_baseline_model" in (metadata_of(row).get("routing_decision") or {}) for row in rows)


@pytest.mark.parametrize(
    ("endpoint", "stream"), [("chat", False), ("chat", True), ("messages", False), ("responses", True)]
)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("policy", ["accept", "escalate"])
def test_a_judge_that_fails_follows_its_policy(
    talk: Talk, policy: str, fault: str, endpoint: str, *, stream: bool
) -> None:
    reply: Any = {
        "error": {"status": 500},
        "hang": {"delay_s": 3.0},
        "nonsense": {"text": "I cannot rate this."},
    }[fault]
    talk.upstream.script(DRAFT, DOUBTFUL)
    talk.upstream.script(SECOND, GOOD)
    talk.upstream.script(JUDGE, reply)
    started = time.monotonic()
    answer = talk.ask(endpoint, body(endpoint, model=f"{policy}-{fault}", stream=stream), ALICE)
    assert time.monotonic() - started < 2.5
    expected = ("cheap", DOUBTFUL["text"]) if policy == "accept" else ("standard", GOOD["text"])
    assert (answer.status, (answer.told("tier"), answer.text)) == (200, expected)
    if fault == "hang":  # whether the provider bills a call given up is not known
        decision = talk.decision(answer.decision_id)
        assert (decision["cost_state"], decision["cost_usd"], answer.told("cost-usd")) == ("unknown", None, None)
    else:
        calls = 1 + (policy == "escalate") + (fault == "nonsense")
        talk.books(answer, calls)


@STREAMS
@ENDPOINTS
def test_a_tier_that_is_down_is_passed_over(talk: Talk, endpoint: str, *, stream: bool) -> None:
    talk.upstream.script(DRAFT, EMPTY)
    talk.upstream.script(SECOND, {"status": 500})
    talk.upstream.script(THIRD, GOOD)
    answer = talk.ask(endpoint, body(endpoint, model="checked", stream=stream), ALICE)
    assert outcome(answer) == (200, GOOD["text"], "premium", "3", "true")
    decision, _ = talk.books(answer, calls=2)
    assert [a["status"] for a in decision["attempts"]] == ["settled", "failed", "settled"]


@STREAMS
@ENDPOINTS
def test_the_best_answer_so_far_is_served_when_the_tiers_above_are_down(
    talk: Talk, endpoint: str, *, stream: bool
) -> None:
    talk.upstream.script(DRAFT, EMPTY)
    talk.upstream.script(SECOND, {"status": 500})
    talk.upstream.script(THIRD, {"status": 500})
    answer = talk.ask(endpoint, body(endpoint, model="buffered", stream=stream), ALICE)
    assert (answer.status, answer.text, answer.told("tier")) == (200, "", "cheap")
    decision, _ = talk.books(answer, calls=1)
    assert [a["status"] for a in decision["attempts"]] == ["settled", "failed", "failed"]


@STREAMS
@ENDPOINTS
def test_when_all_tiers_are_down_the_client_gets_litellms_error(talk: Talk, endpoint: str, *, stream: bool) -> None:
    for model in (DRAFT, SECOND, THIRD):
        talk.upstream.script(model, {"status": 500})
    failed = talk.summary(ALICE, "checked")["failed_requests"]
    answer = talk.ask(endpoint, body(endpoint, model="checked", stream=stream), ALICE)
    assert (answer.status, "scripted failure 500" in answer.error) == (500, True)
    assert called(talk) == [DRAFT, SECOND, THIRD]
    summary = talk.summary(ALICE, "checked")
    assert summary["failed_requests"] == failed + 1
    if endpoint != "messages":  # there the host sends no headers of callbacks with an error
        assert (answer.told("tier"), answer.told("attempts"), answer.told("cost-usd")) == ("premium", "3", None)
        decision = talk.decision(answer.decision_id)
        assert (decision["cost_state"], decision["cost_usd"]) == ("final", 0.0)


@STREAMS
@ENDPOINTS
def test_an_answer_cut_at_the_clients_own_limit_is_not_held_against_the_draft(
    talk: Talk, endpoint: str, *, stream: bool
) -> None:
    talk.upstream.script(DRAFT, {"text": "This is half of an", "finish_reason": "length"})
    limit = {"max_output_tokens" if endpoint == "responses" else "max_tokens": 5}
    answer = talk.ask(endpoint, {**body(endpoint, model="buffered", stream=stream), **limit}, ALICE)
    assert outcome(answer) == (200, "This is half of an", "cheap", "1", "false")
    talk.books(answer)


@STREAMS
@pytest.mark.parametrize("endpoint", ["chat", "responses"])
@pytest.mark.parametrize("reply", [{"choices": []}, {"text": "", "finish_reason": "content_filter"}])
def test_no_choices_and_filtered_answers_go_up(
    talk: Talk, endpoint: str, reply: dict[str, Any], *, stream: bool
) -> None:
    talk.upstream.script(DRAFT, reply)
    talk.upstream.script(SECOND, GOOD)
    answer = talk.ask(endpoint, body(endpoint, model="checked", stream=stream), ALICE)
    assert outcome(answer) == (200, GOOD["text"], "standard", "2", "true")
    talk.books(answer, calls=2)


@STREAMS
def test_several_answers_at_once_and_logprobs_come_back_whole(talk: Talk, *, stream: bool) -> None:
    talk.upstream.script(DRAFT, {"text": "two words", "logprobs": [-0.5, -0.25]})
    given = body("chat", model="checked", n=2, logprobs=True, stream=stream)
    answer = talk.ask("chat", given, ALICE)
    choices = answer.json.get("choices") or [choice for event in answer.events for choice in event["choices"]]
    assert {choice["index"] for choice in choices} == {0, 1}
    probs = [
        part["logprob"] for c in choices if c["index"] == 0 and c.get("logprobs") for part in c["logprobs"]["content"]
    ]
    assert probs == [-0.5, -0.25]
    assert talk.decision(answer.decision_id)["cascade"] == "off: more than one answer asked for"


@pytest.mark.parametrize("streaming", ["checked", "buffered"])
def test_logprobs_of_a_checked_stream_come_back_whole(talk: Talk, streaming: str) -> None:
    talk.upstream.script(DRAFT, {"text": "two words.", "logprobs": [-0.5, -0.25]})
    answer = talk.ask("chat", body("chat", model=streaming, logprobs=True, stream=True), ALICE)
    given = [c["logprobs"]["content"] for e in answer.events for c in e["choices"] if c.get("logprobs")]
    assert [part["logprob"] for content in given for part in content] == [-0.5, -0.25]
    assert talk.decision(answer.decision_id)["cascade"] == "on"


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "weather", "description": "The weather of a city.", "parameters": SCHEMA}


def with_tools(endpoint: str, model: str, choice: str, **more: Any) -> dict[str, Any]:
    """A request that offers one tool."""
    tools: dict[str, Any] = {
        "chat": {"type": "function", "function": TOOL},
        "responses": {"type": "function", **TOOL},
        "messages": {"name": "weather", "description": TOOL["description"], "input_schema": SCHEMA},
    }
    chosen = {"type": choice} if endpoint == "messages" else choice
    return {
        **body(endpoint, "What is the weather?", model=model),
        "tools": [tools[endpoint]],
        "tool_choice": chosen,
        **more,
    }


def calls_in(answer: Answer) -> list[tuple[str, str]]:
    """Names and arguments of the tool calls in an answer, plain or streamed."""
    read = {"chat": chat_calls, "responses": responses_calls, "messages": messages_calls}[answer.endpoint]
    return [(name, arguments) for name, arguments in read(answer).values()]


def chat_calls(answer: Answer) -> dict[int, list[str]]:
    """Index -> name and arguments."""
    found: dict[int, list[str]] = {}
    choices = [choice for event in answer.events or [answer.json] for choice in event["choices"]]
    for choice in choices:
        said = choice.get("delta") or choice.get("message") or {}
        for at, call in enumerate(said.get("tool_calls") or ()):
            kept = found.setdefault(call.get("index", at), ["", ""])
            kept[0] += call["function"].get("name") or ""
            kept[1] += call["function"].get("arguments") or ""
    return found


def responses_calls(answer: Answer) -> dict[int, list[str]]:
    """Same for a response."""
    ended = [event["response"] for event in answer.events if event["type"] == "response.completed"]
    items = (ended or [answer.json])[0]["output"]
    calls = (item for item in items if item["type"] == "function_call")
    return {at: [item["name"], item["arguments"]] for at, item in enumerate(calls)}


def messages_calls(answer: Answer) -> dict[int, list[str]]:
    """Same for a message."""
    used = [part for part in answer.json.get("content", ()) if part["type"] == "tool_use"]
    found = {at: [part["name"], json.dumps(part["input"])] for at, part in enumerate(used)}
    for event in answer.events:
        if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
            found[event["index"]] = [event["content_block"]["name"], ""]
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            found[event["index"]][1] += event["delta"]["partial_json"]
    return found


PARIS, ROME = '{"city": "Paris"}', '{"city": "Rome"}'


@STREAMS
@ENDPOINTS
def test_parallel_tool_calls_that_are_right_are_served(talk: Talk, endpoint: str, *, stream: bool) -> None:
    wanted = [{"name": "weather", "arguments": given} for given in (PARIS, ROME)]
    talk.upstream.script(DRAFT, {"tool_calls": wanted})
    answer = talk.ask(endpoint, with_tools(endpoint, "checked", "auto", stream=stream), ALICE)
    assert calls_in(answer) == [("weather", PARIS), ("weather", ROME)]
    assert answer.told("tier") == "cheap"
    talk.books(answer)


@STREAMS
@ENDPOINTS
@pytest.mark.parametrize(
    "wrong", [{"name": "wether", "arguments": PARIS}, {"name": "weather", "arguments": '{"town": "Paris"}'}]
)
def test_wrong_tool_calls_go_up(talk: Talk, endpoint: str, wrong: dict[str, object], *, stream: bool) -> None:
    talk.upstream.script(DRAFT, {"tool_calls": [wrong]})
    talk.upstream.script(SECOND, {"tool_calls": [{"name": "weather", "arguments": PARIS}]})
    answer = talk.ask(endpoint, with_tools(endpoint, "buffered", "auto", stream=stream), ALICE)
    assert (calls_in(answer), answer.told("tier")) == ([("weather", PARIS)], "standard")
    decision, _ = talk.books(answer, calls=2)
    assert decision["attempts"][0]["failed_checks"] == ["tool_calls"]


@STREAMS
@ENDPOINTS
def test_text_is_a_fine_answer_where_tools_are_forbidden(talk: Talk, endpoint: str, *, stream: bool) -> None:
    talk.upstream.script(DRAFT, {"text": "It is sunny in Paris today."})
    answer = talk.ask(endpoint, with_tools(endpoint, "checked", "none", stream=stream), ALICE)
    assert (answer.text, answer.told("tier")) == ("It is sunny in Paris today.", "cheap")
    talk.books(answer)


@ENDPOINTS
def test_text_where_a_tool_call_is_required_goes_up(talk: Talk, endpoint: str) -> None:
    talk.upstream.script(DRAFT, {"text": "It is sunny in Paris today."})
    talk.upstream.script(SECOND, {"tool_calls": [{"name": "weather", "arguments": PARIS}]})
    required = "any" if endpoint == "messages" else "required"
    answer = talk.ask(endpoint, with_tools(endpoint, "checked", required), ALICE)
    assert (calls_in(answer), answer.told("tier")) == ([("weather", PARIS)], "standard")


def test_the_cascade_is_switched_off_by_the_request(talk: Talk) -> None:
    talk.upstream.script(DRAFT, EMPTY)
    answer = talk.ask("chat", body("chat", model="checked"), ALICE, x_tier_router_cascade="off")
    assert outcome(answer) == (200, "", "cheap", "1", "false")
    pinned = talk.ask("chat", body("chat", model="checked"), ALICE, x_tier_router_tier="cheap")
    assert pinned.told("attempts") == "1"
    wanted = talk.ask(
        "chat", body("chat", model="checked"), ALICE, x_tier_router_tier="cheap", x_tier_router_cascade="on"
    )
    assert wanted.told("attempts") == "2"


def test_text_completions_run_without_a_cascade_and_say_so(talk: Talk) -> None:
    talk.upstream.script(DRAFT, EMPTY)
    answer = talk.ask("text", body("text", model="checked"), ALICE)
    assert answer.told("attempts") == "1"
    assert talk.decision(answer.decision_id)["cascade"] == "off: not on this endpoint"


def test_no_header_of_the_plugin_is_sent_for_other_models(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat", model="mini"), ALICE)
    assert not [name for name in answer.headers if name.startswith(PREFIX)]
