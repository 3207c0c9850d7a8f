"""A file of prompts in, a file of forecasts out: one line for each good line, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import BadLines, WrongLineError, parse_objects, written_lines
from litellm_router_plugin.evaluation.rows import read_prompt, shown

RoutedForecaster = Callable[[RequestView, str | None], Forecast]
"""A request and its route (None: the line names none) -> what a classifier says of it."""
Numbered = tuple[int, "PromptLine"]
Watch = Callable[[Iterable[Numbered]], Iterable[Numbered]]
"""Hands on lines and shows how far it is."""


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One line to score; ``id`` is given back as it came."""

    id: str | int | float
    request: RequestView
    route: str | None


@dataclass(frozen=True, slots=True)
class Scored:
    """How a file went.

    Attributes:
        lines: Lines scored and written.
        bad_lines: Lines that could not be used, with their numbers.
    """

    lines: int
    bad_lines: tuple[DataError, ...]


def read_prompt_line(line: Mapping[str, object], number: int) -> PromptLine:
    """A line to score. Raises `WrongLineError` saying what is wrong with it."""
    name = line.get("id", f"line-{number}")
    if isinstance(name, bool) or not isinstance(name, str | int | float):
        raise WrongLineError(f'"id" must be a text or a number, found {shown(name)}')
    route = line.get("route")
    if route is not None and not isinstance(route, str):
        raise WrongLineError(f'"route" must be a text, found {shown(route)}')
    return PromptLine(name, read_prompt(line).view(), route)


def as_line(line: PromptLine, forecast: Forecast, default_tier: str) -> dict[str, object]:
    """What is written for a line; where the classifier proposes no tier it is the default one."""
    return {
        "id": line.id,
        "tier": forecast.tier if forecast.tier is not None else default_tier,
        "cause": forecast.cause if forecast.tier is not None else "default",
        "p_success": dict(forecast.p_success),
        "difficulty": forecast.difficulty,
        "confidence": forecast.confidence,
        "signals": list(forecast.signals),
    }


def score_file(
    source: Path,
    target: Path,
    forecast: RoutedForecaster,
    *,
    default_tier: str,
    strict: bool = False,
    watch: Watch = iter,
) -> Scored:
    """Score every good line of a file.

    Args:
        source: JSON lines with ``prompt`` or ``messages``, plain or gzipped.
        target: Where the lines go; gzipped when its name ends in ``.gz``. Nothing is left there on an error.
        forecast: The classifier.
        default_tier: The tier where the classifier proposes none.
        strict: Stop at the first bad line.
        watch: Hands on the lines and shows how far it is.

    Raises:
        DataError: A file cannot be read or written, or a line is bad and ``strict`` is set.
    """
    bad = BadLines(str(source), strict)
    lines: Iterator[Numbered] = parse_objects(source, bad, read_prompt_line)
    count = 0
    with written_lines(target) as write:
        for _, line in watch(lines):
            write(as_line(line, forecast(line.request, line.route), default_tier))
            count += 1
    return Scored(count, tuple(bad.found))
