"""The learned classifier on a ladder: forecasts each tier's success and cost, and takes the cheapest that will do."""

from __future__ import annotations

from collections.abc import Mapping

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.learning.ladder_footing import LadderModel, LadderSettings
from litellm_router_plugin.learning.ladder_forecast import LadderForecast
from litellm_router_plugin.learning.outcome_model import LearnedModel


class LearnedTierClassifier:
    """Chooses by forecast; calls no model and never suspends.

    Args:
        model: The learned model, `outcome_artefact.load_model`.
        ladder: The tiers, cheapest first.
        prices: Tier -> price; a tier that is missing or None has none, and the ladder's order stands in for cost.
        quality_target: 0..1, share of the best fixed tier's expected quality to keep; default 0.95.
        cost_quality: 0..1 instead of it: 0 the cheapest tier, 1 the best whatever it costs.
        intercepts: Tier -> shift of its log-odds on all requests.
        routes: Route -> tier -> shift of its log-odds on requests of that route, instead of ``intercepts``.
        model_names: Tier -> the model that answers there, where neither ``like`` nor the model group says it.
        skip_dominated: Leave out a tier that is dearer than another and expected to do no better.

    Attributes:
        warnings: What `doctor` and the log should say of this ladder.
    """

    def __init__(
        self,
        model: LearnedModel,
        ladder: Ladder,
        prices: Mapping[str, Price | None],
        *,
        quality_target: float | None = None,
        cost_quality: float | None = None,
        intercepts: Mapping[str, float] | None = None,
        routes: Mapping[str, Mapping[str, float]] | None = None,
        model_names: Mapping[str, str] | None = None,
        skip_dominated: bool = True,
    ) -> None:
        names = model_names or {}
        entries = [
            LadderModel(tier.name, tier.like or names.get(tier.name) or tier.model_group, prices.get(tier.name))
            for tier in ladder
        ]
        shifts = (intercepts or empty(), routes or empty())
        settings = LadderSettings(quality_target, cost_quality, skip_dominated, *shifts)
        self._forecast = LadderForecast(model, entries, settings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of this ladder: unknown models, missing prices, dominated tiers."""
        return tuple(self._forecast.warnings)

    async def forecast(self, request: RequestView, calls: ModelCalls) -> Forecast:  # noqa: ARG002  part of the role
        """What the model says of the request; ``calls`` is not used."""
        return self._forecast.forecast(request)
