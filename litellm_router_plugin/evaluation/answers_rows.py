"""Recorded answers beside recorded outcomes: what every local check says of each draft, in file order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litellm_router_plugin.checks.agreement import opinion_verdict
from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.learned import LearnedCheck, learned_route_values
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Verdict
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import BadLines, WrongLineError, parse_objects
from litellm_router_plugin.evaluation.models import Floats
from litellm_router_plugin.evaluation.prices import Prices, price_of, recorded_cost
from litellm_router_plugin.evaluation.rows import read_name
from litellm_router_plugin.evaluation.tables import OutcomeTable

Texts = Mapping[str, Mapping[str, str]]
"""Prompt id -> model -> what it answered."""


@dataclass(frozen=True, slots=True)
class DraftFinding:
    """What is known of one draft before anybody is asked.

    Attributes:
        verdict: Of the deterministic checks.
        p_ok: The learned check's estimate.
        opinion: What the second model's answer says; None where it is not comparable, or there is no second model.
    """

    verdict: Verdict
    p_ok: float
    opinion: Verdict | None = None


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """A table of outcomes whose drafts have texts.

    Attributes:
        table: Rows x tiers.
        drafts: For each row what is known of each tier's answer but the dearest one's.
        opinion_usd: By row, what a second opinion costs; NaN where there is none.
    """

    table: OutcomeTable
    drafts: tuple[tuple[DraftFinding, ...], ...]
    opinion_usd: Floats

    def __len__(self) -> int:
        return len(self.table)

    def taken(self, keep: Sequence[int]) -> AnswerTable:
        """Some of the rows, by position."""
        return AnswerTable(
            self.table.taken(keep), tuple(self.drafts[row] for row in keep), self.opinion_usd[list(keep)]
        )

    @property
    def p_ok(self) -> Floats:
        """Rows x drafting tiers."""
        return np.array([[draft.p_ok for draft in drafts] for drafts in self.drafts])


def read_texts(path: Path, *, strict: bool = False) -> tuple[Texts, tuple[DataError, ...]]:
    """The answers of a file, and the lines that could not be used.

    Raises:
        DataError: The file cannot be read, holds no answer, or a line is bad and ``strict`` is set.
    """
    bad = BadLines(str(path), strict)
    texts = dict(found for _, found in parse_objects(path, bad, _read_texts))
    if not texts:
        raise DataError(str(path), 0, 'no line has an "id" and "answers"')
    return texts, tuple(bad.found)


def _read_texts(line: Mapping[str, object], number: int) -> tuple[str, Mapping[str, str]]:
    answers = line.get("answers")
    if not isinstance(answers, Mapping):
        raise WrongLineError('"answers" must be an object from model to its answer')
    found = {}
    for model, record in answers.items():
        text = record.get("text") if isinstance(record, Mapping) else record
        if not isinstance(text, str):
            raise WrongLineError(f"answers[{model!r}]: a text is wanted")
        found[str(model)] = text
    return read_name(line, "id", f"line-{number}"), found


class DraftReader:
    """Reads drafts in file order; each (source, model) is a route whose statistics grow as in live traffic."""

    def __init__(self, learned: LearnedCheck) -> None:
        self._learned = learned
        self._panel = CheckPanel(deterministic_checks())
        self._known: dict[tuple[str, str], RouteStatistics] = defaultdict(lambda: NO_STATISTICS)

    def read(
        self, source: str, model: str, answer: AnswerView, request: RequestView, second: AnswerView | None
    ) -> DraftFinding:
        """What is known of a draft; afterwards it counts into its route's statistics."""
        route = self._known[source, model]
        opinion = None if second is None else opinion_verdict(answer, second, request, route)
        found = DraftFinding(
            self._panel.examine(answer, request, route), self._learned.p_ok(answer, request, route) or 0.0, opinion
        )
        values = {**route_values(answer, request), **learned_route_values(answer, request)}
        self._known[source, model] = route.with_values(values)
        return found


def answer_table(
    table: OutcomeTable,
    texts: Texts,
    learned: LearnedCheck,
    prices: Prices,
    *,
    second: str | None = None,
) -> AnswerTable:
    """The rows of a table whose drafts, and second opinion, have texts.

    Raises:
        DataError: There are none.
    """
    reader = DraftReader(learned)
    kept, drafts, costs = [], [], []
    for place, (row, models) in enumerate(zip(table.rows, table.models, strict=True)):
        said = texts.get(row.id, {})
        needed = [*models[:-1], *([second] if second else [])]
        if any(model not in said for model in needed) or (second and second not in row.outcomes):
            continue
        request = row.prompt.view()
        other = read_answer(said[second]) if second else None
        kept.append(place)
        drafts.append(
            tuple(reader.read(row.source, model, read_answer(said[model]), request, other) for model in models[:-1])
        )
        costs.append(recorded_cost(price_of(prices, second), row.outcomes[second]) if second else np.nan)
    if not kept:
        raise DataError("--answers", 0, "no row has the answers of every drafting tier of this ladder")
    return AnswerTable(table.taken(kept), tuple(drafts), np.array(costs))
