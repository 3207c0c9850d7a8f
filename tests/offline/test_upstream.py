"""The test upstream speaks the protocols well enough for the providers' own clients."""

import time
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest
from upstream import Upstream

HELLO = [{"role": "user", "content": "Say these four words"}]


@pytest.fixture(scope="module")
def shared() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def upstream(shared: Upstream) -> Upstream:
    shared.reset()
    return shared


def _openai(upstream: Upstream) -> openai.OpenAI:
    return openai.OpenAI(base_url=upstream.base_url, api_key="test", max_retries=0)


def _anthropic(upstream: Upstream) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=upstream.root_url, api_key="test", max_retries=0)


def _post(upstream: Upstream, path: str, **body: object) -> httpx.Response:
    return httpx.post(upstream.base_url + path, json={"model": "m", **body}, trust_env=False)


def test_a_model_without_a_script_echoes_with_fixed_usage(upstream: Upstream) -> None:
    answer = _openai(upstream).chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices[0].message.content == "hi"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (100, 50)


def test_replies_come_in_order_and_the_last_one_stays(upstream: Upstream) -> None:
    upstream.script("m", {"text": "one"}, {"text": "two"})
    said = [_post(upstream, "/chat/completions").json()["choices"][0]["message"]["content"] for _ in range(3)]
    assert said == ["one", "two", "two"]
    upstream.script("m", {"text": "one"}, repeat_last=False)
    said = [
        _post(upstream, "/chat/completions", messages=HELLO).json()["choices"][0]["message"]["content"] for _ in "ab"
    ]
    assert said == ["one", "Say these four words"]


def test_a_chat_stream_holds_the_text_in_pieces_and_usage_when_asked(upstream: Upstream) -> None:
    stream = _openai(upstream).chat.completions.create(
        model="m",
        messages=[{"role": "user", "content": "Say these four words"}],
        stream=True,
        stream_options={"include_usage": True},
        logprobs=True,
    )
    chunks = list(stream)
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert texts == ["Say ", "these ", "four ", "words"]
    logprobs = [chunk.choices[0].logprobs for chunk in chunks if chunk.choices and chunk.choices[0].logprobs]
    assert len(logprobs) == 4
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_tool_calls_come_whole_and_in_parts(upstream: Upstream) -> None:
    upstream.script("m", {"tool_calls": [{"name": "add", "arguments": {"a": 1, "b": 2}}]})
    choice = _post(upstream, "/chat/completions").json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    chunks = list(
        _openai(upstream).chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    )
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    arguments = "".join(call.function.arguments or "" for call in calls if call.function)
    assert arguments == choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"a": 1, "b": 2}'


def test_n_choices_and_no_choices(upstream: Upstream) -> None:
    assert len(_post(upstream, "/chat/completions", n=3).json()["choices"]) == 3
    upstream.script("m", {"choices": []})
    assert _post(upstream, "/chat/completions").json()["choices"] == []


def test_responses_api_is_read_by_openais_client(upstream: Upstream) -> None:
    upstream.script("m", {"text": "fine day", "tool_calls": [{"name": "look", "arguments": {"at": "sky"}}]})
    client = _openai(upstream)
    answer = client.responses.create(model="m", input="how is it?")
    assert answer.output_text == "fine day"
    assert [item.type for item in answer.output] == ["message", "function_call"]
    with client.responses.stream(model="m", input="how is it?") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == "fine day"
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert client.responses.retrieve(answer.id).id == answer.id


def test_a_response_cut_by_its_limit_is_incomplete(upstream: Upstream) -> None:
    upstream.script("m", {"text": "fine", "finish_reason": "length"})
    answer = _openai(upstream).responses.create(model="m", input="how is it?")
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_messages_api_is_read_by_anthropics_client(upstream: Upstream) -> None:
    upstream.script("m", {"text": "fine day", "tool_calls": [{"name": "look", "arguments": {"at": "sky"}}]})
    client = _anthropic(upstream)
    whole = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "how is it?"}])
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "how?"}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "fine day"
    assert final.content[1].model_dump()["input"] == whole.content[1].model_dump()["input"] == {"at": "sky"}
    assert final.stop_reason == whole.stop_reason == "tool_use"
    assert final.usage.output_tokens == 50


def test_embeddings_of_like_texts_lie_close(upstream: Upstream) -> None:
    texts = ["the red house", "the red car", "quantum field theory"]
    data = _openai(upstream).embeddings.create(model="m", input=texts).data
    first, second, third = (item.embedding for item in data)

    def closeness(left: list[float], right: list[float]) -> float:
        return sum(a * b for a, b in zip(left, right, strict=True))

    assert closeness(first, second) > closeness(first, third)


def test_text_completions_answer_plain_and_streamed(upstream: Upstream) -> None:
    client = _openai(upstream)
    assert client.completions.create(model="m", prompt="hi there").choices[0].text == "hi there"
    parts = [chunk.choices[0].text for chunk in client.completions.create(model="m", prompt="hi there", stream=True)]
    assert "".join(parts) == "hi there"


def test_scripted_failures_reach_the_client_with_their_headers(upstream: Upstream) -> None:
    upstream.script("m", {"status": 429, "headers": {"retry-after": "7"}, "text": "slow down"})
    answer = _post(upstream, "/chat/completions")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["message"] == "slow down"


def test_a_dropped_stream_breaks_the_connection(upstream: Upstream) -> None:
    upstream.script("m", {"text": "a b c d", "drop_after_chunks": 3})
    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream(
            "POST", upstream.base_url + "/chat/completions", json={"model": "m", "stream": True}, trust_env=False
        ) as answer,
    ):
        list(answer.iter_lines())


def test_a_client_that_leaves_early_is_noted(upstream: Upstream) -> None:
    upstream.script("m", {"text": "a b c d e f", "chunk_delay_s": 0.05})
    url = upstream.base_url + "/chat/completions"
    with httpx.stream("POST", url, json={"model": "m", "stream": True}, trust_env=False) as answer:
        next(answer.iter_lines())
    until = time.monotonic() + 5
    while not upstream.calls("m")[0].closed_early and time.monotonic() < until:
        time.sleep(0.02)
    assert upstream.calls("m")[0].closed_early


def test_a_script_with_an_unknown_key_is_refused(upstream: Upstream) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        upstream.script("m", {"txt": "typo"})
