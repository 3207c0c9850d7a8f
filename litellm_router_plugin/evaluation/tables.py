"""Recorded outcomes of one ladder as arrays: rows x tiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import Floats, Forecasts
from litellm_router_plugin.evaluation.prices import Prices, price_of, recorded_cost
from litellm_router_plugin.evaluation.rows import OutcomeRow

FAIL_BELOW = 0.5
"""An answer that scores less has failed."""


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """The rows that have an outcome for every tier of a ladder.

    Attributes:
        ladder: The ladder.
        rows: The rows, in file order.
        positions: Where each of them stands among the rows that were given.
        models: For each row the model of each tier.
        quality: rows x tiers, score 0..1.
        cost: rows x tiers, what the recorded answer cost in USD.
        prompt_cost: rows x tiers, what the prompt alone cost in USD (known before the call).
        output_price: rows x tiers, USD a completion token.
        left_out: Rows without an outcome for some tier.
    """

    ladder: RecordedLadder
    rows: tuple[OutcomeRow, ...]
    positions: tuple[int, ...]
    models: tuple[tuple[str, ...], ...]
    quality: Floats
    cost: Floats
    prompt_cost: Floats
    output_price: Floats
    left_out: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sources(self) -> NDArray[np.str_]:
        """The source of each row."""
        return np.array([row.source for row in self.rows])

    @property
    def gain(self) -> Floats:
        """What the dearest tier scores above the cheapest, by row."""
        return self.quality[:, -1] - self.quality[:, 0]

    @property
    def cheap_fails(self) -> NDArray[np.bool_]:
        """Whether the cheapest tier fails, by row."""
        return self.quality[:, 0] < FAIL_BELOW

    def taken(self, keep: Sequence[int] | NDArray[np.int64]) -> OutcomeTable:
        """The table of some of its rows, by position."""
        chosen = [int(index) for index in keep]
        return OutcomeTable(
            self.ladder,
            tuple(self.rows[index] for index in chosen),
            tuple(self.positions[index] for index in chosen),
            tuple(self.models[index] for index in chosen),
            self.quality[chosen],
            self.cost[chosen],
            self.prompt_cost[chosen],
            self.output_price[chosen],
            self.left_out,
        )

    def of_source(self, source: str) -> OutcomeTable:
        """The table of one source's rows."""
        return self.taken(np.flatnonzero(self.sources == source))


@dataclass(frozen=True, slots=True)
class TierForecasts:
    """A model's forecasts for the rows of a table, by tier.

    Attributes:
        success: rows x tiers, P(good enough).
        cost: rows x tiers, expected cost of one answer in USD.
    """

    success: Floats
    cost: Floats

    def taken(self, keep: Sequence[int] | NDArray[np.int64]) -> TierForecasts:
        """The forecasts of some rows, by position."""
        chosen = [int(index) for index in keep]
        return TierForecasts(self.success[chosen], self.cost[chosen])


def outcome_table(rows: Sequence[OutcomeRow], ladder: RecordedLadder, prices: Prices) -> OutcomeTable:
    """The rows that have every tier of a ladder.

    Raises:
        DataError: No row has every tier, or a model has no price.
    """
    named = [(position, row, ladder.models_for(row)) for position, row in enumerate(rows)]
    kept = [(position, row, models) for position, row, models in named if models is not None]
    if not kept:
        raise DataError("--ladder", 0, f"no row has an outcome for every tier of {ladder.name!r}")
    outcomes = [[row.outcomes[model] for model in models] for _, row, models in kept]
    by_row = [[price_of(prices, model) for model in models] for _, _, models in kept]
    pairs = [list(zip(priced, record, strict=True)) for priced, record in zip(by_row, outcomes, strict=True)]
    return OutcomeTable(
        ladder=ladder,
        rows=tuple(row for _, row, _ in kept),
        positions=tuple(position for position, _, _ in kept),
        models=tuple(models for _, _, models in kept),
        quality=np.array([[outcome.score for outcome in record] for record in outcomes]),
        cost=np.array([[recorded_cost(price, outcome) for price, outcome in pair] for pair in pairs]),
        prompt_cost=np.array(
            [[float(price.input) * outcome.prompt_tokens for price, outcome in pair] for pair in pairs]
        ),
        output_price=np.array([[float(price.output) for price in priced] for priced in by_row]),
        left_out=len(rows) - len(kept),
    )


def tier_forecasts(table: OutcomeTable, forecasts: Forecasts) -> TierForecasts:
    """The forecasts for each row's own models. The forecasts' rows are those the table was made from."""
    columns = np.array([[forecasts.column[model] for model in models] for models in table.models])
    rows = np.array(table.positions)[:, None]
    tokens = forecasts.completion_tokens[rows, columns]
    return TierForecasts(forecasts.success[rows, columns], table.prompt_cost + tokens * table.output_price)
