"""Files of rows: read, checked for nonsense, and split by source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import BadLines, parse_objects, read_objects
from litellm_router_plugin.evaluation.rows import LabelRow, OutcomeRow, read_label_row, read_outcome_row

Row = TypeVar("Row", OutcomeRow, LabelRow)
MIN_MODELS = 2
"""Models that rows to compare models must hold between them."""
MIN_TIERS = 2
"""Tiers that labels to learn from must hold between them."""


@dataclass(frozen=True, slots=True)
class Dataset(Generic[Row]):
    """The good rows of a file, and what was wrong with the others.

    Attributes:
        source: The file, as the user named it.
        rows: In file order.
        bad_lines: Skipped lines, each with its number and what was wrong.
    """

    source: str
    rows: tuple[Row, ...]
    bad_lines: tuple[DataError, ...] = ()


def _read(path: Path, parse: Callable[[Mapping[str, object], int], Row], *, strict: bool) -> Dataset[Row]:
    bad = BadLines(str(path), strict)
    first_line: dict[str, int] = {}
    rows: list[Row] = []
    for number, row in parse_objects(path, bad, parse):
        if row.id in first_line:
            bad.add(number, f"the id {row.id!r} was used on line {first_line[row.id]} already")
            continue
        first_line[row.id] = number
        rows.append(row)
    if not rows:
        first = f"; the first of {len(bad)} bad lines: {bad.found[0]}" if bad.found else ""
        raise DataError(str(path), 0, f"holds no usable row{first}")
    return Dataset(str(path), tuple(rows), tuple(bad.found))


def read_outcomes(
    path: Path, *, strict: bool = False, min_models: int = MIN_MODELS, may_be_alike: bool = False
) -> Dataset[OutcomeRow]:
    """Rows of recorded outcomes.

    Args:
        path: JSON lines, plain or gzipped.
        strict: Refuse the file at its first bad line.
        min_models: Distinct models that the rows must hold between them.
        may_be_alike: Take rows whose scores never differ; they tell a level, and nothing else.

    Raises:
        DataError: Nothing usable, too few models, scores that never differ, or a bad line when strict.
    """
    data = _read(path, read_outcome_row, strict=strict)
    models = models_of(data.rows)
    if len(models) < min_models:
        raise DataError(data.source, 0, f"only {', '.join(models)} has outcomes; {min_models} models are needed")
    if not may_be_alike and len({outcome.score for row in data.rows for outcome in row.outcomes.values()}) == 1:
        raise DataError(data.source, 0, "every score is the same, so there is nothing to tell models or prompts apart")
    return data


def read_labels(path: Path, *, strict: bool = False) -> Dataset[LabelRow]:
    """Rows of tier labels.

    Raises:
        DataError: Nothing usable, one tier only, or a bad line when strict.
    """
    data = _read(path, read_label_row, strict=strict)
    tiers = sorted({row.tier for row in data.rows})
    if len(tiers) < MIN_TIERS:
        raise DataError(data.source, 0, f"every row has the tier {tiers[0]!r}; at least two tiers are needed")
    return data


def holds_labels(path: Path) -> bool:
    """Whether the file's first usable object is a tier label and not a row of outcomes."""
    for _, line in read_objects(path, BadLines(str(path))):
        return "tier" in line and "outcomes" not in line
    return False


def models_of(rows: Iterable[OutcomeRow]) -> list[str]:
    """Every model that some row has an outcome of, sorted."""
    return sorted({model for row in rows for model in row.outcomes})


def by_source(rows: Sequence[OutcomeRow]) -> dict[str, list[OutcomeRow]]:
    """Rows of each source, sources sorted."""
    groups: dict[str, list[OutcomeRow]] = {}
    for row in rows:
        groups.setdefault(row.source, []).append(row)
    return dict(sorted(groups.items()))


def shared_prompts(one: Iterable[OutcomeRow], other: Iterable[OutcomeRow]) -> int:
    """How many rows of ``other`` have the very prompt of a row of ``one``."""
    seen = {_key(row) for row in one}
    return sum(_key(row) in seen for row in other)


def _key(row: OutcomeRow) -> str:
    """The text that must not stand on both sides of a split."""
    view = row.prompt.view()
    return "\n".join((view.system, *(turn.text for turn in view.turns), *(tool.name for tool in view.tools)))
