"""Trains the learned model on recorded outcomes."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
import sklearn
from numpy.typing import NDArray

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.boosting import BoostingSettings, LatentTrees, boost_latents
from litellm_router_plugin.learning.crossfitting import fitted_scale, held_out_latents, reference_rows
from litellm_router_plugin.learning.ease_fitting import fit_ease
from litellm_router_plugin.learning.held_out_metrics import held_out_metrics
from litellm_router_plugin.learning.known_kinds_fitting import fit_known_kinds, fit_whitening
from litellm_router_plugin.learning.latents import Outcomes
from litellm_router_plugin.learning.outcome_model import LearnedModel, ReferencePrompts
from litellm_router_plugin.learning.outcome_rows import OutcomeTable, Progress, Row, outcome_table
from litellm_router_plugin.learning.token_fitting import fit_completion_heads, fit_prompt_tokens

FloatArray = NDArray[np.float64]

FEWEST_ROWS: Final = 50
"""Rows below which nothing can be learned; a floor against mistakes, not a recommendation."""
SOURCE_POWER: Final = -0.5
"""A row of a source with n rows weighs n to this power, so that large sources do not drown small ones."""
DEFAULT_SETTINGS: Final = BoostingSettings()


def train_outcomes(
    rows: Iterable[Row],
    *,
    random_state: int = 0,
    progress: Progress | None = None,
    settings: BoostingSettings = DEFAULT_SETTINGS,
) -> LearnedModel:
    """Train on rows as in ``routing_outcomes``.

    Args:
        rows: Parsed lines.
        random_state: Seed; the same rows and seed give the same model.
        progress: Hands on the rows and shows how far their features are.
        settings: How the trees are grown.

    Raises:
        DataError: Too few rows, a wrong row, or outcomes that are all alike.
    """
    return train_table(outcome_table(rows, progress=progress), random_state=random_state, settings=settings)


def train_table(
    table: OutcomeTable, *, random_state: int = 0, settings: BoostingSettings = DEFAULT_SETTINGS
) -> LearnedModel:
    """As `train_outcomes`, on rows that were read already."""
    grown = grow_trees(table, random_state=random_state, settings=settings)
    outcomes = table_outcomes(table)
    held_out = held_out_latents(
        table.features, outcomes, table.groups, grown, settings=settings, random_state=random_state
    )
    calibrated = replace(grown, heads=_scaled(grown.heads, fitted_scale(held_out, outcomes, grown.heads)))
    metrics = held_out_metrics(held_out, outcomes, calibrated.heads, table.sources)
    model = assemble(table, calibrated, held_out, random_state=random_state)
    return replace(model, about={**model.about, "metrics": metrics})


def _scaled(heads: FloatArray, scale: float) -> FloatArray:
    return np.column_stack([heads[:, 0], heads[:, 1:] * scale])


def table_outcomes(table: OutcomeTable) -> Outcomes:
    """The scores of a table, its rows weighted by source."""
    return Outcomes.of(table.scores, source_weights(table.sources))


def grow_trees(
    table: OutcomeTable, *, random_state: int = 0, settings: BoostingSettings = DEFAULT_SETTINGS
) -> LatentTrees:
    """The trees and heads, before their loadings are scaled."""
    _refuse_nonsense(table)
    outcomes = table_outcomes(table)
    ease = fit_ease(table.features, outcomes, table.sources)
    return boost_latents(table.features, outcomes, ease, settings, random_state)


def assemble(table: OutcomeTable, grown: LatentTrees, held_out: FloatArray, *, random_state: int) -> LearnedModel:
    """The served model from grown trees: exported, with token forecasts, familiarity and reference prompts."""
    projection = fit_whitening(table.features, random_state)
    directions = projection.of(table.features)
    prompt_tokens = fit_prompt_tokens(table)
    sample = reference_rows(source_weights(table.sources), random_state)
    places, source = np.unique(table.sources, return_inverse=True)
    known = ~np.isnan(table.scores)
    return LearnedModel(
        trees=grown.trees,
        ease=grown.ease,
        names=table.models,
        heads=grown.heads,
        labels=known.sum(axis=0),
        seen=np.stack([known[source == place].any(axis=0) for place in range(len(places))], axis=1),
        completion_heads=_single(fit_completion_heads(directions, table.completion_tokens)),
        projection=projection,
        known_kinds=fit_known_kinds(directions, random_state),
        prompt_tokens=prompt_tokens,
        reference=ReferencePrompts(
            _single(held_out[sample]),
            _single(directions[sample]),
            _single(prompt_tokens.of_rows(table.features[sample])),
            source[sample],
        ),
        about={
            "rows": len(table),
            "row_sources": sorted({str(source) for source in table.sources}),
            "data_sha256": table.fingerprint,
            "random_state": random_state,
            "library_versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scikit-learn": sklearn.__version__,
            },
        },
    )


def _single(numbers: FloatArray) -> FloatArray:
    """Rounded to the 32 bits that are saved, so that saving changes no forecast."""
    return numbers.astype(np.float32).astype(np.float64)


def source_weights(sources: NDArray[np.str_]) -> FloatArray:
    """How much each row counts."""
    _, place, counts = np.unique(sources, return_inverse=True, return_counts=True)
    weights: FloatArray = counts.astype(np.float64)[place] ** SOURCE_POWER
    return weights


def _refuse_nonsense(table: OutcomeTable) -> None:
    if len(table) < FEWEST_ROWS:
        raise DataError("outcomes", 0, f"{len(table)} rows are too few to learn from; give at least {FEWEST_ROWS}")
    known = table.scores[~np.isnan(table.scores)]
    if np.ptp(known) == 0:
        raise DataError("outcomes", 0, f"every score is {known[0]:g}: nothing tells a good answer from a bad one")
