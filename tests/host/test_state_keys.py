"""Provider-bound state: found wherever a request carries it, and led back to the tier that made it."""

from __future__ import annotations

import threading

import pytest
from core_strategies import json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.host import state as state_module
from litellm_router_plugin.host.state import StateMakers, answered_calls, made_calls, made_state, state_keys

SIGNED = {"type": "thinking", "thinking": "hm", "signature": "sig"}


@pytest.mark.parametrize(
    ("messages", "request_made", "expected"),
    [
        (None, {"previous_response_id": "resp_1"}, ["resp_1"]),
        (None, {"background": True}, ["background"]),
        (None, {"container": "cont_1"}, ["cont_1"]),
        (None, {"container": {"id": "cont_1"}}, ["cont_1"]),
        ([{"role": "assistant", "content": [SIGNED]}], {}, ["sig"]),
        ([{"role": "assistant", "thinking_blocks": [SIGNED]}], {}, ["sig"]),
        ([{"role": "assistant", "content": [{"type": "redacted_thinking", "data": "blob"}]}], {}, ["blob"]),
        (None, {"input": [{"type": "reasoning", "encrypted_content": "secret"}]}, ["secret"]),
        (None, {"input": [{"type": "compaction", "encrypted_content": "secret"}]}, ["secret"]),
        ([{"reasoning_items": [{"type": "reasoning", "encrypted_content": "secret"}]}], {}, ["secret"]),
        ([{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}], {}, ["file_1"]),
        ([{"role": "user", "content": [{"type": "file", "file": {"file_id": "file_1"}}]}], {}, ["file_1"]),
        (
            [{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}],
            {},
            ["f"],
        ),
        ([{"role": "user", "content": [{"type": "container_upload", "file_id": "f"}]}], {}, ["f"]),
    ],
)
def test_every_kind_of_state_is_found(messages: object, request_made: dict[str, object], expected: list[str]) -> None:
    assert state_keys(messages, request_made) == expected


@pytest.mark.parametrize(
    ("messages", "request_made"),
    [
        ([{"role": "user", "content": "hi"}], {}),
        ([{"role": "user", "content": [{"type": "text", "text": "hi"}]}], {"background": False}),
        ([{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": ""}]}], {}),
        ([{"role": "user", "content": [{"type": "input_file", "file_data": "AAAA"}]}], {}),
        ([{"role": "user", "content": [{"type": "text", "signature": "no thinking"}]}], {}),
        (None, {"previous_response_id": None, "container": None, "input": "hi"}),
        (None, {"container": {"skills": [{"skill_id": "xlsx"}]}}),
        (None, {"previous_response_id": ["resp_1"], "container": 7}),
    ],
)
def test_a_request_without_state_can_go_anywhere(messages: object, request_made: dict[str, object]) -> None:
    assert state_keys(messages, request_made) == []


@given(json_values, st.dictionaries(st.sampled_from(("input", "container", "previous_response_id")), json_values))
def test_any_json_is_searched_without_harm(messages: object, request_made: dict[str, object]) -> None:
    assert all(isinstance(key, str) for key in state_keys(messages, request_made))
    assert isinstance(answered_calls(messages), list)


@pytest.mark.parametrize("kind", [["thinking"], {"a": 1}, None, 3])
def test_a_part_whose_type_is_no_word_holds_no_state(kind: object) -> None:
    assert state_keys([{"content": [{"type": kind, "signature": "s", "data": "d"}]}], {}) == []
    assert made_calls({"content": [{"type": kind, "id": "c"}]}) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"id": "resp_1", "output": [{"type": "reasoning", "encrypted_content": "e"}]}, ["resp_1", "e"]),
        ({"id": "chatcmpl-1", "choices": [{"message": {"content": "hi"}}]}, []),
        ({"choices": [{"message": {"content": None, "thinking_blocks": [SIGNED]}}]}, ["sig"]),
        ({"type": "message", "content": [SIGNED], "container": {"id": "cont_1"}}, ["cont_1", "sig"]),
        (None, []),
        ("text", []),
    ],
)
def test_the_state_that_an_answer_makes_is_what_a_later_request_carries(answer: object, expected: list[str]) -> None:
    assert made_state(answer) == expected


def test_a_signed_thought_is_known_again_when_it_comes_back() -> None:
    made = made_state({"type": "message", "content": [SIGNED, {"type": "text", "text": "hi"}]})
    carried = state_keys([{"role": "assistant", "content": [SIGNED]}, {"role": "user", "content": "go on"}], {})
    assert made == carried


@pytest.mark.parametrize(
    ("answer", "results"),
    [
        (
            {"choices": [{"message": {"tool_calls": [{"id": "a"}, {"id": "b"}]}}]},
            [{"role": "tool", "tool_call_id": "b"}, {"role": "tool", "tool_call_id": "a"}],
        ),
        (
            {"content": [{"type": "tool_use", "id": "a"}, {"type": "tool_use", "id": "b"}]},
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "a"},
                        {"type": "tool_result", "tool_use_id": "b"},
                    ],
                }
            ],
        ),
        (
            {
                "output": [
                    {"type": "function_call", "call_id": "a", "id": "fc_1"},
                    {"type": "function_call", "call_id": "b"},
                ]
            },
            [{"type": "function_call_output", "call_id": "b"}, {"type": "function_call_output", "call_id": "a"}],
        ),
    ],
    ids=["chat", "messages", "responses"],
)
def test_results_name_the_calls_that_an_answer_made(answer: object, results: list[object]) -> None:
    question = {"role": "user", "content": "go"}
    assert sorted(answered_calls([question, *results])) == sorted(made_calls(answer)) == ["call:a", "call:b"]


def test_only_results_at_the_end_of_a_request_are_awaited() -> None:
    result = {"role": "tool", "tool_call_id": "a"}
    assert answered_calls([result, {"role": "user", "content": "thanks"}]) == []
    assert answered_calls("text") == []


def test_the_maker_is_remembered_for_its_owner_alone() -> None:
    makers = StateMakers()
    makers.remember("alice", ["resp_1"], "premium")
    assert makers.maker("alice", ["resp_1"]) == "premium"
    assert makers.maker("bob", ["resp_1"]) is None
    assert makers.maker("alice", []) is None


def test_of_several_pieces_the_latest_that_is_known_tells_the_maker() -> None:
    makers = StateMakers()
    makers.remember("a", ["one"], "cheap")
    makers.remember("a", ["two"], "premium")
    assert makers.maker("a", ["one", "two", "unknown"]) == "premium"
    makers.remember("a", ["one"], "standard")
    assert makers.maker("a", ["one"]) == "standard"


def test_memory_of_makers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MAX_MAKERS", 5)
    makers = StateMakers()
    for n in range(50):
        makers.remember("a", [f"key-{n}"], "cheap")
    assert len(makers._tiers) == 5
    assert makers.maker("a", ["key-49"]) == "cheap"
    assert makers.maker("a", ["key-0"]) is None


def test_makers_are_remembered_from_many_threads() -> None:
    makers = StateMakers()

    def work(part: int) -> None:
        for n in range(200):
            makers.remember("a", [f"{part}-{n}"], "cheap")

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(makers.maker("a", [f"{part}-{n}"]) == "cheap" for part in range(8) for n in range(200))


def test_text_that_cannot_be_encoded_is_no_obstacle() -> None:
    makers = StateMakers()
    makers.remember("\ud800", ["\udfff"], "cheap")
    assert makers.maker("\ud800", ["\udfff"]) == "cheap"
