"""The card of the shipped answer check: what it is, what it learned from, under which licences."""

from __future__ import annotations

from collections.abc import Mapping

from litellm_router_plugin.learning.answer_check import AnswerCheckModel


def answer_check_card(model: AnswerCheckModel, figures: Mapping[str, Mapping[str, float]]) -> str:
    """The card in Markdown; ``figures``: how it was scored -> AUC by source."""
    return f"""# Default answer check

Estimates, from cheap numbers of an answer and its request, whether the answer is good enough. The numbers are compared
with those of the same route and model before it, so no label is needed; a second ensemble reads them as they are.

It holds numbers only: tree thresholds, leaf values, means and deviations. There is no text in it.

- Trained by `python -m litellm_router_plugin.learning.build_answer_check`, seed {model.about.get("random_state")}
- {model.about.get("answers")} answers to {model.about.get("prompts")} prompts, fingerprint (SHA-256) of the rows
  {model.about.get("data_sha256")}
- Answers of commercial models are subject to their providers' terms.

## Sources

{_source_table(model)}

## Figures

AUC for "the answer is good" inside a source, averaged over its models. An AUC of .5 is a coin.

{_figure_table(figures)}

## Limits

The level of its estimates is that of the training answers; on another route only the order means something, until the
route is calibrated with labels of its own. On kinds of request that are not in the table expect the last column.
Nearly all prompts are English and single-turn; only the two arena sources come from real users.
"""


def _source_table(model: AnswerCheckModel) -> str:
    sources = model.about.get("sources")
    entries = sources if isinstance(sources, list) else []
    rows = [f"| `{entry['source']}` | {entry['what']} | {entry['licence']} |" for entry in entries]
    return "\n".join(["| source | what | licence |", "| --- | --- | --- |", *rows])


def _figure_table(figures: Mapping[str, Mapping[str, float]]) -> str:
    names = list(dict.fromkeys(source for column in figures.values() for source in column))
    rows = [
        f"| {name} | {' | '.join(f'{column[name]:.3f}' if name in column else '-' for column in figures.values())} |"
        for name in names
    ]
    return "\n".join([f"| source | {' | '.join(figures)} |", f"| --- |{' --- |' * len(figures)}", *rows])
