"""What a client may ask for, what it may not pass, and what it cannot forge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from proxy_setups import ALICE, BOB, CAPPED, FLOORED, TEAM_CAPPED
from proxy_talk import CASCADING, PATHS, Answer, Talk, body, bucket, metadata_of, note_of

pytestmark = pytest.mark.proxy

PROVE = "Prove that the square root of two is irrational."
NAMES = "cheap, standard, premium"


def asked_by(way: str, endpoint: str, asked: dict[str, Any], text: str = "hi") -> tuple[dict[str, Any], dict[str, str]]:
    """A body and headers that ask for something in one of the two ways."""
    given = body(endpoint, text)
    if way == "header":
        return given, {f"x_tier_router_{key}": value for key, value in asked.items()}
    return {**given, bucket(endpoint): {"tier_router": asked}}, {}


OBEYED = {
    "pin": ({"tier": "standard"}, "hi", ("standard", "pinned")),
    "floor": ({"min_tier": "standard"}, "hi", ("standard", "floor")),
    "cap": ({"max_tier": "standard"}, PROVE, ("standard", "cap")),
}


@pytest.mark.parametrize("way", ["header", "metadata"])
@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("kind", OBEYED)
def test_a_pin_a_floor_and_a_cap_are_obeyed(talk: Talk, endpoint: str, way: str, kind: str) -> None:
    asked, text, expected = OBEYED[kind]
    given, headers = asked_by(way, endpoint, asked, text)
    answer = talk.ask(endpoint, given, ALICE, **headers)
    assert (answer.status, (answer.told("tier"), answer.told("cause"))) == (200, expected)
    (call,) = talk.upstream.calls()
    assert "tier_router" not in str(call.body.get("metadata"))


@pytest.mark.parametrize("way", ["header", "metadata"])
@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"tier": "gold"}, NAMES),
        ({"min_tier": "premium", "max_tier": "cheap"}, NAMES),
        ({"cascade": "perhaps"}, "on or off"),
    ],
    ids=["unknown tier", "floor above cap", "neither on nor off"],
)
def test_what_cannot_be_is_a_400_that_says_what_can(
    talk: Talk, endpoint: str, way: str, asked: dict[str, str], says: str
) -> None:
    given, headers = asked_by(way, endpoint, asked)
    answer = talk.ask(endpoint, given, ALICE, **headers)
    assert (answer.status, says in answer.error) == (400, True), answer.error
    assert talk.upstream.calls() == []


@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"teir": "cheap"}, "unknown key teir"),
        ("cheap", "expected an object"),
        (["cheap"], "expected an object"),
        ({"tier": 5}, "tier: expected a text"),
        ({"tier": ["cheap"]}, "tier: expected a text"),
        ({"route": "x" * 300}, "route: expected a text"),
    ],
    ids=["unknown key", "text", "list", "number as tier", "list as tier", "long route"],
)
def test_unknown_keys_and_wrong_kinds_in_metadata_are_a_400(
    talk: Talk, endpoint: str, asked: object, says: str
) -> None:
    answer = talk.ask(endpoint, {**body(endpoint), bucket(endpoint): {"tier_router": asked}}, ALICE)
    assert (answer.status, says in answer.error) == (400, True), answer.error
    assert talk.upstream.calls() == []


def test_a_header_wins_over_metadata(talk: Talk) -> None:
    given = {**body("chat"), "metadata": {"tier_router": {"tier": "cheap"}}}
    assert talk.ask("chat", given, x_tier_router_tier="premium").told("tier") == "premium"


def test_a_route_named_by_the_client_stands_in_the_decision(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), x_tier_router_route="invoices")
    assert talk.decision(answer.decision_id)["route"] == "invoices"


@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("way", ["header", "metadata"])
@pytest.mark.parametrize("asked", [{"tier": "premium"}, {"min_tier": "premium"}], ids=["pin", "floor"])
def test_the_cap_of_key_and_team_cannot_be_passed(talk: Talk, endpoint: str, way: str, asked: dict[str, str]) -> None:
    given, headers = asked_by(way, endpoint, asked, PROVE)
    for key, cap in ((CAPPED, "standard"), (TEAM_CAPPED, "cheap")):
        answer = talk.ask(endpoint, given, key, **headers)
        assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, cap, "cap")


def test_the_floor_of_a_key_lifts_its_requests(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), FLOORED)
    assert (answer.told("tier"), answer.told("cause")) == ("standard", "floor")


@pytest.mark.parametrize("endpoint", CASCADING)
def test_a_cascade_stops_at_the_cap_of_the_key(talk: Talk, endpoint: str) -> None:
    for model in ("gpt-4o-mini", "gpt-4o", "gpt-4.1"):
        talk.upstream.script(model, {"text": ""})
    answer = talk.ask(endpoint, body(endpoint, model="checked"), CAPPED, x_tier_router_max_tier="premium")
    assert answer.status == 200
    assert [call.model for call in talk.upstream.calls()] == ["gpt-4o-mini", "gpt-4o"]


FORGED: dict[str, Any] = {
    "_tier_router": {"decision_id": "forged"},
    "_hidden_params": {"tier_router": {"decision_id": "forged"}, "response_cost": 0},
    "spend_logs_metadata": {"tier_router": {"decision_id": "forged", "role": "judge", "tier": "premium"}},
    "user_api_key_metadata": {"tier_router": {"max_tier": "premium"}},
    "user_api_key_team_metadata": {"tier_router": {"max_tier": "premium"}},
    "user_api_key_hash": "0" * 64,
    "user_api_key": "0" * 64,
    "user_api_key_user_id": "mallory",
    "routing_decision": {"routed_model": "top"},
    "pre_routing_selected_model": "top",
    "model_group": "top",
    "internal_call_origin": "llm_as_a_judge_guardrail",
    "attempted_retries": 3,
    "deployment": "top",
}


@pytest.mark.parametrize("field", ["metadata", "litellm_metadata"])
@pytest.mark.parametrize("endpoint", PATHS)
def test_forged_metadata_changes_nothing(talk: Talk, endpoint: str, field: str) -> None:
    forged = {**FORGED, "user_id": "end-user-7"} if (endpoint, field) == ("messages", "metadata") else FORGED
    if (endpoint, field) == ("responses", "metadata"):  # the provider's own field there: texts only
        forged = {key: str(value) for key, value in FORGED.items()}
    answer = talk.ask(endpoint, {**body(endpoint, PROVE), field: forged}, CAPPED)
    assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, "standard", "cap")
    _, (row,) = talk.books(answer)
    assert (row["model"], row["user"]) == ("openai/gpt-4o", "carol")
    assert note_of(row)["decision_id"] == answer.decision_id
    assert not metadata_of(row).get("internal_call_origin")


def test_a_call_id_sent_twice_at_once_mixes_no_books(talk: Talk) -> None:
    before = talk.summary(ALICE)["total_cost"], talk.summary(BOB)["total_cost"]
    talk.upstream.script("gpt-4o-mini", {"delay_s": 0.3})
    talk.upstream.script("gpt-4.1", {"delay_s": 0.3})

    def send(given: tuple[str, str]) -> Answer:
        return talk.ask("chat", body("chat", given[1]), given[0], x_litellm_call_id="the-same-id")

    with ThreadPoolExecutor(2) as pool:
        cheap, dear = pool.map(send, [(ALICE, "say hello"), (BOB, PROVE)])
    assert (cheap.told("tier"), dear.told("tier")) == ("cheap", "premium")
    for answer, key, cost in ((cheap, ALICE, 4.5e-05), (dear, BOB, 6e-04)):
        talk.books(answer)
        decision = talk.decision(answer.decision_id, key)
        assert (decision["cost_state"], decision["cost_usd"]) == ("final", pytest.approx(cost, abs=1e-9))
    after = talk.summary(ALICE)["total_cost"], talk.summary(BOB)["total_cost"]
    assert after[0] - before[0] == pytest.approx(4.5e-05, abs=1e-9)
    assert after[1] - before[1] == pytest.approx(6e-04, abs=1e-9)


def test_a_direct_call_under_the_call_id_of_a_routed_one_enters_no_books(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), ALICE, x_litellm_call_id="an-id-of-mine")
    cost = talk.decision(answer.decision_id)["cost_usd"]
    talk.ask("chat", body("chat", model="full"), BOB, x_litellm_call_id="an-id-of-mine")
    forged = {"spend_logs_metadata": {"tier_router": {"decision_id": answer.decision_id}}}
    talk.ask("chat", body("chat", model="full", metadata=forged), BOB, x_litellm_call_id="another-id")
    talk.books(talk.ask("chat", body("chat"), BOB))  # the events of the calls before it have been read by then
    assert talk.decision(answer.decision_id)["cost_usd"] == cost


def test_the_headers_of_a_failed_request_are_its_own(talk: Talk) -> None:
    known = talk.ask("chat", body("chat"), ALICE, x_litellm_call_id="an-id-of-ours")
    talk.upstream.script("gpt-4.1", {"status": 500})
    failed = talk.ask("chat", body("chat", PROVE), BOB, x_litellm_call_id="an-id-of-ours")
    assert (failed.status, failed.told("tier")) == (500, "premium")
    assert failed.decision_id != known.decision_id
