"""Numbers about the final answer: its form, and what the rest of the answer and the prompt say of it."""

from __future__ import annotations

import math
import re
from typing import Final

from litellm_router_plugin.checks.answer_marks import MARKS, marks_in
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.final_answers import FinalAnswer, final_answer, options_of
from litellm_router_plugin.core.requests import RequestView

FINAL_FEATURES: Final = (
    "final_found",
    "final_is_number",
    "final_is_letter",
    "final_is_marked",
    "final_chars",
    "final_magnitude",
    "final_is_whole",
    "final_decimals",
    "final_is_negative",
    "final_in_prompt",
    "final_mentions",
    "marks",
    "mark_forms",
    "options",
    "option_place",
    "option_mentions",
    "other_option_mentions",
    "option_text_used",
    "other_option_texts_used",
    "option_length",
)
_LETTER: Final = re.compile(r"\b[A-J]\b")
LARGEST: Final = 1e12
LONG_WORD: Final = 4


def final_counts(answer: AnswerView, request: RequestView, text: str) -> tuple[float, ...]:
    """The counts of `FINAL_FEATURES`; ``text`` is the part of the answer that is looked at."""
    final = final_answer(answer, request)
    return (*_form(final), *_mentions(final, request, text, text.lower()), *_options(final, request, text))


def _form(final: FinalAnswer | None) -> tuple[float, ...]:
    if final is None:
        return (0.0,) * 9
    number = final.form[1] if final.kind == "number" else None
    value = number if isinstance(number, float) else 0.0
    shown = repr(final.form)
    return (
        1.0,
        float(final.kind == "number"),
        float(final.kind == "letter"),
        float(final.is_marked),
        math.log1p(len(shown)),
        math.log1p(min(abs(value), LARGEST)),
        float(isinstance(number, float) and value.is_integer()),
        float(len(repr(value).partition(".")[2])) if isinstance(number, float) and not value.is_integer() else 0.0,
        float(value < 0),
    )


def _mentions(final: FinalAnswer | None, request: RequestView, text: str, lowered: str) -> tuple[float, ...]:
    shown = _shown(final)
    return (
        float(bool(shown) and shown in request.text.lower()),
        math.log1p(lowered.count(shown)) if shown else 0.0,
        math.log1p(lowered.count("answer")),
        float(len(marks_in(text))) / len(MARKS),
    )


def _shown(final: FinalAnswer | None) -> str:
    """The final answer as a text would write it; empty where that can't be told."""
    if final is None or final.kind not in ("number", "text"):
        return ""
    value = final.form[1] if len(final.form) > 1 else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LARGEST else f"{value:g}"
    return value.lower() if isinstance(value, str) else ""


def _options(final: FinalAnswer | None, request: RequestView, text: str) -> tuple[float, ...]:
    options = options_of(request)
    letter = str(final.form[1]) if final is not None and final.kind == "letter" else ""
    if not options or letter not in options:
        return (math.log1p(len(options)), *(0.0,) * 6)
    mentioned = _LETTER.findall(text)
    own = mentioned.count(letter)
    lowered = text.lower()
    used = {name: _used(option, lowered) for name, option in options.items()}
    others = [share for name, share in used.items() if name != letter]
    lengths = [len(option) for option in options.values()]
    return (
        math.log1p(len(options)),
        list(options).index(letter) / len(options),
        math.log1p(own),
        math.log1p(len(mentioned) - own),
        used[letter],
        max(others, default=0.0),
        len(options[letter]) / max(sum(lengths) / len(lengths), 1.0),
    )


def _used(option: str, lowered: str) -> float:
    """Share (0..1) of an option's longer words and numbers that stand in the answer."""
    words = [word for word in re.findall(r"[^\W_]+", option.lower()) if len(word) >= LONG_WORD or word.isdigit()]
    return sum(word in lowered for word in words) / len(words) if words else 0.0
