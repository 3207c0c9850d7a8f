"""Settings of quality monitoring: when to raise an alarm, and what may be changed without being asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from litellm_router_plugin.config.base import Settings

SWITCHED_OFF = "off"


class MonitoringSettings(Settings):
    """What is watched, and what follows from it. Watching costs no call.

    Attributes:
        false_alarm_rate: Probability, 0..1, that any of the router's monitors of one process ever raises an alarm while
            nothing changes; divided evenly among them. One in twenty is the usual choice.
        monitors: Monitors at most; the first (route, tier, stream) triples get one, further ones are only counted.
        target: Share of the served answers, 0..1, that should be good; what proposed thresholds aim at.
        apply: ``off``: proposals are shown only. ``within_bounds``: they are applied, within the bounds below.
        max_intercept_step: Farthest move of an intercept in one step, in log odds.
        max_intercept: Farthest that all steps together may take an intercept from its written value.
        max_threshold_step: Farthest move of a threshold in one step.
        max_threshold: Farthest that all steps together may take a threshold from its written value.
        every_h: Hours between two automatic steps of one setting, so that the effect of one is seen before the next.
    """

    false_alarm_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    monitors: Annotated[int, Field(ge=1, le=1_000)] = 100
    target: Annotated[float, Field(gt=0, lt=1)] = 0.9
    apply: Literal["off", "within_bounds"] = "off"
    max_intercept_step: Annotated[float, Field(gt=0, le=12)] = 0.5
    max_intercept: Annotated[float, Field(gt=0, le=12)] = 1.0
    max_threshold_step: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_threshold: Annotated[float, Field(gt=0, le=1)] = 0.15
    every_h: Annotated[float, Field(gt=0, le=8_760)] = 24.0

    @field_validator("apply", mode="before")
    @classmethod
    def _read_switch(cls, value: object) -> object:
        """``off`` is false to YAML."""
        return SWITCHED_OFF if value is False else value
