"""``evaluate``: routing policies side by side on recorded outcomes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from litellm_router_plugin.cli.data_commands import (
    beside,
    error_console,
    exit_after,
    outcome_model,
    tell_bad_lines,
    told_errors,
    work_shown,
)
from litellm_router_plugin.cli.doctor import COST_MAP
from litellm_router_plugin.cli.replayed_answers import Replay, replayed
from litellm_router_plugin.errors import DataError, UnsupportedHost
from litellm_router_plugin.evaluation.datasets import read_outcomes
from litellm_router_plugin.evaluation.experiment import EvaluationReport, Experiment
from litellm_router_plugin.evaluation.ladders import RecordedLadder, choose_ladder, read_ladders
from litellm_router_plugin.evaluation.models import SuccessModel, Trainer
from litellm_router_plugin.evaluation.plots import figure_class, plot_report
from litellm_router_plugin.evaluation.policies import HeuristicScores
from litellm_router_plugin.evaluation.prices import Prices, read_prices
from litellm_router_plugin.evaluation.report import rendered
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.run import run
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.serialise import write_json
from litellm_router_plugin.evaluation.shipped import Forecaster, ShippedClassifier

if TYPE_CHECKING:
    from litellm_router_plugin.learning.outcome_model import LearnedModel

DEFAULT_DRAWS = 1000
FEWEST_DRAWS = 40
"""Resamples below which a 95 % interval has no resample outside on either side."""
PRICES_FILE, TIERS_FILE = "prices.json", "tiers.json"
REPORT_WIDTH = 200
"""Columns of the report where the output is no terminal."""


def evaluate(
    *,
    data: Annotated[
        Path,
        typer.Option(
            "--data", exists=True, dir_okay=False, help="Rows that settings are fixed on; JSONL, may be gzipped."
        ),
    ],
    dev: Annotated[
        Path | None,
        typer.Option(
            "--dev", exists=True, dir_okay=False, help="Rows that are scored. Absent: --data, fixed by folds."
        ),
    ] = None,
    ladder: Annotated[
        list[str] | None,
        typer.Option(
            "--ladder", help="cheap=M,standard=M|OTHER,premium=M, or a name in --tiers; may be repeated. Absent: all."
        ),
    ] = None,
    artefact: Annotated[
        Path | None,
        typer.Option("--artefact", exists=True, file_okay=False, help="Learned model. Absent: the shipped one."),
    ] = None,
    baselines_only: Annotated[bool, typer.Option("--baselines-only", help="Leave the learned model out.")] = False,
    heuristics: Annotated[
        bool, typer.Option("--heuristics/--no-heuristics", help="Compare with LiteLLM's own.")
    ] = True,
    folds: Annotated[
        int,
        typer.Option(
            "--folds", min=0, help="Train so many models; each speaks only for rows of --data it had not seen."
        ),
    ] = 0,
    loso: Annotated[bool, typer.Option("--loso", help="Also train without each source and score it (slow).")] = False,
    prices: Annotated[
        Path | None, typer.Option("--prices", exists=True, dir_okay=False, help="Absent: prices.json beside --data.")
    ] = None,
    tiers: Annotated[
        Path | None, typer.Option("--tiers", exists=True, dir_okay=False, help="Absent: tiers.json beside --data.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", exists=True, dir_okay=False, help="Recorded answers: replay the cascade over them."),
    ] = None,
    second: Annotated[str | None, typer.Option("--second", help="With --answers: gives second opinions.")] = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="With --answers: at whose price the simulated judge works.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write the frontiers as a picture (extra: plot).")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    draws: Annotated[int, typer.Option("--draws", min=FEWEST_DRAWS, help="Bootstrap resamples.")] = DEFAULT_DRAWS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of resamples, folds and training.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
) -> None:
    """Compare routing policies on recorded outcomes: quality, cost, saving, ranking, calibration, with intervals.

    With --answers the whole cascade is replayed over recorded answers: checks, a simulated judge, second opinions.

    Example: tier-router evaluate --data train.jsonl.gz --dev dev.jsonl.gz --ladder seed --json report.json
    """
    with told_errors():
        _check_use(artefact, dev, folds)
        fit = read_outcomes(data, strict=strict)
        scored = None if dev is None else read_outcomes(dev, strict=strict)
        bad_lines = fit.bad_lines + (() if scored is None else scored.bad_lines)
        tell_bad_lines(bad_lines)
        scored_rows = None if scored is None else scored.rows
        if plot is not None:
            figure_class()
        model = None if baselines_only else outcome_model(artefact)
        ladders = chosen_ladders(ladder or [], beside(data, tiers, TIERS_FILE), [fit.rows, scored_rows or fit.rows])
        known = read_prices(_needed(beside(data, prices, PRICES_FILE), "--prices", PRICES_FILE))
        resamples = Draws(draws, seed)
        if answers is not None:
            replay = Replay(answers, known, second, judge, model, resamples, strict=strict)
            typer.echo(replayed(replay, ladders, fit.rows, scored_rows))
        else:
            experiment = Experiment(
                fit=fit.rows,
                scored=scored_rows,
                ladders=ladders,
                prices=known,
                model=model,
                ship=ship,
                train=trainer(seed),
                folds=folds,
                loso=loso,
                heuristics=installed_heuristics() if heuristics else {},
                draws=resamples,
            )
            _hand_over(_run(experiment), plot, json)
    exit_after(bad_lines)


def _check_use(artefact: Path | None, dev: Path | None, folds: int) -> None:
    if folds == 1:
        raise DataError("--folds", 0, "one part cannot be held out of itself; give 2 or more, or 0 to train nothing")
    if artefact is not None and dev is None and folds:
        raise DataError(
            "--artefact", 0, "would not be asked: without --dev, --folds trains fresh models; leave one out"
        )


def _needed(path: Path | None, option: str, name: str) -> Path:
    if path is None:
        raise DataError(option, 0, f"needed, since there is no {name} beside --data")
    return path


def chosen_ladders(
    specs: Sequence[str], tiers: Path | None, row_sets: Sequence[Sequence[OutcomeRow]]
) -> list[RecordedLadder]:
    """The ladders that were asked for; asked for none: every ladder of the tiers file that each set of rows can fill.

    Raises:
        DataError: A ladder is not known, or none is asked for and none fits.
    """
    known = {} if tiers is None else read_ladders(tiers)
    if specs:
        return [choose_ladder(spec, known) for spec in specs]
    fitting = [each for each in known.values() if all(_fills(each, rows) for rows in row_sets)]
    if not fitting:
        raise DataError("--ladder", 0, "needed, since no ladder of --tiers fits the rows: cheap=M,standard=M,premium=M")
    return fitting


def _fills(ladder: RecordedLadder, rows: Iterable[OutcomeRow]) -> bool:
    return any(ladder.models_for(row) is not None for row in rows)


def ship(model: SuccessModel) -> ShippedClassifier:
    """As `classifier_as_shipped`, of the models that are loaded and trained here.

    Raises:
        TypeError: It is another kind of model.
    """
    from litellm_router_plugin.learning.outcome_model import LearnedModel as Served  # noqa: PLC0415  only when needed

    if not isinstance(model, Served):
        raise TypeError(f"only a LearnedModel is shipped, found {type(model).__name__}")
    return classifier_as_shipped(model)


def classifier_as_shipped(model: LearnedModel) -> ShippedClassifier:
    """The learned classifier with its default settings, for any ladder."""
    from litellm_router_plugin.learning.ladder_footing import LadderModel, LadderSettings  # noqa: PLC0415  when needed
    from litellm_router_plugin.learning.ladder_forecast import LadderForecast  # noqa: PLC0415  only when needed

    def build(tiers: Sequence[str], models: Sequence[str], prices: Prices) -> Forecaster:
        entries = [LadderModel(tier, name, prices.get(name)) for tier, name in zip(tiers, models, strict=True)]
        return LadderForecast(model, entries, LadderSettings()).forecast

    return build


def trainer(seed: int) -> Trainer:
    """Fits fresh models of the kind that is shipped; scikit-learn is imported at the first fit."""

    def train(rows: Sequence[OutcomeRow]) -> SuccessModel:
        from litellm_router_plugin.learning.training import train_outcomes  # noqa: PLC0415  imports scikit-learn

        return train_outcomes([row.as_mapping() for row in rows], random_state=seed)

    return train


def installed_heuristics() -> Mapping[str, HeuristicScores]:
    """LiteLLM's heuristics, those that the installed version has; the lack of one is told."""
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    from litellm_router_plugin.host.heuristics import heuristic_v1_scores, heuristic_v2_scores  # noqa: PLC0415  litellm

    found: dict[str, HeuristicScores] = {}
    for name, scores in (("LiteLLM heuristic v1", heuristic_v1_scores), ("LiteLLM heuristic v2", heuristic_v2_scores)):
        try:
            scores([""])
        except UnsupportedHost as error:
            typer.echo(f"{name} is left out: {error}", err=True)
        else:
            found[name] = scores
    return found


def _run(experiment: Experiment) -> EvaluationReport:
    with work_shown() as (tell, watch):
        return run(experiment, tell=tell, progress=watch)


def _hand_over(report: EvaluationReport, plot: Path | None, json: Path | None) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=REPORT_WIDTH)
    console.print(rendered(report))
    if json is not None:
        write_json(report, json)
        error_console().print(f"wrote {json}")
    if plot is not None:
        plot_report(report, plot)
        error_console().print(f"wrote {plot}")
