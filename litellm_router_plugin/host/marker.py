"""The marker provider: what a tier router's own deployment is for LiteLLM. It is never called when all is well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NoReturn

import litellm
from litellm.llms.custom_llm import CustomLLM, CustomLLMError
from litellm.types.utils import GenericStreamingChunk, ModelResponse, Usage
from litellm.utils import custom_llm_setup

from litellm_router_plugin.host.deployments import MARKER_PROVIDER

HEALTH_CHECK_TAG = "litellm-internal-health-check"
UNATTACHED = (
    "{model!r} is a tier router, but the tier router plugin is not attached to the router that was called. On the "
    "proxy, add `litellm_router_plugin.proxy.handler` to litellm_settings.callbacks; in code, call "
    "litellm_router_plugin.attach(router)."
)


class Marker(CustomLLM):  # type: ignore[misc]  # the host ships no types
    """Answers LiteLLM's health check, and everybody else with a 503 that says what is missing."""

    def completion(self, *args: Any, **kwargs: Any) -> ModelResponse:  # noqa: ANN401, D102  the host's own contract
        del args
        return _answer(kwargs)

    async def acompletion(self, *args: Any, **kwargs: Any) -> ModelResponse:  # noqa: ANN401, D102  same
        del args
        return _answer(kwargs)

    def streaming(self, *args: Any, **kwargs: Any) -> Iterator[GenericStreamingChunk]:  # noqa: ANN401, D102  same
        del args
        refuse(kwargs.get("model"))

    def astreaming(self, *args: Any, **kwargs: Any) -> AsyncIterator[GenericStreamingChunk]:  # noqa: ANN401, D102  same
        del args
        refuse(kwargs.get("model"))


def _answer(kwargs: Mapping[str, Any]) -> ModelResponse:
    if not _is_health_check(kwargs.get("litellm_params")):
        refuse(kwargs.get("model"))
    response: ModelResponse = kwargs["model_response"]
    response.model = f"{MARKER_PROVIDER}/{kwargs.get('model')}"
    response.choices[0].message.content = "ok"
    response.usage = Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    return response


def _is_health_check(litellm_params: object) -> bool:
    """A health check costs nothing: the tiers' own deployments are checked by themselves."""
    metadata = litellm_params.get("metadata") if isinstance(litellm_params, Mapping) else None
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return isinstance(tags, list | tuple) and HEALTH_CHECK_TAG in tags


def refuse(model: object) -> NoReturn:
    """Say that no plugin is attached."""
    raise CustomLLMError(status_code=503, message=UNATTACHED.format(model=str(model)))


MARKER = Marker()


def register() -> None:
    """Make LiteLLM know ``tier_router/…`` models. Call it before `litellm.Router` is given a list with a marker.

    May be called any number of times; providers of others are left alone.
    """
    if not any(one["provider"] == MARKER_PROVIDER for one in litellm.custom_provider_map):
        litellm.custom_provider_map.append({"provider": MARKER_PROVIDER, "custom_handler": MARKER})
    custom_llm_setup()
