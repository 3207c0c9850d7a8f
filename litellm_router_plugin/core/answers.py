"""What the plugin sees of an answer: one frozen view, the same for every endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "other"]

MAX_ANSWER_CHARS = 200_000
"""Characters of an answer that checks may see; more is cut and ``cut`` is set."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants made; ``arguments`` is the raw JSON text as the model wrote it."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer as checks and judges see it. Build it with `reading.read_answer`.

    Attributes:
        text: The visible text of the first choice; empty when there is none.
        tool_calls: Calls of the first choice.
        finish_reason: Why it ended; None while it has not, or when the provider said nothing.
        refusal: The provider's own refusal field, where set.
        choices: How many choices there are (0 is possible).
        is_prefix: Only the start of a stream is known; checks that need the whole answer must say nothing.
        cut: The text was longer than `MAX_ANSWER_CHARS`.
        model: The model that wrote it, as far as known.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason | None = None
    refusal: str = ""
    choices: int = 1
    is_prefix: bool = False
    cut: bool = False
    model: str = ""
