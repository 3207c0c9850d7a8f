"""How well a score ranks prompts: AUC, APGR and CPT, for many weightings of the rows at once.

PGR, the share of the quality gap between the cheapest and the dearest tier that is recovered, APGR, its mean over all
shares of dear calls, and CPT(x), the share of dear calls that recovers x of the gap, are those of RouteLLM (Ong et al.
2024, arXiv:2406.18665). Rows with the same score are taken in random order, that is in expectation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.evaluation.intervals import WeightedFigure, ratio
from litellm_router_plugin.evaluation.models import Floats


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows in the order of falling score, and where each run of equal scores starts."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    def sums(self, values: Floats) -> Floats:
        """Sums over each run, for each draw (draws x rows -> draws x runs)."""
        sums: Floats = np.add.reduceat(values[:, self.order], self.starts, axis=1)
        return sums


def _grouped(score: Floats) -> _Groups:
    order = np.argsort(-score, kind="stable")
    falls = np.flatnonzero(np.diff(score[order])) + 1
    return _Groups(order, np.concatenate([[0], falls]))


def auc(score: Floats, positive: NDArray[np.bool_]) -> WeightedFigure:
    """P(a positive row scores above a negative one), ties count half; NaN with one class only."""
    groups, labels = _grouped(score), positive.astype(np.float64)

    def figure(counts: Floats) -> Floats:
        hits = groups.sums(counts * labels)
        misses = groups.sums(counts * (1 - labels))
        misses_above = np.cumsum(misses, axis=1) - misses / 2
        total_hits, total_misses = hits.sum(axis=1), misses.sum(axis=1)
        beaten = total_misses - (hits * misses_above).sum(axis=1) / np.where(total_hits > 0, total_hits, np.nan)
        return ratio(beaten, total_misses)

    return figure


def apgr(score: Floats, gain: Floats) -> WeightedFigure:
    """Mean share of the gap recovered over all shares of dear calls; 0.5 is random; NaN where there is no gap."""
    groups = _grouped(score)

    def figure(counts: Floats) -> Floats:
        weight, recovered = groups.sums(counts), groups.sums(counts * gain)
        after = np.cumsum(recovered, axis=1) - recovered / 2
        area = (weight * after).sum(axis=1) / counts.sum(axis=1)
        return ratio(area, recovered.sum(axis=1))

    return figure


def cpt(score: Floats, gain: Floats, share_of_gap: float) -> WeightedFigure:
    """Smallest share of dear calls that recovers ``share_of_gap`` (0..1) of the gap; NaN where there is no gap."""
    groups = _grouped(score)

    def figure(counts: Floats) -> Floats:
        weight, recovered = groups.sums(counts), groups.sums(counts * gain)
        ends, calls = np.cumsum(recovered, axis=1), np.cumsum(weight, axis=1)
        gap = ends[:, -1]
        first = np.argmax(ends >= (share_of_gap * gap)[:, None], axis=1)
        draws = np.arange(len(counts))
        step = recovered[draws, first]
        missing = ends[draws, first] - share_of_gap * gap
        inside = np.divide(missing, step, out=np.zeros_like(step), where=step > 0)
        share = (calls[draws, first] - inside * weight[draws, first]) / calls[:, -1]
        return np.where(gap > 0, share, np.nan)

    return figure
