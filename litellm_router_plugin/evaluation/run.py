"""Runs an evaluation: forecasts once, then every ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.comparison import best_fixed, compare
from litellm_router_plugin.evaluation.datasets import shared_prompts
from litellm_router_plugin.evaluation.experiment import EvaluationReport, Experiment, LadderReport
from litellm_router_plugin.evaluation.folds import (
    RowModels,
    Told,
    fold_models,
    out_of_fold,
    silent,
    without_own_source,
)
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.learned_policies import (
    LEARNED,
    POINT_FOLDS,
    SOURCE_ONLY,
    Forecasted,
    by_quality_target,
    fixed_by_folds,
    fixed_on_other_rows,
    frontier,
    knowing_the_source_only,
)
from litellm_router_plugin.evaluation.models import Forecasts, Progress, Trainer, forecast_rows
from litellm_router_plugin.evaluation.operating_points import TARGETS, OperatingPoint, best_in_hindsight
from litellm_router_plugin.evaluation.policies import Replay, always, at_random, heuristics, oracle
from litellm_router_plugin.evaluation.rankers import Ranker, by_heuristics, by_length, by_model, by_source_mean
from litellm_router_plugin.evaluation.ranking_figures import RankingReport, calibration_reports, ranking_report
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.shipped import SHIPPED, as_shipped
from litellm_router_plugin.evaluation.tables import OutcomeTable, outcome_table, tier_forecasts
from litellm_router_plugin.evaluation.verdicts import dominated_tiers, routing_verdicts


@dataclass(frozen=True, slots=True)
class _Material:
    """What all ladders share: models, forecasts and heuristics for the rows, by position."""

    served: RowModels | None
    fit: Forecasts | None
    scored: Forecasts | None
    loso: Forecasts | None
    heuristics: Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class _Tables:
    """One ladder's outcomes on the rows settings are fixed on and on the scored ones; None: the same rows."""

    fit: OutcomeTable | None
    scored: OutcomeTable


def run(experiment: Experiment, *, tell: Told = silent, progress: Progress = iter) -> EvaluationReport:
    """Evaluate.

    Args:
        experiment: What, and how.
        tell: Is told what is being done.
        progress: Hands on rows while they are forecast and shows how far it is.

    Raises:
        DataError: A ladder fits no row, a model has no price, or a forecast is missing or out of range.
    """
    tables = {ladder.name: _tables(experiment, ladder) for ladder in experiment.ladders}
    material = _gather(experiment, _models_in(list(tables.values())), tell, progress)
    reports = []
    for name, pair in tables.items():
        tell(f"ladder {name}")
        reports.append(_ladder_report(experiment, material, pair))
    scored = experiment.fit if experiment.scored is None else experiment.scored
    return EvaluationReport(
        fit_rows=len(experiment.fit),
        scored_rows=len(scored),
        fixed_on=_fixed_on(experiment),
        warnings=tuple(_warnings(experiment)),
        draws=experiment.draws.count,
        ladders=tuple(reports),
    )


def _tables(experiment: Experiment, ladder: RecordedLadder) -> _Tables:
    fit = outcome_table(experiment.fit, ladder, experiment.prices)
    if experiment.scored is None:
        return _Tables(None, fit)
    return _Tables(fit, outcome_table(experiment.scored, ladder, experiment.prices))


def _models_in(tables: Sequence[_Tables]) -> list[str]:
    every = [table for pair in tables for table in (pair.fit, pair.scored) if table is not None]
    return sorted({model for table in every for models in table.models for model in models})


def _gather(experiment: Experiment, names: Sequence[str], tell: Told, progress: Progress) -> _Material:
    scored = experiment.fit if experiment.scored is None else experiment.scored
    fit = _fit_forecasts(experiment, names, tell, progress)
    served = _served(experiment, scored, tell)
    return _Material(
        served=served,
        fit=fit,
        scored=_scored_forecasts(served, scored, names, tell, progress),
        loso=_loso_forecasts(experiment, scored, names, tell, progress),
        heuristics=_heuristic_scores(experiment, scored, tell),
    )


def _heuristic_scores(
    experiment: Experiment, scored: Sequence[OutcomeRow], tell: Told
) -> dict[str, Sequence[tuple[int, float]]]:
    texts = [row.prompt.view().text for row in scored] if experiment.heuristics else []
    found: dict[str, Sequence[tuple[int, float]]] = {}
    for name, scores in experiment.heuristics.items():
        tell(name)
        found[name] = scores(texts)
    return found


def _fit_forecasts(experiment: Experiment, names: Sequence[str], tell: Told, progress: Progress) -> Forecasts | None:
    """Forecasts for the rows that settings are fixed on; None without a model or when they are the scored rows."""
    if experiment.model is None or experiment.scored is None:
        return None
    if not experiment.folds:
        tell("forecasts for the rows that settings are fixed on")
        return forecast_rows(experiment.model, experiment.fit, names, progress)
    train, seed = _trainer(experiment, "folds"), experiment.draws.seed
    return out_of_fold(train, experiment.fit, names, folds=experiment.folds, seed=seed, tell=tell)


def _served(experiment: Experiment, scored: Sequence[OutcomeRow], tell: Told) -> RowModels | None:
    """The model of each scored row; None without one."""
    if experiment.model is None:
        return None
    if not _is_cross_validated(experiment):
        return RowModels.one(experiment.model, len(scored))
    train, seed = _trainer(experiment, "folds"), experiment.draws.seed
    return fold_models(train, scored, folds=experiment.folds, seed=seed, tell=tell)


def _is_cross_validated(experiment: Experiment) -> bool:
    return experiment.scored is None and experiment.folds > 0


def _scored_forecasts(
    served: RowModels | None, scored: Sequence[OutcomeRow], names: Sequence[str], tell: Told, progress: Progress
) -> Forecasts | None:
    if served is None:
        return None
    tell("forecasts for the scored rows")
    return served.forecasts(scored, names, progress)


def _loso_forecasts(
    experiment: Experiment, scored: Sequence[OutcomeRow], names: Sequence[str], tell: Told, progress: Progress
) -> Forecasts | None:
    if not experiment.loso:
        return None
    return without_own_source(_trainer(experiment, "loso"), experiment.fit, scored, names, progress=progress, tell=tell)


def _trainer(experiment: Experiment, wanted_by: str) -> Trainer:
    if experiment.train is None:
        raise DataError(f"--{wanted_by}", 0, "there is no way given to fit fresh models")
    return experiment.train


def _forecasted(table: OutcomeTable | None, forecasts: Forecasts | None) -> Forecasted | None:
    return None if table is None or forecasts is None else Forecasted(table, tier_forecasts(table, forecasts))


def _ladder_report(experiment: Experiment, material: _Material, tables: _Tables) -> LadderReport:
    table, draws = tables.scored, experiment.draws
    scored, fit = _forecasted(table, material.scored), _forecasted(tables.fit, material.fit)
    loso = _forecasted(table, material.loso)
    points, learned = _learned(scored, fit, draws)
    source_only = _source_only(tables, draws)
    if experiment.ship is not None and material.served is not None:
        learned.append(as_shipped(table, experiment.ship, material.served, experiment.prices))
    replays = [*_baselines(table, material), *source_only, *learned]
    if scored is not None:
        replays += by_quality_target(scored)
    judged = {f"{LEARNED}, {name}" for name in _plain_points()} | {SHIPPED}
    return LadderReport(
        ladder=table.ladder.name,
        tiers=table.ladder.tier_names,
        rows=len(table),
        left_out=table.left_out,
        best_fixed=table.ladder.tier_names[best_fixed(table)],
        dominated=tuple(dominated_tiers(table)),
        policies=compare(table, replays, draws.over(len(table))),
        points=tuple(points),
        frontier=tuple(frontier(scored)) if scored is not None else (),
        hindsight=tuple(best_in_hindsight(table, scored.forecasts)) if scored is not None else (),
        rankings=tuple(ranking_report(ranker, table, draws) for ranker in _rankers(tables, material, scored)),
        calibration=tuple(calibration_reports(table, scored.forecasts, draws)) if scored is not None else (),
        loso=tuple(_loso_rankings(loso, draws)),
        verdicts=tuple(
            verdict for each in learned if each.policy in judged for verdict in routing_verdicts(table, each, draws)
        ),
    )


def _learned(
    scored: Forecasted | None, fit: Forecasted | None, draws: Draws
) -> tuple[list[OperatingPoint], list[Replay]]:
    if scored is None:
        return [], []
    return fixed_on_other_rows(fit, scored, draws) if fit is not None else ([], fixed_by_folds(scored, draws))


def _plain_points() -> list[str]:
    """Names of the operating points that are not the cautious ones."""
    return [OperatingPoint(target, cautious=False, rule=None, best_rung=0).name for target in TARGETS]


def _source_only(tables: _Tables, draws: Draws) -> list[Replay]:
    """What the plain operating points reach with forecasts that know the source only."""
    fit = tables.fit or tables.scored
    scored = knowing_the_source_only(tables.scored, fit)
    if tables.fit is None:
        served = fixed_by_folds(scored, draws, SOURCE_ONLY)
    else:
        served = fixed_on_other_rows(knowing_the_source_only(fit, fit), scored, draws, SOURCE_ONLY)[1]
    return [each for each in served if each.policy in {f"{SOURCE_ONLY}, {name}" for name in _plain_points()}]


def _baselines(table: OutcomeTable, material: _Material) -> list[Replay]:
    levels = {name: [level for level, _ in pairs] for name, pairs in material.heuristics.items()}
    return [*always(table), at_random(table), oracle(table), *heuristics(table, levels)]


def _rankers(tables: _Tables, material: _Material, scored: Forecasted | None) -> list[Ranker]:
    table = tables.scored
    rankers = [by_source_mean(table, tables.fit or table), by_length(table), *by_heuristics(table, material.heuristics)]
    return rankers + (by_model(scored.forecasts) if scored is not None else [])


def _loso_rankings(loso: Forecasted | None, draws: Draws) -> list[RankingReport]:
    if loso is None:
        return []
    rankers = by_model(loso.forecasts, "learned without the source")
    return [ranking_report(ranker, loso.table, draws, pooled=False) for ranker in rankers]


def _fixed_on(experiment: Experiment) -> str:
    if experiment.model is None:
        return "no model, nothing to fix"
    if experiment.scored is None:
        others = f"the other {POINT_FOLDS - 1} of {POINT_FOLDS} folds of the scored rows"
        if not experiment.folds:
            return others
        return f"{others}, each forecast by one of {experiment.folds} models that had not seen it"
    if experiment.folds:
        return f"the rows of --data, on forecasts of {experiment.folds} models for rows they had not seen"
    return "the rows of --data, on the model's own forecasts for them"


def _warnings(experiment: Experiment) -> list[str]:
    if experiment.scored is None and not experiment.folds and experiment.model is not None:
        return ["no --dev rows: if the model learned from these rows, every figure of it flatters; see --folds"]
    if experiment.scored is None:
        return [_POOLED_FLATTERS] if len({row.source for row in experiment.fit}) > 1 else []
    warnings = []
    shared = shared_prompts(experiment.fit, experiment.scored)
    if shared:
        warnings.append(f"{shared} of the scored prompts also stand among those that settings were fixed on")
    if {row.source for row in experiment.scored} & {row.source for row in experiment.fit}:
        warnings.append(_POOLED_FLATTERS)
    if experiment.model is not None and not experiment.folds:
        warnings.append("if the model learned from the rows of --data, settings fixed there are too cheap; see --folds")
    return warnings


_POOLED_FLATTERS = "pooled rankings reward recognising a source; compare them with 'source mean only'"
