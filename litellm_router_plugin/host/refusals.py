"""Refusals in the form that the host and its clients understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm.exceptions import (
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    ServiceUnavailableError,
    UnprocessableEntityError,
)

from litellm_router_plugin.errors import ConfigError, RequestRefused
from litellm_router_plugin.host.deployments import MARKER_PROVIDER, is_marker
from litellm_router_plugin.host.prices import entry_of

if TYPE_CHECKING:
    from litellm_router_plugin.host.tier_router import TierRouter

TEXT_MODES = frozenset({"chat", "completion", "responses"})
"""What LiteLLM calls the kinds of models that generate text."""
MAX_NAMED = 20
"""Groups named in one message."""


def as_bad_request(refusal: RequestRefused, model: str) -> BadRequestError:
    """A refusal as the 400 that clients get."""
    return BadRequestError(message=str(refusal), model=model, llm_provider=MARKER_PROVIDER)


def is_clients_mistake(error: Exception | None) -> bool:
    """Whether an error says that the request itself is wrong; too long a prompt or unwanted content is not: another
    tier may take those.
    """
    forgiven = ContextWindowExceededError | ContentPolicyViolationError
    return isinstance(error, BadRequestError | UnprocessableEntityError) and not isinstance(error, forgiven)


def misconfigured(error: ConfigError, model: str) -> ServiceUnavailableError:
    """Wrong settings as the 503 that clients get."""
    message = f"the tier router {model!r} is left out because its settings are wrong: {error}"
    return ServiceUnavailableError(message=message, model=model, llm_provider=MARKER_PROVIDER)


def not_text(tier_router: TierRouter) -> str:
    """Why an embedding, image or audio call is refused, and what to call instead: groups known for such work first."""
    known: dict[str, str] = {}
    for one in tier_router.router.model_list:
        if not is_marker(one):
            info = one.get("model_info") or {}
            mode = info.get("mode") or entry_of(one["litellm_params"], info).get("mode")
            known.setdefault(str(one["model_name"]), "" if mode in TEXT_MODES or mode is None else f" ({mode})")
    groups = sorted(known.items(), key=lambda one: (not one[1], one[0]))[:MAX_NAMED]
    return (
        f"{tier_router.name!r} is a tier router: it routes text generation (chat completions, messages, responses, "
        "text completions). Call a model that does this kind of work by its own name: "
        + ", ".join(f"{name}{mode}" for name, mode in groups)
    )
