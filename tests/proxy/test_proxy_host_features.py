"""LiteLLM's own features under a tier router: aliases, fallbacks, retries, cooldowns, the cache, provider state."""

from __future__ import annotations

from typing import Any

import pytest
from proxy_process import Json
from proxy_setups import ALICE, BOB, PRICES
from proxy_talk import CASCADING, PATHS, Talk, body

pytestmark = pytest.mark.proxy

STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
PROVE = "Prove that the square root of two is irrational."


@pytest.mark.parametrize("endpoint", PATHS)
def test_an_alias_is_the_tier_router_it_stands_for(talk: Talk, endpoint: str) -> None:
    answer = talk.ask(endpoint, body(endpoint, PROVE, model="smart-alias"), ALICE)
    assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, "premium", "rule")
    decision, _ = talk.books(answer)
    assert decision["router"] == "smart"


def test_an_alias_has_the_cascade_too(talk: Talk) -> None:
    talk.upstream.script("gpt-4o-mini", {"text": ""})
    assert talk.ask("chat", body("chat", model="checked-alias"), ALICE).told("attempts") == "2"


@STREAMS
@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("router", ["falls", "shakes"], ids=["fallback of the tier", "fallback of the router"])
def test_fallbacks_come_before_another_tier(talk: Talk, router: str, endpoint: str, *, stream: bool) -> None:
    for model in ("gpt-4-turbo", "gpt-3.5-turbo"):
        talk.upstream.script(model, {"status": 500})
    answer = talk.ask(endpoint, body(endpoint, model=router, stream=stream), ALICE)
    assert (answer.status, answer.told("attempts"), answer.told("escalated")) == (200, "1", "false")
    assert [call.model for call in talk.upstream.calls()][-1] == "gpt-4.1-mini"
    decision, (row,) = talk.books(answer)
    assert (row["model"], row["model_group"]) == ("openai/gpt-4.1-mini", "spare")
    assert decision["cost_usd"] == pytest.approx(100 * 4e-07 + 50 * 1.6e-06, abs=1e-9)


@pytest.mark.parametrize(
    ("endpoint", "stream"), [("chat", False), ("chat", True), ("messages", False), ("responses", True), ("text", False)]
)
def test_retries_decide_once_and_make_one_row(talk: Talk, endpoint: str, *, stream: bool) -> None:
    talk.upstream.script("gpt-4o-mini", {"status": 500}, {"status": 500}, {"text": "third time lucky"})
    before = talk.summary(ALICE)["total_requests"]
    answer = talk.ask(endpoint, body(endpoint, num_retries=2, stream=stream), ALICE)
    assert (answer.status, answer.text, answer.told("attempts")) == (200, "third time lucky", "1")
    assert len(talk.upstream.calls()) == 3
    talk.books(answer)
    assert talk.summary(ALICE)["total_requests"] == before + 1


def test_a_tier_that_cools_down_gives_way_without_failure_events(busy: Talk) -> None:
    busy.upstream.script("gpt-3.5-turbo", {"status": 429})
    before = len(busy.proxy.rows(event="failure"))
    # The failure that starts the cooldown is the client's, as without the plugin.
    assert busy.ask("chat", body("chat", "the first", model="cools"), ALICE).status == 429
    failures = busy.proxy.rows(before + 1, event="failure")
    for number, (endpoint, stream) in enumerate((e, s) for e in PATHS for s in (False, True)):
        answer = busy.ask(endpoint, body(endpoint, f"number {number}", model="cools", stream=stream), ALICE)
        assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, "standard", "tier_down")
        _, (row,) = busy.books(answer)
        assert row["model"] == "openai/gpt-4o"
    assert busy.proxy.rows(event="failure") == failures


@pytest.mark.parametrize("endpoint", PATHS)
def test_the_cache_keeps_tiers_apart_and_a_hit_costs_nothing(busy: Talk, endpoint: str) -> None:
    busy.upstream.script("gpt-4o-mini", {"text": "said by mini"})
    busy.upstream.script("gpt-4.1", {"text": "said by top"})
    given = body(endpoint, f"cache this of {endpoint}")
    first = busy.ask(endpoint, given, ALICE)
    assert busy.books(first)[0]["cost_usd"] > 0
    again = busy.ask(endpoint, given, ALICE)
    assert (again.text, again.told("cost-usd"), again.told("savings-usd")) == ("said by mini", "0", "0")
    decision, (row,) = busy.books(again)
    assert (decision["attempts"][0]["cache_hit"], row["cache_hit"]) == (True, "True")
    dear = busy.ask(endpoint, given, ALICE, x_tier_router_tier="premium")
    assert (dear.text, dear.told("tier")) == ("said by top", "premium")
    assert [call.model for call in busy.upstream.calls()] == ["gpt-4o-mini", "gpt-4.1"]


@pytest.mark.parametrize("endpoint", CASCADING)
def test_each_attempt_of_a_cascade_hits_the_cache_by_itself(busy: Talk, endpoint: str) -> None:
    busy.upstream.script("gpt-4o-mini", {"text": ""})
    busy.upstream.script("gpt-4o", {"text": "A good second answer."})
    given = body(endpoint, f"cascade this of {endpoint}", model="checked")
    busy.books(busy.ask(endpoint, given, ALICE), calls=2)
    again = busy.ask(endpoint, given, ALICE)
    assert (again.text, again.told("tier")) == ("A good second answer.", "standard")
    decision, _ = busy.books(again, calls=2)
    assert decision["cost_usd"] == 0
    assert len(busy.upstream.calls()) == 2


@STREAMS
def test_a_response_goes_on_where_its_predecessor_was_made(talk: Talk, *, stream: bool) -> None:
    first = talk.ask("responses", body("responses"), ALICE, x_tier_router_tier="premium")
    follow = body("responses", "and now?", model="checked", previous_response_id=first.json["id"], stream=stream)
    second = talk.ask("responses", follow, ALICE)
    assert (second.status, second.told("tier"), second.told("cause")) == (200, "premium", "state")
    decision, (row,) = talk.books(second)
    assert (decision["cascade"], row["model"]) == ("off: provider-bound state", "openai/gpt-4.1")
    (_, call) = talk.upstream.calls()
    assert str(call.body["previous_response_id"]).startswith("resp_")


def test_a_response_of_another_key_is_litellms_refusal(talk: Talk) -> None:
    first = talk.ask("responses", body("responses"), ALICE)
    other = body("responses", "and now?", previous_response_id=first.json["id"])
    assert talk.ask("responses", other, BOB).status == 403
    unknown = body("responses", "and now?", previous_response_id="resp_unknown")
    assert talk.ask("responses", unknown, ALICE).status == 403


SIGNED: list[dict[str, Any]] = [
    {"role": "user", "content": "hi"},
    {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "hm", "signature": "sig-x"}, {"type": "text", "text": "yes"}],
    },
    {"role": "user", "content": PROVE},
]
STATED: dict[str, tuple[str, dict[str, Any]]] = {
    "signed reasoning": ("messages", {"max_tokens": 100, "messages": SIGNED}),
    "encrypted reasoning": (
        "responses",
        {
            "input": [
                {"role": "user", "content": "hi"},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
                {"role": "user", "content": PROVE},
            ]
        },
    ),
    "file": (
        "chat",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": PROVE}, {"type": "file", "file": {"file_id": "file-abc"}}],
                }
            ]
        },
    ),
    "background": ("responses", {"input": PROVE, "background": True}),
}


@pytest.mark.parametrize("kind", STATED)
def test_state_of_an_unknown_maker_goes_to_the_default_tier_untouched(talk: Talk, kind: str) -> None:
    endpoint, given = STATED[kind]
    talk.upstream.script("gpt-4o-mini", {"text": ""})
    answer = talk.ask(endpoint, {"model": "checked", **given}, ALICE)
    assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, "cheap", "state")
    assert [call.model for call in talk.upstream.calls()] == ["gpt-4o-mini"]
    assert talk.decision(answer.decision_id)["cascade"] == "off: provider-bound state"


def test_the_prices_that_these_tests_expect_are_litellms(talk: Talk) -> None:
    for group, (paid_in, paid_out) in PRICES.items():
        assert talk.ask("chat", body("chat", model=group), ALICE).status == 200

        def of_group(rows: list[Json], group: str = group) -> list[Any]:
            return [row["spend"] for row in rows if row["model_group"] == group]

        rows = talk.proxy.rows(lambda found: bool(of_group(found)))
        assert of_group(rows)[-1] == pytest.approx(100 * paid_in + 50 * paid_out, abs=1e-12)
