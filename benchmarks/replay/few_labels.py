"""How well a model that was left out of training is forecast from few labels of it, against all its labels.

    python benchmarks/replay/few_labels.py [--data DIR]

Trains once without any outcome of four models, fits heads for them from 50, 100 and all of their training outcomes, and
scores these on the development rows: AUC of "it fails" inside a source, mean over sources, and the Brier score. About
three minutes. ``DIR`` is the folder of ``routing_outcomes``; default ``$TIER_ROUTER_DATA/routing_outcomes``.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from litellm_router_plugin.learning.adaptation import spread_prior
from litellm_router_plugin.learning.build_default import read_rows
from litellm_router_plugin.learning.heads import fit_head, sigmoid
from litellm_router_plugin.learning.outcome_rows import OutcomeTable, outcome_table
from litellm_router_plugin.learning.training import train_table

LEFT_OUT = ("gpt-4o-mini-2024-07-18", "claude-3-haiku-20240307", "llama-3.1-8b-instruct", "gemini-1.5-flash-002")
LABELS = (50, 100)
DRAWS = 20
"""Samples of so many labels; figures are their mean."""
FEWEST_ROWS = 20
GOOD = 0.5
FloatArray = NDArray[np.float64]


def without(table: OutcomeTable, names: tuple[str, ...]) -> OutcomeTable:
    """The table as if these models had answered nothing."""
    kept = [place for place, name in enumerate(table.models) if name not in names]
    columns = {name: getattr(table, name)[:, kept] for name in ("scores", "completion_tokens", "prompt_tokens")}
    part = replace(table, models=tuple(table.models[place] for place in kept), **columns)
    return part.taken(np.flatnonzero((~np.isnan(part.scores)).any(axis=1)))


def figures(p_ok: FloatArray, scores: FloatArray, sources: NDArray[np.str_]) -> tuple[float, float]:
    """Fail AUC within sources and Brier score, where there are outcomes."""
    known = ~np.isnan(scores)
    found = []
    for source in np.unique(sources[known]):
        rows = known & (sources == source)
        fails = scores[rows] < GOOD
        if rows.sum() > FEWEST_ROWS and 0 < fails.sum() < len(fails):
            found.append(float(roc_auc_score(fails, -p_ok[rows])))
    return float(np.mean(found)), float(((p_ok[known] - scores[known]) ** 2).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description="Forecast models from few labels of them.")
    default = Path(os.environ.get("TIER_ROUTER_DATA", "../shared/data")) / "routing_outcomes"
    parser.add_argument("--data", type=Path, default=default)
    options = parser.parse_args()
    train = outcome_table(read_rows(options.data / "train.jsonl.gz"))
    dev = outcome_table(read_rows(options.data / "dev.jsonl.gz"), models=LEFT_OUT)
    model = train_table(without(train, LEFT_OUT))
    prior, fitted, served = spread_prior(model), model.latents_of(train.features), model.served_latents_of(dev.features)

    def scored(rows: NDArray[np.int64], name: str) -> tuple[float, float]:
        head = fit_head(fitted[rows], train.scores[rows, train.models.index(name)], prior)
        return figures(sigmoid(head[0] + served @ head[1:]), dev.scores[:, dev.models.index(name)], dev.sources)

    by_labels: dict[str, list[tuple[float, float]]] = {}
    for name in LEFT_OUT:
        labelled = np.flatnonzero(~np.isnan(train.scores[:, train.models.index(name)]))
        for labels in (*LABELS, len(labelled)):
            draws = [
                scored(np.random.default_rng(seed).choice(labelled, labels, replace=False), name)
                for seed in range(DRAWS if labels < len(labelled) else 1)
            ]
            auc, brier = np.mean(draws, axis=0).tolist()
            print(f"{name:28} {labels:5} labels: fail AUC {auc:.3f}, Brier {brier:.3f}")
            by_labels.setdefault("all" if labels == len(labelled) else str(labels), []).append((auc, brier))
    for labels_told, values in by_labels.items():
        auc, brier = np.mean(values, axis=0).tolist()
        print(f"{'mean of the models':28} {labels_told:>5} labels: fail AUC {auc:.3f}, Brier {brier:.3f}")


if __name__ == "__main__":
    main()
