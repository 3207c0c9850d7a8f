"""What the plugin reads from an answer of LiteLLM's, and writes onto it, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from litellm_router_plugin.core.money import Usage, usd

HIDDEN = "_hidden_params"
PRIVATE = "__pydantic_private__"
"""Where pydantic keeps `HIDDEN`; asking its models for a private attribute by name takes microseconds each time."""
CHAT_NAMES = ("prompt_tokens", "completion_tokens", "prompt_tokens_details")
OTHER_NAMES = ("input_tokens", "output_tokens", "input_tokens_details")
"""Names of the counts in OpenAI's chat form, and in that of its responses and of Anthropic's messages."""


def hidden_params(response: object) -> Mapping[str, Any]:
    """LiteLLM's hidden facts of an answer; empty where it has none."""
    hidden = _hidden(response)
    return hidden if isinstance(hidden, dict) else {}


def _hidden(response: object) -> object:
    if isinstance(response, dict):
        return response.get(HIDDEN)
    private = getattr(response, PRIVATE, None)
    if isinstance(private, dict) and HIDDEN in private:
        return private[HIDDEN]
    return getattr(response, HIDDEN, None)


def writable_hidden_params(response: object) -> MutableMapping[str, Any] | None:
    """The same as a dict that can be added to, made where there was none; None where the answer takes none."""
    hidden = _hidden(response)
    if isinstance(hidden, dict):
        return hidden
    fresh: dict[str, Any] = {}
    if isinstance(response, dict):
        response[HIDDEN] = fresh
        return fresh
    try:
        setattr(response, HIDDEN, fresh)
    except (AttributeError, TypeError, ValueError):  # a generator or a slotted object: it has no room for facts
        return None
    return fresh


def add_headers(response: object, headers: Mapping[str, str]) -> bool:
    """Have the proxy send these headers with the answer. Returns whether there was room for them."""
    hidden = writable_hidden_params(response)
    if hidden is None:
        return False
    known = hidden.get("additional_headers")
    hidden["additional_headers"] = {**(known if isinstance(known, dict) else {}), **headers}
    return True


def model_id_of(response: object) -> str | None:
    """The deployment that answered."""
    found = hidden_params(response).get("model_id")
    return found if isinstance(found, str) else None


def is_cache_hit(response: object) -> bool:
    """Whether LiteLLM's response cache served the answer."""
    return hidden_params(response).get("cache_hit") is True


def is_stream(response: object) -> bool:
    """Whether the answer is yet to come in pieces."""
    return _streams(type(response))  # type: ignore[arg-type]  # a class hashes as such, not as its instances do


@lru_cache(maxsize=256)
def _streams(kind: type) -> bool:
    """By type, as Python itself looks: the host's answers take microseconds to say which attributes they lack."""
    return not issubclass(kind, Mapping) and (hasattr(kind, "__aiter__") or hasattr(kind, "__next__"))


def shown_cost(response: object) -> Decimal | None:
    """What LiteLLM computed for this one call, as a `Decimal`; None where it has not."""
    cost = hidden_params(response).get("response_cost")
    return usd(float(cost)) if isinstance(cost, int | float) and not isinstance(cost, bool) else None


def seen_cost(response: object) -> Decimal | None:
    """What an answer at hand cost; 0 for a cache hit, None where it does not say."""
    return Decimal(0) if is_cache_hit(response) else shown_cost(response)


def usage_of_response(response: object) -> Usage | None:
    """The tokens of a finished answer, in any of the three forms that usage comes in; None where it has none."""
    usage = _field(response, "usage")
    if usage is None:
        return None
    is_chat = _field(usage, "prompt_tokens") is not None
    prompt, completion, details = CHAT_NAMES if is_chat else OTHER_NAMES
    more = _field(usage, details)
    cached = None if more is None else _field(more, "cached_tokens")
    # Anthropic's own form counts cached tokens beside the input tokens, the others among them.
    beside = 0 if is_chat else _count(usage, "cache_read_input_tokens")
    return Usage(
        prompt_tokens=_count(usage, prompt) + beside,
        completion_tokens=_count(usage, completion),
        cached_tokens=cached if isinstance(cached, int) else beside,
    )


def _field(source: object, name: str) -> object:
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


def _count(usage: object, name: str) -> int:
    found = _field(usage, name)
    return found if isinstance(found, int) else 0
