"""What the choices on a ladder rest on: which tiers, at which price of quality. It is found on the reference prompts.

A head forecasts sources that its model never answered too, but its level there is a guess. So models are compared, and
the price of quality is found, on sources that all of them were learned from, where there are enough such prompts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.tier_choice import dominated_rungs, trade_off_for_slider, trade_off_for_target
from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.outcome_model import LearnedModel

FloatArray = NDArray[np.float64]

DEFAULT_QUALITY_TARGET: Final = 0.95
"""Share of the best fixed tier's expected quality that the choices keep where nothing else is said."""
MOST_ANSWERS: Final = 1_000.0
"""Answers of the dearest tier that a good answer is worth where quality counts whatever it costs."""
FEWEST_SHARED: Final = 40
"""Reference prompts of shared sources below which all reference prompts count: a mean of fewer is too rough."""


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


class ReferenceLadder:
    """The reference prompts as the tiers of one ladder are expected to answer them.

    Args:
        model: The learned model.
        ladder: Tiers, cheapest first.
        levels: Log-odds of each tier's success on a prompt that moves none, and of the typical model's.
        loadings: heads x latents, in the same order.
        costs: reference prompts x tiers.
        priced: Whether these are USD.
        settings: How to choose.
    """

    def __init__(
        self,
        model: LearnedModel,
        ladder: Sequence[LadderModel],
        levels: FloatArray,
        loadings: FloatArray,
        *,
        costs: FloatArray,
        priced: bool,
        settings: LadderSettings,
    ) -> None:
        self._model = model
        self._tiers = [entry.tier for entry in ladder]
        self._names = [entry.model for entry in ladder]
        self._known = [rung for rung, name in enumerate(self._names) if model.known_as(name) is not None]
        self._levels = levels
        self._moves = model.reference.latents @ loadings[:-1].T
        self._costs = costs
        self._priced = priced
        self._settings = settings
        shared = self._shared(self._known)
        self._counted = shared if len(shared) >= FEWEST_SHARED else np.arange(len(costs))

    def _shared(self, rungs: Sequence[int]) -> NDArray[np.int64]:
        """The reference prompts from sources that these rungs' models were all learned from."""
        return np.flatnonzero(self._model.shared_reference([self._names[rung] for rung in rungs])).astype(np.int64)

    def footing(self, shifts: Mapping[str, float], warnings: list[str]) -> Footing:
        """With each tier's level shifted by so much; what the user should know is added to ``warnings``."""
        levels = self._levels.copy()
        levels[:-1] += [shifts.get(tier, 0.0) for tier in self._tiers]
        success = sigmoid(self._moves + levels[:-1])
        rungs = self._rungs(success, warnings)
        counted = success[self._counted]
        trade_off = self._trade_off(counted, rungs)
        usual = counted.mean(axis=0).tolist()
        by_tier = MappingProxyType(dict(zip(self._tiers, usual, strict=True)))
        return Footing(tuple(levels.tolist()), rungs, trade_off, by_tier, self._value(counted, rungs, trade_off))

    def _rungs(self, success: FloatArray, warnings: list[str]) -> tuple[int, ...]:
        """The rungs but for the dominated ones, which are told."""
        rungs = list(range(len(self._tiers)))
        pairs = combinations(self._known, 2) if self._settings.skip_dominated else ()
        for pair in pairs:
            for rung, better in self._dominated(success, pair).items():
                if rung in rungs and len(rungs) > 1:
                    rungs.remove(rung)
                    warnings.append(
                        f"tier {self._tiers[rung]!r} costs no less than {self._tiers[better]!r} and is expected to do"
                        " no better, so it is skipped"
                    )
        return tuple(rungs)

    def _dominated(self, success: FloatArray, pair: tuple[int, int]) -> dict[int, int]:
        """Which of two rungs is dominated by which, on the sources that both models were learned from."""
        shared = self._shared(pair)
        if not len(shared):
            return {}
        cells = np.ix_(shared, np.array(pair))
        found = dominated_rungs(success[cells].tolist(), self._costs[cells].tolist())
        return {pair[rung]: pair[better] for rung, better in found.items()}

    def _trade_off(self, success: FloatArray, rungs: Sequence[int]) -> float:
        if self._settings.cost_quality is not None:
            return trade_off_for_slider(self._settings.cost_quality, self._costs[self._counted].tolist())
        target = self._settings.quality_target
        return self._for_target(success, rungs, DEFAULT_QUALITY_TARGET if target is None else target)

    def _for_target(self, success: FloatArray, rungs: Sequence[int], target: float) -> float:
        return trade_off_for_target(success.tolist(), self._costs[self._counted].tolist(), target, rungs=rungs)

    def _value(self, success: FloatArray, rungs: Sequence[int], trade_off: float) -> float | None:
        """What a good answer is worth.

        Where the cheapest tier alone keeps the target, that says only that quality is worth little. It is then valued
        as by a target half way between what that tier keeps and the best.
        """
        costs = self._costs[self._counted].mean(axis=0)
        if math.isinf(trade_off) and self._settings.cost_quality is None:
            usual = success.mean(axis=0)
            cheapest = min(rungs, key=lambda rung: float(costs[rung]))
            kept = float(usual[cheapest] / usual[list(rungs)].max())
            trade_off = self._for_target(success, rungs, (1.0 + kept) / 2.0)
        if not self._priced or math.isinf(trade_off):
            return None
        return min(1.0 / trade_off if trade_off > 0 else math.inf, MOST_ANSWERS * float(costs.max()))
