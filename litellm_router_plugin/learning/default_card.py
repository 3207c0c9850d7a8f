"""The card of the shipped classifier: what it is, what it learned from, under which licences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from litellm_router_plugin.learning.outcome_model import LearnedModel

SOURCE_LICENCES: Final[Mapping[str, tuple[str, str]]] = {
    "arena_bench_v1": ("arena-bench-v1 (LMSYS), lmarena/arena-hard-auto 196f6b8267", "Apache-2.0"),
    "arena_hard_v01": ("Arena-Hard v0.1, danielwetzel/arena-hard-auto 90fa39956e", "Apache-2.0"),
    "bfcl_v1": (
        "Berkeley Function-Calling Leaderboard v1, gorilla 6ea57973c7 and HuanzhiMao/BFCL-Result b4adfc9be5",
        "gorilla: Apache-2.0; BFCL-Result has no licence file",
    ),
    "mmlu_pro": ("MMLU-Pro, TIGER-AI-Lab/MMLU-Pro f418b116db", "Apache-2.0 / MIT"),
    "planbench_blocksworld": ("PlanBench Blocksworld, karthikv792/LLMs-Planning b008bc4327", "MIT"),
    "reasoning_gym": ("reasoning-gym-eval, open-thought/reasoning-gym-eval 5f09fecc34", "Apache-2.0"),
    "zeroeval_crux": ("CRUXEval in WildEval/ZeroEval 8c1485edf1", "Apache-2.0 (ZeroEval), MIT (CRUXEval)"),
    "zeroeval_math_l5": ("MATH level 5 in WildEval/ZeroEval 8c1485edf1", "Apache-2.0 (ZeroEval), MIT (MATH)"),
    "zeroeval_mmlu_redux": (
        "MMLU-Redux in WildEval/ZeroEval 8c1485edf1, question texts aryopg/mmlu-redux 4563cfa79b",
        "Apache-2.0 (ZeroEval), CC-BY-4.0 (MMLU-Redux), MIT (MMLU)",
    ),
    "zeroeval_zebralogic": (
        "ZebraLogic in WildEval/ZeroEval 8c1485edf1, puzzle texts SikandarHussain6858/CSPZebraLogicBench dc445ef86b",
        "Apache-2.0 (ZeroEval); the puzzle file's repository has no licence file",
    ),
}
"""Source -> what it is, and its licence."""


def source_entries(model: LearnedModel) -> list[dict[str, str]]:
    """The sources that a model learned from, for its manifest."""
    named = model.about.get("row_sources")
    sources = named if isinstance(named, list) else []
    return [
        {"source": source, "what": SOURCE_LICENCES[source][0], "licence": SOURCE_LICENCES[source][1]}
        for source in sources
    ]


def default_classifier_card(model: LearnedModel) -> str:
    """The card in Markdown."""
    rows = "\n".join(
        f"| `{entry['source']}` | {entry['what']} | {entry['licence']} |" for entry in source_entries(model)
    )
    metrics = json.dumps(model.about.get("metrics"), indent=1, sort_keys=True)
    return f"""# Default tier classifier

Forecasts, from cheap counts of a prompt, which of {len(model.names)} models answer it well enough, how many tokens
they write, and how hard the prompt is for models in general.

It holds numbers only: tree thresholds, leaf values and regression weights, and for {len(model.reference.prompt_tokens)}
unnamed training prompts a few derived numbers each, on which a ladder's trade-off is found. There is no prompt text
and no vocabulary in it.

- Trained by `python -m litellm_router_plugin.learning.build_default`, seed {model.about.get("random_state")}
- Rows: {model.about.get("rows")}, fingerprint (SHA-256) {model.about.get("data_sha256")}
- Outcomes of commercial models are subject to their providers' terms.

## Sources

| source | what | licence |
| --- | --- | --- |
{rows}

## Figures

Held-out folds of the training rows (near-duplicate prompts in one fold), at most what to expect on prompts of these
kinds; on kinds that are not in the list the forecasts are weaker, and the classifier says when a prompt is unlike
them.

```json
{metrics}
```

## Limits

Most prompts are English, single-turn, and from benchmarks; only the two arena sources are prompts of real users. The
outcomes are of models of 2023 to 2025. Hidden reasoning tokens are not in the token counts.

## Models

{", ".join(model.names)}
"""
