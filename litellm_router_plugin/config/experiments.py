"""Settings of experiments: a share of the traffic that gets other settings, so that the two can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.classifiers import ClassifierSettings, tier_names
from litellm_router_plugin.config.conversation import ConversationSettings
from litellm_router_plugin.config.tiers import TierName
from litellm_router_plugin.core.experiment_analysis import Goal, Metric
from litellm_router_plugin.core.experiments import DEFAULT_EFFECT, DEFAULT_GOAL, DEFAULT_PATIENCE, Experiment, Unit

ExperimentName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""An experiment's name: it travels in headers, so letters, digits, ``_``, ``.`` and ``-`` only."""

SWITCHES = {"on": True, "off": False}


class ArmSettings(Settings):
    """What is different in the arm. A section given here replaces the router's whole section of that name.

    Attributes:
        tier: Pins the tier.
        min_tier: The lowest tier.
        max_tier: The highest tier.
        default_tier: The tier when nothing speaks for another.
        classifier: Another classifier.
        conversation: Other conversation settings.
        cascade: Another cascade, or ``on`` or ``off`` for the router's own.
    """

    tier: TierName | None = None
    min_tier: TierName | None = None
    max_tier: TierName | None = None
    default_tier: TierName | None = None
    classifier: ClassifierSettings | None = None
    conversation: ConversationSettings | None = None
    cascade: bool | CascadeSettings | None = None

    @field_validator("cascade", mode="before")
    @classmethod
    def _read_switch(cls, value: object) -> object:
        """``on`` and ``off`` are booleans to YAML and words to JSON."""
        return SWITCHES.get(value, value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _changes_something(self) -> ArmSettings:
        if not self.changed:
            raise ValueError("an arm that changes nothing is no experiment; set at least one thing, such as tier")
        return self

    @property
    def changed(self) -> dict[str, object]:
        """Setting -> value, of those that are set."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if value is not None}

    def named_tiers(self) -> Iterator[tuple[str, str]]:
        """Every tier that the arm names, as (path of the key, tier)."""
        for key in ("tier", "min_tier", "max_tier", "default_tier"):
            tier = getattr(self, key)
            if tier is not None:
                yield key, tier
        if self.classifier is not None:
            for path, tier in tier_names(self.classifier):
                yield f"classifier.{path}" if path else "classifier", tier


class GoalSettings(Settings):
    """What the experiment is to decide. Write it before you look at the data: the error rate is this metric's.

    Attributes:
        metric: What decides: ``rating``, ``escalation`` or ``cost_usd`` (per request).
        effect: The smallest difference that matters: of a rating (0..1) or a rate, by default 0.05; of a cost in USD,
            which has no default.
        confidence: Of a recommendation to stop, however often one looks.
        patience: Further requests that you are ready to wait for; null: any number.
    """

    metric: Literal["rating", "escalation", "cost_usd"] = "rating"
    effect: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = DEFAULT_GOAL.confidence
    patience: Annotated[int, Field(ge=1)] | None = DEFAULT_PATIENCE

    @model_validator(mode="after")
    def _has_an_effect(self) -> GoalSettings:
        if self.metric == "cost_usd":
            if self.effect is None:
                raise ValueError("no effect; give the smallest difference in USD per request that matters")
        elif self.effect is not None and self.effect >= 1:
            raise ValueError(f"effect {self.effect:g} of a {self.metric}, which lies in 0..1; give less, such as 0.05")
        return self

    def to_goal(self) -> Goal:
        """The goal as the core sees it."""
        effect = DEFAULT_EFFECT if self.effect is None else self.effect
        return Goal(Metric(self.metric), effect, self.confidence, self.patience)


class ExperimentSettings(Settings):
    """One experiment.

    Attributes:
        name: Unique within the router.
        unit: What is assigned as a whole: ``user``, ``key``, ``conversation`` or ``request``.
        share: Share of the units, 0..1, that get the arm's settings; the rest is the control. 0 pauses the experiment,
            1 gives its settings to everybody; both leave nothing to compare.
        salt: Another salt draws another sample of units, and starts the experiment's data afresh.
        arm: Written ``set``: what is different in the arm.
        goal: What the experiment is to decide.
    """

    name: ExperimentName
    unit: Unit = "user"
    share: Annotated[float, Field(ge=0, le=1)]
    salt: Annotated[str, Field(max_length=1_000)] = ""
    arm: Annotated[ArmSettings, Field(alias="set")]
    goal: GoalSettings = GoalSettings()

    @property
    def pinned_tier(self) -> str | None:
        """The tier that the arm pins; None when it pins none."""
        return self.arm.tier

    def to_experiment(self) -> Experiment:
        """The experiment as the core sees it."""
        written = self.arm.model_dump(mode="json", exclude_unset=True, by_alias=True)
        return Experiment(
            name=self.name,
            unit=self.unit,
            share=self.share,
            overrides=self.arm.changed,
            definition=json.dumps(written, sort_keys=True, separators=(",", ":")),
            salt=self.salt,
            goal=self.goal.to_goal(),
        )
