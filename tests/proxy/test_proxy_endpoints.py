"""Every endpoint of the proxy, plain and streamed: the answer, the headers, the rows and the books."""

from __future__ import annotations

import hashlib
from typing import Any

import anthropic
import openai
import pytest
from proxy_process import MASTER_KEY
from proxy_setups import ALICE, PRICES
from proxy_talk import PATHS, Talk, body, bucket, metadata_of, note_of

pytestmark = pytest.mark.proxy

PROVE = "Prove that the square root of two is irrational."
COST = 100 * PRICES["mini"][0] + 50 * PRICES["mini"][1]
BASELINE = 100 * PRICES["top"][0] + 50 * PRICES["top"][1]
EXACT = 1e-9


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("endpoint", PATHS)
def test_an_easy_prompt_is_answered_by_the_cheap_tier_and_books_agree(
    talk: Talk, endpoint: str, *, stream: bool
) -> None:
    answer = talk.ask(endpoint, body(endpoint, "say hello to my friend", stream=stream), ALICE)
    assert (answer.status, answer.text) == (200, "say hello to my friend")
    told = {name: answer.told(name) for name in ("tier", "cause", "attempts", "escalated", "experiment", "offline")}
    assert told == {
        "tier": "cheap",
        "cause": "default",
        "attempts": "1",
        "escalated": "false",
        "experiment": None,
        "offline": None,
    }
    assert len(bytes.fromhex(answer.decision_id)) == 16
    decision, (row,) = talk.books(answer)
    assert decision["cost_usd"] == pytest.approx(COST, abs=EXACT)
    assert decision["savings_usd"] == pytest.approx(BASELINE - COST, abs=EXACT)
    if not stream:
        assert float(answer.told("savings-usd") or "nan") == pytest.approx(BASELINE - COST, abs=EXACT)
    assert (row["model"], row["model_group"]) == ("openai/gpt-4o-mini", "smart")
    assert note_of(row) == {
        "decision_id": answer.decision_id,
        "role": "attempt",
        "tier": "cheap",
        "attempt": 1,
        "cause": "default",
    }
    assert [call.model for call in talk.upstream.calls()] == ["gpt-4o-mini"]


@pytest.mark.parametrize("endpoint", PATHS)
def test_a_hard_prompt_goes_to_a_dear_tier_because_of_a_rule(talk: Talk, endpoint: str) -> None:
    answer = talk.ask(endpoint, body(endpoint, PROVE))
    assert (answer.told("tier"), answer.told("cause")) == ("premium", "rule")
    decision, (row,) = talk.books(answer)
    assert decision["signals"]
    assert row["model"] == "openai/gpt-4.1"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("endpoint", PATHS)
def test_a_row_is_the_callers_with_its_tags_end_user_and_own_notes(talk: Talk, endpoint: str, *, stream: bool) -> None:
    notes = {"project": "apollo", "tier_router": {"decision_id": "forged", "tier": "premium"}}
    given = body(endpoint, stream=stream)
    given.setdefault(bucket(endpoint), {}).update({"tags": ["blue-sky"], "spend_logs_metadata": notes})
    if endpoint == "messages":
        given["metadata"] = {"user_id": "end-user-7"}
    else:
        given["user"] = "end-user-7"
    answer = talk.ask(endpoint, given, ALICE, x_litellm_trace_id="trace-of-mine")
    _, (row,) = talk.books(answer)
    key_hash = hashlib.sha256(ALICE.encode()).hexdigest()
    assert (row["api_key"], row["team_id"], row["user"]) == (key_hash, "red", "alice")
    assert row["end_user"] == "end-user-7"
    assert "blue-sky" in row["request_tags"]
    assert row["session_id"] == "trace-of-mine"
    kept = metadata_of(row)["spend_logs_metadata"]
    assert (kept["project"], kept["tier_router"]["decision_id"]) == ("apollo", answer.decision_id)


@pytest.mark.parametrize("endpoint", PATHS)
def test_the_bodys_model_is_the_name_that_the_client_called(talk: Talk, endpoint: str) -> None:
    assert talk.ask(endpoint, body(endpoint)).json["model"] == "smart"
    streamed = talk.ask(endpoint, body(endpoint, stream=True)).events
    assert {e.get("message", e).get("model") for e in streamed} - {None} == {"smart"}


def test_the_row_carries_what_litellms_own_savings_need(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"))
    _, (row,) = talk.books(answer)
    decision = metadata_of(row)["routing_decision"]
    assert decision["router_model_name"] == "smart"
    assert (decision["routed_model"], decision["savings_baseline_model"]) == ("mini", "openai/gpt-4.1")
    assert decision["escalated"] is False


def openai_client(talk: Talk, key: str = MASTER_KEY) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=talk.proxy.url + "/v1",
        api_key=key,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    )


def test_the_openai_client_talks_to_every_endpoint(talk: Talk) -> None:
    with openai_client(talk) as client:
        asked: list[Any] = [{"role": "user", "content": "hello client"}]
        assert (
            client.chat.completions.create(model="smart", messages=asked).choices[0].message.content == "hello client"
        )
        chunks = client.chat.completions.create(model="smart", messages=asked, stream=True)
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "hello client"
        assert client.responses.create(model="smart", input="hello client").output_text == "hello client"
        with client.responses.stream(model="smart", input="hello client") as events:
            assert events.get_final_response().output_text == "hello client"
        assert client.completions.create(model="smart", prompt="hello client").choices[0].text == "hello client"
        texts = client.completions.create(model="smart", prompt="hello client", stream=True)
        assert "".join(chunk.choices[0].text or "" for chunk in texts) == "hello client"


def test_the_openai_client_sees_headers_and_errors_as_its_own_kinds(talk: Talk) -> None:
    with openai_client(talk) as client:
        raw = client.chat.completions.with_raw_response.create(
            model="smart",
            messages=[{"role": "user", "content": "hi"}],
            extra_headers={"x-tier-router-tier": "standard"},
        )
        assert raw.headers["x-tier-router-tier"] == "standard"
        with pytest.raises(openai.BadRequestError, match="cheap, standard, premium"):
            client.responses.create(model="smart", input="hi", extra_headers={"x-tier-router-tier": "gold"})


def test_the_anthropic_client_talks_to_messages(talk: Talk) -> None:
    with anthropic.Anthropic(base_url=talk.proxy.url, api_key=MASTER_KEY, max_retries=0) as client:
        asked: list[Any] = [{"role": "user", "content": "hello client"}]
        answer = client.messages.create(model="smart", max_tokens=100, messages=asked)
        assert [part.text for part in answer.content if part.type == "text"] == ["hello client"]
        assert answer.usage.output_tokens == 50
        with client.messages.stream(model="smart", max_tokens=100, messages=asked) as stream:
            assert stream.get_final_text() == "hello client"
        with pytest.raises(anthropic.BadRequestError, match="cheap, standard, premium"):
            client.messages.create(
                model="smart", max_tokens=100, messages=asked, extra_headers={"x-tier-router-tier": "gold"}
            )
