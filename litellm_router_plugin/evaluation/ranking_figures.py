"""Ranking and calibration of forecasts on the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from litellm_router_plugin.evaluation.calibration import base_brier, brier, calibration_error
from litellm_router_plugin.evaluation.intervals import Resamples, weighted_mean
from litellm_router_plugin.evaluation.rankers import Ranker
from litellm_router_plugin.evaluation.ranking import apgr, auc, cpt
from litellm_router_plugin.evaluation.scopes import Draws, Kept, Measure, Replicates, ScopeFigures, figures_by_scope
from litellm_router_plugin.evaluation.tables import FAIL_BELOW, OutcomeTable, TierForecasts

RANKING_FIGURES = ("gain_auc", "fail_auc", "apgr", "cpt_50", "cpt_80")
CALIBRATION_FIGURES = ("ece", "brier", "base_brier")


@dataclass(frozen=True, slots=True)
class RankingReport:
    """How one score ranks the prompts.

    Figures of each scope: ``gain_auc``, P(a prompt where the dearest tier beats the cheapest ranks above one where it
    does not); ``fail_auc``, P(a prompt that the cheapest tier fails ranks above one that it does not); ``apgr``,
    ``cpt_50`` and ``cpt_80`` as in `ranking`, absent where the quality gap's interval touches 0.
    """

    ranker: str
    scopes: tuple[ScopeFigures, ...]


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How honest the forecast of one tier's success is.

    Figures of each scope: ``ece``, ``brier``, and ``base_brier``, that of forecasting the scope's own mean.
    """

    tier: str
    scopes: tuple[ScopeFigures, ...]


def _ranking_measure(ranker: Ranker, table: OutcomeTable) -> Measure:
    gain, fails = table.gain, table.cheap_fails

    def measure(kept: Kept, resamples: Resamples) -> Replicates:
        score, here = ranker.gain[kept], gain[kept]
        figures = {"gain_auc": auc(score, here > 0), "fail_auc": auc(ranker.fail[kept], fails[kept])}
        if resamples.estimate(weighted_mean(here)).is_above_zero:
            figures["apgr"] = apgr(score, here)
            figures["cpt_50"] = cpt(score, here, 0.5)
            figures["cpt_80"] = cpt(score, here, 0.8)
        return {name: resamples.replicates(figure) for name, figure in figures.items()}

    return measure


def ranking_report(ranker: Ranker, table: OutcomeTable, draws: Draws, *, pooled: bool = True) -> RankingReport:
    """How a score ranks a table's rows."""
    measure = _ranking_measure(ranker, table)
    return RankingReport(ranker.name, tuple(figures_by_scope(table.sources, draws, measure, pooled=pooled)))


def _calibration_measure(rung: int, table: OutcomeTable, forecasts: TierForecasts) -> Measure:
    forecast, succeeded = forecasts.success[:, rung], table.quality[:, rung] >= FAIL_BELOW

    def measure(kept: Kept, resamples: Resamples) -> Replicates:
        said, happened = forecast[kept], succeeded[kept]
        figures = {
            "ece": calibration_error(said, happened),
            "brier": brier(said, happened),
            "base_brier": base_brier(happened),
        }
        return {name: resamples.replicates(figure) for name, figure in figures.items()}

    return measure


def calibration_reports(table: OutcomeTable, forecasts: TierForecasts, draws: Draws) -> list[CalibrationReport]:
    """How honest the forecasts are, tier by tier."""
    return [
        CalibrationReport(
            tier, tuple(figures_by_scope(table.sources, draws, _calibration_measure(rung, table, forecasts)))
        )
        for rung, tier in enumerate(table.ladder.tier_names)
    ]
