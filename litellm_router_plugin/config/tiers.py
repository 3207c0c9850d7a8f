"""Settings of one tier."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from litellm_router_plugin.config.base import Settings

ALLOWED_PARAMS = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "min_p",
        "presence_penalty",
        "reasoning_effort",
        "repetition_penalty",
        "seed",
        "stop",
        "temperature",
        "top_k",
        "top_p",
        "verbosity",
    }
)
"""Sampling and length settings; nothing that decides where a request goes or with which credentials."""

TierName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A tier's name: it travels in headers, so letters, digits, ``_``, ``.`` and ``-`` only."""


class TierSettings(Settings):
    """One tier of the ladder.

    Attributes:
        name: What users call it.
        model_group: The ``model_name`` of the deployments that serve it.
        params: Defaults for sampling and length; the client's own values win.
        like: The known model that the learned classifier takes it for.
    """

    name: TierName
    model_group: Annotated[str, Field(min_length=1)]
    params: dict[str, object] = Field(default_factory=dict)
    like: str | None = None

    @field_validator("params")
    @classmethod
    def _only_sampling_and_length(cls, params: dict[str, object]) -> dict[str, object]:
        if refused := sorted(set(params) - ALLOWED_PARAMS):
            allowed = ", ".join(sorted(ALLOWED_PARAMS))
            raise ValueError(
                f"{', '.join(refused)}: not allowed here; set it on the deployment instead. Allowed: {allowed}"
            )
        return params
