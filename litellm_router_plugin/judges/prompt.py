"""The text that a judge reads: a template file with the request and the answer put between marks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from litellm_router_plugin.core.answer_text import whole_answer
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import ConfigError

PROMPTS_DIR = Path(__file__).parent / "prompts"
SHIPPED = ("number", "structured")
REQUIRED = frozenset({"prompt", "answer"})
PLACEHOLDERS = REQUIRED | {"context", "mark"}

MAX_FILE_CHARS = 20_000
MAX_PROMPT_CHARS = 12_000
"""Characters of the last user message that a judge sees: head and tail of a longer one."""
MAX_ANSWER_CHARS = 12_000
"""Characters of the answer that a judge sees: head and tail of a longer one."""
MAX_CONTEXT_CHARS = 4_000
"""Characters of the system prompt, and again of the earlier turns, that a judge sees."""
CONTEXT_TURNS = 6
MARK_BYTES = 12
"""Random bytes of a call's mark; an answer written before the call cannot know them."""
LEFT_OUT = "\n[... part left out ...]\n"


def new_mark() -> str:
    """A mark that no text written before this call can hold, but by a chance of 2**-96."""
    return "M" + secrets.token_hex(MARK_BYTES)


def shortened(text: str, limit: int) -> str:
    """The text, or its first two thirds and last third within the limit."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    return text[: limit - tail] + LEFT_OUT + text[-tail:]


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """A checked template.

    Attributes:
        name: Its short name or file, for logs.
        template: Text with the placeholders ``$prompt`` and ``$answer``, and optionally ``$context`` (system prompt,
            earlier turns, tools on offer) and ``$mark``; ``$$`` is a dollar sign.
        response_format: What the judge is asked to reply in; None for plain text.
    """

    name: str
    template: str
    response_format: Mapping[str, object] | None = None

    def messages(
        self, answer: AnswerView, request: RequestView, mark: Callable[[], str] = new_mark
    ) -> list[dict[str, object]]:
        """The chat messages that ask for a grade: what marks mean, then the template filled in."""
        code = mark()
        parts = {
            "context": _marked("context", _context(request), code),
            "prompt": _marked("request", shortened(request.text, MAX_PROMPT_CHARS), code),
            "answer": _marked("answer", shortened(whole_answer(answer), MAX_ANSWER_CHARS), code),
            "mark": code,
        }
        return [
            {"role": "system", "content": Template(_shipped_text("guard.txt")).substitute(mark=code)},
            {"role": "user", "content": Template(self.template).substitute(parts)},
        ]


def _marked(kind: str, text: str, code: str) -> str:
    """Material between marks; should it hold the code all the same, the code is taken out of it."""
    return f"<{kind} {code}>\n{text.replace(code, '')}\n</{kind} {code}>" if text else ""


def _context(request: RequestView) -> str:
    turns = request.turns
    if turns and turns[-1].text == request.text:
        turns = turns[:-1]
    earlier = "\n".join(f"{turn.role}: {turn.text}" for turn in turns[-CONTEXT_TURNS:])
    tools = ", ".join(tool.name for tool in request.tools)
    parts = (
        f"system: {shortened(request.system, MAX_CONTEXT_CHARS)}" if request.system else "",
        shortened(earlier, MAX_CONTEXT_CHARS),
        f"tools on offer: {shortened(tools, MAX_CONTEXT_CHARS)}" if tools else "",
    )
    return "\n".join(filter(None, parts))


def load_prompt(prompt: str) -> JudgePrompt:
    """The shipped prompt of that name, or the one in the file of that path.

    Raises:
        ConfigError: There is no such file, or its placeholders are wrong.
    """
    if prompt in SHIPPED:
        wanted = _structured_format() if prompt == "structured" else None
        return JudgePrompt(prompt, _shipped_text(f"{prompt}.txt"), wanted)
    return JudgePrompt(prompt, _checked(_file_text(prompt)))


@cache
def _shipped_text(name: str) -> str:
    return (PROMPTS_DIR / name).read_text(encoding="utf-8")


def _structured_format() -> Mapping[str, object]:
    schema = json.loads(_shipped_text("structured.schema.json"))
    return {"type": "json_schema", "json_schema": {"name": "grade", "strict": True, "schema": schema}}


def _file_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(
            "judge.prompt",
            f"{path!r} cannot be read as a UTF-8 text file ({type(error).__name__})",
            f"Give {' or '.join(SHIPPED)}, or the path of a file with the placeholders $prompt and $answer",
        ) from error


def _checked(text: str) -> str:
    template = Template(text)
    if not template.is_valid():
        raise ConfigError("judge.prompt", "a dollar sign starts no placeholder", "Write $$ for a dollar sign")
    names = set(template.get_identifiers())
    if missing := sorted(REQUIRED - names):
        raise ConfigError(
            "judge.prompt",
            f"the file lacks {' and '.join('$' + name for name in missing)}",
            "Put it where the text goes",
        )
    if unknown := sorted(names - PLACEHOLDERS):
        known = ", ".join("$" + name for name in sorted(PLACEHOLDERS))
        raise ConfigError(
            "judge.prompt",
            f"there is no placeholder ${unknown[0]}",
            f"The placeholders are {known}; $$ is a dollar sign",
        )
    if len(text) > MAX_FILE_CHARS:
        raise ConfigError("judge.prompt", f"the file is longer than {MAX_FILE_CHARS} characters", "Shorten it")
    return text
