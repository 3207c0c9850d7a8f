"""The learned model for one ladder: its tiers' heads and prices side by side, and the choice among them."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from operator import add

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tier_choice import best_value, cheapest_meeting, rung_costs
from litellm_router_plugin.learning.features import request_features
from litellm_router_plugin.learning.ladder_footing import LadderModel, LadderSettings, ReferenceLadder
from litellm_router_plugin.learning.ladder_reading import LadderReader, LadderReading
from litellm_router_plugin.learning.outcome_model import FAMILIAR, LearnedModel
from litellm_router_plugin.learning.token_forecast import MOST_COMPLETION_TOKENS, MOST_LOG, expected_tokens

FloatArray = NDArray[np.float64]

EASY, HARD = 0.25, 0.6
"""Difficulties below and above which a prompt is called easy or hard in the signals."""

_logger = logging.getLogger(__name__)


class LadderForecast:
    """Forecasts for one ladder.

    Args:
        model: The learned model.
        ladder: Tiers, cheapest first; each with the model that answers there.
        settings: How to choose.

    Attributes:
        warnings: What the user should know: models not known, tiers that are dominated, prices missing.
        footing: What choices rest on where a route has no intercepts of its own.
    """

    def __init__(self, model: LearnedModel, ladder: Sequence[LadderModel], settings: LadderSettings) -> None:
        self._model = model
        self.tiers = tuple(entry.tier for entry in ladder)
        self.warnings: list[str] = []
        typical = model.typical_head
        heads = [self._head(entry, rung, len(ladder)) for rung, entry in enumerate(ladder)]
        self._levels = [*(float(head[0]) for head in heads), typical[0].item()]
        self._loadings = np.array([*(head[1:] for head in heads), typical[1:]])
        self._set_costs(ladder)
        self._reader = LadderReader(model, self._loadings, self._token_weights)
        costs = self._costs(model.reference.prompt_tokens, model.reference.directions)
        reference = ReferenceLadder(
            model, ladder, np.array(self._levels), self._loadings, costs=costs, priced=self.priced, settings=settings
        )
        self.footing = reference.footing(settings.intercepts, self.warnings)
        self._routes = {route: reference.footing(shifts, []) for route, shifts in settings.routes.items()}
        for warning in self.warnings:
            _logger.warning("learned classifier: %s", warning)

    def _head(self, entry: LadderModel, rung: int, rungs: int) -> FloatArray:
        if self._model.known_as(entry.model) is not None:
            return self._model.head(entry.model)
        self.warnings.append(
            f"tier {entry.tier!r}: the model {entry.model!r} is not known, so its place on the ladder stands for it;"
            " name a known model with `like`, or train on outcomes of it"
        )
        return self._model.rung_head(rung, rungs)

    def _set_costs(self, ladder: Sequence[LadderModel]) -> None:
        prices = [entry.price for entry in ladder]
        self.priced = all(price is not None for price in prices)
        known = [price for price in prices if price is not None]
        if not self.priced:
            missing = ", ".join(repr(entry.tier) for entry in ladder if entry.price is None)
            self.warnings.append(f"no price for {missing}: the tiers' order stands in for their cost")
        completion = np.array([self._model.completion_head(entry.model) for entry in ladder])
        self._token_levels: list[float] = completion[:, 0].tolist()
        self._token_weights = completion[:, 1:].copy()
        self._prices = [(float(price.input), float(price.output)) for price in known]
        self._stand_in = rung_costs(len(ladder))

    def _costs(self, prompt_tokens: FloatArray, directions: FloatArray) -> FloatArray:
        """Costs of many prompts, prompts x tiers; stand-ins where prices are not known."""
        if not self.priced:
            return np.tile(np.array(self._stand_in), (len(prompt_tokens), 1))
        tokens = expected_tokens(directions @ self._token_weights.T + self._token_levels)
        paid_in, paid_out = np.array(self._prices).T
        costs: FloatArray = prompt_tokens[:, None] * paid_in + tokens * paid_out
        return costs

    def forecast(self, request: RequestView) -> Forecast:
        """What the model says of a request, and the tier that follows."""
        footing = self._routes.get(request.route, self.footing)
        features = request_features(request)
        reading = self._reader.read(features)
        is_unfamiliar = reading.distance > FAMILIAR
        *success, typical = [0.5 + 0.5 * math.tanh(0.5 * odds) for odds in map(add, footing.levels, reading.moves)]
        cost = self._request_costs(reading, self._model.prompt_tokens.of(features, request), request)
        choice_cost = self._stand_in if cost is None else cost
        if is_unfamiliar:
            rung = cheapest_meeting(success, choice_cost, 1.0, footing.rungs)
        else:
            rung = best_value(success, choice_cost, footing.trade_off, footing.rungs)
        difficulty = 1.0 - typical
        return Forecast(
            tier=self.tiers[rung],
            cause="learned",
            signals=_signals(difficulty, is_unfamiliar=is_unfamiliar),
            p_success=dict(zip(self.tiers, success, strict=True)),
            confidence=_lowest_share(success, rung) / max(1.0, reading.distance) ** 2,
            difficulty=difficulty,
            abstained=is_unfamiliar,
            expected_cost=empty() if cost is None else dict(zip(self.tiers, cost, strict=True)),
            usual_success=footing.usual_success,
            value_usd=footing.value_usd,
        )

    def _request_costs(self, reading: LadderReading, prompt_tokens: float, request: RequestView) -> list[float] | None:
        if not self.priced:
            return None
        most = MOST_COMPLETION_TOKENS if request.max_tokens is None else request.max_tokens
        logs = map(add, self._token_levels, reading.token_moves)
        return [
            prompt_tokens * paid_in + min(math.exp(min(log, MOST_LOG)), most) * request.n * paid_out
            for (paid_in, paid_out), log in zip(self._prices, logs, strict=True)
        ]


def lowest_sufficient(success: Sequence[float]) -> list[float]:
    """P(this tier is the lowest whose answer is good enough), by rung; they sum to 1.

    Assumes that a tier succeeds wherever a worse one does (the forecasts do not tell how failures overlap); the last
    tier takes the prompts that none is good enough for.
    """
    return [_lowest_share(success, rung) for rung in range(len(success))]


def _lowest_share(success: Sequence[float], rung: int) -> float:
    reached = max(success[:rung], default=0.0)
    return 1.0 - reached if rung == len(success) - 1 else max(success[rung] - reached, 0.0)


def _signals(difficulty: float, *, is_unfamiliar: bool) -> tuple[str, ...]:
    level = "easy" if difficulty < EASY else "hard" if difficulty > HARD else "medium"
    return (level, "unfamiliar") if is_unfamiliar else (level,)
