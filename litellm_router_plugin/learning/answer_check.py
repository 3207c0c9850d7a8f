"""P(an answer is good enough), from numbers of the answer compared with those of its route and model before it.

What transfers to traffic that was not learned from is not how long an answer is, but how much longer than its like:
so features are standardised by the running mean and deviation of their (route, model), which needs no label. Where
little is known of a route its moments are drawn towards those of all training answers. A second ensemble reads the
numbers as they are. It counts whole on every request: fading it out with the distance to the training rows ranks worse
on sources that were left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.learning.trees import TreeEnsemble

FloatArray = NDArray[np.float64]

ROUTE_PREFIX: Final = "learned_"
"""Prefix of the route features that belong to this check."""
STANDARDISED: Final[tuple[str, ...]] = (
    "log_chars",
    "log_lines",
    "digit_share",
    "upper_share",
    "symbol_share",
    "equals",
    "backslashes",
    "brackets",
    "compression",
    "ends_closed",
    "chars_to_prompt",
    "distinct_share",
    "word_length",
    "repeated_pairs",
    "words_hedges",
    "words_reversals",
    "words_negations",
    "words_persons",
    "prompt_words_used",
    "words_from_prompt",
    "numbers",
    "new_numbers",
    "final_found",
    "final_chars",
    "final_magnitude",
    "final_mentions",
    "option_mentions",
    "other_option_mentions",
    "option_text_used",
    "calls",
    "values_in_prompt",
    "optional_left_out",
    "tool_words_in_prompt",
    "prompt_log_chars",
    "prompt_log_lines",
    "prompt_numbers",
    "prompt_distinct_share",
    "prompt_symbol_share",
)
"""Features that are compared with the route's, in order. They are few because every route and model keeps their
moments."""
ROUTE_LEVELS: Final[tuple[str, ...]] = ("log_chars", "final_found", "calls")
"""Features whose mean on the route is read as well: what kind of traffic it is."""
PRIOR_ANSWERS: Final = 5.0
"""Answers of a route and model at which its own moments count as much as those of all training answers."""
LARGEST_DEVIATION: Final = 8.0
"""Standardised features are cut to this many deviations."""
LARGEST_FEATURE: Final = 1e6
"""No feature is larger: they are shares, logarithms and small counts."""
LEAST_P: Final = 0.01
"""Estimates stay this far from 0 and 1."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Moments of all training answers, for the features of `STANDARDISED`.

    Attributes:
        mean: Of each feature.
        variance: Of each feature within its route and model; above 0.
    """

    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True)
class AnswerCheckModel:
    """The whole model: the sum of what both ensembles say.

    Build it with `answer_check_training`, load it with `answer_check_artefact`.

    Attributes:
        prior: For routes of which little is known.
        trees: On what `compared` gives; their output is P(good) above the usual of the route and model.
        raw_trees: On what `as_they_are` gives; their output is P(good) above what the first say.
        base: P(good) where nothing speaks either way: the mean over training answers.
        about: What the manifest says.
    """

    prior: Prior
    trees: TreeEnsemble
    raw_trees: TreeEnsemble
    base: float
    about: Mapping[str, object] = field(default_factory=dict, hash=False)

    def p_ok(self, features: Mapping[str, float], prompt: FloatArray, route: RouteStatistics) -> float:
        """P(the answer is good enough).

        Args:
            features: `checks.answer_features.answer_features` of the answer.
            prompt: `features.request_features` of its request.
            route: Statistics of the answers before it, of the same route and model.
        """
        above_usual = self.trees.total(compared(features, route, self.prior))[0].item()
        raw = self.raw_trees.total(as_they_are(features, prompt).astype(np.float32))[0].item()
        return float(min(max(self.base + above_usual + raw, LEAST_P), 1.0 - LEAST_P))

    def forecasts(self, compared_rows: FloatArray, raw: FloatArray) -> FloatArray:
        """The same of many answers, from the rows that `compared` and `as_they_are` give."""
        total = self.base + self.trees.totals(compared_rows)[:, 0] + self.raw_trees.totals(raw)[:, 0]
        return np.clip(total, LEAST_P, 1.0 - LEAST_P)


def as_they_are(features: Mapping[str, float], prompt: FloatArray) -> FloatArray:
    """The row that the second ensemble reads; what is no sensible number counts as 0."""
    row: FloatArray = np.concatenate([np.fromiter(features.values(), np.float64, len(features)), prompt])
    row[~_sensible(row)] = 0.0
    return row


def _sensible(values: FloatArray) -> NDArray[np.bool_]:
    """Finite, and of a size that a feature can have."""
    return np.asarray(np.abs(values) <= LARGEST_FEATURE)  # false for what is not a number


def compared(features: Mapping[str, float], route: RouteStatistics, prior: Prior) -> NDArray[np.float32]:
    """The row that the first ensemble reads: standardised features, then the route's levels.

    A feature that is no sensible number is as usual: its deviation is 0. Moments that are none are not known.
    """
    values = np.array([features.get(name, math.nan) for name in STANDARDISED])
    moments = np.zeros((len(STANDARDISED), 3))
    for place, name in enumerate(_ROUTE_NAMES):
        one = route.features.get(name)
        if one is not None:
            moments[place] = one.count, one.mean, one.squared_deviations
    moments[~(_sensible(moments[:, 1]) & (moments[:, 2] <= LARGEST_FEATURE**2 * moments[:, 0]))] = 0.0
    count, mean, spread = moments.T
    total = count + PRIOR_ANSWERS
    centre = (count * mean + PRIOR_ANSWERS * prior.mean) / total
    scale = np.sqrt((spread + PRIOR_ANSWERS * prior.variance) / total)
    deviations = (np.where(_sensible(values), values, centre) - centre) / scale
    np.minimum(deviations, LARGEST_DEVIATION, out=deviations)
    np.maximum(deviations, -LARGEST_DEVIATION, out=deviations)
    return np.concatenate([deviations, centre[_LEVEL_PLACES]]).astype(np.float32)


_ROUTE_NAMES: Final = tuple(ROUTE_PREFIX + name for name in STANDARDISED)
_LEVEL_PLACES: Final = [STANDARDISED.index(name) for name in ROUTE_LEVELS]
COMPARED_NAMES: Final[tuple[str, ...]] = (*STANDARDISED, *(f"route_{name}" for name in ROUTE_LEVELS))
"""Names of what `compared` gives, in order."""


def route_values_of(features: Mapping[str, float]) -> Mapping[str, float]:
    """What of an answer's features is added to the statistics of its route and model."""
    return {name: features[plain] for name, plain in zip(_ROUTE_NAMES, STANDARDISED, strict=True) if plain in features}


def prior_of(rows: FloatArray, groups: Sequence[int]) -> Prior:
    """The prior from training answers (rows x `STANDARDISED`): overall means, variances within each group."""
    group = np.asarray(groups)
    counts = np.bincount(group).astype(np.float64)
    sums = np.stack([np.bincount(group, column) for column in rows.T], axis=1)
    within = rows - (sums / np.maximum(counts, 1.0)[:, None])[group]
    return Prior(rows.mean(axis=0), np.maximum((within**2).mean(axis=0), LEAST_VARIANCE))


LEAST_VARIANCE: Final = 1e-6
