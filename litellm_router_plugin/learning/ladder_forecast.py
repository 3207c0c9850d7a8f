"""The learned model for one ladder: its tiers' heads and prices side by side, and the choice among them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from operator import add
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tier_choice import (
    best_value,
    cheapest_meeting,
    dominated_rungs,
    rung_costs,
    trade_off_for_slider,
    trade_off_for_target,
)
from litellm_router_plugin.learning.features import request_features
from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.ladder_reading import LadderReader, LadderReading
from litellm_router_plugin.learning.outcome_model import FAMILIAR, LearnedModel
from litellm_router_plugin.learning.token_forecast import MOST_COMPLETION_TOKENS, MOST_LOG, expected_tokens

FloatArray = NDArray[np.float64]

DEFAULT_QUALITY_TARGET: Final = 0.95
"""Share of the best fixed tier's expected quality that the choices keep where nothing else is said."""
MOST_ANSWERS: Final = 1_000.0
"""Answers of the dearest tier that a good answer is worth where quality counts whatever it costs."""
EASY, HARD = 0.25, 0.6
"""Difficulties below and above which a prompt is called easy or hard in the signals."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LadderSettings:
    """How to choose.

    Attributes:
        quality_target: 0..1, share of the best fixed tier's expected quality to keep.
        cost_quality: 0..1 instead of it: 0 takes the cheapest tier, 1 the best whatever it costs.
        skip_dominated: Leave out a tier that is dearer than another and expected to do no better.
        intercepts: Tier -> shift of its log-odds on all requests.
        routes: Route -> tier -> shift of its log-odds there, instead of ``intercepts``; from
            `adaptation.route_intercepts`.
    """

    quality_target: float | None = None
    cost_quality: float | None = None
    skip_dominated: bool = True
    intercepts: Mapping[str, float] = field(default_factory=empty)
    routes: Mapping[str, Mapping[str, float]] = field(default_factory=empty)

    def __post_init__(self) -> None:
        if self.quality_target is not None and self.cost_quality is not None:
            raise ValueError("quality_target and cost_quality exclude each other; give one of them")
        for name in ("quality_target", "cost_quality"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name} must lie in 0..1, found {value!r}")


@dataclass(frozen=True, slots=True)
class LadderModel:
    """A tier of a ladder and the model that stands for it.

    Attributes:
        tier: The tier's name.
        model: The model's name, or the one it is taken for.
        price: None where it is not known.
    """

    tier: str
    model: str
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Footing:
    """What a choice rests on, for one route or for all others.

    Attributes:
        levels: Log-odds of each tier's success on a prompt that moves none, and of the typical model's.
        rungs: The rungs that are chosen from.
        trade_off: P(success) that one unit of cost must buy, see `core.tier_choice`.
        usual_success: Tier -> mean P(success) on the reference prompts; every forecast holds this one mapping.
        value_usd: What a good answer is worth at that trade-off; None without prices, or where nothing says it.
    """

    levels: tuple[float, ...]
    rungs: tuple[int, ...]
    trade_off: float
    usual_success: Mapping[str, float]
    value_usd: float | None


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
        self._models = [entry.model for entry in ladder]
        self._set_costs(ladder)
        self._reader = LadderReader(model, self._loadings, self._token_weights)
        self._settings = settings
        self._reference_cost = self._costs(model.reference.prompt_tokens, model.reference.directions).tolist()
        self.footing = self._footing(settings.intercepts, self.warnings)
        self._routes = {route: self._footing(shifts, []) for route, shifts in settings.routes.items()}
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

    def _footing(self, shifts: Mapping[str, float], warnings: list[str]) -> Footing:
        """With the levels of one route: leave out dominated tiers and find the trade-off, on the reference prompts."""
        levels = [
            *(level + shifts.get(tier, 0.0) for tier, level in zip(self.tiers, self._levels, strict=False)),
            self._levels[-1],
        ]
        success = sigmoid(self._model.reference.latents @ self._loadings[:-1].T + levels[:-1]).tolist()
        rungs = self._rungs(success, warnings)
        usual = tuple(np.array(success).mean(axis=0).tolist())
        trade_off = self._trade_off(success, rungs)
        value_usd = self._value(success, usual, rungs, trade_off)
        by_tier = MappingProxyType(dict(zip(self.tiers, usual, strict=True)))
        return Footing(tuple(levels), rungs, trade_off, by_tier, value_usd)

    def _rungs(self, success: list[list[float]], warnings: list[str]) -> tuple[int, ...]:
        """The rungs but for the dominated ones, which are told."""
        rungs = list(range(len(self.tiers)))
        if not self._settings.skip_dominated:
            return tuple(rungs)
        known = [rung for rung in rungs if self._model.known_as(self._models[rung]) is not None]
        for one, other in combinations(known, 2):
            for rung, better in self._dominated(success, one, other).items():
                if rung in rungs and len(rungs) > 1:
                    rungs.remove(rung)
                    warnings.append(
                        f"tier {self.tiers[rung]!r} costs no less than {self.tiers[better]!r} and is expected to do no"
                        " better, so it is skipped"
                    )
        return tuple(rungs)

    def _dominated(self, success: list[list[float]], one: int, other: int) -> dict[int, int]:
        """Which of two rungs is dominated by which, on the sources that both models were learned from."""
        shared = np.flatnonzero(self._model.shared_reference(self._models[one], self._models[other]))
        if not len(shared):
            return {}
        pair = (one, other)
        chances, costs = (
            [[rows[row][rung] for rung in pair] for row in shared.tolist()] for rows in (success, self._reference_cost)
        )
        return {pair[rung]: pair[better] for rung, better in dominated_rungs(chances, costs).items()}

    def _trade_off(self, success: list[list[float]], rungs: Sequence[int]) -> float:
        if self._settings.cost_quality is not None:
            return trade_off_for_slider(self._settings.cost_quality, self._reference_cost)
        target = self._settings.quality_target
        wanted = DEFAULT_QUALITY_TARGET if target is None else target
        return trade_off_for_target(success, self._reference_cost, wanted, rungs=rungs)

    def _value(
        self, success: list[list[float]], usual: Sequence[float], rungs: Sequence[int], trade_off: float
    ) -> float | None:
        """What a good answer is worth.

        Where the cheapest tier alone keeps the target, that says only that quality is worth little. It is then valued
        as by a target half way between what that tier keeps and the best.
        """
        costs = np.array(self._reference_cost).mean(axis=0)
        if math.isinf(trade_off) and self._settings.cost_quality is None:
            cheapest = min(rungs, key=lambda rung: float(costs[rung]))
            kept = usual[cheapest] / max(usual[rung] for rung in rungs)
            trade_off = trade_off_for_target(success, self._reference_cost, (1.0 + kept) / 2.0, rungs=rungs)
        if not self.priced or math.isinf(trade_off):
            return None
        return min(1.0 / trade_off if trade_off > 0 else math.inf, MOST_ANSWERS * float(costs.max()))

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
