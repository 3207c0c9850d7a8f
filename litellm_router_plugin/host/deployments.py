"""Facts about model groups and their deployments: which are markers, what they cost, what they can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import litellm

from litellm_router_plugin.core.decisions import Lack
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import Modality, RequestView
from litellm_router_plugin.host.prices import price_of

MARKER_PROVIDER = "tier_router"
OFFLINE_PREFIX = "offline/"
CHARS_PER_TOKEN = 3.0
"""Characters a token, on the low side, so that a prompt is thought too long rather than too short for a window."""

MODALITY_FLAGS: Mapping[Modality, str] = {
    "image": "supports_vision",
    "audio": "supports_audio_input",
    "video": "supports_video_input",
    "file": "supports_pdf_input",
}


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """What is known of one deployment; None where nothing is.

    Attributes:
        price: USD per token.
        max_input_tokens: Its context window.
        tells_stream_usage: Its provider takes ``stream_options``.
        flags: Capability name -> whether it has it, for those that LiteLLM's map tells.
    """

    price: Price | None
    max_input_tokens: int | None
    flags: Mapping[str, bool]
    tells_stream_usage: bool = False


def deployments_of(router: litellm.Router, group: str) -> list[Mapping[str, Any]]:
    """The deployments of a model group, as the router holds them (not copies)."""
    indices = router.model_name_to_deployment_indices.get(group, ())
    return [router.model_list[index] for index in indices]


def is_marker(deployment: Mapping[str, Any]) -> bool:
    """Whether a deployment stands for a tier router."""
    model = (deployment.get("litellm_params") or {}).get("model")
    return isinstance(model, str) and model.startswith(f"{MARKER_PROVIDER}/")


def model_behind(params: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    """The model that a deployment calls; of an offline one the model that it stands for."""
    return str(info.get("offline_for") or info.get("base_model") or params["model"])


def facts_of(deployment: Mapping[str, Any]) -> DeploymentFacts:
    """What LiteLLM's price map and the deployment's own settings say of it."""
    params = deployment.get("litellm_params") or {}
    info = deployment.get("model_info") or {}
    known = {**_mapped(info.get("base_model") or params.get("base_model") or params.get("model")), **_set_values(info)}
    window = known.get("max_input_tokens")
    flags = {flag: known[flag] for flag in known if flag.startswith("supports_") and isinstance(known[flag], bool)}
    size = window if isinstance(window, int) and window > 0 else None
    return DeploymentFacts(price_of(params, info), size, flags, _takes_stream_options(params))


def _takes_stream_options(params: Mapping[str, Any]) -> bool:
    provider = params.get("custom_llm_provider")
    try:
        model, provider, _, _ = litellm.get_llm_provider(str(params.get("model")), provider)
        return "stream_options" in (litellm.get_supported_openai_params(model, provider) or ())
    except Exception:  # noqa: BLE001  the host raises what it likes for a model that it does not know
        return False


def _set_values(info: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in info.items() if value is not None}


def _mapped(model: object) -> dict[str, Any]:
    if not isinstance(model, str):
        return {}
    try:
        return _set_values(dict(litellm.get_model_info(model)))
    except Exception:  # noqa: BLE001  the host raises a bare Exception for a model that its map does not have
        return {}


def lack_of(facts: Sequence[DeploymentFacts], request: RequestView) -> Lack | None:
    """What a tier lacks for a request: nothing, unless all its deployments are known to lack something.

    What LiteLLM does not know of a model is not held against it.
    """
    lacks = [_lack_of_one(one, request) for one in facts]
    return None if not lacks or None in lacks else lacks[0]


def _lack_of_one(facts: DeploymentFacts, request: RequestView) -> Lack | None:
    if facts.max_input_tokens is not None and request.chars / CHARS_PER_TOKEN > facts.max_input_tokens:
        return "context_window"
    for modality in request.modalities:
        flag = MODALITY_FLAGS.get(modality)
        if flag and facts.flags.get(flag) is False:
            return "modality"
    if request.tools and facts.flags.get("supports_function_calling") is False:
        return "tools"
    return None


def group_price(facts: Sequence[DeploymentFacts]) -> Price | None:
    """The price of a group: that of its dearest deployment, so that no saving is claimed that may not be there.

    None where a deployment has no known price.
    """
    prices = [one.price for one in facts]
    if not prices or any(price is None for price in prices):
        return None
    return max((price for price in prices if price is not None), key=_typical_cost)


def _typical_cost(price: Price) -> Decimal:
    return 3 * price.input + price.output


def is_priced(router: litellm.Router, deployment_id: str | None) -> bool:
    """Whether a deployment's price is known; one that is gone since counts as known."""
    index = router.model_id_to_deployment_index_map.get(deployment_id)
    if index is None:
        return True
    deployment = router.model_list[index]
    return price_of(deployment["litellm_params"], deployment["model_info"]) is not None
