"""Rows of LiteLLM's spend log, read and grouped into requests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from litellm_router_plugin.evaluation.jsonl import WrongLineError
from litellm_router_plugin.evaluation.spend_rows import grouped, read_spend_row

BODY = {"model": "smart", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "max_tokens": 50}
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}]}
ROW: dict[str, Any] = {
    "request_id": "call-1",
    "call_type": "acompletion",
    "model": "openai/gpt-4o-mini",
    "model_group": "mini",
    "model_id": "d1",
    "spend": 4.5e-05,
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "status": "success",
    "cache_hit": "None",
    "metadata": "{}",
    "messages": "{}",
    "proxy_server_request": json.dumps(BODY),
    "response": json.dumps(ANSWER),
}


def note(role: str, attempt: int = 1) -> str:
    return json.dumps({"spend_logs_metadata": {"tier_router": {"decision_id": "d", "role": role, "attempt": attempt}}})


def test_a_row_of_the_database_is_read_with_its_request_and_answer() -> None:
    row = read_spend_row(ROW, 1)
    assert row.view is not None
    assert (row.view.text, row.view.max_tokens, row.view.endpoint) == ("What is 2 + 2?", 50, "chat")
    assert row.answer is not None
    assert (row.answer.text, row.answer.finish_reason) == ("4", "stop")
    assert (row.spend_usd, row.usage.total_tokens) == (Decimal("0.000045"), 150)
    assert (row.role, row.attempt, row.is_success, row.is_cache_hit) == ("attempt", 1, True, False)


def test_columns_may_hold_json_as_text_or_as_it_is() -> None:
    assert read_spend_row({**ROW, "proxy_server_request": BODY, "response": ANSWER}, 1) == read_spend_row(ROW, 1)


@pytest.mark.parametrize(
    ("call_type", "body", "endpoint", "text"),
    [
        ("aresponses", {"input": "Say hi", "instructions": "Be brief"}, "responses", "Say hi"),
        ("anthropic_messages", {"messages": BODY["messages"], "system": "Be brief"}, "messages", "What is 2 + 2?"),
        ("atext_completion", {"prompt": "Once upon"}, "text", "Once upon"),
    ],
)
def test_each_kind_of_call_is_understood(call_type: str, body: object, endpoint: str, text: str) -> None:
    row = read_spend_row({**ROW, "call_type": call_type, "proxy_server_request": body}, 1)
    assert row.view is not None
    assert (row.view.endpoint, row.view.text) == (endpoint, text)


def test_what_the_log_does_not_hold_is_unknown() -> None:
    empty = read_spend_row({**ROW, "proxy_server_request": "{}", "response": "{}", "spend": None}, 1)
    assert (empty.view, empty.answer, empty.spend_usd) == (None, None, None)
    assert read_spend_row({**ROW, "call_type": "aembedding"}, 1).view is None


def test_cached_tokens_of_the_prompt_are_kept() -> None:
    usage = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 64}}}
    assert read_spend_row({**ROW, "metadata": json.dumps(usage)}, 1).usage.cached_tokens == 64


def test_all_calls_of_one_decision_are_one_request() -> None:
    rows = [
        read_spend_row({**ROW, "request_id": "c2", "metadata": note("attempt", 2), "spend": 0.5}, 1),
        read_spend_row({**ROW, "request_id": "j", "metadata": note("judge"), "spend": 0.25}, 2),
        read_spend_row({**ROW, "request_id": "c1", "metadata": note("attempt", 1), "spend": 0.125}, 3),
        read_spend_row(ROW, 4),
    ]
    first, second = grouped(rows)
    assert (first.id, first.spend_usd) == ("d", Decimal("0.875"))
    assert [row.attempt for row in first.attempts] == [1, 2]
    assert (second.id, len(second.rows)) == ("call-1", 1)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": None}, '"model" is missing: is this a spend log of LiteLLM?'),
        ({"spend": "much"}, '"spend" must be an amount in USD'),
        ({"spend": float("nan")}, '"spend" must be an amount in USD'),
        ({"spend": [1]}, '"spend" must be an amount in USD'),
        ({"prompt_tokens": -1}, '"prompt_tokens" must be a number of at least 0'),
        ({"prompt_tokens": "many"}, '"prompt_tokens" must be a number of at least 0'),
        ({"request_id": 5}, '"request_id" must be a text'),
    ],
)
def test_a_line_that_is_no_row_is_told(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(WrongLineError, match=problem.replace("?", r"\?")):
        read_spend_row({**ROW, **changes}, 1)
