"""Builds the shipped classifier: ``python -m litellm_router_plugin.learning.build_default --data DIR --out DIR``.

``DIR`` holds ``train.jsonl.gz`` with rows as in ``routing_outcomes``. Only training rows are read; the figures in the
manifest are those of held-out folds of them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.learning.default_card import SOURCE_LICENCES, default_classifier_card, source_entries
from litellm_router_plugin.learning.outcome_artefact import save_model
from litellm_router_plugin.learning.training import train_outcomes

RANDOM_STATE: Final = 0
TRAIN_FILE: Final = "train.jsonl.gz"


def read_rows(path: Path) -> list[Mapping[str, object]]:
    """The rows of a gzipped JSONL file.

    Raises:
        DataError: The file cannot be read, or a line is no JSON.
    """
    rows = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    rows.append(json.loads(line))
                except ValueError as error:
                    raise DataError(str(path), number, f"it is no JSON: {error}") from error
    except OSError as error:
        raise DataError(str(path), 0, f"cannot be read: {error.strerror}. Name the folder of {TRAIN_FILE}") from error
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the artefact; returns the process's exit code."""
    parser = argparse.ArgumentParser(description="Train the shipped classifier and write its artefact.")
    parser.add_argument("--data", type=Path, required=True, help=f"folder of {TRAIN_FILE}")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args(arguments)
    rows = read_rows(options.data / TRAIN_FILE)
    unnamed = {str(row.get("source")) for row in rows} - SOURCE_LICENCES.keys()
    if unnamed:
        raise DataError(TRAIN_FILE, 0, f"no licence is noted for {', '.join(sorted(unnamed))}; add it to the card")
    model = train_outcomes(rows, random_state=RANDOM_STATE)
    model = replace(model, about={**model.about, "sources": source_entries(model)})
    save_model(model, options.out, default_classifier_card(model))
    size = sum(path.stat().st_size for path in options.out.iterdir())
    sys.stdout.write(f"{options.out}: {len(model.names)} models, {len(rows)} rows, {size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
