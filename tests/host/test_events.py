"""What the host reports of a call and of an answer, read as tokens and money; and what clients are told."""

from __future__ import annotations

import math
from decimal import Decimal
from types import SimpleNamespace

import pytest
from core_strategies import json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.host.events import call_id_of, model_id_of, settled_call, tells_cost, usage_of
from litellm_router_plugin.host.headers import Told, plain
from litellm_router_plugin.host.responses import (
    add_headers,
    hidden_params,
    is_stream,
    seen_cost,
    shown_cost,
    usage_of_response,
    writable_hidden_params,
)
from litellm_router_plugin.ledger.records import SettledCall

PAYLOAD: dict[str, object] = {
    "id": "payload-id",
    "model": "gpt-4o-mini",
    "model_id": "deployment-1",
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "response_cost": 2.7e-05,
    "cache_hit": False,
}


def settled(*, is_priced: bool = True, **changes: object) -> SettledCall | None:
    return settled_call({"standard_logging_object": {**PAYLOAD, **changes}}, is_priced=is_priced)


def cost_of(*, is_priced: bool = True, **changes: object) -> Decimal | None:
    found = settled(is_priced=is_priced, **changes)
    assert found is not None
    return found.cost


def test_an_event_is_a_settled_call() -> None:
    assert settled() == SettledCall("gpt-4o-mini", Usage(100, 20), Decimal("0.000027"))


def test_an_event_without_the_hosts_payload_settles_nothing() -> None:
    assert settled_call({}, is_priced=True) is None
    assert settled_call({"standard_logging_object": None}, is_priced=True) is None


@pytest.mark.parametrize(
    ("cost", "is_priced", "expected"),
    [
        (0.1, True, Decimal("0.1")),
        (0.1, False, Decimal("0.1")),
        (0.0, True, Decimal(0)),
        (0, True, Decimal(0)),
        (0.0, False, None),
        (None, True, None),
        ("0.1", True, None),
        (True, True, None),
        (math.nan, True, None),
        (math.inf, True, None),
    ],
)
def test_an_unknown_cost_is_unknown_and_never_zero(cost: object, is_priced: bool, expected: Decimal | None) -> None:  # noqa: FBT001 - a parameter
    assert cost_of(is_priced=is_priced, response_cost=cost) == expected


def test_a_cost_of_zero_without_any_tokens_is_unknown() -> None:
    assert cost_of(response_cost=0.0, prompt_tokens=0, completion_tokens=0) is None


def test_a_cache_hit_is_told() -> None:
    found = settled(cache_hit=True, response_cost=0.0)
    assert found is not None
    assert found.cache_hit


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"litellm_call_id": "call", "standard_logging_object": PAYLOAD}, "call"),
        ({"litellm_call_id": "", "standard_logging_object": PAYLOAD}, "payload-id"),
        ({"standard_logging_object": {"id": 7}}, ""),
        ({}, ""),
    ],
)
def test_an_event_names_its_call(details: dict[str, object], expected: str) -> None:
    assert call_id_of(details) == expected


def test_an_event_names_the_deployment_that_answered() -> None:
    assert model_id_of({"standard_logging_object": PAYLOAD}) == "deployment-1"
    assert model_id_of({"standard_logging_object": {"model_id": ""}}) is None
    assert model_id_of({}) is None


def test_an_event_that_says_a_cost_needs_no_look_at_prices() -> None:
    assert tells_cost({"standard_logging_object": PAYLOAD})
    assert not tells_cost({"standard_logging_object": {"response_cost": 0.0}})
    assert not tells_cost({})


@pytest.mark.parametrize(
    "payload",
    [
        {"metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 64}}}},
        {"response": {"usage": {"prompt_tokens_details": {"cached_tokens": 64}}}},
        {"response": {"usage": {"input_tokens_details": {"cached_tokens": 64}}}},
        {"metadata": {"usage_object": None}, "response": {"usage": {"prompt_tokens_details": {"cached_tokens": 64}}}},
    ],
)
def test_cached_tokens_are_found_wherever_the_host_puts_them(payload: dict[str, object]) -> None:
    assert usage_of({**PAYLOAD, **payload}) == Usage(100, 20, 64)


def test_cached_tokens_of_a_stream_stand_in_its_gathered_answer() -> None:
    answer = SimpleNamespace(usage=SimpleNamespace(prompt_tokens_details=SimpleNamespace(cached_tokens=64)))
    assert usage_of(PAYLOAD, answer) == Usage(100, 20, 64)


@given(json_values, json_values)
def test_any_payload_is_read_without_harm(payload: object, answer: object) -> None:
    found = settled_call({"standard_logging_object": payload, "complete_streaming_response": answer}, is_priced=True)
    assert found is None or found.usage.total_tokens >= 0


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(10, 2)),
        (
            {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(10, 2, 4),
        ),
        ({"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}}, Usage(10, 2, 4)),
        ({"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 30}, Usage(40, 2, 30)),
        ({"input_tokens": None, "output_tokens": None}, Usage()),
    ],
)
def test_usage_is_read_in_each_of_its_three_forms(usage: dict[str, object], expected: Usage) -> None:
    assert usage_of_response({"usage": usage}) == expected
    assert usage_of_response(SimpleNamespace(usage=SimpleNamespace(**usage))) == expected


@pytest.mark.parametrize("answer", [{}, {"usage": None}, SimpleNamespace(), "text"])
def test_an_answer_without_usage_tells_none(answer: object) -> None:
    assert usage_of_response(answer) is None


@pytest.mark.parametrize(
    ("hidden", "shown", "seen"),
    [
        ({"response_cost": 0.1}, Decimal("0.1"), Decimal("0.1")),
        ({"response_cost": 0.1, "cache_hit": True}, Decimal("0.1"), Decimal(0)),
        ({"response_cost": None}, None, None),
        ({"response_cost": True}, None, None),
        ({}, None, None),
    ],
)
def test_the_cost_of_an_answer_at_hand_is_0_for_a_cache_hit(
    hidden: dict[str, object], shown: Decimal | None, seen: Decimal | None
) -> None:
    answer = {"_hidden_params": hidden}
    assert (shown_cost(answer), seen_cost(answer)) == (shown, seen)


def test_headers_are_added_to_those_that_the_host_has() -> None:
    answer = SimpleNamespace(_hidden_params={"additional_headers": {"x-other": "1"}})
    assert add_headers(answer, {"x-tier-router-tier": "cheap"})
    assert answer._hidden_params["additional_headers"] == {"x-other": "1", "x-tier-router-tier": "cheap"}


def test_an_answer_without_hidden_params_is_given_some_where_it_has_room() -> None:
    plain_answer: dict[str, object] = {}
    roomy = SimpleNamespace()
    for answer in (plain_answer, roomy):
        assert add_headers(answer, {"a": "b"})
        assert hidden_params(answer)["additional_headers"] == {"a": "b"}
    full = object()
    assert writable_hidden_params(full) is None
    assert not add_headers(full, {"a": "b"})


async def test_streams_are_told_from_finished_answers() -> None:
    async def stream() -> object:
        yield 1

    assert is_stream(stream())
    assert is_stream(iter([1]))
    assert not is_stream({"choices": []})
    assert not is_stream(SimpleNamespace(choices=[]))


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0.00048300000000000001", "0.000483"),
        ("1E-8", "0.00000001"),
        ("0", "0"),
        ("-3E-18", "0"),
        ("-0.5", "-0.5"),
        ("100", "100"),
        ("2.50", "2.5"),
    ],
)
def test_amounts_are_written_plainly(amount: str, written: str) -> None:
    assert plain(Decimal(amount)) == written


@given(st.decimals(-1_000, 1_000, allow_nan=False, places=15))
def test_a_written_amount_is_the_amount(amount: Decimal) -> None:
    assert Decimal(plain(amount)) == amount


def test_what_is_unknown_is_left_out_of_the_headers() -> None:
    assert Told("id", "cheap", "rule", 1, escalated=False).headers() == {
        "x-tier-router-tier": "cheap",
        "x-tier-router-cause": "rule",
        "x-tier-router-attempts": "1",
        "x-tier-router-escalated": "false",
        "x-tier-router-decision-id": "id",
    }


def test_what_is_known_stands_in_headers_and_hidden_params() -> None:
    told = Told("id", "premium", "experiment", 2, True, "arm-b", True, Decimal("0.01"), Decimal("-0.002"))  # noqa: FBT003 - all its fields
    assert (
        told.headers()
        | {
            "x-tier-router-escalated": "true",
            "x-tier-router-experiment": "arm-b",
            "x-tier-router-offline": "true",
            "x-tier-router-cost-usd": "0.01",
            "x-tier-router-savings-usd": "-0.002",
        }
        == told.headers()
    )
    assert told.hidden() == {
        "decision_id": "id",
        "tier": "premium",
        "cause": "experiment",
        "attempts": 2,
        "escalated": True,
        "experiment": "arm-b",
        "offline": True,
        "cost_usd": 0.01,
        "savings_usd": -0.002,
    }
