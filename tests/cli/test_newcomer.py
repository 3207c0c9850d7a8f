"""The bundled config as a newcomer meets it: the providers' own clients against ``smart``, without any key."""

import anthropic
import openai
import pytest
from proxy_process import ProxyProcess

pytestmark = pytest.mark.proxy

EASY, HARD = "Hello there", "Prove the theorem that the square root of 2 is irrational, step by step"


@pytest.fixture
def client(proxy: ProxyProcess, made_key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=proxy.url + "/v1", api_key=made_key, max_retries=0)


@pytest.fixture
def claude(proxy: ProxyProcess, made_key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=proxy.url, api_key=made_key, max_retries=0)


@pytest.mark.parametrize(("prompt", "tier"), [(EASY, "cheap"), (HARD, "premium")])
def test_chat_completions_plain_and_streamed(client: openai.OpenAI, prompt: str, tier: str) -> None:
    messages: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": prompt}]
    plain = client.chat.completions.with_raw_response.create(model="smart", messages=messages)
    assert plain.headers["x-tier-router-tier"] == tier
    assert plain.headers["x-tier-router-offline"] == "true"
    stream = client.chat.completions.with_raw_response.create(model="smart", messages=messages, stream=True)
    assert stream.headers["x-tier-router-tier"] == tier
    chunks = [chunk for chunk in stream.parse() if chunk.choices]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == plain.parse().choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(("prompt", "tier"), [(EASY, "cheap"), (HARD, "premium")])
def test_responses_plain_and_streamed(client: openai.OpenAI, prompt: str, tier: str) -> None:
    plain = client.responses.with_raw_response.create(model="smart", input=prompt)
    assert plain.headers["x-tier-router-tier"] == tier
    stream = client.responses.create(model="smart", input=prompt, stream=True)
    text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
    assert text == plain.parse().output_text


@pytest.mark.parametrize(("prompt", "tier"), [(EASY, "cheap"), (HARD, "premium")])
def test_messages_plain_and_streamed(claude: anthropic.Anthropic, prompt: str, tier: str) -> None:
    plain = claude.messages.with_raw_response.create(
        model="smart", max_tokens=200, messages=[{"role": "user", "content": prompt}]
    )
    assert plain.headers["x-tier-router-tier"] == tier
    with claude.messages.stream(
        model="smart", max_tokens=200, messages=[{"role": "user", "content": prompt}]
    ) as stream:
        text = "".join(stream.text_stream)
    (block,) = plain.parse().content
    assert block.type == "text"
    assert text == block.text


def test_a_pin_by_header_is_followed(client: openai.OpenAI) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="smart",
        messages=[{"role": "user", "content": EASY}],
        extra_headers={"x-tier-router-tier": "standard"},
    )
    assert (answer.headers["x-tier-router-tier"], answer.headers["x-tier-router-cause"]) == ("standard", "pinned")
    assert answer.headers["x-litellm-model-name"] == "offline/medium"


def test_tools_are_called_through_the_tier_router(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="smart",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "The weather of a city",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
                },
            }
        ],
    )
    assert answer.choices[0].finish_reason == "tool_calls"
