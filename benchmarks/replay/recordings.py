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
CALL_INSTRUCTION = "You can call the functions below. Reply with the calls in Python syntax and nothing else.\n"

Message = Mapping[str, str]


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
    """The models of one source's tiers, cheapest first."""

    source: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One recorded prompt.

    Attributes:
        row_id: Its id in the recording.
        messages: What is sent for it; the last user message is the recorded prompt, which makes it findable.
        scores: Model -> score of its recorded answer, 0..1.
        answers: Model -> that answer.
    """

    row_id: str
    source: str
    messages: tuple[Message, ...]
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
    models = {ladder.source: ladder.models for ladder in ladders}
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
    messages: list[Message] = [{"role": "user", "content": text}]
    if row.get("tools"):  # the recorded answers are calls written as text: their models had read the functions as text
        messages.insert(0, {"role": "system", "content": CALL_INSTRUCTION + json.dumps(row["tools"])})
    answers = {model: row["answers"][model] for model in models}
    return Prompt(
        row_id=row["id"],
        source=row["source"],
        messages=tuple(messages),
        scores={model: float(answer["score"]) for model, answer in answers.items()},
        answers={model: str(answer["text"]) for model, answer in answers.items()},
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _normalised(text: str) -> str:
    return " ".join(text.split())
