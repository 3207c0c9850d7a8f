"""What the plugin reads from an answer of LiteLLM's, and writes onto it, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any

from litellm_router_plugin.core.money import Usage, usd

HIDDEN = "_hidden_params"


def hidden_params(response: object) -> Mapping[str, Any]:
    """LiteLLM's hidden facts of an answer; empty where it has none."""
    hidden = response.get(HIDDEN) if isinstance(response, Mapping) else getattr(response, HIDDEN, None)
    return hidden if isinstance(hidden, Mapping) else {}


def writable_hidden_params(response: object) -> MutableMapping[str, Any] | None:
    """The same as a dict that can be added to, made where there was none; None where the answer takes none."""
    hidden = response.get(HIDDEN) if isinstance(response, Mapping) else getattr(response, HIDDEN, None)
    if isinstance(hidden, MutableMapping):
        return hidden
    fresh: dict[str, Any] = {}
    if isinstance(response, MutableMapping):
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
    hidden["additional_headers"] = {**(known if isinstance(known, Mapping) else {}), **headers}
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
    if isinstance(response, Mapping):
        return False
    return hasattr(response, "__aiter__") or (hasattr(response, "__next__") and not isinstance(response, Mapping))


def shown_cost(response: object) -> Decimal | None:
    """What LiteLLM computed for this one call, as a `Decimal`; None where it has not."""
    cost = hidden_params(response).get("response_cost")
    return usd(float(cost)) if isinstance(cost, int | float) and not isinstance(cost, bool) else None


def seen_cost(response: object) -> Decimal | None:
    """What an answer at hand cost; 0 for a cache hit, None where it does not say."""
    return Decimal(0) if is_cache_hit(response) else shown_cost(response)


def usage_of_response(response: object) -> Usage | None:
    """The tokens of a finished answer, in any of the three forms that usage comes in; None where it has none."""
    usage = response.get("usage") if isinstance(response, Mapping) else getattr(response, "usage", None)
    if usage is None:
        return None

    def read(source: object, name: str) -> object:
        return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)

    def count(*names: str) -> int:
        values = (read(usage, name) for name in names)
        return next((value for value in values if isinstance(value, int)), 0)

    details = read(usage, "prompt_tokens_details") or read(usage, "input_tokens_details")
    cached = read(details, "cached_tokens") if details is not None else None
    prompt = count("prompt_tokens", "input_tokens")
    # Anthropic's own form counts cached tokens beside the input tokens, the others among them.
    beside = count("cache_read_input_tokens") if read(usage, "prompt_tokens") is None else 0
    return Usage(
        prompt_tokens=prompt + beside,
        completion_tokens=count("completion_tokens", "output_tokens"),
        cached_tokens=cached if isinstance(cached, int) else beside,
    )
