"""What a deployment's tokens cost, as LiteLLM would price them; unknown stays unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import litellm

from litellm_router_plugin.core.money import Price, usd
from litellm_router_plugin.host.offline import is_offline

INPUT: Final = "input_cost_per_token"
OUTPUT: Final = "output_cost_per_token"
CACHED: Final = "cache_read_input_token_cost"

_NOTHING: Final[Mapping[str, object]] = {}


def price_of(litellm_params: Mapping[str, object], model_info: Mapping[str, object] | None = None) -> Price | None:
    """The price of a deployment in USD per token; None when LiteLLM does not know it and would log a cost of 0.

    Prices in ``litellm_params`` come first, then those in ``model_info``, then LiteLLM's map for
    ``model_info.base_model`` and for the model itself. A price of 0 that somebody wrote down is a price.
    """
    info = model_info or _NOTHING
    listed = entry_of(litellm_params, info)

    def first(key: str) -> Decimal | None:
        found = (_amount(source.get(key)) for source in (litellm_params, info, listed))
        return next((amount for amount in found if amount is not None), None)

    paid_in, paid_out = first(INPUT), first(OUTPUT)
    if paid_in is None or paid_out is None:
        return None
    return Price(paid_in, paid_out, first(CACHED))


def _amount(value: object) -> Decimal | None:
    """An amount as configs write it (YAML reads ``1e-6`` as text); None for what is no price."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return usd(number) if math.isfinite(number) and number >= 0 else None


def entry_of(litellm_params: Mapping[str, object], info: Mapping[str, object]) -> Mapping[str, object]:
    """The entry of LiteLLM's map for a deployment; empty where it has none.

    ``base_model`` comes first, except for offline models: LiteLLM does not look at it for custom providers.
    """
    model = str(litellm_params.get("model", ""))
    names = [model] if is_offline(model) else [info.get("base_model"), litellm_params.get("base_model"), model]
    provider = litellm_params.get("custom_llm_provider")
    for name in names:
        if isinstance(name, str) and name:
            found = _entry(name, provider if name == model and isinstance(provider, str) else None)
            if found:
                return found
    return _NOTHING


def _entry(name: str, provider: str | None) -> Mapping[str, object]:
    """The map's own entry: `get_model_info` fills in 0 where the map has no price, which would look free."""
    try:
        key = litellm.get_model_info(name, custom_llm_provider=provider)["key"]
    except Exception:  # noqa: BLE001  the host's older versions raise a plain Exception for a model they do not list
        return _NOTHING
    found = litellm.model_cost.get(key)
    return found if isinstance(found, Mapping) else _NOTHING
