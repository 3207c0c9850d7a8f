"""Settings of the judge: a model that grades answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from litellm_router_plugin.config.base import LocalPath, Settings

PROMPTS = ("number", "structured")
"""The prompts that come with the package."""


class PromptFileSettings(Settings):
    """A judge prompt of the operator's own.

    Attributes:
        path: The file; see docs/judge.md for its placeholders.
    """

    path: LocalPath


class JudgeSettings(Settings):
    """Who grades answers, and what happens when it cannot.

    Attributes:
        model: The model group that grades.
        threshold: The score from which an answer is accepted. 0.7 is the field's usual choice; measure the judge on
            your own traffic before trusting it.
        ask: Ask only when the local checks are unsure, or about every answer that they do not reject.
        prompt: ``number`` (reply with a number), ``structured`` (JSON through ``response_format``), or a file.
        timeout_s: Seconds after which the judge counts as failed.
        on_failure: ``accept`` serves an answer that could not be graded; ``escalate`` goes up a tier.
    """

    model: Annotated[str, Field(min_length=1)]
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.7
    ask: Literal["when_unsure", "always"] = "when_unsure"
    prompt: Literal["number", "structured"] | PromptFileSettings = "number"
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    on_failure: Literal["accept", "escalate"] = "accept"

    @field_validator("prompt", mode="before")
    @classmethod
    def _file_of(cls, raw: object) -> object:
        """Any other text than the name of a shipped prompt is a file."""
        return {"path": raw} if isinstance(raw, str) and raw not in PROMPTS else raw
