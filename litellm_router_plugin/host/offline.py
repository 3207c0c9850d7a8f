"""The offline provider: answers without any provider key, so that a newcomer sees tiers, costs and headers at work.

Its models are ``offline/small``, ``offline/medium`` and ``offline/large``. They are small programs, say so in every
text, and cost what the deployment's ``input_cost_per_token`` and ``output_cost_per_token`` say.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Final
from uuid import uuid4

import litellm
from litellm.llms.custom_llm import CustomLLM, CustomLLMError
from litellm.types.utils import ChatCompletionMessageToolCall, Choices, Function, Message, ModelResponse, Usage
from litellm.utils import custom_llm_setup

from litellm_router_plugin.host.offline_answers import Ability, OfflineAnswer, OfflineRequest, respond

PROVIDER: Final = "offline"
OFFLINE_MODELS: Final = tuple(ability.model for ability in Ability)
"""The models, weakest first."""
NOT_FOUND: Final = 404

_PIECE = re.compile(r"\s+|\S+\s*")


def is_offline(model: str) -> bool:
    """Whether a model name, as in ``litellm_params.model``, is one of this provider's."""
    return model.startswith(f"{PROVIDER}/")


def register_offline() -> None:
    """Make LiteLLM know the provider; may be called any number of times, and leaves other providers alone.

    A config with its own ``custom_provider_map`` replaces LiteLLM's list: call this again after it was loaded.
    """
    known = [item for item in litellm.custom_provider_map if item["provider"] == PROVIDER]
    if not known:
        litellm.custom_provider_map.append({"provider": PROVIDER, "custom_handler": provider})
    custom_llm_setup()


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, Mapping))
    return "\n".join(part for part in parts if isinstance(part, str))


def _ability(model: str) -> Ability:
    """The ability that a model name stands for. LiteLLM hands over the name without the provider."""
    name = model.removeprefix(f"{PROVIDER}/")
    for ability in Ability:
        if ability.name.lower() == name:
            return ability
    raise CustomLLMError(NOT_FOUND, f"there is no model offline/{name[:64]}; there are {', '.join(OFFLINE_MODELS)}")


def _tool_choice(options: Mapping[str, object]) -> str:
    chosen = options.get("tool_choice")
    if isinstance(chosen, Mapping):
        function = chosen.get("function")
        return str(function.get("name")) if isinstance(function, Mapping) else "required"
    return str(chosen or "auto")


def _schema(options: Mapping[str, object]) -> Mapping[str, object] | None:
    wanted = options.get("response_format")
    if not isinstance(wanted, Mapping) or wanted.get("type") not in {"json_object", "json_schema"}:
        return None
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return schema if isinstance(schema, Mapping) else {}


def _stops(options: Mapping[str, object]) -> tuple[str, ...]:
    stop = options.get("stop")
    if isinstance(stop, str):
        return (stop,)
    return tuple(str(text) for text in stop) if isinstance(stop, Sequence) else ()


def read(model: str, messages: Sequence[object], options: Mapping[str, object]) -> OfflineRequest:
    """A request in LiteLLM's words as the offline models see it.

    Raises:
        CustomLLMError: The model is none of this provider's (LiteLLM makes a 404 of it).
    """
    said = [message for message in messages if isinstance(message, Mapping)]
    users = [_text_of(message.get("content")) for message in said if message.get("role") == "user"]
    last = said[-1] if said else {}
    tools, limit = options.get("tools"), options.get("max_tokens")
    offered = [tool for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, Sequence) else []
    whole = [_text_of(message.get("content")) for message in said] + [json.dumps(tool, default=str) for tool in offered]
    return OfflineRequest(
        ability=_ability(model),
        prompt=users[-1] if users else "",
        whole="\n".join(whole),
        tool_result=_text_of(last.get("content")) if last.get("role") == "tool" else None,
        tools=offered,
        tool_choice=_tool_choice(options),
        schema=_schema(options),
        max_tokens=limit if isinstance(limit, int) else None,
        stop=_stops(options),
    )


def _message(answer: OfflineAnswer) -> Message:
    if answer.tool is None:
        return Message(role="assistant", content=answer.text)
    function = Function(name=answer.tool, arguments=answer.arguments)
    call = ChatCompletionMessageToolCall(id=f"call_{uuid4().hex}", type="function", function=function)
    return Message(role="assistant", content=None, tool_calls=[call])


def _counts(answer: OfflineAnswer, choices: int = 1) -> dict[str, int]:
    written = answer.completion_tokens * choices
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": written,
        "total_tokens": answer.prompt_tokens + written,
    }


def _filled(
    model: str,
    messages: Sequence[Mapping[str, object]],
    model_response: ModelResponse,
    optional_params: Mapping[str, object],
) -> ModelResponse:
    """The response that LiteLLM prepared, with ``n`` equal choices: these models have one answer to a question."""
    request = read(model, messages, optional_params)
    answer, wanted = respond(request), optional_params.get("n")
    number = wanted if isinstance(wanted, int) and wanted > 0 else 1
    model_response.choices = [
        Choices(index=index, finish_reason=answer.finish_reason, message=_message(answer)) for index in range(number)
    ]
    model_response.model = request.ability.model
    model_response.usage = Usage(**_counts(answer, number))
    return model_response


Chunk = dict[str, object]


def _chunk(text: str = "", tool_use: Mapping[str, object] | None = None) -> Chunk:
    return {
        "text": text,
        "tool_use": tool_use,
        "is_finished": False,
        "finish_reason": "",
        "index": 0,
        "usage": None,
    }


def _chunks(
    model: str, messages: Sequence[Mapping[str, object]], optional_params: Mapping[str, object]
) -> Iterator[Chunk]:
    """A stream of one choice, word by word; LiteLLM's stream form for custom providers has no further choices."""
    answer = respond(read(model, messages, optional_params))
    if answer.tool is not None:
        function = {"name": answer.tool, "arguments": answer.arguments}
        yield _chunk(tool_use={"id": f"call_{uuid4().hex}", "type": "function", "function": function, "index": 0})
    for piece in _PIECE.findall(answer.text):
        yield _chunk(piece)
    end = {"is_finished": True, "finish_reason": answer.finish_reason, "usage": _counts(answer)}
    yield {**_chunk(), **end}


class OfflineProvider(CustomLLM):  # type: ignore[misc]  # litellm's types are not followed
    """The provider as LiteLLM calls it: by keyword, with more arguments than are of use here."""

    def completion(  # type: ignore[override,unused-ignore]
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, object]],
        model_response: ModelResponse,
        optional_params: Mapping[str, object],
        **_: object,
    ) -> ModelResponse:
        """One whole answer."""
        return _filled(model, messages, model_response, optional_params)

    async def acompletion(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, object]],
        model_response: ModelResponse,
        optional_params: Mapping[str, object],
        **_: object,
    ) -> ModelResponse:
        """Same as `completion`; nothing is waited for."""
        return _filled(model, messages, model_response, optional_params)

    def streaming(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, object]],
        optional_params: Mapping[str, object],
        **_: object,
    ) -> Iterator[Chunk]:
        """One answer in pieces."""
        return _chunks(model, messages, optional_params)

    async def astreaming(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, object]],
        optional_params: Mapping[str, object],
        **_: object,
    ) -> AsyncIterator[Chunk]:
        """Same as `streaming`."""
        for chunk in _chunks(model, messages, optional_params):
            yield chunk


provider = OfflineProvider()
"""The instance that a config's ``custom_provider_map`` names; it holds no state."""
