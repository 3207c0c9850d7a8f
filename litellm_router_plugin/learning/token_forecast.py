"""How many tokens a model will read and write, before the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.learning.features import FEATURE_NAMES, WINDOW_HEAD, WINDOW_TAIL

FloatArray = NDArray[np.float64]

MOST_COMPLETION_TOKENS: Final = 32_000.0
"""Forecasts are cut here: the log-linear model must not run away on odd prompts. A guess."""
MOST_LOG: Final = float(np.log(MOST_COMPLETION_TOKENS))
PROMPT_COUNTS: Final = tuple(index for index, name in enumerate(FEATURE_NAMES) if name.startswith("bytes_"))
"""Features whose counts the prompt's tokens are estimated from."""
TOOL_COUNTS: Final = tuple(FEATURE_NAMES.index(name) for name in ("tools", "tool_parameters"))


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """Tokens of a prompt as a sum over classes of characters.

    Attributes:
        per_count: Tokens for each unit of `PROMPT_COUNTS`.
        per_tool: Tokens for each unit of `TOOL_COUNTS`.
    """

    per_count: FloatArray
    per_tool: FloatArray

    def of(self, features: FloatArray, request: RequestView) -> float:
        """Expected prompt tokens of the whole request; what lies outside the window is taken to be like it."""
        window = float(np.matmul(np.expm1(features[_PROMPT_SLICE]), self.per_count))
        shown = max(1, min(len(request.text), WINDOW_HEAD + WINDOW_TAIL))
        chars = max(request.chars, request.text_chars, len(request.text))
        tokens: float = window * chars / shown
        return tokens + float(np.expm1(features[_TOOL_INDEX]) @ self.per_tool) if request.tools else tokens

    def of_rows(self, features: FloatArray) -> FloatArray:
        """Expected prompt tokens of many prompts that their window holds nearly whole."""
        tokens: FloatArray = np.expm1(features[:, _PROMPT_SLICE]) @ self.per_count
        return tokens + np.expm1(features[:, _TOOL_INDEX]) @ self.per_tool


_PROMPT_SLICE: Final = slice(PROMPT_COUNTS[0], PROMPT_COUNTS[-1] + 1)
_TOOL_INDEX: Final = np.array(TOOL_COUNTS)


def expected_tokens(logs: FloatArray) -> FloatArray:
    """Tokens from the logarithms of a head; the heads hold the logarithm of the mean, not of the median."""
    tokens: FloatArray = np.exp(np.minimum(logs, MOST_LOG))
    return tokens
