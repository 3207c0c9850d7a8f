"""How well the answer check ranks answers: AUC inside each source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from litellm_router_plugin.learning.answer_check import FloatArray
from litellm_router_plugin.learning.answer_check_rows import CountedAnswers
from litellm_router_plugin.learning.answer_check_training import train_answer_check

GOOD: Final = 0.5
"""Score from which an answer is good."""


def source_aucs(answers: CountedAnswers, p_ok: FloatArray, model: str | None = None) -> Mapping[str, float]:
    """Source -> AUC for "the answer is good", averaged over the source's models, or of one model.

    Models of which all answers are good, or all poor, are left out.
    """
    found = {}
    for source in np.unique(answers.sources):
        names = [model] if model else np.unique(answers.models[answers.sources == source]).tolist()
        values = [_auc(answers, p_ok, (answers.sources == source) & (answers.models == name)) for name in names]
        defined = [value for value in values if value is not None]
        if defined:
            found[str(source)] = float(np.mean(defined))
    return found


def _auc(answers: CountedAnswers, p_ok: FloatArray, rows: NDArray[np.bool_]) -> float | None:
    good = answers.scores[rows] >= GOOD
    return float(roc_auc_score(good, p_ok[rows])) if 0 < good.sum() < len(good) else None


def held_out(answers: CountedAnswers, folds: int, random_state: int) -> FloatArray:
    """P(good) of each answer by a model trained on the prompts of the other folds; all answers of a prompt in one."""
    prompts, place = np.unique(answers.prompt_ids, return_inverse=True)
    fold = (np.random.default_rng(random_state).permutation(len(prompts)) % folds)[place]
    p_ok = np.zeros(len(answers))
    for out in range(folds):
        model = train_answer_check(answers.taken(np.flatnonzero(fold != out)), random_state=random_state)
        p_ok[fold == out] = model.forecasts(answers.compared(model.prior), answers.raw())[fold == out]
    return p_ok


def without_own_source(fit: CountedAnswers, scored: CountedAnswers, random_state: int) -> FloatArray:
    """P(good) of each scored answer by a model trained on all other sources."""
    p_ok = np.zeros(len(scored))
    for source in np.unique(scored.sources):
        model = train_answer_check(fit.taken(np.flatnonzero(fit.sources != source)), random_state=random_state)
        rows = np.flatnonzero(scored.sources == source)
        part = scored.taken(rows)
        p_ok[rows] = model.forecasts(part.compared(model.prior), part.raw())
    return p_ok
