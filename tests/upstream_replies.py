"""What the test upstream is told to say: scripted replies, and what each asks of the wire forms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, field_validator

Json = dict[str, object]

DEFAULT_PROMPT_TOKENS = 100
DEFAULT_COMPLETION_TOKENS = 50
DEFAULT_LOGPROB = -0.1


class ScriptPart(BaseModel):
    """Base of everything a script may hold: a key that is not known is a mistake in the test."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScriptedToolCall(ScriptPart):
    """A call that the scripted model wants made; arguments as JSON text, or as an object that is dumped."""

    name: str
    arguments: str = "{}"

    @field_validator("arguments", mode="before")
    @classmethod
    def _dump_objects(cls, value: object) -> object:
        return value if isinstance(value, str) else json.dumps(value)


class ScriptedUsage(ScriptPart):
    """Token counts of a reply."""

    prompt_tokens: int = DEFAULT_PROMPT_TOKENS
    completion_tokens: int = DEFAULT_COMPLETION_TOKENS
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class ScriptedChoice(ScriptPart):
    """One choice of a chat answer; text None is a null content."""

    text: str | None = None
    tool_calls: tuple[ScriptedToolCall, ...] = ()
    finish_reason: str | None = None
    refusal: str | None = None

    def reason(self) -> str:
        """The scripted finish reason, else what the choice's form says."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")


class Reply(ScriptPart):
    """One scripted reply.

    Attributes:
        text: The answer; absent: an echo of the last user message (null when there are tool calls).
        tool_calls: Calls instead of, or besides, the text.
        finish_reason: In OpenAI's words; other wire forms translate it.
        refusal: OpenAI's refusal field.
        status: An HTTP status other than 200 is an error whose message is the text.
        error: Keys that replace those of the error object, such as ``code``.
        headers: Extra response headers.
        delay_s: Seconds before the first byte.
        chunk_delay_s: Seconds before each streamed chunk.
        usage: Token counts.
        choices: The choices as they are; an empty list is an answer without any. Absent: ``n`` equal ones.
        logprobs: One per word of the text; words beyond have `DEFAULT_LOGPROB`.
        drop_after_chunks: The connection breaks after so many events (a plain answer: after half its bytes).
    """

    text: str | None = None
    tool_calls: tuple[ScriptedToolCall, ...] = ()
    finish_reason: str | None = None
    refusal: str | None = None
    status: int = 200
    error: dict[str, object] = {}
    headers: dict[str, str] = {}
    delay_s: float = 0.0
    chunk_delay_s: float = 0.0
    usage: ScriptedUsage = ScriptedUsage()
    choices: tuple[ScriptedChoice, ...] | None = None
    logprobs: tuple[float, ...] = ()
    drop_after_chunks: int | None = None


class Script(ScriptPart):
    """The replies of one model, in order; model ``*`` speaks for every model without a script of its own."""

    model: str
    replies: tuple[Reply, ...]
    repeat_last: bool = True


@dataclass(frozen=True)
class Ask:
    """A request as the wire forms need it."""

    serial: int
    model: str
    stream: bool
    prompt: str
    body: Mapping[str, object]

    @property
    def n(self) -> int:
        """How many choices the client asked for."""
        wanted = self.body.get("n")
        return wanted if isinstance(wanted, int) else 1

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether the client set ``stream_options.include_usage``."""
        options = self.body.get("stream_options")
        return isinstance(options, Mapping) and bool(options.get("include_usage"))


def choices_of(ask: Ask, reply: Reply) -> Sequence[ScriptedChoice]:
    """The choices that a reply stands for."""
    if reply.choices is not None:
        return reply.choices
    text = reply.text
    if text is None and not reply.tool_calls and reply.refusal is None:
        text = ask.prompt
    choice = ScriptedChoice(
        text=text, tool_calls=reply.tool_calls, finish_reason=reply.finish_reason, refusal=reply.refusal
    )
    return (choice,) * ask.n


def first_choice(ask: Ask, reply: Reply) -> ScriptedChoice:
    """The only choice of the wire forms that have no ``n``; an empty one of a reply without choices."""
    return next(iter(choices_of(ask, reply)), ScriptedChoice())


def pieces(text: str) -> list[str]:
    """The text cut into what a stream sends at once: words with the white space that follows them."""
    return re.findall(r"\s+|\S+\s*", text)


def halves(text: str) -> list[str]:
    """Two halves of a text, for what a stream sends in more than one part; a very short one stays whole."""
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]


def text_of(content: object) -> str:
    """The text of a message's content: a string, parts, or nothing."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
    return ""


def last_user_text(messages: object) -> str:
    """The text of the last user message; of a string, the string itself."""
    if isinstance(messages, str):
        return messages
    if not isinstance(messages, list):
        return ""
    said = [m for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    if said:
        return text_of(said[-1].get("content"))
    return text_of([part for part in messages if isinstance(part, dict)]) or "".join(
        part for part in messages if isinstance(part, str)
    )


def sse(data: object, event: str | None = None) -> str:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {event}\n" if event else "") + f"data: {text}\n\n"
