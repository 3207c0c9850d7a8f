"""``train``: a learned classifier from recorded outcomes or from tier labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
import yaml
from rich.console import Console

from litellm_router_plugin.cli.data_commands import (
    error_console,
    exit_after,
    outcome_model,
    tell_bad_lines,
    told_errors,
    work_shown,
)
from litellm_router_plugin.cli.route_adaptation import (
    FEWEST_LABELS,
    RouteShifts,
    as_settings,
    shifts_of,
    shifts_table,
)
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.datasets import holds_labels, models_of, read_labels, read_outcomes
from litellm_router_plugin.evaluation.folds import Told
from litellm_router_plugin.evaluation.label_figures import LABEL_FIGURES, label_figures
from litellm_router_plugin.evaluation.ladders import single_models
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.report import training_table
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.serialise import write_json
from litellm_router_plugin.evaluation.training_figures import TRAINING_FIGURES, TrainingFigures, training_figures

DEFAULT_FOLDS: Final = 3
DRAWS: Final = 400
"""Resamples behind the intervals of the report."""
SHIPPED: Final = "shipped"
"""Stands for the folder of the shipped model in ``--adapt``."""
ROUTES_FILE: Final = "routes.yaml"
FEWEST_ROWS_FOR_A_REPORT: Final = 60
"""Rows below which parts of them are too small to learn from and to score."""


class Head(StrEnum):
    """What learns from tier labels."""

    LOGISTIC = "logistic"
    FOREST = "forest"


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training: how to save it, what it learned from, and how it does on other rows."""

    save: Callable[[Path], None]
    learned_from: str
    figures: TrainingFigures | None
    shown: Sequence[str]
    bad_lines: Sequence[DataError]
    shifts: RouteShifts | None = None


def train(
    *,
    data: Annotated[
        Path,
        typer.Option(
            "--data", exists=True, dir_okay=False, help="JSONL, may be gzipped: rows of outcomes, or prompt and tier."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder of the trained model.")],
    adapt: Annotated[
        Path | None,
        typer.Option(
            "--adapt", help="Keep this model and teach it further models only: its folder, or `shipped`.", metavar="DIR"
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="With --adapt: which model; may be repeated. Absent: all in the rows."),
    ] = None,
    ladder: Annotated[
        str | None,
        typer.Option(
            "--ladder", help="With --adapt, where rows name a route: tier=model, .... Gives the routes' intercepts."
        ),
    ] = None,
    head: Annotated[Head, typer.Option("--head", help="What learns from tier labels.")] = Head.LOGISTIC,
    folds: Annotated[
        int,
        typer.Option("--folds", min=0, help="Parts held out in turn for the report, by rows and by sources; 0: none."),
    ] = DEFAULT_FOLDS,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same rows and seed give the same model.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
) -> None:
    """Train a learned classifier, and report how it does on rows and sources that it has not seen.

    The rows are recorded outcomes of several models, or prompts with the tier that each needs.
    Exit code: 0 done, 1 lines were skipped or the data was refused, 2 wrong use.

    Example: tier-router train --data outcomes.jsonl.gz --out my-classifier
    Example: tier-router train --data labels-of-new.jsonl --adapt my-classifier --model new-model --out adapted
    Example: tier-router train --data labels-of-routes.jsonl --adapt shipped --ladder cheap=M,premium=N --out adapted
    """
    with told_errors():
        _check_use(adapt, model or [], ladder, folds)
        tiers = single_models(ladder) if ladder else {}
        with work_shown() as (tell, _):
            plan = _Plan(folds, Draws(DRAWS, seed), tell)
            if adapt is None and holds_labels(data):
                trained = _from_labels(data, head, plan, strict=strict)
            elif adapt is None:
                trained = _from_outcomes(data, plan, strict=strict)
            else:
                trained = _adapted(data, adapt, model or [], tiers, plan, strict=strict)
            tell("saving")
            trained.save(out)
        _tell(trained, out, json)
    exit_after(trained.bad_lines)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the report is made: parts held out (0: no report), intervals, and who is told of progress."""

    folds: int
    draws: Draws
    tell: Told

    def report(self, rows: int, make: Callable[[], TrainingFigures]) -> TrainingFigures | None:
        """The report, where one is wanted and parts of the rows are large enough to learn from."""
        if not self.folds:
            return None
        if rows < FEWEST_ROWS_FOR_A_REPORT:
            typer.echo(f"no report: {rows} rows are too few to hold parts of them out", err=True)
            return None
        try:
            return make()
        except DataError as error:
            typer.echo(f"no report: a part of the rows cannot be learned from ({error})", err=True)
            return None


def _check_use(adapt: Path | None, models: Sequence[str], ladder: str | None, folds: int) -> None:
    if ladder is not None and adapt is None:
        raise DataError("--ladder", 0, "is only of use with --adapt, on rows that name a route")
    if models and adapt is None:
        raise DataError("--model", 0, "is only of use with --adapt, which teaches a trained model further ones")
    if folds == 1:
        raise DataError("--folds", 0, "one part cannot be held out of itself; give 2 or more, or 0 for no report")


def _from_labels(data: Path, head: Head, plan: _Plan, *, strict: bool) -> Trained:
    from litellm_router_plugin.learning.learned_classifier import LearnedClassifier  # noqa: PLC0415  numpy, scikit-learn

    labels = read_labels(data, strict=strict)
    tell_bad_lines(labels.bad_lines)

    def fit(texts: Sequence[str], tiers: Sequence[str]) -> Callable[[Sequence[str]], Sequence[str]]:
        classifier = LearnedClassifier(head=head.value, random_state=plan.draws.seed).fit(texts, tiers)
        return lambda others: [str(tier) for tier in classifier.predict(list(others))]

    figures = plan.report(
        len(labels.rows),
        lambda: label_figures(fit, labels.rows, folds=plan.folds, draws=plan.draws, tell=plan.tell),
    )
    plan.tell("training")
    texts = [row.prompt.view().text for row in labels.rows]
    fitted = LearnedClassifier(head=head.value, random_state=plan.draws.seed)
    fitted.fit(texts, [row.tier for row in labels.rows])
    return Trained(fitted.save, f"{len(labels.rows)} tier labels", figures, LABEL_FIGURES, labels.bad_lines)


def _from_outcomes(data: Path, plan: _Plan, *, strict: bool) -> Trained:
    from litellm_router_plugin.learning.outcome_artefact import save_model  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.learning.training import train_outcomes  # noqa: PLC0415  imports scikit-learn

    rows = read_outcomes(data, strict=strict)
    tell_bad_lines(rows.bad_lines)

    def fit(part: Sequence[OutcomeRow]) -> SuccessModel:
        return train_outcomes([row.as_mapping() for row in part], random_state=plan.draws.seed)

    figures = plan.report(
        len(rows.rows),
        lambda: training_figures(fit, rows.rows, folds=plan.folds, draws=plan.draws, tell=plan.tell),
    )
    plan.tell("training")
    fitted = train_outcomes([row.as_mapping() for row in rows.rows], random_state=plan.draws.seed)
    learned_from = f"{len(rows.rows)} rows of {len(models_of(rows.rows))} models"
    return Trained(lambda folder: save_model(fitted, folder), learned_from, figures, TRAINING_FIGURES, rows.bad_lines)


def _adapted(
    data: Path, adapt: Path, models: Sequence[str], ladder: Mapping[str, str], plan: _Plan, *, strict: bool
) -> Trained:
    """A model taught further ones, and with a ladder the intercepts of the routes that rows name.

    With a ladder only those of its models are taught that are not known yet, unless models are named.
    """
    from litellm_router_plugin.learning.adaptation import add_models  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.learning.outcome_artefact import save_model  # noqa: PLC0415  same

    base = outcome_model(None if str(adapt) == SHIPPED else adapt)
    rows = read_outcomes(data, strict=strict, min_models=1, may_be_alike=bool(ladder))
    tell_bad_lines(rows.bad_lines)
    unknown = [name for name in dict.fromkeys(ladder.values()) if base.known_as(name) is None]
    names = list(models) or (unknown if ladder else models_of(rows.rows))
    routed = routed_rows(rows.rows, list(dict.fromkeys(ladder.values())), str(data)) if ladder else []
    kept = outcomes_of(rows.rows, names, str(data)) if names else []

    def fit(part: Sequence[OutcomeRow]) -> SuccessModel:
        return add_models(base, [row.as_mapping() for row in part], models_of(part))

    figures = None
    if names:
        figures = plan.report(
            len(kept), lambda: training_figures(fit, kept, folds=plan.folds, draws=plan.draws, tell=plan.tell)
        )
    fitted = add_models(base, [row.as_mapping() for row in kept], names) if names else base
    taught = f"{len(kept)} rows of {', '.join(names)}" if names else f"{len(routed)} rows of routes"
    return Trained(
        lambda folder: save_model(fitted, folder),
        f"{taught}, on top of {adapt}",
        figures,
        TRAINING_FIGURES,
        rows.bad_lines,
        shifts_of(fitted, routed, ladder) if ladder else None,
    )


def routed_rows(rows: Sequence[OutcomeRow], names: Sequence[str], source: str) -> list[OutcomeRow]:
    """The rows that name a route, with the outcomes of some models.

    Raises:
        DataError: None does, or one of the models has no outcome.
    """
    routed = [row for row in outcomes_of(rows, names, source) if row.route]
    if not routed:
        raise DataError(source, 0, 'no row names a "route", so there is nothing that --ladder could shift')
    return routed


def outcomes_of(rows: Sequence[OutcomeRow], names: Sequence[str], source: str) -> list[OutcomeRow]:
    """The rows that have an outcome of some models, with those outcomes only.

    Raises:
        DataError: One of the models has none.
    """
    present = models_of(rows)
    for name in names:
        if name not in present:
            raise DataError(source, 0, f"there is no outcome of {name!r}; the models are: {', '.join(present)}")
    wanted = set(names)
    cut = (replace(row, outcomes={n: o for n, o in row.outcomes.items() if n in wanted}) for row in rows)
    return [row for row in cut if row.outcomes]


def _tell(trained: Trained, out: Path, json: Path | None) -> None:
    console = Console()
    if trained.figures is not None:
        console.print(training_table(trained.figures, trained.shown))
        if trained.figures.between is None:
            console.print("one source only: nothing is known of prompts of another kind")
    console.print(f"learned from {trained.learned_from}; saved in {out}", soft_wrap=True, markup=False)
    if trained.shifts is not None:
        _tell_routes(trained.shifts, out, console)
    if json is not None:
        report = {"learned_from": trained.learned_from, "out": str(out), "figures": trained.figures}
        write_json(report if trained.shifts is None else {**report, "routes": trained.shifts}, json)
        error_console().print(f"wrote {json}")


def _tell_routes(shifts: RouteShifts, out: Path, console: Console) -> None:
    """Show the shifts, and write the section of the settings that they make."""
    console.print(shifts_table(shifts))
    section = as_settings(shifts)
    if not section:
        console.print(f"no route has {FEWEST_LABELS} labels of a tier, so there are no settings to write")
        return
    text = yaml.safe_dump({"routes": section}, sort_keys=False, allow_unicode=True)
    target = out / ROUTES_FILE
    target.write_text(text, encoding="utf-8")
    console.print(f"for model_info.tier_router, also in {target}:", soft_wrap=True, markup=False)
    console.print(text, markup=False, soft_wrap=True)
