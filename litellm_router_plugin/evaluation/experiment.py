"""What an evaluation is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from litellm_router_plugin.evaluation.comparison import PolicyFigures
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import SuccessModel, Trainer
from litellm_router_plugin.evaluation.operating_points import OperatingPoint, Rule
from litellm_router_plugin.evaluation.policies import HeuristicScores
from litellm_router_plugin.evaluation.prices import Prices
from litellm_router_plugin.evaluation.ranking_figures import CalibrationReport, RankingReport
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.shipped import Ship
from litellm_router_plugin.evaluation.verdicts import RoutingVerdict


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is evaluated, and how.

    Attributes:
        fit: Rows on which settings are fixed.
        scored: Rows on which everything is reported; None: the rows of ``fit``, the trade-off then fixed by folds, and
            with ``folds`` each row forecast by a model that had not seen it.
        ladders: Each is reported apart.
        prices: For every model of the ladders.
        model: The learned model; None leaves it out. Not asked where models of ``folds`` forecast the scored rows.
        ship: Makes the classifier of a model as it ships, for a policy that fixes nothing on any row; None leaves it
            out.
        train: Fits fresh models, for ``folds`` and ``loso``.
        folds: Fit so many models to parts of ``fit``, and take their forecasts for those of its rows that they have
            not seen; 0: take the forecasts of ``model``, which may have learned from these very rows.
        loso: Also refit without each source and score it (slow).
        heuristics: Name -> a heuristic's levels and scores.
        draws: Bootstrap resamples and their seed.
    """

    fit: Sequence[OutcomeRow]
    scored: Sequence[OutcomeRow] | None
    ladders: Sequence[RecordedLadder]
    prices: Prices
    model: SuccessModel | None = None
    ship: Ship | None = None
    train: Trainer | None = None
    folds: int = 0
    loso: bool = False
    heuristics: Mapping[str, HeuristicScores] = field(default_factory=dict)
    draws: Draws = field(default_factory=lambda: Draws(1000, 0))


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One setting of the learned rule on the scored rows; cost is USD a thousand requests."""

    rule: Rule
    quality: float
    cost: float
    over_mix: float


@dataclass(frozen=True, slots=True)
class LadderReport:
    """Everything found for one ladder.

    Attributes:
        ladder: Its name.
        tiers: Tier names, cheapest first.
        rows: Scored rows that have every tier.
        left_out: Scored rows that lack one.
        best_fixed: The best fixed tier on the scored rows.
        dominated: A sentence for each tier that another one beats at a lower cost.
        policies: Every policy on the scored rows.
        points: The settings fixed on the fit rows; empty without a model, or when fixed by folds.
        frontier: Trade-offs on the scored rows: where the rule could stand, not a result.
        hindsight: For each target the saving of the best setting chosen on the scored rows themselves, which
            flatters; None where none reaches it.
        rankings: Every score's ranking.
        calibration: Each tier's forecast.
        loso: The rankings of models that had not seen the source.
        verdicts: Where routing pays, for the shipped classifier and each target (not the cautious ones).
    """

    ladder: str
    tiers: tuple[str, ...]
    rows: int
    left_out: int
    best_fixed: str
    dominated: tuple[str, ...]
    policies: tuple[PolicyFigures, ...]
    points: tuple[OperatingPoint, ...]
    frontier: tuple[FrontierPoint, ...]
    hindsight: tuple[tuple[float, float | None], ...]
    rankings: tuple[RankingReport, ...]
    calibration: tuple[CalibrationReport, ...]
    loso: tuple[RankingReport, ...]
    verdicts: tuple[RoutingVerdict, ...]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Everything found.

    Attributes:
        fit_rows: Rows on which settings were fixed.
        scored_rows: Rows on which everything was scored.
        fixed_on: How the settings were fixed, in words.
        warnings: What makes the figures less than they seem, in words.
        draws: Resamples behind each interval.
        ladders: One report a ladder.
    """

    fit_rows: int
    scored_rows: int
    fixed_on: str
    warnings: tuple[str, ...]
    draws: int
    ladders: tuple[LadderReport, ...]
