"""Rows of recorded outcomes as arrays: features of the prompts, scores and tokens of the models."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.features import request_features
from litellm_router_plugin.learning.near_duplicates import near_duplicate_groups

FloatArray = NDArray[np.float64]
Row = Mapping[str, object]
Progress = Callable[[Iterable[Row]], Iterable[Row]]
"""Hands on rows and shows how far it is."""

DEFAULT_SOURCE = "data"
"""The source of a row that names none."""


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """Outcomes of many prompts; a cell is NaN where a model did not answer the prompt.

    Attributes:
        models: Column names.
        sources: The source of each row.
        features: rows x features.
        scores: rows x models, 0..1.
        completion_tokens: rows x models.
        prompt_tokens: rows x models.
        groups: Rows of one group have nearly the same prompt.
        fingerprint: SHA-256 over prompts and outcomes, in row order.
    """

    models: tuple[str, ...]
    sources: NDArray[np.str_]
    features: FloatArray
    scores: FloatArray
    completion_tokens: FloatArray
    prompt_tokens: FloatArray
    groups: NDArray[np.int64]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.sources)

    def taken(self, rows: NDArray[Any]) -> OutcomeTable:
        """Some of the rows, by position or mask; the fingerprint stays that of the whole."""
        return OutcomeTable(
            self.models,
            self.sources[rows],
            self.features[rows],
            self.scores[rows],
            self.completion_tokens[rows],
            self.prompt_tokens[rows],
            self.groups[rows],
            self.fingerprint,
        )


def row_request(row: Row) -> RequestView:
    """The request of a row: its ``messages``, or its ``prompt``, with its ``tools``."""
    content = row.get("prompt") if row.get("messages") is None else row.get("messages")
    tools = row.get("tools")
    return read_request(content, params={"tools": tools} if tools else {})


def outcome_table(
    rows: Iterable[Row], *, models: Sequence[str] | None = None, progress: Progress | None = None
) -> OutcomeTable:
    """Read rows as in ``routing_outcomes``.

    Args:
        rows: Parsed lines with ``prompt`` or ``messages``, and ``outcomes``.
        models: The columns; default: every model that occurs, sorted.
        progress: Hands on the rows and shows how far it is.

    Raises:
        DataError: There are no rows, or one is wrong; the line number counts rows from 1.
    """
    listed = list(rows)
    if not listed:
        raise DataError("outcomes", 0, "there are no rows. Give rows with a prompt and outcomes")
    outcomes = [_outcomes(row, number) for number, row in enumerate(listed, start=1)]
    columns = tuple(sorted({name for one in outcomes for name in one})) if models is None else tuple(models)
    scores, completion, prompt = _cells(outcomes, columns)
    requests = [row_request(row) for row in (progress or iter)(listed)]
    features = np.array([request_features(request) for request in requests])
    groups = np.array(near_duplicate_groups([request.text for request in requests]))
    sources = np.array([str(row.get("source", DEFAULT_SOURCE)) for row in listed])
    return OutcomeTable(columns, sources, features, scores, completion, prompt, groups, _fingerprint(listed))


def _outcomes(row: Row, number: int) -> dict[str, Mapping[str, object]]:
    if not isinstance(row, Mapping):
        raise DataError("outcomes", number, f"a row must be a mapping, found {type(row).__name__}")
    if not isinstance(row.get("prompt"), str) and not isinstance(row.get("messages"), list):
        raise DataError("outcomes", number, 'neither a text "prompt" nor a list "messages"')
    outcomes = row.get("outcomes")
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise DataError("outcomes", number, '"outcomes" must name at least one model with its score')
    checked = {}
    for name, outcome in outcomes.items():
        score = outcome.get("score") if isinstance(outcome, Mapping) else None
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise DataError("outcomes", number, f"outcomes[{name!r}].score must be a number in 0..1, found {score!r}")
        checked[str(name)] = outcome
    return checked


def _cells(
    outcomes: Sequence[Mapping[str, Mapping[str, object]]], models: Sequence[str]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    column = {name: index for index, name in enumerate(models)}
    shape = (len(outcomes), len(models))
    cells = (np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan))
    for row, one in enumerate(outcomes):
        for name, outcome in one.items():
            if name in column:
                for cell, key in zip(cells, ("score", "completion_tokens", "prompt_tokens"), strict=True):
                    cell[row, column[name]] = _number(outcome.get(key), name, key, row + 1)
    return cells


def _number(value: object, name: str, key: str, number: int) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise DataError("outcomes", number, f"outcomes[{name!r}].{key} must be a number of 0 or more, found {value!r}")
    return float(value)


def _fingerprint(rows: Sequence[Row]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        kept = {key: row.get(key) for key in ("prompt", "messages", "tools", "source", "outcomes")}
        digest.update(json.dumps(kept, sort_keys=True, default=str).encode())
    return digest.hexdigest()
