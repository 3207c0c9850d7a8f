"""What people say of answers: ratings, thumbs and scores as one number from 0 to 1, and what many of them show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from litellm_router_plugin.errors import InvalidRating

RatingKind = Literal["rating", "thumb", "score"]

LOWEST, HIGHEST = 1, 5
"""Ends of the rating scale."""
THUMBS: Final[Mapping[str, float]] = {"up": 1.0, "down": 0.0}
MAX_COMMENT_CHARS = 2_000
MAX_RATER_CHARS = 200
CONFIDENCE_Z = 1.959963984540054
"""Quantile of the normal distribution for 95 % intervals."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What one rater says of one answer.

    Attributes:
        kind: How it was given.
        value: As it was given: 1 to 5, 0 or 1 for thumbs, or the score.
        score: The same from 0 (bad) to 1 (good).
        comment: In words; may be empty.
    """

    kind: RatingKind
    value: float
    score: float
    comment: str = ""


def parse_rating(
    *, rating: object = None, thumb: object = None, score: object = None, comment: object = None
) -> Rating:
    """A rating from what was sent: exactly one of ``rating`` (1 to 5), ``thumb`` (up, down) and ``score`` (0 to 1).

    Raises:
        InvalidRating: It is none of these, or several, or out of range.
    """
    given = {"rating": rating, "thumb": thumb, "score": score}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        found = f"both {' and '.join(names)}" if names else "none"
        raise InvalidRating(f"feedback: expected one of rating, thumb and score, found {found}. Send one of them")
    words = _comment(comment)
    if rating is not None:
        stars = _whole(rating)
        return Rating("rating", stars, (stars - LOWEST) / (HIGHEST - LOWEST), words)
    if thumb is not None:
        up = _thumb(thumb)
        return Rating("thumb", up, up, words)
    share = _share(score)
    return Rating("score", share, share, words)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in range(LOWEST, HIGHEST + 1):
        raise InvalidRating(
            f"feedback.rating: expected a whole number from {LOWEST} to {HIGHEST}, found {_shown(value)}"
        )
    return int(value)


def _thumb(value: object) -> float:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.lower() in THUMBS:
        return THUMBS[value.lower()]
    raise InvalidRating(f"feedback.thumb: expected up or down, found {_shown(value)}")


def _share(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:  # type: ignore[operator]  # a number by the line above
        raise InvalidRating(f"feedback.score: expected a number from 0 to 1, found {_shown(value)}")
    return float(value)  # type: ignore[arg-type]  # same


def _comment(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRating(f"feedback.comment: expected a text, found {type(value).__name__}")
    if len(value) > MAX_COMMENT_CHARS:
        raise InvalidRating(f"feedback.comment: {len(value)} characters are more than {MAX_COMMENT_CHARS}. Shorten it")
    return value


def _shown(value: object) -> str:
    return repr(value)[:40]


def parse_rater(rater: object) -> str:
    """The name of a rater; one rater's second rating of an answer replaces the first.

    Raises:
        InvalidRating: It is empty or too long.
    """
    if not isinstance(rater, str) or not rater or len(rater) > MAX_RATER_CHARS:
        raise InvalidRating(
            f"feedback.rater: expected a name of 1 to {MAX_RATER_CHARS} characters, found {_shown(rater)}"
        )
    return rater


def wilson_interval(mean: float, count: int, z: float = CONFIDENCE_Z) -> tuple[float, float]:
    """The interval of a share by Wilson's method (1927), 95 % by default; (0, 1) for no observation.

    For scores between 0 and 1 it is wider than needed, never narrower: no variable on 0 to 1 with a given mean varies
    more than one that is either 0 or 1.
    """
    if count == 0:
        return 0.0, 1.0
    square = z * z / count
    centre = (mean + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(max(0.0, mean * (1 - mean)) / count + square / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class RatingGroup:
    """The ratings of one tier on one route: how many, and the sum of their scores."""

    tier: str
    route: str
    count: int
    score_sum: float


def quality(count: int, score_sum: float) -> dict[str, float | int | None]:
    """Mean score of some ratings with its 95 % interval, in the form users see; null for none."""
    if not count:
        return {"ratings": 0, "mean_score": None, "low": None, "high": None}
    mean = score_sum / count
    low, high = wilson_interval(min(1.0, max(0.0, mean)), count)
    return {"ratings": count, "mean_score": mean, "low": low, "high": high}


def ratings_by_tier(groups: Iterable[RatingGroup], tiers: Iterable[str]) -> dict[str, object]:
    """Tier -> quality of its answers; every tier named appears, also with no rating."""
    sums: dict[str, tuple[int, float]] = dict.fromkeys(tiers, (0, 0.0))
    for group in groups:
        count, total = sums.get(group.tier, (0, 0.0))
        sums[group.tier] = (count + group.count, total + group.score_sum)
    return {tier: quality(*values) for tier, values in sums.items()}


def ratings_by_route(groups: Iterable[RatingGroup]) -> dict[str, dict[str, object]]:
    """Route -> tier -> quality of its answers there."""
    result: dict[str, dict[str, object]] = {}
    for group in groups:
        result.setdefault(group.route, {})[group.tier] = quality(group.count, group.score_sum)
    return result
