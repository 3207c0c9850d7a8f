"""Builds the shipped answer check.

    python -m litellm_router_plugin.learning.build_answer_check --data DIR --out DIR

``DIR`` holds ``dev.jsonl.gz`` with rows as in ``cascade_answers``: answers of several models to one prompt, each with
its score, and the prompt's split. The model learns from the rows of the train split only; the other rows are scored.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import sklearn

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.answer_check_artefact import save_answer_check
from litellm_router_plugin.learning.answer_check_card import answer_check_card
from litellm_router_plugin.learning.answer_check_figures import held_out, source_aucs, without_own_source
from litellm_router_plugin.learning.answer_check_rows import CountedAnswers, count_answers
from litellm_router_plugin.learning.answer_check_training import train_answer_check
from litellm_router_plugin.learning.build_default import read_rows
from litellm_router_plugin.learning.default_card import SOURCE_LICENCES

RANDOM_STATE: Final = 0
DATA_FILE: Final = "dev.jsonl.gz"
TRAIN: Final = "train"
FOLDS: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write the artefact, print its figures; returns the process's exit code."""
    parser = argparse.ArgumentParser(description="Train the shipped answer check and write its artefact.")
    parser.add_argument("--data", type=Path, required=True, help=f"folder of {DATA_FILE}")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--figures", action="store_true", help="train without folds and sources too, and note the AUC")
    options = parser.parse_args(arguments)
    rows = read_rows(options.data / DATA_FILE)
    fit = [row for row in rows if row.get("split") == TRAIN]
    answers = count_answers(fit)
    scored = count_answers([row for row in rows if row.get("split") != TRAIN])
    unnamed = set(answers.sources.tolist()) - SOURCE_LICENCES.keys()
    if unnamed:
        raise DataError(DATA_FILE, 0, f"no licence is noted for {', '.join(sorted(unnamed))}; add it to the card")
    model = train_answer_check(answers, random_state=RANDOM_STATE, about=about(fit, answers))
    figures = {"other split": figure(scored, model.forecasts(scored.compared(model.prior), scored.raw()))}
    if options.figures:
        figures[f"{FOLDS} folds of the train split"] = figure(answers, held_out(answers, FOLDS, RANDOM_STATE))
        left_out = without_own_source(answers, scored, RANDOM_STATE)
        figures["other split, own source left out of training"] = figure(scored, left_out)
    save_answer_check(model, options.out, answer_check_card(model, figures))
    size = sum(path.stat().st_size for path in options.out.iterdir())
    sys.stdout.write(f"{json.dumps(figures, indent=1)}\n{options.out}: {len(answers)} answers, {size} bytes\n")
    return 0


def about(rows: Sequence[Mapping[str, object]], answers: CountedAnswers) -> dict[str, object]:
    """What the manifest says of the training."""
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    sources = sorted(set(answers.sources.tolist()))
    return {
        "answers": len(answers),
        "prompts": len(rows),
        "data_sha256": digest,
        "random_state": RANDOM_STATE,
        "library_versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "sources": [
            {"source": name, "what": SOURCE_LICENCES[name][0], "licence": SOURCE_LICENCES[name][1]} for name in sources
        ],
    }


def figure(answers: CountedAnswers, p_ok: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> dict[str, float]:
    """AUC of each source, averaged over its models, and their mean."""
    by_source = source_aucs(answers, p_ok)
    rounded = {source: round(value, 3) for source, value in by_source.items()}
    return {**rounded, "mean": round(float(np.mean(list(by_source.values()))), 3)}


if __name__ == "__main__":
    sys.exit(main())
