"""``calibrate``: certified thresholds, one a route, from labelled requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer
import yaml

from litellm_router_plugin.config.routes import MAX_ROUTE_NAME, CalibratedRange, RouteSettings
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import BadLines, WrongLineError, parse_objects
from litellm_router_plugin.learning.certificates import MIN_SERVED, Certificate, LabelledRoute, Loss, Refusal, certify

DONE, FOUND_PROBLEMS, WRONG_USE = 0, 1, 2
DEFAULT_ROUTE = "default"

Row = tuple[str, float, float, float]
ScoredBy = Literal["learned_check", "judge"]
"""Whose score stands in the file, and so which setting the threshold is for."""


@dataclass(slots=True)
class _Columns:
    """The rows of one route while the file is read."""

    scores: list[float] = field(default_factory=list)
    cheap: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    def add(self, score: float, cheap: float, reference: float) -> None:
        self.scores.append(score)
        self.cheap.append(cheap)
        self.reference.append(reference)


def calibrate(
    *,
    data: Annotated[Path, typer.Option("--data", help="JSONL, may be gzipped: score, cheap, reference, route?.")],
    max_loss: Annotated[float, typer.Option("--max-loss", help="Largest mean quality loss allowed, 0..1.")] = 0.02,
    confidence: Annotated[float, typer.Option("--confidence", help="That the limit is kept, 0..1.")] = 0.95,
    loss: Annotated[
        Loss,
        typer.Option("--loss", help="signed: wins make up for losses; harm: cheap bad where the reference is good."),
    ] = "signed",
    min_served: Annotated[
        float, typer.Option("--min-served", help="Share served cheap below which a threshold is of no use.")
    ] = MIN_SERVED,
    scored_by: Annotated[
        ScoredBy, typer.Option("--scored-by", help="Whose score it is: p_ok of `check`, or the judge's.")
    ] = "learned_check",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
) -> None:
    """Find, for each route, the most generous threshold whose quality loss is bounded with the confidence asked for.

    The certified ones are printed as settings too, to be put into the tier router's config.

    Example: tier-router calibrate --data labelled.jsonl --max-loss 0.02 --confidence 0.95
    """
    _check_usage(data, max_loss, confidence, min_served)
    bad = BadLines(str(data), strict=strict)
    results = {
        name: certify(
            LabelledRoute.of(columns.scores, columns.cheap, columns.reference),
            max_loss=max_loss,
            confidence=confidence,
            loss=loss,
            min_served=min_served,
        )
        for name, columns in sorted(_read(data, bad).items())
    }
    for problem in bad.found:
        typer.echo(f"skipped: {problem}", err=True)
    if json:
        settings = {"max_loss": max_loss, "confidence": confidence, "loss": loss}
        found = {"routes": dict(map(_as_json, results.items())), "config": _settings(results, scored_by)}
        _print_json({**settings, **found, "bad_lines": len(bad)})
    else:
        _print(results)
        _print_settings(_settings(results, scored_by))
    raise typer.Exit(_exit_code(results, bad))


def _settings(results: Mapping[str, Certificate | Refusal], scored_by: ScoredBy) -> dict[str, object]:
    """The certified thresholds as settings of a tier router; a route whose name is too long for that has none."""
    certified = {name: one.threshold for name, one in results.items() if isinstance(one, Certificate)}
    routes = {
        name: _route(threshold, scored_by) for name, threshold in certified.items() if len(name) <= MAX_ROUTE_NAME
    }
    return {"routes": {name: one.model_dump(mode="json", exclude_defaults=True) for name, one in routes.items()}}


def _route(threshold: float, scored_by: ScoredBy) -> RouteSettings:
    if scored_by == "judge":
        return RouteSettings(judge_threshold=threshold)
    return RouteSettings(learned_check=CalibratedRange(unsure=(threshold, threshold)))


def _print_settings(settings: dict[str, object]) -> None:
    if settings["routes"]:
        typer.echo("\nFor the tier router's settings:\n")
        typer.echo(yaml.safe_dump(settings, sort_keys=False, default_flow_style=None), nl=False)


def _exit_code(results: Mapping[str, Certificate | Refusal], bad: BadLines) -> int:
    is_clean = bool(results) and not bad.found
    return DONE if is_clean and all(isinstance(r, Certificate) for r in results.values()) else FOUND_PROBLEMS


def _print_json(value: Mapping[str, object]) -> None:
    typer.echo(orjson.dumps(value).decode())


def _check_usage(data: Path, max_loss: float, confidence: float, min_served: float) -> None:
    problems = [
        f"{name}: {value} does not lie between 0 and 1"
        for name, value in (("--max-loss", max_loss), ("--confidence", confidence))
        if not 0 < value < 1
    ]
    if not 0 <= min_served <= 1:
        problems.append(f"--min-served: {min_served} does not lie in 0..1")
    if not data.is_file():
        problems.append(f"--data: there is no file {data}")
    if problems:
        typer.echo("\n".join(problems), err=True)
        raise typer.Exit(WRONG_USE)


def _read(data: Path, bad: BadLines) -> dict[str, _Columns]:
    routes: dict[str, _Columns] = {}
    try:
        for _, (route, score, cheap, reference) in parse_objects(data, bad, _row):
            routes.setdefault(route, _Columns()).add(score, cheap, reference)
    except DataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FOUND_PROBLEMS) from error
    return routes


def _row(line: Mapping[str, object], number: int) -> Row:
    del number
    route = line.get("route") or DEFAULT_ROUTE
    if not isinstance(route, str):
        raise WrongLineError(f'"route": a string is wanted, found {type(route).__name__}')
    return route, _share(line, "score"), _share(line, "cheap"), _share(line, "reference")


def _share(line: Mapping[str, object], key: str) -> float:
    value = line.get(key)
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        found = "nothing" if value is None else repr(value)[:40]
        raise WrongLineError(f'"{key}": a number in 0..1 is wanted, found {found}')
    return float(value)


def _as_json(named: tuple[str, Certificate | Refusal]) -> tuple[str, dict[str, object]]:
    name, result = named
    return name, {"certified": isinstance(result, Certificate), **asdict(result)}


def _print(results: Mapping[str, Certificate | Refusal]) -> None:
    if not results:
        typer.echo("no usable line")
    for name, result in results.items():
        if isinstance(result, Certificate):
            typer.echo(
                f"{name}: threshold {result.threshold:.2f} serves {result.served:.0%} cheap,"
                f" mean loss {result.loss:.4f} ({result.labels} labels)"
            )
        elif result.more_labels is None:
            typer.echo(f"{name}: refuses: {result.reason} ({result.labels} labels)")
        else:
            typer.echo(f"{name}: refuses: needs {result.more_labels} more labels: {result.reason}")
