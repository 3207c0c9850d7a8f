"""Settings of one tier router: what stands in ``model_info.tier_router`` of its deployment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.classifiers import ClassifierSettings, RulesSettings
from litellm_router_plugin.config.conversation import ConversationSettings
from litellm_router_plugin.config.experiments import ExperimentSettings
from litellm_router_plugin.config.monitoring import MonitoringSettings
from litellm_router_plugin.config.observe import ObserveSettings
from litellm_router_plugin.config.routes import RouteTable
from litellm_router_plugin.config.tiers import TierSettings
from litellm_router_plugin.core.tiers import Ladder, Tier


class StoreSettings(Settings):
    """What of a request is stored beside its numbers: nothing, its features, or its text."""

    prompts: Literal["none", "features", "full"] = "none"


class TierRouterConfig(Settings):
    """A tier router as it is written.

    Attributes:
        mode: ``route`` acts on decisions; ``observe`` decides and changes nothing.
        tiers: The ladder, cheapest first.
        default_tier: The tier when nothing speaks for another. Absent: the middle one, of two the dearer.
        classifier: Predicts before the call which tier suffices.
        conversation: How a conversation keeps its tier; absent: it does not.
        cascade: How answers are checked; absent: they are not.
        experiments: Shares of the traffic that get other settings.
        routes: Route name -> what was learned of it and holds for it alone.
        savings_baseline: The tier or model that savings are measured against. Absent: the dearest tier.
        store: What is stored of prompts.
        observe: What observing may spend on answers that nobody is served; absent: nothing.
        monitoring: When to raise an alarm, and what may be changed without being asked.
    """

    mode: Literal["route", "observe"] = "route"
    tiers: Annotated[tuple[TierSettings, ...], Field(min_length=2, max_length=16)]
    default_tier: str | None = None
    classifier: ClassifierSettings = Field(default_factory=lambda: RulesSettings(type="rules"))
    conversation: ConversationSettings | None = None
    cascade: CascadeSettings | None = None
    experiments: tuple[ExperimentSettings, ...] = ()
    routes: RouteTable = Field(default_factory=dict)
    savings_baseline: str | None = None
    store: StoreSettings = StoreSettings()
    observe: ObserveSettings | None = None
    monitoring: MonitoringSettings = MonitoringSettings()

    @field_validator("tiers")
    @classmethod
    def _names_differ(cls, tiers: tuple[TierSettings, ...]) -> tuple[TierSettings, ...]:
        names = [tier.name for tier in tiers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two tiers are named {', '.join(twice)}; give each its own name")
        return tiers

    @property
    def ladder(self) -> Ladder:
        """The tiers as the core sees them."""
        return Ladder(tuple(Tier(t.name, t.model_group, t.params, t.like) for t in self.tiers))

    @property
    def default(self) -> str:
        """The name of the default tier."""
        return self.default_tier or self.tiers[len(self.tiers) // 2].name

    @property
    def baseline(self) -> str:
        """The tier or model that savings are measured against."""
        return self.savings_baseline or self.tiers[-1].name

    @property
    def priced_groups(self) -> dict[str, str]:
        """Name -> model group, of everything whose price building needs: the tiers, and the judge by its group."""
        groups = {tier.name: tier.model_group for tier in self.tiers}
        if self.cascade is not None and self.cascade.judge is not None:
            groups.setdefault(self.cascade.judge.model, self.cascade.judge.model)
        return groups
