"""Raw requests become views: whatever a client writes, bounded, and the same for every endpoint's shape."""

from __future__ import annotations

import json

import pytest
from core_strategies import STRANGE_KEYS, json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.reading import MAX_TOOLS, read_request, windowed
from litellm_router_plugin.core.requests import (
    FIRST_USER_CHARS,
    HEAD_CHARS,
    MAX_CONVERSATION_CHARS,
    MAX_SYSTEM_CHARS,
    MAX_TURNS,
    TAIL_CHARS,
    RequestView,
    ToolSpec,
    Turn,
)

WINDOW = HEAD_CHARS + TAIL_CHARS + 1
PARAMETERS = (
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "system",
    "instructions",
    "response_format",
    "text",
    "max_tokens",
    "max_output_tokens",
    "n",
    "stream",
)
roles = st.sampled_from(("user", "assistant", "system", "developer", "tool", "function", "robot")) | st.none()
messages = st.lists(
    json_values | st.fixed_dictionaries({"role": roles | json_values, "content": json_values}), max_size=5
)
parameters = st.dictionaries(st.sampled_from(PARAMETERS), json_values, max_size=6)


@given(messages | json_values, json_values, parameters)
def test_any_json_becomes_a_view(written: object, given_input: object, params: dict[str, object]) -> None:
    for view in (read_request(written, params=params), read_request(None, input=given_input, params=params)):
        assert view.chars >= 0
        assert len(view.turns) <= MAX_TURNS
        assert len(view.tools) <= MAX_TOOLS
        assert view.n >= 1
        assert view.max_tokens is None or view.max_tokens > 0


@given(json_values)
def test_a_message_of_any_shape_changes_nothing_about_the_one_before_it_but_its_place(strange: object) -> None:
    view = read_request([{"role": "user", "content": "first"}, strange])
    assert view.first_user == "first"


@pytest.mark.parametrize("key", STRANGE_KEYS)
@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}, True, 7])
def test_a_list_or_an_object_where_a_word_belongs_is_left_out(key: str, value: object) -> None:
    message = {"role": "user", "type": "message", "content": [{"type": "text", "text": "hi"}]}
    assert read_request([{**message, key: value}]).chars in (0, 2)
    assert read_request([{"role": "user", "content": [{"type": "text", "text": "hi", key: value}]}]).chars in (0, 2)


def test_parts_nested_without_end_are_not_followed() -> None:
    part: dict[str, object] = {"type": "text", "text": "deep"}
    for _ in range(5_000):
        part = {"type": "tool_result", "content": [part]}
    view = read_request([{"role": "user", "content": [part]}])
    assert view.in_tool_loop
    assert view.text == ""


@pytest.mark.parametrize(
    "written",
    [
        [{"role": "user", "content": "hello"}],
        [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        [{"role": "user", "content": ["hello"]}],
        [{"role": "user", "content": {"type": "text", "text": "hello"}}],
        [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        [{"type": "input_text", "text": "hello"}],
        ["hello"],
        "hello",
        {"role": "user", "content": "hello"},
        [{"content": "hello"}],
        [{"role": None, "content": "hello"}],
    ],
)
def test_one_user_message_reads_the_same_in_every_form(written: object) -> None:
    expected = RequestView(text="hello", turns=(Turn("user", "hello"),), chars=5, text_chars=5, first_user="hello")
    assert read_request(written) == expected


def test_a_responses_call_reads_its_input_and_its_instructions() -> None:
    view = read_request(
        input=[
            {"type": "message", "role": "developer", "content": "Answer in French."},
            {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}, {"type": "input_image"}]},
            {"type": "function_call", "name": "weather", "arguments": "{}", "call_id": "c1"},
            {"type": "function_call_output", "call_id": "c1", "output": "12 degrees"},
        ],
        params={"instructions": "Be brief.", "max_output_tokens": 50, "text": {"format": {"type": "json_object"}}},
        endpoint="responses",
    )
    assert view.system == "Be brief.\nAnswer in French."
    assert view.turns == (Turn("user", "Weather?"), Turn("assistant", ""), Turn("tool", "12 degrees"))
    assert view.text == "Weather?"
    assert view.in_tool_loop
    assert view.modalities == {"image"}
    assert view.max_tokens == 50
    assert view.response_format == {"type": "json_object"}


def test_an_anthropic_call_reads_system_tools_and_tool_results() -> None:
    view = read_request(
        [
            {"role": "user", "content": "Weather in Rome?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "weather", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "12 degrees"}]}
                ],
            },
        ],
        params={
            "system": [{"type": "text", "text": "Be kind."}],
            "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any"},
            "max_tokens": 100,
        },
        endpoint="messages",
    )
    assert view.system == "Be kind."
    assert view.turns[-1] == Turn("tool", "12 degrees")
    assert view.text == "Weather in Rome?"
    assert view.in_tool_loop
    assert view.has_assistant_turn
    assert view.tools == (ToolSpec("weather", {"type": "object"}),)
    assert view.tool_choice == "required"


def test_a_text_completion_reads_its_prompt() -> None:
    assert read_request(None, input="Once upon", endpoint="text").text == "Once upon"
    assert read_request(None, input=["one", "two"], endpoint="text").text == "two"


@pytest.mark.parametrize(
    ("part", "modality"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, "image"),
        ({"type": "image", "source": {"type": "base64", "data": "AAAA"}}, "image"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, "audio"),
        ({"type": "video_url", "video_url": "v"}, "video"),
        ({"type": "file", "file": {"file_id": "f"}}, "file"),
        ({"type": "document", "source": {}}, "file"),
    ],
)
def test_what_is_no_text_is_a_modality_and_counts_no_characters(part: object, modality: str) -> None:
    view = read_request([{"role": "user", "content": [part, {"type": "text", "text": "look"}]}])
    assert view.modalities == {modality}
    assert (view.text, view.chars) == ("look", 4)


def test_an_image_inside_a_tools_result_counts() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": {}}]}
    assert read_request([{"role": "user", "content": [result]}]).modalities == {"image"}


@pytest.mark.parametrize(
    ("last", "waits"),
    [
        ({"role": "tool", "tool_call_id": "c", "content": "12"}, True),
        ({"role": "function", "name": "f", "content": "12"}, True),
        ({"role": "tool", "tool_call_id": "c", "content": None}, True),
        ({"type": "function_call_output", "output": [{"type": "input_text", "text": "12"}]}, True),
        ({"role": "user", "content": "thanks"}, False),
        ({"role": "assistant", "content": None, "tool_calls": []}, False),
    ],
)
def test_a_tools_result_at_the_end_means_a_model_waits_for_it(last: object, waits: bool) -> None:  # noqa: FBT001 - an expectation
    assert read_request([{"role": "user", "content": "go"}, last]).in_tool_loop is waits


def test_nulls_everywhere_are_an_empty_request() -> None:
    view = read_request(None, input=None, params=dict.fromkeys(PARAMETERS))
    assert view == RequestView()


def test_without_a_user_message_the_last_text_is_read() -> None:
    view = read_request([{"role": "assistant", "content": "Where were we?"}, {"role": "assistant", "content": None}])
    assert (view.text, view.text_chars, view.first_user) == ("Where were we?", 14, "")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, "auto"),
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("any", "required"),
        ({"type": "function", "function": {"name": "weather"}}, "weather"),
        ({"type": "tool", "name": "weather"}, "weather"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "auto"}, "auto"),
        (["weather"], "auto"),
    ],
)
def test_a_tool_choice_is_a_word_or_a_tools_name(choice: object, expected: str) -> None:
    assert read_request([], params={"tool_choice": choice}).tool_choice == expected


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
        {"type": "function", "name": "f", "parameters": {"type": "object"}},
        {"name": "f", "input_schema": {"type": "object"}},
    ],
)
def test_a_tool_reads_the_same_in_every_form(tool: object) -> None:
    assert read_request([], params={"tools": [tool, None, 3]}).tools == (ToolSpec("f", {"type": "object"}),)
    assert read_request([], params={"functions": [tool]}).tools == (ToolSpec("f", {"type": "object"}),)


def test_a_hosted_tool_has_its_type_for_a_name() -> None:
    assert read_request([], params={"tools": [{"type": "web_search"}]}).tools == (ToolSpec("web_search"),)


def test_a_schema_of_a_responses_call_takes_the_chat_form() -> None:
    wanted = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    assert read_request([], params={"text": {"format": wanted}}).response_format == {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
    }


@pytest.mark.parametrize(("value", "expected"), [(3, 3), (True, 1), ("3", 1), (0, 1), (None, 1)])
def test_only_a_whole_number_of_answers_counts(value: object, expected: int) -> None:
    assert read_request([], params={"n": value}).n == expected


def test_of_a_long_message_head_and_tail_are_kept_and_all_of_it_is_counted() -> None:
    text = "a" * HEAD_CHARS + "b" * 1_000_000 + "c" * TAIL_CHARS
    view = read_request([{"role": "user", "content": text}])
    assert view.text == "a" * HEAD_CHARS + "\n" + "c" * TAIL_CHARS
    assert (view.chars, view.text_chars) == (len(text), len(text))
    assert view.first_user == "a" * FIRST_USER_CHARS


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "x" * 100_000}],
        [{"type": "tool_result", "content": "x" * 100_000}],
        [{"type": "tool_result", "content": [{"type": "text", "text": "x" * 50_000}] * 2}],
    ],
)
def test_characters_outside_the_window_count_wherever_they_stand(content: object) -> None:
    assert read_request([{"role": "user", "content": content}]).chars == 100_000


@given(st.text(max_size=50), st.integers(0, 3))
def test_a_text_within_the_window_is_kept_as_it_is(text: str, repeats: int) -> None:
    assert windowed(text * repeats) == text * repeats
    assert len(windowed(text + "x" * 20_000)) == WINDOW


def test_two_megabytes_of_conversation_become_a_bounded_view() -> None:
    turns = [{"role": role, "content": "word " * 2_000} for role in ("user", "assistant") * 100]
    system = {"role": "system", "content": "rule " * 2_000}
    view = read_request([system, *turns], params={"tools": [{"name": f"t{n}"} for n in range(1_000)]})
    assert view.chars == 201 * 10_000
    assert len(view.turns) <= MAX_TURNS
    assert sum(len(turn.text) for turn in view.turns) <= MAX_CONVERSATION_CHARS
    assert len(view.system) <= MAX_SYSTEM_CHARS
    assert len(view.tools) == MAX_TOOLS
    assert len(json.dumps([turn.text for turn in view.turns])) < 100_000


def test_the_latest_turn_is_kept_even_if_it_fills_the_window() -> None:
    view = read_request([{"role": "user", "content": f"{n}" * 20_000} for n in range(8)])
    assert view.turns[-1].text == view.text
    assert 1 <= len(view.turns) < 8


def test_only_true_is_a_stream() -> None:
    assert read_request([], params={"stream": True}).stream
    assert not read_request([], params={"stream": "yes"}).stream
