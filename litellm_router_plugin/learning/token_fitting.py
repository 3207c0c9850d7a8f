"""Fits the token forecasts with scikit-learn and numpy."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from litellm_router_plugin.learning.outcome_rows import OutcomeTable
from litellm_router_plugin.learning.token_forecast import PROMPT_COUNTS, TOOL_COUNTS, PromptTokens

FloatArray = NDArray[np.float64]

COMPLETION_RIDGE: Final = 30.0
"""Ridge of the log-linear heads, towards the head that all models share."""
DEFAULT_TOKENS_PER_CHAR: Final = 0.25
"""Where no row tells its prompt tokens: four characters a token, the usual rule of thumb for English."""
DEFAULT_TOKENS_PER_TOOL: Final = (40.0, 20.0)
"""Tokens of a tool and of a parameter where no row tells; a guess, unvalidated."""
DEFAULT_COMPLETION: Final = 300.0
"""Tokens of an answer where no row tells any; a guess."""


def fit_prompt_tokens(table: OutcomeTable) -> PromptTokens:
    """Tokens per class of characters, each source with an overhead of its own that does not count as prompt."""
    tokens = _row_medians(table.prompt_tokens)
    rows = ~np.isnan(tokens)
    if rows.sum() < 2 * len(PROMPT_COUNTS):
        per_count = np.full(len(PROMPT_COUNTS), DEFAULT_TOKENS_PER_CHAR)
        return PromptTokens(per_count, np.array(DEFAULT_TOKENS_PER_TOOL))
    counts = np.expm1(table.features[rows][:, [*PROMPT_COUNTS, *TOOL_COUNTS]])
    _, source = np.unique(table.sources[rows], return_inverse=True)
    design = np.column_stack([counts, np.eye(source.max() + 1)[source]])
    fitted = LinearRegression(positive=True, fit_intercept=False).fit(design, tokens[rows]).coef_
    count = len(PROMPT_COUNTS)
    return PromptTokens(fitted[:count], fitted[count : count + len(TOOL_COUNTS)])


def _row_medians(cells: FloatArray) -> FloatArray:
    medians = np.full(len(cells), np.nan)
    filled = ~np.isnan(cells).all(axis=1)
    medians[filled] = np.nanmedian(cells[filled], axis=1)
    return medians


def fit_completion_heads(directions: FloatArray, completion_tokens: FloatArray) -> FloatArray:
    """Log-linear heads, one a model and one more for models not known, (models + 1) x (1 + directions)."""
    logs = np.log1p(completion_tokens)
    common = fit_completion_head(directions, _row_means(logs), np.zeros(directions.shape[1]))
    if common is None:
        common = np.zeros(directions.shape[1] + 1)
        common[0] = np.log(DEFAULT_COMPLETION)
    heads = [fit_completion_head(directions, column, common[1:]) for column in logs.T]
    return np.array([*(common if head is None else head for head in heads), common])


def _row_means(cells: FloatArray) -> FloatArray:
    means = np.full(len(cells), np.nan)
    filled = ~np.isnan(cells).all(axis=1)
    means[filled] = np.nanmean(cells[filled], axis=1)
    return means


def fit_completion_head(directions: FloatArray, logs: FloatArray, typical: FloatArray) -> FloatArray | None:
    """A ridge regression held at typical weights, smeared to the mean (Duan 1983); None without rows."""
    rows = ~np.isnan(logs)
    if not rows.any():
        return None
    own, wanted = directions[rows], logs[rows] - directions[rows] @ typical
    centre, level = own.mean(axis=0), wanted.mean()
    moved = own - centre
    change = np.linalg.solve(moved.T @ moved + COMPLETION_RIDGE * np.eye(own.shape[1]), moved.T @ (wanted - level))
    weights = typical + change
    intercept = float(level - centre @ change)
    left = logs[rows] - own @ weights - intercept
    return np.concatenate([[intercept + float(np.log(np.mean(np.exp(left))))], weights])
