"""Certified thresholds: from labelled requests of one route to a threshold whose quality loss is bounded.

Learn-then-test (Angelopoulos, Bates, Candès, Jordan and Lei 2021) with a fixed sequence: thresholds are tested from
strict to lax, each against "the loss at this threshold exceeds the limit", up to the first that cannot be rejected.
The last rejected one is certified: over draws of the labels, a threshold beyond the limit is certified with
probability at most 1 - confidence. The loss is a mean over all requests of the route, served cheap or not.

- ``signed``: reference quality minus cheap quality where the cheap answer is served, 0 elsewhere. Wins make up for
  losses. Tested by betting (Waudby-Smith and Ramdas 2024).
- ``harm``: the cheap answer is served and bad although the reference is good. Tested by the exact binomial.

Choose the loss before looking at labels. A certificate holds for its own route as long as requests come from where the
labels came from: after a shift it is void.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Loss = Literal["signed", "harm"]
Floats: TypeAlias = NDArray[np.float64]

THRESHOLDS: tuple[float, ...] = tuple(round(1 - step / 100, 2) for step in range(101))
"""The fixed sequence: hundredths from 1 to 0. It must not depend on the labels."""
GOOD = 0.5
"""Quality from which an answer counts as good."""
MIN_SERVED = 0.1
"""Share of the route served cheap below which a certificate is of no use."""
CAUTION = 0.75
"""Share of the largest bet allowed; a bet of 1 would be lost for good by one worst case. Waudby-Smith and Ramdas advise
1/2 or 3/4."""
FIRST_VARIANCE = 0.02
"""Variance assumed before any label is seen: about that of a loss that is 0 for nine requests in ten. Any value is
valid; one too high makes the first bets timid."""
HEADROOM = 1.25
"""Times the labels at which half of the attempts succeed; a choice that makes most succeed."""
MAX_LABELS = 10_000_000
"""Where the search for the labels needed ends."""


@dataclass(frozen=True, slots=True)
class LabelledRoute:
    """Labelled requests of one route, row by row, all values in 0..1.

    Attributes:
        scores: What the router thinks of the cheap answer; served cheap at or above the threshold.
        cheap: Quality of the cheap answer.
        reference: Quality of the answer that is served otherwise.
    """

    scores: Floats
    cheap: Floats
    reference: Floats

    def __post_init__(self) -> None:
        if not len(self.scores) == len(self.cheap) == len(self.reference):
            raise ValueError("scores, cheap and reference must be of one length")
        for name in ("scores", "cheap", "reference"):
            values = getattr(self, name)
            if not bool(np.all((values >= 0) & (values <= 1))):
                raise ValueError(f"{name}: every value must lie in 0..1")

    @staticmethod
    def of(scores: Sequence[float], cheap: Sequence[float], reference: Sequence[float]) -> LabelledRoute:
        """From plain sequences; raises `ValueError` for values outside 0..1 or unequal lengths."""
        return LabelledRoute(*(np.asarray(values, dtype=np.float64) for values in (scores, cheap, reference)))

    def __len__(self) -> int:
        return len(self.scores)

    def losses(self, threshold: float, loss: Loss) -> Floats:
        """The loss of each request when answers at or above the threshold are served cheap."""
        if loss == "signed":
            each = self.reference - self.cheap
        else:
            each = ((self.cheap < GOOD) & (self.reference >= GOOD)).astype(np.float64)
        return np.where(self.scores >= threshold, each, 0.0)

    def served(self, threshold: float) -> float:
        """Share of the requests served cheap."""
        return float(np.mean(self.scores >= threshold)) if len(self) else 0.0

    def shuffled(self, seed: int) -> LabelledRoute:
        """The rows in random order: betting looks at them one by one, and files are often sorted."""
        order = np.random.default_rng(seed).permutation(len(self))
        return LabelledRoute(self.scores[order], self.cheap[order], self.reference[order])


@dataclass(frozen=True, slots=True)
class Certificate:
    """A threshold whose loss is at most ``max_loss`` with the confidence asked for.

    Attributes:
        threshold: Serve the cheap answer at or above this score.
        served: Share of the labelled requests that it serves cheap.
        loss: Their mean loss, over all requests of the route.
        labels: Labelled requests that it rests on.
    """

    threshold: float
    served: float
    loss: float
    labels: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """No useful threshold can be certified.

    Attributes:
        labels: Labelled requests there are.
        more_labels: About how many more would do if they look like these; None: no number would.
        reason: Why, in words.
    """

    labels: int
    more_labels: int | None
    reason: str


def certify(
    route: LabelledRoute,
    *,
    max_loss: float,
    confidence: float = 0.95,
    loss: Loss = "signed",
    min_served: float = MIN_SERVED,
    seed: int = 0,
) -> Certificate | Refusal:
    """The most generous threshold that can be certified, or why none can.

    Args:
        route: Labelled requests of one route, independent of each other.
        max_loss: Largest mean loss allowed, above 0 and below 1.
        confidence: That the certified threshold keeps to it.
        loss: Which loss; see the module.
        min_served: Share of requests that a useful threshold serves cheap.
        seed: Of the order in which betting looks at the rows.
    """
    _check(max_loss, confidence)
    if not len(route):
        return _refusal(route, max_loss, confidence, loss, min_served)
    rows, certified = route.shuffled(seed), None
    for threshold in THRESHOLDS:
        if p_value(rows.losses(threshold, loss), max_loss, loss) > 1 - confidence:
            break
        certified = threshold
    if certified is None or rows.served(certified) < min_served:
        return _refusal(route, max_loss, confidence, loss, min_served)
    mean = float(np.mean(rows.losses(certified, loss)))
    return Certificate(certified, rows.served(certified), mean, len(rows))


def p_value(losses: Floats, max_loss: float, loss: Loss) -> float:
    """Of "the mean loss exceeds the limit": exact binomial for ``harm``, betting for ``signed``."""
    if loss == "harm":
        return float(binom.cdf(int(losses.sum()), len(losses), max_loss))
    return _betting_p_value((losses + 1) / 2, (max_loss + 1) / 2)


def _betting_p_value(values: Floats, mean: float) -> float:
    """Of "the mean of these values in 0..1 is at least ``mean``": one over the highest wealth of a bet against it.

    Each bet depends on earlier values only. Its size is the best one for the variance seen so far (their section on
    fixed sample sizes) times the edge, limited to `CAUTION` of what can be lost.
    """
    count = np.arange(1, len(values) + 1)
    before = np.concatenate(([0.0], np.cumsum(values)[:-1]))
    averages = (0.5 + before) / count
    deviations = np.cumsum((values - averages) ** 2)
    variances = (FIRST_VARIANCE + np.concatenate(([0.0], deviations[:-1]))) / count
    edges = np.maximum(mean - averages, 0.0)
    bets = np.minimum(edges / (variances + edges**2), CAUTION / (1 - mean))
    wealth = np.cumsum(np.log1p(bets * (mean - values)))
    return float(min(1.0, math.exp(-max(0.0, float(wealth.max())))))


def fewest_labels(max_loss: float, confidence: float, loss: Loss) -> int:
    """Labels without which nothing can be certified, even if no loss is ever seen."""
    return math.ceil(-math.log(1 - confidence) / _growth(np.zeros(1), max_loss, loss))


def _check(max_loss: float, confidence: float) -> None:
    if not 0.0 < max_loss < 1.0:
        raise ValueError(f"max_loss: {max_loss!r} does not lie between 0 and 1; 0.02 allows two points of quality")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence!r} does not lie between 0 and 1; 0.95 is usual")


def _refusal(route: LabelledRoute, max_loss: float, confidence: float, loss: Loss, min_served: float) -> Refusal:
    labels, least = len(route), fewest_labels(max_loss, confidence, loss)
    useful = next((threshold for threshold in THRESHOLDS if route.served(threshold) >= min_served), 0.0)
    losses = route.losses(useful, loss) if labels else np.zeros(1)
    mean = float(np.mean(losses))
    more = _more_labels(losses, max_loss, confidence, loss)
    if labels < least:
        reason = f"at least {least} labels are needed for this limit"
        return Refusal(labels, max(least - labels, more or 0), reason)
    if mean >= max_loss:
        reason = f"the strictest useful threshold, {useful:.2f}, already loses {mean:.4f}"
        return Refusal(labels, None, reason)
    return Refusal(labels, more, f"the loss at {useful:.2f} is {mean:.4f}, too near the limit for so few labels")


def _more_labels(losses: Floats, max_loss: float, confidence: float, loss: Loss) -> int | None:
    """About how many more labels like these make the test pass; None past `MAX_LABELS`."""
    growth = _growth(losses, max_loss, loss) if np.mean(losses) < max_loss else 0.0
    if growth <= 0:
        return None
    needed = -math.log(1 - confidence) / growth
    if not losses.any():
        return max(1, math.ceil(needed) - len(losses))
    more = max(HEADROOM * needed - len(losses), (HEADROOM - 1) * len(losses))
    return math.ceil(more) if more <= MAX_LABELS else None


def _growth(losses: Floats, max_loss: float, loss: Loss) -> float:
    """Log evidence that each label brings: relative entropy for ``harm``, the best constant bet's for ``signed``."""
    mean = float(np.mean(losses))
    if loss == "harm":
        alive = (1 - mean) * math.log((1 - mean) / (1 - max_loss))
        return alive + (mean * math.log(mean / max_loss) if mean else 0.0)
    values, limit = (losses + 1) / 2, (max_loss + 1) / 2
    bets = np.linspace(0.0, CAUTION / (1 - limit), 51)[1:]
    return max(float(np.mean(np.log1p(bet * (limit - values)))) for bet in bets)
