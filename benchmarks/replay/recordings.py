"""Recorded prompts, the answers that models gave to them, and what those cost."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Where the recorded data are: ``TIER_ROUTER_DATA``, else beside the checkout.

    Raises:
        SystemExit: They are not there.
    """
    folder = Path(os.environ.get("TIER_ROUTER_DATA", ROOT / "../shared/data")).resolve()
    if not (folder / "cascade_answers/dev.jsonl.gz").exists():
        raise SystemExit(
            f"{folder}: no recorded answers. Set TIER_ROUTER_DATA to the folder that holds cascade_answers/"
        )
    return folder


@dataclass(frozen=True, slots=True)
class Ladder:
    """The models of one source's tiers, cheapest first, and the one that gives second opinions."""

    source: str
    models: tuple[str, ...]
    second: str = ""

    @property
    def all_models(self) -> tuple[str, ...]:
        """Every model that is called."""
        return (*self.models, *filter(None, [self.second]))


@dataclass(frozen=True, slots=True)
class Prompt:
    """One recorded prompt.

    Attributes:
        row_id: Its id in the recording.
        body: What is sent for it: the recorded prompt as the user's message, by which the replay knows it, and the
            tools of the row. The recorded answers to those are calls written as text.
        scores: Model -> score of its recorded answer, 0..1.
        answers: Model -> that answer.
    """

    row_id: str
    source: str
    body: Mapping[str, object]
    scores: Mapping[str, float]
    answers: Mapping[str, str]


def prices(folder: Path) -> dict[str, tuple[float, float]]:
    """Model -> USD per prompt token and per completion token."""
    found = json.loads((folder / "routing_outcomes/prices.json").read_text())
    return {model: (one["input_cost_per_token"], one["output_cost_per_token"]) for model, one in found.items()}


def recorded_prompts(
    folder: Path, ladders: Iterable[Ladder], most: int, splits: Collection[str] = ("dev",)
) -> dict[str, list[Prompt]]:
    """Source -> its first prompts that every model of its ladder answered.

    A prompt that stands in the recording twice is left out: the replay could not tell which row is meant.
    """
    models = {ladder.source: ladder.all_models for ladder in ladders}
    owner: dict[str, str] = {}
    found: dict[str, list[Prompt]] = {source: [] for source in models}
    for row in _rows(folder / "cascade_answers/dev.jsonl.gz"):
        texts = [row[name] for name in ("prompt", "sent_prompt") if row.get(name)]
        is_first = all(owner.setdefault(_normalised(text), row["id"]) == row["id"] for text in texts)
        wanted = models.get(row["source"], ())
        chosen = found.get(row["source"], [])
        if wanted and is_first and row["split"] in splits and set(wanted) <= set(row["answers"]) and len(chosen) < most:
            chosen.append(_prompt(row, wanted))
    return found


def _prompt(row: Mapping[str, Any], models: Iterable[str]) -> Prompt:
    text = row.get("sent_prompt") or row["prompt"]
    tools = {"tools": row["tools"]} if row.get("tools") else {}
    answers = {model: row["answers"][model] for model in models}
    return Prompt(
        row_id=row["id"],
        source=row["source"],
        body={"messages": [{"role": "user", "content": text}], **tools},
        scores={model: float(answer["score"]) for model, answer in answers.items()},
        answers={model: str(answer["text"]) for model, answer in answers.items()},
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _normalised(text: str) -> str:
    return " ".join(text.split())
