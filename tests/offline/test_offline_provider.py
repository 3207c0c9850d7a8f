"""The offline provider inside the real ``litellm.Router``."""

from collections.abc import Iterator

import litellm
import pytest
from litellm.llms.custom_llm import CustomLLM

from litellm_router_plugin.host.offline import OFFLINE_MODELS, is_offline, register_offline

QUESTION = [{"role": "user", "content": "What is 2 + 3?"}]
ADD = {
    "type": "function",
    "function": {
        "name": "add_numbers",
        "description": "Adds two numbers",
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
    },
}


@pytest.fixture
def router() -> Iterator[litellm.Router]:
    register_offline()
    models = [(model, 10**index) for index, model in enumerate(OFFLINE_MODELS)] + [("offline/medium", 1000)]
    deployments = [
        {
            "model_name": f"{model.partition('/')[2]}-{factor}",
            "litellm_params": {
                "model": model,
                "input_cost_per_token": 1e-6 * factor,
                "output_cost_per_token": 2e-6 * factor,
            },
        }
        for model, factor in models
    ]
    yield litellm.Router(model_list=deployments)
    litellm.custom_provider_map[:] = [i for i in litellm.custom_provider_map if i["provider"] != "offline"]


def test_registering_twice_adds_one_provider_and_keeps_the_others() -> None:
    other = {"provider": "another", "custom_handler": CustomLLM()}
    litellm.custom_provider_map.append(other)
    register_offline()
    register_offline()
    names = [item["provider"] for item in litellm.custom_provider_map]
    litellm.custom_provider_map.remove(other)
    assert names.count("offline") == names.count("another") == 1


async def test_an_answer_has_usage_and_the_price_of_its_deployment(router: litellm.Router) -> None:
    cheap = await router.acompletion(model="small-1", messages=QUESTION)
    dear = await router.acompletion(model="large-100", messages=QUESTION)
    assert "2 + 3 = 5" in cheap.choices[0].message.content
    usage = cheap.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (4, (len(cheap.choices[0].message.content) + 3) // 4)
    cost = cheap._hidden_params["response_cost"]
    assert cost == pytest.approx(1e-6 * usage.prompt_tokens + 2e-6 * usage.completion_tokens)
    assert dear._hidden_params["response_cost"] == pytest.approx(100 * cost)
    assert is_offline(cheap.model)


async def test_two_deployments_of_one_offline_model_keep_their_own_prices(router: litellm.Router) -> None:
    first = await router.acompletion(model="medium-10", messages=QUESTION)
    second = await router.acompletion(model="medium-1000", messages=QUESTION)
    assert second._hidden_params["response_cost"] == pytest.approx(100 * first._hidden_params["response_cost"])


async def test_a_stream_says_what_the_plain_answer_says(router: litellm.Router) -> None:
    plain = await router.acompletion(model="small-1", messages=QUESTION)
    stream = await router.acompletion(
        model="small-1", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    whole = litellm.stream_chunk_builder(chunks, messages=QUESTION)
    assert whole.choices[0].message.content == plain.choices[0].message.content
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.total_tokens == plain.usage.total_tokens


def test_the_synchronous_paths_answer_too(router: litellm.Router) -> None:
    plain = router.completion(model="small-1", messages=QUESTION)
    pieces = [
        chunk.choices[0].delta.content for chunk in router.completion(model="small-1", messages=QUESTION, stream=True)
    ]
    assert "".join(piece or "" for piece in pieces) == plain.choices[0].message.content


async def test_a_limit_cuts_the_answer_and_says_so(router: litellm.Router) -> None:
    plain = await router.acompletion(model="small-1", messages=QUESTION, max_tokens=2)
    assert plain.choices[0].finish_reason == "length"
    assert plain.usage.completion_tokens == 2
    stream = await router.acompletion(model="small-1", messages=QUESTION, max_tokens=2, stream=True)
    reasons = [chunk.choices[0].finish_reason async for chunk in stream]
    assert reasons[-1] == "length"


async def test_tools_are_called_plain_and_streamed(router: litellm.Router) -> None:
    question = [{"role": "user", "content": "Please add the numbers 2 and 3"}]
    plain = await router.acompletion(model="large-100", messages=question, tools=[ADD])
    stream = await router.acompletion(model="large-100", messages=question, tools=[ADD], stream=True)
    whole = litellm.stream_chunk_builder([chunk async for chunk in stream], messages=question)
    for answer in (plain, whole):
        assert answer.choices[0].finish_reason == "tool_calls"
        assert answer.choices[0].message.tool_calls[0].function.arguments == '{"a": 2, "b": 3}'


async def test_several_choices_are_equal_and_all_counted(router: litellm.Router) -> None:
    one = await router.acompletion(model="small-1", messages=QUESTION)
    three = await router.acompletion(model="small-1", messages=QUESTION, n=3)
    assert {choice.message.content for choice in three.choices} == {one.choices[0].message.content}
    assert three.usage.completion_tokens == 3 * one.usage.completion_tokens


async def test_messages_and_responses_are_answered(router: litellm.Router) -> None:
    message = await router.aanthropic_messages(model="small-1", messages=QUESTION, max_tokens=50)
    response = await router.aresponses(model="small-1", input="What is 2 + 3?")
    assert "2 + 3 = 5" in message["content"][0]["text"]
    assert "2 + 3 = 5" in response.output[0].content[0].text


async def test_an_unknown_offline_model_is_a_404_that_names_the_models() -> None:
    register_offline()
    with pytest.raises(litellm.NotFoundError, match="offline/small, offline/medium, offline/large"):
        await litellm.acompletion(model="offline/huge", messages=QUESTION)
