"""The final answer in an answer, and whether two answers come to the same one.

What can be compared are tool calls, numbers, letters of a multiple choice, and short texts; open text cannot.
Everything here is total: whatever a model wrote, there is a final answer or there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.final_values import Form, json_form, same_value, text_form, value_form
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.written_calls import UNREADABLE, ReadCall, structured_call, written_calls

AnswerKind = Literal["calls", "no_call", "number", "letter", "text"]
"""What sort of thing a final answer is; ``no_call``: tools were on offer and none was called."""

MAX_CALLS: Final = 64
"""Calls of one answer that are compared; an answer with more is not comparable."""
MAX_PLAIN_CHARS: Final = 120
"""Longest answer without any mark that is taken for a final answer as a whole."""
HEAD_CHARS: Final = 2_000
TAIL_CHARS: Final = 4_000
"""Characters in which marks are looked for: they stand at the end, or at the start of a short answer."""

_TAG = re.compile(r"<((?:final_?)?answer)>\s*([^<]{0,1000}?)\s*</\1>", re.IGNORECASE)
_JSON_KEY = re.compile(r"\"(?:final_?)?answer\"\s*:\s*", re.IGNORECASE)
_HASHES = re.compile(r"^####[ \t]*(\S.*)$", re.MULTILINE)
_PHRASE = re.compile(
    r"\b(?:(?:final |correct )?answer|correct (?:option|choice))\b[\s*_]*(?:is|:)[\s:*_]*(?=([^\n]{1,300}))",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;!?](?=\s)")
_CHOICE = re.compile(
    r"\s*(?:(?:option|choice|answer)\s+)?[\s*_\"'`$(\[{]*([A-Z])(?![\w'])[\s*_\"'`$)\]}]*(?P<rest>.*)\Z", re.DOTALL
)
_OPTION = re.compile(r"^[ \t]*[(\[]?([A-Z])[)\].:][ \t]*(\S.*)$", re.MULTILINE)
_BOXED: Final = "\\boxed"
MIN_OPTIONS: Final = 2
MAX_OPTION_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """What an answer comes to.

    Attributes:
        kind: What sort of thing it is.
        form: It in its normal form; see `final_values`.
        is_marked: The answer itself marks it, or it is a call; not a short text taken as a whole.
    """

    kind: AnswerKind
    form: Form
    is_marked: bool = True


def final_answer(answer: AnswerView, request: RequestView) -> FinalAnswer | None:
    """The final answer of a whole answer; None where it has none that could be compared."""
    if answer.is_prefix or answer.cut or answer.choices < 1 or answer.finish_reason in ("length", "content_filter"):
        return None
    if answer.tool_calls or request.tools:
        return _tool_answer(answer, request)
    return _text_answer(answer.text, request)


def comparable(answer: AnswerView, request: RequestView) -> AnswerKind | None:
    """What sort of final answer an answer has; None where a second opinion could not be compared with it."""
    found = final_answer(answer, request)
    return None if found is None else found.kind


def agree(one: AnswerView, other: AnswerView, request: RequestView) -> bool | None:
    """Whether two answers to a request come to the same final answer; None where they cannot be compared.

    An answer that calls a tool and one that calls none disagree. Two that call none agree: that no tool fits is then
    the answer.
    """
    return same_answer(final_answer(one, request), final_answer(other, request))


def same_answer(one: FinalAnswer | None, other: FinalAnswer | None) -> bool | None:
    """Whether two final answers are the same; None where one of them is missing."""
    if one is None or other is None:
        return None
    return one.kind == other.kind and same_value(one.form, other.form)


def _tool_answer(answer: AnswerView, request: RequestView) -> FinalAnswer | None:
    if answer.tool_calls:
        calls = [structured_call(call) for call in answer.tool_calls[: MAX_CALLS + 1]]
    else:
        calls = list(written_calls(answer.text) or ())
    if len(calls) > MAX_CALLS:
        return None
    if calls:
        forms = [_call_form(call) for call in calls]
        known = [form for form in forms if form is not None]
        return FinalAnswer("calls", tuple(sorted(known, key=repr))) if len(known) == len(forms) else None
    if request.in_tool_loop or any(turn.role == "tool" for turn in request.turns):
        return _text_answer(answer.text, request)  # the tools have spoken; what is said now is an answer of its own
    return FinalAnswer("no_call", ("no_call",))


def _call_form(call: ReadCall) -> Form | None:
    if call.arguments is None or call.is_partial or UNREADABLE in call.arguments.values():
        return None
    arguments = json_form(call.arguments)
    return None if arguments is None else (call.name.replace(".", "_").replace("-", "_").casefold(), arguments)


def _text_answer(text: str, request: RequestView) -> FinalAnswer | None:
    window = text if len(text) <= HEAD_CHARS + TAIL_CHARS else f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    raw = next(marked_values(window), None)
    options = options_of(request)
    if raw is not None:
        return _read(raw, options, is_marked=True)
    plain = text.strip()
    if not plain or len(plain) > MAX_PLAIN_CHARS or "\n" in plain:
        return None
    return _read(plain, options, is_marked=False)


def _read(raw: object, options: Mapping[str, str], *, is_marked: bool) -> FinalAnswer | None:
    if isinstance(raw, str):
        letter = _letter(raw, options)
        if letter is not None:
            return FinalAnswer("letter", ("letter", letter), is_marked)
    form = value_form(raw)
    if form is None:
        return None
    return FinalAnswer("number" if form[0] == "number" else "text", form, is_marked)


def marked_values(text: str) -> Iterator[object]:
    """The values that a text marks as its result, the surest mark first; of each mark the last one counts."""
    lowered = text.lower()
    first = lowered.find("answer") if len(lowered) == len(text) else 0  # some letters grow when they become small
    if first >= 0:
        yield from _tagged_values(text, max(first - len("<final_"), 0))
    box = boxed_value(text)
    if box:
        yield box
    hashed = _last(_HASHES, text) if "####" in text else None
    if hashed is not None:
        yield hashed[1]
    start = 0 if "orrect" in text else first - len("final ")
    phrase = _last(_PHRASE, text, max(start, 0)) if first >= 0 or not start else None
    if phrase is not None:
        yield _unboxed(_SENTENCE_END.split(phrase[1], maxsplit=1)[0])


def _tagged_values(text: str, start: int) -> Iterator[object]:
    tagged = _last(_TAG, text, start) if "</" in text else None
    if tagged is not None and tagged[2]:
        yield _unboxed(tagged[2])
    keyed = _last(_JSON_KEY, text, start)
    if keyed is not None:
        yield from _json_value(text[keyed.end() :])


def _last(pattern: re.Pattern[str], text: str, start: int = 0) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text, start):  # noqa: B007  the last one is wanted
        pass
    return found


def _unboxed(value: str) -> str:
    return boxed_value(value) or value


def boxed_value(text: str) -> str | None:
    r"""The content of the last ``\boxed{...}`` of a text; None where there is none that is closed."""
    start = text.rfind(_BOXED)
    opening = text.find("{", start) if start >= 0 else -1
    if opening < 0 or text[start + len(_BOXED) : opening].strip():
        return None
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if not depth:
            return text[opening + 1 : place].strip()
    return None


def _json_value(rest: str) -> Iterator[object]:
    """The JSON value at the start of a text; a text that is cut or badly escaped is taken up to its closing quote."""
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(rest)
    except (ValueError, RecursionError):
        found = re.match(r"\"((?:[^\"\\]|\\.){1,1000})\"|([^\",}\n]{1,200})", rest)
        if found is not None:
            yield (found[1] or found[2]).strip()
        return
    if isinstance(value, str):
        if value.strip():
            yield _unboxed(value)
    elif value is not None:
        yield value


def options_of(request: RequestView) -> Mapping[str, str]:
    """The options of a multiple choice by letter; empty where the last user message is none."""
    found = _OPTION.findall(request.text[-TAIL_CHARS:])
    options: dict[str, str] = {}
    for letter, text in found:
        if letter == "A":
            options = {}  # a new list: the last one is the question's own
        options[letter] = text.strip()[:MAX_OPTION_CHARS]
    return options if len(options) >= MIN_OPTIONS and "A" in options else {}


def _letter(raw: str, options: Mapping[str, str]) -> str | None:
    """The option that a value names, by its letter or by its text."""
    found = _CHOICE.match(raw)
    if found is not None:
        rest = found["rest"].strip(" .:,-)*")
        if not rest or (options and found[1] in options):
            return found[1]
    if not options:
        return None
    form = text_form(raw)
    same = [letter for letter, text in options.items() if form is not None and form == text_form(text)]
    return same[0] if len(same) == 1 else None
