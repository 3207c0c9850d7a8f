"""Replays the policies of the cascade over recorded answers, for pairs of tiers with a second model.

    python benchmarks/answer_policies.py                              print the tables
    python benchmarks/answer_policies.py --write docs/second-opinion.md   put them into the page, between its marks

The data are looked for below the folder that TIER_ROUTER_DATA names, by default ../shared/data. Settings are fixed on
the train split and served on the dev split; so that they are not fixed on estimates that are too good, those of the
train split come from models trained on the other folds of it. Agreement has no settings: it is given for both splits
together as well.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from litellm_router_plugin.checks.learned import LearnedCheck
from litellm_router_plugin.evaluation.answers_figures import as_text, figures_of
from litellm_router_plugin.evaluation.answers_policies import by_opinion, cascaded, fixed
from litellm_router_plugin.evaluation.answers_report import AnswerEvaluation, evaluate_tables
from litellm_router_plugin.evaluation.answers_rows import AnswerTable, read_texts
from litellm_router_plugin.evaluation.datasets import read_outcomes
from litellm_router_plugin.evaluation.ladders import parse_ladder
from litellm_router_plugin.evaluation.prices import read_prices
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.learning.answer_check_artefact import default_answer_check
from litellm_router_plugin.learning.answer_check_figures import held_out
from litellm_router_plugin.learning.answer_check_rows import count_answers

SET_UPS = (
    ("bfcl_v1", "cheap=gpt-4o-mini-2024-07-18,premium=claude-3-5-sonnet-20240620", "claude-3-haiku-20240307"),
    ("mmlu_pro", "cheap=gemini-1.5-flash-002,premium=gpt-4o-2024-05-13", "llama-3.1-8b-instruct"),
    ("zeroeval_crux", "cheap=gpt-4o-mini-2024-07-18,premium=gpt-4o-2024-08-06", "claude-3-haiku-20240307"),
    ("reasoning_gym", "cheap=llama-3.3-70b-instruct,premium=o3-mini", "claude-3-5-sonnet-20241022"),
)
"""Source, tiers, second model."""
FOLDS = 3
BEGIN, END = "<!-- answer_policies: begin -->", "<!-- answer_policies: end -->"
Estimates = dict[tuple[str, str], float]
"""Prompt id and model -> P(good) by a model that had not seen the prompt."""


def held_out_estimates(path: Path) -> Estimates:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [row for row in map(json.loads, lines) if row["split"] == "train"]
    answers = count_answers(rows)
    p_ok = held_out(answers, FOLDS, random_state=0)
    keys = zip(answers.prompt_ids.tolist(), answers.models.tolist(), p_ok.tolist(), strict=True)
    return {(rows[place]["id"], model): p for place, model, p in keys}


def with_estimates(answers: AnswerTable, estimates: Estimates) -> AnswerTable:
    """The same table with other estimates of the learned check."""
    drafts = tuple(
        tuple(replace(draft, p_ok=estimates[row.id, model]) for draft, model in zip(found, models, strict=False))
        for found, row, models in zip(answers.drafts, answers.table.rows, answers.table.models, strict=True)
    )
    return replace(answers, drafts=drafts)


def section(setup: AnswerEvaluation, train: list[OutcomeRow], dev: list[OutcomeRow], estimates: Estimates) -> str:
    fit, scored = with_estimates(setup.answers(train), estimates), setup.answers(dev)
    both = setup.answers([*train, *dev])
    served = [fixed("always premium", both, 1), cascaded("agreement", both, by_opinion(both))]
    together = figures_of("train and dev together", both, served, setup.draws.over(len(both)), setup.judge_usd(both))
    tiers = " -> ".join(models[0] for _, models in setup.ladder.tiers)
    rates = (
        f"The second opinion agrees with {together.agrees_good:.0%} of the good drafts"
        f" and {together.agrees_poor:.0%} of the poor ones."
    )
    shared = f"Where the draft is poor the dear tier is right {together.shared_failure:.0%} less often than on average."
    head = f"## {tiers}, second opinion {setup.second}\n\n{rates} {shared}\n"
    return "\n".join([head, as_text([together, *evaluate_tables(setup, fit, scored)])])


def tables() -> str:
    data = Path(os.environ.get("TIER_ROUTER_DATA", "../shared/data"))
    outcomes, recorded = data / "routing_outcomes", data / "cascade_answers" / "dev.jsonl.gz"
    train, dev = (read_outcomes(outcomes / f"{split}.jsonl.gz").rows for split in ("train", "dev"))
    texts, _ = read_texts(recorded)
    prices, estimates = read_prices(outcomes / "prices.json"), held_out_estimates(recorded)
    learned = LearnedCheck(default_answer_check())
    parts = []
    for source, ladder, second in SET_UPS:
        setup = AnswerEvaluation(parse_ladder(ladder), texts, prices, learned, Draws(1000, 0), second=second)
        own_train, own_dev = ([row for row in rows if row.source == source] for rows in (train, dev))
        parts.append(section(setup, own_train, own_dev, estimates))
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay the cascade's policies over recorded answers.")
    parser.add_argument("--write", type=Path, help="page to put the tables into")
    options = parser.parse_args()
    found = tables()
    if options.write is None:
        print(found)
        return
    before, _, rest = options.write.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    options.write.write_text(f"{before}{BEGIN}\n\n{found}\n{END}{after}")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
