"""Raw answers become views: whatever a provider sends, bounded, and the same for every endpoint's shape."""

from __future__ import annotations

import pytest
from core_answers import MadeAnswer, answers, chat_body, messages_body, responses_body
from core_strategies import STRANGE_KEYS, json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.answer_text import whole_answer
from litellm_router_plugin.core.answers import MAX_ANSWER_CHARS, AnswerView, ToolCall
from litellm_router_plugin.core.reading_answers import FINISH_REASONS, as_json, read_answer


@given(json_values | st.fixed_dictionaries({"choices": json_values}) | st.fixed_dictionaries({"output": json_values}))
def test_any_json_becomes_a_view(body: object) -> None:
    view = read_answer(body)
    assert view.choices >= 0
    assert isinstance(view.text, str)


@pytest.mark.parametrize("key", STRANGE_KEYS)
@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}, True, 7])
def test_a_list_or_an_object_where_a_word_belongs_does_no_harm(key: str, value: object) -> None:
    block = {"type": "text", "text": "hi", key: value}
    for body in ({"content": [block], key: value}, {"output": [{"type": "message", "content": [block]}], key: value}):
        assert read_answer(body).text in ("", "hi")


@given(answers)
def test_the_same_answer_reads_the_same_from_every_endpoint(made: MadeAnswer) -> None:
    chat, messages, responses = (read_answer(body(made)) for body in (chat_body, messages_body, responses_body))
    assert chat.text == messages.text == responses.text == made.text
    assert chat.tool_calls == messages.tool_calls == responses.tool_calls
    assert chat.refusal == responses.refusal == "".join(made.refusal)
    assert chat.finish_reason == messages.finish_reason == made.finish
    assert chat.choices == made.choices


@pytest.mark.parametrize(
    ("status", "details", "has_call", "expected"),
    [
        ("completed", None, False, "stop"),
        ("completed", None, True, "tool_calls"),
        ("incomplete", {"reason": "max_output_tokens"}, False, "length"),
        ("incomplete", {"reason": "max_output_tokens"}, True, "length"),
        ("incomplete", {"reason": "content_filter"}, False, "content_filter"),
        ("failed", None, False, "other"),
        (None, None, False, None),
    ],
)
def test_a_response_that_was_cut_off_says_so_even_if_it_calls_a_tool(
    status: str | None,
    details: object,
    has_call: bool,  # noqa: FBT001 - a parameter
    expected: str | None,
) -> None:
    output = [{"type": "function_call", "name": "f", "arguments": '{"a'}] if has_call else []
    body = {"output": output, "status": status, "incomplete_details": details}
    assert read_answer(body).finish_reason == expected


def test_a_text_completion_has_its_text_beside_the_choice() -> None:
    body = {"choices": [{"text": "upon a time", "finish_reason": "length"}], "model": "davinci"}
    assert read_answer(body) == AnswerView(text="upon a time", finish_reason="length", model="davinci")


def test_a_plain_string_and_a_bare_message_are_answers() -> None:
    assert read_answer("yes") == AnswerView(text="yes")
    assert read_answer({"role": "assistant", "content": "yes"}) == AnswerView(text="yes")


@pytest.mark.parametrize("body", [None, 3, [], {"choices": []}, {"choices": None}, {"choices": [None]}])
def test_what_holds_no_answer_has_no_choices(body: object) -> None:
    assert read_answer(body) == AnswerView(choices=0)


def test_an_object_is_dumped_first() -> None:
    class Body:
        def model_dump(self) -> dict[str, object]:
            return {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}], "model": "m"}

    assert read_answer(Body()) == AnswerView(text="yes", finish_reason="stop", model="m")


def test_a_call_of_the_old_form_is_read() -> None:
    message = {"content": None, "function_call": {"name": "f", "arguments": "{}"}}
    view = read_answer({"choices": [{"message": message, "finish_reason": "function_call"}]})
    assert view.tool_calls == (ToolCall("f", "{}"),)
    assert view.finish_reason == "tool_calls"


def test_an_unknown_reason_to_end_is_told_apart_from_none() -> None:
    reasons = [
        read_answer({"choices": [{"message": {}, "finish_reason": reason}]}).finish_reason
        for reason in ("eos", "", None)
    ]
    assert reasons == ["other", None, None]
    assert "eos" not in FINISH_REASONS


@pytest.mark.parametrize(("length", "cut"), [(MAX_ANSWER_CHARS, False), (MAX_ANSWER_CHARS + 1, True)])
def test_a_longer_text_than_checks_may_see_is_cut_and_says_so(length: int, cut: bool) -> None:  # noqa: FBT001 - an expectation
    view = read_answer("x" * length)
    assert (len(view.text), view.cut) == (MAX_ANSWER_CHARS, cut)


def test_arguments_that_cannot_be_written_as_json_are_empty() -> None:
    endless: dict[str, object] = {}
    endless["self"] = endless
    assert as_json(endless) == ""
    assert as_json({(1, 2): 3}) == ""
    assert as_json(None) == ""
    assert as_json('{"a":') == '{"a":'
    assert as_json({"a": 1}) == '{"a": 1}'


def test_the_whole_answer_as_text_holds_refusal_and_calls() -> None:
    answer = AnswerView(text="Sorry.", refusal="I can't.", tool_calls=(ToolCall("f", "{}"),))
    assert whole_answer(answer) == "Sorry.\nI can't.\nf({})"
    assert whole_answer(AnswerView()) == ""
