"""One line of data: a prompt with what several models scored on it, or a prompt with the tier it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.evaluation.jsonl import WrongLineError

DEFAULT_SOURCE = "data"
"""The source of a row that names none."""
MAX_SHOWN = 60
"""Characters of a wrong value that an error message repeats."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model did with one prompt.

    Attributes:
        score: 0..1, how good the answer was.
        prompt_tokens: Tokens the model read.
        completion_tokens: Tokens it wrote.
    """

    score: float
    prompt_tokens: float
    completion_tokens: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a user asked, as the file has it: a text or messages, and tools where there are any."""

    content: str | Sequence[object]
    tools: Sequence[object] = ()

    def view(self) -> RequestView:
        """The request that this prompt would be on a router."""
        return read_request(self.content, params={"tools": self.tools} if self.tools else {})

    def as_mapping(self) -> dict[str, object]:
        """The keys of the line that hold it."""
        key = "prompt" if isinstance(self.content, str) else "messages"
        line: dict[str, object] = {key: self.content}
        return line | ({"tools": self.tools} if self.tools else {})


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A prompt and the recorded outcomes of several models; ``route`` is empty where the line names none."""

    id: str
    source: str
    category: str
    prompt: Prompt
    outcomes: Mapping[str, Outcome] = field(hash=False)
    route: str = ""

    def as_mapping(self) -> dict[str, object]:
        """The row as its line had it, without keys that nobody reads."""
        outcomes = {
            model: {
                "score": outcome.score,
                "prompt_tokens": outcome.prompt_tokens,
                "completion_tokens": outcome.completion_tokens,
            }
            for model, outcome in self.outcomes.items()
        }
        head: dict[str, object] = {"id": self.id, "source": self.source, "category": self.category}
        return head | self.prompt.as_mapping() | {"outcomes": outcomes}


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A prompt and the tier that suffices for it."""

    id: str
    source: str
    prompt: Prompt
    tier: str


def shown(value: object) -> str:
    """A wrong value, short enough for a message."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def read_prompt(line: Mapping[str, object]) -> Prompt:
    """The prompt of a line. Raises `WrongLineError` saying what is missing."""
    content = line.get("prompt") if line.get("messages") is None else line.get("messages")
    if content is None:
        raise WrongLineError('neither "prompt" nor "messages"')
    if isinstance(content, str):
        if not content.strip():
            raise WrongLineError('"prompt" is empty')
    elif not isinstance(content, list) or not content:
        raise WrongLineError(f'"prompt" must be a text and "messages" a list of messages, found {shown(content)}')
    tools = line.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise WrongLineError(f'"tools" must be a list, found {shown(tools)}')
    return Prompt(content, tools or ())


def read_name(line: Mapping[str, object], key: str, default: str) -> str:
    """A short text of a line; numbers are taken as text. Raises `WrongLineError` for anything else."""
    value = line.get(key, default)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongLineError(f'"{key}" must be a text, found {shown(value)}')
    return str(value)


def _read_number(record: Mapping[str, object], key: str, where: str, upper: float) -> float:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongLineError(f'{where}: "{key}" must be a number, found {shown(value)}')
    if not 0 <= value <= upper:
        bounds = f"between 0 and {upper:g}" if math.isfinite(upper) else "0 or more"
        raise WrongLineError(f'{where}: "{key}" must be {bounds}, found {shown(value)}')
    return float(value)


def read_outcome(record: object, where: str) -> Outcome:
    """One model's outcome. Raises `WrongLineError` naming the model and the key."""
    if not isinstance(record, Mapping):
        raise WrongLineError(f"{where}: an object with score and tokens is wanted, found {shown(record)}")
    return Outcome(
        score=_read_number(record, "score", where, 1.0),
        prompt_tokens=_read_number(record, "prompt_tokens", where, math.inf),
        completion_tokens=_read_number(record, "completion_tokens", where, math.inf),
    )


def read_outcome_row(line: Mapping[str, object], number: int) -> OutcomeRow:
    """A row of outcomes. Raises `WrongLineError` saying what is wrong with it."""
    outcomes = line.get("outcomes")
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise WrongLineError('"outcomes" must name at least one model with its score and tokens')
    return OutcomeRow(
        id=read_name(line, "id", f"line-{number}"),
        source=read_name(line, "source", DEFAULT_SOURCE),
        category=read_name(line, "category", ""),
        prompt=read_prompt(line),
        outcomes={str(model): read_outcome(record, f"outcomes[{model!r}]") for model, record in outcomes.items()},
        route=read_name(line, "route", ""),
    )


def read_label_row(line: Mapping[str, object], number: int) -> LabelRow:
    """A row of labels. Raises `WrongLineError` saying what is wrong with it."""
    tier = line.get("tier")
    if not isinstance(tier, str) or not tier.strip():
        raise WrongLineError(f'"tier" must be a tier\'s name, found {shown(tier)}')
    return LabelRow(
        id=read_name(line, "id", f"line-{number}"),
        source=read_name(line, "source", DEFAULT_SOURCE),
        prompt=read_prompt(line),
        tier=tier.strip(),
    )
