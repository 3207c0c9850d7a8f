"""Settings of the cascade: try a tier, check the answer, go up if it is poor."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.checks import CheckSettings
from litellm_router_plugin.config.judge import JudgeSettings


class CascadeSettings(Settings):
    """How answers are checked and when a dearer tier is called.

    Attributes:
        checks: The local checks that read each answer.
        judge: A model that grades answers; absent: nobody is asked.
        max_escalations: Moves up allowed in one request.
        max_extra_cost_usd: Spending on discarded answers and graders above which no further move up is made.
        deadline_s: Seconds after which the answer at hand is released unchecked.
        streaming: ``prefix`` checks the first part of a stream before any byte is sent; ``buffer`` the whole
            answer; ``off`` leaves streams alone.
        break_even: Bypass the cascade when it is shown to lose money.
    """

    checks: CheckSettings = "default"
    judge: JudgeSettings | None = None
    max_escalations: Annotated[int, Field(ge=0, le=8)] = 2
    max_extra_cost_usd: Annotated[Decimal, Field(gt=0)] | None = None
    deadline_s: Annotated[float, Field(gt=0)] | None = 60.0
    streaming: Literal["prefix", "buffer", "off"] = "prefix"
    break_even: bool = True
