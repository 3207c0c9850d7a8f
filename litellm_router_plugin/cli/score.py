"""``score``: a forecast for each prompt of a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from litellm_router_plugin.cli.data_commands import (
    exit_after,
    outcome_model,
    tell_bad_lines,
    told_errors,
    work_shown,
)
from litellm_router_plugin.cli.doctor import COST_MAP
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.evaluation.ladders import single_models
from litellm_router_plugin.evaluation.local_classifier import local_forecaster
from litellm_router_plugin.evaluation.prices import read_prices
from litellm_router_plugin.evaluation.scoring import Numbered, Scored, score_file

DEFAULT_LADDER: Final = "cheap=gpt-4o-mini-2024-07-18,standard=gpt-4o-2024-08-06,premium=claude-3-opus-20240229"


@dataclass(frozen=True, slots=True)
class LadderClassifier:
    """A classifier and the tier that is taken where it proposes none.

    ``route_of`` names the route of a request whose line names none; None: it then has none.
    """

    classifier: Classifier
    default_tier: str
    route_of: Callable[[RequestView], str] | None = None


BuildClassifier = Callable[[], LadderClassifier]
"""Makes the classifier of a command; called once the arguments are known to be good."""


def score(
    *,
    source: Annotated[
        Path,
        typer.Option(
            "--input", exists=True, dir_okay=False, help="JSONL, may be gzipped: id, prompt | messages, tools?, route?."
        ),
    ],
    target: Annotated[Path, typer.Option("--output", help="JSONL; gzipped when the name ends in .gz.")],
    ladder: Annotated[
        str, typer.Option("--ladder", help="Tiers and the models they stand for, cheapest first.")
    ] = DEFAULT_LADDER,
    artefact: Annotated[
        Path | None,
        typer.Option("--artefact", exists=True, file_okay=False, help="Learned model. Absent: the shipped one."),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            "--prices", exists=True, dir_okay=False, help="JSON: model to prices. Absent: the ladder's order."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", exists=True, dir_okay=False, help="A proxy config: score with its tier router instead."
        ),
    ] = None,
    router: Annotated[str | None, typer.Option("--router", help="Which tier router, where there are several.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line and write nothing.")] = False,
) -> None:
    """Forecast, for each prompt of a file, which tier suffices and how likely each tier's model is to succeed.

    Each good line gives one line, in order: id, tier, cause, p_success, difficulty, confidence, signals.
    Exit code: 0 done, 1 lines were skipped, 2 wrong use.

    Example: tier-router score --input prompts.jsonl --output scored.jsonl --ladder cheap=gpt-4o-mini,premium=gpt-4o
    """
    if config is not None:
        score_with(lambda: configured(config, router), source, target, strict=strict)
    else:
        score_with(lambda: learned_for(ladder, artefact, prices), source, target, strict=strict)


def score_with(build: BuildClassifier, source: Path, target: Path, *, strict: bool) -> None:
    """Score a file with any classifier that calls no model, and leave with the exit code that says how it went."""
    with told_errors():
        built = build()
        with work_shown() as (tell, watch):
            tell("scoring")
            scored = _scored(built, source, target, watch, strict=strict)
    tell_bad_lines(scored.bad_lines)
    exit_after(scored.bad_lines)


def _scored(
    built: LadderClassifier,
    source: Path,
    target: Path,
    watch: Callable[[Iterable[Numbered]], Iterable[Numbered]],
    *,
    strict: bool,
) -> Scored:
    forecast = local_forecaster(built.classifier, built.route_of)
    return score_file(source, target, forecast, default_tier=built.default_tier, strict=strict, watch=watch)


def configured(config: Path, router: str | None) -> LadderClassifier:
    """The classifier of a tier router in a proxy config.

    Raises:
        ConfigError: The file, or the settings of the tier router, are wrong.
    """
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    from litellm_router_plugin.host.dry_run import policy_of, router_named  # noqa: PLC0415  LiteLLM, only if used
    from litellm_router_plugin.host.proxy_file import load  # noqa: PLC0415  same
    from litellm_router_plugin.host.route_names import route_named  # noqa: PLC0415  same

    written = load(config)
    name = router_named(written, router)
    policy = policy_of(written, name)
    return LadderClassifier(policy.classifier, policy.config.default, lambda view: route_named(name, view))


def learned_for(spec: str, artefact: Path | None, prices: Path | None) -> LadderClassifier:
    """The learned classifier for a written ladder; its warnings are told.

    Raises:
        DataError: The ladder or the prices are not of the right form, or a tier names several models.
        ArtefactError: The model cannot be loaded.
    """
    from litellm_router_plugin.classifiers.learned import LearnedTierClassifier  # noqa: PLC0415  numpy, only if used

    tiers = tuple(Tier(name, model) for name, model in single_models(spec).items())
    known = {} if prices is None else read_prices(prices)
    by_tier = {tier.name: known.get(tier.model_group) for tier in tiers}
    classifier = LearnedTierClassifier(outcome_model(artefact), Ladder(tiers), by_tier)
    for warning in classifier.warnings:
        typer.echo(f"careful: {warning}", err=True)
    return LadderClassifier(classifier, tiers[0].name)
